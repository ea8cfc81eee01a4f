"""A table that was uploaded: how it comes in, and how it goes back with a result beside each row.

A rehearsal (`preview`) is the import itself, rolled back, so that it cannot promise what the import
refuses.
"""

import asyncio
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, field
from typing import Any

from fastapi import Request, Response
from openpyxl.utils import get_column_letter

from common.batch import Status, media_type
from common.eventstore import record
from common.http import encoded
from common.intents import Connection, Intent, Outcome, Store
from common.openapi import shape_of, taking
from common.problems import Problem, Text
from common.problems import filled as in_words
from contracts.wording import Code
from identification import sheets
from identification.api.posted import CHANGED
from identification.api.registering import Record
from identification.api.wired import Wired
from identification.refusals.imports import REASONS
from identification.sheets import CSV, XLSX, Row, Sheet, Unreadable

RESULT, REASON = "结果", "原因"
RESULTS = {"accepted": "已导入", "replayed": "无变化", "refused": "未导入"}
WIDTHS = {"证件号码": 24, "家庭住址": 30, RESULT: 10, REASON: 60}


@dataclass(frozen=True, slots=True)
class Reason:
    """What is wrong with a cell by its column, or with the whole row."""

    column: str | None
    detail: str
    detail_en: str


@dataclass(frozen=True, slots=True)
class RowTold:
    """What became of a row, by its number in the table."""

    row: int
    status: Status
    reasons: list[Reason]


@dataclass(frozen=True, slots=True)
class Imported:
    """If `Accept` asks for JSON; else the table, with result and reason beside each row."""

    preview: bool
    accepted: int
    replayed: int
    refused: int
    rows: list[RowTold]


_FILE = {"type": "string", "format": "binary"}


def upload(*rows: Sequence[str]) -> dict[str, Any]:
    """For `openapi_extra` of a route that takes a table, such as these rows; the first are the headings."""
    table = {"type": "string", "examples": ["\n".join(",".join(row) for row in rows)]}
    told = taking(
        {XLSX: _FILE, CSV: table}, {s: shape_of(Imported, "serialization") for s in ("200", "207")}
    )
    for answer in told["responses"].values():
        answer["content"][XLSX] = {"schema": _FILE}
    return told


@dataclass
class Line:
    """A row on its way, with its reasons: `(heading or nothing, zh, en)`."""

    row: Row
    status: Status = "refused"
    reasons: list[tuple[str, str, str]] = field(default_factory=list)

    def refuse(self, heading: str, code: str, known: Sequence[Code] = ()) -> None:
        """A reason by its code, with what the cell could hold."""
        zh, en = REASONS.get(code, REASONS["value"])
        if known:
            zh += f"：可用 {'、'.join(one.zh for one in known)}"
            en += f": use {', '.join(known)}"
        self.reasons.append((heading, zh, en))

    def explain(self, heading: str, problem: Problem, texts: Mapping[str, Text]) -> None:
        """A problem in words, beside a column or the whole row."""
        text, details = texts[problem.code], problem.details
        zh, en = in_words(text.zh, details, "、"), in_words(text.en, details, ", ")
        self.reasons.append((heading, zh, en))


async def received(
    request: Request, required: Sequence[str], optional: Sequence[str] = ()
) -> Sheet:
    """The table of the body. Raises `Problem` unless its columns are those; the results of an earlier
    answer may stay."""
    kind = media_type(request)
    if kind not in (XLSX, CSV):
        raise Problem("unsupported-media-type", {"accepted": [XLSX, CSV]})
    try:
        sheet = await asyncio.to_thread(sheets.read, await request.body(), kind)
    except Unreadable as error:
        raise Problem(error.code, error.details) from error
    found = [h for h in sheet.headings if h not in (RESULT, REASON)]
    missing = [h for h in required if h not in found]
    # By letter: in a file without headings the first row holds a person.
    known = {*required, *optional, RESULT, REASON}
    unknown = [get_column_letter(n) for n, h in enumerate(sheet.headings, 1) if h not in known]
    if missing or unknown:
        raise Problem("import-columns", {"missing": missing or "—", "unknown": unknown or "—"})
    return sheet


async def answered(
    request: Request, sheet: Sheet, lines: Sequence[Line], *, preview: bool
) -> Response:
    """200 if every row was good, else 207; JSON if that is accepted, otherwise the file."""
    status = 207 if any(line.status == "refused" for line in lines) else 200
    if "application/json" in request.headers.get("accept", ""):
        return encoded(_summary(lines, preview=preview), status)
    rows = [_given_back(line, preview=preview) for line in lines]
    headings = [h for h in sheet.headings if h not in (RESULT, REASON)]
    told = [*headings, RESULT, REASON]
    written = await asyncio.to_thread(sheets.write, "导入结果", told, rows, WIDTHS)
    return _workbook(written, "import-result.xlsx", status)


class Workbook(Response):
    """An Excel file."""

    media_type = XLSX


def empty(headings: Sequence[str], texts: Set[str]) -> Workbook:
    """A table to fill in; the columns `texts` keep every digit of a long number."""
    written = sheets.write("导入模板", headings, [], WIDTHS, texts)
    return _workbook(written, "import-template.xlsx", 200)


def _workbook(content: bytes, name: str, status: int) -> Workbook:
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Workbook(content, status, headers)


def recording(app: Wired, *, preview: bool) -> Record:
    """Records for good, or in a rehearsal records and rolls back."""

    async def rehearse(intents: Sequence[Intent]) -> Sequence[Outcome | Exception]:
        async with app.runtime.pool.acquire() as connection:
            transaction = connection.transaction()
            await transaction.start()
            try:
                return await _tried(connection, app.store, intents)
            finally:
                await transaction.rollback()

    return rehearse if preview else app.runtime.writer.execute_all


async def _tried(
    connection: Connection, store: Store, intents: Sequence[Intent]
) -> Sequence[Outcome | Exception]:
    """What somebody else changed at this moment costs its row alone, as it does for good."""
    try:
        async with connection.transaction():  # a savepoint: the others can still be tried
            return await record(connection, store, intents)
    except CHANGED as error:
        if len(intents) == 1:
            return [error]
    return [one for intent in intents for one in await _tried(connection, store, [intent])]


def _summary(lines: Sequence[Line], *, preview: bool) -> Imported:
    counts = {s: sum(line.status == s for line in lines) for s in RESULTS}
    rows = [
        RowTold(
            line.row.number, line.status, [Reason(h or None, *told) for h, *told in line.reasons]
        )
        for line in lines
    ]
    return Imported(preview, **counts, rows=rows)


def _given_back(line: Line, *, preview: bool) -> dict[str, sheets.Value]:
    result = "可导入" if preview and line.status == "accepted" else RESULTS[line.status]
    reasons = "；".join(f"{heading}：{zh}" if heading else zh for heading, zh, _ in line.reasons)
    return {**line.row.cells, RESULT: result, REASON: reasons}
