"""The topics as anybody may read them, with a Kafka client of our own and none of our code."""

import asyncio
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient

OURS = "chaos-"  # streams with which a case speaks in a service's name: judged by the case
Stream = tuple[str, str]


@dataclass
class Seen:
    """What was read so far. A version counts when it comes for the first time."""

    version: dict[Stream, int] = field(default_factory=dict)
    hashes: dict[tuple[str, str, int], bytes] = field(default_factory=dict)
    events: Counter[str] = field(default_factory=Counter)
    again: int = 0  # records that only repeat an event, with the same hash
    forked: int = 0  # records that repeat a version with another hash
    out_of_order: int = 0


@dataclass
class Topics:
    """Reads topics from their beginning, goes on where it was, and writes what no service would."""

    servers: str
    places: dict[TopicPartition, int] = field(default_factory=dict)
    seen: Seen = field(default_factory=Seen)
    _asking: AIOKafkaConsumer | None = None

    async def ends(self, topics: Iterable[str], partitions: int) -> dict[tuple[str, int], int]:
        """The next offset of every partition."""
        asked = [TopicPartition(t, p) for t in topics for p in range(partitions)]
        self._asking = self._asking or await self.consumer()
        try:
            found = await asyncio.wait_for(self._asking.end_offsets(asked), 10)
        except BaseException:
            await self.close()
            raise
        return {(tp.topic, tp.partition): end for tp, end in found.items()}

    async def close(self) -> None:
        """Let the connection go."""
        asking, self._asking = self._asking, None
        if asking:
            await asking.stop()

    async def read(self, topics: Iterable[str], partitions: int) -> Seen:
        """Read on to the end of everything."""
        for topic in topics:
            for p in range(partitions):
                self.places.setdefault(TopicPartition(topic, p), 0)
        consumer = await self.consumer()
        try:
            ends = await consumer.end_offsets(list(self.places))
            consumer.assign(list(self.places))
            for tp, offset in self.places.items():
                consumer.seek(tp, offset)
            while any(self.places[tp] < end for tp, end in ends.items()):
                for tp, records in (await consumer.getmany(timeout_ms=500)).items():
                    for record in records:
                        self._take(dict(record.headers))
                        self.places[tp] = record.offset + 1
        finally:
            await consumer.stop()
        return self.seen

    def _take(self, headers: dict[str, bytes]) -> None:
        if not {"ce_source", "ce_stream", "ce_sequence", "ce_hash", "ce_id"} <= set(headers):
            return  # poison that a case put there
        source, stream = headers["ce_source"].decode(), headers["ce_stream"].decode()
        if stream.startswith(OURS):
            return
        version = int(headers["ce_sequence"])
        known = self.seen.hashes.get((source, stream, version))
        if known is not None:
            if known == headers["ce_hash"]:
                self.seen.again += 1
            else:
                self.seen.forked += 1
            return
        self.seen.hashes[source, stream, version] = headers["ce_hash"]
        if version != self.seen.version.get((source, stream), 0) + 1:
            self.seen.out_of_order += 1
        self.seen.version[source, stream] = max(version, self.seen.version.get((source, stream), 0))
        self.seen.events[headers["ce_id"].decode()] += 1

    async def send(
        self,
        topic: str,
        records: Iterable[tuple[bytes | None, bytes | None, list[tuple[str, bytes]]]],
        partition: int | None = None,
    ) -> None:
        """Put records on a topic as they are: key, value, headers."""
        producer = AIOKafkaProducer(
            bootstrap_servers=self.servers, acks="all", max_request_size=4 * 1024 * 1024
        )
        await producer.start()
        try:
            for key, value, headers in records:
                await producer.send_and_wait(
                    topic, value, key=key, headers=headers, partition=partition
                )
        finally:
            await producer.stop()

    async def admin(self) -> AIOKafkaAdminClient:
        """A client that may delete; to be closed."""
        client = AIOKafkaAdminClient(bootstrap_servers=self.servers)
        await client.start()
        return client

    async def consumer(self) -> AIOKafkaConsumer:
        """A client of no group, connected; to be stopped."""
        consumer = AIOKafkaConsumer(
            bootstrap_servers=self.servers, enable_auto_commit=False, max_poll_records=5_000
        )
        await consumer.start()
        return consumer
