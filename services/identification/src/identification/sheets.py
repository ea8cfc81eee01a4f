"""Tables as people keep them, Excel or CSV: read with care, and given back with what came of each row.

Excel hides what was typed: a formula shows a number, a merged cell one value for many rows, a long
number only its first fifteen digits. Whatever could hide a mistake is a fault of its cell, never a
guess. A file is read whole or not at all; limits keep a small file from unpacking into a large one.
"""

import csv
import io
import re
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field
from datetime import date, datetime
from math import isfinite

import openpyxl
from openpyxl.cell import WriteOnlyCell
from openpyxl.cell.cell import ERROR_CODES
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.worksheet import Worksheet

from identification.packed import MOST_BYTES, TooMuch, weigh

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
CSV = "text/csv"
MOST_ROWS = 5_000
MOST_COLUMNS = 100

Value = str | int | float | bool | date | None


# What no Excel file can hold, and what stands where a text was read in the wrong encoding.
_GARBLED = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffd-\uffff]")


class Unreadable(Exception):
    """The file cannot be read; `code` says why, `details` fill its text."""

    def __init__(self, code: str, **details: object) -> None:
        super().__init__(code)
        self.code = code
        self.details = details


@dataclass
class Row:
    """One row: what its cells hold by heading, and what is wrong with a cell by heading.

    `number` is the row's in the file, as Excel counts.
    """

    number: int
    cells: dict[str, Value]
    faults: dict[str, str] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return any(value not in (None, "") for value in self.cells.values())


@dataclass(frozen=True)
class Sheet:
    """A table with one row of headings. `typed`: cells are Excel's, so a date is a date."""

    headings: list[str]
    rows: list[Row]
    typed: bool


def read(raw: bytes, media_type: str) -> Sheet:
    """The table, without empty rows. Raises `Unreadable`."""
    sheet = _excel(raw) if media_type == XLSX else _text(raw)
    if not sheet.rows:
        raise Unreadable("import-empty")
    return sheet


def _excel(raw: bytes) -> Sheet:
    try:
        weigh(raw)
        book = openpyxl.load_workbook(io.BytesIO(raw), keep_links=False)
        first, *others = book.worksheets
    except TooMuch as error:
        raise Unreadable("import-too-large", rows=MOST_ROWS, columns=MOST_COLUMNS) from error
    except Exception as error:  # a broken file fails anywhere in the parser, in any way
        raise Unreadable("import-unreadable") from error
    if any(sheet.max_row > 1 or _first_row_with_data(sheet) for sheet in others):
        raise Unreadable("import-one-sheet")
    if first.max_row > MOST_ROWS + 1 or first.max_column > MOST_COLUMNS:
        raise Unreadable("import-too-large", rows=MOST_ROWS, columns=MOST_COLUMNS)
    headings = _headings([cell.value for cell in next(first.iter_rows(max_row=1))])
    if row := _first_row_with_data(first, min_row=2, min_col=len(headings) + 1):
        raise Unreadable("import-ragged", row=row)
    rows = [row for row in _excel_rows(first, headings) if row]
    return Sheet(headings, rows, typed=True)


def _first_row_with_data(sheet: Worksheet, *, min_row: int = 1, min_col: int = 1) -> int | None:
    """The first row of a part of the sheet where something stands. Every cell is looked at: the sheet is
    small."""
    if min_col > sheet.max_column:
        return None
    part = sheet.iter_rows(min_row=min_row, min_col=min_col, values_only=True)
    return next((n for n, row in enumerate(part, min_row) if not all(map(_blank, row))), None)


def _blank(value: object) -> bool:
    """Nothing stands there, or only what nobody sees."""
    return value is None or (isinstance(value, str) and not value.strip())


