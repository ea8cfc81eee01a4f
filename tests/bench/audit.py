"""Audit: hearing live, building anew from Kafka, and telling one household's timeline."""

import asyncio
import statistics
import sys
import time
from collections.abc import Sequence
from contextlib import suppress

import asyncpg
import httpx
import psutil

from audit.read_model import TABLES, taking
from common.catalogue import messages
from common.codec import Codec
from common.consumer import Consumer
from common.inbox import Inbox
from common.kafka import Log, LogReader
from common.testing import at_work, database, eventually, laid
from common.topics import events_topic
from contracts.identification import IdentificationEvent
from local.servers import Servers
from local.services import without_proxy
from local.system import provide, system
from tests.bench import raw_log
from tests.bench.bench import ROUNDS, Bench, Side
from tests.bench.client import Client, request
from tests.bench.events import SERVICE, publish, spans
from tests.bench.figures import RATE, TIME, Figure, percentile
from tests.integration.county import County

FILL = """
insert into read.timeline
select n / 10 || '-filler', timestamptz '2020-01-01' + n * interval '1 s', 'identification',
    'filler-' || n / 10, n % 10 + 1, gen_random_uuid(), null, 'DepartmentFactRecorded', 1, now(), 'person',
    'DEPARTMENT_OFFICER', '和平县医疗保障局', 'yibao', '441624', '441624108201', null, gen_random_uuid(),
    null, 'INTERNAL', convert_to(repeat('x', 500), 'UTF8'), sha256('a'), sha256('b'), 'filler', 0, n
from generate_series(0, $1::int - 1) as n
"""
SAMPLE = 0.25  # seconds between looks at a program's memory


async def run(bench: Bench) -> None:
    """The consumer on the first events of the log; then the rest of the log, and the rebuild."""
    if not bench.wants("consumer", "rebuild", "timeline"):
        return
    print("Audit")
    sizes = bench.sizes
    async with bench.servers("audit") as (given, home, ports):
        urls = await provide(given, ["audit"], home, home / "logs" / "setup.log")
        log = Log(given.kafka)
        await log.publish(messages(SERVICE, Codec.of(IdentificationEvent)))
        await log.close()
        if bench.wants("consumer"):
            print(f"  putting {sizes.consumer:,} events on the topic", flush=True)
            count = await publish(given.kafka, sizes.consumer, 0)
            await _consumer(bench, given, count)
            await raw_log.recreate(given.kafka)
        if bench.wants("rebuild", "timeline"):
            print(f"  putting {sizes.rebuild:,} events on the topic", flush=True)
            count = await publish(given.kafka, sizes.rebuild, sizes.long_streams)
            await _rebuilds(bench, given, urls["audit"], count)
        if bench.wants("timeline"):
            async with (
                system(home, ports, given, names=["audit"]) as running,
                httpx.AsyncClient(timeout=60, trust_env=False) as http,
            ):
                await _timeline(bench, County(running, home, http))


# Live


async def _consumer(bench: Bench, given: Servers, count: int) -> None:
    rounds = iter(range(ROUNDS))

    async def ours() -> float:
        async with database(given.postgres, "audit") as made:
            await _lay(made.url, bench.sizes.there)
            return await _consumed(given.kafka, made.url, count, next(rounds))

    async def consume() -> float:
        return await raw_log.consumed(given.kafka, 1)

    async def copy() -> float:
        async with database(given.postgres, "audit") as made:
            await _lay(made.url, bench.sizes.there)
            return await raw_log.copied(given.kafka, made.url, 1, count, index=True, batch=500)

    found = await bench.compare(
        f"consumer with projection, {count:,} events waiting", ours=ours, consume=consume, copy=copy
    )
    better, against = _lesser(found)
    bench.found(
        Figure(
            name="consumer with projection, live",
            value=found["ours"],
            unit=RATE,
            against=f"{against}, 500 a transaction, with the index",
            limit=better,
            least=15_000,
        )
    )


async def _lay(url: str, there: int) -> None:
    """Audit's tables as the service lays them, with a timeline of other households in them."""
    async with asyncpg.create_pool(url, min_size=1, max_size=1) as pool:
        await laid(pool, url, TABLES)
        await pool.execute(FILL, there, timeout=600)
        await pool.execute("analyze read.timeline")


async def _consumed(kafka: str, url: str, count: int, number: int) -> float:
    inbox, topics = Inbox("audit", taking()), [events_topic(SERVICE)]
    async with asyncpg.create_pool(url, min_size=2, max_size=12) as pool:
        consumer = Consumer(
            inbox, "bench", pool, lambda: LogReader(kafka, f"bench.{number}", topics)
        )
        async with at_work(consumer.run()) as task:
            await eventually(lambda: _taken(pool), within=60)  # joining is no part of the rate
            first, started = await _taken(pool), time.perf_counter()
            while (taken := await _taken(pool)) < count:
                assert not task.done()
                await asyncio.sleep(0.02)
            return (taken - first) / (time.perf_counter() - started)


