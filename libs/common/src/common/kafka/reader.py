"""The only module that speaks to Kafka. aiokafka's defaults lose or reorder; ours do not.

Changed on purpose: `acks=all` and an idempotent producer (its default is `acks=1`), no automatic
commit and no automatic offset reset (its defaults are a 5 s commit and `latest`). Every await has a
deadline, because a producer that failed may never answer again (aiokafka issues 1017, 1101).
"""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, ConsumerRebalanceListener, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.coordinator.assignors.range import RangePartitionAssignor
from aiokafka.errors import KafkaError as KafkaError
from aiokafka.errors import TopicAlreadyExistsError, for_code

DEADLINE = 15.0  # seconds for any single answer of the broker


@dataclass(frozen=True, slots=True)
class Message:
    """What is sent: a topic, a key, headers, a body."""

    topic: str
    key: bytes
    headers: Sequence[tuple[str, bytes]]
    value: bytes


@dataclass(frozen=True, slots=True)
class Place:
    """A partition of a topic."""

    topic: str
    partition: int


@dataclass(frozen=True, slots=True)
class Record:
    """What is read. `key`, `value` and a header's value may be absent in a foreign message."""

    place: Place
    offset: int
    key: bytes | None
    headers: Sequence[tuple[str, bytes | None]]
    value: bytes | None


class Unreadable(KafkaError):  # type: ignore[misc] # aiokafka is untyped
    """A partition holds a record that the client cannot decode, nor anything behind it."""

    def __init__(self, place: Place | None) -> None:
        super().__init__(f"unreadable: {place}")
        self.place = place


class Log:
    """An idempotent producer that is thrown away when it fails, and made anew."""

    def __init__(self, servers: str) -> None:
        self._servers = servers
        self._producer: AIOKafkaProducer | None = None

    async def publish(self, messages: Sequence[Message]) -> None:
        """Send in order and wait until all are acknowledged by all in-sync replicas.

        Raises `KafkaError` or `TimeoutError`; then any part may have been written, and the caller
        sends all of it again, in the same order.
        """
        sent: list[asyncio.Future[object]] = []
        try:
            producer = await self._ready()
            async with asyncio.timeout(DEADLINE):
                for m in messages:
                    headers = list(m.headers)
                    sent.append(
                        await producer.send(m.topic, m.value, m.key or None, headers=headers)
                    )
                await producer.flush()
                await asyncio.gather(*sent)
        except BaseException:
            await self.close()
            raise

    async def close(self) -> None:
        """Let the producer go, whatever state it is in."""
        producer, self._producer = self._producer, None
        if producer:
            await _discard(producer)

    async def _ready(self) -> AIOKafkaProducer:
        if self._producer is None:
            producer = AIOKafkaProducer(
                bootstrap_servers=self._servers,
                acks="all",
                enable_idempotence=True,
                linger_ms=0,
                max_batch_size=256 * 1024,
                max_request_size=4 * 1024 * 1024,
                compression_type="zstd",
                request_timeout_ms=10_000,
            )
            try:
                async with asyncio.timeout(DEADLINE):
                    await producer.start()
            except BaseException:
                await _discard(producer)
                raise
            self._producer = producer
        return self._producer


class _Reader:
    """What every reader does."""

    def __init__(self, servers: str, group: str | None, instance: str | None = None) -> None:
        self._consumer = _consumer(servers, group, instance)

    async def bounds(self, places: Iterable[Place]) -> dict[Place, tuple[int, int]]:
        """The first offset kept and the next offset to be written, for each place."""
        asked = [TopicPartition(p.topic, p.partition) for p in places]
        if not asked:
            return {}
        async with asyncio.timeout(DEADLINE):
            first = await self._consumer.beginning_offsets(asked)
            end = await self._consumer.end_offsets(asked)
        return {Place(tp.topic, tp.partition): (first[tp], end[tp]) for tp in asked}

    def seek(self, place: Place, offset: int) -> None:
        """Read on from `offset`."""
        self._consumer.seek(TopicPartition(place.topic, place.partition), offset)

    async def fetch(self, limit: int, wait: float) -> dict[Place, list[Record]]:
        """Up to `limit` records, or nothing after `wait` seconds. Raises `Unreadable` (a header's
        name is not UTF-8, and aiokafka cannot pass it by)."""
        try:
            found = await self._consumer.getmany(timeout_ms=int(wait * 1000), max_records=limit)
        except UnicodeDecodeError as error:
            raise Unreadable(await self._unreadable()) from error
        return {
            place: [Record(place, r.offset, r.key, r.headers, r.value) for r in records]
            for place, records in (
                (Place(tp.topic, tp.partition), records) for tp, records in found.items()
            )
        }

    async def _unreadable(self) -> Place | None:
        for tp in self._consumer.assignment():
            try:
                await self._consumer.getmany(tp, timeout_ms=500)
            except UnicodeDecodeError:
                return Place(tp.topic, tp.partition)
        return None

    async def close(self) -> None:
        """Disconnect, and leave the group if there is one."""
        await _within(10.0, self._consumer.stop())


