"""What a service states of its own event store, so that audit can compare it with its log.

No service may read another's database. So each states, every hour, how many events it has recorded and
the hash over them, month by month, on a compacted topic; audit reconciles that with what it has heard
(`audit.reconciliation`). What differs is then named by `common.completeness`, in the service's own
environment.
"""

import asyncio
from datetime import datetime, timedelta

import asyncpg
import msgspec
import structlog

from common.intents import Connection
from common.kafka import KafkaError, Log, LogScan, Message, Place
from common.topics import PARTITIONS, STATEMENTS, events_topic

log = structlog.get_logger()

EVERY = 3600.0  # seconds between statements of a service, however many replicas it has
AGAIN = 60.0  # seconds between looks whether one is due, and attempts to make it
LOCK = 7_301_005  # advisory


class Month(msgspec.Struct, frozen=True):
    """The events recorded in a month (UTC, `2024-06`): how many, and the hex sha256 over their hashes
    in the order of their bytes."""

    month: str
    events: int
    hash: str


class Statement(msgspec.Struct, frozen=True):
    """All that a service recorded before `until`. `ends` is how far its topic reached then, by
    partition: who has read up to there has heard all of it."""

    service: str
    until: datetime
    ends: list[int]
    months: list[Month]


async def months(connection: Connection) -> tuple[datetime, list[Month]] | None:
    """All that is recorded before a moment, and the moment; `None` while any of it is unpublished.

    No event can be recorded before that moment any more: it is the start of the oldest transaction
    at work, and an event is recorded after its transaction began.
    """
    until = await connection.fetchval(_UNTIL)
    if await connection.fetchval(_UNPUBLISHED, until):
        return None
    rows = await connection.fetch(_MONTHS, until, timeout=600)
    return until, [Month(**row) for row in rows]


async def stated(connection: Connection, service: str, servers: str) -> Statement | None:
    """The statement of a service as of now; `None` while it is not yet possible. Raises `KafkaError`."""
    found = await months(connection)
    if found is None:
        return None
    scan, topic = LogScan(servers), events_topic(service)
    try:
        bounds = await scan.start([Place(topic, n) for n in range(PARTITIONS)])
    finally:
        await scan.close()
    ends = [bounds[Place(topic, n)][1] for n in range(PARTITIONS)]
    return Statement(service, found[0], ends, found[1])


async def state_regularly(pool: asyncpg.Pool, service: str, servers: str) -> None:
    """Publish a statement each hour, for ever; survive any failure of Kafka or Postgres."""
    kafka = Log(servers)
    try:
        while True:
            try:
                await state(pool, service, servers, kafka)
            except (
                KafkaError,
                asyncpg.PostgresError,
                asyncpg.InterfaceError,
                OSError,
                TimeoutError,
            ) as error:
                log.warning("not_stated", error=repr(error))
            await asyncio.sleep(AGAIN)
    finally:
        await kafka.close()


async def state(pool: asyncpg.Pool, service: str, servers: str, kafka: Log) -> bool:
    """Publish a statement if one is due, and no other replica is at it; whether it did."""
    async with pool.acquire() as connection:
        if not await connection.fetchval("select pg_try_advisory_lock($1)", LOCK):
            return False
        try:
            if not await connection.fetchval(_DUE, timedelta(seconds=EVERY)):
                return False
            statement = await stated(connection, service, servers)
            if statement is None:
                return False
            headers = [("content-type", b"application/json")]
            value = msgspec.json.encode(statement)
            await kafka.publish([Message(STATEMENTS, service.encode(), headers, value)])
            await connection.execute("update es.relay set stated = clock_timestamp()")
            return True
        finally:
            await connection.execute("select pg_advisory_unlock($1)", LOCK)


_UNTIL = """
select least(clock_timestamp(), min(xact_start)) from pg_stat_activity
where datname = current_database() and pid <> pg_backend_pid()
"""
_UNPUBLISHED = """
select exists (select from es.outbox join es.events e using (position) where e.recorded_at < $1)
"""
_MONTHS = """
select to_char(recorded_at at time zone 'UTC', 'YYYY-MM') as month, count(*) as events,
    encode(sha256(string_agg(hash, ''::bytea order by hash)), 'hex') as hash
from es.events where recorded_at < $1 group by 1 order by 1
"""
_DUE = "select stated is null or stated < clock_timestamp() - $1::interval from es.relay"
