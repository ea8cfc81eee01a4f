"""The producer on a real broker: nothing is acknowledged that is not there, and none outlives us."""

import asyncio
from collections.abc import AsyncIterator

import asyncpg
import pytest
from aiokafka.partitioner import murmur2

from common import topics
from common.eventstore import record
from common.kafka import (
    KafkaError,
    Log,
    LogReader,
    LogScan,
    Message,
    Place,
    Record,
    producer,
    reader,
)
from common.kafka.producer import partition_of
from common.outbox import Relay
from common.testing import (
    TALLIES,
    Database,
    Wire,
    adding,
    at_work,
    envelope,
    eventually,
    history,
    message_of,
    wire,
)
from common.topics import PARTITIONS, SERVICES, create_topics, events_topic
from contracts.cloudevents import from_headers, to_headers
from libs.common.tests.transactions import publish_together
from local.servers import Servers

SESSION = 6.0  # seconds after which a group gives a silent member up


@pytest.fixture
async def line(servers: Servers, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Wire]:
    """A wire to the broker, and less patience with it."""
    monkeypatch.setattr(producer, "DEADLINE", 1.0)
    async with wire(servers.kafka) as made:
        yield made


async def scanned(servers: Servers, topic: str) -> list[Record]:
    """Everything on both partitions, by partition and offset."""
    scan = LogScan(servers.kafka)
    try:
        bounds = await scan.start([Place(topic, 0), Place(topic, 1)])
        missing = sum(end - first for first, end in bounds.values())
        records: list[Record] = []
        while len(records) < missing:
            found = await scan.fetch(500, 1)
            records += [record for some in found.values() for record in some]
    finally:
        await scan.close()
    return sorted(records, key=lambda r: (r.place.partition, r.offset))


def senders() -> set[asyncio.Task[object]]:
    """The background tasks of producers, those of other tests and services too."""
    return {
        t for t in asyncio.all_tasks() if "Sender." in getattr(t.get_coro(), "__qualname__", "")
    }


async def test_what_is_sent_arrives_whole_and_in_order(
    servers: Servers, log: Log, topic: str
) -> None:
    households = [history(30) for _ in range(8)]
    await log.publish([message_of(events[n], topic) for n in range(30) for events in households])

    records = await scanned(servers, topic)
    for events in households:
        mine = [r for r in records if r.key == events[0].key.encode()]
        assert [from_headers(to_headers(e), e.data) for e in events] == [
            from_headers([(n, v) for n, v in r.headers if v is not None], r.value) for r in mine
        ]
        assert len({r.place for r in mine}) == 1


async def test_what_needs_several_batches_keeps_its_order(
    servers: Servers, log: Log, topic: str
) -> None:
    """Bodies of as much as half a megabyte, the most that is taken, beside small ones."""
    sizes = [10, 500_000, 10, 200_000, 200_000, 10, 500_000, 10]
    await log.publish([Message(topic, b"one", [], bytes(size)) for size in sizes])

    assert [len(r.value or b"") for r in await scanned(servers, topic)] == sizes


async def test_the_partition_of_a_household_is_kafkas_own_murmur2(
    servers: Servers, log: Log, topic: str
) -> None:
    """So any client in any language finds partition p of every topic holding the same households."""
    assert (murmur2(b"21") & 0x7FFFFFFF, murmur2(b"foobar") & 0x7FFFFFFF) == (
        -973932308 & 0x7FFFFFFF,
        -790332482 & 0x7FFFFFFF,
    )  # from Kafka's own UtilsTest
    await log.publish([message_of(envelope(), topic) for _ in range(40)])

    records = await scanned(servers, topic)
    assert {record.place.partition for record in records} == {0, 1}
    for found in records:
        assert found.key
        assert found.place.partition == (murmur2(found.key) & 0x7FFFFFFF) % 2


def test_the_partition_of_any_key_is_that_of_other_clients() -> None:
    for length in range(200):
        key = bytes((length * n) % 256 for n in range(length))
        assert partition_of(key, 12) == (murmur2(key) & 0x7FFFFFFF) % 12


async def test_the_defaults_that_lose_or_reorder_are_changed(servers: Servers, log: Log) -> None:
    sending = await log._ready()
    assert sending._sender._acks == -1  # all in-sync replicas
    assert sending._txn_manager is not None  # idempotent
    consumer = reader._consumer(servers.kafka, "group", None)
    assert consumer._enable_auto_commit is False
    assert consumer._auto_offset_reset == "earliest"
    await consumer.stop()


async def test_a_broker_that_falls_silent_is_given_up_and_found_again(
    servers: Servers, topic: str, line: Wire
) -> None:
    log = Log(f"127.0.0.1:{line.port}")
    one, two = history(2)
    await log.publish([message_of(one, topic)])
    line.hold()
    with pytest.raises((KafkaError, TimeoutError)):
        await log.publish([message_of(two, topic)])
    line.join()
    await log.publish([message_of(two, topic)])
    await log.close()

    versions = [r.headers for r in await scanned(servers, topic)]
    assert len(versions) in (2, 3)  # a request held on the wire may arrive after all: a duplicate


