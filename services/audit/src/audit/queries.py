"""What is asked of the timeline. Every answer is in timeline order and pages by a place in it."""

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from uuid import UUID

from sqlalchemy import func, text, tuple_
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession
from sqlmodel import col, select

from audit.read_model import SCHEMA, Entry, Household, Place
from common.intents import Connection

EMPTY = sha256().hexdigest()


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


async def household(engine: AsyncEngine, household_id: UUID) -> Household | None:
    """What is known of a household, or `None` if no event ever named it."""
    async with AsyncSession(engine) as session:
        return await session.get(Household, household_id)


async def entries(
    engine: AsyncEngine,
    household_id: UUID,
    *,
    limit: int,
    after: Place | None = None,
    service: str | None = None,
    type_: str | None = None,
) -> Sequence[Entry]:
    """Up to `limit` events of a household after a place, oldest first."""
    order = (col(Entry.recorded_at), col(Entry.service), col(Entry.stream), col(Entry.version))
    query = select(Entry).where(col(Entry.key) == str(household_id)).order_by(*order).limit(limit)
    if after:
        query = query.where(tuple_(*order) > tuple_(*after))
    if service:
        query = query.where(col(Entry.service) == service)
    if type_:
        query = query.where(col(Entry.type) == type_)
    async with AsyncSession(engine) as session:
        return (await session.execute(query)).scalars().all()


async def proof(engine: AsyncEngine, household_id: UUID) -> Proof:
    """Over the whole of a household's timeline, whatever page or filter was asked for."""
    async with engine.connect() as connection:
        found = (await connection.execute(text(_PROOF), {"key": str(household_id)})).one()
    return Proof(found[0], found[1].hex() if found[1] else EMPTY)


async def households(
    engine: AsyncEngine, region: str, *, limit: int, after: tuple[str, UUID] | None = None
) -> Sequence[Household]:
    """Up to `limit` households of an area (prefix of its code), by area and id."""
    order = (col(Household.region), col(Household.household_id))
    query = (
        select(Household)
        .where(order[0] >= region, order[0] < region + ":")  # ":" comes right after "9"
        .order_by(*order)
        .limit(limit)
    )
    if after:
        query = query.where(tuple_(*order) > tuple_(*after))
    async with AsyncSession(engine) as session:
        return (await session.execute(query)).scalars().all()


async def villages(engine: AsyncEngine, region: str) -> Sequence[Village]:
    """The areas inside `region` (prefix of a code) that have households."""
    code = col(Household.region)
    query = (
        select(code, func.count(), func.sum(Household.events))
        .where(code >= region, code < region + ":")
        .group_by(code)
        .order_by(code)
    )
    async with engine.connect() as connection:
        return [Village(*found) for found in (await connection.execute(query)).all()]


async def parked(engine: AsyncEngine, consumer: str, key: str) -> int:
    """How many records of a household could not be applied, and wait for a person."""
    query = text("select count(*) from es.parked where consumer = :consumer and key = :key")
    async with engine.connect() as connection:
        count: int = await connection.scalar(query, {"consumer": consumer, "key": key}) or 0
    return count


async def whole_log(connection: Connection, schema: str = SCHEMA) -> Proof:
    """Over every key in byte order: sha256 of each `key ‖ 0x00 ‖ sha256(its event hashes)`.

    The same for two timelines if, and only if, they hold the same events.
    """
    found = await connection.fetchrow(_WHOLE.format(schema=schema), timeout=600)
    assert found is not None
    return Proof(found["count"], found["hash"].hex() if found["hash"] else EMPTY)


_ORDER = "recorded_at, service, stream, version"
_PROOF = f"""
select count(*) as count, sha256(string_agg(hash, ''::bytea order by {_ORDER})) as hash
from {SCHEMA}.timeline where key = :key
"""
_WHOLE = f"""
select coalesce(sum(count), 0)::bigint as count,
    sha256(string_agg(convert_to(key, 'UTF8') || '\\x00'::bytea || hash, ''::bytea order by key)) as hash
from (
    select key, count(*) as count, sha256(string_agg(hash, ''::bytea order by {_ORDER})) as hash
    from {{schema}}.timeline group by key
) as each_key
"""
