"""A service states what it has recorded: all of it up to a moment, and nothing that may still change."""

from collections.abc import Sequence
from datetime import timedelta
from hashlib import sha256

import asyncpg
import msgspec
import pytest

from common import statements
from common.eventstore import record
from common.kafka import Log, LogScan, Message, Place
from common.outbox import publish_all
from common.statements import Month, Statement, months, state
from common.testing import TALLIES, adding
from common.topics import PARTITIONS, STATEMENTS, create_topics
from local.servers import Servers

ONE = Place(STATEMENTS, 0)


async def published(pool: asyncpg.Pool) -> None:
    """Whatever has a ticket is on its way no more."""

    async def nowhere(_: Sequence[Message]) -> None:
        """As if Kafka had taken it."""

    async with pool.acquire() as connection:
        epoch = await connection.fetchval("select epoch from es.relay")
        await publish_all(connection, "identification", epoch, nowhere)


async def told(pool: asyncpg.Pool) -> list[Month] | None:
    async with pool.acquire() as connection:
        found = await months(connection)
    return found[1] if found else None


async def test_every_event_counts_once_published_in_the_month_of_its_recording(
    pool: asyncpg.Pool,
) -> None:
    assert await told(pool) == []
    async with pool.acquire() as connection:
        await record(connection, TALLIES, [adding("one", 1, 2), adding("two", 3)])
    assert await told(pool) is None
    await published(pool)
    rows = await pool.fetch(
        "select hash, to_char(recorded_at at time zone 'UTC', 'YYYY-MM') as month from es.events"
    )
    hashes = b"".join(sorted(row["hash"] for row in rows))
    assert await told(pool) == [Month(rows[0]["month"], 3, sha256(hashes).hexdigest())]


async def test_what_may_still_be_recorded_before_it_is_not_stated(pool: asyncpg.Pool) -> None:
    """An event carries the time at which it was recorded, and is seen when its transaction ends."""
    async with pool.acquire() as slow, slow.transaction():
        await slow.execute("select 1")
        async with pool.acquire() as quick:
            await record(quick, TALLIES, [adding("quick", 1)])
        await record(slow, TALLIES, [adding("slow", 1)])
        await published(pool)
        assert await told(pool) == []
    await published(pool)
    stated = await told(pool)
    assert stated
    assert stated[0].events == 2


@pytest.fixture
async def ours(servers: Servers) -> LogScan:
    await create_topics(servers.kafka, 1)
    return LogScan(servers.kafka)


async def test_one_replica_states_each_hour_and_says_how_far_the_topic_reached(
    pool: asyncpg.Pool, servers: Servers, log: Log, ours: LogScan, monkeypatch: pytest.MonkeyPatch
) -> None:
    await ours.start([ONE])
    assert await state(pool, "governance", servers.kafka, log)
    assert not await state(pool, "governance", servers.kafka, log)
    monkeypatch.setattr(statements, "EVERY", timedelta(0).total_seconds())
    async with pool.acquire() as other:
        await other.fetchval("select pg_advisory_lock($1)", statements.LOCK)
        assert not await state(pool, "governance", servers.kafka, log)
        await other.fetchval("select pg_advisory_unlock($1)", statements.LOCK)
    assert await state(pool, "governance", servers.kafka, log)
    found: list[Statement] = []
    while len(found) < 2:
        for read in (await ours.fetch(100, 1.0)).get(ONE, []):
            statement = msgspec.json.decode(read.value or b"", type=Statement)
            found += [statement] if read.key == b"governance" else []
    await ours.close()
    assert [len(s.ends) for s in found] == [PARTITIONS, PARTITIONS]
    assert found[0].until < found[1].until
