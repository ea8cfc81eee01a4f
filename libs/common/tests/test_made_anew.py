"""A topic that was made anew is noticed, filled again and read again, and nothing comes twice."""

import os
import sys
from asyncio import create_subprocess_exec, subprocess
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import asyncpg
import pytest
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from common import consumer
from common.completeness import compare, republish
from common.consumer import Consumer
from common.eventstore import record
from common.inbox import Inbox
from common.kafka import Log, LogReader, LogScan, Message, Place
from common.outbox import publish_all
from common.rewind import rewind
from common.testing import TALLIES, Database, Heard, adding, at_work, eventually
from common.topics import create_topics
from local.servers import Servers

STREAMS = 20


@pytest.fixture(autouse=True)
def hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(consumer, "HOUSEKEEPING", 0.2)


async def make_anew(servers: Servers, topic: str) -> None:
    """Somebody deletes the topic, and somebody else creates it."""
    admin = AIOKafkaAdminClient(bootstrap_servers=servers.kafka)
    await admin.start()
    try:
        await admin.delete_topics([topic])
        await create(admin, topic)
    finally:
        await admin.close()


async def create(admin: AIOKafkaAdminClient, topic: str) -> None:
    """As soon as the broker is done with deleting the one before."""

    async def created() -> bool:
        answer = await admin.create_topics([NewTopic(topic, 2, 1)])
        return not any(code for _, code, *_ in answer.topic_errors)

    await eventually(created)


class Publisher:
    """The service that publishes: its store, its relay, its topic."""

    def __init__(self, pool: asyncpg.Pool, log: Log, topic: str, servers: Servers) -> None:
        self.pool, self.log, self.servers = pool, log, servers
        self.places = [Place(topic, 0), Place(topic, 1)]
        self.breaks_after: int | None = None  # messages

    async def tell(self, streams: Sequence[str]) -> None:
        """Record an event of each of these streams, and publish it."""
        async with self.pool.acquire() as connection:
            for stream in streams:
                await record(connection, TALLIES, [adding(stream, 1)])
        await self.relay()

    async def relay(self) -> None:
        """Publish what has a ticket."""
        async with self.pool.acquire() as connection:
            epoch = await connection.fetchval("select epoch from es.relay")
            await publish_all(connection, "identification", epoch, self._publish)

    async def republish(self) -> None:
        """What an operator does: `common.completeness --republish`."""
        async with self.pool.acquire() as connection:
            found = await compare(connection, self.servers.kafka, self.places)
            await republish(connection, found.lost)
        await self.relay()

    async def _publish(self, messages: Sequence[Message]) -> None:
        topic, some = self.places[0].topic, messages[: self.breaks_after]
        await self.log.publish([Message(topic, m.key, m.headers, m.value) for m in some])
        if len(some) < len(messages):
            raise ConnectionError

    async def records(self) -> list[tuple[int, str]]:
        """All that the topic has, in order: partition, and key, headers and value to the byte."""
        scan, found = LogScan(self.servers.kafka), list[tuple[int, str]]()
        try:
            async for place, records in scan.to_end(self.places, 1_000):
                found += [(place.partition, repr(r[2:])) for r in records]
        finally:
            await scan.close()
        return found


@pytest.fixture
def publisher(pool: asyncpg.Pool, log: Log, topic: str, servers: Servers) -> Publisher:
    return Publisher(pool, log, topic, servers)


@pytest.fixture
def heard() -> Heard:
    return Heard()


@asynccontextmanager
async def consuming(publisher: Publisher, heard: Heard) -> AsyncIterator[Consumer]:
    topic, kafka = publisher.places[0].topic, publisher.servers.kafka
    made = Consumer(
        Inbox("visits", heard.handle),
        "one",
        publisher.pool,
        lambda: LogReader(kafka, topic, [topic]),
    )
    async with at_work(made.run()):
        yield made


async def taken(publisher: Publisher, records: int) -> bool:
    """Whether the effect of so many records is committed."""
    read = "select sum(next) = $1 from es.offsets"
    return bool(await publisher.pool.fetchval(read, records))


async def rewound(publisher: Publisher) -> None:
    async with publisher.pool.acquire() as connection:
        found = await rewind(connection, publisher.servers.kafka, "visits", publisher.places)
    assert list(found.values()) == [0, 0]


ONE, TWO = ([f"{kind}-{n}" for n in range(STREAMS)] for kind in ("one", "two"))


async def test_a_topic_made_anew_and_refilled_past_our_offset_is_noticed_and_read_again(
    publisher: Publisher, heard: Heard, servers: Servers
) -> None:
    """While nobody reads. Without the record before our offset, nothing would look wrong."""
    await publisher.tell(ONE)
    async with consuming(publisher, heard):
        await eventually(lambda: taken(publisher, STREAMS))
    await make_anew(servers, publisher.places[0].topic)
    await publisher.tell(TWO)
    await publisher.republish()
    async with consuming(publisher, heard) as consumer:
        await eventually(lambda: len(consumer.stopped) == 2)
        assert "was made anew" in str(consumer.unready())
        await rewound(publisher)
        await eventually(lambda: taken(publisher, 2 * STREAMS))  # without a restart
        await eventually(lambda: consumer.unready() is None)
    assert sorted(heard) == sorted((stream, 1) for stream in [*ONE, *TWO])


