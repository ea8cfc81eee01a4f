"""What is asked of the timeline. Every answer is in timeline order and pages by a place in it."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any
from uuid import UUID

import asyncpg
from sqlalchemy import ColumnElement, Row, func, select, text, tuple_
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession
from sqlmodel import col

from audit.read_model import SCHEMA, Called, Entry, Household, Place
from common.intents import Connection

EMPTY = sha256().hexdigest()
Recorded = Row[Any]
"""An event with what is told of it: the attributes of `Entry`, but for where it lay on Kafka. 500
plain rows take a fifth of the time of 500 mapped objects."""
_TOLD = [
    column
    for column in Entry.__table__.columns  # type: ignore[attr-defined] # SQLModel makes it
    if column.name not in ("key", "household_id", "prev_hash", "topic", "partition", "offset")
]


@dataclass(frozen=True, slots=True)
class Proof:
    """How many events there are, and the hex sha256 over their hashes in timeline order."""

    count: int
    hash: str


@dataclass(frozen=True, slots=True)
class Village:
    """An area code with households in it."""

    region: str
    households: int
    events: int


def alone(engine: AsyncEngine) -> AsyncEngine:
    """For a query that is its own transaction: nothing is sent to begin and to end it."""
    return engine.execution_options(isolation_level="AUTOCOMMIT")


async def household(engine: AsyncEngine, household_id: UUID) -> Household | None:
    """What is known of a household, or `None` if no event ever named it."""
    async with AsyncSession(alone(engine)) as session:
        return await session.get(Household, household_id)


async def caused(pool: asyncpg.Pool, household_id: UUID, department: str) -> frozenset[UUID]:
    """The events of a household that people or systems of a department caused."""
    return frozenset(
        row["event_id"] for row in await pool.fetch(_CAUSED, str(household_id), department)
    )


async def entries(
    engine: AsyncEngine,
    household_id: UUID,
    *,
    limit: int,
    after: Place | None = None,
    where: Sequence[ColumnElement[bool]] = (),
) -> Sequence[Recorded]:
    """Up to `limit` events of a household after a place, oldest first."""
    order = (col(Entry.recorded_at), col(Entry.service), col(Entry.stream), col(Entry.version))
    query = select(*_TOLD).where(col(Entry.key) == str(household_id)).order_by(*order).limit(limit)
    if after:
        query = query.where(tuple_(*order) > tuple_(*after))
    async with alone(engine).connect() as connection:
        return (await connection.execute(query.where(*where))).all()


async def latest(
    engine: AsyncEngine,
    where: Sequence[ColumnElement[bool]],
    *,
    limit: int,
    before: Place | None = None,
) -> Sequence[Recorded]:
    """Up to `limit` events before a place, the latest first."""
    order = (col(Entry.recorded_at), col(Entry.service), col(Entry.stream), col(Entry.version))
    query = select(*_TOLD).where(*where).order_by(*(c.desc() for c in order)).limit(limit)
    if before:
        query = query.where(tuple_(*order) < tuple_(*before))
    async with alone(engine).connect() as connection:
        return (await connection.execute(query)).all()


async def by_id(
    engine: AsyncEngine, household_id: UUID, ids: Collection[UUID]
) -> Sequence[Recorded]:
    """These events of a household."""
    query = select(*_TOLD).where(col(Entry.key) == str(household_id), col(Entry.event_id).in_(ids))
    async with alone(engine).connect() as connection:
        return (await connection.execute(query)).all()


async def known(
    pool: asyncpg.Pool, household_id: UUID, known_at: datetime | None
) -> Sequence[asyncpg.Record]:
    """What folding needs of all that was recorded of a household by then."""
    return await pool.fetch(_FOLDED, str(household_id), known_at)


async def of_types(
    pool: asyncpg.Pool, household_id: UUID, types: Sequence[tuple[str, str, int]]
) -> Sequence[asyncpg.Record]:
    """Events of a household of these types (service, name, major version)."""
    wanted = [t[0] for t in types], [t[1] for t in types], [t[2] for t in types]
    return await pool.fetch(_OF_TYPES, str(household_id), *wanted)


async def of_households(
    pool: asyncpg.Pool | Connection,
    households: Collection[UUID],
    known_at: datetime,
    types: Sequence[Any],
) -> Sequence[asyncpg.Record]:
    """What folding needs of events of these types (their services, names, major versions), recorded of
    households by then."""
    keys = [str(id_) for id_ in households]
    return await pool.fetch(_OF_HOUSEHOLDS, keys, known_at, *types)


async def last_of(
    pool: asyncpg.Pool, region: str, households: Collection[UUID]
) -> Sequence[asyncpg.Record]:
    """Those of these households that are in an area (prefix of its code): where, and the last record."""
    return await pool.fetch(_LAST_OF, list(households), region)


async def proof(engine: AsyncEngine, household_id: UUID) -> Proof:
    """Over the whole of a household's timeline, whatever page or filter was asked for."""
    async with alone(engine).connect() as connection:
        found = (await connection.execute(text(_PROOF), {"key": str(household_id)})).one()
    return Proof(found[0], found[1].hex() if found[1] else EMPTY)