async def _taken(pool: asyncpg.Pool) -> int:
    taken: int = await pool.fetchval("select coalesce(sum(next), 0)::bigint from es.offsets")
    return taken


# Anew


async def _rebuilds(bench: Bench, given: Servers, url: str, count: int) -> None:
    memory: dict[int, list[float]] = {1: [], 2: []}

    def ours(workers: int) -> Side:
        async def measured() -> float:
            seconds, samples = await _rebuilt(given.kafka, url, workers)
            memory[workers].append(_growth(samples))
            return count / seconds

        return measured

    if not bench.wants("rebuild"):  # one will do, for the timeline
        await _rebuilt(given.kafka, url, 2)
        return
    for workers in (1, 2):

        async def consume(workers: int = workers) -> float:
            return await raw_log.consumed(given.kafka, workers)

        async def copy(workers: int = workers) -> float:
            async with database(given.postgres, "audit") as made:
                await _lay(made.url, 0)
                return await raw_log.copied(
                    given.kafka, made.url, workers, count, index=False, batch=5_000
                )

        found = await bench.compare(
            f"rebuild of {count:,} events, {workers} at work",
            ours=ours(workers),
            consume=consume,
            copy=copy,
        )
        better, against = _lesser(found)
        name = f"rebuild from Kafka, {workers} worker{'s' * (workers > 1)}"
        bench.found(
            Figure(
                name=name,
                value=found["ours"],
                unit=RATE,
                against=f"{against}, {workers} at work",
                limit=better,
                least=20_000 * workers,
                share=0.6,
            )
        )
        value = statistics.median(memory[workers])
        name, unit = f"{name}: memory at the end over the middle", "ratio"
        bench.found(Figure(name=name, value=value, unit=unit, below=1.1))


async def _rebuilt(kafka: str, url: str, workers: int) -> tuple[float, list[float]]:
    """`make rebuild SERVICE=audit` as it is: seconds from start to end, and memory on the way."""
    started = time.perf_counter()
    program = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "audit.rebuild",
        "--workers",
        str(workers),
        env={**without_proxy(), "DATABASE_URL": url, "KAFKA_BOOTSTRAP_SERVERS": kafka},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    ending, samples = asyncio.ensure_future(program.communicate()), list[float]()
    while not (await asyncio.wait({ending}, timeout=SAMPLE))[0]:
        with suppress(psutil.Error):
            main = psutil.Process(program.pid)
            family = [main, *main.children(recursive=True)]
            samples.append(sum(one.memory_info().rss for one in family))
    printed, _ = await ending
    assert program.returncode == 0, printed.decode()[-2000:]
    return time.perf_counter() - started, samples


def _growth(samples: Sequence[float]) -> float:
    """The most memory in the last third of the time over the most in the second."""
    third = len(samples) // 3
    return max(samples[2 * third :]) / max(samples[third : 2 * third] or samples)


def _lesser(found: dict[str, float]) -> tuple[float, str]:
    consume, copy = found["consume"], found["copy"]
    return (consume, "raw consume") if consume < copy else (copy, "raw COPY of the same rows")


# Told


async def _timeline(bench: Bench, county: County) -> None:
    """Whole timelines, and pages from places all along them, one request at a time."""
    token = await county.token("supervisor")
    address = county.system.endpoints.services["audit"]
    (span, _) = spans(bench.sizes.rebuild, bench.sizes.long_streams)
    ids = [span.household(number) for number in span.households]
    paths = []
    for number, one in enumerate(ids):
        path = f"/v1/households/{one}/timeline"
        paths.append(f"{path}?limit=500")
        for page in (1, 100, 250, 400):
            found = await county.get("supervisor", "audit", f"{path}?limit={page + number}")
            assert found["count"] == span.length
            if found["next"]:
                paths.append(f"{path}?limit=500&cursor={found['next']}")
    client, rounds, slow = Client(), range(ROUNDS), []
    requests = [request("GET", path, token) for path in paths]
    try:
        await client.call(address, requests[:10], callers=1)
        for _ in rounds:
            _, answers = await client.call(address, requests, callers=1)
            slow.append(percentile([answer.seconds * 1_000 for answer in answers], 95))
    finally:
        client.close()
    limit = await _rows_alone(county.system.endpoints.databases["audit"], [str(one) for one in ids])
    bench.found(
        Figure(
            name="timeline of 500 events, from any date, p95",
            value=statistics.median(slow),
            unit=TIME,
            against="its rows by SQL alone, p95",
            limit=limit,
            below=50,
        )
    )


async def _rows_alone(url: str, keys: Sequence[str]) -> float:
    connection, times = await asyncpg.connect(url), []
    for _ in range(ROUNDS):
        for key in keys:
            started = time.perf_counter()
            found = await connection.fetch("select * from read.timeline where key = $1", key)
            times.append((time.perf_counter() - started) * 1_000)
            assert found
    await connection.close()
    return percentile(times, 95)
