"""What a running service is made of, wired once for all of them.

`running` opens the pool, lays the read model, starts writer, relay and consumer, and stops them in
the order that loses nothing: HTTP first (uvicorn), then the writer's queue, the relay, the consumer,
the pools. A worker that dies ends the process: an orchestrator restarts it, silence would not.
"""

import asyncio
import os
import signal
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import asyncpg
import structlog
import uvicorn
from fastapi import FastAPI
from sqlalchemy import MetaData
from sqlalchemy.ext.asyncio import AsyncEngine

from common import metrics
from common.catalogue import messages
from common.clock import Clock
from common.consumer import Consumer
from common.continuity import Continuity
from common.engine import engine_of
from common.garbage import collect_seldom
from common.http import Probe
from common.inbox import Handle, Inbox
from common.intents import Store
from common.kafka import KafkaError, Log, LogReader
from common.note import signer_of
from common.observability import configure
from common.outage import AWAY
from common.outbox import Relay
from common.protocol import OnlyHttp
from common.settings import Settings
from common.shape import fits, lay
from common.statements import state_regularly
from common.topics import events_topic
from common.writer import Writer

log = structlog.get_logger()

START_PATIENCE = 60.0  # seconds that a service waits for its database at start
POOL = 12
FROZEN = 8  # seconds between two statements of a transaction: then its locks go to a successor
# Seconds that a connection is kept for the next request: longer than proxies keep theirs to us (nginx 60). Who closes
# first meets a request that is on its way, which a proxy answers with 502 and a department's client as a broken one.
IDLE = 75


@dataclass
class Runtime:
    """What routes and reactions use. `engine` is for read-model queries, `pool` for the rest."""

    settings: Settings
    clock: Clock
    pool: asyncpg.Pool
    engine: AsyncEngine
    writer: Writer
    consumer: Consumer | None
    continuity: Continuity
    unpublished_age: float = 0.0  # seconds


@asynccontextmanager
async def running(
    settings: Settings,
    store: Store,
    tables: MetaData,
    *,
    durable: str = "",
    heard: frozenset[str] = frozenset(),
    hears: Sequence[str] = (),
    handle: Handle | None = None,
    inbox: type[Inbox] = Inbox,
    also: Sequence[Callable[[Runtime], Coroutine[Any, Any, None]]] = (),
) -> AsyncIterator[Runtime]:
    """A service at work until the block ends. `hears` are services whose events `handle` takes.

    `inbox` is how they are taken in; `tables` are the read model; `durable` is SQL for tables that
    cannot be rebuilt (a vault); `heard` are those of the read model that follow from what `hears` told;
    `also` are further workers of each process, supervised like the others.
    Raises `ValueError` for a bad `statement_key`, `OtherShape` for tables of another version.
    """
    signer = signer_of(store.service, settings.statement_key)
    holder = f"{socket.gethostname()}-{os.getpid()}"
    pool = await _pool(settings.database_url)
    engine = engine_of(
        settings.database_url, pool_size=POOL // 2, max_overflow=POOL // 2, pool_pre_ping=True
    )
    await lay(pool, engine, tables, durable)
    await fits(settings, store.service, engine, tables, heard)
    servers = settings.kafka_bootstrap_servers
    kafka = Log(servers)
    accept = settings.topic_ahead == "accept"
    continuity = Continuity(store.service, servers, pool, accept=accept)
    writer = Writer(pool, store, lambda: continuity.ahead)
    relay = Relay(
        store.service,
        holder,
        lambda: asyncpg.connect(settings.database_url, timeout=10),
        kafka.publish,
        writer.committed,
    )
    consumer = None
    if handle:
        topics = [events_topic(service) for service in hears]
        consumer = Consumer(
            inbox(store.service, handle),
            holder,
            pool,
            lambda: LogReader(servers, f"shouwang.{store.service}", topics, settings.instance),
        )
    runtime = Runtime(settings, Clock(), pool, engine, writer, consumer, continuity)
    workers = [writer.run(), continuity.run(), _watch(runtime)]
    if settings.background:
        workers += [continuity.then(relay.run), _announce(runtime, store)]
        workers += [continuity.then(lambda: state_regularly(pool, store.service, servers, signer))]
        workers += [continuity.then(consumer.run)] if consumer else []
    workers += [worker(runtime) for worker in also]
    tasks = [_supervised(worker) for worker in workers]
    try:
        await continuity.settled()
        yield runtime
    finally:
        for task in tasks:
            task.cancel()
            await asyncio.wait({task}, timeout=15)
        await kafka.close()
        await engine.dispose()
        try:
            await asyncio.wait_for(pool.close(), 10)
        except TimeoutError:
            pool.terminate()