async def households(
    engine: AsyncEngine,
    region: str,
    *,
    limit: int,
    after: tuple[str, str, UUID] | None = None,
    called: Collection[str] = (),
) -> Sequence[Recorded]:
    """Up to `limit` households of an area (prefix of its code), by area, by what they are `called` and by
    id; those first that have no name. Only those that are called one of these, if any are given."""
    name = func.coalesce(col(Called.name), "")
    order = (col(Household.region), name, col(Household.household_id))
    columns = [*Household.__table__.columns, name.label("called")]  # type: ignore[attr-defined] # as above
    query = (
        select(*columns)
        .outerjoin(Called, col(Called.household_id) == order[2])
        .where(order[0] >= region, order[0] < region + ":")  # ":" comes right after "9"
        .order_by(*order)
        .limit(limit)
    )
    if after:  # the area once more by itself, for the index
        query = query.where(order[0] >= after[0], tuple_(*order) > tuple_(*after))
    if called:
        query = query.where(col(Called.name).in_(called))
    async with alone(engine).connect() as connection:
        return (await connection.execute(query)).all()


async def villages(engine: AsyncEngine, region: str) -> Sequence[Village]:
    """The areas inside `region` (prefix of a code) that have households."""
    code = col(Household.region)
    query = (
        select(code, func.count(), func.sum(Household.events))
        .where(code >= region, code < region + ":")
        .group_by(code)
        .order_by(code)
    )
    async with alone(engine).connect() as connection:
        return [Village(*found) for found in (await connection.execute(query)).all()]


async def among(pool: asyncpg.Pool, region: str, ids: Collection[UUID]) -> dict[UUID, str]:
    """Those of these ids that are households of an area (prefix of its code), and where each is."""
    rows = await pool.fetch(_AMONG, list(ids), region)
    return {row["household_id"]: row["region"] for row in rows}


async def parked(engine: AsyncEngine, consumer: str, key: str) -> int:
    """How many records of a household could not be applied, and wait for a person."""
    query = text("select count(*) from es.parked where consumer = :consumer and key = :key")
    async with alone(engine).connect() as connection:
        count: int = await connection.scalar(query, {"consumer": consumer, "key": key}) or 0
    return count


async def reasons(engine: AsyncEngine, consumer: str, key: str) -> dict[str, int]:
    """How many records of a household wait, by the first word of the reason; the oldest reason first."""
    async with alone(engine).connect() as connection:
        found = await connection.execute(text(_REASONS), {"consumer": consumer, "key": key})
        return {row.why: row.records for row in found}


async def unkept(pool: asyncpg.Pool, consumer: str, key: str) -> int:
    """How many records of a household are in the log, while their content is neither on the timeline nor
    waiting: somebody gave them up, or an earlier version dropped what contradicted an older record."""
    count: int = await pool.fetchval(_UNKEPT, consumer, key)
    return max(count, 0)  # what waits may have come twice


