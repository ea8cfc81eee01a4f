"""Sending, in order, until every in-sync replica has it."""

import asyncio
from collections.abc import Sequence

from aiokafka import AIOKafkaProducer
from aiokafka.producer.message_accumulator import BatchBuilder
from murmurhash2 import murmurhash2

from common.kafka.access import access
from common.kafka.records import Message, Place
from common.kafka.waiting import DEADLINE, within


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
        try:
            producer = await self._ready()
            async with asyncio.timeout(DEADLINE):
                await _send(producer, messages)
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
                max_batch_size=BATCH_BYTES,
                max_request_size=4 * 1024 * 1024,
                compression_type="zstd",
                request_timeout_ms=10_000,
                **access(),
            )
            try:
                async with asyncio.timeout(DEADLINE):
                    await producer.start()
            except BaseException:
                await _discard(producer)
                raise
            self._producer = producer
        return self._producer


BATCH_BYTES = 256 * 1024
SEED = 0x9747B28C  # Kafka's


async def _send(producer: AIOKafkaProducer, messages: Sequence[Message]) -> None:
    """A batch a partition, built here: `AIOKafkaProducer.send` costs as much again for each message.

    The batches of one partition go out one after the other, so order is kept.
    """
    partitions = {t: len(await producer.partitions_for(t)) for t in {m.topic for m in messages}}
    building: dict[Place, BatchBuilder] = {}
    sent: list[asyncio.Future[object]] = []
    for m in messages:
        place = Place(m.topic, partition_of(m.key, partitions[m.topic]))
        batch = building.get(place)
        if batch is None or not _added(batch, m):
            if batch:
                sent.append(await producer.send_batch(batch, m.topic, partition=place.partition))
            batch = building[place] = producer.create_batch()
            _added(batch, m)
    for place, batch in building.items():
        sent.append(await producer.send_batch(batch, place.topic, partition=place.partition))
    await asyncio.gather(*sent)


def _added(batch: BatchBuilder, m: Message) -> bool:
    """Whether it went in. The first one always does, however large."""
    return (
        batch.append(timestamp=None, key=m.key or None, value=m.value, headers=m.headers)
        is not None
    )


def partition_of(key: bytes, partitions: int) -> int:
    """As every Kafka client has it by default (aiokafka's own takes 6 us a key, in Python)."""
    return int((murmurhash2(key, SEED) & 0x7FFFFFFF) % partitions)


async def _discard(producer: AIOKafkaProducer) -> None:
    """End a producer whatever state it is in. One that cannot flush never stops by itself (aiokafka
    1101): its sender would retry for ever, beside its successors. Nothing unflushed is wanted."""
    closing = asyncio.ensure_future(producer._sender.close())  # it begins nothing more, and waits
    await within(5.0, producer.client.close())  # for what is in flight, which fails,
    await within(0.5, closing)  # or hangs in a connection being made, and is cancelled with it
    producer._closed = True
