"""Batches over HTTP: the good items are kept, and the answer says which were not, and why.

Accepted are JSON arrays and NDJSON (a line an item; blank lines are skipped). In NDJSON a broken
line costs only itself and is named by its number; a broken array is refused as a whole.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Literal, TypeVar, get_args

import msgspec
from fastapi import Request, Response
from pydantic import ValidationError

from common.bodies import i_json, json_problem
from common.errors import JSON, invalid, refusal
from common.form import Form
from common.intents import Recorded
from common.openapi import part, shape_of, taking
from common.problems import Problem, Text, body
from common.tracing import current_trace_id

LIMIT = 500
NDJSON = "application/x-ndjson"
Status = Literal["accepted", "replayed", "refused"]
_STATUSES: tuple[Status, ...] = get_args(Status)

AnyForm = TypeVar("AnyForm", bound=Form)

_array = msgspec.json.Decoder(list[msgspec.Raw])
_receipt = msgspec.json.Decoder(dict[str, list[dict[str, Any]]])


ID: Mapping[str, Any] = {"type": "string", "format": "uuid"}


def answer_of(name: str, **told: Mapping[str, Any]) -> dict[str, Any]:
    """The schema of `answer`, by its name; `told` is what items are settled with beside the event."""
    item = {
        "index": {"type": "integer"},
        "line": {"type": "integer", "description": "of NDJSON"},
        "status": {"type": "string", "enum": [*_STATUSES]},
        "event_id": ID,
        **told,
        "problem": {"$ref": "#/components/schemas/Problem"},
    }
    shape = {"type": "object", "required": ["index", "status"], "properties": item}
    fields: dict[str, Any] = {count: {"type": "integer"} for count in _STATUSES}
    fields["items"] = {"type": "array", "items": part(f"{name}Item", shape)}
    return part(name, {"type": "object", "required": [*fields], "properties": fields})


def batch_of(form: type[Form], answered: Mapping[str, Any]) -> dict[str, Any]:
    """For `openapi_extra` of a route that takes a batch of these, and answers as `answer_of` tells."""
    item = shape_of(form, "validation")
    array = {"type": "array", "items": item, "minItems": 1, "maxItems": LIMIT}
    return taking(
        {"application/json": array, NDJSON: item}, dict.fromkeys(("200", "207"), answered)
    )


@dataclass
class Item:
    """One item of a batch on its way: its bytes, then either an answer or a problem."""

    index: int
    raw: bytes
    line: int | None = None
    status: Status | None = None
    answer: dict[str, Any] = field(default_factory=dict)
    problem: Problem | None = None

    def refuse(self, problem: Problem) -> None:
        """This item is not kept."""
        self.status, self.problem = "refused", problem

    def settle(self, outcome: object, **ids: object) -> None:
        """Take the writer's outcome: `accepted`, `replayed` (nothing new), or a problem."""
        if isinstance(outcome, Recorded):
            self.status = "accepted" if outcome.events else "replayed"
            if outcome.events:
                self.answer = {"event_id": outcome.events[0].event_id, **ids}
            else:
                events = _receipt.decode(outcome.answer)["events"]
                self.answer = {**({"event_id": events[0]["event_id"]} if events else {}), **ids}
        else:
            self.refuse(refusal(outcome if isinstance(outcome, Exception) else RuntimeError()))


async def items_of(request: Request, limit: int = LIMIT, array: str = JSON) -> list[Item]:
    """The items of the body, NDJSON or an `array` by its media type. Raises `Problem`: another media type, a
    broken array, empty, over the limit."""
    raw, media = await request.body(), media_type(request)
    if media not in (array, NDJSON):
        raise Problem("unsupported-media-type", {"accepted": [array, NDJSON]})
    if media == NDJSON:
        lines = [(n, line) for n, line in enumerate(raw.splitlines(), 1) if line.strip()]
        items = [Item(index, line, number) for index, (number, line) in enumerate(lines)]
    else:
        try:
            items = [Item(index, bytes(part)) for index, part in enumerate(_array.decode(raw))]
        except msgspec.ValidationError as error:
            raise Problem("not-an-array") from error
        except (msgspec.DecodeError, RecursionError) as error:
            raise json_problem(raw) from error
    if not items:
        raise Problem("empty-batch")
    if len(items) > limit:
        raise Problem("batch-too-large", {"limit": limit, "count": len(items)})
    return items


def read(item: Item, form: type[AnyForm]) -> AnyForm | None:
    """The form in an item, or `None` with the item refused."""
    try:
        return form.model_validate(json_of(item))
    except ValidationError as error:
        item.refuse(invalid(error.errors(include_url=False, include_input=False)))
    except Problem as problem:
        item.refuse(problem)
    return None


def json_of(item: Item) -> Any:
    """What an item says. Raises `Problem` as `i_json` does, with the line in the whole body."""
    try:
        return i_json(item.raw)
    except Problem as problem:
        if item.line is not None and not problem.faults:
            problem.details = {**problem.details, "line": item.line}
        raise


def media_type(request: Request) -> str:
    """The content type without its parameters, lower case."""
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()


@contextmanager
def counted(items: Sequence[Item]) -> Iterator[None]:
    """Around the recording of a batch in parts: if it cannot be recorded to its end, the sender learns how
    much was.

    Raises `Problem` (503) `partly-recorded` for what ended it, if any item was recorded before.
    """
    try:
        yield
    except Exception as error:
        why = refusal(error)
        recorded = sum(item.status in ("accepted", "replayed") for item in items)
        if why.code not in ("busy", "unavailable") or not recorded:
            raise
        details = {"recorded": recorded, "sent": len(items)}
        raise Problem("partly-recorded", details, headers=why.headers) from error


def answer(items: Sequence[Item], texts: Mapping[str, Text]) -> Response:
    """200 if every item was kept, else 207; counts first, then every item in order."""
    counts = {s: sum(i.status == s for i in items) for s in _STATUSES}
    listed = []
    for item in items:
        entry = {"index": item.index, "status": item.status, **item.answer}
        if item.line is not None:
            entry["line"] = item.line
        if item.problem:
            entry["problem"] = body(item.problem, texts, current_trace_id())
        listed.append(entry)
    content = msgspec.json.encode({**counts, "items": listed})
    return Response(content, 207 if counts["refused"] else 200, media_type="application/json")
