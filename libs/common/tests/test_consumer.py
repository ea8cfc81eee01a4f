"""From Kafka to the inbox: our offset is ours, and whoever is not the owner has no effect."""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager

import asyncpg
import pytest
from aiokafka.admin import AIOKafkaAdminClient, RecordsToDelete
from aiokafka.structs import TopicPartition

from common import consumer
from common.consumer import Consumer, Fenced
from common.inbox import PARK_LIMIT, Handle, Inbox
from common.incoming import Incoming, incoming
from common.intents import Connection
from common.kafka import Log, LogReader, LogScan, Place
from common.ownership import Owned
from common.testing import Heard, at_work, envelope, eventually, history, message_of, record_of
from contracts.envelope import Envelope
from local.servers import Servers

Consuming = Callable[..., Consumer]


@pytest.fixture
def heard() -> Heard:
    """Nothing, yet."""
    return Heard()


@pytest.fixture
def made(servers: Servers, pool: asyncpg.Pool, topic: str) -> Consuming:
    """Makes a consumer of the test's topic."""

    def make(handle: Handle, holder: str = "one") -> Consumer:
        reader = lambda: LogReader(servers.kafka, topic, [topic])  # noqa: E731
        return Consumer(Inbox("visits", handle), holder, pool, reader)

    return make


@asynccontextmanager
async def running(consumer: Consumer) -> AsyncIterator[Consumer]:
    """The consumer at work, and owning something."""
    async with at_work(consumer.run()):
        await eventually(lambda: consumer.owned or consumer.stopped)
        yield consumer


async def publish(log: Log, topic: str, events: Sequence[Envelope]) -> None:
    await log.publish([message_of(event, topic) for event in events])


async def ends(servers: Servers, topic: str) -> dict[Place, tuple[int, int]]:
    scan = LogScan(servers.kafka)
    try:
        return await scan.start([Place(topic, 0), Place(topic, 1)])
    finally:
        await scan.close()


async def taken(pool: asyncpg.Pool, records: int) -> bool:
    """Whether the effect of so many records is committed."""
    return bool(await pool.fetchval("select sum(next) = $1 from es.offsets", records))


async def gone(servers: Servers, place: Place, before: int) -> None:
    """Somebody removes the records before this offset."""
    admin = AIOKafkaAdminClient(bootstrap_servers=servers.kafka)
    await admin.start()
    try:
        await admin.delete_records({TopicPartition(*place): RecordsToDelete(before_offset=before)})
    finally:
        await admin.close()


async def at_end(servers: Servers, topic: str, pool: asyncpg.Pool) -> bool:
    rows = await pool.fetch("select partition, next from es.offsets where topic = $1", topic)
    bounds = await ends(servers, topic)
    return {r["partition"]: r["next"] for r in rows} == {
        p.partition: e for p, (_, e) in bounds.items()
    }


async def test_every_event_has_its_effect_once_and_our_offset_is_at_the_end(
    made: Consuming, heard: Heard, log: Log, topic: str, servers: Servers, pool: asyncpg.Pool
) -> None:
    households = [history(5) for _ in range(20)]
    await publish(log, topic, [events[n] for n in range(5) for events in households])
    async with running(made(heard.handle)):
        await eventually(lambda: len(heard) >= 100)
        await eventually(lambda: at_end(servers, topic, pool))

    assert all(heard.versions(events[0]) == [1, 2, 3, 4, 5] for events in households)


async def test_a_restart_goes_on_at_our_own_offset_whatever_the_group_says(
    made: Consuming, heard: Heard, log: Log, topic: str, servers: Servers, pool: asyncpg.Pool
) -> None:
    one, two = history(2)
    await publish(log, topic, [one])
    async with running(made(heard.handle)):
        await eventually(lambda: taken(pool, 1))
    liar = LogReader(servers.kafka, topic, [topic])
    await liar.start()
    await eventually(lambda: len(liar.places()) == 2)
    await liar.commit(dict.fromkeys(liar.places(), 1000))
    await liar.close()
    await publish(log, topic, [two])
    async with running(made(heard.handle)):
        await eventually(lambda: taken(pool, 2))

    assert heard == [(one.stream, 1), (one.stream, 2)]


