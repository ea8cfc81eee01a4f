"""A foreign event takes effect once, in order, or waits where a person can see it.

Everything here happens in one transaction with the effect. A cursor per `(source, stream)` finds
duplicates (`version <= cursor`) and gaps (`> cursor + 1`); the hash chain finds changed history.
What cannot be applied parks *its household*, with everything of that household behind it, in order;
all others flow. `retry` replays parked records through the same code.
"""

import json
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import asyncpg
import structlog

from common import metrics
from common.eventstore import Conflict, Connection
from common.kafka import Place, Record
from contracts.envelope import ZERO_HASH, Envelope, Malformed, from_headers

log = structlog.get_logger()

GAP = "gap"
BEHIND = "behind"
PARK_LIMIT = 20  # households parked by our own code in PARK_WINDOW: a deploy bug, not poison
PARK_WINDOW = "5 minutes"

# The fault of the moment, not of the event: worth the same attempt again.
TRANSIENT = (
    asyncpg.PostgresConnectionError,
    asyncpg.OperatorInterventionError,
    asyncpg.InsufficientResourcesError,
    asyncpg.SerializationError,
    asyncpg.DeadlockDetectedError,
    asyncpg.LockNotAvailableError,
    asyncpg.InterfaceError,
    OSError,
    TimeoutError,
    Conflict,
)


class TooManyParked(Exception):
    """So many households failed in a short time that our code must be wrong: stop and shout."""


@dataclass(frozen=True, slots=True)
class Incoming:
    """A record as it came, and the envelope in it, or why there is none."""

    place: Place
    offset: int
    key: str
    headers: Sequence[tuple[str, bytes]]
    value: bytes | None
    event: Envelope | None
    fault: str | None


Handle = Callable[[Connection, Sequence[Incoming]], Awaitable[None]]


def incoming(record: Record) -> Incoming:
    """Read a record. A malformed one keeps its Kafka key, so that it parks that household."""
    try:
        event = from_headers(record.headers, record.value)
        fault = (
            None if (record.key or b"").decode() == event.key else "the key is not ce_partitionkey"
        )
    except (Malformed, UnicodeDecodeError) as error:
        event, fault = None, f"malformed: {error}"
    key = event.key if event and not fault else (record.key or b"").decode("utf-8", "replace")
    place = f"no-key-{record.place.topic}-{record.place.partition}-{record.offset}"
    return Incoming(
        record.place, record.offset, key or place, record.headers, record.value, event, fault
    )


@dataclass
class _Seen:
    """What the consumer knows of the streams and keys of one batch; moves on with each verdict."""

    cursors: dict[tuple[str, str], tuple[int, bytes]]
    parked: dict[str, str]  # key → why its first record is parked
    moved: dict[tuple[str, str], Envelope] = field(default_factory=dict)
    released: set[str] = field(default_factory=set)
    duplicates: int = 0

    def verdict(self, item: Incoming) -> str | None:
        """`None` to apply, "" for a duplicate, otherwise the reason to park."""
        why = self.parked.get(item.key)
        if why is not None and why != GAP:
            return BEHIND
        event = item.event
        if event is None or item.fault:
            return item.fault or "malformed"
        version, last = self.cursors.get((event.source, event.stream), (0, ZERO_HASH))
        if event.version <= version:
            if event.version == version and event.hash != last:
                return "fork: this version was seen with another hash"
            self.duplicates += 1
            return ""
        if event.version > version + 1:
            return GAP
        if event.prev_hash != last:
            return "broken chain: prevhash is not the hash of the event before"
        if why == GAP:
            self.released.add(item.key)
        return None

    def advance(self, event: Envelope) -> None:
        stream = (event.source, event.stream)
        self.cursors[stream] = (event.version, event.hash)
        self.moved[stream] = event


