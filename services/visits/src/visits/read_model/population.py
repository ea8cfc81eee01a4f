"""Who must be visited each month (S1.1-05), and who need not be any more: as identification told last."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from common.intents import Connection


async def populate(
    connection: Connection, entered: Mapping[UUID, date], left: Mapping[UUID, date]
) -> None:
    """Households that must be visited, with a day of the month that was asked for, and those that need not
    be any more, since when. What was known of them is forgotten."""
    await connection.execute(_FORGET, [*entered, *left])
    if left:
        await connection.execute(_LEFT, list(left), list(left.values()))
    if entered:
        await connection.execute(_ENTERED, list(entered), list(entered.values()))


@dataclass(frozen=True)
class Behind:
    """A household that must be visited each month, asked for until the month that begins with `through`."""

    household_id: UUID
    region: str
    through: date


async def behind(connection: Connection, month: date, limit: int) -> list[Behind]:
    """Some of those whose duty was not yet asked for in a month; they stay so until the transaction ends."""
    rows = await connection.fetch(_BEHIND, month, limit)
    return [Behind(**row) for row in rows]


async def asked_through(connection: Connection, households: Sequence[UUID], month: date) -> None:
    """The duties of these households were asked for, up to that of the month."""
    await connection.execute(_THROUGH, households, month)


@dataclass(frozen=True)
class Made:
    """A visit that stands, and the area that answers for the household."""

    household_id: UUID
    visit_id: UUID
    visited_at: datetime
    region: str


async def visits_after(connection: Connection, since: Mapping[UUID, date]) -> list[Made]:
    """The visits of these households after a day of each, in the order in which they were made."""
    rows = await connection.fetch(_VISITS_AFTER, list(since), list(since.values()))
    return [Made(**row) for row in rows]


async def left(connection: Connection, households: Collection[UUID]) -> dict[UUID, date]:
    """Those of the households that need not be visited, and since when."""
    rows = await connection.fetch(
        "select * from read.left_population where household_id = any($1::uuid[])",
        list(households),
    )
    return {row["household_id"]: row["left_on"] for row in rows}


_LEFT = """
insert into read.left_population (household_id, left_on) select * from unnest($1::uuid[], $2::date[])
"""
_ENTERED = """
insert into read.monitored (household_id, through)
select household_id, date_trunc('month', day)::date from unnest($1::uuid[], $2::date[]) as t (household_id, day)
"""
_FORGET = """
with entered as (delete from read.monitored where household_id = any($1::uuid[]))
delete from read.left_population where household_id = any($1::uuid[])
"""
_BEHIND = """
select m.household_id, k.region, m.through
from read.monitored m join read.known_household k using (household_id)
where m.through < $1 order by m.household_id limit $2 for update of m skip locked
"""
_VISITS_AFTER = """
select v.household_id, v.visit_id, v.visited_at, k.region
from unnest($1::uuid[], $2::date[]) as t (household_id, day)
    join read.visit v using (household_id) join read.known_household k using (household_id)
where v.visited_on > t.day order by v.visited_at, v.visit_id
"""
_THROUGH = "update read.monitored set through = $2 where household_id = any($1::uuid[])"
