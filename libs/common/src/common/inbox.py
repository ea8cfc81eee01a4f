"""A foreign event takes effect once, in order, or waits where a person can see it.

Everything here happens in one transaction with the effect. A cursor per `(source, stream)` finds
duplicates (`version <= cursor`) and gaps (`> cursor + 1`); the hash chain finds changed history.
What cannot be applied parks *its household*, with everything of that household behind it, in order;
all others flow. `retry` replays parked records through the same code.
"""

from collections.abc import Awaitable, Callable, Iterable, Sequence

import asyncpg
import structlog

from common import metrics
from common.incoming import Incoming as Incoming
from common.incoming import headers_to_json, storable, unparked
from common.intents import Conflict, Connection
from common.verdicts import BEHIND, GAP, Cursors, Forks, Seen
from contracts.envelope import Envelope

log = structlog.get_logger()

FAILED = "failed"
PARK_LIMIT = 20  # households parked by our own code in PARK_WINDOW: a deploy bug, not poison
PARK_WINDOW = "5 minutes"

# The fault of the moment, not of the event: worth the same attempt again.
TRANSIENT = (
    asyncpg.PostgresConnectionError,
    asyncpg.OperatorInterventionError,
    asyncpg.InsufficientResourcesError,
    asyncpg.TransactionRollbackError,  # a deadlock, among others
    asyncpg.InternalClientError,  # we were frozen, and the server ended the transaction
    asyncpg.LockNotAvailableError,
    asyncpg.InterfaceError,
    OSError,
    TimeoutError,
    Conflict,
    # A table, column or right of ours is missing: no event is to blame, and none may be parked for it.
    asyncpg.UndefinedTableError,
    asyncpg.UndefinedColumnError,
    asyncpg.InsufficientPrivilegeError,
    asyncpg.InvalidSchemaNameError,
)


class TooManyParked(Exception):
    """So many households failed in a short time that our code must be wrong: stop and shout."""


Handle = Callable[[Connection, Sequence[Incoming]], Awaitable[None]]


class Inbox:
    """The consumer `name` in this database. `handle` has the effect of a batch of events."""

    def __init__(self, name: str, handle: Handle) -> None:
        self.name = name
        self._handle = handle

    async def handle(self, connection: Connection, items: Sequence[Incoming]) -> None:
        """Have the effect of these events."""
        await self._handle(connection, items)

    async def apply(
        self, connection: Connection, items: Sequence[Incoming], *, singly: bool = False
    ) -> None:
        """Apply, drop or park each item; a gap that it fills releases what waited behind the gap.

        Runs in the caller's transaction. Raises whatever `handle` raises, unless `singly`: then
        the failing event parks its household. Raises `TooManyParked` (nothing is then kept).
        """
        parking, released = await self._apply(connection, items, singly)
        if any(reason.startswith(FAILED) for reason in parking):
            keys = await connection.fetchval(_RECENT, self.name)
            if keys > PARK_LIMIT:
                raise TooManyParked(f"{keys} households in {PARK_WINDOW}")
        for key in released:
            await self._replay(connection, key)

    async def _apply(
        self, connection: Connection, items: Sequence[Incoming], singly: bool
    ) -> tuple[list[str], set[str]]:
        """The reasons for which items were parked, and the keys whose gap was filled."""
        seen = await self.seen(connection, items)
        applied, ready = 0, list[Incoming]()
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
                    applied += 1
            if reason:
                parking.append((item, reason))
                seen.park(item.key, reason)
        if ready:
            await self.handle(connection, ready)
        await self.move_cursors(connection, seen.moved.values())
        if parking:
            await self._park(connection, parking)
        metrics.DUPLICATES.inc(seen.duplicates)
        metrics.CONSUMED.labels(self.name).inc(applied)
        return [reason for _, reason in parking], seen.released

    async def retry(self, pool: asyncpg.Pool, key: str) -> int:
        """Replay what is parked under `key`, in order; how many records are still parked."""
        async with pool.acquire() as connection, connection.transaction():
            await connection.execute("select pg_advisory_xact_lock(hashtext($1))", self.name)
            return await self._replay(connection, key)

    async def _replay(self, connection: Connection, key: str) -> int:
        """Apply what is parked under `key` while that helps: a gap is filled in any order."""
        while True:
            rows = await connection.fetch(
                "delete from es.parked where consumer = $1 and key = $2 returning *", self.name, key
            )
            if not rows:
                return 0
            rows.sort(key=lambda row: row["id"])
            await self._apply(connection, [unparked(row) for row in rows], singly=True)
            kept = ([row[column] for row in rows] for column in _KEPT)
            left: int = await connection.fetchval(_STILL_PARKED, self.name, *kept)
            if left in (0, len(rows)):
                return left

    async def discard(self, pool: asyncpg.Pool, key: str, record_id: int, by: str) -> bool:
        """Give one parked record up for good: its stream moves past it.

        False if there is none, or if it is not the next of its stream: moving past those before it
        would lose them without a word.
        """
        async with pool.acquire() as connection, connection.transaction():
            await connection.execute("select pg_advisory_xact_lock(hashtext($1))", self.name)
            row = await connection.fetchrow(
                "select * from es.parked where consumer = $1 and key = $2 and id = $3",
                self.name,
                key,
                record_id,
            )
            if row is None:
                return False
            item = unparked(row)
            if item.event and not item.fault:
                seen = await self.seen(connection, [item])
                version, _ = seen.cursors.get((item.event.source, item.event.stream), (0, b""))
                if item.event.version > version + 1:
                    return False
                if item.event.version == version + 1:
                    await self.move_cursors(connection, [item.event])
            await connection.execute("delete from es.parked where id = $1", record_id)
            log.warning("discarded", key=key, by=by, topic=row["topic"], offset=row["offset"])
            return True

    async def _attempt(self, connection: Connection, item: Incoming) -> str | None:
        try:
            async with connection.transaction():  # a savepoint: its neighbours are kept
                await self.handle(connection, [item])
        except TRANSIENT:
            raise
        except Exception as error:
            log.error("event_failed", key=item.key, offset=item.offset, error=repr(error))
            return storable(f"{FAILED}: {type(error).__name__}: {error}"[:500])
        return None

    async def seen(self, connection: Connection, items: Sequence[Incoming]) -> Seen:
        """Where the streams of these items stand, and what is parked under their keys."""
        streams = {(i.event.source, i.event.stream) for i in items if i.event}
        rows = await connection.fetch(
            _SEEN,
            self.name,
            [source for source, _ in streams],
            [stream for _, stream in streams],
            list({i.key for i in items}),
        )
        cursors, parked = Cursors(), dict[str, str]()
        for source, stream, version, hash_, key, reason in rows:
            if stream:
                cursors[source, stream] = version, hash_
            else:
                parked[key] = reason
        return Seen(cursors, parked, forks=await self.forks(connection, items, cursors))

    async def forks(
        self, connection: Connection, items: Sequence[Incoming], cursors: Cursors
    ) -> Forks | None:
        """Which events, of a version before their cursor, are not what was heard under that version.

        `None` for a consumer that does not keep what it heard: it drops them as duplicates.
        """
        return None

    async def move_cursors(self, connection: Connection, events: Iterable[Envelope]) -> None:
        """Streams stand at these events now."""
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
        records = (
            [item.key for item, _ in parking],
            [item.place.topic for item, _ in parking],
            [item.place.partition for item, _ in parking],
            [item.offset for item, _ in parking],
            [headers_to_json(item.headers) for item, _ in parking],
            [item.value for item, _ in parking],
        )
        await connection.execute(_MAKE_WAY, self.name, *records)
        await connection.execute(_PARK, self.name, *records, [reason for _, reason in parking])


