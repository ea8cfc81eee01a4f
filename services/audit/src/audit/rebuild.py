"""Builds the timeline anew from Kafka alone: `python -m audit.rebuild` (`make rebuild SERVICE=audit`).

Beside the serving tables, which may be in use, broken or gone: read everything (`audit.rebuilding.refill`),
index last, prove that what was read is what was signed (`audit.rebuilding.roots`), swap in one transaction. The
swap hands the running service exactly the offsets and cursors that the new tables stand at, under a
new epoch, so that it goes on without loss or doubling. Needs DATABASE_URL and KAFKA_BOOTSTRAP_SERVERS.
"""

import argparse
import signal
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import asyncpg
import uvloop
from sqlalchemy import MetaData

from audit.read_model import SCHEMA, TABLES, Entry, copying, taking, whereabouts
from audit.read_model.queries import LOOKS, Proof, whole_log
from audit.rebuilding import noting, roots
from audit.rebuilding.noting import Noting
from audit.rebuilding.reading import read, telling
from audit.rebuilding.refill import NEXT, LogIncomplete, Servers, forget, refill
from audit.rebuilding.roots import Contradicted, Proved
from audit.rebuilding.swap import BESIDE, swap
from audit.settings import own_key
from audit.verify import Key, key_of
from common.engine import engine_of
from common.garbage import collect_seldom
from common.inbox import TRANSIENT, Handle, TooManyParked
from common.kafka import KafkaError
from common.settings import given
from common.swapping import PREVIOUS, Tell, say
from common.topics import PARTITIONS

ONE_AT_A_TIME = 7_301_004  # advisory lock
KEY = "timeline_pkey"
# It goes through all of the timeline several times, and is alone: what it sorts and joins stays in memory.
ROOMY = "set work_mem = '128MB'; set maintenance_work_mem = '256MB'"


class WouldLose(Exception):
    """The serving timeline holds events that the log no longer has."""


@dataclass(frozen=True)
class Rebuilt:
    """What the new timeline holds, `looks` apart. `duplicates` are records that were on the log more
    than once; `parked` says how often each reason stood in the way; `proved` is missing if nothing was
    signed yet, or if it was swapped all the same."""

    proof: Proof
    looks: int = 0
    duplicates: int = 0
    parked: dict[str, int] = field(default_factory=dict)
    proved: Proved | None = None

    @property
    def records(self) -> int:
        """All that was read."""
        return self.proof.count + self.looks + self.duplicates + sum(self.parked.values())


async def rebuild(
    servers: Servers,
    tell: Tell,
    *,
    workers: int = 1,
    resume: bool = False,
    lose: bool = False,
    keys: Sequence[Key] = (),
) -> Rebuilt:
    """Read, index, prove, swap. `keys` are those of the log; without, signatures are not checked.

    Raises `LogIncomplete`, `WouldLose`, `Contradicted`; nothing is swapped then.
    """
    connection = await asyncpg.connect(servers.database_url, timeout=10)
    try:
        if not await connection.fetchval("select pg_try_advisory_lock($1)", ONE_AT_A_TIME):
            raise LogIncomplete("another rebuild is at work on this database")
        await connection.execute(ROOMY)
        resume = resume and await _has(connection, "leaves")
        if not resume:
            await _lay(connection, servers)
        if not await _has(connection, KEY):
            async with telling(servers, tell):
                await read(servers, workers, resume)
            tell("indexing")
            if not await noting.fill_cursors(connection, NEXT, BESIDE):
                tell("a stream is in more than one partition: reading all again, as one")
                await _lay(connection, servers)
            await _key(connection)
        async with telling(servers, tell):  # what came meanwhile, or all
            await refill(servers, range(PARTITIONS), _beside(copying(BESIDE)))
        await whereabouts.fill(connection, BESIDE)
        await connection.execute(f"analyze {BESIDE}.timeline, {BESIDE}.households", timeout=None)
        last = await roots.signed(connection, servers.kafka, keys)

        async def catch_up() -> None:  # what arrived meanwhile
            await refill(servers, range(PARTITIONS), _beside(taking(BESIDE)))

        if not lose:
            await _note_unread(connection)
        await catch_up()
        if not lose and (gone := await _missing(connection)):
            raise WouldLose(f"{gone:,} events of the serving timeline are not on the log any more")
        result = await _counted(connection)
        tell("proving")
        try:
            proved = await roots.proved(connection, BESIDE, last) if last else None
        except Contradicted as error:
            if not lose:
                raise
            proved = None
            tell(f"swapped all the same: {error}")
        await catch_up()  # so that little is left to do while the service waits for the swap
        await swap(connection, tell, await roots.unlogged(connection, BESIDE), catch_up)
        return replace(result, proved=proved)
    finally:
        await connection.close()


async def _lay(connection: asyncpg.Connection, servers: Servers) -> None:
    """Empty tables in a fresh schema; the timeline without its index until it is full."""
    await connection.execute(f"drop schema if exists {BESIDE}, {PREVIOUS} cascade")
    await connection.execute(f"create schema {BESIDE}")
    await forget(connection)
    beside = MetaData()
    for table in TABLES.tables.values():
        table.to_metadata(beside, schema=BESIDE)
    engine = engine_of(servers.database_url)
    try:
        async with engine.begin() as session:
            await session.run_sync(beside.create_all)
    finally:
        await engine.dispose()
    await connection.execute(f"alter table {BESIDE}.timeline drop constraint {KEY}")
    await noting.lay(connection, BESIDE)


