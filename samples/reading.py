"""From the exports to what the API takes. Streams: one household, one settlement at a time."""

import csv
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal, InvalidOperation
from itertools import groupby
from pathlib import Path
from typing import TypeVar

from samples.vocabulary import (
    CATEGORY,
    HEALTH,
    HOUSEHOLD_COLUMNS,
    HOUSEHOLDS_FILE,
    LABOUR_CAPACITY,
    MEMBER_COLUMNS,
    MEMBERS_FILE,
    RELATION,
    SCHOOLING,
    SETTLEMENT_COLUMNS,
    SETTLEMENTS_FILE,
    SEX,
    YES_NO,
    household_id,
    person_id,
)

Code = TypeVar("Code")
Json = dict[str, object]


class UnreadableExport(Exception):
    """An export that cannot be read. The message names file, line and column, never a value that
    could be personal."""


@dataclass(frozen=True)
class Row:
    """One row of an export and where it stands."""

    file: str
    line: int
    values: Mapping[str, str]

    def code(self, column: str, codes: Mapping[str, Code]) -> Code:
        """The code of the word in `column`. Raises UnreadableExport for an unknown word."""
        try:
            return codes[self.values[column]]
        except KeyError:
            raise self.problem(column, f"expected one of {'、'.join(codes)}") from None

    def number(self, column: str) -> int:
        try:
            return int(self.values[column])
        except ValueError:
            raise self.problem(column, "expected a whole number") from None

    def day(self, column: str) -> date:
        try:
            return date.fromisoformat(self.values[column])
        except ValueError:
            raise self.problem(column, "expected a date such as 2026-02-28") from None

    def fen(self, column: str) -> int:
        """Yuan with at most two decimals, as integer fen."""
        try:
            amount = Decimal(self.values[column]) * 100
        except InvalidOperation:
            raise self.problem(column, "expected an amount such as 1234.50") from None
        if not amount.is_finite() or amount != int(amount):
            raise self.problem(column, "expected an amount such as 1234.50")
        return int(amount)

    def problem(self, column: str, message: str) -> UnreadableExport:
        return UnreadableExport(f"{self.file}, line {self.line}, {column}: {message}")


def read_households(folder: Path) -> Iterator[Json]:
    """Bodies of `POST /v1/households/batch`, in the order of the files. Raises UnreadableExport,
    also when the members are not in the order of the households."""
    members = groupby(
        rows(folder / MEMBERS_FILE, MEMBER_COLUMNS), key=lambda row: row.values["户编号"]
    )
    for row in rows(folder / HOUSEHOLDS_FILE, HOUSEHOLD_COLUMNS):
        number, own_members = next(members, ("", iter(())))
        if number != row.values["户编号"]:
            raise row.problem("户编号", f"its members do not come next in {MEMBERS_FILE}")
        yield {
            "household_id": str(household_id(number)),
            "register_number": number,
            "category": row.code("户类别", CATEGORY),
            "marginal_2019": row.code("2019年边缘易致贫", YES_NO),
            "region": row.values["行政区划代码"],
            "address": "".join(row.values[column] for column in ("镇", "村", "村民小组")),
            "registered_on": row.day("登记日期").isoformat(),
            "co_living_count": row.number("共同生活人口"),
            "members": [member(own) for own in own_members],
        }
    left = next(members, None)
    if left is not None:
        raise next(left[1]).problem("户编号", f"no such household in {HOUSEHOLDS_FILE}")


def member(row: Row) -> Json:
    return {
        "person_id": str(person_id(row.values["人编号"])),
        "name": row.values["姓名"],
        "identity_number": row.values["证件号码"],
        "relation": row.code("与户主关系", RELATION),
        "sex": row.code("性别", SEX),
        "born_on": row.day("出生日期").isoformat(),
        "labour_capacity": row.code("劳动能力", LABOUR_CAPACITY),
        "health": row.code("健康状况", HEALTH),
        "schooling": row.code("在校状况", SCHOOLING),
    }


def read_settlements(folder: Path) -> Iterator[Json]:
    """CloudEvents of the medical insurance, in the order of the file. Raises UnreadableExport."""
    for row in rows(folder / SETTLEMENTS_FILE, SETTLEMENT_COLUMNS):
        key = row.values["结算编号"]
        settled_on = row.day("结算日期")
        sent_on = settled_on + timedelta(
            days=1
        )  # the insurance sends a day's file the next morning
        yield {
            "specversion": "1.0",
            "id": key,
            "source": "urn:gov:441624:yibao",
            "type": "cn.shouwang.fact.MedicalSettlement.v1",
            "time": f"{sent_on.isoformat()}T10:00:00+08:00",
            "datacontenttype": "application/json",
            "data": {
                "record_key": key,
                "identity_number": row.values["证件号码"],
                "settled_on": settled_on.isoformat(),
                "total_fen": row.fen("医疗总费用"),
                "basic_insurance_fen": row.fen("基本医保"),
                "serious_illness_insurance_fen": row.fen("大病保险"),
                "medical_assistance_fen": row.fen("医疗救助"),
                "compliant_own_cost_fen": row.fen("合规自付"),
            },
        }


def rows(path: Path, columns: Mapping[str, str]) -> Iterator[Row]:
    """The rows of one export. Raises UnreadableExport if the file is absent, is not UTF-8, lacks
    a column, or a row is too short or too long."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file, restkey="", strict=True)
            absent = [column for column in columns if column not in (reader.fieldnames or ())]
            if absent:
                raise UnreadableExport(f"{path.name}: the column {'、'.join(absent)} is missing")
            for values in reader:
                if "" in values or None in values.values():
                    raise UnreadableExport(
                        f"{path.name}, line {reader.line_num}: not as many values as columns"
                    )
                yield Row(path.name, reader.line_num, values)
    except FileNotFoundError:
        raise UnreadableExport(f"{path}: there is no such file") from None
    except UnicodeDecodeError:
        raise UnreadableExport(f"{path.name}: not UTF-8 text") from None
    except csv.Error as problem:
        raise UnreadableExport(f"{path.name}, line {reader.line_num}: {problem}") from None
