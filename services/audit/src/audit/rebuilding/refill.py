"""Reading the log into tables beside the serving ones: one worker, any set of partitions.

The records go through an inbox (`audit.rebuilding.noting`), as they did when the service heard them, under a
consumer of its own (`NEXT`): the same rules for duplicates, gaps and what is parked, with offsets and
rows in one transaction. So a refill that was interrupted goes on where it stopped, any number of
workers may share the partitions, and progress is what the database says.
"""

import asyncio
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import asyncpg
import structlog

from common.ahead import Ahead
from common.inbox import TRANSIENT, Inbox, TooManyParked
from common.incoming import Incoming
from common.intents import Connection
from common.kafka import LogScan, Place
from common.topics import PARTITIONS, SERVICES, events_topic

log = structlog.get_logger()

NEXT = "audit.next"
BATCH = 5_000
WAIT = 0.5  # seconds a fetch may wait for records
STUCK = 60.0  # seconds without a record, while some are missing


class LogIncomplete(Exception):
    """The log no longer holds, or does not give, what a complete timeline needs."""


@dataclass(frozen=True, slots=True)
class Servers:
    """Where to read and where to write."""

    database_url: str
    kafka: str


def all_places(partitions: Collection[int] = range(PARTITIONS)) -> list[Place]:
    """These partitions of every events topic, of services that do not exist yet too."""
    return [Place(events_topic(s), p) for s in SERVICES for p in partitions]


def how_far(done: int, total: int, rate: float) -> str:
    """How many records were read, how many a second, and how long the others will take at that rate."""
    eta = f", about {max(total - done, 0) / rate:,.0f} s left" if rate else ""
    return f"read {done:,} of {total:,} records, {rate:,.0f}/s{eta}"


async def refill(servers: Servers, partitions: Collection[int], inbox: Inbox) -> None:
    """Read these partitions of all topics from where `NEXT` stands to their end as of now, into
    `inbox`, whose name is `NEXT`.

    Raises `LogIncomplete`, and whatever Kafka and Postgres raise; what was read is kept.
    """
    places = all_places(partitions)
    pool = await asyncpg.create_pool(servers.database_url, min_size=1, max_size=2, timeout=10)
    scan = LogScan(servers.kafka)
    try:
        bounds = await scan.start(places)
        done = await _offsets(pool, places)
        _must_hold(bounds, done)
        for place in places:
            scan.seek(place, done[place])
        patience = STUCK
        async with Ahead(scan, BATCH, WAIT) as ahead:
            while any(done[place] < end for place, (_, end) in bounds.items()):
                batch = {place: items for place, items in (await ahead.batch()).items() if items}
                patience = STUCK if batch else patience - WAIT
                if patience <= 0:
                    raise LogIncomplete(
                        f"no record came for {STUCK:.0f} s although some are missing"
                    )
                begins = {place: items[0].offset for place, items in batch.items()}
                await _must_follow(scan, {**ahead.reached, **begins}, done)
                done |= ahead.reached
                if batch:
                    ahead.begin()
                    await _take(pool, inbox, [i for some in batch.values() for i in some], done)
    finally:
        await scan.close()
        await asyncio.wait_for(pool.close(), 10)


def _must_hold(bounds: Mapping[Place, tuple[int, int]], done: Mapping[Place, int]) -> None:
    for place, (first, end) in bounds.items():
        if not first <= done[place] <= end:
            raise LogIncomplete(
                f"{place.topic}/{place.partition} holds records {first} to {end - 1}, "
                f"but {done[place]} is needed next"
            )


async def _must_follow(
    scan: LogScan, begins: Mapping[Place, int], done: Mapping[Place, int]
) -> None:
    """What comes next begins where it has to, or behind what never was a record, such as the end of a
    transaction: then the log still begins before that."""
    for place, offset in begins.items():
        if offset < done[place]:
            raise LogIncomplete(f"{place.topic}/{place.partition} gave {offset}, not {done[place]}")
    _must_hold(await scan.bounds([p for p, offset in begins.items() if offset > done[p]]), done)


async def _offsets(pool: asyncpg.Pool, places: Sequence[Place]) -> dict[Place, int]:
    rows = await pool.fetch(
        "select topic, partition, next from es.offsets where consumer = $1", NEXT
    )
    found = {Place(row["topic"], row["partition"]): row["next"] for row in rows}
    return {place: found.get(place, 0) for place in places}


async def _take(
    pool: asyncpg.Pool, inbox: Inbox, items: Sequence[Incoming], done: dict[Place, int]
) -> None:
    """All at once, or, if an event fails, one by one: as `common.consumer` does."""
    try:
        await _transact(pool, inbox, items, done, singly=False)
    except (TooManyParked, *TRANSIENT):
        raise
    except Exception as error:
        log.warning("batch_retried_singly", size=len(items), error=repr(error))
        await _transact(pool, inbox, items, done, singly=True)


async def _transact(
    pool: asyncpg.Pool,
    inbox: Inbox,
    items: Sequence[Incoming],
    done: dict[Place, int],
    *,
    singly: bool,
) -> None:
    last = {item.place: item for item in items}
    places = list(last)
    async with pool.acquire() as connection, connection.transaction():
        # A crash undoes offsets and rows together, so nothing needs to wait for the disk.
        await connection.execute("set local synchronous_commit = off")
        await connection.execute(
            _OFFSETS,
            NEXT,
            [place.topic for place in places],
            [place.partition for place in places],
            [done[place] for place in places],
            [last[place].fingerprint() for place in places],
        )
        await inbox.apply(connection, items, singly=singly)


async def forget(connection: Connection) -> None:
    """Let an earlier refill go."""
    for table in ("offsets", "cursors", "parked"):
        await connection.execute(f"delete from es.{table} where consumer = $1", NEXT)


_OFFSETS = """
insert into es.offsets (consumer, topic, partition, next, last)
select $1, * from unnest($2::text[], $3::int[], $4::bigint[], $5::bytea[])
on conflict (consumer, topic, partition) do update set next = excluded.next, last = excluded.last
"""
