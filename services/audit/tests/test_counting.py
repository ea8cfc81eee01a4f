"""What is counted is counted anew when it changes, and what is not yet counted is said."""

import asyncio
import itertools
import json
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from typing import Any

import asyncpg
import httpx
import pytest
from fastapi import FastAPI

from audit.meaning.vocabulary import Vocabulary
from audit.read_model import called, counting, tally
from audit.read_model.counting import ONE_AT_A_TIME, count, keep_counted
from common.catalogue import messages
from common.codec import Codec
from common.testing import NOON, envelope, eventually, household
from contracts.envelope import Envelope
from contracts.identification import IdentificationEvent
from contracts.identification_meanings import IDENTIFICATION

Hear = Callable[[Sequence[Envelope]], Awaitable[None]]
AREA = "441624"
HEARD = """
insert into es.offsets (consumer, topic, partition, next)
values ('audit', 'shouwang.test', 0, 100), ('audit', 'shouwang.test', 1, 1)
on conflict (consumer, topic, partition) do update set next = offsets.next + excluded.partition
"""
WAITS = "select exists (select from pg_locks where not granted and objid = $1::bigint::oid)"


class EndedError(Exception):
    """Of a worker that would go on for ever."""


def clue(number: int = 1, *, region: str = "441624108201") -> Envelope:
    due = json.dumps({"due_on": "2024-06-18"}).encode()
    return envelope(due, type="RiskDetected", household_id=household(number), region=region)


async def phases(pool: asyncpg.Pool, region: str = AREA) -> dict[str, int]:
    return {s.phase: s.households for s in await tally.standing(pool, region) if s.phase}


async def test_a_household_is_counted_again_when_something_is_recorded_of_it(
    hear: Hear, app: FastAPI, pool: asyncpg.Pool
) -> None:
    vocabulary = app.state.vocabulary
    first = clue()
    await hear([first])
    assert await count(pool, vocabulary, AREA) == 0
    assert await phases(pool) == {"CLUE": 1}
    moved = envelope(
        b"{}",
        type="MonitoringConfirmed",
        prev=first,
        region="441624101202",
        recorded_at=NOON + timedelta(days=5),
        occurred_at=NOON + timedelta(days=5),
    )
    await hear([moved])
    assert await count(pool, vocabulary, AREA) == 0
    assert await phases(pool, "441624108") == {}
    assert await phases(pool, "441624101") == {"MONITORED": 1}
    clue_, _, confirmed, _ = await tally.funnel(pool, AREA)
    assert (clue_.households, confirmed.households) == (1, 1)
    (duty,) = await tally.duties(pool, AREA, NOON.date())
    assert (duty.opened, duty.fulfilled) == (1, 1)


def means_otherwise(vocabulary: Vocabulary, type_: str, without: str) -> None:
    """A type of identification is published anew, without a part of its meaning."""
    key = f"identification.{type_}.v1"
    of_all = messages("identification", Codec.of(IdentificationEvent, IDENTIFICATION))
    (told,) = [json.loads(m.value) for m in of_all if m.key.decode() == key]
    del told["meaning"][without]
    vocabulary.learn(key, json.dumps(told).encode())


@pytest.mark.parametrize(
    ("days", "as_told", "stands"),
    [(5, True, "MONITORED"), (0, True, "MONITORED"), (5, False, "CLUE")],
)
async def test_a_household_stands_where_it_was_told_last_to_stand(
    hear: Hear, app: FastAPI, pool: asyncpg.Pool, days: int, as_told: bool, stands: str
) -> None:
    """Or, of what does not go by that, where it stood last."""
    first = clue()
    earlier = envelope(
        b"{}",
        type="MonitoringConfirmed",
        prev=first,
        recorded_at=NOON + timedelta(days=days),
        occurred_at=NOON - timedelta(days=1),
    )
    for event in () if as_told else (first, earlier):
        means_otherwise(app.state.vocabulary, event.type, "as_told")
    await hear([first, earlier])
    await count(pool, app.state.vocabulary, AREA)
    assert await phases(pool) == {stands: 1}


async def test_other_meanings_count_everything_anew(
    hear: Hear, app: FastAPI, pool: asyncpg.Pool
) -> None:
    vocabulary: Vocabulary = app.state.vocabulary
    await hear([clue(1), clue(2)])
    await count(pool, vocabulary, AREA)
    vocabulary.learn("identification.RiskDetected.v1", None)
    assert await count(pool, vocabulary, AREA) == 0
    assert await phases(pool) == {}
    assert await tally.duties(pool, AREA, NOON.date()) == []


@pytest.mark.parametrize(
    ("type_", "effect"),
    [
        ("RiskDetected", "makes"),
        ("RiskDetected", "step"),
        ("RiskDetected", "opens"),
        ("HouseholdRegistered", "sets"),
    ],
)
async def test_whatever_is_meant_otherwise_everything_is_counted_anew(
    hear: Hear, app: FastAPI, pool: asyncpg.Pool, type_: str, effect: str
) -> None:
    """A phase, a step, a duty, or what a household is called."""
    await hear([clue()])
    await count(pool, app.state.vocabulary, AREA)
    before = await pool.fetchval("select rules from read.counted")
    means_otherwise(app.state.vocabulary, type_, effect)
    await count(pool, app.state.vocabulary, AREA)
    assert await pool.fetchval("select rules from read.counted") != before


