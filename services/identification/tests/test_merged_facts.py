"""A54: what was said of a household that is part of another now, and of its clue."""

from typing import Any

import asyncpg
import httpx
import pytest

from common.ids import new_id
from common.testing import eventually
from services.identification.tests.asking import Callers, settlement
from services.identification.tests.registrar import Home, Register
from services.identification.tests.test_api_facts import events, heard_all, post
from services.identification.tests.way import Desks

DAY = "2024-06-10"


@pytest.fixture
def desks(app: httpx.AsyncClient, register: Register, callers: Callers) -> Desks:
    """Everybody whom a case needs."""
    return Desks.of(app, register, callers)


async def merge(
    register: Register, survivor: Home, absorbed: Home, stage: str, persons: int = 2
) -> None:
    """Until the survivor is at this stage and the members have arrived."""
    await register.done(survivor.id, "merger", absorbed_ids=[absorbed.id], effective_on=DAY)

    async def arrived() -> bool:
        row = await register.get(survivor.id)
        return (row["persons"], row["stage"]) == (persons, stage)

    await eventually(arrived)


async def clues(sql: asyncpg.Connection, home: Home) -> list[dict[str, Any]]:
    return [data for _, data in await events(sql, f"household-{home.id}", "RiskDetected")]


async def test_A54_own_cost_before_the_merger_counts_with_what_comes_after(
    app: httpx.AsyncClient, register: Register, callers: Callers, sql: asyncpg.Connection
) -> None:
    survivor, absorbed = await register.household(), await register.household()
    before, after = absorbed.people[0], survivor.people[0]
    first = await post(app, callers.yibao, settlement(before, 600_000))
    await merge(register, survivor, absorbed, "NONE")
    second = await post(app, callers.yibao, settlement(after, 400_000))
    (clue,) = await eventually(lambda: clues(sql, survivor))
    assert clue["rule_id"] == "MEDICAL-OWN-COST"
    told = [answer.json()["event_id"] for answer in (first, second)]
    assert sorted(clue["evidence_event_ids"]) == sorted(told)


async def test_A50_a_correction_reaches_the_clue_that_a_merger_handed_over(
    app: httpx.AsyncClient, register: Register, callers: Callers, sql: asyncpg.Connection
) -> None:
    survivor, absorbed = await register.household(), await register.household()
    ill = absorbed.people[0]
    other = settlement(ill, 600_000, id=f"{ill}-b", record_key=f"{ill}-b")
    await post(app, callers.yibao, settlement(ill, 900_000))
    await post(app, callers.yibao, other)
    await eventually(lambda: clues(sql, absorbed))
    await merge(register, survivor, absorbed, "CLUE_OPEN")
    ((_, handed),) = await events(sql, f"household-{survivor.id}", "RiskDetected")
    stream = f"evidence-of-household-{survivor.id}"
    for version, fen, withdrawn in ((2, 400_000, False), (3, 300_000, True)):
        less = settlement(ill, fen, id=f"{ill}-{version}", record_version=version)
        await post(app, callers.yibao, less)
        await heard_all(sql, f"facts-of-household-{survivor.id}")
        told = [data for _, data in await events(sql, stream, "ClueEvidenceReplaced")]
        # The survivor may have a clue of its own by the corrected bill; this is of the other.
        *_, last = [data for data in told if data["clue_id"] == handed["clue_id"]]
        assert last["withdrawal_proposed"] is withdrawn


async def test_A50_of_households_merged_one_after_the_other_the_last_has_the_clue(
    app: httpx.AsyncClient, register: Register, callers: Callers, sql: asyncpg.Connection
) -> None:
    first, second, last = [await register.household() for _ in range(3)]
    ill = first.people[0]
    await post(app, callers.yibao, settlement(ill, 1_500_000))
    await eventually(lambda: clues(sql, first))
    await merge(register, second, first, "CLUE_OPEN")
    await merge(register, last, second, "CLUE_OPEN", persons=3)
    ((_, handed),) = await events(sql, f"household-{last.id}", "RiskDetected")
    less = settlement(ill, 300_000, id=f"{ill}-2", record_version=2)
    await post(app, callers.yibao, less)
    stream = f"evidence-of-household-{last.id}"
    ((_, told),) = await eventually(lambda: events(sql, stream, "ClueEvidenceReplaced"))
    assert (told["clue_id"], told["withdrawal_proposed"]) == (handed["clue_id"], True)


async def test_A54_T12_emergency_help_waits_for_a_case_in_the_survivor(
    register: Register, desks: Desks, sql: asyncpg.Connection
) -> None:
    helped, with_case = await register.household(), await desks.opened()
    survivor = await register.household()
    given = {"cause": "NATURAL_DISASTER", "amount_fen": 500_000, "granted_on": "2024-06-01"}
    for home in (helped, with_case):
        form = given | {"grant_id": str(new_id())}
        await desks.town.done(home.id, "emergency-assistance", **form)
    rows = "select taken_up from read.emergency_grant where household_id = $1::text::uuid"
    await merge(register, survivor, helped, "NONE")
    assert [row["taken_up"] for row in await sql.fetch(rows, survivor.id)] == [False]
    await merge(register, survivor, with_case, "CLUE_OPEN", persons=3)
    assert [row["taken_up"] for row in await sql.fetch(rows, survivor.id)] == [True, True]
    assert await sql.fetch(rows, helped.id) == []


async def test_A50_a_correction_has_a_case_that_a_merger_handed_over_reviewed(
    app: httpx.AsyncClient,
    register: Register,
    desks: Desks,
    callers: Callers,
    sql: asyncpg.Connection,
) -> None:
    absorbed, survivor = await desks.monitored(), await register.household()
    ill = absorbed.people[0]
    await post(app, callers.yibao, settlement(ill, 3_200_000, total_fen=4_000_000))
    home = f"household-{absorbed.id}"
    await eventually(lambda: events(sql, home, "RiskClueAttached"))
    await merge(register, survivor, absorbed, "MONITORED")
    less = settlement(ill, 320_000, id=f"{ill}-2", record_version=2)
    await post(app, callers.yibao, less)
    ((kind, _),) = await eventually(lambda: events(sql, f"evidence-of-household-{survivor.id}"))
    assert kind == "CaseReviewRequested"
    assert (await register.get(survivor.id))["stage"] == "MONITORED"
