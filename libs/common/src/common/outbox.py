"""From the event store to Kafka. Only here are events published.

A ticket in `es.outbox` is an event that is not yet on the topic. The relay publishes the tickets in
`position` order and deletes them once Kafka has acknowledged. A crash in between publishes again
(at least once on the topic); consumers drop what they have (`common.inbox`). Versions of one stream
cannot invert: version n+1 is only appended after version n was visible.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache
from typing import Any

import asyncpg
import structlog
from opentelemetry import trace

from common import metrics
from common.incoming import headers_from_json
from common.intents import Connection
from common.kafka import KafkaError, Message
from common.outage import AWAY
from common.rows import actor_of
from common.topics import events_topic, parked_topic
from common.tracing import creation_links
from contracts.cloudevents import headers_of, standing_headers

log = structlog.get_logger()
tracer = trace.get_tracer("shouwang.relay")

BATCH = 1_000
POLL = 0.05  # seconds: finds tickets of other processes, and of crashes
SOON = 0.01  # seconds between looks while there was something less than `BUSY` seconds ago
BUSY = 1.0
RETRY = (0.1, 0.5, 1.0)  # seconds between attempts while Kafka or Postgres is away
STANDBY = 1.0  # seconds between a replica's attempts to lead
ALIVE = 1.0  # seconds between signs of life of a leader that has nothing to publish, or waits
STALE = 4.0  # seconds without one after which a replica takes the lead away
WELL = 30.0  # seconds of leading after which an interruption counts as the first again
LARGEST = 1_000_000  # bytes of a parked record that is copied: what is said of it takes room, too
ANNOUNCE = 1.0  # seconds between looks for parked records that nobody outside was told of
ANNOUNCED = 20  # of them in one look, each of up to `LARGEST` bytes; then the next does not wait
# Any number, the same in every replica; advisory locks are per database, and so per service.
LEADER_LOCK = 7_301_001

Publish = Callable[[Sequence[Message]], Awaitable[None]]


class Deposed(Exception):
    """Another relay has taken over: this one must stop before it does anything more."""


@dataclass
class Relay:
    """One service's relay. `connect` opens a session of its own, which holds the leader lock."""

    service: str
    holder: str
    connect: Callable[[], Awaitable[asyncpg.Connection]]
    publish: Publish
    committed: asyncio.Event

    async def run(self) -> None:
        """Lead when nobody else does, for ever; survive any failure of Kafka or Postgres."""
        failures = 0
        while True:
            began = time.monotonic()
            try:
                await self._lead()
            except (KafkaError, Deposed, *AWAY) as error:
                metrics.RELAY_FAILURES.inc()
                log.warning("relay_interrupted", error=repr(error), attempt=failures + 1)
                failures = 1 if time.monotonic() - began > WELL else failures + 1
                await asyncio.sleep(RETRY[min(failures, len(RETRY)) - 1])
            else:
                failures = 0
                await asyncio.sleep(STANDBY)

    async def _lead(self) -> None:
        """Publish until something fails; returns at once when another relay leads.

        The session lock goes with the connection, so a dead leader is replaced without a timeout.
        One that is frozen keeps its connection and gives no sign of life: its session is ended. The
        epoch stops a leader that lost its lock without noticing.
        """
        async with asyncio.timeout(10):
            connection = await self.connect()
        try:
            if not await connection.fetchval(
                "select pg_try_advisory_lock($1)", LEADER_LOCK, timeout=10
            ):
                metrics.RELAY_LEADER.set(0)
                if await connection.fetch(_RELIEVE, timedelta(seconds=STALE), timeout=10):
                    log.warning("relay_relieved", reason="no sign of life")
                return
            epoch = await connection.fetchval(_LEAD, self.holder, timeout=10)
            metrics.RELAY_EPOCH.set(epoch)
            metrics.RELAY_LEADER.set(1)
            log.info("relay_leads", epoch=epoch)
            alive = announced = published = 0.0
            while True:
                self.committed.clear()
                if await publish_all(connection, self.service, epoch, self.publish):
                    published = time.monotonic()
                else:
                    if time.monotonic() - alive > ALIVE:
                        alive = time.monotonic()
                        await connection.execute(_SEEN, epoch, timeout=10)
                    due = time.monotonic() - announced > ANNOUNCE
                    if due and not await announce_parked(connection, self.service, self.publish):
                        announced = time.monotonic()
                    busy = time.monotonic() - published < BUSY
                    await _woken(self.committed, SOON if busy else POLL)
        finally:
            metrics.RELAY_LEADER.set(0)
            connection.terminate()


async def _woken(committed: asyncio.Event, patience: float) -> None:
    # Not `wait_for`: in Python 3.11 who is woken and cancelled at one moment never learns of the latter.
    with suppress(TimeoutError):
        async with asyncio.timeout(patience):
            await committed.wait()


_LEAD = """
update es.relay set epoch = epoch + 1, holder = $1, seen = clock_timestamp() returning epoch
"""
_SEEN = "update es.relay set seen = clock_timestamp() where epoch = $1"
_RELIEVE = f"""
select pg_terminate_backend(l.pid) from es.relay r, pg_locks l
where r.seen < clock_timestamp() - $1::interval and l.locktype = 'advisory' and l.granted
    and l.objid = {LEADER_LOCK} and l.objsubid = 1
    and l.database = (select oid from pg_database where datname = current_database())
"""


