"""What visits shows, and looks up: duties, visits, screenings, and the households that may be visited.

`obligation`, `visit` and `screening` are functions of the service's own events, `known_household`,
`moved`, `taken_over`, `monitored`, `stretch`, `formerly_poor`, `asked_quarter`, `focus`, `restricted` and
`last_word` of the events of identification; each is changed in the transaction that records or hears them, and can be dropped and folded again.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import date
from typing import Any
from uuid import UUID

import asyncpg
import msgspec
from sqlalchemy import case, tuple_
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession
from sqlmodel import col, select

from common.intents import Connection, Fresh
from contracts.visits import (
    HouseholdScreened,
    HouseholdVisited,
    ObligationCancelled,
    ObligationFulfilled,
    ObligationOpened,
    ScreeningVoided,
    VisitVoided,
)
from visits.read_model import moves, screenings
from visits.read_model.tables import (
    CANCELLED,
    FULFILLED,
    OPEN,
    KnownHouseholdRow,
    ObligationRow,
    TakenOverRow,
    VisitRow,
)
from visits.read_model.tables import HEARD as HEARD
from visits.read_model.tables import TABLES as TABLES

Duty = ObligationOpened | ObligationFulfilled | ObligationCancelled


async def project(connection: Connection, fresh: Sequence[Fresh]) -> None:
    """Bring the tables to the state after these events, a statement for each kind of event.

    Raises `asyncpg.UniqueViolationError` when the id of a visit or a screening was used for another
    household.
    """
    # What was voided goes first: the id may name the visit of the household that was meant.
    voided = {_named(f.payload) for f in fresh if isinstance(f.payload, VisitVoided)}
    if voided:
        await _put(connection, _VOIDED, list(voided))
    made = [f.payload for f in fresh if isinstance(f.payload, HouseholdVisited)]
    if visits := [v for v in made if _named(v) not in voided]:
        await _put(connection, _VISITS, [_visit(v) for v in visits])
    withdrawn = {_screened(f.payload) for f in fresh if isinstance(f.payload, ScreeningVoided)}
    if withdrawn:
        await screenings.drop(connection, withdrawn)
    forms = [f.payload for f in fresh if isinstance(f.payload, HouseholdScreened)]
    if screened := [s for s in forms if _screened(s) not in withdrawn]:
        await screenings.put(connection, screened)
    if opened := [f.payload for f in fresh if isinstance(f.payload, ObligationOpened)]:
        once = {o.obligation_id: o for o in opened}.values()
        await _put(connection, _OPENED, [_opened(o) for o in once])
    # After what was opened: of one duty in one batch, the last word counts.
    last = {f.payload.obligation_id: f.payload for f in fresh if isinstance(f.payload, Duty)}
    fulfilled = [
        (duty.obligation_id, duty.fulfilled_by, duty.fulfilled_on)
        for duty in last.values()
        if isinstance(duty, ObligationFulfilled)
    ]
    if fulfilled:
        await _put(connection, _FULFILLED, fulfilled)
    left = [(i,) for i, duty in last.items() if isinstance(duty, ObligationCancelled)]
    if left:
        await _put(connection, _CANCELLED, left)


async def remember(connection: Connection, regions: Mapping[UUID, str]) -> None:
    """These households exist, each in its region."""
    await _put(connection, _KNOWN, list(regions.items()))


async def take_over(connection: Connection, taken: Sequence[TakenOverRow]) -> None:
    """These households were absorbed.

    Until the transaction ends nobody gets an answer from `taken_over`: a visit that is recorded
    meanwhile is either seen after this, or asks once this is known.
    """
    await connection.execute("select pg_advisory_xact_lock($1)", _MERGERS)
    await connection.executemany(
        _TAKEN_OVER, [(t.household_id, t.survivor_id, t.region, t.merged_on) for t in taken]
    )


async def taken_over(
    connection: Connection, households: Collection[UUID]
) -> dict[UUID, TakenOverRow]:
    """Those of the households that were absorbed, and by whom."""
    await connection.execute("select pg_advisory_xact_lock_shared($1)", _MERGERS)
    rows = await connection.fetch(
        "select * from read.taken_over where household_id = any($1::uuid[])", list(households)
    )
    return {row["household_id"]: TakenOverRow(**row) for row in rows}


async def taken_over_by(connection: Connection, survivors: Collection[UUID]) -> list[TakenOverRow]:
    """All that these households ever took over."""
    rows = await connection.fetch(
        "select * from read.taken_over where survivor_id = any($1::uuid[])", list(survivors)
    )
    return [TakenOverRow(**row) for row in rows]


async def _put(connection: Connection, statement: str, rows: Sequence[tuple[Any, ...]]) -> None:
    await connection.execute(statement, *zip(*rows, strict=True))


def _named(one: HouseholdVisited | VisitVoided) -> tuple[UUID, UUID]:
    return one.visit_id, one.household_id


def _screened(one: HouseholdScreened | ScreeningVoided) -> tuple[UUID, UUID]:
    return one.screening_id, one.household_id


def _visit(visited: HouseholdVisited) -> tuple[Any, ...]:
    return (
        visited.visit_id,
        visited.household_id,
        visited.visited_at,
        visited.visited_on,
        visited.mode.value,
        msgspec.json.encode(visited.visitors).decode(),
        ",".join(visited.purposes),
        ",".join(visited.photo_hashes),
        visited.backfilled,
    )


def _opened(opened: ObligationOpened) -> tuple[Any, ...]:
    return (
        opened.obligation_id,
        opened.household_id,
        opened.obligation.value,
        opened.responsible_region,
        opened.period_from,
        opened.period_to,
        opened.due_on,
    )


_VISITS = """
insert into read.visit (visit_id, household_id, visited_at, visited_on, mode, visitors, purposes,
    photo_hashes, backfilled)