def _excel_rows(sheet: Worksheet, headings: Sequence[str]) -> Iterator[Row]:
    merged = {cell for part in sheet.merged_cells.ranges for cell in part.cells}
    for number, cells in enumerate(sheet.iter_rows(min_row=2, max_col=len(headings)), 2):
        row = Row(number, {})
        for place, (heading, cell) in enumerate(zip(headings, cells, strict=True), 1):
            value = cell.value
            if isinstance(value, datetime):
                value = value.date()
            if not isinstance(value, Value) or (isinstance(value, float) and not isfinite(value)):
                value = str(getattr(value, "text", value))  # of a formula over several cells
            row.cells[heading] = None if _blank(value) else value
            if fault := _fault(value, cell.data_type):
                row.faults[heading] = fault
            elif _is_padded(value, cell.number_format):
                row.faults[heading] = "zeros-lost"
            elif (number, place) in merged:
                row.faults[heading] = "merged"
        yield row


def _fault(value: Value, kind: str = "s") -> str | None:
    """A formula or an error of Excel's, also where it is text by now: so a CSV has it, and the table that
    was given back."""
    if kind == "f" or (isinstance(value, str) and value.startswith("=")):
        return "formula"
    if isinstance(value, str) and _GARBLED.search(value):
        return "garbled"
    return "excel-error" if kind == "e" or value in ERROR_CODES else None


def _is_padded(value: Value, format: str) -> bool:
    """Whether a number is shown with zeros before it: a key of `00012345` is not that of `12345`."""
    zeros = len(format) - len(format.lstrip("0"))
    return isinstance(value, int | float) and len(f"{value:.0f}") < zeros


def _text(raw: bytes) -> Sheet:
    """UTF-8, or what a Chinese Excel saves as CSV (GB18030)."""
    if len(raw) > MOST_BYTES:
        raise Unreadable("import-too-large", rows=MOST_ROWS, columns=MOST_COLUMNS)
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        try:
            text = raw.decode("gb18030")
        except UnicodeDecodeError as error:
            raise Unreadable("import-unreadable") from error
    try:
        lines = list(csv.reader(io.StringIO(text, newline=""), strict=True))
    except csv.Error as error:
        raise Unreadable("import-unreadable") from error
    if not lines:
        raise Unreadable("import-empty")
    if len(lines) > MOST_ROWS + 1 or len(lines[0]) > MOST_COLUMNS:
        raise Unreadable("import-too-large", rows=MOST_ROWS, columns=MOST_COLUMNS)
    headings = _headings(lines[0])
    rows = []
    for number, line in enumerate(lines[1:], 2):
        if any(value.strip() for value in line[len(headings) :]):
            raise Unreadable("import-ragged", row=number)
        cells: dict[str, Value] = {h: v.strip() for h, v in zip(headings, line, strict=False)}
        faults = {h: fault for h, v in cells.items() if (fault := _fault(v))}
        rows.append(Row(number, {h: cells.get(h) for h in headings}, faults))
    return Sheet(headings, [row for row in rows if row], typed=False)


def _headings(values: Sequence[object]) -> list[str]:
    found = [str(value or "").strip() for value in values]
    while found and not found[-1]:
        found.pop()
    if not all(found) or len(set(found)) != len(found):
        raise Unreadable("import-headings")
    return found


def write(
    title: str,
    headings: Sequence[str],
    rows: Sequence[Mapping[str, Value]],
    widths: Mapping[str, int],
    texts: Set[str] = frozenset(),
) -> bytes:
    """An Excel file with one sheet of these rows. Text stays text: nothing that was sent becomes a formula.

    `texts` are columns whose empty cells are text too, so that a number typed there keeps its digits.
    """
    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet(title)
    sheet.freeze_panes = "A2"
    for place, heading in enumerate(headings):
        letter = get_column_letter(place + 1)
        sheet.column_dimensions[letter].width = widths.get(heading, 14)
        if heading in texts:
            sheet.column_dimensions[letter].number_format = "@"
    sheet.append(list(headings))
    for row in rows:
        cells = []
        for heading in headings:
            value = row.get(heading)
            cell = WriteOnlyCell(sheet)
            if isinstance(value, str):
                cell.value = _GARBLED.sub("\ufffd", value)
                cell.data_type = "s"
                cell.number_format = "@"
            else:
                cell.value = value
            if isinstance(value, date):
                cell.number_format = "yyyy-mm-dd"
            cells.append(cell)
        sheet.append(cells)
    written = io.BytesIO()
    book.save(written)
    return written.getvalue()
