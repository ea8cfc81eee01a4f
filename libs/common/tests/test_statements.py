"""A service states what it has recorded: all of it up to a moment, and nothing that may still change."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from functools import partial
from hashlib import sha256
from types import SimpleNamespace
from typing import Any

import asyncpg
import pytest

from common import statements
from common.eventstore import record
from common.kafka import Log, LogScan, Message, Place
from common.merkle import EMPTY
from common.note import signer_of
from common.outbox import publish_all
from common.statements import Head, Month, Statement, heads, months, state, statement_of
from common.testing import NOON, STATEMENT_KEY, TALLIES, adding, household
from common.topics import PARTITIONS, STATEMENTS, create_topics
from local.servers import Servers

ONE = Place(STATEMENTS, 0)
SIGNER = signer_of("assets", STATEMENT_KEY)


async def nowhere(_: Sequence[Message]) -> None:
    """As if Kafka had taken it."""


async def published(pool: asyncpg.Pool) -> None:
    """Whatever has a ticket is on its way no more."""
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


async def test_one_root_stands_for_where_every_stream_of_every_household_ends(
    pool: asyncpg.Pool,
) -> None:
    """The leaf of a household has its streams, each with the last version and the hash of it."""
    async with pool.acquire() as connection:
        await record(connection, TALLIES, [adding("two", 3), adding("one", 1, 2)])
        before = await connection.fetchval("select clock_timestamp()")
        assert await heads(connection, before - timedelta(hours=1), None) == ((0, EMPTY), [])
        (size, root), told = await heads(connection, before, None)
        ends = await connection.fetch(
            "select distinct on (stream) stream, version, encode(hash, 'hex') as hash"
            " from es.events order by stream, version desc"
        )
        entries = [f"{e['stream']}\n{e['stream']} {e['version']} {e['hash']}\n" for e in ends]
        assert [e["version"] for e in ends] == [2, 1]
        assert told == [Head(e["stream"], entry) for e, entry in zip(ends, entries, strict=True)]
        one, two = (sha256(b"\0" + entry.encode()).digest() for entry in entries)
        assert (size, root) == (2, sha256(b"\1" + one + two).digest())
        await record(connection, TALLIES, [adding("one", 9)])
        now = await connection.fetchval("select clock_timestamp()")
        total, changed = await heads(connection, now, before)
        assert (total[0], [head.key for head in changed]) == (2, ["one"])
        assert total == (await heads(connection, now, None))[0] != (size, root)


async def test_streams_of_a_household_stand_together(pool: asyncpg.Pool) -> None:
    async with pool.acquire() as connection:
        intents = [replace(adding(name, 1), household_id=household(1)) for name in ("b", "a")]
        await record(connection, TALLIES, intents)
        now = await connection.fetchval("select clock_timestamp()")
        total, (told,) = await heads(connection, now, None)
    assert total[0] == 1
    key, *lines = told.entry.splitlines()
    assert (key, [line.split(" ")[0] for line in lines]) == (str(household(1)), ["a", "b"])


def test_what_was_signed_is_read_again_as_it_was_stated() -> None:
    months = [Month("2024-05", 3, "ab" * 32), Month("2024-06", 4, "cd" * 32)]
    made = Statement("assets", NOON, (2, bytes(range(32))), list(range(12)), months)
    assert statement_of(SIGNER.sign(made.text())) == made
    for broken in ("", "x", made.text().replace("statement/1", "statement/2")):
        with pytest.raises(ValueError, match=r"."):
            statement_of(broken)


@pytest.fixture
async def ours(servers: Servers) -> LogScan:
    await create_topics(servers.kafka, 1)
    return LogScan(servers.kafka)


async def test_one_replica_states_each_hour_and_says_how_far_the_topic_reached(
    pool: asyncpg.Pool, servers: Servers, log: Log, ours: LogScan, monkeypatch: pytest.MonkeyPatch
) -> None:
    await ours.start([ONE])
    stating = partial(state, pool, "assets", servers.kafka, log, SIGNER)
    async with pool.acquire() as connection:
        await record(connection, TALLIES, [adding("one", 1), adding("two", 1)])
    await published(pool)
    until = await stating()
    assert until
    assert not await stating()
    monkeypatch.setattr(statements, "EVERY", timedelta(0).total_seconds())
    async with pool.acquire() as other:
        await other.fetchval("select pg_advisory_lock($1)", statements.LOCK)
        assert not await stating()
        await other.fetchval("select pg_advisory_unlock($1)", statements.LOCK)
    async with pool.acquire() as connection:
        await record(connection, TALLIES, [adding("two", 1)])
    await published(pool)
    assert await stating(until)
    found: list[str] = []
    told: list[str] = []
    while len(found) < 2:
        for read in (await ours.fetch(100, 1.0)).get(ONE, []):
            key, text = (read.key or b"").decode(), (read.value or b"").decode()
            found += [text] if key == "assets" else []
            told += [key] if key.startswith("assets") else []
    await ours.close()
    one, two = map(statement_of, found)
    assert [len(s.ends) for s in (one, two)] == [PARTITIONS, PARTITIONS]
    assert one.until == until < two.until
    assert one.heads[0] == two.heads[0] == 2
    assert found == [SIGNER.sign(one.text()), SIGNER.sign(two.text())]
    first, second = "assets one", "assets two"
    assert told == [first, second, "assets", second, "assets"]


async def test_an_empty_store_states_again_as_soon_as_it_has_something_to_tell(
    pool: asyncpg.Pool, servers: Servers
) -> None:
    """Or nobody could compare anything for an hour after the first start."""
    await create_topics(servers.kafka, 1)
    unheard: Any = SimpleNamespace(
        publish=nowhere
    )  # others state on the topic that the suites share
    stating = partial(state, pool, "assets", servers.kafka, unheard, SIGNER)
    assert await stating()
    assert not await stating()
    async with pool.acquire() as connection:
        await record(connection, TALLIES, [adding("one", 1)])
    assert not await stating()  # it waits until that is published
    await published(pool)
    assert await stating()
    async with pool.acquire() as connection:
        await record(connection, TALLIES, [adding("one", 1)])
    await published(pool)
    assert not await stating()  # from then on, each hour