def why_parked(keys: str, of: str = "true") -> str:
    """SQL: each of these `keys` (an expression) that is parked, and why: for a gap only if nothing else is
    wrong. `of` narrows the records that are looked at. $1 is the consumer."""
    return f"""
select distinct on (key) key, reason from es.parked
where consumer = $1 and {of} and key = any({keys}::text[]) order by key, reason = '{GAP}', id
"""


_SEEN = f"""
select c.source, c.stream, c.version, c.hash, null as key, null as reason
from es.cursors c join unnest($2::text[], $3::text[]) as asked (source, stream)
    on c.consumer = $1 and c.source = asked.source and c.stream = asked.stream
union all
select null, null, null, null, p.key, p.reason from ({why_parked("$4")}) as p
"""
_CURSORS = """
insert into es.cursors (consumer, source, stream, version, hash)
select $1, * from unnest($2::text[], $3::text[], $4::bigint[], $5::bytea[])
on conflict (consumer, source, stream) do update set version = excluded.version, hash = excluded.hash
"""
# A topic that was made anew has other records in the places of those that wait already. These keep
# waiting, under an offset that no topic has; or the new ones would be lost without a word.
_MAKE_WAY = """
update es.parked p set "offset" = -p.id
from unnest($2::text[], $3::text[], $4::int[], $5::bigint[], $6::jsonb[], $7::bytea[])
    as t (key, topic, partition, "offset", headers, value)
where p.consumer = $1 and (p.topic, p.partition, p."offset") = (t.topic, t.partition, t."offset")
    and (p.key, p.headers, p.value) is distinct from (t.key, t.headers, t.value)
"""
_PARK = """
insert into es.parked (consumer, key, topic, partition, "offset", headers, value, reason)
select $1, * from unnest($2::text[], $3::text[], $4::int[], $5::bigint[], $6::jsonb[], $7::bytea[], $8::text[])
on conflict (consumer, topic, partition, "offset") do nothing
"""
_KEPT = ("topic", "partition", "offset", "attempts", "parked_at", "id", "announced")
_STILL_PARKED = """
with back as (
    update es.parked p
    set attempts = o.attempts + 1, parked_at = o.parked_at, id = o.id, announced = o.announced
    from unnest(
        $2::text[], $3::int[], $4::bigint[], $5::int[], $6::timestamptz[], $7::bigint[], $8::bool[]
    ) as o (topic, partition, "offset", attempts, parked_at, id, announced)
    where p.consumer = $1 and p.topic = o.topic and p.partition = o.partition
        and p."offset" = o."offset"
    returning 1
)
select count(*) from back
"""
_RECENT = f"""
select count(distinct key) from es.parked
where consumer = $1 and reason like '{FAILED}%' and parked_at > now() - interval '{PARK_WINDOW}'
"""
