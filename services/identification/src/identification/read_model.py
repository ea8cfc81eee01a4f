"""What identification shows, and looks up: households with their stage, facts for the rules.

Both tables are functions of the service's own events, changed in the same transaction; they can be
dropped and folded again.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

import asyncpg
from sqlalchemy import BigInteger, MetaData, text
from sqlalchemy.dialects.postgresql import ARRAY, TEXT
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession
from sqlmodel import Column, Field, SQLModel, col, select

from common.intents import Connection, Fresh
from common.lookups import Lookups
from contracts.codes import FactValue
from contracts.identification import DepartmentFactRecorded, HouseholdRegistered
from identification import vault
from identification.domain.household import clue_of, stage_of
from identification.domain.rules import MedicalCost
from identification.domain.states import Household, Monitored

TABLES = MetaData(schema="read")


class HouseholdRow(SQLModel, table=True):
    """One household as lists show it; no personal data."""

    metadata = TABLES
    __tablename__ = "household"

    household_id: UUID = Field(primary_key=True)
    register_number: str = Field(unique=True)
    region: str = Field(index=True)
    category: str
    marginal_2019: bool
    persons: int
    has_labour: bool
    stage: str = Field(index=True)
    monitored_class: str | None
    risk_types: list[str] = Field(sa_column=Column(ARRAY(TEXT), nullable=False))
    discovered_on: date | None
    due_on: date | None = Field(index=True)
    version: int


class FactRow(SQLModel, table=True):
    """One department fact, as far as rules look back at it."""

    metadata = TABLES
    __tablename__ = "fact"

    event_id: UUID = Field(primary_key=True)
    household_id: UUID = Field(index=True)
    person_id: UUID
    fact_type: str
    detected_on: date
    own_cost_fen: int | None = Field(sa_type=BigInteger)


async def project(connection: Connection, fresh: Sequence[Fresh]) -> None:
    """Bring both tables and the vault to the state after these events, a statement each."""
    latest = {f.event.stream: f for f in fresh if isinstance(f.state, Household)}
    if latest:
        await _put_households(connection, list(latest.values()))
    facts = [f for f in fresh if isinstance(f.payload, DepartmentFactRecorded)]
    if facts:
        await _put_facts(connection, facts)
    registered = [f for f in fresh if isinstance(f.payload, HouseholdRegistered) and f.private]
    if registered:
        await vault.keep(connection, [row for f in registered for row in f.private])


async def _put_households(connection: Connection, latest: Sequence[Fresh]) -> None:
    rows = [_household(f) for f in latest]
    await connection.execute(_UPSERT, *(list(column) for column in zip(*rows, strict=True)))


def _household(fresh: Fresh) -> tuple[Any, ...]:
    state: Household = fresh.state
    registered, case = state.registered, state.case
    clue = clue_of(case) if case else None
    return (
        registered.household_id,
        registered.register_number,
        registered.region,
        registered.category.value,
        registered.marginal_2019,
        registered.co_living_count,
        state.has_labour,
        stage_of(case),
        case.confirmed.monitored_class.value if isinstance(case, Monitored) else None,
        ",".join(sorted(clue.risk_types)) if clue else "",
        clue.discovered_on if clue else None,
        clue.due_on if clue else None,
        fresh.event.version,
    )


_UPSERT = """
insert into read.household (household_id, register_number, region, category, marginal_2019, persons,
    has_labour, stage, monitored_class, risk_types, discovered_on, due_on, version)
select household_id, register_number, region, category, marginal_2019, persons, has_labour, stage,
    monitored_class, string_to_array(risk_types, ','), discovered_on, due_on, version
from unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::bool[], $6::int[], $7::bool[],
    $8::text[], $9::text[], $10::text[], $11::date[], $12::date[], $13::int[])
    as t (household_id, register_number, region, category, marginal_2019, persons, has_labour, stage,
        monitored_class, risk_types, discovered_on, due_on, version)
on conflict (household_id) do update set
    stage = excluded.stage, monitored_class = excluded.monitored_class,
    risk_types = excluded.risk_types, discovered_on = excluded.discovered_on,
    due_on = excluded.due_on, version = excluded.version
"""


async def _put_facts(connection: Connection, facts: Sequence[Fresh]) -> None:
    await connection.execute(
        """
        insert into read.fact (event_id, household_id, person_id, fact_type, detected_on, own_cost_fen)
        select * from unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::text[], $5::date[], $6::bigint[])
        """,
        [f.event.event_id for f in facts],
        [f.payload.household_id for f in facts],
        [f.payload.person_id for f in facts],
        [f.payload.fact_type.value for f in facts],
        [f.payload.detected_on for f in facts],
        [f.payload.values.get(FactValue.COMPLIANT_OWN_COST) for f in facts],
    )


async def medical_costs(
    connection: Connection, households: Sequence[UUID]
) -> dict[UUID, list[MedicalCost]]:
    """The settlements of these households, in one query."""
    rows = await connection.fetch(
        """
        select household_id, event_id, detected_on, own_cost_fen from read.fact
        where household_id = any($1::uuid[]) and own_cost_fen is not null
        order by household_id, detected_on, event_id
        """,
        households,
    )
    found: dict[UUID, list[MedicalCost]] = {}
    for row in rows:
        cost = MedicalCost(row["event_id"], row["detected_on"], row["own_cost_fen"])
        found.setdefault(row["household_id"], []).append(cost)
    return found


@dataclass(frozen=True)
class ForRules:
    """What a rule must know of a household beside the facts."""

    region: str
    category: str
    stage: str


async def for_rules(connection: Connection, households: Sequence[UUID]) -> dict[UUID, ForRules]:
    """These households, in one query."""
    rows = await connection.fetch(
        """
        select household_id, region, category, stage from read.household
        where household_id = any($1::uuid[])
        """,
        households,
    )
    return {r["household_id"]: ForRules(r["region"], r["category"], r["stage"]) for r in rows}


def regions(pool: asyncpg.Pool) -> Lookups[UUID, str]:
    """The area of a household, looked up with whatever else is asked at that moment."""

    async def fetch(households: Sequence[UUID]) -> dict[UUID, str]:
        rows = await pool.fetch(
            "select household_id, region from read.household where household_id = any($1::uuid[])",
            households,
        )
        return {row["household_id"]: row["region"] for row in rows}

    return Lookups(fetch)


async def household(engine: AsyncEngine, household_id: UUID) -> HouseholdRow | None:
    """One household, or `None`."""
    async with AsyncSession(engine) as session:
        return await session.get(HouseholdRow, household_id)


async def households(
    engine: AsyncEngine,
    *,
    region: str,
    stage: str | None,
    due_by: date | None,
    risks: list[str] | None,
    after: UUID | None,
    limit: int,
) -> list[HouseholdRow]:
    """Households of an area by id, after a given one; at most `limit`.

    With `risks`, only those that have one of them.
    """
    query = select(HouseholdRow).where(col(HouseholdRow.region).startswith(region))
    if stage:
        query = query.where(HouseholdRow.stage == stage)
    if due_by:
        query = query.where(col(HouseholdRow.due_on) <= due_by)
    if risks is not None:
        query = query.where(text("risk_types && :risks").bindparams(risks=risks))
    if after:
        query = query.where(HouseholdRow.household_id > after)
    query = query.order_by(col(HouseholdRow.household_id)).limit(limit)
    async with AsyncSession(engine) as session:
        return list((await session.execute(query)).scalars())