async def _has(connection: asyncpg.Connection, name: str) -> bool:
    """Whether a relation of this name is beside."""
    return bool(await connection.fetchval("select to_regclass($1)", f"{BESIDE}.{name}"))


def _beside(handle: Handle) -> Noting:
    return Noting(NEXT, handle, BESIDE)


async def _key(connection: asyncpg.Connection) -> None:
    """The index of the timeline, which reading everything for the first time does without."""
    key = ", ".join(column.name for column in Entry.__table__.primary_key)  # type: ignore[attr-defined]
    await connection.execute(
        f"alter table {BESIDE}.timeline add constraint {KEY} primary key ({key})", timeout=None
    )


async def _counted(connection: asyncpg.Connection) -> Rebuilt:
    parked = await connection.fetch(_PARKED, NEXT)
    return Rebuilt(
        await whole_log(connection, BESIDE),
        await connection.fetchval(_LOOKS, timeout=600),
        await noting.repeated(connection, NEXT, BESIDE),
        {row["reason"]: row["records"] for row in parked},
    )


async def _note_unread(connection: asyncpg.Connection) -> None:
    """Note what the serving timeline has and the new one has not: all of it came from the log, so reading
    the log to its end once more has to bring it."""
    there = await connection.fetchval(f"select to_regclass('{SCHEMA}.timeline')")
    await connection.execute(_UNREAD if there else _NONE_UNREAD, timeout=None)


async def _missing(connection: asyncpg.Connection) -> int:
    """How much of what was noted the new timeline still has not."""
    missing: int = await connection.fetchval(_MISSING, timeout=None)
    return missing


_PARKED = """
select split_part(reason, ':', 1) as reason, count(*) as records
from es.parked where consumer = $1 group by 1 order by 1
"""
_LOOKS = f"select count(*) from {BESIDE}.timeline where {LOOKS}"
_UNREAD = f"""
create temporary table unread as select hash from {SCHEMA}.timeline old
where not exists (select from {BESIDE}.timeline new where new.hash = old.hash)
"""
_NONE_UNREAD = "create temporary table unread (hash bytea)"
_MISSING = f"""
select count(*) from unread
where not exists (select from {BESIDE}.timeline new where new.hash = unread.hash)
"""


def main() -> None:
    """Rebuild, and say how it went; exit 1 when nothing was swapped."""
    asking = argparse.ArgumentParser(prog="python -m audit.rebuild", description=__doc__)
    asking.add_argument("--workers", type=int, default=1, choices=range(1, PARTITIONS + 1))
    asking.add_argument("--resume", action="store_true", help="go on with an interrupted rebuild")
    asking.add_argument(
        "--lose", action="store_true", help="swap even if the log lost events, or is not as signed"
    )
    asking.add_argument(
        "--key", action="append", default=[], help="verifier key of the log (LOG_KEY's)"
    )
    wanted = asking.parse_args()
    servers = Servers(given("DATABASE_URL"), given("KAFKA_BOOTSTRAP_SERVERS"))
    started = time.monotonic()
    collect_seldom()
    # Cancelled, as by Ctrl-C: at the next await, not in the middle of starting a worker.
    signal.signal(signal.SIGTERM, lambda *_: signal.raise_signal(signal.SIGINT))
    try:
        keys = [key_of(key) for key in wanted.key or [own_key()] if key]
        done = uvloop.run(
            rebuild(
                servers,
                say,
                workers=wanted.workers,
                resume=wanted.resume,
                lose=wanted.lose,
                keys=keys,
            )
        )
    except ValueError as error:
        sys.exit(f"The key of the log: {error}")
    except (WouldLose, Contradicted) as error:
        sys.exit(f"Nothing was swapped: {error}. Give --lose to swap all the same.")
    except (LogIncomplete, TooManyParked, KafkaError, asyncpg.PostgresError) as error:
        sys.exit(f"The rebuild stopped, and the serving timeline is as it was: {error}")
    except KeyboardInterrupt:
        sys.exit("Cancelled: the serving timeline is as it was; go on with --resume")
    except TRANSIENT as error:
        sys.exit(f"Kafka or Postgres went away; go on with --resume: {error!r}")
    seconds = time.monotonic() - started
    say(
        f"{done.proof.count:,} events and {done.looks:,} looks from {done.records:,} records in "
        f"{seconds:.1f} s ({done.records / seconds:,.0f}/s); {done.duplicates:,} duplicates dropped"
    )
    for reason, count in done.parked.items():
        say(f"{count:,} records parked: {reason}")
    say(f"timeline hash {done.proof.hash}\n{_proof(done.proved, signed=bool(keys))}")


def _proof(proved: Proved | None, *, signed: bool) -> str:
    if proved is None:
        return "no checkpoint to prove it against"
    told = f"the roots of {proved.trees} trees and of the heads map are those of checkpoint "
    told += f"{proved.checkpoint} of {proved.origin}"
    told += ", signature checked" if signed else " (signature not checked: --key)"
    if proved.reordered:
        told += f"; on the topic in another order: {', '.join(proved.reordered)}"
    return told


if __name__ == "__main__":
    main()
