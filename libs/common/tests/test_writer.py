"""Group commit: what a busy service costs, and that nobody pays for a neighbour."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from urllib.parse import urlsplit

import asyncpg
import pytest

from common.decider import Refused
from common.eventstore import record
from common.intents import Connection, Fresh, KeyReused, Recorded, Store
from common.testing import TALLIES, Database, adding, at_work, eventually, wire
from common.writer import ATTEMPTS, BATCH, WAITING, Busy, Unavailable, Writer


@asynccontextmanager
async def writing(pool: asyncpg.Pool, store: Store = TALLIES) -> AsyncIterator[Writer]:
    """A writer at work; ends as a service ends it."""
    writer = Writer(pool, store)
    async with at_work(writer.run()):
        yield writer


@pytest.fixture
async def writer(pool: asyncpg.Pool) -> AsyncIterator[Writer]:
    """A writer of tallies."""
    async with writing(pool) as made:
        yield made


@asynccontextmanager
async def held(pool: asyncpg.Pool, stream: str) -> AsyncIterator[Callable[[], Awaitable[None]]]:
    """An uncommitted first event of `stream`, which makes a commit of that stream wait."""
    async with pool.acquire() as connection:
        transaction = connection.transaction()
        await transaction.start()
        await record(connection, TALLIES, [adding(stream, 1)])
        yield transaction.rollback


async def count(pool: asyncpg.Pool) -> int:
    found: int = await pool.fetchval("select count(*) from es.events")
    return found


async def waits(pool: asyncpg.Pool) -> bool:
    sql = "select exists (select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock')"
    return bool(await pool.fetchval(sql))


async def test_a_thousand_commands_cost_a_bounded_number_of_statements(db: Database) -> None:
    """Machine-independent: group commit is there if and only if this number stays small."""
    sent: list[str] = []

    async def overheard(connection: asyncpg.Connection) -> None:
        connection.add_query_logger(lambda logged: sent.append(logged.query))

    pool = await asyncpg.create_pool(db.url, min_size=1, max_size=4, init=overheard)
    async with writing(pool) as writer:
        await writer.execute(adding("warm", 1))
        sent.clear()
        await asyncio.gather(
            *(writer.execute(adding(f"s{n % 100}", 1, key=str(n))) for n in range(1_000))
        )
    pool.terminate()

    # begin, load, append, commit (and the pool's reset): 1,000 commands are 2 or 3 times that.
    assert 8 <= len(sent) <= 20


async def test_everybody_gets_their_own_outcome(writer: Writer) -> None:
    outcomes = await writer.execute_all(
        [
            adding("a", 1, key="k"),
            adding("b", 2_000),
            adding("a", 1, key="k"),
            adding("a", 2, key="k"),
        ]
    )

    assert [type(outcome) for outcome in outcomes] == [Recorded, Refused, Recorded, KeyReused]


async def test_execute_raises_what_was_not_recorded(writer: Writer) -> None:
    with pytest.raises(Refused, match="full"):
        await writer.execute(adding("a", 2_000))


async def test_each_commit_wakes_the_relay(writer: Writer) -> None:
    assert not writer.committed.is_set()
    await writer.execute(adding("a", 1))
    assert writer.committed.is_set()


# Neighbours


async def test_a_bug_in_one_decision_spoils_no_neighbour(
    writer: Writer, pool: asyncpg.Pool
) -> None:
    outcomes = await writer.execute_all([adding("a", 1), adding("b", 13), adding("c", 1)])

    assert [type(outcome) for outcome in outcomes] == [Recorded, ZeroDivisionError, Recorded]
    assert await count(pool) == 2
    async with asyncio.timeout(5):
        outcomes = await writer.execute_all([adding("b", 13), adding("a", 1)])
    assert [type(outcome) for outcome in outcomes] == [ZeroDivisionError, Recorded]


async def test_what_postgres_cannot_store_spoils_no_neighbour(
    writer: Writer, pool: asyncpg.Pool
) -> None:
    nul = replace(adding("b", 1).context, region="44\0")
    outcomes = await writer.execute_all(
        [adding("a", 1), adding("b", 1, context=nul), adding("c", 1)]
    )

    assert isinstance(outcomes[1], asyncpg.DataError)
    assert [type(outcome) for outcome in outcomes[::2]] == [Recorded, Recorded]
    assert await count(pool) == 2


async def test_a_projection_that_fails_on_one_event_spoils_no_neighbour(pool: asyncpg.Pool) -> None:
    async def project(_: Connection, fresh: Sequence[Fresh]) -> None:
        if any(item.payload.amount == 66 for item in fresh):
            raise LookupError("no such household")

    async with writing(pool, replace(TALLIES, project=project)) as writer:
        outcomes = await writer.execute_all([adding("a", 1), adding("b", 66), adding("c", 1)])

    assert [type(outcome) for outcome in outcomes] == [Recorded, LookupError, Recorded]
    assert await count(pool) == 2


async def test_order_within_a_stream_is_kept_when_a_batch_is_retried_singly(
    writer: Writer, pool: asyncpg.Pool
) -> None:
    await writer.execute_all([adding("a", 1), adding("b", 13), adding("a", 2), adding("a", 3)])

    rows = await pool.fetch(
        "select convert_from(data, 'UTF8') as d from es.events order by version"
    )
    assert [row["d"] for row in rows] == ['{"amount":1}', '{"amount":2}', '{"amount":3}']


# Races


async def test_two_replicas_on_the_same_streams_lose_nothing(pool: asyncpg.Pool) -> None:
    async with writing(pool) as one, writing(pool) as two:
        await asyncio.gather(
            *(
                writer.execute(
                    adding(f"s{(n if writer is one else -n) % 3}", 1, key=f"{writer is one}{n}")
                )
                for n in range(60)
                for writer in (one, two)
            )
        )

    rows = await pool.fetch(
        "select max(version) = count(*) as whole from es.events group by stream"
    )
    assert all(row["whole"] for row in rows)
    assert await count(pool) == 120


async def test_a_lost_race_is_tried_again_and_answered_once(
    writer: Writer, pool: asyncpg.Pool
) -> None:
    async with held(pool, "s") as _, pool.acquire() as other:
        task = asyncio.ensure_future(writer.execute_all([adding("s", 2, key="k"), adding("t", 1)]))
        await eventually(lambda: waits(pool))
        await other.fetchval("select 1")
    # `held` left the block without a rollback: its connection was reset, which is one.
    assert [type(outcome) for outcome in await task] == [Recorded, Recorded]
    assert await count(pool) == 2


@pytest.mark.parametrize(
    ("error", "times"),
    [
        (asyncpg.UniqueViolationError("two households claim one person"), ATTEMPTS),
        (LookupError("no such household"), 1),
    ],
)
async def test_a_race_that_is_always_lost_is_told_after_a_few_attempts_and_a_bug_at_once(
    pool: asyncpg.Pool, error: Exception, times: int
) -> None:
    attempts = 0

    async def project(_: Connection, __: Sequence[Fresh]) -> None:
        nonlocal attempts
        attempts += 1
        raise error

    async with writing(pool, replace(TALLIES, project=project)) as writer:
        (outcome,) = await writer.execute_all([adding("a", 1)])

    assert outcome is error
    assert attempts == times
    assert await count(pool) == 0


# Callers that go, queues that fill, databases that leave


async def test_the_append_of_a_caller_who_went_away_is_finished(
    writer: Writer, pool: asyncpg.Pool
) -> None:
    async with held(pool, "s") as release:
        task = asyncio.ensure_future(writer.execute(adding("s", 1, key="k")))
        await eventually(lambda: waits(pool))
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await release()
    again = await writer.execute(adding("s", 1, key="k"))

    assert again.replayed
    assert await count(pool) == 1


async def test_stopping_finishes_what_is_in_hand_and_what_waits(pool: asyncpg.Pool) -> None:
    writer = Writer(pool, TALLIES)
    run = asyncio.ensure_future(writer.run())
    async with held(pool, "s") as release:
        in_hand = asyncio.ensure_future(writer.execute(adding("s", 1)))
        await eventually(lambda: waits(pool))
        waiting = asyncio.ensure_future(writer.execute_all([adding("t", 1)] * (BATCH + 1)))
        await eventually(lambda: writer.depth)
        run.cancel()
        ended, _ = await asyncio.wait({run}, timeout=0.3)
        assert not ended  # the pool must not be closed under a commit
        await release()
    with suppress(asyncio.CancelledError):
        await run

    assert await count(pool) == 1 + BATCH + 1
    await asyncio.gather(in_hand, waiting)


async def test_a_writer_that_had_nothing_to_write_ends_as_any(pool: asyncpg.Pool) -> None:
    async with writing(pool):
        await asyncio.sleep(0)


async def test_stopping_waits_for_a_commit_behind_which_nothing_waits(pool: asyncpg.Pool) -> None:
    writer = Writer(pool, TALLIES)
    run = asyncio.ensure_future(writer.run())
    async with held(pool, "s") as release:
        in_hand = asyncio.ensure_future(writer.execute(adding("s", 1)))
        await eventually(lambda: waits(pool))
        run.cancel()
        ended, _ = await asyncio.wait({run}, timeout=0.3)
        assert not ended
        await release()

    assert isinstance(await in_hand, Recorded)


async def test_a_full_queue_says_so_and_takes_nothing(pool: asyncpg.Pool) -> None:
    writer = Writer(pool, TALLIES)  # nobody empties it
    writer._files.extend([None] * WAITING)  # type: ignore[list-item]
    async with asyncio.timeout(1):
        with pytest.raises(Busy):
            await writer.execute(adding("a", 1))
    assert writer.depth == WAITING


async def test_a_form_waits_for_one_commit_of_a_file_and_a_file_for_one_of_forms(
    pool: asyncpg.Pool,
) -> None:
    async with writing(pool) as writer:
        async with held(pool, "f0") as let_go:
            file = [adding(f"f{n % 7}", 1) for n in range(3 * BATCH)]
            filed = asyncio.ensure_future(writer.execute_all(file))
            await eventually(lambda: waits(pool))  # the first part of the file is in hand
            forms = [writer.execute(adding(f"s{n}", 1)) for n in range(2 * BATCH)]
            filled = asyncio.gather(*forms)
            await eventually(lambda: writer.depth == 4 * BATCH)
            await let_go()
        await asyncio.gather(filed, filled)

    sql = "select stream like 's%' form, count(*) from es.events group by 1, recorded_at order by recorded_at"
    assert [(row["form"], row["count"]) for row in await pool.fetch(sql)] == [
        (form, BATCH) for form in (False, True, False, True, False)
    ]


async def test_a_database_that_goes_away_is_unavailable_until_it_is_back(db: Database) -> None:
    parts = urlsplit(db.url)
    async with wire(f"{parts.hostname}:{parts.port}") as line:
        url = db.url.replace(f":{parts.port}/", f":{line.port}/")
        pool = await asyncpg.create_pool(url, min_size=1, max_size=2, timeout=2, command_timeout=2)
        async with writing(pool) as writer:
            await writer.execute(adding("a", 1, key="1"))
            line.cut()
            with pytest.raises(Unavailable):
                await writer.execute(adding("a", 1, key="2"))
            line.join()
            answer = await eventually(lambda: _tried(writer))
            assert isinstance(answer, Recorded)
        pool.terminate()


async def test_a_connection_that_was_lost_while_nobody_wrote_costs_nobody_a_refusal(
    db: Database, pool: asyncpg.Pool
) -> None:
    near = await asyncpg.create_pool(db.url, min_size=1, max_size=1)
    async with writing(near) as writer:
        await writer.execute(adding("a", 1, key="1"))
        assert writer._own is not None
        pid = writer._own.get_server_pid()
        await pool.execute("select pg_terminate_backend($1)", pid)
        await asyncio.sleep(0.1)  # until the news has come
        assert isinstance(await writer.execute(adding("a", 1, key="2")), Recorded)
    await near.close()


async def _tried(writer: Writer) -> Recorded | None:
    with suppress(Unavailable):
        return await writer.execute(adding("a", 1, key="2"))
    return None


async def test_a_commit_whose_answer_was_lost_is_not_repeated_here(
    db: Database, pool: asyncpg.Pool
) -> None:
    """Nobody knows whether it took place; the caller's key finds out, and then it is there once."""
    parts = urlsplit(db.url)
    async with wire(f"{parts.hostname}:{parts.port}") as line:
        url = db.url.replace(f":{parts.port}/", f":{line.port}/")
        near = await asyncpg.create_pool(url, min_size=1, max_size=1, timeout=2, command_timeout=1)

        async def project(_: Connection, __: Sequence[Fresh]) -> None:
            line.deaf()  # from here the database hears us, and we do not hear it

        async with writing(near, replace(TALLIES, project=project)) as writer:
            with pytest.raises(Unavailable):
                await writer.execute(adding("a", 1, key="k"))
        near.terminate()
    await eventually(lambda: count(pool))

    async with writing(pool) as writer:
        assert (await writer.execute(adding("a", 1, key="k"))).replayed
    assert await count(pool) == 1


@pytest.mark.parametrize(
    "error",
    [
        asyncpg.AdminShutdownError("terminating connection"),
        asyncpg.InternalClientError("got result for unknown protocol state"),
        asyncpg.DiskFullError("could not extend file"),
        asyncpg.ReadOnlySQLTransactionError("cannot execute INSERT"),
        asyncpg.InterfaceError("connection is closed"),
        OSError("connection reset"),
        TimeoutError("no answer"),
    ],
    ids=type,
)
async def test_a_database_that_cannot_is_unavailable_and_not_our_bug(
    pool: asyncpg.Pool, error: Exception
) -> None:
    async def project(_: Connection, __: Sequence[Fresh]) -> None:
        raise error

    async with writing(pool, replace(TALLIES, project=project)) as writer:
        with pytest.raises(Unavailable):
            await writer.execute(adding("a", 1))
    assert await count(pool) == 0