async def _pool(url: str) -> asyncpg.Pool:
    """Connect, and wait for a database that is still starting."""
    deadline = asyncio.get_running_loop().time() + START_PATIENCE
    while True:
        try:
            return await asyncpg.create_pool(
                url,
                min_size=2,
                max_size=POOL,
                command_timeout=30,
                timeout=10,
                reset=_as_it_was,
                server_settings={"idle_in_transaction_session_timeout": f"{FROZEN}s"},
            )
        except (OSError, asyncpg.CannotConnectNowError, asyncpg.PostgresConnectionError) as error:
            if asyncio.get_running_loop().time() > deadline:
                raise
            log.warning("waiting_for_database", error=repr(error))
            await asyncio.sleep(0.5)


async def _as_it_was(_: asyncpg.Connection) -> None:
    """A connection that comes back needs no query: nothing of ours outlives its transaction."""


def _supervised(worker: Any) -> asyncio.Task[None]:
    task: asyncio.Task[None] = asyncio.ensure_future(worker)

    def ended(done: asyncio.Task[None]) -> None:
        if not done.cancelled() and (error := done.exception()):
            log.critical("worker_died", error=repr(error), exc_info=error)
            os.kill(os.getpid(), signal.SIGTERM)

    task.add_done_callback(ended)
    return task


async def _announce(runtime: Runtime, store: Store) -> None:
    """Publish the catalogue once; repeated records are compacted away."""
    kafka = Log(runtime.settings.kafka_bootstrap_servers)
    try:
        while True:
            try:
                await kafka.publish(messages(store.service, store.codec))
                return
            except (KafkaError, TimeoutError, OSError) as error:
                log.warning("catalogue_not_published", error=repr(error))
                await asyncio.sleep(5)
    finally:
        await kafka.close()


# The first ticket was recorded as long ago as any, but for the length of one transaction. What is to be
# published again waits since that was asked for (`common.completeness`).
_UNPUBLISHED = """
select count(*) as tickets, coalesce(extract(epoch from clock_timestamp() - (
    select greatest(e.recorded_at, r.refilled) from es.events e, es.relay r
    where e.position = min(o.position)
)), 0)::float8 as age
from (select position from es.outbox order by position limit 10000) o
"""


async def _watch(runtime: Runtime) -> None:
    """Keep the gauges that need a query up to date."""

    async def look() -> None:
        metrics.WAITING.set(runtime.writer.depth)
        # Not among the consumer's own figures: it takes none while it fails.
        why = runtime.consumer.unready() if runtime.consumer else None
        metrics.CONSUMER_UNREADY.set(why is not None)
        (row,) = await runtime.pool.fetch(_UNPUBLISHED)
        metrics.UNPUBLISHED.set(row["tickets"])
        metrics.UNPUBLISHED_AGE.set(row["age"])
        runtime.unpublished_age = row["age"]

    await regularly(2, look)


async def regularly(every: float, work: Callable[[], Awaitable[object]]) -> None:
    """Do `work`, with `every` seconds between, until cancelled; also while the database is away."""
    while True:
        try:
            await work()
        except AWAY as error:
            log.warning("work_interrupted", work=work.__qualname__, error=repr(error))
        await asyncio.sleep(every)


def probes(app: FastAPI) -> Mapping[str, Probe]:
    """Readiness: the pool answers, events get out in time, the consumer makes progress."""
    runtime: Runtime = app.state.runtime

    async def database() -> str | None:
        try:
            await asyncio.wait_for(runtime.pool.fetchval("select 1"), 2)
        except AWAY as error:
            return f"the database does not answer: {type(error).__name__}"
        return None

    async def outbox() -> str | None:
        if runtime.continuity.ahead:
            return runtime.continuity.ahead
        age, limit = runtime.unpublished_age, runtime.settings.unpublished_limit_seconds
        return f"the oldest unpublished event is {age:.0f} s old" if age > limit else None

    async def consumer() -> str | None:
        return runtime.consumer.unready() if runtime.consumer else None

    return {"database": database, "outbox": outbox, "consumer": consumer}


def serve(service: str, settings: Settings, build: Callable[[], FastAPI]) -> None:
    """Run the process until SIGTERM: one worker, one event loop, traces flushed at the end."""
    provider = configure(service, settings)
    app = build()
    collect_seldom()
    try:
        uvicorn.run(
            app,
            host=settings.host,
            port=settings.port,
            loop="uvloop",
            http=OnlyHttp,
            log_config=None,
            access_log=False,
            server_header=False,
            timeout_keep_alive=IDLE,
            timeout_graceful_shutdown=10,
        )
    finally:
        provider.shutdown()
