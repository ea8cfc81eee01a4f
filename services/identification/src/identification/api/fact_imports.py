"""Importing a department's export, Excel or CSV, as facts: a rehearsal first, then the same for good.

A row becomes the CloudEvent that the department would have posted, so that every rule for events
holds for rows: one record and version once (A59), corrections by a higher version, facts that wait.
"""

from collections.abc import Sequence
from datetime import datetime
from operator import itemgetter
from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Request, Response

from common import batch
from common.auth import Principal, allow
from common.batch import Item
from common.clock import start_of
from common.problems import Problem, fault
from contracts.fact_codes import FactType
from identification.api import columns
from identification.api.columns import Column
from identification.api.events import keep_all, must_own
from identification.api.fact_columns import PERSON, RECORD, of_type
from identification.api.fact_forms import TYPES
from identification.api.uploads import Line, Workbook, answered, empty, received, recording, upload
from identification.api.wired import wired
from identification.domain.fact_types import FACT_TYPES
from identification.domain.facts import fact_id_of, key_of

router = APIRouter(tags=["department events"])

BY_NAME = {fact.value: fact for fact in FactType} | TYPES  # `type` of an event, too
Department = Annotated[Principal, allow("facts:write")]
EXAMPLE = (
    *("YB-2024-0007", "990000197905057716", "2024-02-28"),
    *("20000.00", "12000.00", "0", "0", "8000.00"),
)


@router.get(
    "/v1/events/import-template",
    summary="An empty table for one type of fact",
    response_class=Workbook,
)
async def template(caller: Department, type: str = "") -> Workbook:
    """Excel; the columns of long numbers are text."""
    required, optional = of_type(_owned(type, caller))
    headings = [c.heading for c in (*required, *optional)]
    return empty(headings, {RECORD, PERSON})


@router.post(
    "/v1/events/import",
    summary="Import a department's export from Excel or CSV",
    openapi_extra=upload([c.heading for c in of_type(FactType.MEDICAL_SETTLEMENT)[0]], EXAMPLE),
)
async def import_facts(
    caller: Department, request: Request, type: str = "", preview: bool = False
) -> Response:
    """A row a fact of the `type`, at most 5,000; amounts in yuan. With `preview=true` nothing is
    stored. 200 if every row was good, else 207; the same file again changes nothing."""
    fact = _owned(type, caller)
    required, optional = of_type(fact)
    sheet = await received(request, [c.heading for c in required], [c.heading for c in optional])
    lines = [Line(row) for row in sheet.rows]
    app = wired(request)
    ready = _ready(caller, fact, lines, typed=sheet.typed, now=app.runtime.clock.now())
    items = [item for item, _ in ready]
    with batch.counted([] if preview else items):
        await keep_all(app, caller, items, recording(app, preview=preview))
    headings = {f"/data/{c.field}": c.heading for c in (*required, *optional)}
    for item, line in ready:
        _settle(request, item, line, headings)
    return await answered(request, sheet, lines, preview=preview)


def _owned(name: str, caller: Principal) -> FactType:
    """The type, if it is one and the department's. Raises `Problem`."""
    fact = BY_NAME.get(name)
    if fact is None:
        raise Problem("unknown-event-type", faults=[fault("/type", "enum")])
    must_own(fact, caller.actor.department)
    return fact


def _ready(
    caller: Principal, fact: FactType, lines: Sequence[Line], *, typed: bool, now: datetime
) -> list[tuple[Item, Line]]:
    """The rows that can be posted, as CloudEvents, lower versions of a record before higher ones; what is
    wrong with the others is on the line."""
    required, optional = of_type(fact)
    found: list[tuple[int, dict[str, Any], Line]] = []
    seen: set[tuple[str, int]] = set()
    for line in lines:
        wrong: dict[str, columns.Wrong] = {}
        data = columns.filled(line.row, required, typed=typed, wrong=wrong)
        data |= columns.filled(line.row, _present(optional, line), typed=typed, wrong=wrong)
        record = (data.get("record_key", ""), data.setdefault("record_version", 1))
        if (
            record in seen and RECORD not in wrong
        ):  # what has no number, or none to read, is no other's
            wrong[RECORD] = columns.Wrong("record-twice")
        seen.add(record)
        for heading, one in wrong.items():
            line.refuse(heading, one.code, one.known)
        if not wrong:
            found.append((data["record_version"], _event(caller, fact, data, now), line))
    # An export may list the newest version of a record first, which would shut out the others.
    found.sort(key=itemgetter(0))
    return [
        (Item(place, msgspec.json.encode(event)), line)
        for place, (_, event, line) in enumerate(found)
    ]


def _present(optional: Sequence[Column], line: Line) -> list[Column]:
    return [c for c in optional if line.row.cells.get(c.heading) not in (None, "")]


def _event(
    caller: Principal, fact: FactType, data: dict[str, Any], now: datetime
) -> dict[str, Any]:
    """What the department would have posted: the same for the same record and version."""
    on = columns.day(data[FACT_TYPES[fact].dated])
    key = key_of(caller.actor.department, fact, data["record_key"])
    return {
        "specversion": "1.0",
        "id": str(fact_id_of(key, data["record_version"])),
        "source": f"urn:shouwang:import:{caller.actor.department}",
        "type": f"cn.shouwang.fact.{fact.value}.v1",
        "time": min(start_of(on), now),
        "data": data,
    }


def _settle(request: Request, item: Item, line: Line, headings: dict[str, str]) -> None:
    line.status = item.status or "refused"
    problem = item.problem
    if problem and problem.code == "invalid":
        line.reasons += [(headings.get(one.pointer, ""), one.zh, one.en) for one in problem.faults]
    elif problem:
        where = problem.faults[0].pointer if problem.faults else ""
        line.explain(headings.get(where, ""), problem, request.app.state.texts)
    elif reason := item.answer.get("waits"):
        line.refuse(PERSON, f"waits-{reason}")
