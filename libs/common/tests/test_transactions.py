"""A consumer and the ends of transactions: an offset that is no record is passed by, and nothing else is."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg
import pytest
from aiokafka.admin import AIOKafkaAdminClient, RecordsToDelete
from aiokafka.structs import TopicPartition

from common import consumer
from common.consumer import Consumer
from common.inbox import Inbox
from common.kafka import Log, LogReader, Place
from common.rewind import rewind
from common.testing import Heard, at_work, envelope, eventually, history, message_of
from contracts.envelope import Envelope
from libs.common.tests.test_made_anew import make_anew
from libs.common.tests.transactions import publish_together
from local.servers import Servers


@pytest.fixture(autouse=True)
def hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(consumer, "HOUSEKEEPING", 0.1)


@pytest.fixture
def heard() -> Heard:
    return Heard()


class Reading:
    """One household's records on its partition, and who reads them."""

    def __init__(self, servers: Servers, pool: asyncpg.Pool, log: Log, topic: str) -> None:
        self.servers, self.pool, self.log, self.topic = servers, pool, log, topic
        self.events = history(6)
        self.place = Place(topic, 0)

    async def together(self, *events: Envelope, kept: bool = True) -> None:
        """Publish in a transaction; `place` is where."""
        messages = [message_of(event, self.topic) for event in events]
        (self.place,) = await publish_together(self.servers.kafka, messages, kept=kept)

    async def alone(self, *events: Envelope) -> None:
        await self.log.publish([message_of(event, self.topic) for event in events])

    @asynccontextmanager
    async def by(self, heard: Heard) -> AsyncIterator[Consumer]:
        made = Consumer(
            Inbox("visits", heard.handle),
            "one",
            self.pool,
            lambda: LogReader(self.servers.kafka, self.topic, [self.topic]),
        )
        async with at_work(made.run()):
            await eventually(lambda: made.owned or made.stopped)
            yield made

    async def stands(self) -> tuple[int, int]:
        """The consumer's offset there, and how often it was claimed."""
        row = await self.pool.fetchrow(
            "select next, owner_epoch from es.offsets where topic = $1 and partition = $2",
            *self.place,
        )
        return tuple(row) if row else (0, 0)

    async def at(self, offset: int) -> bool:
        return (await self.stands())[0] == offset


@pytest.fixture
def reading(servers: Servers, pool: asyncpg.Pool, log: Log, topic: str) -> Reading:
    return Reading(servers, pool, log, topic)


@pytest.mark.parametrize("kept", [True, False])
async def test_a_consumer_does_not_lag_behind_the_end_of_a_transaction(
    reading: Reading, heard: Heard, kept: bool
) -> None:
    async with reading.by(heard) as consumer:
        await reading.together(*reading.events[:2], kept=kept)
        await eventually(lambda: reading.at(3))
        await eventually(lambda: consumer.lag == 0)


async def test_what_follows_a_transaction_is_taken_without_a_new_claim(
    reading: Reading, heard: Heard, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, two, three, four, *_ = reading.events
    monkeypatch.setattr(consumer, "HOUSEKEEPING", 60)  # our offset stays where the last record was
    async with reading.by(heard):
        await reading.together(one)
        await eventually(lambda: reading.at(1))
        _, claims = await reading.stands()
        await reading.together(two)
        await eventually(lambda: reading.at(3))
        await reading.alone(three)
        await eventually(lambda: reading.at(5))
        await reading.alone(four)
        await eventually(lambda: reading.at(6))
        assert await reading.stands() == (6, claims)
    assert heard.versions(one) == [1, 2, 3, 4]


async def test_a_consumer_that_begins_behind_a_transaction_loses_and_doubles_nothing(
    reading: Reading, heard: Heard
) -> None:
    """It reads the last record again, and with it what follows: no reason to move past that."""
    await reading.together(*reading.events[:2])
    async with reading.by(heard):
        await eventually(lambda: reading.at(3))
    await reading.alone(*reading.events[2:4])
    async with reading.by(heard):
        await eventually(lambda: reading.at(5))
    assert heard.versions(reading.events[0]) == [1, 2, 3, 4]


async def test_a_topic_made_anew_is_noticed_behind_a_transaction_too(
    reading: Reading, heard: Heard
) -> None:
    await reading.together(*reading.events[:2])
    async with reading.by(heard):
        await eventually(lambda: reading.at(3))
    await make_anew(reading.servers, reading.topic)
    await reading.alone(*reading.events[2:6])
    async with reading.by(heard) as consumer:
        await eventually(lambda: "was made anew" in str(consumer.unready()))
    assert await reading.at(3)


async def test_a_partition_that_begins_with_the_end_of_a_transaction_is_read(
    reading: Reading, heard: Heard
) -> None:
    """As retention may leave it: there is no record to look back at."""
    other = [envelope(household_id=reading.events[0].household_id) for _ in range(2)]
    await reading.together(*other)
    admin = AIOKafkaAdminClient(bootstrap_servers=reading.servers.kafka)
    await admin.start()
    gone = {TopicPartition(*reading.place): RecordsToDelete(before_offset=2)}
    await admin.delete_records(gone)
    await admin.close()
    await reading.alone(*reading.events[:2])
    await reading.pool.execute(
        "insert into es.offsets (consumer, topic, partition) values ('visits', $1, $2)",
        *reading.place,
    )
    async with reading.pool.acquire() as connection:
        found = await rewind(connection, reading.servers.kafka, "visits", [reading.place])
    assert found == {reading.place: 2}
    async with reading.by(heard):
        await eventually(lambda: reading.at(5))
    assert heard.versions(reading.events[0]) == [1, 2]


async def test_an_offset_that_was_set_back_is_not_moved_past_what_is_to_be_read_again(
    reading: Reading, heard: Heard
) -> None:
    await reading.together(*reading.events[:2])
    async with reading.by(heard):
        await eventually(lambda: reading.at(3))
        await reading.pool.execute("delete from es.cursors")
        async with reading.pool.acquire() as connection:
            await rewind(connection, reading.servers.kafka, "visits", [reading.place])
        await eventually(lambda: heard.versions(reading.events[0]) == [1, 2, 1, 2])
        await eventually(lambda: reading.at(3))