async def test_an_effect_that_is_rolled_back_takes_the_offset_with_it(
    made: Consuming, heard: Heard, log: Log, topic: str, pool: asyncpg.Pool
) -> None:
    (event,) = history(1)
    heard.failing, heard.error = {(event.stream, 1)}, TimeoutError()  # a fault of the moment
    attempts = 0

    async def handle(*args: object) -> None:
        nonlocal attempts
        attempts += 1
        await heard.handle(*args)  # type: ignore[arg-type]

    async with running(made(handle)):
        await publish(log, topic, [event])  # not before: it would fail before we saw it owning
        await eventually(lambda: attempts >= 2)
        assert await pool.fetchval("select sum(next) from es.offsets") == 0
        heard.failing.clear()
        await eventually(lambda: taken(pool, 1))

    assert heard.versions(event) == [1]


async def test_poison_parks_its_household_and_the_partition_goes_on(
    made: Consuming, heard: Heard, log: Log, topic: str, servers: Servers, pool: asyncpg.Pool
) -> None:
    households = [history(3) for _ in range(10)]
    sick = households[3]
    heard.failing = {(sick[0].stream, 2)}
    await publish(log, topic, [events[n] for n in range(3) for events in households])
    async with running(made(heard.handle)) as one:
        await eventually(lambda: at_end(servers, topic, pool))
        assert one.unready() is None

        assert heard.versions(sick[0]) == [1]
        assert all(heard.versions(e[0]) == [1, 2, 3] for e in households if e is not sick)
        heard.failing.clear()
        assert await one.inbox.retry(pool, sick[0].key) == 0

    assert heard.versions(sick[0]) == [1, 2, 3]