class LogReader(_Reader):
    """A member of a consumer group that only hands out partitions; offsets are kept by the caller.

    `generation` changes whenever partitions come or go; then the caller claims and seeks. With an
    `instance` (a name that outlives the process) a replica that crashed and comes back has its
    partitions at once; without one, they wait for the session of the dead member to end.
    """

    def __init__(
        self, servers: str, group: str, topics: Iterable[str], instance: str | None = None
    ) -> None:
        super().__init__(servers, group, instance)
        self._topics = list(topics)
        self.generation = 0

    async def start(self) -> None:
        """Join the group. Raises `KafkaError` or `TimeoutError` when the broker cannot be reached."""
        reader = self

        class Listener(ConsumerRebalanceListener):  # type: ignore[misc] # aiokafka is untyped
            async def on_partitions_revoked(self, revoked: object) -> None:
                reader.generation += 1

            async def on_partitions_assigned(self, assigned: object) -> None:
                reader.generation += 1

        self._consumer.subscribe(self._topics, listener=Listener())
        async with asyncio.timeout(DEADLINE):
            await self._consumer.start()

    def places(self) -> set[Place]:
        """What the group has given us."""
        return {Place(tp.topic, tp.partition) for tp in self._consumer.assignment()}

    def pause(self, place: Place) -> None:
        """Read no more of this partition."""
        self._consumer.pause(TopicPartition(place.topic, place.partition))

    async def commit(self, offsets: Mapping[Place, int]) -> None:
        """Tell the group where we are, only so that the broker's own lag tools work."""
        async with asyncio.timeout(DEADLINE):
            await self._consumer.commit(
                {TopicPartition(p.topic, p.partition): offset for p, offset in offsets.items()}
            )


class LogScan(_Reader):
    """Reads given partitions from their beginning, without a group (rebuilds, catalogue)."""

    def __init__(self, servers: str) -> None:
        super().__init__(servers, None)

    async def start(self, places: Iterable[Place]) -> dict[Place, tuple[int, int]]:
        """Assign `places`, go to their beginning; returns their bounds as of now."""
        async with asyncio.timeout(DEADLINE):
            await self._consumer.start()
        self._consumer.assign([TopicPartition(p.topic, p.partition) for p in places])
        bounds = await self.bounds(places)
        for place, (first, _) in bounds.items():
            self.seek(place, first)
        return bounds


def _consumer(servers: str, group: str | None, instance: str | None) -> AIOKafkaConsumer:
    return AIOKafkaConsumer(
        bootstrap_servers=servers,
        group_id=group,
        group_instance_id=instance,
        enable_auto_commit=False,
        auto_offset_reset="earliest",  # never used silently: the reader compares offsets itself
        partition_assignment_strategy=[RangePartitionAssignor],  # keeps p of every topic together
        session_timeout_ms=6_000,
        heartbeat_interval_ms=2_000,
        max_poll_interval_ms=300_000,
        max_partition_fetch_bytes=4 * 1024 * 1024,
        fetch_max_wait_ms=250,
        retry_backoff_ms=100,
    )


@dataclass(frozen=True, slots=True)
class Topic:
    """What is wanted: for ever (`delete`, no retention), or only the last record of a key."""

    name: str
    partitions: int
    compacted: bool = False


async def ensure_topics(servers: str, replication: int, wanted: Sequence[Topic]) -> None:
    """Create what is missing.

    Raises `KafkaError`, also for a topic that exists with another number of partitions.
    """
    admin = AIOKafkaAdminClient(bootstrap_servers=servers)
    try:
        async with asyncio.timeout(DEADLINE):
            await admin.start()
            existing = {t["topic"]: len(t["partitions"]) for t in await admin.describe_topics()}
            for topic in wanted:
                if existing.get(topic.name, topic.partitions) != topic.partitions:
                    raise KafkaError(
                        f"{topic.name} has {existing[topic.name]} partitions, not "
                        f"{topic.partitions}: keys would move. Use a new cluster or topic."
                    )
            missing = [_new(topic, replication) for topic in wanted if topic.name not in existing]
            answer = await admin.create_topics(missing)
        for name, code, *_ in answer.topic_errors:
            error = for_code(code)
            if code and error is not TopicAlreadyExistsError:
                raise error(name)
    finally:
        await _within(5.0, admin.close())


def _new(topic: Topic, replication: int) -> NewTopic:
    kept = {"cleanup.policy": "compact"} if topic.compacted else {"retention.ms": "-1"}
    configs = {"cleanup.policy": "delete", **kept, "min.insync.replicas": str(min(2, replication))}
    return NewTopic(topic.name, topic.partitions, replication, topic_configs=configs)


async def _discard(producer: AIOKafkaProducer) -> None:
    """End a producer whatever state it is in. One that cannot flush never stops by itself (aiokafka
    1101): its sender would retry for ever, beside its successors. Nothing unflushed is wanted."""
    closing = asyncio.ensure_future(producer._sender.close())  # it begins nothing more, and waits
    await _within(5.0, producer.client.close())  # for what is in flight, which fails,
    await _within(0.5, closing)  # or hangs in a connection being made, and is cancelled with it
    producer._closed = True


async def _within(seconds: float, stopping: object) -> None:
    """Wait for a client to stop, but not for ever: a broken one may hang (aiokafka 1101)."""
    task = asyncio.ensure_future(stopping)  # type: ignore[call-overload] # a coroutine of aiokafka
    await asyncio.wait({task}, timeout=seconds)
    if not task.done():
        task.cancel()
    elif not task.cancelled():
        task.exception()  # seen; a client that is thrown away has nothing more to tell
