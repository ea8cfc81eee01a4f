"""Writes a county's exports: `python -m samples.generate --shape tiny --out samples/tiny`.

Shapes: `tiny` (one town, 50 households, cases made by hand), `county` (17 towns, 110,000
households), `stress` (the county with as many households as asked for). The same shape and seed
give the same bytes. Households are written as they are drawn, so memory stays flat.
"""

import argparse
import csv
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

from samples.dirt import sent_twice, soiled
from samples.register import SHAPES, Household, Shape, households
from samples.vocabulary import (
    HOUSEHOLD_COLUMNS,
    HOUSEHOLDS_FILE,
    IDENTITY_DOCUMENT,
    MEMBER_COLUMNS,
    MEMBERS_FILE,
    SETTLEMENT_COLUMNS,
    SETTLEMENTS_FILE,
    TOWNS,
)

SEED = 2026
REPORT_EVERY = 10_000


class Rows(Protocol):
    """A CSV writer."""

    def writerow(self, row: Sequence[str | int], /) -> object: ...


@dataclass(frozen=True, kw_only=True)
class Counts:
    households: int = 0
    persons: int = 0
    settlements: int = 0


def generate(shape: Shape, seed: int, folder: Path, *, dirt: bool = False) -> Counts:
    """Writes the three exports into `folder` (made if absent) and says how much was written."""
    folder.mkdir(parents=True, exist_ok=True)
    drawn: Iterable[Household] = households(shape, seed)
    if dirt:
        drawn = soiled(drawn, seed)
    counts = Counts()
    with (
        export(folder / HOUSEHOLDS_FILE, HOUSEHOLD_COLUMNS) as household_rows,
        export(folder / MEMBERS_FILE, MEMBER_COLUMNS) as member_rows,
        export(folder / SETTLEMENTS_FILE, SETTLEMENT_COLUMNS) as settlement_rows,
    ):
        for household in drawn:
            household_rows.writerow(household_row(household))
            for row in rows_of_members(household):
                member_rows.writerow(row)
            for row in rows_of_settlements(household, counts.settlements):
                settlement_rows.writerow(row)
                if dirt and sent_twice(row[0], seed):
                    settlement_rows.writerow(row)
            counts = Counts(
                households=counts.households + 1,
                persons=counts.persons + len(household.members),
                settlements=counts.settlements + len(household.settlements),
            )
            if counts.households % REPORT_EVERY == 0:
                print(f"  {counts.households:,} of {shape.households:,} households", flush=True)
    return counts


@contextmanager
def export(path: Path, columns: Mapping[str, str]) -> Iterator[Rows]:
    """A CSV file as spreadsheets of departments write it: UTF-8 with a byte order mark, CRLF."""
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(list(columns))
        yield rows


def household_row(household: Household) -> list[str]:
    return [
        household.number,
        household.village.town,
        household.village.name,
        household.group,
        household.village.code,
        "脱贫户" if household.poor else "一般农户",
        "是" if household.marginal_2019 else "否",
        str(household.co_living),
        household.registered_on.isoformat(),
    ]


def rows_of_members(household: Household) -> Iterator[list[str]]:
    for ordinal, member in enumerate(household.members, start=1):
        yield [
            household.number,
            f"{household.number}-{ordinal:02d}",
            member.name,
            IDENTITY_DOCUMENT,
            member.identity_number,
            member.relation,
            "男" if member.male else "女",
            member.born_on.isoformat(),
            member.labour,
            member.health,
            member.schooling,
        ]


def rows_of_settlements(household: Household, written: int) -> Iterator[list[str]]:
    """`written`: how many settlements of earlier households there are; numbers go on from it."""
    for number, settled in enumerate(household.settlements, start=written + 1):
        yield [
            f"YB-{settled.settled_on.year}-{number:06d}",
            settled.identity_number,
            settled.settled_on.isoformat(),
            *map(
                yuan,
                (settled.total, settled.basic, settled.serious, settled.assistance, settled.own),
            ),
        ]


def yuan(fen: int) -> str:
    return f"{fen // 100}.{fen % 100:02d}"


def columns_page(counts: Counts, command: str) -> str:
    """The README beside the exports."""
    tables = "\n".join(
        f"## {name}\n\n| Column | Meaning |\n| --- | --- |\n"
        + "".join(f"| {column} | {meaning} |\n" for column, meaning in columns.items())
        for name, columns in (
            (HOUSEHOLDS_FILE, HOUSEHOLD_COLUMNS),
            (MEMBERS_FILE, MEMBER_COLUMNS),
            (SETTLEMENTS_FILE, SETTLEMENT_COLUMNS),
        )
    )
    return f"""# Synthetic exports

Nobody in these files exists. Identity numbers begin with 990000, an area that was never given
out, so that they cannot belong to a real person; their check characters are valid. Names and
villages are invented. There are no telephone numbers.

{counts.households:,} households, {counts.persons:,} persons, {counts.settlements:,} settlements.
Made by `{command}`, which writes the same bytes every time.
Load them with `python -m samples.load --endpoints .local/endpoints.json --folder FOLDER`.

The files have the shape of a department's export: CSV, UTF-8 with a byte order mark, amounts in
yuan with two decimals. Ages, labour capacity and schooling are as on 2025-10-31; settlements are
from 2025-12-01 to 2026-11-15, in the order of households.

{tables}"""


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="samples.generate", description=__doc__)
    parser.add_argument("--shape", choices=sorted(SHAPES), default="tiny")
    parser.add_argument("--out", type=Path, required=True, help="folder for the files")
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--households", type=int, help="another number of households (not tiny)")
    parser.add_argument("--towns", type=int, help="only the first so many towns (not tiny)")
    parser.add_argument("--dirt", action="store_true", help="with mistakes that must be refused")
    asked = parser.parse_args(arguments)
    shape: Shape = SHAPES[asked.shape]
    if asked.shape == "tiny" and (asked.households or asked.towns):
        parser.error("tiny has a fixed size: take --shape stress")
    if asked.households is not None:
        if asked.households < 1:
            parser.error("--households must be 1 or more")
        shape = replace(shape, households=asked.households)
    if asked.towns is not None:
        if not 1 <= asked.towns <= len(TOWNS):
            parser.error(f"--towns must be from 1 to {len(TOWNS)}")
        shape = replace(shape, towns=shape.towns[: asked.towns])
    try:
        counts = generate(shape, asked.seed, asked.out, dirt=asked.dirt)
    except (OSError, ValueError) as problem:
        print(f"samples.generate: {problem}", file=sys.stderr)
        return 1
    (asked.out / "README.md").write_text(
        columns_page(counts, command_of(asked)), encoding="utf-8", newline="\n"
    )
    print(
        f"{asked.out}: {counts.households:,} households, {counts.persons:,} persons, "
        f"{counts.settlements:,} settlements"
    )
    return 0


def command_of(asked: argparse.Namespace) -> str:
    """The command that makes the same files again; without the folder, which does not matter."""
    words = [f"python -m samples.generate --shape {asked.shape} --seed {asked.seed}"]
    if asked.households is not None:
        words.append(f"--households {asked.households}")
    if asked.towns is not None:
        words.append(f"--towns {asked.towns}")
    if asked.dirt:
        words.append("--dirt")
    return " ".join([*words, "--out FOLDER"])


if __name__ == "__main__":
    sys.exit(main())
