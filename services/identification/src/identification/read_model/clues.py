"""Clues with their clock, and emergency help that no case has taken up."""

from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import or_
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession
from sqlmodel import col, select

from common.intents import Connection, Fresh
from contracts.deadlines import EmergencyCaseMissing
from contracts.eliminations import RiskEliminationRevoked
from contracts.episodes import (
    ClueRejected,
    CluesCarriedOver,
    ClueWithdrawn,
    RiskClueAttached,
    RiskDetected,
)
from contracts.households import EmergencyHelpTakenOver, EpisodeTakenOver
from contracts.inquiries import EmergencyAssistanceGranted
from contracts.monitoring import RiskFactorAdded
from identification.domain.stages import monitored_of
from identification.domain.states import Household
from identification.read_model.tables import CaseRow, ClueRow

OPEN, TAKEN_UP, REJECTED, WITHDRAWN, CLOSED = "OPEN", "TAKEN_UP", "REJECTED", "WITHDRAWN", "CLOSED"
OUTCOMES = {"REJECTED": REJECTED, "NOT_PASSED": REJECTED, "WITHDRAWN": WITHDRAWN}


async def put(connection: Connection, fresh: Sequence[Fresh]) -> None:
    """Add new clues, then note what became of single ones, then what the end of a case means for the others."""
    if granted := [f for f in fresh if isinstance(f.payload, EmergencyAssistanceGranted)]:
        await connection.execute(_GRANTED, *zip(*map(_granted, granted), strict=True))
    if arrived := [row for f in fresh for row in _arrived(f)]:
        await connection.execute(
            _ARRIVED, *zip(*{row[0]: row for row in arrived}.values(), strict=True)
        )
    if reported := [f for f in fresh if isinstance(f.payload, RiskDetected | RiskClueAttached)]:
        opened = [f.payload.household_id for f in reported if isinstance(f.payload, RiskDetected)]
        await connection.execute(_REPORTED, *zip(*map(_reported, reported), strict=True), opened)
    if carried := [row for f in fresh for row in _carried(f)]:
        await connection.execute(_CARRIED, *zip(*carried, strict=True))
    single = [row for f in fresh if (row := _single(f))]
    if single:
        await connection.execute(_SINGLE, *zip(*single, strict=True))
    if whole := [row for f in fresh if (row := _whole(f))]:
        waiting = [clue.clue_id for f in fresh for clue in f.state.unhandled]
        await connection.execute(_WHOLE, *zip(*dict(whole).items(), strict=True), waiting)
    goes_on = RiskEliminationRevoked | EpisodeTakenOver  # without a first clue
    if again := [f.payload.household_id for f in fresh if isinstance(f.payload, goes_on)]:
        await connection.execute(_TAKEN_UP, again)
    if missing := [f.payload for f in fresh if isinstance(f.payload, EmergencyCaseMissing)]:
        await connection.execute(_WARNED, [said.grant_id for said in missing])


def _reported(f: Fresh) -> tuple[object, ...]:
    household: Household = f.state
    return (
        f.payload.clue_id,
        f.payload.household_id,
        household.opened.case_id,
        household.registered.region,
        f.payload.channel.value,
        f.payload.medium.value if f.payload.medium else None,
        ",".join(f.payload.risk_types),
        f.payload.severity.value,
        f.payload.discovered_on,
        household.opened.due_on,
    )


def _carried(f: Fresh) -> list[tuple[object, ...]]:
    """Clues that become a case of their own when the village or the town ends theirs (T7, T4)."""
    if not isinstance(f.payload, CluesCarriedOver):
        return []
    file = f.state.opened
    return [(clue.clue_id, file.case_id, file.due_on) for clue in file.clues]


def _single(f: Fresh) -> tuple[object, ...] | None:
    """What became of one clue. One that names several risks waits until each of them is recorded."""
    match f.payload:
        case ClueRejected() as said:
            return said.clue_id, REJECTED
        case ClueWithdrawn() as said:
            return said.clue_id, WITHDRAWN
        case RiskFactorAdded(clue_id=answered) if answered:
            waits = any(clue.clue_id == answered for clue in f.state.unhandled)
            return None if waits else (answered, TAKEN_UP)
    return None


def _whole(f: Fresh) -> tuple[UUID, str] | None:
    """What became of all other clues of a case that were still open: the case was confirmed, or ended."""
    household: Household = f.state
    monitored = monitored_of(household.case)
    if household.file and monitored:
        return household.file.case_id, TAKEN_UP
    if household.case is None and household.ended:
        return household.ended.file.case_id, OUTCOMES.get(household.ended.outcome, CLOSED)
    return None


def _granted(f: Fresh) -> tuple[object, ...]:
    household: Household = f.state
    return (
        f.payload.grant_id,
        f.payload.household_id,
        household.registered.region,
        f.payload.granted_on,
        household.file is not None,
    )


