"""Two writers, one stream: one wins, the other is told, and nobody else notices."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace

import asyncpg
import pytest

from common.codec import encode
from common.decider import Decider, Refused
from common.eventstore import record
from common.intents import Conflict, Connection, Fresh, Intent, Recorded, Store
from common.testing import TALLIES, Added, adding, eventually


async def waiting_for_a_lock(pool: asyncpg.Pool) -> bool:
    sql = "select exists (select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock')"
    return bool(await pool.fetchval(sql))


async def lose(
    pool: asyncpg.Pool, intents: list[Intent], winner: Intent, store: Store = TALLIES
) -> list[object]:
    """The outcomes of `intents`, whose load came before and whose append came after `winner`."""
    async with pool.acquire() as fast, pool.acquire() as slow:
        ahead = fast.transaction()
        await ahead.start()
        await record(fast, TALLIES, [winner])

        async def losing() -> list[object]:
            async with slow.transaction():
                return list(await record(slow, store, intents))

        task = asyncio.ensure_future(losing())
        await eventually(lambda: waiting_for_a_lock(pool))  # it has decided, and waits to append
        await ahead.commit()
        return await task


async def streams(pool: asyncpg.Pool) -> dict[str, list[int]]:
    rows = await pool.fetch("select stream, version from es.events order by position")
    found: dict[str, list[int]] = {}
    for row in rows:
        found.setdefault(row["stream"], []).append(row["version"])
    return found


async def test_a_lost_race_costs_only_its_own_stream(pool: asyncpg.Pool) -> None:
    outcomes = await lose(
        pool,
        [adding("left", 1, 2), adding("contested", 1, 2, key="k"), adding("right", 3)],
        winner=adding("contested", 5),
    )

    assert [type(outcome) for outcome in outcomes] == [Recorded, Conflict, Recorded]
    assert await streams(pool) == {"left": [1, 2], "contested": [1], "right": [1]}
    assert await pool.fetchval("select count(*) from es.outbox") == 4
    assert await pool.fetchval("select count(*) from es.idempotency") == 0


async def test_what_lost_its_race_is_not_projected(pool: asyncpg.Pool) -> None:
    """The read model would tell what is in no log."""
    seen: list[tuple[str, int]] = []

    async def project(_: Connection, fresh: Sequence[Fresh]) -> None:
        seen.extend((item.event.stream, item.event.version) for item in fresh)

    intents = [adding("left", 1), adding("contested", 1, 2), adding("left", 3)]
    await lose(pool, intents, adding("contested", 5), replace(TALLIES, project=project))

    assert seen == [("left", 1), ("left", 2)]


async def test_whatever_was_decided_on_a_lost_state_falls_with_it(pool: asyncpg.Pool) -> None:
    """A refusal, an empty answer and an expected version that only the lost events justified."""
    register: Decider[str, int, Added] = Decider(
        0,
        lambda _, total: [] if total else [Added(1)],  # "already registered" changes nothing
        lambda total, event: total + event.amount,
    )
    outcomes = await lose(
        pool,
        [
            adding("s", 600),
            adding("s", 500),  # refused, because of the 600
            replace(adding("s", key="k"), decider=register, command="register"),
            adding("s", 1, expected_version=0),
        ],
        winner=adding("s", 0, 1),
    )

    assert [type(outcome) for outcome in outcomes] == [Conflict] * 4
    assert await pool.fetchval("select count(*) from es.idempotency") == 0


async def test_a_refusal_on_a_committed_state_stands(pool: asyncpg.Pool) -> None:
    outcomes = await lose(pool, [adding("s", 2_000), adding("t", 1)], winner=adding("t", 5))

    assert [type(outcome) for outcome in outcomes] == [Refused, Conflict]


async def test_a_replay_of_a_request_that_lost_is_lost_too(pool: asyncpg.Pool) -> None:
    outcomes = await lose(
        pool,
        [adding("s", 1, key="k"), adding("s", 1, key="k"), adding("s", 2, key="k")],
        winner=adding("s", 5),
    )

    assert [type(outcome) for outcome in outcomes] == [Conflict] * 3


async def test_many_writers_on_one_stream_leave_no_hole(pool: asyncpg.Pool) -> None:
    async def write(n: int) -> None:
        while True:
            async with pool.acquire() as connection, connection.transaction():
                (outcome,) = await record(connection, TALLIES, [adding("s", n % 9 + 1, 1)])
            if isinstance(outcome, Recorded):
                return
            assert isinstance(outcome, Conflict)

    await asyncio.gather(*(write(n) for n in range(40)))

    assert await streams(pool) == {"s": list(range(1, 81))}
    broken = await pool.fetchval(
        """select count(*) from es.events e join es.events f
            on f.stream = e.stream and f.version = e.version + 1 where f.prev_hash <> e.hash"""
    )
    assert broken == 0


async def test_version_two_is_never_placed_before_version_one(pool: asyncpg.Pool) -> None:
    """What a transaction did before its append (so drew its id early) does not matter."""

    async def write(n: int) -> None:
        async with pool.acquire() as connection, connection.transaction():
            await connection.execute("select pg_current_xact_id()")
            await record(connection, TALLIES, [adding(f"s{n % 5}", 1)])

    await asyncio.gather(*(write(n) for n in range(120)))

    for versions in (await streams(pool)).values():  # in the order of position
        assert versions == list(range(1, len(versions) + 1))


async def test_an_uncommitted_event_holds_up_nobody_elses(pool: asyncpg.Pool) -> None:
    async with pool.acquire() as slow, pool.acquire() as fast:
        open_transaction = slow.transaction()
        await open_transaction.start()
        await record(slow, TALLIES, [adding("slow", 1)])
        async with fast.transaction():
            (outcome,) = await record(fast, TALLIES, [adding("fast", 1)])
        await open_transaction.rollback()

    assert isinstance(outcome, Recorded)
    assert await streams(pool) == {"fast": [1]}


async def test_crossing_transactions_end_in_an_error_that_may_be_repeated(
    pool: asyncpg.Pool,
) -> None:
    """Opposite orders cannot wait for each other for ever; the writer repeats the loser."""
    both_began = asyncio.Barrier(2)

    async def write(names: list[str]) -> bool:
        try:
            async with pool.acquire() as connection, connection.transaction():
                await record(connection, TALLIES, [adding(names[0], 1)])
                await both_began.wait()
                await record(connection, TALLIES, [adding(names[1], 1)])
        except asyncpg.DeadlockDetectedError:
            return False
        return True

    kept = await asyncio.gather(write(["a", "b"]), write(["b", "a"]))

    assert sorted(kept) == [False, True]
    assert await streams(pool) == {"a": [1], "b": [1]}


async def test_a_key_used_by_two_writers_at_once_is_one_request(pool: asyncpg.Pool) -> None:
    """The second waits for the first to commit, and is then told that the key is taken."""
    async with pool.acquire() as fast, pool.acquire() as slow:
        ahead = fast.transaction()
        await ahead.start()
        await record(fast, TALLIES, [adding("a", 1, key="k")])

        async def second() -> None:
            async with slow.transaction():
                await record(slow, TALLIES, [adding("b", 1, key="k")])

        task = asyncio.ensure_future(second())
        await eventually(lambda: waiting_for_a_lock(pool))
        await ahead.commit()
        with pytest.raises(asyncpg.UniqueViolationError):
            await task

    assert await streams(pool) == {"a": [1]}
    assert await pool.fetchval("select answer from es.idempotency where key = 'k'") != encode(1)
