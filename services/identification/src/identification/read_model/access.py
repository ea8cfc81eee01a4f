"""Who looked at households and persons, and who was refused."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession
from sqlmodel import col, select

from common.intents import Connection, Fresh
from contracts.persons import PersonalDataRevealed
from identification.read_model.tables import AccessRow


async def put(connection: Connection, looks: Sequence[Fresh]) -> None:
    await connection.execute(
        """
        insert into read.access (event_id, household_id, person_id, region, granted, why, looked_by,
            organisation, department, looked_at)
        select * from unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::text[], $5::bool[], $6::text[],
            $7::text[], $8::text[], $9::text[], $10::timestamptz[])
        """,
        [f.event.event_id for f in looks],
        [f.payload.household_id for f in looks],
        [f.payload.person_id for f in looks],
        [f.event.region for f in looks],
        [isinstance(f.payload, PersonalDataRevealed) for f in looks],
        [_why(f) for f in looks],
        [f.event.actor.person for f in looks],
        [f.event.actor.organisation for f in looks],
        [f.event.actor.department for f in looks],
        [f.event.recorded_at for f in looks],
    )


def _why(look: Fresh) -> str:
    payload = look.payload
    code = payload.purpose if isinstance(payload, PersonalDataRevealed) else payload.denial
    return str(code)


async def many(
    engine: AsyncEngine,
    *,
    region: str,
    household_id: UUID | None,
    department: str | None,
    granted: bool | None,
    before: UUID | None,
    limit: int,
) -> list[AccessRow]:
    """Looks in an area, the latest first, before a given one; at most `limit`."""
    query = select(AccessRow).where(col(AccessRow.region).startswith(region))
    if household_id:
        query = query.where(AccessRow.household_id == household_id)
    if department:
        query = query.where(AccessRow.department == department)
    if granted is not None:
        query = query.where(AccessRow.granted == granted)
    if before:
        query = query.where(AccessRow.event_id < before)
    query = query.order_by(col(AccessRow.event_id).desc()).limit(limit)
    async with AsyncSession(engine) as session:
        return list((await session.execute(query)).scalars())
