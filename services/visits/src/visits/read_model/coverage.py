"""How many households had a duty in a period, and how many of them were visited as it asks (S1.1-08)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import asyncpg
from sqlalchemy import func
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession
from sqlmodel import col, select

from contracts.visits import ObligationType
from visits.read_model import moves
from visits.read_model.tables import CANCELLED, KnownHouseholdRow, ObligationRow


@dataclass(frozen=True, slots=True)
class Counted:
    """Households, each once: a duty is one of a household and a period."""

    due: int
    fulfilled: int


async def counted(
    engine: AsyncEngine, *, region: str, obligation: ObligationType, period_from: date
) -> Counted:
    """Of an area: that which is responsible for the duty, as lists name it."""
    fulfilled = func.count().filter(col(ObligationRow.fulfilled_by).is_not(None))
    query = (
        select(func.count(), fulfilled)
        .select_from(ObligationRow)
        .join(KnownHouseholdRow, col(KnownHouseholdRow.household_id) == ObligationRow.household_id)
        .where(ObligationRow.obligation == obligation.value)
        .where(ObligationRow.period_from == period_from)
        .where(ObligationRow.status != CANCELLED)
        .where(moves.responsible().startswith(region))
    )
    async with AsyncSession(engine) as session:
        return Counted(*(await session.execute(query)).one())


async def everywhere(
    pool: asyncpg.Pool, due_on: Mapping[ObligationType, date]
) -> dict[tuple[ObligationType, str], int]:
    """How many duties of each type, of the period that ends then, are in each state."""
    kinds = [kind.value for kind in due_on]
    rows = await pool.fetch(_EVERYWHERE, kinds, list(due_on.values()))
    return {(ObligationType[row["obligation"]], row["status"]): row["duties"] for row in rows}


_EVERYWHERE = """
select o.obligation, o.status, count(*) as duties
from unnest($1::text[], $2::date[]) as t (obligation, due_on)
    join read.obligation o using (obligation, due_on)
group by o.obligation, o.status
"""
