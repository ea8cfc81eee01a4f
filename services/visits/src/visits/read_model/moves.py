"""Which area answered for a household on which day: of a visit its own, of a breach the last of the period (3.4)."""

from collections.abc import Sequence
from datetime import date
from uuid import UUID

import asyncpg
from sqlalchemy import ColumnElement, func
from sqlmodel import col, select

from common.intents import Connection
from contracts.households import HouseholdRelocated
from visits.read_model.tables import KnownHouseholdRow, MovedRow, ObligationRow


async def keep(connection: Connection, moved: Sequence[HouseholdRelocated]) -> None:
    """These households moved inside the county (T19); of two moves on a day the first says from where."""
    rows = [(one.household_id, one.effective_on, one.from_region) for one in moved]
    await connection.executemany(_MOVED, rows)


async def area(pool: asyncpg.Pool, household_id: UUID, on: date) -> str | None:
    """The area that answered for a household on a day; `None` if visits does not know it."""
    found: str | None = await pool.fetchval(_AREA, household_id, on)
    return found


def responsible() -> ColumnElement[str]:
    """The area that is to be named for a duty, in a query that joins the household."""
    day = func.coalesce(col(ObligationRow.fulfilled_on), col(ObligationRow.period_to))
    moved_later = (
        select(MovedRow.from_region)
        .where(MovedRow.household_id == ObligationRow.household_id, col(MovedRow.moved_on) > day)
        .order_by(col(MovedRow.moved_on))
        .limit(1)
        .scalar_subquery()
    )
    return func.coalesce(moved_later, col(KnownHouseholdRow.region))


_MOVED = """
insert into read.moved (household_id, moved_on, from_region) values ($1, $2, $3) on conflict do nothing
"""
_AREA = """
select coalesce((
    select from_region from read.moved m
    where m.household_id = k.household_id and moved_on > $2 order by moved_on limit 1
), region)
from read.known_household k where household_id = $1
"""
