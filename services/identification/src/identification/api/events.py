"""Where departments post what they know: CloudEvents 1.0, single or in batches.

Each fact is kept once by `(source, id)`, however often it is sent. The person is found by the blind
index of the identity number, which goes no further than this module.
"""

from datetime import date, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec
from fastapi import APIRouter, Request, Response

from common import batch
from common.auth import Principal, allow
from common.batch import Item
from common.http import circumstances
from common.ids import derived_id
from common.intents import Intent, Key, KeyReused, fingerprint
from common.problems import FAULTS, Fault, Problem, fault
from contracts.codes import FactType, FactValue
from contracts.facts import DepartmentFactRecorded
from identification import vault
from identification.api.wired import Wired, wired
from identification.domain.facts import FACT, OWNERS
from identification.identity import fault_of, is_in, normalised
from identification.vault import Known

router = APIRouter(tags=["department events"])

SINGLE = "application/cloudevents+json"
BATCH = "application/cloudevents-batch+json"
ACCEPTED = (SINGLE, BATCH, batch.NDJSON, "application/json with ce-* headers")
TYPES = {f"cn.shouwang.fact.{fact.value}.v1": fact for fact in FactType}
FACT_NAMESPACE = UUID("6f1d8c1e-2f0b-5c57-9a53-0d6a2f3b7c11")
EARLY = 300  # seconds that a department's clock may be ahead of ours

Fen = Annotated[int, msgspec.Meta(ge=0, le=10**12)]
PLAIN = "^[^\\x00-\\x1f]+$"  # Postgres keeps no NUL, and no name of a record holds a line break
Text64 = Annotated[str, msgspec.Meta(max_length=64, pattern=PLAIN)]


class MedicalSettlement(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """医疗费用结算, in fen: `total` is the four parts and the non-compliant own cost."""

    record_key: Text64
    identity_number: Text64
    settled_on: date
    total_fen: Fen
    basic_insurance_fen: Fen
    serious_illness_insurance_fen: Fen
    medical_assistance_fen: Fen
    compliant_own_cost_fen: Fen


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
_data = {FactType.MEDICAL_SETTLEMENT: msgspec.json.Decoder(MedicalSettlement)}


@router.get("/v1/fact-types", summary="What departments may post, and who")
async def fact_types(caller: Annotated[Principal, allow("facts:write")]) -> list[dict[str, Any]]:
    """Each accepted type with its owner and the JSON Schema of `data`."""
    return [
        {
            "type": name,
            "zh": fact.zh,
            "en": fact.en,
            "department": OWNERS[fact][0],
            "data": msgspec.json.schema(_data[fact].type),
        }
        for name, fact in TYPES.items()
    ]


@router.post(
    "/v1/events",
    summary="Post department facts as CloudEvents, one or up to 500",
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {
                SINGLE: {"schema": msgspec.json.schema(CloudEvent)},
                BATCH: {"schema": {"type": "array", "items": msgspec.json.schema(CloudEvent)}},
            },
        }
    },
)
async def post(request: Request, caller: Annotated[Principal, allow("facts:write")]) -> Response:
    """Single: 201, or 200 when it was known. Batch: 200, or 207 when some were refused."""
    media = batch.media_type(request)
    if media in (BATCH, batch.NDJSON):
        items = await batch.items_of(request)
    elif media == SINGLE:
        items = [Item(0, await request.body())]
    elif media == "application/json" and "ce-specversion" in request.headers:
        items = [Item(0, _structured(request, await request.body()))]
    else:
        raise Problem("unsupported-media-type", {"accepted": ACCEPTED})
    await _record(wired(request), caller, items)
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
    attributes = {
        name[3:]: value for name, value in request.headers.items() if name.startswith("ce-")
    }
    try:
        return msgspec.json.encode({**attributes, "data": msgspec.Raw(body)})
    except msgspec.EncodeError as error:
        raise Problem("invalid", faults=[fault("", "json")]) from error


class _Read(msgspec.Struct):
    item: Item
    event: CloudEvent
    fact_type: FactType
    data: MedicalSettlement
    index: bytes


async def _record(app: Wired, caller: Principal, items: list[Item]) -> None:
    """Read, find the persons in one query, record; every item ends with a status."""
    read: list[_Read] = []
    for item in items:
        try:
            read.append(_read(app, caller, item))
        except Problem as problem:
            item.refuse(problem)
    async with app.runtime.pool.acquire() as connection:
        persons = await vault.find(connection, list({r.index for r in read}))
    ready: list[tuple[Item, Intent]] = []
    for r in read:
        person = persons.get(r.index)
        if person is None:
            where = [fault("/data/identity_number", "value")]
            r.item.refuse(Problem("unknown-person", faults=where))
        elif not caller.covers(person.region):
            r.item.refuse(Problem("outside-region"))
        else:
            ready.append((r.item, _intent(app, caller, r, person)))
    outcomes = await app.runtime.writer.execute_all([intent for _, intent in ready])
    for (item, _), outcome in zip(ready, outcomes, strict=True):
        item.settle(Problem("event-id-reused") if isinstance(outcome, KeyReused) else outcome)


