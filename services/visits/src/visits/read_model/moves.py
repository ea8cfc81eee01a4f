"""Which area answered for a household on which day: of a visit its own, of a breach the last of the period."""

from collections.abc import Sequence
from datetime import date
from uuid import UUID

from sqlalchemy import ColumnElement, func
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession
from sqlmodel import col, select

from common.intents import Connection
from contracts.households import HouseholdRelocated
from visits.read_model.tables import KnownHouseholdRow, MovedRow, ObligationRow


async def keep(connection: Connection, moved: Sequence[HouseholdRelocated]) -> None:
    """These households moved inside the county (T19); of two moves on a day the first says from where."""
    rows = [(one.household_id, one.effective_on, one.from_region) for one in moved]
    await connection.execute(_MOVED, *zip(*rows, strict=True))


async def area(engine: AsyncEngine, household_id: UUID, on: date) -> str | None:
    """The area that answered for a household on a day; `None` if visits does not know it."""
    query = select(_answering(on)).where(KnownHouseholdRow.household_id == household_id)
    async with AsyncSession(engine) as session:
        return await session.scalar(query)


def responsible() -> ColumnElement[str]:
    """The area that is to be named for a duty, in a query that joins the household."""
    return _answering(func.coalesce(col(ObligationRow.fulfilled_on), col(ObligationRow.period_to)))


def _answering(day: date | ColumnElement[date]) -> ColumnElement[str]:
    """Of a household in the query: the area from which it moved next after the day, or where it is now."""
    moved_later = (
        select(MovedRow.from_region)
        .where(
            MovedRow.household_id == KnownHouseholdRow.household_id, col(MovedRow.moved_on) > day
        )
        .order_by(col(MovedRow.moved_on))
        .limit(1)
        .scalar_subquery()
    )
    return func.coalesce(moved_later, col(KnownHouseholdRow.region))


_MOVED = """
insert into read.moved (household_id, moved_on, from_region)
select * from unnest($1::uuid[], $2::date[], $3::text[]) on conflict do nothing
"""