async def test_before_any_word_is_known_nothing_is_counted_and_nothing_forgotten(
    hear: Hear, app: FastAPI, pool: asyncpg.Pool
) -> None:
    await hear([clue()])
    await count(pool, app.state.vocabulary, AREA)
    await hear([clue(2)])
    assert await count(pool, Vocabulary(), AREA) == 0
    assert await phases(pool) == {"CLUE": 1}


async def test_only_the_area_that_is_asked_for_is_counted(
    hear: Hear, app: FastAPI, pool: asyncpg.Pool
) -> None:
    await hear([clue(1), clue(2, region="441625100200")])
    assert await count(pool, app.state.vocabulary, AREA) == 0
    assert await pool.fetchval("select count(*) from read.counted") == 1


async def test_a_page_says_how_many_households_wait_to_be_counted(
    client: httpx.AsyncClient, hear: Hear, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(counting, "AT_A_LOOK", 1)
    await hear([clue(n) for n in (1, 2, 3)])
    assert "另有 2 户正在统计" in (await client.get("/county")).text
    assert "另有 1 户正在统计" in (await client.get("/county/households?phase=CLUE")).text
    whole = (await client.get("/county/households?phase=CLUE")).text
    assert "正在统计" not in whole
    assert "合计 3" in whole


async def test_a_page_waits_for_nobody_who_counts_and_says_what_is_missing(
    client: httpx.AsyncClient, hear: Hear, pool: asyncpg.Pool
) -> None:
    await hear([clue(n) for n in (1, 2)])
    async with pool.acquire() as worker, worker.transaction():
        await worker.execute("select pg_advisory_xact_lock($1)", ONE_AT_A_TIME)
        async with asyncio.timeout(5):
            assert "另有 2 户正在统计" in (await client.get("/county")).text
    assert "正在统计" not in (await client.get("/county")).text


async def test_a_worker_counts_what_nobody_has_looked_at_and_anew_by_other_meanings(
    hear: Hear, app: FastAPI, pool: asyncpg.Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Once nobody else counts, however many there are."""
    monkeypatch.setattr(counting, "MOST", 2)
    monkeypatch.setattr(counting, "EVERY", 0.1)
    await hear([clue(n) for n in (1, 2, 3)])

    async def waits() -> bool:
        return bool(await pool.fetchval(WAITS, ONE_AT_A_TIME))

    async def counted(wanted: dict[str, int]) -> bool:
        return await phases(pool) == wanted

    async with pool.acquire() as other, other.transaction():
        await other.execute("select pg_advisory_xact_lock($1)", ONE_AT_A_TIME)
        working = asyncio.create_task(keep_counted(app.state.runtime, app.state.vocabulary))
        await eventually(waits)
        assert await counted({})
    await eventually(lambda: counted({"CLUE": 3}))
    app.state.vocabulary.learn("identification.RiskDetected.v1", None)
    await eventually(lambda: counted({}))
    working.cancel()
    await asyncio.wait({working})


@pytest.mark.parametrize("hearing", [True, False])
async def test_a_worker_counts_a_few_at_a_time_and_rests_while_something_is_heard(
    hear: Hear,
    app: FastAPI,
    pool: asyncpg.Pool,
    monkeypatch: pytest.MonkeyPatch,
    hearing: bool,
) -> None:
    """For three times as long as it counted, with nothing locked: here a second, by a clock that goes on by
    one each time that it is read."""
    await hear([clue(n) for n in (1, 2, 3)])
    rests: list[tuple[float, int]] = []
    seconds, keep = itertools.count(), called.keep

    async def keeping(*given: Any) -> None:
        await keep(*given)
        if hearing:
            await pool.execute(HEARD)

    async def sleep(seconds: float) -> None:
        if seconds == counting.EVERY:
            raise EndedError
        assert await pool.fetchval("select pg_try_advisory_xact_lock($1)", ONE_AT_A_TIME)
        rests.append((seconds, (await phases(pool))["CLUE"]))

    monkeypatch.setattr(counting, "AT_ONCE", 1)
    monkeypatch.setattr(counting, "monotonic", lambda: next(seconds))
    monkeypatch.setattr(counting, "sleep", sleep)
    monkeypatch.setattr(called, "keep", keeping)
    with pytest.raises(EndedError):
        await keep_counted(app.state.runtime, app.state.vocabulary)
    assert await phases(pool) == {"CLUE": 3}
    assert rests == ([(3, 1), (3, 2), (3, 3)] if hearing else [])


async def test_what_is_heard_of_a_household_while_others_are_counted_counts_at_the_next_look(
    hear: Hear, app: FastAPI, pool: asyncpg.Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, *others = [clue(n) for n in (1, 2, 3)]
    await hear([first, *others])
    looks, keep = itertools.count(), called.keep
    confirmed = envelope(b"{}", type="MonitoringConfirmed", prev=first)

    async def keeping(*given: Any) -> None:
        await keep(*given)
        if given[-1] == [others[0].household_id]:  # the first has been counted
            await hear([confirmed])
            await pool.execute(HEARD)

    async def sleep(seconds: float) -> None:
        if seconds == counting.EVERY and next(looks):
            raise EndedError

    monkeypatch.setattr(counting, "AT_ONCE", 1)
    monkeypatch.setattr(counting, "sleep", sleep)
    monkeypatch.setattr(called, "keep", keeping)
    with pytest.raises(EndedError):
        await keep_counted(app.state.runtime, app.state.vocabulary)
    assert await phases(pool) == {"CLUE": 2, "MONITORED": 1}
