"""Households with their stage, as lists and rules look them up."""

from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

import asyncpg
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession
from sqlmodel import col, select

from common.intents import Connection, Fresh
from common.lookups import Lookups
from contracts.codes import Origin
from contracts.households import HouseholdAbsorbed, HouseholdDeregistered, HouseholdSplit
from contracts.monitoring import RecordCorrected
from contracts.stages import Stage
from identification.domain.correctable import NUMBER
from identification.domain.entry import Status
from identification.domain.risks import open_risks
from identification.domain.stages import monitored_of
from identification.domain.states import Household
from identification.read_model.tables import HouseholdRow


async def put(connection: Connection, latest: Sequence[Fresh]) -> None:
    rows = [_household(f) for f in latest]
    await connection.execute(_UPSERT, *zip(*rows, strict=True))


def _household(fresh: Fresh) -> tuple[Any, ...]:
    state: Household = fresh.state
    registered, file, monitored = state.registered, state.file, monitored_of(state.case)
    return (
        registered.household_id,
        registered.register_number,
        registered.region,
        registered.category.value,
        registered.marginal_2019,
        registered.co_living_count,
        state.has_labour,
        state.status.value,
        registered.origin.value,
        state.stage,
        monitored.monitored_class.value if monitored else None,
        ",".join(sorted(open_risks(file, state.case))) if file else "",
        file.discovered_on if file else None,
        file.due_on if file else None,
        fresh.event.version,
    )


_UPSERT = """
insert into read.household (household_id, register_number, region, category, marginal_2019, persons,
    has_labour, status, origin, stage, monitored_class, risk_types, discovered_on, due_on, version)
select household_id, register_number, region, category, marginal_2019, persons, has_labour, status,
    origin, stage, monitored_class, string_to_array(risk_types, ','), discovered_on, due_on, version
from unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::bool[], $6::int[], $7::bool[],
    $8::text[], $9::text[], $10::text[], $11::text[], $12::text[], $13::date[], $14::date[],
    $15::int[])
    as t (household_id, register_number, region, category, marginal_2019, persons, has_labour,
        status, origin, stage, monitored_class, risk_types, discovered_on, due_on, version)
on conflict (household_id) do update set
    register_number = excluded.register_number, region = excluded.region, category = excluded.category,
    marginal_2019 = excluded.marginal_2019, persons = excluded.persons,
    has_labour = excluded.has_labour, status = excluded.status,
    stage = excluded.stage, monitored_class = excluded.monitored_class,
    risk_types = excluded.risk_types, discovered_on = excluded.discovered_on,
    due_on = excluded.due_on, version = excluded.version
"""


def numbered(event: Any) -> bool:
    """Whether the register number of a household is another since."""
    return isinstance(event, RecordCorrected) and (event.corrected_type, event.path) == NUMBER


async def free(connection: Connection, corrected: Sequence[Fresh]) -> None:
    """Take these households' register numbers away. They get new ones in a moment, and before that one may
    be the old number of another."""
    await connection.execute(
        "update read.household set register_number = household_id::text where household_id = any($1::uuid[])",
        [f.payload.household_id for f in corrected],
    )


async def reserve(connection: Connection, entries: Sequence[Fresh]) -> None:
    """A row for every household that is splitting off, so that its register number is taken.

    Raises `UniqueViolationError` for a number that another household has.
    """
    splits = [f.payload for f in entries if isinstance(f.payload, HouseholdSplit)]
    if splits:
        await connection.execute(
            """
            insert into read.household (household_id, register_number, region, category,
                marginal_2019, persons, has_labour, status, origin, stage, risk_types, version)
            select t.*, false, $7, $8, $9, '{}', 0
            from unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::bool[], $6::int[]) as t
            on conflict (household_id) do nothing
            """,
            [s.new_household_id for s in splits],
            [s.register_number for s in splits],
            [s.region for s in splits],
            [s.category.value for s in splits],
            [s.marginal_2019 for s in splits],
            [s.new_co_living_count for s in splits],
            Status.ACTIVE.value,
            Origin.SPLIT.value,
            Stage.NONE.value,
        )


MERGING = 7_301_011  # advisory lock


async def take_turns(connection: Connection, entries: Sequence[Fresh]) -> None:
    """Let mergers be recorded one after the other. Of two at once, neither would see the other, and the
    first would go on naming a household that is gone."""
    if any(_merger(f.payload) for f in entries):
        await connection.execute("select pg_advisory_xact_lock($1)", MERGING)


