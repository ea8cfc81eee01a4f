"""What a service states of its own event store, under its signature.

No service may read another's database. So each states, every hour, how many events it has recorded and
the hash over them, month by month, and the root over where each of its streams ends; on a compacted
topic, behind those ends themselves. Audit reconciles that with what it has heard (`audit.api.reconciliation`)
and proves from it that what a household's file says of a service is what that service recorded. A stream
is a chain of hashes, so that one signature an hour vouches for every record of the store.

`python -m common.statements SERVICE` prints the verifier key, in the environment of the service.
"""

import asyncio
import base64
import sys
from datetime import UTC, datetime, timedelta

import asyncpg
import msgspec
import structlog

from common import merkle
from common.intents import Connection
from common.kafka import KafkaError, Log, LogScan, Message, Place
from common.note import Signer, signer_of
from common.outage import AWAY
from common.settings import given
from common.topics import PARTITIONS, STATEMENTS, events_topic
from contracts.envelope import timestamp

log = structlog.get_logger()

EVERY = 3600.0  # seconds between statements of a service, however many replicas it has
AGAIN = 60.0  # seconds between looks whether one is due, and attempts to make it
LOCK = 7_301_005  # advisory
ALL = 24  # of so many statements of a process, the first tells every head and not only the new ones
CHUNK = 5_000  # messages published at once
FORMAT = "shouwang/statement/1"
TEXT = [("content-type", b"text/plain; charset=utf-8")]


class Month(msgspec.Struct, frozen=True):
    """The events recorded in a month (UTC, `2024-06`): how many, and the hex sha256 over their hashes
    in the order of their bytes."""

    month: str
    events: int
    hash: str


class Statement(msgspec.Struct, frozen=True):
    """All that a service recorded before `until`.

    `heads` is how many households it knows, and the root over where their streams end. `ends` is how
    far its topic reached then, by partition: who has read up to there has heard all of it.
    """

    service: str
    until: datetime
    heads: tuple[int, bytes]
    ends: list[int]
    months: list[Month]

    def text(self) -> str:
        """As it is signed."""
        size, root = self.heads
        return "\n".join(
            (
                FORMAT,
                self.service,
                timestamp(self.until),
                f"heads {size} {base64.b64encode(root).decode()}",
                f"ends {' '.join(map(str, self.ends))}",
                *(f"{m.month} {m.events} {m.hash}" for m in self.months),
                "",
            )
        )


def statement_of(note: str) -> Statement:
    """Read a statement, signed or not. Raises `ValueError`."""
    form, service, until, heads, ends, *months = note.partition("\n\n")[0].rstrip("\n").split("\n")
    _, size, root = heads.split(" ")
    if form != FORMAT or not until.endswith("Z"):
        raise ValueError("not a statement")
    return Statement(
        service,
        datetime.fromisoformat(until).astimezone(UTC),
        (int(size), base64.b64decode(root, validate=True)),
        [int(end) for end in ends.split()[1:]],
        [Month(m, int(n), hashed) for m, n, hashed in (line.split(" ") for line in months)],
    )


class Head(msgspec.Struct, frozen=True):
    """Where the streams of a household end (of a stream without a household: that stream).

    `entry` is the key, then `<stream> <version> <hex hash>` a line, by the bytes of the stream's name.
    """

    key: str
    entry: str


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


async def heads(
    connection: Connection, until: datetime, since: datetime | None
) -> tuple[tuple[int, bytes], list[Head]]:
    """How many households there are with events before `until`, and the RFC 6962 root over their
    entries in the byte order of their keys; the entries that changed since a moment, or all."""
    rows = await connection.fetch(_HEADS, until, since, timeout=600)
    tree = await asyncio.to_thread(merkle.levels, [row["leaf"] for row in rows])
    changed = [Head(row["key"], row["entry"]) for row in rows if row["entry"] is not None]
    return (len(rows), merkle.root(tree)), changed


