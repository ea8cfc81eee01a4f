"""The limits of reading the log: bare consuming, and bare COPY of the rows that it becomes."""

import asyncio
import time
from concurrent.futures import ProcessPoolExecutor
from itertools import chain
from multiprocessing import get_context
from typing import Any

import asyncpg
import uvloop
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient

from audit.read_model import COLUMNS, row
from common.incoming import incoming
from common.kafka import LogScan, Place, Record
from common.testing import eventually
from common.topics import PARTITIONS, create_topics, events_topic
from tests.bench.events import SERVICE

TOPIC = events_topic(SERVICE)
MOST = 100_000  # rows that are copied; they are held in memory


async def recreate(kafka: str) -> None:
    """The topic without a record."""
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka)
    await admin.start()
    await admin.delete_topics([TOPIC])

    async def gone() -> bool:
        return TOPIC not in await admin.list_topics()

    await eventually(gone, within=30)
    await admin.close()
    await create_topics(kafka, 1)


async def consumed(kafka: str, workers: int) -> float:
    """Records a second, by processes that share the partitions and look at nothing."""
    counts = await _in_processes(workers, _consume, kafka, workers)
    started, ended = min(c[1] for c in counts), max(c[2] for c in counts)
    return float(sum(c[0] for c in counts) / (ended - started))


async def copied(
    kafka: str, url: str, workers: int, count: int, *, index: bool, batch: int
) -> float:
    """Rows a second, `batch` a transaction, by processes that each have half or all of the rows."""
    if not index:
        connection = await asyncpg.connect(url)
        await connection.execute("alter table read.timeline drop constraint timeline_pkey")
        await connection.close()
    most = min(count, MOST) // workers
    counts = await _in_processes(workers, _copy, kafka, url, workers, most, batch)
    started, ended = min(c[1] for c in counts), max(c[2] for c in counts)
    return float(sum(c[0] for c in counts) / (ended - started))


async def _in_processes(workers: int, work: Any, *arguments: Any) -> list[tuple[int, float, float]]:
    loop = asyncio.get_running_loop()
    with ProcessPoolExecutor(workers, get_context("spawn")) as processes:
        found: list[tuple[int, float, float]] = await asyncio.gather(
            *(loop.run_in_executor(processes, _run, work, n, *arguments) for n in range(workers))
        )
    return found


def _run(work: Any, *arguments: Any) -> Any:
    return uvloop.run(work(*arguments))


async def _consume(part: int, kafka: str, parts: int) -> tuple[int, float, float]:
    consumer = AIOKafkaConsumer(
        bootstrap_servers=kafka,
        enable_auto_commit=False,
        max_partition_fetch_bytes=4 * 1024 * 1024,
    )
    await consumer.start()
    places = [TopicPartition(TOPIC, p) for p in range(part, PARTITIONS, parts)]
    consumer.assign(places)
    ends = await consumer.end_offsets(places)
    for place in places:
        consumer.seek(place, 0)
    count, wanted, started = 0, sum(ends.values()), time.time()
    while count < wanted:
        found = await consumer.getmany(timeout_ms=500, max_records=5_000)
        count += sum(map(len, found.values()))
    ended = time.time()
    await consumer.stop()
    return count, started, ended


async def _copy(
    part: int, kafka: str, url: str, parts: int, most: int, batch: int
) -> tuple[int, float, float]:
    records = await _records(kafka, part, parts, most)
    rows = [row(incoming(record)) for record in records]
    connection = await asyncpg.connect(url)
    started = time.time()
    for first in range(0, len(rows), batch):
        async with connection.transaction():
            await connection.execute("set local synchronous_commit = off")
            await connection.copy_records_to_table(
                "timeline", schema_name="read", columns=COLUMNS, records=rows[first : first + batch]
            )
    ended = time.time()
    await connection.close()
    return len(rows), started, ended


async def _records(kafka: str, part: int, parts: int, most: int) -> list[Record]:
    scan = LogScan(kafka)
    places = [Place(TOPIC, p) for p in range(part, PARTITIONS, parts)]
    bounds = await scan.start(places)
    most = min(most, sum(end for _, end in bounds.values()))
    found: list[Record] = []
    while len(found) < most:
        found += chain.from_iterable((await scan.fetch(5_000, 0.5)).values())
    await scan.close()
    return found[:most]
