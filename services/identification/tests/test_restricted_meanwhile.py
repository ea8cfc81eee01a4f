"""PIPL 47: nothing is recorded of a person whose data was restricted a moment before."""

import asyncio
from collections.abc import Sequence
from typing import Any
from uuid import UUID

import asyncpg
import httpx
import pytest

from common.ids import new_id
from common.testing import Database
from identification import unmatched, vault
from identification.vault import Known
from services.identification.tests.asking import Callers, settlement
from services.identification.tests.registrar import DAY, Home, Register
from services.identification.tests.test_api_facts import events, post
from services.identification.tests.test_fact_imports import Export, row
from services.identification.tests.test_imports import reasons

RESTRICTION = {"reason": "CONTESTED", "restricted_on": DAY}


@pytest.fixture
def officer(app: httpx.AsyncClient, callers: Callers) -> Register:
    """The county's officer for persons' rights."""
    return Register(app, callers.staff("members:rights", "officer", "441624"))


async def recorded(sql: asyncpg.Connection, home: Home) -> list[str]:
    return [kind for kind, _ in await events(sql, f"facts-of-household-{home.id}")]


async def test_a_restriction_between_look_up_and_record_makes_the_fact_wait(
    app: httpx.AsyncClient,
    callers: Callers,
    register: Register,
    officer: Register,
    sql: asyncpg.Connection,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    home, neighbour = await register.household(), await register.household()
    who, seen = f"members/{home.person(0)}", vault.seen

    async def interrupted(
        connection: asyncpg.Connection, indexes: Sequence[bytes]
    ) -> dict[bytes, Known]:
        found = await seen(connection, indexes)
        await officer.done(home.id, f"{who}/restriction", **RESTRICTION)
        return found

    monkeypatch.setattr(vault, "seen", interrupted)
    both = [settlement(one.people[0]) for one in (home, neighbour)]
    batch = {"content-type": "application/cloudevents-batch+json"}
    answer = await app.post("/v1/events", json=both, headers=callers.yibao | batch)
    first, second = answer.json()["items"]
    assert (first["status"], first["waits"]) == ("accepted", "RESTRICTED")
    assert (second["status"], "waits" in second) == ("accepted", False)
    assert await recorded(sql, home) == []


async def test_a_rehearsal_that_meets_a_new_restriction_says_so_of_its_row(
    app: httpx.AsyncClient,
    callers: Callers,
    register: Register,
    officer: Register,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    home, neighbour = await register.household(), await register.household()
    interrupted, seen = asyncio.Event(), vault.seen

    async def between(
        connection: asyncpg.Connection, indexes: Sequence[bytes]
    ) -> dict[bytes, Known]:
        found = await seen(connection, indexes)
        if not interrupted.is_set():
            interrupted.set()
            await officer.done(home.id, f"members/{home.person(0)}/restriction", **RESTRICTION)
        return found

    monkeypatch.setattr(vault, "seen", between)
    rows = [row(one.people[0]) for one in (home, neighbour)]
    told = await Export(app, callers).told(rows, "&preview=true")
    assert (told["accepted"], told["refused"]) == (2, 0)
    ((column, detail),) = reasons(told)[0]
    assert (column, "限制处理" in detail) == ("证件号码", True)
    assert reasons(told)[1] == []


async def test_a_restriction_between_match_and_record_lets_the_fact_wait_on(
    app: httpx.AsyncClient,
    callers: Callers,
    register: Register,
    officer: Register,
    sql: asyncpg.Connection,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    home = await register.household()
    who, matches = f"members/{home.person(0)}", unmatched.matches
    await officer.done(home.id, f"{who}/restriction", **RESTRICTION)
    answer = await post(app, callers.yibao, settlement(home.people[0]))
    assert answer.json()["waits"] == "RESTRICTED"
    interrupted, again = asyncio.Event(), asyncio.Event()

    async def between(connection: asyncpg.Connection, ids: Sequence[UUID]) -> Any:
        found = await matches(connection, ids)
        if interrupted.is_set() and UUID(home.person(0)) in ids:
            again.set()
        elif any(match.person_id == UUID(home.person(0)) for match in found):
            interrupted.set()
            await officer.done(home.id, f"{who}/restriction", **RESTRICTION)
        return found

    monkeypatch.setattr(unmatched, "matches", between)
    await officer.done(home.id, f"{who}/restriction-end", lifted_on=DAY)
    async with asyncio.timeout(30):
        await again.wait()
    assert await recorded(sql, home) == []


async def test_a_restriction_and_a_record_under_way_wait_for_one_another(
    app: httpx.AsyncClient, db: Database, sql: asyncpg.Connection
) -> None:
    person, other = new_id(), await asyncpg.connect(db.url)
    try:
        recording = sql.transaction()
        await recording.start()
        assert await vault.restricted_for_good(sql, [person]) == set()
        restricting = asyncio.ensure_future(_restrict(other, person))
        await asyncio.sleep(0.3)
        assert not restricting.done()
        await recording.commit()
        await restricting

        undone = other.transaction()
        await undone.start()
        await vault.restrict(other, [new_id(), second := new_id()])
        looking = asyncio.ensure_future(_restricted(sql, second))
        await asyncio.sleep(0.3)
        assert not looking.done()
        await undone.commit()
        assert await looking == {second}
    finally:
        await other.close()


async def _restrict(connection: asyncpg.Connection, person: UUID) -> None:
    async with connection.transaction():
        await vault.restrict(connection, [person])


async def _restricted(connection: asyncpg.Connection, person: UUID) -> set[UUID]:
    async with connection.transaction():
        return await vault.restricted_for_good(connection, [person])