def _rfc3339(column: str) -> str:
    """As `contracts.envelope.timestamp` writes it. The driver stores Python's first and last moment as
    infinities, for which `to_char` has no text."""
    first, last = "timestamptz '0001-01-01Z'", "timestamptz '9999-12-31 23:59:59.999999Z'"
    moment = f"greatest(least({column}, {last}), {first}) at time zone 'UTC'"
    return f"""to_char({moment}, 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')"""


# The tickets first: joined the other way round, every batch would walk through all of history.
# Ids, times and hashes come as the texts of their headers: made here they would cost most of the time.
# What is under way is left out by a hashed subplan; `<> all` would compare each with every other.
_TICKETS = f"""
with due as materialized (
    select position from es.outbox
    where (select epoch from es.relay) = $1 and position not in (select unnest($2::bigint[]))
    order by position limit $3
)
select type, schema_version, actor, region, policy_version, classification,
    event_id::text, household_id::text as household,
    {_rfc3339("occurred_at")}, {_rfc3339("recorded_at")},
    version, stream, correlation_id::text, causation_id::text,
    encode(prev_hash, 'hex'), encode(hash, 'hex'), traceparent,
    data, position
from due join es.events e using (position) order by position
"""
_PUBLISHED = """
with still as (
    update es.relay set seen = clock_timestamp() where epoch = $1 returning 1
)
delete from es.outbox where position = any($2::bigint[]) and exists (select 1 from still)
"""


async def publish_all(connection: Connection, service: str, epoch: int, publish: Publish) -> int:
    """Publish until no ticket is left; how many. Raises `Deposed` if the epoch is not ours any more.

    While Kafka takes one batch, the tickets of the one before are deleted and the next is read. The next is
    whatever is not in this one, not what has a higher position: a lower position may be committed later.
    """
    count, done = 0, list[int]()
    rows = await _oldest(connection, epoch, done)
    while rows:
        going = [row["position"] for row in rows]
        try:
            async with asyncio.TaskGroup() as both:
                publishing = both.create_task(_publish(service, rows, publish))
                await _delete(connection, epoch, done)
                rows = await _oldest(connection, epoch, going)
                # Or a replica takes the lead away from who waits for a slow Kafka, and waits itself.
                while not (await asyncio.wait({publishing}, timeout=ALIVE))[0]:
                    await connection.execute(_SEEN, epoch, timeout=10)
        except BaseExceptionGroup as failed:
            raise failed.exceptions[0] from None
        count, done = count + len(going), going
    await _delete(connection, epoch, done)
    if not count and await connection.fetchval("select epoch from es.relay", timeout=10) != epoch:
        raise Deposed
    return count


async def _oldest(connection: Connection, epoch: int, going: list[int]) -> list[asyncpg.Record]:
    rows: list[asyncpg.Record] = await connection.fetch(_TICKETS, epoch, going, BATCH, timeout=10)
    return rows


async def _publish(service: str, rows: list[asyncpg.Record], publish: Publish) -> None:
    links = creation_links(row["traceparent"] for row in rows)
    messages = [_message(service, row) for row in rows]
    started = time.perf_counter()
    with tracer.start_as_current_span("publish", links=links):
        await publish(messages)
    metrics.PUBLISHED.inc(len(rows))
    metrics.PUBLISH_SECONDS.observe(time.perf_counter() - started)


def _message(service: str, row: asyncpg.Record) -> Message:
    """A row of `_TICKETS` as CloudEvents in binary mode, keyed by its household."""
    headers = headers_of(_standing(service, *row[:6]), *row[6:17])
    key: str = row["household"] or row["stream"]
    return Message(events_topic(service), key.encode(), headers, row["data"])


@lru_cache(maxsize=4_096)
def _standing(
    service: str, type: str, schema_version: int, actor: str, *where: Any
) -> tuple[tuple[str, bytes], ...]:
    return standing_headers((service, type, schema_version, actor_of(actor), *where))


async def _delete(connection: Connection, epoch: int, done: list[int]) -> None:
    """The tickets of what Kafka has acknowledged. Raises `Deposed` if any is no longer ours."""
    deleted = await connection.execute(_PUBLISHED, epoch, done, timeout=10) if done else "DELETE 0"
    if deleted != f"DELETE {len(done)}":
        raise Deposed


_UNANNOUNCED = """
select id, key, headers, value, reason, topic, partition, "offset" from es.parked
where not announced and consumer = $1 order by id limit $2
"""


async def announce_parked(connection: asyncpg.Connection, service: str, publish: Publish) -> int:
    """Copy newly parked records to the parked topic, as they came, with reason and place; how many, at most
    `ANNOUNCED`. Of a record that is too large to be copied, only reason and place.

    At least once. `es.parked` is the truth; the topic is for those who watch from outside. What a rebuild
    beside the service parks is copied once the new tables serve.
    """
    rows = await connection.fetch(_UNANNOUNCED, service, ANNOUNCED, timeout=10)
    if rows:
        await publish([_parked_message(service, row) for row in rows])
        await connection.execute(
            "update es.parked set announced = true where id = any($1::bigint[])",
            [row["id"] for row in rows],
            timeout=10,
        )
    return len(rows)


def _parked_message(service: str, row: asyncpg.Record) -> Message:
    came = [(name, value or b"") for name, value in headers_from_json(row["headers"])]
    place = f"{row['topic']}/{row['partition']}/{row['offset']}"
    told = [("parkedreason", row["reason"].encode()), ("parkedfrom", place.encode())]
    value = row["value"] or b""
    if len(value) + sum(len(name) + len(text) for name, text in came) > LARGEST:
        came, value = [], b""
    return Message(parked_topic(service), row["key"].encode(), [*came, *told], value)