async def test_many_poisoned_households_stop_us_until_the_bug_is_mended(
    made: Consuming,
    heard: Heard,
    log: Log,
    topic: str,
    pool: asyncpg.Pool,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(consumer, "RETRY", (0.1, 0.5))
    events = [envelope() for _ in range((PARK_LIMIT + 1) * 2)]
    heard.failing = {(event.stream, 1) for event in events}
    await publish(log, topic, events)
    async with running(made(heard.handle)) as one:
        await eventually(lambda: one.halted)
        assert "too many households" in str(one.unready())
        assert await pool.fetchval("select count(*) from es.parked") <= PARK_LIMIT
        heard.failing.clear()
        for row in await pool.fetch("select distinct key from es.parked"):
            await one.inbox.retry(pool, row["key"])
        await eventually(lambda: len(heard) == len(events), within=20)
        assert await eventually(lambda: one.unready() is None)


# Owners


async def test_a_zombie_has_no_effect(
    made: Consuming, heard: Heard, topic: str, pool: asyncpg.Pool
) -> None:
    """It fetched, slept, and was replaced; the epoch in its hand is not the one in the table."""
    place = Place(topic, 0)
    await pool.execute(
        "insert into es.offsets (consumer, topic, partition, next, owner_epoch) values ('visits', $1, 0, 0, 2)",
        topic,
    )
    zombie = made(heard.handle)
    zombie.owned = {place: Owned(next=0, epoch=1)}
    with pytest.raises(Fenced):
        await zombie._take({place: [incoming(record_of(envelope(), topic, 0))]})

    assert heard == []
    assert await pool.fetchval("select next from es.offsets") == 0


async def test_an_owner_whose_offset_was_moved_has_no_effect(
    made: Consuming, heard: Heard, topic: str, pool: asyncpg.Pool
) -> None:
    place = Place(topic, 0)
    await pool.execute(
        "insert into es.offsets (consumer, topic, partition, next, owner_epoch) values ('visits', $1, 0, 7, 1)",
        topic,
    )
    slow = made(heard.handle)
    slow.owned = {place: Owned(next=0, epoch=1)}
    with pytest.raises(Fenced):
        await slow._take({place: [incoming(record_of(envelope(), topic, 0))]})

    assert heard == []


async def test_a_fenced_consumer_claims_anew_and_repeats_nothing(
    made: Consuming, heard: Heard, log: Log, topic: str, pool: asyncpg.Pool
) -> None:
    one, two = history(2)
    await publish(log, topic, [one])
    async with running(made(heard.handle)):
        await eventually(lambda: taken(pool, 1))
        await pool.execute("update es.offsets set owner_epoch = owner_epoch + 1, owner = 'thief'")
        await publish(log, topic, [two])
        await eventually(lambda: taken(pool, 2))

    assert await pool.fetchval("select count(*) from es.offsets where owner = 'one'") == 2
    assert len(heard) == 2


async def test_a_rebalance_in_full_flow_loses_and_doubles_nothing(
    made: Consuming, log: Log, topic: str, servers: Servers, pool: asyncpg.Pool
) -> None:
    await pool.execute(
        "create schema read; create table read.heard (n serial, stream text, version int)"
    )
    households = [history(10) for _ in range(12)]

    async def handle(connection: Connection, items: Sequence[Incoming]) -> None:
        """An effect that lives and dies with the transaction."""
        rows = [(item.event.stream, item.event.version) for item in items if item.event]
        await connection.executemany("insert into read.heard values (default, $1, $2)", rows)

    async def publish_version(*versions: int) -> None:
        for version in versions:
            await publish(log, topic, [events[version - 1] for events in households])

    async with running(made(handle, "one")) as one:
        await publish_version(1, 2, 3, 4)
        async with running(made(handle, "two")) as two:
            await publish_version(5, 6)
            await eventually(lambda: one.owned and two.owned, within=15)
            await publish_version(7, 8)
        await publish_version(9, 10)
        await eventually(lambda: at_end(servers, topic, pool), within=15)

    rows = await pool.fetch(
        "select array_agg(version order by n) as heard from read.heard group by stream"
    )
    assert [row["heard"] for row in rows] == [list(range(1, 11))] * 12
    assert await pool.fetchval("select count(*) from es.parked") == 0


# Loud stops


async def test_an_offset_behind_the_topics_end_stops_only_its_partition_and_says_so(
    made: Consuming, heard: Heard, log: Log, topic: str, servers: Servers, pool: asyncpg.Pool
) -> None:
    """The topic was deleted and made anew, or its tail was lost: reading on would be silent loss."""
    await pool.execute(
        "insert into es.offsets (consumer, topic, partition, next) values ('visits', $1, 0, 500)",
        topic,
    )
    events = [envelope() for _ in range(20)]
    await publish(log, topic, events)
    elsewhere = (await ends(servers, topic))[Place(topic, 1)][1]
    async with running(made(heard.handle)) as one:
        await eventually(lambda: len(heard) == elsewhere)
        assert "before our offset 500" in str(one.unready())

    assert 0 < elsewhere < 20
    assert await pool.fetchval("select next from es.offsets where partition = 0") == 500


async def test_a_topic_that_shrinks_below_our_offset_stops_it_although_nothing_comes(
    made: Consuming,
    heard: Heard,
    log: Log,
    topic: str,
    servers: Servers,
    pool: asyncpg.Pool,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Chaos case 32: the client of Kafka tells nobody, and would go on from the new beginning."""
    monkeypatch.setattr(consumer, "HOUSEKEEPING", 0.1)
    await publish(log, topic, [envelope() for _ in range(20)])
    async with running(made(heard.handle)) as one:
        await eventually(lambda: at_end(servers, topic, pool))
        await pool.execute("update es.offsets set next = 500 where partition = 0")
        one.owned[Place(topic, 0)].next = 500
        await eventually(lambda: "before our offset 500" in str(one.unready()))


async def test_records_that_are_gone_from_the_topic_stop_it_and_it_says_so(
    made: Consuming, heard: Heard, log: Log, topic: str, servers: Servers, pool: asyncpg.Pool
) -> None:
    await publish(log, topic, [envelope() for _ in range(20)])
    bounds = await ends(servers, topic)
    await gone(servers, Place(topic, 0), 1)
    async with running(made(heard.handle)) as one:
        await eventually(lambda: len(heard) == bounds[Place(topic, 1)][1])
        assert "records 0..0 are gone" in str(one.unready())

    assert await pool.fetchval("select next from es.offsets where partition = 0") == 0


async def test_records_out_of_place_are_not_taken(
    made: Consuming, heard: Heard, log: Log, topic: str, servers: Servers
) -> None:
    """Between our offset and the first record that came, records are gone: it is claimed, and stops."""
    await publish(log, topic, [envelope() for _ in range(20)])
    one, place = made(heard.handle), Place(topic, 0)
    one.owned = {place: Owned(next=1, epoch=1)}
    reader = LogReader(servers.kafka, topic, [topic])
    await reader.start()
    try:
        generation = reader.generation
        items = [incoming(record_of(envelope(), topic, 3))]
        for before, taken in ((1, items), (2, ())):
            await gone(servers, place, before)
            assert await one._following(reader, place, items) == taken
        assert reader.generation == generation + 1
        assert await one._following(reader, place, [items[0]._replace(offset=0)]) == ()
        assert reader.generation == generation + 2
    finally:
        await reader.close()


async def test_a_silent_reader_with_something_to_read_is_not_ready(
    made: Consuming, heard: Heard
) -> None:
    one = made(heard.handle)
    assert one.unready() is None
    one.lag = 5
    assert one.unready() is None
    one.progress = float("-inf")

    assert "no progress" in str(one.unready())
