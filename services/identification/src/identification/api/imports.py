"""Importing households from Excel or CSV: a rehearsal first, then the same for good."""

import re
from collections.abc import Mapping, Sequence
from typing import Annotated, Any
from uuid import UUID, uuid5

import msgspec
from fastapi import APIRouter, Request, Response

from common import batch
from common.auth import Principal, allow
from common.batch import Item
from common.problems import Problem, Text
from identification.api import columns
from identification.api.registering import register
from identification.api.uploads import Line, Workbook, answered, empty, received, recording, upload
from identification.api.wired import wired
from identification.read_model.register import by_number
from identification.sheets import Sheet

router = APIRouter(tags=["register"])

IMPORTED = UUID("8f6f0a6e-1f5b-5d1c-8d55-0e6b1c5f9a31")  # names households by their number
EXAMPLE = (
    *("DOC-00001", "脱贫户", "否", "441624108201", "彭寨镇聚村1组", "2024-03-02", "1", "黄某某"),
    *("990000197905057716", "户主", "男", "1979-05-05", "普通劳动力", "健康", "不在校"),
)


@router.get(
    "/v1/households/import-template",
    summary="An empty table with the right headings",
    response_class=Workbook,
)
async def template(_: Annotated[Principal, allow("households:write")]) -> Workbook:
    """Excel; the columns of long numbers are text."""
    return empty([*columns.HEADINGS, columns.DIFFERS.heading], columns.LONG_NUMBERS)


@router.post(
    "/v1/households/import",
    summary="Import households from Excel or CSV",
    openapi_extra=upload(columns.HEADINGS, EXAMPLE),
)
async def import_households(
    request: Request,
    caller: Annotated[Principal, allow("households:write")],
    preview: bool = False,
) -> Response:
    """A row a person, at most 5,000. With `preview=true` nothing is stored. 200 if every row was
    good, else 207; the same file again changes nothing."""
    sheet = await received(request, columns.HEADINGS, [columns.DIFFERS.heading])
    lines = [Line(row) for row in sheet.rows]
    await _import(request, caller, sheet, lines, preview=preview)
    return await answered(request, sheet, lines, preview=preview)


async def _import(
    request: Request, caller: Principal, sheet: Sheet, lines: list[Line], *, preview: bool
) -> None:
    """Every line ends with a status; a household is imported whole or not at all."""
    app, texts = wired(request), request.app.state.texts
    homes = _homes(lines)
    seen: set[str] = set()
    ready: list[tuple[Item, list[Line]]] = []
    async with app.runtime.pool.acquire() as connection:
        known = await by_number(connection, [number for number, _ in homes])
    for number, group in homes:
        if number in seen:
            group[0].refuse(columns.NUMBER, "rows-apart")
        seen.add(number)
        form = _form(group, typed=sheet.typed)
        if any(line.reasons for line in group):
            _others(group)
        else:
            form["household_id"] = str(known.get(number) or uuid5(IMPORTED, number))
            ready.append((Item(len(ready), msgspec.json.encode(form)), group))
    items = [item for item, _ in ready]
    with batch.counted([] if preview else items):
        await register(app, caller, items, recording(app, preview=preview))
    for item, group in ready:
        for line in group:
            line.status = item.status or "refused"
        if item.problem:
            _explain(item.problem, group, texts)
            _others(group)


def _homes(lines: Sequence[Line]) -> list[tuple[str, list[Line]]]:
    """Rows that follow one another by register number; a row without one goes with those above."""
    homes: list[tuple[str, list[Line]]] = []
    for line in lines:
        number = columns.number_of(line.row)
        if homes and number in ("", homes[-1][0]):
            homes[-1][1].append(line)
        else:
            homes.append((number, [line]))
    return homes


def _form(group: Sequence[Line], *, typed: bool) -> dict[str, Any]:
    """The household's form from its rows; what is wrong goes to the lines."""
    wrong: dict[str, columns.Wrong] = {}
    form = columns.filled(group[0].row, columns.OF_HOUSEHOLD, typed=typed, wrong=wrong)
    form["members"] = []
    for place, line in enumerate(group):
        if place:
            wrong = {}
            columns.repeated(line.row, form, typed=typed, wrong=wrong)
        told = line.row.cells.get(columns.DIFFERS.heading) not in (None, "")
        own = (*columns.OF_MEMBER, columns.DIFFERS) if told else columns.OF_MEMBER
        member = columns.filled(line.row, own, typed=typed, wrong=wrong)
        form["members"].append(member)
        for heading, one in wrong.items():
            line.refuse(heading, one.code, one.known)
    return form


def _explain(problem: Problem, group: Sequence[Line], texts: Mapping[str, Text]) -> None:
    """A problem of the household, beside the rows and columns that it is about."""
    if problem.code == "invalid":
        for one in problem.faults:
            line, heading = _place(one.pointer, group)
            line.reasons.append((heading, one.zh, one.en))
        return
    line, heading = _place(problem.faults[0].pointer if problem.faults else "", group)
    line.explain(heading, problem, texts)


def _place(pointer: str, group: Sequence[Line]) -> tuple[Line, str]:
    """The line and heading that a JSON pointer into the form speaks of."""
    found = re.fullmatch(r"/members/([0-9]+)/(\w+)|/(\w+)", pointer)
    if not found:
        return group[0], ""
    line = group[int(found[1])] if found[1] else group[0]
    return line, columns.BY_FIELD.get(found[2] or found[3], "")


def _others(group: Sequence[Line]) -> None:
    for line in group:
        line.status = "refused"
        if not line.reasons:
            line.refuse("", "others")
