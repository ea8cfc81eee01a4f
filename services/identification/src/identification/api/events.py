"""Where departments post what they know: CloudEvents 1.0, single or in batches.

Each fact is kept once by `(source, id)`, and each record once by its natural key and version (A59).
The person is found by the blind index of the identity number, which goes no further than this module;
a fact about somebody whom nobody registered, or whose data may not be used, waits.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Annotated, Any, Literal
from urllib.parse import unquote_to_bytes

import msgspec
from fastapi import APIRouter, Request, Response

from common import batch
from common.auth import Principal, allow
from common.batch import Item
from common.bodies import must_be_json
from common.clock import business_date
from common.intents import Key, fingerprint
from common.openapi import part, taking
from common.problems import Problem, fault
from contracts.fact_codes import FactType, Unmatched
from identification.api.fact_forms import (
    EARLIEST,
    PLAIN,
    RETRACTION,
    SHAPES,
    TYPES,
    faults_of_shape,
    implausible,
    retracted,
    schema_of,
    schema_of_retraction,
    told,
)
from identification.api.posted import Posted, keep
from identification.api.registering import Record
from identification.api.wired import Wired, wired
from identification.domain.fact_types import FACT_TYPES
from identification.identity import fault_of, is_in, normalised, number_fault

router = APIRouter(tags=["department events"])

SINGLE = "application/cloudevents+json"
BATCH = "application/cloudevents-batch+json"
ACCEPTED = (SINGLE, BATCH, batch.NDJSON, "application/json (ce-*)")
EARLY = timedelta(minutes=5)  # that a department's clock may be ahead of ours
LIMIT = 10_000  # events in a request: a department's daily file
AT_ONCE = 500  # of them on their way together, so that one file leaves room for others


class CloudEvent(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """CloudEvents 1.0, structured mode, with the attributes that a department may set."""

    specversion: Literal["1.0"]
    id: Annotated[str, msgspec.Meta(max_length=128, pattern=PLAIN)]
    source: Annotated[str, msgspec.Meta(max_length=256, pattern=PLAIN)]
    type: Annotated[str, msgspec.Meta(min_length=1, max_length=128)]
    time: Annotated[datetime, msgspec.Meta(tz=True)]
    data: msgspec.Raw
    datacontenttype: Literal["application/json"] = "application/json"
    subject: str | None = None
    dataschema: str | None = None


_event = msgspec.json.Decoder(CloudEvent)
(_,), _defined = msgspec.json.schema_components([CloudEvent])
EXAMPLE = {
    "specversion": "1.0",
    "id": "YB-2024-0007",
    "source": "urn:gov:441624:yibao",
    "type": "cn.shouwang.fact.MedicalSettlement.v1",
    "time": "2024-03-01T10:00:00+08:00",
    "data": {
        "record_key": "YB-2024-0007",
        "identity_number": "990000197905057716",
        "settled_on": "2024-02-28",
        "total_fen": 2_000_000,
        "basic_insurance_fen": 1_200_000,
        "serious_illness_insurance_fen": 0,
        "medical_assistance_fen": 0,
        "compliant_own_cost_fen": 800_000,
    },
}
ENVELOPE = part("CloudEvent", {**_defined["CloudEvent"], "examples": [EXAMPLE]})
BINARY = {
    "type": "object",
    "description": "binary mode: `data`; the attributes are headers `ce-…`",
    "examples": [EXAMPLE["data"]],
}
WAITS = {"type": "string", "enum": [reason.value for reason in Unmatched]}
_STATUS = {"type": "string", "enum": ["accepted", "replayed"]}
_PROPERTIES = {"status": _STATUS, "event_id": batch.ID, "waits": WAITS}
KEPT = part("Kept", {"type": "object", "required": ["status"], "properties": _PROPERTIES})
ANSWER = batch.answer_of("EventBatch", waits=WAITS)


@dataclass(frozen=True, slots=True)
class Accepted:
    """A type of CloudEvent, the departments that may post it, whom it concerns, and the JSON Schema of `data`."""

    type: str
    zh: str
    en: str
    departments: Sequence[str]
    subject: Literal["person", "household", "record"]
    data: dict[str, Any]


@router.get("/v1/fact-types", summary="What departments may post, and who")
async def fact_types(caller: Annotated[Principal, allow("facts:write")]) -> list[Accepted]:
    """A retraction is for whoever may post the type of the record."""
    listed = [
        Accepted(
            type=name,
            zh=fact.zh,
            en=fact.en,
            departments=FACT_TYPES[fact].departments,
            subject=FACT_TYPES[fact].subject.value,
            data=schema_of(fact),
        )
        for name, fact in TYPES.items()
    ]
    retraction = Accepted(
        type=RETRACTION,
        zh="撤回记录",
        en="retraction of a record",
        departments=sorted({one for spec in FACT_TYPES.values() for one in spec.departments}),
        subject="record",
        data=schema_of_retraction(),
    )
    return [*listed, retraction]


@router.post(
    "/v1/events",
    summary="Post department facts as CloudEvents, one or up to 10,000",
    openapi_extra=taking(
        {
            SINGLE: ENVELOPE,
            BATCH: {"type": "array", "items": ENVELOPE, "minItems": 1, "maxItems": LIMIT},
            batch.NDJSON: ENVELOPE,
            "application/json": BINARY,
        },
        {"200": {"anyOf": [KEPT, ANSWER]}, "201": KEPT, "207": ANSWER},
    ),
)
async def post(request: Request, caller: Annotated[Principal, allow("facts:write")]) -> Response:
    """Single: 201, or 200 when it was known. Batch: 200, or 207 when some were refused."""
    media = batch.media_type(request)
    if media in (BATCH, batch.NDJSON):
        items = await batch.items_of(request, LIMIT, BATCH)
    elif media == SINGLE:
        items = [Item(0, await request.body())]
    elif media == "application/json" and "ce-specversion" in request.headers:
        items = [Item(0, _structured(request, await request.body()))]
    else:
        raise Problem("unsupported-media-type", {"accepted": ACCEPTED})
    app = wired(request)
    with batch.counted(items):
        await keep_all(app, caller, items)
    if media in (BATCH, batch.NDJSON):
        return batch.answer(items, request.app.state.texts)
    (item,) = items
    if item.problem:
        raise item.problem
    content = msgspec.json.encode({"status": item.status, **item.answer})
    headers = {"Idempotency-Replayed": "true"} if item.status == "replayed" else {}
    status = 201 if item.status == "accepted" else 200
    return Response(content, status, headers, "application/json")


def _structured(request: Request, body: bytes) -> bytes:
    """Binary mode (`ce-*` headers around the data) as structured mode."""
    must_be_json(body)  # by itself: what is cut off here would take what follows for its own
    attributes = {
        name[3:]: _header(name, value)
        for name, value in request.headers.items()
        if name.startswith("ce-")
    }
    return msgspec.json.encode({**attributes, "data": msgspec.Raw(body)})


def _header(name: str, value: str) -> str:
    """An attribute as it is in structured mode, so that one event has one `id` in both: in a header, what
    is not ASCII stands in percent-encoding (CloudEvents, HTTP binding 3.1.3.2)."""
    try:
        return unquote_to_bytes(value.encode("latin-1")).decode()
    except UnicodeDecodeError as error:
        form = "百分号编码须为 UTF-8", "what is percent-encoded is UTF-8"
        raise Problem("invalid", faults=[fault(f"/{name[3:]}", "pattern", form=form)]) from error


_source_names_a_person = lru_cache(1_024)(is_in)  # a department has few sources


def must_own(fact_type: FactType, department: str) -> None:
    """Raises `Problem` (403) for a department that may not post this type."""
    spec = FACT_TYPES[fact_type]
    if department not in spec.departments:
        details = {
            "fact_type": fact_type.zh,
            "owner": spec.owner,
            "fact_type_en": fact_type.en,
            "departments": spec.departments,
        }
        raise Problem("wrong-department", details, [fault("/type", "value")])


async def keep_all(
    app: Wired, caller: Principal, items: list[Item], record: Record | None = None
) -> None:
    """Record them part by part, or let `record` do it; every item ends with a status."""
    for first in range(0, len(items), AT_ONCE):
        await keep(app, caller, _read_all(app, caller, items[first : first + AT_ONCE]), record)


def _read_all(app: Wired, caller: Principal, items: list[Item]) -> list[Posted]:
    """What can be read; the other items are refused."""
    read, now = [], app.runtime.clock.now()
    today, latest = business_date(now), now + EARLY
    for item in items:
        try:
            read.append(_read(app, caller, item, latest, today))
        except Problem as problem:
            item.refuse(problem)
    return read


def _event_in(item: Item) -> CloudEvent:
    """What is no JSON, such as what was cut off, is told as that, whatever else is wrong before it."""
    batch.json_of(item)
    try:
        return _event.decode(item.raw)
    except msgspec.ValidationError as error:
        if not item.raw.lstrip().startswith(b"{"):
            raise Problem("not-an-object", {"batch": BATCH}) from error
        raise Problem("invalid", faults=faults_of_shape(error, item.raw, "", CloudEvent)) from error


def _read(app: Wired, caller: Principal, item: Item, latest: datetime, today: date) -> Posted:
    """The event in an item, of no later time than `latest`. Raises `Problem`."""
    event = _event_in(item)
    fact_type = TYPES.get(event.type)
    if fact_type is None and event.type != RETRACTION:
        raise Problem("unknown-event-type", faults=[fault("/type", "enum")])
    department = caller.actor.department
    if fact_type:
        must_own(fact_type, department)
    try:
        fact = (
            told(fact_type, department, event.data)
            if fact_type
            else retracted(department, event.data, today)
        )
    except msgspec.ValidationError as error:
        faults = faults_of_shape(error, event.data, "/data", SHAPES[fact_type])
        raise Problem("invalid", faults=faults) from error
    must_own(fact.fact_type, department)
    faults = [*implausible(fact, today)]
    if fact.reason is None:
        number = normalised(fact.identity_number)
        if code := fault_of(number, test_numbers=app.test_numbers):
            faults.append(number_fault("/data/identity_number", code))
    if event.time > latest:
        faults.append(fault("/time", "future"))
    if event.time.year < EARLIEST.year:
        faults.append(fault("/time", "range", least=EARLIEST))
    if _source_names_a_person(event.source):
        faults.append(fault("/source", "personal"))
    named = (("/id", event.id), ("/data/record_key", fact.record_key))
    faults += [fault(pointer, "personal") for pointer, text in named if is_in(text)]
    if faults:
        raise Problem("invalid", faults=faults)
    return Posted(
        item,
        event.time,
        fact,
        app.vault.blind_index(number) if fact.reason is None else None,
        Key(
            f"cloudevents:{department}:{event.source}",
            event.id,
            fingerprint(event.type.encode(), fact.fact_id.bytes, fact.content),
        ),
    )
