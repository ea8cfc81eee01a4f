"""Screenings: of a household, of an area, and how many households of it were screened (S2-04)."""

from collections.abc import Collection, Sequence
from datetime import date
from typing import Any
from uuid import UUID

import asyncpg
from sqlalchemy import tuple_
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession
from sqlmodel import col, select

from common.intents import Connection
from contracts.visits import HouseholdScreened
from visits.read_model.tables import KnownHouseholdRow, ScreeningRow


async def put(connection: Connection, screened: Sequence[HouseholdScreened]) -> None:
    """Keep screenings. Raises `asyncpg.UniqueViolationError` for an id of another household's."""
    await connection.execute(_SCREENED, *zip(*map(_row, screened), strict=True))


async def drop(connection: Connection, voided: Collection[tuple[UUID, UUID]]) -> None:
    """Let screenings go, by their id and that of the household."""
    await connection.execute(_VOIDED, *zip(*voided, strict=True))


def _row(screened: HouseholdScreened) -> tuple[Any, ...]:
    return (
        screened.screening_id,
        screened.household_id,
        screened.visit_id,
        screened.screened_on,
        screened.disposable_fen,
        screened.dropouts,
        screened.uninsured,
        screened.housing_grade.value,
        screened.water_safe,
        screened.rigid_expenditure_fen,
        screened.industry.value,
        screened.employment.value,
        screened.medical_care.value,
        ",".join(screened.suspected_risks),
    )


_SCREENED = """
insert into read.screening (screening_id, household_id, visit_id, screened_on, disposable_fen,
    dropouts, uninsured, housing_grade, water_safe, rigid_expenditure_fen, industry, employment,
    medical_care, suspected_risks)
select screening_id, household_id, visit_id, screened_on, disposable_fen, dropouts, uninsured,
    housing_grade, water_safe, rigid_expenditure_fen, industry, employment, medical_care,
    string_to_array(suspected_risks, ',')
from unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::date[], $5::bigint[], $6::int[], $7::int[],
    $8::text[], $9::bool[], $10::bigint[], $11::text[], $12::text[], $13::text[], $14::text[])
    as t (screening_id, household_id, visit_id, screened_on, disposable_fen, dropouts, uninsured,
        housing_grade, water_safe, rigid_expenditure_fen, industry, employment, medical_care,
        suspected_risks)
"""


_VOIDED = """
delete from read.screening s using unnest($1::uuid[], $2::uuid[]) as t (screening_id, household_id)
where s.screening_id = t.screening_id and s.household_id = t.household_id
"""


async def one(engine: AsyncEngine, screening_id: UUID) -> ScreeningRow | None:
    """One screening, or `None`."""
    async with AsyncSession(engine) as session:
        return await session.get(ScreeningRow, screening_id)


async def of_household(
    engine: AsyncEngine, household_id: UUID, *, before: ScreeningRow | None, limit: int
) -> list[ScreeningRow]:
    """Screenings of a household, latest first, from the one before a given one; at most `limit`."""
    order = tuple_(col(ScreeningRow.screened_on), col(ScreeningRow.screening_id))
    query = select(ScreeningRow).where(ScreeningRow.household_id == household_id)
    if before:
        query = query.where(order < (before.screened_on, before.screening_id))
    query = query.order_by(
        col(ScreeningRow.screened_on).desc(), col(ScreeningRow.screening_id).desc()
    )
    async with AsyncSession(engine) as session:
        return list((await session.execute(query.limit(limit))).scalars())


async def many(
    engine: AsyncEngine,
    *,
    region: str,
    household_id: UUID | None,
    risk: str | None,
    since: date | None,
    until: date | None,
    after: UUID | None,
    limit: int,
) -> list[ScreeningRow]:
    """Screenings of the households that an area answers for now, by id; at most `limit`."""
    query = (
        select(ScreeningRow)
        .join(KnownHouseholdRow, col(KnownHouseholdRow.household_id) == ScreeningRow.household_id)
        .where(col(KnownHouseholdRow.region).startswith(region))
    )
    if household_id:
        query = query.where(ScreeningRow.household_id == household_id)
    if risk:
        query = query.where(col(ScreeningRow.suspected_risks).contains([risk]))
    if since:
        query = query.where(ScreeningRow.screened_on >= since)
    if until:
        query = query.where(ScreeningRow.screened_on <= until)
    if after:
        query = query.where(ScreeningRow.screening_id > after)
    query = query.order_by(col(ScreeningRow.screening_id)).limit(limit)
    async with AsyncSession(engine) as session:
        return list((await session.execute(query)).scalars())


async def counted(pool: asyncpg.Pool, region: str, first: date, last: date) -> dict[str, int]:
    """How many households of an area were screened in `[first, last]`, and of how many a risk was
    suspected."""
    (row,) = await pool.fetch(
        """
        select count(distinct s.household_id) as screened,
            count(distinct s.household_id) filter (where s.suspected_risks <> '{}') as suspected
        from read.screening s join read.known_household k using (household_id)
        where k.region like $1 || '%' and s.screened_on between $2 and $3
        """,
        region,
        first,
        last,
    )
    return dict(row)