async def test_a_producer_that_is_thrown_away_sends_nothing_more(
    servers: Servers, topic: str, line: Wire
) -> None:
    """Left alone, its sender would retry for ever, beside its successors."""
    others = senders()
    log = Log(f"127.0.0.1:{line.port}")
    await log.publish([message_of(envelope(), topic)])
    assert senders() > others
    line.hold()
    with pytest.raises((KafkaError, TimeoutError)):
        await log.publish([message_of(envelope(), topic)])

    await eventually(lambda: senders() <= others, within=5)


@pytest.mark.parametrize("fault", ["hold", "cut", "deaf"])
async def test_the_relay_loses_and_reorders_nothing_when_the_line_fails(
    servers: Servers, db: Database, pool: asyncpg.Pool, topic: str, line: Wire, fault: str
) -> None:
    log = Log(f"127.0.0.1:{line.port}")

    async def publish(messages: object) -> None:
        assert isinstance(messages, list)
        await log.publish([Message(topic, m.key, m.headers, m.value) for m in messages])

    async def append(*amounts: int) -> None:
        async with pool.acquire() as connection, connection.transaction():
            await record(connection, TALLIES, [adding(f"s{n}", *amounts) for n in range(5)])

    relay = Relay(
        "identification", "one", lambda: asyncpg.connect(db.url), publish, asyncio.Event()
    )
    try:
        async with at_work(relay.run()):
            await append(1, 2)
            await eventually(lambda: pool.fetchval("select count(*) = 0 from es.outbox"))
            getattr(line, fault)()
            await append(3, 4)  # the store is open while Kafka is away
            await eventually(lambda: log._producer is None)  # it was given up
            line.join()
            await append(5)
            await eventually(lambda: pool.fetchval("select count(*) = 0 from es.outbox"), within=20)
    finally:
        await log.close()

    first_seen: dict[str, list[int]] = {}
    for found in await scanned(servers, topic):
        event = from_headers([(n, v) for n, v in found.headers if v is not None], found.value)
        versions = first_seen.setdefault(event.stream, [])
        if event.version not in versions:
            versions.append(event.version)
    assert first_seen == {f"s{n}": [1, 2, 3, 4, 5] for n in range(5)}


@pytest.mark.parametrize("kept", [True, False])
async def test_a_scan_ends_where_a_transaction_does(
    servers: Servers, topic: str, kept: bool
) -> None:
    """Its last offset is no record, and nobody waits for one."""
    messages = [message_of(event, topic) for event in history(3)]
    (place,) = await publish_together(servers.kafka, messages, kept=kept)
    scan = LogScan(servers.kafka)
    try:
        async with asyncio.timeout(10):
            found = [r async for _, some in scan.to_end([place], 10) for r in some]
    finally:
        await scan.close()
    assert [record.offset for record in found] == [0, 1, 2]


async def test_the_last_record_is_found_before_the_end_of_a_transaction(
    servers: Servers, topic: str
) -> None:
    messages = [message_of(event, topic) for event in history(3)]
    (place,) = await publish_together(servers.kafka, messages)
    scan = LogScan(servers.kafka)
    try:
        async with asyncio.timeout(10):
            last = await scan.last([Place(topic, 0), Place(topic, 1)])
    finally:
        await scan.close()
    assert {place: record.offset for place, record in last.items()} == {place: 2}


async def test_topics_are_created_once_and_never_with_other_partitions(
    servers: Servers, monkeypatch: pytest.MonkeyPatch
) -> None:
    await create_topics(servers.kafka, 1)
    await create_topics(servers.kafka, 1)
    scan = LogScan(servers.kafka)
    places = [Place(events_topic(service), p) for service in SERVICES for p in range(PARTITIONS)]
    assert len(await scan.start(places)) == 7 * 12
    await scan.close()

    monkeypatch.setattr(topics, "PARTITIONS", 13)
    with pytest.raises(KafkaError, match="keys would move"):
        await create_topics(servers.kafka, 1)


async def test_a_member_that_could_not_say_goodbye_comes_back_at_once(
    servers: Servers, topic: str
) -> None:
    """Else its partitions would wait for the end of its session, as after each restart of a broker."""
    async with wire(servers.kafka) as line:
        lost = LogReader(f"127.0.0.1:{line.port}", topic, [topic])
        await lost.start()
        await eventually(lambda: lost.places())
        line.cut()
        await lost.close()
    back = LogReader(servers.kafka, topic, [topic])
    back.member = lost.member
    started = asyncio.get_running_loop().time()
    try:
        await back.start()
        assert back.places()
        assert asyncio.get_running_loop().time() - started < SESSION / 2
    finally:
        await back.close()
