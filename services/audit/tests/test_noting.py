"""What a rebuild knows while it reads: by heart, and right after failures, interruptions and misplaced
records too."""

from collections.abc import Sequence
from datetime import timedelta

import asyncpg
import pytest
from aiokafka import AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from msgspec.structs import replace

from audit.read_model import copying
from audit.rebuild import rebuild
from audit.rebuilding import reading as progress
from audit.rebuilding import refill, roots
from audit.rebuilding.noting import Noting, Rereading, fill_cursors, lay, repeated
from audit.rebuilding.refill import NEXT, Servers
from common.ids import new_id
from common.incoming import Incoming, incoming
from common.intents import Connection
from common.kafka import Place
from common.testing import Database, history, household, message_of, record_of
from contracts.envelope import Envelope, chained

SCHEMA = "read"


@pytest.fixture
async def laid(pool: asyncpg.Pool) -> asyncpg.Pool:
    """A timeline without its index, and the table beside it."""
    async with pool.acquire() as connection:
        await connection.execute("alter table read.timeline drop constraint timeline_pkey")
        await lay(connection, SCHEMA)
    return pool


def reading(partition: int = 0) -> Rereading:
    """One that has read nothing yet."""
    return Rereading(NEXT, copying(SCHEMA), SCHEMA, partition)


def items(events: Sequence[Envelope], start: int = 0) -> list[Incoming]:
    """Records of one partition."""
    return [incoming(record_of(e, "t.identification.t", start + n)) for n, e in enumerate(events)]


async def take(
    pool: asyncpg.Pool, inbox: Noting, batch: Sequence[Incoming], *, singly: bool = False
) -> None:
    """A batch takes effect."""
    async with pool.acquire() as connection, connection.transaction():
        await inbox.apply(connection, batch, singly=singly)


async def repetitions(pool: asyncpg.Pool) -> int:
    """How many records were there before; not what is, or was, parked."""
    async with pool.acquire() as connection:
        return await repeated(connection, NEXT, SCHEMA)


async def versions(pool: asyncpg.Pool) -> list[int]:
    """Of what is in the timeline."""
    rows = await pool.fetch("select version from read.timeline order by version")
    return [row["version"] for row in rows]


async def test_what_a_failed_batch_did_is_not_remembered(laid: asyncpg.Pool) -> None:
    """And what the batch before it did, is."""
    one, two, three = history(3, household_id=household(1))
    inbox = reading()
    await take(laid, inbox, items([one]))
    await laid.execute("alter table read.elsewhere rename to away")
    with pytest.raises(asyncpg.UndefinedTableError):
        await take(laid, inbox, items([two, two], 1))
    await laid.execute("alter table read.away rename to elsewhere")
    await take(laid, inbox, items([two, two, three], 1))
    assert await versions(laid) == [1, 2, 3]
    assert await laid.fetchval('select array_agg("offset") from read.elsewhere') == [2]


async def test_only_what_failed_is_parked_and_it_is_applied_when_its_turn_comes(
    laid: asyncpg.Pool,
) -> None:
    one, two, three = history(3, household_id=household(1))
    other = history(1, household_id=household(2), stream="other")
    failing = {two.hash}

    async def handle(connection: Connection, batch: Sequence[Incoming]) -> None:
        await copying(SCHEMA)(connection, batch)
        if any(i.event and i.event.hash in failing for i in batch):
            raise ValueError("not yet")

    inbox = Rereading(NEXT, handle, SCHEMA, 0)
    batch = items([one, two, three, *other])
    with pytest.raises(ValueError, match="not yet"):
        await take(laid, inbox, batch)
    await take(laid, inbox, batch, singly=True)
    assert await versions(laid) == [1, 1]
    assert await laid.fetchval("select count(*) from es.parked") == 2
    assert await laid.fetchval("select count(*) from read.leaves") == 4
    assert await repetitions(laid) == 0
    await take(laid, inbox, items(history(1, household_id=household(1), stream="behind"), 4))
    assert await versions(laid) == [1, 1]
    failing.clear()
    assert await inbox.retry(laid, one.key) == 0
    assert await repetitions(laid) == 0
    await take(laid, inbox, items(history(4, household_id=household(1))[3:], 5))
    assert await versions(laid) == [1, 1, 1, 2, 3]


@pytest.mark.parametrize("version", [1, 2])
async def test_after_an_interruption_it_knows_what_was_read(
    laid: asyncpg.Pool, version: int
) -> None:
    """The last that was read of a stream too, when more of it comes with what is otherwise."""
    one, two, three = history(3, household_id=household(1))
    other = (one, two)[version - 1]
    later = other.recorded_at + timedelta(days=400)
    fork = chained(replace(other, data=b'{"other":1}', recorded_at=later), other.prev_hash)
    await take(laid, reading(), items([one, two]))
    again = reading()
    async with laid.acquire() as connection:
        await again.learn(connection)
    await take(laid, again, items([two, one, three, fork], 2))
    assert await versions(laid) == [1, 2, 3]
    parked = await laid.fetch("select value from es.parked")
    assert [row["value"] for row in parked] == [fork.data]
    assert await laid.fetchval("select count(*) from read.leaves") == 6


async def test_cursors_are_those_of_the_timeline(laid: asyncpg.Pool) -> None:
    events = [*history(3, household_id=household(1)), *history(2, stream="s", service="visits")]
    await take(laid, reading(), items(events))
    async with laid.acquire() as connection:
        assert await fill_cursors(connection, NEXT, SCHEMA)
        query = "select source, stream, version, hash from es.cursors order by source"
        assert [tuple(row) for row in await laid.fetch(query)] == [
            (last.source, last.stream, last.version, last.hash) for last in (events[2], events[4])
        ]
        await take(laid, reading(1), items(events[:1], 9))  # as if it were in another partition
        assert not await fill_cursors(connection, NEXT, SCHEMA)
        assert not await laid.fetch(query)


@pytest.mark.parametrize("copied", [1, 2])
async def test_a_record_that_also_lies_in_a_partition_of_others_is_a_repetition(
    db: Database,
    kafka: str,
    pool: asyncpg.Pool,
    admin: AIOKafkaAdminClient,
    monkeypatch: pytest.MonkeyPatch,
    copied: int,
) -> None:
    """Whoever is no producer of ours chose where to put it."""
    topic, signed = (f"test.{new_id()}" for _ in range(2))
    await admin.create_topics([NewTopic(topic, 2, 1), NewTopic(signed, 1, 1)])
    for module in (refill, progress):
        monkeypatch.setattr(
            module, "all_places", lambda p=(0, 1): [Place(topic, n) for n in p if n < 2]
        )
    monkeypatch.setattr(roots, "CHECKPOINTS", signed)
    events = history(3, household_id=household(1))
    producer = AIOKafkaProducer(bootstrap_servers=kafka)
    await producer.start()
    for partition, some in enumerate([events, events[:copied]]):
        for event in some:
            m = message_of(event, topic)
            await producer.send_and_wait(topic, m.value, m.key, partition, headers=list(m.headers))
    await producer.stop()
    said = list[str]()
    rebuilt = await rebuild(Servers(db.url, kafka), said.append)
    assert "a stream is in more than one partition: reading all again, as one" in said
    assert (rebuilt.proof.count, rebuilt.duplicates, rebuilt.records) == (3, copied, 3 + copied)
    assert await versions(pool) == [1, 2, 3]
    assert await pool.fetchval("select max(version) from es.cursors where consumer = 'audit'") == 3