def _read(app: Wired, caller: Principal, item: Item) -> _Read:
    """The event in an item. Raises `Problem`."""
    try:
        event = _event.decode(item.raw)
    except msgspec.ValidationError as error:
        raise Problem("invalid", faults=[_fault(error, "")]) from error
    except msgspec.DecodeError as error:
        raise batch.broken(item) from error
    fact_type = TYPES.get(event.type)
    if fact_type is None:
        raise Problem("unknown-event-type", faults=[fault("/type", "enum")])
    owner, name = OWNERS[fact_type]
    if caller.actor.department != owner:
        details = {"fact_type": fact_type.zh, "owner": name}
        raise Problem("wrong-department", details, [fault("/type", "value")])
    try:
        data = _data[fact_type].decode(event.data)
    except msgspec.ValidationError as error:
        raise Problem("invalid", faults=[_fault(error, "/data")]) from error
    if faults := _implausible(app, event, data):
        raise Problem("invalid", faults=faults)
    return _Read(
        item, event, fact_type, data, app.vault.blind_index(normalised(data.identity_number))
    )


def _implausible(app: Wired, event: CloudEvent, data: MedicalSettlement) -> list[Fault]:
    """What no schema says: check digit, dates in the future, parts above the total."""
    faults = []
    clock = app.runtime.clock
    if code := fault_of(normalised(data.identity_number), test_numbers=app.test_numbers):
        faults.append(fault("/data/identity_number", code))
    if data.settled_on > clock.today():
        faults.append(fault("/data/settled_on", "future"))
    if (event.time - clock.now()).total_seconds() > EARLY:
        faults.append(fault("/time", "future"))
    named = (("/id", event.id), ("/source", event.source), ("/data/record_key", data.record_key))
    faults += [fault(pointer, "personal") for pointer, text in named if is_in(text)]
    parts = (
        data.basic_insurance_fen
        + data.serious_illness_insurance_fen
        + data.medical_assistance_fen
        + data.compliant_own_cost_fen
    )
    if parts > data.total_fen:
        faults.append(fault("/data/total_fen", "range"))
    return faults


def _intent(app: Wired, caller: Principal, read: _Read, person: Known) -> Intent:
    event, data = read.event, read.data
    received_on = app.runtime.clock.today()
    department = caller.actor.department
    client = f"cloudevents:{department}:{event.source}"
    return Intent(
        stream=f"facts-of-household-{person.household_id}",
        household_id=person.household_id,
        decider=FACT,
        command=DepartmentFactRecorded(
            fact_id=derived_id(FACT_NAMESPACE, f"{client}:{event.id}"),
            household_id=person.household_id,
            person_id=person.person_id,
            department=department,
            department_name=caller.actor.organisation,
            fact_type=read.fact_type,
            record_key=data.record_key,
            record_version=1,
            detected_on=data.settled_on,
            received_on=received_on,
            values={
                FactValue.TOTAL: data.total_fen,
                FactValue.BASIC_INSURANCE: data.basic_insurance_fen,
                FactValue.SERIOUS_ILLNESS_INSURANCE: data.serious_illness_insurance_fen,
                FactValue.MEDICAL_ASSISTANCE: data.medical_assistance_fen,
                FactValue.COMPLIANT_OWN_COST: data.compliant_own_cost_fen,
            },
        ),
        context=circumstances(caller, region=person.region, occurred_at=event.time),
        key=Key(client, event.id, fingerprint(event.type.encode(), msgspec.json.encode(data))),
    )


def _fault(error: msgspec.ValidationError, base: str) -> Fault:
    """Where and what, from msgspec's message; never the value (it may be personal)."""
    message, _, path = str(error).partition(" - at `$")
    pointer = base + "".join(
        "/" + part
        for part in path.rstrip("`").replace("[", ".").replace("]", "").split(".")
        if part
    )
    if "unknown field" in message:
        return fault(f"{pointer}/{message.split('`')[1]}", "extra_forbidden")
    if "missing required field" in message:
        return fault(f"{pointer}/{message.split('`')[1]}", "missing")
    for code, sign in _SIGNS.items():
        if sign in message:
            return fault(pointer, code)
    return fault(pointer, "value")


_SIGNS = {
    "enum": "Invalid enum value",
    "date": "Invalid RFC3339",
    "length": "of length",
    "pattern": "matching regex",
    "int": "Expected `int`, got",
    "string": "Expected `str`, got",
    "datetime": "Expected `datetime`",
    "range": "Expected `int` ",
    "object": "Expected `object`",
}
assert set(_SIGNS) <= set(FAULTS)
