"""From store to topic: late is published late, nothing is lost, and one relay leads."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from common import outbox
from common.eventstore import record
from common.kafka import KafkaError, Message
from common.outbox import BATCH, Deposed, Publish, Relay, publish_all
from common.rows import from_row
from common.testing import TALLIES, Database, adding, at_work, eventually, household, message_of
from common.topics import events_topic
from contracts.cloudevents import from_headers
from contracts.envelope import Envelope


class Topic(list[Envelope]):
    """What was published, in order."""

    async def publish(self, messages: Sequence[Message]) -> None:
        """Take all."""
        self.extend(from_headers(m.headers, m.value) for m in messages)

    def versions(self, stream: str) -> list[int]:
        """Of one stream, in the order of the topic."""
        return [event.version for event in self if event.stream == stream]


@pytest.fixture
def topic() -> Topic:
    """An empty topic."""
    return Topic()


@asynccontextmanager
async def relaying(db: Database, publish: Publish, holder: str = "one") -> AsyncIterator[Relay]:
    """A relay at work."""
    relay = Relay(
        "identification", holder, lambda: asyncpg.connect(db.url), publish, asyncio.Event()
    )
    async with at_work(relay.run()):
        yield relay


async def append(pool: asyncpg.Pool, stream: str, *amounts: int) -> None:
    async with pool.acquire() as connection, connection.transaction():
        await record(connection, TALLIES, [adding(stream, *amounts)])


async def tickets(pool: asyncpg.Pool) -> int:
    found: int = await pool.fetchval("select count(*) from es.outbox")
    return found


async def none_left(pool: asyncpg.Pool) -> bool:
    return await tickets(pool) == 0


async def test_what_is_recorded_is_published_once_in_order(
    db: Database, pool: asyncpg.Pool, topic: Topic
) -> None:
    await append(pool, "a", 1, 2)
    async with relaying(db, topic.publish) as relay:
        await append(pool, "b", 1)
        await append(pool, "a", 3)
        relay.committed.set()
        await eventually(lambda: none_left(pool))

    assert [(e.stream, e.version) for e in topic] == [("a", 1), ("a", 2), ("b", 1), ("a", 3)]


@pytest.mark.parametrize("household_id", [None, UUID(int=5)])
@pytest.mark.parametrize(
    "circumstances",
    [
        {"causation_id": UUID(int=7), "policy_version": "heping-2024", "traceparent": "00-1-2-03"},
        {"occurred_at": datetime(1, 1, 1, tzinfo=UTC)},
        {"occurred_at": datetime(2024, 2, 29, 23, 59, 59, 999_999, tzinfo=UTC)},
        {"occurred_at": datetime(9999, 12, 31, 4, 5, 6, 7, tzinfo=UTC)},
        {"occurred_at": datetime.max.replace(tzinfo=UTC)},
    ],
)
async def test_the_texts_that_the_database_makes_are_those_of_the_envelope(
    db: Database, household_id: UUID | None, circumstances: dict[str, Any]
) -> None:
    intent = adding("水源-1", 1)
    context = replace(intent.context, **circumstances)
    sent: list[Message] = []

    async def publish(messages: Sequence[Message]) -> None:
        sent.extend(messages)

    elsewhere = {"timezone": "Asia/Shanghai", "datestyle": "German"}
    connection = await asyncpg.connect(db.url, server_settings=elsewhere)
    try:
        async with connection.transaction():
            changed = replace(intent, household_id=household_id, context=context)
            await record(connection, TALLIES, [changed])
        await publish_all(connection, "identification", 0, publish)
        (row,) = await connection.fetch("select * from es.events")
    finally:
        await connection.close()

    event = from_row("identification", row)
    assert sent == [message_of(event, events_topic("identification"))]


async def test_more_than_one_batch_is_published_in_order(
    db: Database, pool: asyncpg.Pool, topic: Topic
) -> None:
    async with pool.acquire() as connection, connection.transaction():
        for _ in range(3):
            await record(connection, TALLIES, [adding(f"s{n}", 1) for n in range(BATCH // 2)])
    async with relaying(db, topic.publish):
        await eventually(lambda: none_left(pool))

    assert len(topic) == BATCH // 2 * 3
    assert all(topic.versions(f"s{n}") == [1, 2, 3] for n in range(0, BATCH // 2, 50))


async def test_a_late_commit_is_published_late_and_not_lost(
    db: Database, pool: asyncpg.Pool, topic: Topic
) -> None:
    """Its position is lower than what is long published: a cursor would have passed it by."""
    async with pool.acquire() as slow, relaying(db, topic.publish):
        late = slow.transaction()
        await late.start()
        await record(slow, TALLIES, [adding("late", 1)])
        await append(pool, "early", 1)
        await eventually(lambda: topic.versions("early"))
        assert topic.versions("late") == []
        await late.commit()
        await eventually(lambda: none_left(pool))

    positions = await pool.fetch("select stream from es.events order by position")
    assert [row["stream"] for row in positions] == ["late", "early"]
    assert [e.stream for e in topic] == ["early", "late"]


async def test_versions_never_invert_under_many_writers(
    db: Database, pool: asyncpg.Pool, topic: Topic
) -> None:
    async def write(n: int) -> None:
        async with pool.acquire() as connection, connection.transaction():
            await connection.execute("select pg_current_xact_id()")  # an early transaction id
            await record(connection, TALLIES, [adding(f"s{n % 4}", 1)])

    async with relaying(db, topic.publish):
        await asyncio.gather(*(write(n) for n in range(120)))
        await eventually(lambda: none_left(pool))

    for stream in ("s0", "s1", "s2", "s3"):
        versions = topic.versions(stream)
        assert versions == list(range(1, len(versions) + 1))


async def test_holes_left_by_rolled_back_appends_stop_nothing(
    db: Database, pool: asyncpg.Pool, topic: Topic
) -> None:
    async with relaying(db, topic.publish):
        async with pool.acquire() as connection:
            for _ in range(50):
                transaction = connection.transaction()
                await transaction.start()
                await record(connection, TALLIES, [adding("gone", 1)])
                await transaction.rollback()
        await append(pool, "a", 1)
        await eventually(lambda: none_left(pool))

    assert [e.stream for e in topic] == ["a"]


async def test_a_crash_between_publishing_and_deleting_publishes_again(
    db: Database, pool: asyncpg.Pool, topic: Topic
) -> None:
    crashed = False

    async def publish(messages: Sequence[Message]) -> None:
        nonlocal crashed
        await topic.publish(messages)
        if not crashed:
            crashed = True
            raise KafkaError("acknowledged, but nobody was there to hear it")

    await append(pool, "a", 1, 2)
    async with relaying(db, publish):
        await eventually(lambda: none_left(pool))

    assert topic.versions("a") == [1, 2, 1, 2]


@pytest.mark.parametrize(
    "error",
    [
        KafkaError("away"),
        TimeoutError(),
        OSError("away"),
        asyncpg.InternalClientError("cannot switch to state 11"),  # Postgres went away in between
    ],
)
async def test_tickets_wait_while_kafka_is_away(
    db: Database, pool: asyncpg.Pool, topic: Topic, error: Exception
) -> None:
    attempts = 0

    async def publish(messages: Sequence[Message]) -> None:
        nonlocal attempts
        attempts += 1
        if attempts < 3:
            raise error
        await topic.publish(messages)

    await append(pool, "a", 1)
    async with relaying(db, publish):
        await eventually(lambda: attempts)
        await append(pool, "a", 2)  # the store takes events all the same
        await eventually(lambda: none_left(pool))

    assert topic.versions("a") == [1, 2]


# Who leads


async def led(pool: asyncpg.Pool) -> str | None:
    holder: str | None = await pool.fetchval("select holder from es.relay")
    return holder


async def test_of_two_relays_one_leads(db: Database, pool: asyncpg.Pool, topic: Topic) -> None:
    async with relaying(db, topic.publish, "one"):
        await eventually(lambda: led(pool))
        async with relaying(db, topic.publish, "two"):
            for n in range(10):
                await append(pool, f"s{n}", 1)
            await eventually(lambda: none_left(pool))
            assert await led(pool) == "one"

    assert len(topic) == 10


async def test_a_leader_that_is_gone_is_replaced_within_three_seconds(
    db: Database, pool: asyncpg.Pool, topic: Topic
) -> None:
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(relaying(db, topic.publish, "one"))
        await eventually(lambda: led(pool))
        await stack.enter_async_context(relaying(db, topic.publish, "two"))
        superuser = await asyncpg.connect(db.superuser_url)
        stack.push_async_callback(superuser.close)
        await superuser.execute(
            "select pg_terminate_backend(pid) from pg_locks where locktype = 'advisory' and granted "
            "and database = (select oid from pg_database where datname = current_database())"
        )
        await append(pool, "a", 1)
        await eventually(lambda: none_left(pool), within=3)
        assert await pool.fetchval("select epoch from es.relay") == 2

    assert set(topic.versions("a")) == {1}  # twice, if the leader was in the middle of it


async def test_a_frozen_leader_is_replaced_though_its_connection_lives(
    db: Database, pool: asyncpg.Pool, topic: Topic, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbox, "ALIVE", 60.0)  # it comes to no sign of life
    monkeypatch.setattr(outbox, "STALE", 0.5)
    frozen = asyncio.Event()

    async def publish(_: Sequence[Message]) -> None:
        await frozen.wait()

    await append(pool, "a", 1)
    another = await asyncpg.connect(f"{db.superuser_url.rpartition('/')[0]}/postgres")
    try:  # the leader of another service is none of ours
        await another.execute(f"select pg_advisory_lock({outbox.LEADER_LOCK})")
        async with relaying(db, publish, "one"):
            await eventually(lambda: led(pool))
            async with relaying(db, topic.publish, "two"):
                await eventually(lambda: none_left(pool), within=5)
                assert await led(pool) == "two"
    finally:
        await another.close()
    assert topic.versions("a") == [1]


async def test_an_idle_leader_stays(
    db: Database, pool: asyncpg.Pool, topic: Topic, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbox, "ALIVE", 0.1)
    monkeypatch.setattr(outbox, "STALE", 0.5)
    async with relaying(db, topic.publish, "one"):
        await eventually(lambda: led(pool))
        async with relaying(db, topic.publish, "two"):
            await asyncio.sleep(2.5)  # the other asks every second
            assert await pool.fetchval("select epoch from es.relay") == 1


async def test_a_leader_that_waits_for_a_slow_kafka_stays(
    db: Database, pool: asyncpg.Pool, topic: Topic, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbox, "ALIVE", 0.1)
    monkeypatch.setattr(outbox, "STALE", 0.5)

    async def slow(messages: Sequence[Message]) -> None:
        await asyncio.sleep(2.5)  # the other asks every second
        await topic.publish(messages)

    await append(pool, "a", 1)
    async with relaying(db, slow, "one"):
        await eventually(lambda: led(pool))
        async with relaying(db, slow, "two"):
            await eventually(lambda: none_left(pool), within=5)
            assert await led(pool) == "one"
    assert topic.versions("a") == [1]


async def test_a_deposed_relay_publishes_nothing_more(
    pool: asyncpg.Pool, db: Database, topic: Topic
) -> None:
    await append(pool, "a", 1)
    await pool.execute("update es.relay set epoch = 2")
    async with pool.acquire() as connection:
        with pytest.raises(Deposed):
            await publish_all(connection, "identification", 1, topic.publish)

    assert topic == []
    assert await tickets(pool) == 1


async def test_a_relay_deposed_while_publishing_deletes_no_ticket(
    pool: asyncpg.Pool, topic: Topic
) -> None:
    """It slept through its replacement; the tickets are the successor's, who publishes them too."""

    async def publish(messages: Sequence[Message]) -> None:
        await topic.publish(messages)
        await pool.execute("update es.relay set epoch = 2")

    await append(pool, "a", 1)
    await pool.execute("update es.relay set epoch = 1")
    async with pool.acquire() as connection:
        with pytest.raises(Deposed):
            await publish_all(connection, "identification", 1, publish)
        assert await tickets(pool) == 1
        assert await publish_all(connection, "identification", 2, topic.publish) == 1

    assert topic.versions("a") == [1, 1]
    assert await tickets(pool) == 0


async def test_an_event_is_keyed_by_its_household_or_else_its_stream(
    pool: asyncpg.Pool, db: Database
) -> None:
    sent: list[Message] = []

    async def publish(messages: Sequence[Message]) -> None:
        sent.extend(messages)

    async with pool.acquire() as connection, connection.transaction():
        await record(
            connection,
            TALLIES,
            [adding("household-1", 1, household_id=household(1)), adding("fact", 1)],
        )
    async with pool.acquire() as connection:
        await connection.execute("update es.relay set epoch = 1")
        await publish_all(connection, "identification", 1, publish)

    assert [m.key for m in sent] == [str(household(1)).encode(), b"fact"]
    assert {m.topic for m in sent} == {"shouwang.identification.events.v1"}


async def test_a_relay_that_is_woken_and_told_to_end_at_one_moment_ends() -> None:
    committed = asyncio.Event()
    waiting = asyncio.ensure_future(outbox._woken(committed, 10))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    committed.set()
    waiting.cancel()
    await asyncio.wait({waiting})
    assert waiting.cancelled()
