"""From the store to Kafka: the relay beside a bare producer of the same messages."""

import time

import asyncpg
from aiokafka import AIOKafkaProducer

from common.kafka import Log, Message
from common.outbox import publish_all
from common.rows import from_row
from common.testing import Database, message_of
from common.topics import create_topics, events_topic
from tests.bench.bench import Bench
from tests.bench.events import SERVICE
from tests.bench.figures import RATE, Figure
from tests.bench.stores import COLUMNS, TYPES, columns, rows, store

BACKLOG = f"""
with e as (
    insert into es.events ({COLUMNS}) select * from
    unnest({", ".join(f"${n}::{t}[]" for n, t in enumerate(TYPES, 1))}) returning position
)
insert into es.outbox select position from e
"""
WARM = 1_000
# As `common.kafka.Log` sets its own.
SETTINGS = {
    "acks": "all",
    "enable_idempotence": True,
    "linger_ms": 0,
    "max_batch_size": 256 * 1024,
    "max_request_size": 4 * 1024 * 1024,
    "compression_type": "zstd",
}


async def run(bench: Bench) -> None:
    """Publish a backlog until nothing is left."""
    if not bench.wants("relay"):
        return
    print("Relay")
    count = bench.sizes.relay
    async with (
        bench.servers("relay") as (given, _, _),
        store(given.postgres, bench.sizes.there) as database,
    ):
        await create_topics(given.kafka, 1)
        await _backlog(database, WARM)
        await _relayed(database, given.kafka)  # until the new topic has its leaders

        async def ours() -> float:
            await _backlog(database, count)
            return await _relayed(database, given.kafka)

        async def raw() -> float:
            return await _produced(given.kafka, await _messages(database, count))

        found = await bench.compare(f"a backlog of {count:,} events", ours=ours, raw=raw)
    bench.found(
        Figure(
            name="relay, Postgres to Kafka",
            value=found["ours"],
            unit=RATE,
            against="bare aiokafka producer, the same messages and settings",
            limit=found["raw"],
            share=0.7,
        )
    )


async def _backlog(database: Database, count: int) -> None:
    connection = await asyncpg.connect(database.superuser_url)
    for some in columns(rows(count), 5_000):
        await connection.execute(BACKLOG, *some)
    await connection.execute("analyze es.outbox")
    await connection.close()


async def _messages(database: Database, count: int) -> list[Message]:
    """Those that the relay has just sent."""
    connection = await asyncpg.connect(database.url)
    found = await connection.fetch("select * from es.events order by position desc limit $1", count)
    await connection.close()
    return [message_of(from_row(SERVICE, row), events_topic(SERVICE)) for row in reversed(found)]


async def _relayed(database: Database, kafka: str) -> float:
    connection, log = await asyncpg.connect(database.url), Log(kafka)
    epoch = await connection.fetchval("update es.relay set epoch = epoch + 1 returning epoch")
    await log.publish([])  # connects
    count, started = 0, time.perf_counter()
    while done := await publish_all(connection, SERVICE, epoch, log.publish):
        count += done
    seconds = time.perf_counter() - started
    await log.close()
    await connection.close()
    return count / seconds


async def _produced(kafka: str, messages: list[Message]) -> float:
    producer = AIOKafkaProducer(bootstrap_servers=kafka, **SETTINGS)
    await producer.start()
    started = time.perf_counter()
    for m in messages:
        await producer.send(m.topic, m.value, m.key, headers=list(m.headers))
    await producer.flush()
    seconds = time.perf_counter() - started
    await producer.stop()
    return len(messages) / seconds
