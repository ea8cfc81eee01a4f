"""Which decisions are not yet entered on the provincial platform (S8.4-01); and for which households the
end of a day has something to say of that or of the county's target (S7.3-02).

Last days follow from the parameters of each area, so no row holds one.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

import asyncpg
from sqlmodel import Field

from common.ids import derived_id
from common.intents import Connection, Fresh
from contracts.monitoring import EntrySubject
from identification.domain.obligations import owed
from identification.domain.policy_book import PolicyLookup
from identification.domain.states import Household
from identification.read_model.tables import Table


class PlatformEntryRow(Table, table=True):
    """A decision that is to be entered on the provincial platform. `breached`: that it is late has been
    said."""

    __tablename__ = "platform_entry"

    entry_id: UUID = Field(primary_key=True)
    household_id: UUID = Field(index=True)
    region: str = Field(index=True)
    subject: str
    decided_on: date
    breached: bool


async def put(connection: Connection, households: Sequence[Fresh]) -> None:
    """What is owed for these households, as it stands."""
    latest = {f.event.stream: f.state for f in households}.values()
    known = [state for state in latest if state.episodes]  # others have decided nothing
    if not known:
        return
    rows = [row for state in known for row in _rows(state)]
    ids = [state.id for state in known]
    await connection.execute(_GONE, ids, [row[0] for row in rows])
    if rows:
        await connection.execute(_UPSERT, *zip(*rows, strict=True))


def _rows(household: Household) -> list[tuple[Any, ...]]:
    entry = household.registered
    return [
        (
            derived_id(entry.household_id, f"platform:{subject}:{decided_on}"),
            entry.household_id,
            entry.region,
            subject.value,
            decided_on,
            (subject, decided_on) in household.breached.entries,
        )
        for subject, decided_on in owed(household)
    ]


_GONE = """
delete from read.platform_entry
where household_id = any($1::uuid[]) and entry_id <> all($2::uuid[])
"""
_UPSERT = """
insert into read.platform_entry (entry_id, household_id, region, subject, decided_on, breached)
select * from unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::date[], $6::bool[])
on conflict (entry_id) do update
set region = excluded.region, decided_on = excluded.decided_on, breached = excluded.breached
"""


@dataclass(frozen=True)
class Due:
    """A household of which something was due by the end of a day, and the morning from which on it is late."""

    household_id: UUID
    region: str
    since: date


async def due(
    pool: asyncpg.Pool, policies: PolicyLookup, day: date, *, after: tuple[UUID, date], limit: int
) -> list[Due]:
    """Households, by id, that are late with the entry of a decision or missed the county's target; once for
    each morning on which something became late, in the order of the mornings.

    The household decides again by its own history.
    """
    held = await _held(pool, policies, "", day)
    rows = await pool.fetch(_DUE, day, *held, *after, limit)
    return [Due(*row) for row in rows]


async def _held(connection: Any, policies: PolicyLookup, area: str, on: date) -> list[list[Any]]:
    """The regions of an area in which there is something to enter or an episode of the target, with their
    parameters, column by column."""
    rows = await connection.fetch(_REGIONS, area)
    regions = [row["region"] for row in rows]
    held = [policies.of(region, on) for region in regions]
    return [
        regions,
        [policy.platform_entry_days for policy in held],
        [policy.cohort_confirmed_by for policy in held],
        [policy.cohort_target for policy in held],
    ]


_REGIONS = """
select region from read.platform_entry where region like $1 || '%'
union
select region from read.case_file
where outcome is null and labour_household and region like $1 || '%'
"""
# What `_held` gave.
_HELD = """
held as (
    select * from unnest($2::text[], $3::int[], $4::date[], $5::date[])
        as p (region, days, confirmed_by, target)
)
"""
# The episodes of the county's target, as `cohort.standing` judges.
_OPEN = """
read.case_file join held using (region)
where outcome is null and labour_household and has_labour and confirmed_on <= confirmed_by
"""
# As `obligations.advance` judges.
_DUE = f"""
with {_HELD}
select household_id, min(region), late_on + 1 as since from (
    select household_id, region, decided_on + days as late_on, breached
    from read.platform_entry join held using (region)
    union all
    select household_id, region, greatest(target, open_again_on), target_missed from {_OPEN}
) as waiting
where not breached and late_on <= $1 and (household_id, late_on + 1) > ($6, $7)
group by household_id, late_on order by household_id, late_on limit $8
"""


@dataclass(frozen=True, slots=True)
class ToEnter:
    """A decision to be entered by a last day. After that day, `days_left` is below 0."""

    entry_id: UUID
    household_id: UUID
    region: str
    subject: EntrySubject
    decided_on: date
    due_on: date
    days_left: int
    overdue: bool


async def many(
    connection: Any,
    policies: PolicyLookup,
    *,
    region: str,
    subject: EntrySubject | None,
    household_id: UUID | None,
    overdue: bool | None,
    due_by: date | None,
    on: date,
    after: UUID | None,
    limit: int,
) -> list[ToEnter]:
    """Decisions of an area that are to be entered, by id. Overdue: the last day has passed."""
    regions, days, *_ = await _held(connection, policies, region, on)
    rows = await connection.fetch(
        _MANY, on, regions, days, subject, household_id, overdue, due_by, after, limit
    )
    return [ToEnter(**row) for row in rows]


_MANY = """
select entry_id, household_id, region, subject, decided_on, due_on, due_on - $1::date as days_left,
    due_on < $1 as overdue
from (
    select e.*, decided_on + days as due_on
    from read.platform_entry e join unnest($2::text[], $3::int[]) as p (region, days) using (region)
) as entry
where ($4::text is null or subject = $4) and ($5::uuid is null or household_id = $5)
    and ($6::bool is null or (due_on < $1) = $6) and ($7::date is null or due_on <= $7)
    and ($8::uuid is null or entry_id > $8)
order by entry_id limit $9
"""


async def counted(connection: Any, policies: PolicyLookup, region: str, on: date) -> dict[str, int]:
    """Of an area: decisions to be entered and those that are late, and the open episodes of the target."""
    row = await connection.fetchrow(_COUNTED, on, *await _held(connection, policies, region, on))
    return dict(row)


_COUNTED = f"""
with {_HELD}, entry as (
    select decided_on + days < $1::date as late from read.platform_entry join held using (region)
), episode as (
    select target < $1::date as missed from {_OPEN}
)
select (select count(*) from entry) as to_enter, (select count(*) from entry where late) as overdue,
    (select count(*) from episode) as cohort_open,
    (select count(*) from episode where missed) as cohort_missed
"""
