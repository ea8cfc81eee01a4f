"""Checkpoints on their way: signed in time, published on Kafka, and read back from there.

Checkpoints of ours that are on Kafka count, even if our own database no longer has them: a database that
was restored from a backup signs nothing that contradicts what was signed after the backup.
"""

import asyncio
from collections.abc import Sequence

import asyncpg
import msgspec
import structlog
from prometheus_client import Gauge

from audit.log import store
from audit.log.growth import Inconsistent, compare, root_tiles
from audit.log.keeper import LOCK, Keeper
from audit.log.tables import CHECKPOINTS as TREE
from audit.log.tiles import grown
from audit.verify import Bad, Head, head_of, leaf_hash, signers
from common.clock import Clock
from common.inbox import TRANSIENT
from common.intents import Connection
from common.kafka import KafkaError, Log, LogScan, Message, Place, Record
from common.topics import CHECKPOINTS

log = structlog.get_logger()

DUE = 60.0  # seconds between checkpoints while something comes
LOOK = 1.0  # seconds between looks
PAUSE = 60.0  # seconds before an inconsistent log is looked at again

SIGNED = Gauge("shouwang_log_checkpoints", "Size of the last checkpoint that this process signed")
CONSISTENT = Gauge(
    "shouwang_log_consistent", "0 while what is stored contradicts what was signed: nobody signs"
)
CONSISTENT.set(1)


class Published(msgspec.Struct):
    """A record of the topic: the signed note, and the state that is its last entry."""

    checkpoint: str
    state: str


async def run(keeper: Keeper, clock: Clock, servers: str) -> None:
    """Sign and publish for ever; survive any failure of Kafka or Postgres."""
    kafka = Log(servers)
    try:
        await _run(keeper, clock, kafka, servers)
    finally:
        await kafka.close()


async def _run(keeper: Keeper, clock: Clock, kafka: Log, servers: str) -> None:
    time = asyncio.get_running_loop().time
    recovered, due = False, time()
    while True:
        pause = LOOK
        try:
            if not recovered:
                await recover(keeper, servers)
                recovered = True
            while made := await keeper.keep(clock.now(), due=time() >= due):
                due = time() + DUE
                SIGNED.set(made.size)
            CONSISTENT.set(1)
            await publish(keeper.pool, kafka)
        except Inconsistent as error:
            CONSISTENT.set(0)
            log.critical("log_inconsistent", error=str(error))
            pause = PAUSE
        except (KafkaError, *TRANSIENT) as error:
            log.warning("checkpoints_interrupted", error=repr(error))
        await asyncio.sleep(pause)


async def publish(pool: asyncpg.Pool, kafka: Log) -> None:
    """Publish what is not on the topic yet, in order; at least once, since readers go by the size."""
    while rows := await pool.fetch(_UNPUBLISHED):
        await kafka.publish([_message(row["note"], row["state"]) for row in rows])
        await pool.execute(_PUBLISHED, rows[-1]["size"])


async def recover(keeper: Keeper, servers: str) -> None:
    """Store checkpoints of ours that are on the topic and not in the database.

    Raises `Inconsistent` if they do not continue what the database has.
    """
    scan, place = LogScan(servers), Place(CHECKPOINTS, 0)
    try:
        _, end = (await scan.start([place]))[place]
        async with keeper.pool.acquire() as connection:
            last = await store.latest(connection)
        # Each was published at least once, so that the record before is one that we have; it is
        # another where the topic was made anew, and counts from later on.
        read = max(min(last.size if last else 0, end) - 1, 0)
        scan.seek(place, read)
        while read < end:
            records = (await scan.fetch(500, 1.0)).get(place, [])
            read = scan.reached().get(place, read)
            await take_back(keeper, records)
    finally:
        await scan.close()


async def take_back(keeper: Keeper, records: Sequence[Record]) -> None:
    """Store those of these records that are the next checkpoints. Raises `Inconsistent`."""
    async with keeper.pool.acquire() as connection, connection.transaction():
        await connection.execute("select pg_advisory_xact_lock($1)", LOCK)
        keys = await keeper.keys(connection)
        for record in records:
            try:
                found = msgspec.json.decode(record.value or b"", type=Published)
                head, ours = head_of(found.checkpoint), signers(found.checkpoint, keys)
            except (msgspec.MsgspecError, RecursionError, ValueError, Bad):
                ours = []  # also a succession, which our keys signed, but is no checkpoint
            if ours:
                await _take_back(connection, head, found)
            else:
                log.warning("checkpoint_not_ours", offset=record.offset)


async def _take_back(connection: Connection, head: Head, found: Published) -> None:
    last = await store.latest(connection)
    size = last.size if last else 0
    if head.size <= size:
        return
    held = (await store.tiles(connection, {TREE: root_tiles(size)}))[TREE]
    tiles = {**held, **grown(size, held, [leaf_hash(found.state.encode())])}
    if head.size != size + 1:
        raise Inconsistent(f"checkpoint {size + 1} is neither here nor on {CHECKPOINTS}")
    compare("checkpoints", head.size, head.root, tiles)
    await store.write_tiles(connection, {TREE: tiles})
    await connection.execute(_TAKEN_BACK, head.size, found.state, found.checkpoint)
    log.warning("checkpoint_taken_back", size=head.size)


def _message(note: str, state: str) -> Message:
    headers = [("content-type", b"application/json")]
    return Message(
        CHECKPOINTS,
        head_of(note).origin.encode(),
        headers,
        msgspec.json.encode(Published(note, state)),
    )


_UNPUBLISHED = """
select size, note, state from log.checkpoints where not published order by size limit 100
"""
_PUBLISHED = "update log.checkpoints set published = true where size <= $1 and not published"
_TAKEN_BACK = """
insert into log.checkpoints (size, state, note, made_at, published)
values ($1, $2, $3, clock_timestamp(), true)
"""