async def test_an_emptied_topic_is_noticed_and_what_comes_on_it_comes_once(
    publisher: Publisher, heard: Heard, servers: Servers
) -> None:
    await publisher.tell(ONE)
    async with consuming(publisher, heard) as consumer:
        await eventually(lambda: taken(publisher, STREAMS))
    await make_anew(servers, publisher.places[0].topic)
    async with consuming(publisher, heard) as consumer:
        await eventually(lambda: len(consumer.stopped) == 2)
        assert "before our offset" in str(consumer.unready())
        await rewound(publisher)
        await publisher.republish()
        await publisher.tell(TWO)
        await eventually(lambda: taken(publisher, 2 * STREAMS))
    assert sorted(heard) == sorted((stream, 1) for stream in [*ONE, *TWO])


async def test_what_is_parked_when_a_topic_is_made_anew_stays_and_nothing_is_lost_beside_it(
    publisher: Publisher, heard: Heard, servers: Servers
) -> None:
    """Every place of the new topic has another record; one in three fails, and so did it before."""
    parked = {(f"one-{n}", 1) for n in range(STREAMS)}
    heard.failing |= {*list(parked)[::3], *((stream, 1) for stream in TWO[::3])}
    await publisher.tell(ONE)
    async with consuming(publisher, heard):
        await eventually(lambda: taken(publisher, STREAMS))
    await make_anew(servers, publisher.places[0].topic)
    await publisher.tell(TWO)
    await publisher.republish()
    async with consuming(publisher, heard) as consumer:
        await eventually(lambda: len(consumer.stopped) == 2)
        await rewound(publisher)
        await eventually(lambda: taken(publisher, 2 * STREAMS))
        heard.failing.clear()
        for row in await publisher.pool.fetch("select distinct key from es.parked"):
            assert await consumer.inbox.retry(publisher.pool, row["key"]) == 0
    assert sorted(heard) == sorted((stream, 1) for stream in [*ONE, *TWO])


async def test_a_refill_that_is_interrupted_beside_a_service_at_work_is_whole_when_repeated(
    publisher: Publisher, heard: Heard, servers: Servers
) -> None:
    for _ in range(3):
        await publisher.tell(ONE)
    before = await publisher.records()
    await make_anew(servers, publisher.places[0].topic)
    publisher.breaks_after = 25
    with pytest.raises(ConnectionError):
        await publisher.republish()
    publisher.breaks_after = None
    await publisher.tell(ONE)  # with what still has a ticket
    await publisher.republish()
    after = await publisher.records()
    assert {*before} <= {*after}
    assert len({*after}) == 4 * STREAMS
    async with publisher.pool.acquire() as connection:
        found = await compare(connection, servers.kafka, publisher.places)
    assert (found.stored, found.published, found.lost, found.foreign) == (80, 80, [], [])
    async with consuming(publisher, heard):
        await eventually(lambda: taken(publisher, len(after)))
    assert sorted(heard) == sorted((stream, n) for stream in ONE for n in (1, 2, 3, 4))


async def test_the_command_says_how_many_partitions_are_read_again(
    pool: asyncpg.Pool, db: Database, servers: Servers
) -> None:
    await create_topics(servers.kafka, 1)
    topic = "shouwang.visits.events.v1"
    await pool.execute(
        "insert into es.offsets (consumer, topic, partition, next) values ('audit', $1, 3, 7)",
        topic,
    )
    for service, code, said in (("audit", 0, b"1 partitions"), ("visits", 1, b"has never read")):
        ran = await create_subprocess_exec(
            *(sys.executable, "-m", "common.rewind", service, topic),
            env={
                **os.environ,
                "DATABASE_URL": db.url,
                "KAFKA_BOOTSTRAP_SERVERS": servers.kafka,
            },
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        told, _ = await ran.communicate()
        assert (ran.returncode, said in told) == (code, True)
    assert await pool.fetchval("select next < 7 from es.offsets")


async def test_a_topic_that_was_away_is_read_again_soon_after_it_is_back(
    servers: Servers, topic: str
) -> None:
    reader = LogReader(servers.kafka, f"group-of-{topic}", [topic])
    await reader.start()
    admin = AIOKafkaAdminClient(bootstrap_servers=servers.kafka)
    await admin.start()
    try:
        await eventually(lambda: reader.places())
        await admin.delete_topics([topic])
        await eventually(lambda: not reader.places(), within=30)  # the group knows that it is gone
        await create(admin, topic)
        await eventually(lambda: reader.places(), within=10)
    finally:
        await admin.close()
        await reader.close()