select visit_id, household_id, visited_at, visited_on, mode, visitors::jsonb,
    string_to_array(purposes, ','), string_to_array(photo_hashes, ','), backfilled
from unnest($1::uuid[], $2::uuid[], $3::timestamptz[], $4::date[], $5::text[], $6::text[],
    $7::text[], $8::text[], $9::bool[])
    as t (visit_id, household_id, visited_at, visited_on, mode, visitors, purposes, photo_hashes,
        backfilled)
"""
_VOIDED = """
delete from read.visit v using unnest($1::uuid[], $2::uuid[]) as t (visit_id, household_id)
where v.visit_id = t.visit_id and v.household_id = t.household_id
"""
_OPENED = f"""
insert into read.obligation (obligation_id, household_id, obligation, responsible_region, period_from,
    period_to, due_on, status)
select t.*, '{OPEN}'
from unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::date[], $6::date[], $7::date[])
    as t
on conflict (obligation_id) do update set status = excluded.status, fulfilled_by = null,
    fulfilled_on = null, responsible_region = excluded.responsible_region
"""
_CANCELLED = f"""
update read.obligation o set status = '{CANCELLED}'
from unnest($1::uuid[]) as t (obligation_id) where o.obligation_id = t.obligation_id
"""
_FULFILLED = f"""
update read.obligation o set status = '{FULFILLED}', fulfilled_by = t.visit_id,
    fulfilled_on = t.fulfilled_on
from unnest($1::uuid[], $2::uuid[], $3::date[]) as t (obligation_id, visit_id, fulfilled_on)
where o.obligation_id = t.obligation_id
"""
_KNOWN = """
insert into read.known_household (household_id, region)
select * from unnest($1::uuid[], $2::text[])
on conflict (household_id) do update set region = excluded.region
"""

# What was taken over earlier goes on with the new survivor, from its own merger on.
_TAKEN_OVER = """
with earlier as (
    update read.taken_over set survivor_id = $2, region = $3 where survivor_id = $1
)
insert into read.taken_over (household_id, survivor_id, region, merged_on) values ($1, $2, $3, $4)
on conflict do nothing
"""
_MERGERS = 7_301_009  # an advisory lock


async def region_of(pool: asyncpg.Pool, household_id: UUID) -> str | None:
    """The area of a household; `None` if visits does not know it."""
    region: str | None = await pool.fetchval(
        "select region from read.known_household where household_id = $1", household_id
    )
    return region


async def obligations(
    engine: AsyncEngine,
    *,
    region: str,
    household_id: UUID | None,
    obligation: str | None,
    status: str | None,
    due_by: date | None,
    after: UUID | None,
    limit: int,
) -> list[ObligationRow]:
    """Duties of an area by id, after a given one; at most `limit`.

    Responsible for one that was fulfilled is the area of the household on the day of the visit, and for an open one
    that on the last day of its period: until then it moves with the household (T19).
    """
    responsible = case(
        (col(ObligationRow.status) == CANCELLED, col(ObligationRow.responsible_region)),
        else_=moves.responsible(),
    )
    query = (
        select(ObligationRow, responsible)
        .join(KnownHouseholdRow, col(KnownHouseholdRow.household_id) == ObligationRow.household_id)
        .where(responsible.startswith(region))
    )
    if household_id:
        query = query.where(ObligationRow.household_id == household_id)
    if obligation:
        query = query.where(ObligationRow.obligation == obligation)
    if status:
        query = query.where(ObligationRow.status == status)
    if due_by:
        query = query.where(ObligationRow.due_on <= due_by)
    if after:
        query = query.where(ObligationRow.obligation_id > after)
    query = query.order_by(col(ObligationRow.obligation_id)).limit(limit)
    async with AsyncSession(engine) as session:
        rows = (await session.execute(query)).all()
    return [
        ObligationRow(**{**duty.model_dump(), "responsible_region": area}) for duty, area in rows
    ]


async def visit(engine: AsyncEngine, visit_id: UUID) -> VisitRow | None:
    """One visit, or `None`."""
    async with AsyncSession(engine) as session:
        return await session.get(VisitRow, visit_id)


async def visits(
    engine: AsyncEngine, household_id: UUID, *, before: VisitRow | None, limit: int
) -> list[VisitRow]:
    """Visits of a household, latest first, from the one before a given one; at most `limit`."""
    order = tuple_(col(VisitRow.visited_at), col(VisitRow.visit_id))
    query = select(VisitRow).where(VisitRow.household_id == household_id)
    if before:
        query = query.where(order < (before.visited_at, before.visit_id))
    query = query.order_by(col(VisitRow.visited_at).desc(), col(VisitRow.visit_id).desc())
    async with AsyncSession(engine) as session:
        return list((await session.execute(query.limit(limit))).scalars())
