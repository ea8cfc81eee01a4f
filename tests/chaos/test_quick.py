"""The quick part of `make chaos`, in every `make test`: one system of its own, some faults, judged."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from local.setup import forget_state
from tests.chaos import (  # noqa: F401 — each puts its cases on the list
    cases_log,
    cases_processes,
    cases_rebuild,
    cases_requests,
    cases_transactions,
)
from tests.chaos.arena import CASES, Arena, Case, begun, told, tried
from tests.chaos.plant import planted

QUICK = (7, 9, 10, 21, 22, 36)


@pytest.fixture(scope="module")
async def arena(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Arena]:
    """The whole system with the households of the sample town, and callers at hand."""
    home: Path = tmp_path_factory.mktemp("chaos")
    try:
        async with planted(home) as plant:
            yield await begun(plant, seed=2026, more=0)
    finally:
        forget_state(home)


@pytest.mark.parametrize(
    "case", [case for case in CASES if case.number in QUICK], ids=lambda case: f"{case.number}"
)
async def test_nothing_is_lost_doubled_or_put_out_of_order(arena: Arena, case: Case) -> None:
    row = await tried(arena, case)
    told(row)
    assert not row.failed, (row.failed, row.notes)
    assert not row.idle
    assert (row.verdict.lost, row.verdict.doubled, row.verdict.out_of_order) == (0, 0, 0), row.notes


async def test_the_oracle_sees_what_is_lost_doubled_and_out_of_order(arena: Arena) -> None:
    """It would find it: an event that was acknowledged and is nowhere, and one that nobody asked for."""
    await arena.plant.settled()
    arena.oracle.begin()
    lost = arena.load.fact(household=0, amount=1)
    unasked = arena.load.fact(household=1, amount=1)
    await arena.ledger.acknowledge({lost.key: lost.household})
    assert await arena.load.attempt(arena.load.request(unasked))
    asked = arena.ledger.entries.pop(unasked.key)
    await arena.plant.settled()
    verdict = await arena.oracle.judge()
    arena.ledger.entries[unasked.key] = asked  # the truth again, for the cases that come after
    del arena.ledger.entries[lost.key]
    assert (verdict.accepted, verdict.stored, verdict.lost, verdict.doubled) == (1, 0, 1, 1)
    assert verdict.out_of_order  # the household's timeline is not the fold of the ledger