async def logged(pool: asyncpg.Pool, key: str) -> int:
    """How many records of a household the log has, whether anybody has their content or not."""
    count: int = await pool.fetchval("select count(*) from log.leaves where key = $1", key)
    return count


async def forked(pool: asyncpg.Pool, consumer: str, households: Collection[UUID]) -> set[UUID]:
    """Those of whom two records claim one place in a stream."""
    keys = [str(id_) for id_ in households]
    return {UUID(row["key"]) for row in await pool.fetch(_FORKED, consumer, keys)}


async def whole_log(connection: Connection, schema: str = SCHEMA) -> Proof:
    """Over every key in byte order: sha256 of each `key ‖ 0x00 ‖ sha256(its event hashes)`.

    The same for two timelines if, and only if, they hold the same events. Looks are left out: looking
    at a timeline does not change it.
    """
    found = await connection.fetchrow(_WHOLE.format(schema=schema), timeout=600)
    assert found is not None
    return Proof(found["count"], found["hash"].hex() if found["hash"] else EMPTY)


_FOLDED = """
select event_id, service, type, schema_version, stream, version, occurred_at, recorded_at, data
from read.timeline where key = $1 and ($2::timestamptz is null or recorded_at <= $2)
"""
_OF_HOUSEHOLDS = """
select t.key, t.event_id, t.service, t.type, t.schema_version, t.stream, t.version, t.occurred_at,
    t.recorded_at, t.data
from read.timeline t join unnest($3::text[], $4::text[], $5::int[]) as w (service, type, schema_version)
    using (service, type, schema_version)
where t.key = any($1::text[]) and t.recorded_at <= $2
"""
_LAST_OF = """
select h.household_id, h.region, t.service, t.type, t.schema_version, t.recorded_at
from read.households h cross join lateral (
    select service, type, schema_version, recorded_at from read.timeline where key = h.household_id::text
    order by recorded_at desc, service desc, stream desc, version desc limit 1
) as t
where h.household_id = any($1) and h.region >= $2 and h.region < $2 || ':'
"""
_CAUSED = "select event_id from read.timeline where key = $1 and actor_department = $2"
_OF_TYPES = """
select t.event_id, t.service, t.type, t.schema_version, t.recorded_at, t.data from read.timeline t
join unnest($2::text[], $3::text[], $4::int[]) as w (service, type, schema_version)
    using (service, type, schema_version)
where t.key = $1
"""
_AMONG = """
select household_id, region from read.households
where household_id = any($1) and region >= $2 and region < $2 || ':'
"""
_ORDER = "recorded_at, service, stream, version"
_PROOF = f"""
select count(*) as count, sha256(string_agg(hash, ''::bytea order by {_ORDER})) as hash
from {SCHEMA}.timeline where key = :key
"""
_REASONS = """
select substring(reason from '^[a-z]*') as why, count(*) as records from es.parked
where consumer = :consumer and key = :key group by 1 order by min(id)
"""
# What is malformed waits, too, but is no leaf of the log.
_UNKEPT = """
select count(*) - (
    select count(*) from es.parked
    where consumer = $1 and key = $2 and reason !~ '^(malformed|the key)'
)
from log.leaves l where key = $2 and not exists (
    select from read.timeline t where t.key = l.key and t.hash = l.hash
)
"""
_FORKED = """
select distinct key from es.parked
where consumer = $1 and key = any($2::text[]) and reason like 'fork%'
"""
LOOKS = "service = 'audit'"  # the events that audit records itself
_WHOLE = f"""
select coalesce(sum(count), 0)::bigint as count,
    sha256(string_agg(convert_to(key, 'UTF8') || '\\x00'::bytea || hash, ''::bytea order by key)) as hash
from (
    select key, count(*) as count, sha256(string_agg(hash, ''::bytea order by {_ORDER})) as hash
    from {{schema}}.timeline where not {LOOKS} group by key
) as each_key
"""