async def merged(connection: Connection, entries: Sequence[Fresh]) -> None:
    """Note of which household each is part of now, or a second registration; and the same for those that
    were part of it. Mergers are rare enough to be written one by one, in their order."""
    for f in entries:
        if survivor := _merger(f.payload):
            await connection.execute(_MERGED, f.payload.household_id, survivor, f.event.event_id)


def _merger(event: Any) -> UUID | None:
    """The household that remains of this one and another."""
    match event:
        case HouseholdAbsorbed(survivor_id=survivor):
            return survivor
        case HouseholdDeregistered(duplicate_of=UUID() as remains):
            return remains
    return None


_MERGED = """
with last as (
    select coalesce((select survivor_id from read.merged where household_id = $2), $2) as survivor_id
), parts as (
    update read.merged m set survivor_id = last.survivor_id from last where m.survivor_id = $1
)
insert into read.merged (household_id, survivor_id, into_id, event_id)
select $1, survivor_id, $2, $3::uuid from last
on conflict (household_id) do update set survivor_id = excluded.survivor_id, into_id = $2, event_id = $3
"""


async def regions_of(connection: Connection, households: Sequence[UUID]) -> dict[UUID, str]:
    """The areas of these households, in one query."""
    rows = await connection.fetch(
        "select household_id, region from read.household where household_id = any($1::uuid[])",
        households,
    )
    return {row["household_id"]: row["region"] for row in rows}


async def homes(connection: Connection, households: Sequence[UUID]) -> dict[UUID, tuple[UUID, str]]:
    """Where these people live now, as far as it is known: household and area, in one query. A household
    that was absorbed is replaced by the one that took it in."""
    rows = await connection.fetch(
        """
        select asked.household_id, h.household_id as home, h.region
        from unnest($1::uuid[]) as asked (household_id)
        left join read.merged m using (household_id)
        join read.household h on h.household_id = coalesce(m.survivor_id, asked.household_id)
        """,
        households,
    )
    return {row["household_id"]: (row["home"], row["region"]) for row in rows}


def regions(pool: asyncpg.Pool) -> Lookups[UUID, str]:
    """The area of a household, looked up with whatever else is asked at that moment."""

    async def fetch(households: Sequence[UUID]) -> dict[UUID, str]:
        async with pool.acquire() as connection:
            return await regions_of(connection, households)

    return Lookups(fetch)


async def by_number(connection: Connection, numbers: Sequence[str]) -> dict[str, UUID]:
    """Households by register number, those that are known."""
    rows = await connection.fetch(
        "select register_number, household_id from read.household "
        "where register_number = any($1::text[])",
        numbers,
    )
    return {row["register_number"]: row["household_id"] for row in rows}


async def one(engine: AsyncEngine, household_id: UUID) -> HouseholdRow | None:
    """One household, or `None`."""
    async with AsyncSession(engine) as session:
        return await session.get(HouseholdRow, household_id)


async def some(engine: AsyncEngine, households: Sequence[UUID]) -> list[HouseholdRow]:
    """Those of these households that are known."""
    query = select(HouseholdRow).where(col(HouseholdRow.household_id).in_(households))
    async with AsyncSession(engine) as session:
        return list((await session.execute(query)).scalars())


async def many(
    engine: AsyncEngine,
    *,
    region: str,
    stage: str | None,
    due_by: date | None,
    routed: tuple[list[str], list[bool]] | None,
    after: UUID | None,
    limit: int,
    **equal: object,
) -> list[HouseholdRow]:
    """Households of an area by id, after a given one; at most `limit`.

    `routed` keeps those that are routed (`routed_to`): by their risks; or, if they have any, by their
    labour capacity. `equal` are columns and the value of each, `None` for any.
    """
    query = select(HouseholdRow).where(col(HouseholdRow.region).startswith(region))
    if stage:
        query = query.where(HouseholdRow.stage == stage)
    if due_by:
        query = query.where(col(HouseholdRow.due_on) <= due_by)
    if routed is not None:
        risks, labour = routed
        query = query.where(text(_ROUTED).bindparams(risks=risks, labour=labour))
    for column, value in equal.items():
        if value is not None:
            query = query.where(getattr(HouseholdRow, column) == value)
    if after:
        query = query.where(HouseholdRow.household_id > after)
    query = query.order_by(col(HouseholdRow.household_id)).limit(limit)
    async with AsyncSession(engine) as session:
        return list((await session.execute(query)).scalars())


_ROUTED = """
(risk_types && :risks or cardinality(risk_types) > 0 and has_labour = any(cast(:labour as bool[])))
"""
