"""Importing households from Excel or CSV: a rehearsal first, then the same for good.

The answer is the file that was sent with a result and a reason beside each row (or JSON, by `Accept`).
The rehearsal is the import itself, rolled back, so that it cannot promise what the import refuses.
"""

import asyncio
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any
from uuid import UUID, uuid5

import msgspec
from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse

from common.auth import Principal, allow
from common.batch import Item, media_type
from common.eventstore import record
from common.http import only_filters
from common.intents import Intent, Outcome
from common.problems import Problem, Text
from common.problems import filled as in_words
from identification import sheets
from identification.api import columns
from identification.api.registering import register
from identification.api.wired import Wired, wired
from identification.read_model.register import by_number
from identification.refusals.imports import REASONS
from identification.sheets import CSV, XLSX, Row, Sheet, Unreadable

router = APIRouter(tags=["register"])

IMPORTED = UUID("8f6f0a6e-1f5b-5d1c-8d55-0e6b1c5f9a31")  # names households by their number
RESULT, REASON = "结果", "原因"
RESULTS = {"accepted": "已导入", "replayed": "无变化", "refused": "未导入"}
WIDTHS = {"证件号码": 24, "家庭住址": 30, RESULT: 10, REASON: 60}


@dataclass
class Line:
    """A row on its way, with its reasons: `(heading or nothing, zh, en)`."""

    row: Row
    status: str = "refused"
    reasons: list[tuple[str, str, str]] = field(default_factory=list)

    def refuse(self, heading: str, code: str) -> None:
        self.reasons.append((heading, *REASONS.get(code, REASONS["value"])))


@router.get("/v1/households/import-template", summary="An empty table with the right headings")
async def template(_: Annotated[Principal, allow("households:write")]) -> Response:
    """Excel, the columns of numbers as text."""
    return _workbook(sheets.write(columns.HEADINGS, [], WIDTHS))


@router.post("/v1/households/import", summary="Import households from Excel or CSV")
async def import_households(
    request: Request,
    caller: Annotated[Principal, allow("households:write")],
    preview: bool = False,
) -> Response:
    """A row a person, at most 5,000. With `preview=true` nothing is stored. 200 if every row was
    good, else 207; the same file again changes nothing."""
    only_filters(request, ["preview"])
    kind = media_type(request)
    if kind not in (XLSX, CSV):
        raise Problem("unsupported-media-type", {"accepted": [XLSX, CSV]})
    try:
        sheet = await asyncio.to_thread(sheets.read, await request.body(), kind)
    except Unreadable as error:
        raise Problem(error.code, error.details) from error
    _fitting(sheet)
    lines = [Line(row) for row in sheet.rows]
    await _import(request, caller, sheet, lines, preview=preview)
    status = 207 if any(line.reasons for line in lines) else 200
    if "application/json" in request.headers.get("accept", ""):
        return JSONResponse(_summary(lines, preview=preview), status)
    rows = [_given_back(line, preview=preview) for line in lines]
    headings = [h for h in sheet.headings if h not in (RESULT, REASON)]
    written = await asyncio.to_thread(sheets.write, [*headings, RESULT, REASON], rows, WIDTHS)
    return _workbook(written, status)


def _fitting(sheet: Sheet) -> None:
    """Raises `Problem` unless the columns are those of the template; results of before may stay."""
    found, wanted = set(sheet.headings) - {RESULT, REASON}, set(columns.HEADINGS)
    if found != wanted:
        missing = [h for h in columns.HEADINGS if h not in found]
        unknown = sorted(found - wanted)
        details = {"missing": missing or "—", "unknown": [u[:20] for u in unknown] or "—"}
        raise Problem("import-columns", details)


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
    execute = _rehearsal(app) if preview else app.runtime.writer.execute_all
    await register(app, caller, [item for item, _ in ready], execute)
    for item, group in ready:
        for line in group:
            line.status = str(item.status)
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
    wrong: dict[str, str] = {}
    form = columns.filled(group[0].row, columns.OF_HOUSEHOLD, typed=typed, wrong=wrong)
    form["members"] = []
    for place, line in enumerate(group):
        if place:
            wrong = {}
            columns.repeated(line.row, form, typed=typed, wrong=wrong)
        member = columns.filled(line.row, columns.OF_MEMBER, typed=typed, wrong=wrong)
        form["members"].append(member)
        for heading, code in wrong.items():
            line.refuse(heading, code)
    return form


def _explain(problem: Problem, group: Sequence[Line], texts: Mapping[str, Text]) -> None:
    """A problem of the household, beside the rows and columns that it is about."""
    if problem.code == "invalid":
        for one in problem.faults:
            line, heading = _place(one.pointer, group)
            line.reasons.append((heading, one.zh, one.en))
        return
    text, details = texts[problem.code], problem.details
    line, heading = _place(problem.faults[0].pointer if problem.faults else "", group)
    zh, en = in_words(text.zh, details, "、"), in_words(text.en, details, ", ")
    line.reasons.append((heading, zh, en))


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


def _rehearsal(app: Wired) -> Any:
    """Records, and rolls back."""

    async def rehearse(intents: Sequence[Intent]) -> Sequence[Outcome | Exception]:
        async with app.runtime.pool.acquire() as connection:
            transaction = connection.transaction()
            await transaction.start()
            try:
                return await record(connection, app.store, intents)
            finally:
                await transaction.rollback()

    return rehearse


def _summary(lines: Sequence[Line], *, preview: bool) -> dict[str, Any]:
    counts = {s: sum(line.status == s for line in lines) for s in RESULTS}
    rows = [
        {
            "row": line.row.number,
            "status": line.status,
            "reasons": [
                {"column": heading or None, "detail": zh, "detail_en": en}
                for heading, zh, en in line.reasons
            ],
        }
        for line in lines
    ]
    return {"preview": preview, **counts, "rows": rows}


def _given_back(line: Line, *, preview: bool) -> dict[str, sheets.Value]:
    result = "可导入" if preview and line.status == "accepted" else RESULTS[line.status]
    reasons = "；".join(f"{heading}：{zh}" if heading else zh for heading, zh, _ in line.reasons)
    return {**line.row.cells, RESULT: result, REASON: reasons}


def _workbook(content: bytes, status: int = 200) -> Response:
    headers = {
        "Content-Disposition": 'attachment; filename="households.xlsx"',
        "Cache-Control": "no-store",
    }
    return Response(content, status, headers, XLSX)