class Inbox:
    """The consumer `name` in this database. `handle` has the effect of a batch of events."""

    def __init__(self, name: str, handle: Handle) -> None:
        self.name = name
        self._handle = handle

    async def apply(
        self, connection: Connection, items: Sequence[Incoming], *, singly: bool = False
    ) -> set[str]:
        """Apply, drop or park each item; returns the keys whose gap was filled (to be retried).

        Runs in the caller's transaction. Raises whatever `handle` raises, unless `singly`: then
        the failing event parks its household. Raises `TooManyParked` (nothing is then kept).
        """
        seen = await self._seen(connection, items)
        ready: list[Incoming] = []
        parking: list[tuple[Incoming, str]] = []
        for item in items:
            reason = seen.verdict(item)
            if reason is None and item.event:
                if singly:
                    reason = await self._attempt(connection, item)
                else:
                    ready.append(item)
                if reason is None:
                    seen.advance(item.event)
            if reason:
                parking.append((item, reason))
                seen.parked.setdefault(item.key, reason)
        if ready:
            await self._handle(connection, ready)
        await self._move_cursors(connection, seen.moved.values())
        if parking:
            await self._park(connection, parking)
        metrics.DUPLICATES.inc(seen.duplicates)
        metrics.CONSUMED.labels(self.name).inc(len(seen.moved) if singly else len(ready))
        return seen.released

    async def retry(self, pool: asyncpg.Pool, key: str) -> int:
        """Replay what is parked under `key`, in order; how many records are still parked."""
        async with pool.acquire() as connection, connection.transaction():
            await connection.execute("select pg_advisory_xact_lock(hashtext($1))", self.name)
            before = None
            while True:  # a gap is filled in any order of arrival, so go on while it helps
                rows = await connection.fetch(
                    "delete from es.parked where consumer = $1 and key = $2 returning *",
                    self.name,
                    key,
                )
                if not rows:
                    return 0
                rows.sort(key=lambda row: row["id"])
                await self.apply(connection, [_unparked(row) for row in rows], singly=True)
                left: int = await connection.fetchval(
                    "select count(*) from es.parked where consumer = $1 and key = $2",
                    self.name,
                    key,
                )
                if left in (0, before) or left == len(rows):
                    return left
                before = left

    async def discard(self, pool: asyncpg.Pool, key: str, record_id: int, by: str) -> bool:
        """Give one parked record up for good (its stream moves past it); false if there is none."""
        async with pool.acquire() as connection, connection.transaction():
            await connection.execute("select pg_advisory_xact_lock(hashtext($1))", self.name)
            row = await connection.fetchrow(
                "delete from es.parked where consumer = $1 and key = $2 and id = $3 returning *",
                self.name,
                key,
                record_id,
            )
            if row is None:
                return False
            log.warning("discarded", key=key, by=by, topic=row["topic"], offset=row["offset"])
            item = _unparked(row)
            if item.event and not item.fault:
                seen = await self._seen(connection, [item])
                version, _ = seen.cursors.get((item.event.source, item.event.stream), (0, b""))
                if item.event.version > version:
                    await self._move_cursors(connection, [item.event])
            return True

    async def _attempt(self, connection: Connection, item: Incoming) -> str | None:
        try:
            async with connection.transaction():  # a savepoint: its neighbours are kept
                await self._handle(connection, [item])
        except TRANSIENT:
            raise
        except Exception as error:
            log.error("event_failed", key=item.key, offset=item.offset, error=repr(error))
            return f"failed: {type(error).__name__}: {error}"[:500]
        return None

    async def _seen(self, connection: Connection, items: Sequence[Incoming]) -> _Seen:
        streams = {(i.event.source, i.event.stream) for i in items if i.event}
        rows = await connection.fetch(
            _SEEN,
            self.name,
            [source for source, _ in streams],
            [stream for _, stream in streams],
            list({i.key for i in items}),
        )
        return _Seen(
            {(r["source"], r["stream"]): (r["version"], r["hash"]) for r in rows if r["stream"]},
            {r["key"]: r["reason"] for r in rows if r["key"]},
        )

    async def _move_cursors(self, connection: Connection, events: Iterable[Envelope]) -> None:
        last = list(events)
        if last:
            await connection.execute(
                _CURSORS,
                self.name,
                [e.source for e in last],
                [e.stream for e in last],
                [e.version for e in last],
                [e.hash for e in last],
            )

    async def _park(self, connection: Connection, parking: Sequence[tuple[Incoming, str]]) -> None:
        for item, reason in parking:
            if reason != BEHIND:
                log.error(
                    "parked",
                    key=item.key,
                    topic=item.place.topic,
                    offset=item.offset,
                    reason=reason,
                )
        await connection.execute(
            _PARK,
            self.name,
            [item.key for item, _ in parking],
            [item.place.topic for item, _ in parking],
            [item.place.partition for item, _ in parking],
            [item.offset for item, _ in parking],
            [json.dumps([[n, v.hex()] for n, v in item.headers]) for item, _ in parking],
            [item.value for item, _ in parking],
            [reason for _, reason in parking],
        )
        if any(reason.startswith("failed") for _, reason in parking):
            keys = await connection.fetchval(_RECENT, self.name)
            if keys > PARK_LIMIT:
                raise TooManyParked(f"{keys} households in {PARK_WINDOW}")


def _unparked(row: Any) -> Incoming:
    headers = [(name, bytes.fromhex(value)) for name, value in json.loads(row["headers"])]
    place = Place(row["topic"], row["partition"])
    return incoming(Record(place, row["offset"], row["key"].encode(), headers, row["value"]))


_SEEN = """
select c.source, c.stream, c.version, c.hash, null as key, null as reason
from es.cursors c join unnest($2::text[], $3::text[]) as asked (source, stream)
    on c.consumer = $1 and c.source = asked.source and c.stream = asked.stream
union all
select null, null, null, null, p.key, p.reason from (
    select distinct on (key) key, reason from es.parked
    where consumer = $1 and key = any($4::text[]) order by key, id
) as p
"""
_CURSORS = """
insert into es.cursors (consumer, source, stream, version, hash)
select $1, * from unnest($2::text[], $3::text[], $4::bigint[], $5::bytea[])
on conflict (consumer, source, stream) do update set version = excluded.version, hash = excluded.hash
"""
_PARK = """
insert into es.parked (consumer, key, topic, partition, "offset", headers, value, reason)
select $1, * from unnest($2::text[], $3::text[], $4::int[], $5::bigint[], $6::jsonb[], $7::bytea[], $8::text[])
on conflict (consumer, topic, partition, "offset") do nothing
"""
_RECENT = f"""
select count(distinct key) from es.parked
where consumer = $1 and reason like 'failed%' and parked_at > now() - interval '{PARK_WINDOW}'
"""