async def stated(
    connection: Connection, service: str, servers: str, since: datetime | None = None
) -> tuple[Statement, list[Head]] | None:
    """The statement of a service as of now, and the heads that changed `since` a moment, or all of them;
    `None` while it is not yet possible. Raises `KafkaError`."""
    found = await months(connection)
    if found is None:
        return None
    until, by_month = found
    scan, topic = LogScan(servers), events_topic(service)
    try:
        bounds = await scan.start([Place(topic, n) for n in range(PARTITIONS)])
    finally:
        await scan.close()
    ends = [bounds[Place(topic, n)][1] for n in range(PARTITIONS)]
    total, changed = await heads(connection, until, since)
    return Statement(service, until, total, ends, by_month), changed


async def state_regularly(pool: asyncpg.Pool, service: str, servers: str, signer: Signer) -> None:
    """Publish a statement each hour, and when the first event was recorded, for ever; survive any failure
    of Kafka or Postgres.

    The first one, and one a day, tells all heads: so the topic may be lost, and made anew.
    """
    kafka, since, made = Log(servers), None, 0
    try:
        while True:
            try:
                until = await state(pool, service, servers, kafka, signer, since)
            except (KafkaError, *AWAY) as error:
                log.warning("not_stated", error=repr(error))
            else:
                if until:
                    made += 1
                    since = until if made % ALL else None
            await asyncio.sleep(AGAIN)
    finally:
        await kafka.close()


async def state(
    pool: asyncpg.Pool,
    service: str,
    servers: str,
    kafka: Log,
    signer: Signer,
    since: datetime | None = None,
) -> datetime | None:
    """Publish a statement if one is due and no other replica is at it. The moment up to which it states;
    `None` if nothing was published.

    Before it come the heads that changed `since` the last one that this process made.
    """
    async with pool.acquire() as connection:
        if not await connection.fetchval("select pg_try_advisory_lock($1)", LOCK):
            return None
        try:
            if not await connection.fetchval(_DUE, timedelta(seconds=EVERY)):
                return None
            found = await stated(connection, service, servers, since)
            if found is None:
                return None
            statement, changed = found
            for n in range(0, len(changed), CHUNK):
                await kafka.publish([_told(service, head) for head in changed[n : n + CHUNK]])
            note = signer.sign(statement.text())
            await kafka.publish([Message(STATEMENTS, service.encode(), TEXT, note.encode())])
            # Of an empty store, only up to `until`: the first event after that makes another one due.
            await connection.execute(_STATED, None if statement.months else statement.until)
            return statement.until
        finally:
            await connection.execute("select pg_advisory_unlock($1)", LOCK)


def _told(service: str, head: Head) -> Message:
    return Message(STATEMENTS, f"{service} {head.key}".encode(), TEXT, head.entry.encode())


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
_HEADS = """
with last as (
    select stream, max(version) as version from es.events where recorded_at < $1 group by stream
), entries as (
    select coalesce(e.household_id::text, e.stream) collate "C" as key,
        max(e.recorded_at) as recorded_at,
        string_agg(
            e.stream || ' ' || e.version || ' ' || encode(e.hash, 'hex') || E'\\n', ''
            order by e.stream
        ) as lines
    from last join es.events e using (stream, version) group by 1
)
select key, sha256('\\x00'::bytea || convert_to(key || E'\\n' || lines, 'UTF8')) as leaf,
    case when $2::timestamptz is null or recorded_at >= $2 then key || E'\\n' || lines end as entry
from entries order by key
"""
_DUE = """
select stated is null or stated < clock_timestamp() - $1::interval
    or stated <= (select recorded_at from es.events order by position limit 1)
from es.relay
"""
_STATED = "update es.relay set stated = coalesce($1, clock_timestamp())"


def main() -> None:
    """Print the verifier key of a service, for the keeper of audit (`STATEMENT_KEYS`)."""
    service = sys.argv[1] if sys.argv[1:] else sys.exit("Which service? It is part of its key.")
    sys.stdout.write(signer_of(service, given("STATEMENT_KEY")).vkey + "\n")


if __name__ == "__main__":
    main()
