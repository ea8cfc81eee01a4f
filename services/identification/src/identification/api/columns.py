"""The columns of a household import: how each cell becomes a field of the form, and back again.

A row is a person; rows with one 户编号 are a household, whose own columns stand in its first row and
may be repeated or left empty in the others.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from contracts.codes import (
    Category,
    Health,
    LabourCapacity,
    NumberDiffers,
    Relation,
    Schooling,
    Sex,
)
from contracts.wording import Code
from identification.identity import fault_of, normalised
from identification.sheets import Row, Value


class Wrong(Exception):
    """A cell that is not what its column holds; `code` names the reason, `known` what it could hold."""

    def __init__(self, code: str, known: Sequence[Code] = ()) -> None:
        super().__init__(code)
        self.code = code
        self.known = known


@dataclass(frozen=True)
class Column:
    """A heading, the field it fills, and how its cells are read (`typed`: Excel's, not CSV's)."""

    heading: str
    field: str
    read: Callable[[Value, bool], Any]


DIGITS_KEPT = 15  # of a number; Excel puts zeros for those behind them, a CSV shows an exponent


def as_text(value: Value, typed: bool) -> str:
    """Text, or a number that is short enough to be whole."""
    if isinstance(value, bool | date):
        raise Wrong("not-text")
    if isinstance(value, float):
        if not value.is_integer():
            raise Wrong("not-text")
        value = int(value)
    if isinstance(value, int) and abs(value) >= 10**DIGITS_KEPT:
        raise Wrong("digits-lost")
    text = str(value).strip()
    if re.fullmatch(r"[0-9](\.[0-9]+)?E\+[0-9]{2,}", text):
        raise Wrong("digits-lost")
    return text


def identity_number(value: Value, typed: bool) -> str:
    """Only text: as a number Excel keeps fifteen digits and drops the rest without a word."""
    if isinstance(value, int | float):
        raise Wrong("digits-lost")
    number = normalised(as_text(value, typed))
    if re.fullmatch(r"[0-9.]+E\+?[0-9]+", number):
        raise Wrong("digits-lost")
    if number.endswith("000") and fault_of(number, test_numbers=True) == "checksum":
        raise Wrong("digits-lost")
    return number


def as_date(value: Value, typed: bool) -> str:
    if isinstance(value, date):
        return value.isoformat()
    if typed:
        raise Wrong("date-as-text" if isinstance(value, str) else "date")
    year_first = re.fullmatch(r"([0-9]{4})[-/]([0-9]{1,2})[-/]([0-9]{1,2})", str(value))
    try:
        if year_first:  # as a Chinese Excel writes a date into a CSV: 2024/3/1
            return date(*map(int, year_first.groups())).isoformat()
        return date.fromisoformat(str(value)).isoformat()
    except ValueError:
        raise Wrong("date") from None


def day(written: str) -> date:
    """The day that `as_date` wrote."""
    return date.fromisoformat(written)


def whole(value: Value, typed: bool) -> int:
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if isinstance(value, str) and re.fullmatch(r"[0-9]{1,9}", value.strip()):
        return int(value)
    raise Wrong("int")


def yes_or_no(value: Value, typed: bool) -> bool:
    if isinstance(value, bool):
        return value
    answers = {"是": True, "否": False, "TRUE": True, "FALSE": False}
    try:
        return answers[str(value).strip().upper()]
    except KeyError:
        raise Wrong("yes-or-no") from None


def one_of(codes: Iterable[Code]) -> Callable[[Value, bool], str]:
    """By its Chinese label, or by the code itself."""
    codes = [*codes]
    by_name = {code.zh: code.value for code in codes} | {code.value: code.value for code in codes}

    def read(value: Value, typed: bool) -> str:
        try:
            return by_name[str(value).strip()]
        except KeyError:
            raise Wrong("enum", codes) from None

    return read


NUMBER = "户编号"
OF_HOUSEHOLD = (
    Column(NUMBER, "register_number", as_text),
    Column("户类别", "category", one_of(Category)),
    Column("2019年边缘易致贫户", "marginal_2019", yes_or_no),
    Column("村代码", "region", as_text),
    Column("家庭住址", "address", as_text),
    Column("登记日期", "registered_on", as_date),
    Column("共同生活人口", "co_living_count", whole),
)
OF_MEMBER = (
    Column("姓名", "name", as_text),
    Column("证件号码", "identity_number", identity_number),
    Column("与户主关系", "relation", one_of(Relation)),
    Column("性别", "sex", one_of(Sex)),
    Column("出生日期", "born_on", as_date),
    Column("劳动能力", "labour_capacity", one_of(LabourCapacity)),
    Column("健康状况", "health", one_of(Health)),
    Column("在校情况", "schooling", one_of(Schooling)),
)
# May be left empty, and left out.
DIFFERS = Column("证件不符原因", "number_differs", one_of(NumberDiffers))
LONG_NUMBERS = frozenset({NUMBER, "村代码", "证件号码"})
HEADINGS = [column.heading for column in (*OF_HOUSEHOLD, *OF_MEMBER)]
BY_FIELD = {column.field: column.heading for column in (*OF_HOUSEHOLD, *OF_MEMBER, DIFFERS)}


def filled(
    row: Row, columns: Iterable[Column], *, typed: bool, wrong: dict[str, Wrong]
) -> dict[str, Any]:
    """The fields of a row; what cannot be read goes into `wrong`, by heading."""
    fields: dict[str, Any] = {}
    for column in columns:
        heading, value = column.heading, row.cells[column.heading]
        if heading in row.faults:
            wrong[heading] = Wrong(row.faults[heading])
        elif value is None or value == "":
            wrong[heading] = Wrong("missing")
        else:
            try:
                fields[column.field] = column.read(value, typed)
            except Wrong as fault:
                wrong[heading] = fault
    return fields


def number_of(row: Row) -> str:
    """The register number in a row, as the form will have it; empty if there is none to read."""
    value = row.cells[NUMBER]
    try:
        return "" if value is None else as_text(value, typed=True)
    except Wrong:
        return ""


def repeated(row: Row, first: Mapping[str, Any], *, typed: bool, wrong: dict[str, Wrong]) -> None:
    """Household columns of a later row are empty or say the same as in the first."""
    for column in OF_HOUSEHOLD:
        heading, value = column.heading, row.cells[column.heading]
        if heading in row.faults:
            wrong[heading] = Wrong(row.faults[heading])
        elif value not in (None, ""):
            try:
                same = column.read(value, typed) == first.get(column.field)
            except Wrong as fault:
                wrong[heading] = fault
                continue
            if not same and column.field in first:
                wrong[heading] = Wrong("differs-from-first-row")