def _arrived(f: Fresh) -> list[tuple[object, ...]]:
    """Help that was given to an absorbed household, and now belongs to this one (A54)."""
    if not isinstance(f.payload, EmergencyHelpTakenOver):
        return []
    household: Household = f.state
    entry, taken_up = household.registered, household.file is not None
    return [
        (g.grant.grant_id, entry.household_id, entry.region, g.grant.granted_on, taken_up, g.warned)
        for g in f.payload.help_given
    ]


_TAKING_UP = "update read.emergency_grant set taken_up = true where household_id"
_TAKEN_UP = f"{_TAKING_UP} = any($1::uuid[])"
_REPORTED = f"""
with taken_up as ({_TAKING_UP} = any($11::uuid[]))
insert into read.clue (clue_id, household_id, case_id, region, channel, medium, risk_types,
    severity, discovered_on, due_on, status)
select clue_id, household_id, case_id, region, channel, medium, string_to_array(risk_types, ','),
    severity, discovered_on, due_on, 'OPEN'
from unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::text[], $5::text[], $6::text[], $7::text[],
    $8::text[], $9::date[], $10::date[])
    as t (clue_id, household_id, case_id, region, channel, medium, risk_types, severity,
        discovered_on, due_on)
"""
_CARRIED = """
update read.clue c set case_id = t.case_id, due_on = t.due_on
from unnest($1::uuid[], $2::uuid[], $3::date[]) as t (clue_id, case_id, due_on)
where c.clue_id = t.clue_id
"""
_SINGLE = """
update read.clue c set status = t.status
from unnest($1::uuid[], $2::text[]) as t (clue_id, status) where c.clue_id = t.clue_id
"""
_WHOLE = """
update read.clue c set status = t.status
from unnest($1::uuid[], $2::text[]) as t (case_id, status)
where c.case_id = t.case_id and c.status = 'OPEN' and c.clue_id <> all($3::uuid[])
"""
_GRANTED = """
insert into read.emergency_grant (grant_id, household_id, region, granted_on, taken_up, warned)
select *, false from unnest($1::uuid[], $2::uuid[], $3::text[], $4::date[], $5::bool[])
on conflict (grant_id) do nothing
"""
_ARRIVED = """
insert into read.emergency_grant (grant_id, household_id, region, granted_on, taken_up, warned)
select * from unnest($1::uuid[], $2::uuid[], $3::text[], $4::date[], $5::bool[], $6::bool[])
on conflict (grant_id) do update set household_id = excluded.household_id, region = excluded.region,
    taken_up = excluded.taken_up
"""
_WARNED = "update read.emergency_grant set warned = true where grant_id = any($1::uuid[])"


async def many(
    engine: AsyncEngine,
    *,
    region: str,
    status: str | None,
    channel: str | None,
    medium: str | None,
    severity: str | None,
    household_id: UUID | None,
    due_by: date | None,
    after: UUID | None,
    limit: int,
) -> list[ClueRow]:
    """Clues of an area by id, after a given one; at most `limit`."""
    query = select(ClueRow).where(col(ClueRow.region).startswith(region))
    for column, value in (
        (ClueRow.status, status),
        (ClueRow.channel, channel),
        (ClueRow.medium, medium),
        (ClueRow.severity, severity),
        (ClueRow.household_id, household_id),
    ):
        if value is not None:
            query = query.where(column == value)
    if due_by:
        confirmed = select(CaseRow.case_id).where(col(CaseRow.confirmed_on).is_not(None))
        timed = or_(col(ClueRow.status) != OPEN, col(ClueRow.case_id).not_in(confirmed))
        query = query.where(ClueRow.due_on <= due_by, timed)
    if after:
        query = query.where(ClueRow.clue_id > after)
    query = query.order_by(col(ClueRow.clue_id)).limit(limit)
    async with AsyncSession(engine) as session:
        return list((await session.execute(query)).scalars())


async def decided(connection: Any, cases: Sequence[UUID]) -> set[UUID]:
    """Which of these cases are confirmed: a clue that joins one of them has no deadline."""
    rows = await connection.fetch(
        "select case_id from read.case_file where case_id = any($1::uuid[]) and confirmed_on is not null",
        cases,
    )
    return {row["case_id"] for row in rows}


async def by_medium(
    connection: Any, *, region: str, since: date | None, until: date | None
) -> list[dict[str, Any]]:
    """Self-declarations of an area by medium and status, discovered in `[since, until]`."""
    rows = await connection.fetch(
        """
        select medium, status, count(*) as declarations from read.clue
        where channel = 'SELF_DECLARATION' and region like $1 || '%'
            and ($2::date is null or discovered_on >= $2)
            and ($3::date is null or discovered_on <= $3)
        group by medium, status order by medium, status
        """,
        region,
        since,
        until,
    )
    return [dict(row) for row in rows]
