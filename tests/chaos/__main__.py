"""`python -m tests.chaos` (`make chaos`): breaks everything that can break, and judges what is left.

Exit code 1 if anything was lost, doubled or put out of order, if a case failed, or if service was
not back in ten seconds.
"""

import argparse
import asyncio
import json
import shutil
import sys
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from time import monotonic

from local.places import LOCAL
from local.steps import trouble_told
from tests.chaos import (  # noqa: F401 — each puts its cases on the list
    cases_code,
    cases_log,
    cases_processes,
    cases_proof,
    cases_rebuild,
    cases_requests,
    cases_servers,
    cases_soak,
    cases_tamper,
    cases_transactions,
    cases_versions,
)
from tests.chaos.arena import CASES, Case, Row, begun, told, tried
from tests.chaos.oracle import Verdict
from tests.chaos.plant import planted
from tests.chaos.report import as_json, table
from tests.chaos.waiting import say

# They leave the plant as no service should be left, and come last, in this order.
LAST = (38, 32, 31, 19)
VERSIONS = 33  # only if a version is named


async def run(
    cases: Sequence[Case], seed: int, soak: float, before: str, keep: Path | None
) -> list[Row]:
    """Every case, one after the other, on one plant."""
    home = Path(tempfile.mkdtemp(prefix="shouwang-chaos-"))
    rows: list[Row] = []
    try:
        async with planted(home) as plant:
            arena = await begun(plant, seed=seed, soak=soak, before=before)
            for number, case in enumerate(cases, 1):
                say(f"[{number}/{len(cases)}] {case.number} {case.name}")
                started = monotonic()
                try:
                    row = await tried(arena, case)
                except Exception as error:  # the next case may still be tried
                    row = Row(case, Verdict(), failed=f"{type(error).__name__}: {error}")
                rows.append(row)
                told(row)
                say(f"      took {monotonic() - started:.0f} s")
    finally:
        if keep:
            shutil.copytree(home / "logs", keep, dirs_exist_ok=True)
        with suppress(OSError):
            shutil.rmtree(home)
    return rows


def main() -> None:
    """Run what was asked for, print the table, write `.local/chaos.json`."""
    asking = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    asking.add_argument("--only", help="numbers of cases, such as 2,13,39")
    asking.add_argument("--seed", type=int, default=2026)
    asking.add_argument("--soak", type=float, default=60, help="seconds of the soak (case 39)")
    asking.add_argument("--logs", type=Path, help="a folder that the logs are copied to")
    asking.add_argument(
        "--before", default="", help="the commit of a version that case 33 has work beside this one"
    )
    asked = asking.parse_args()
    cases = sorted(
        CASES, key=lambda c: (LAST.index(c.number) + 1 if c.number in LAST else 0, c.number)
    )
    if asked.only:
        wanted = {int(number) for number in asked.only.split(",")}
        cases = [case for case in cases if case.number in wanted]
    if not asked.before:
        cases = [case for case in cases if case.number != VERSIONS]
    started = monotonic()
    with trouble_told():
        rows = asyncio.run(run(cases, asked.seed, asked.soak, asked.before, asked.logs))
    rows.sort(key=lambda row: row.case.number)
    say(table(rows))
    say(f"{len(rows)} cases in {monotonic() - started:.0f} s, seed {asked.seed}")
    LOCAL.mkdir(exist_ok=True)
    (LOCAL / "chaos.json").write_text(
        json.dumps(as_json(rows), indent=2, ensure_ascii=False) + "\n"
    )
    sys.exit(0 if all(row.good for row in rows) else 1)


if __name__ == "__main__":
    main()
