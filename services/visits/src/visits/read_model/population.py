"""Who must be visited each month (S1.1-05), and on which days who had to be: as identification told."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from common.intents import Connection
from visits.domain.population import Stretch, Stretches, came, days, left


@dataclass(frozen=True)
class Turn:
    """A household must be visited from this day on, or no longer."""

    household_id: UUID
    day: date
    enters: bool


@dataclass(frozen=True)
class Before:
    """How it stood before a turn: the first day of the month that was asked for last, of a household that had to
    be visited, and on how many days of the month of the turn, until that day, it had to be."""

    through: date | None = None
    days: int = 0


async def take(connection: Connection, turns: Sequence[Turn]) -> list[Before]:
    """Keep the turns, those of a household in order; how each found it."""
    households = {turn.household_id for turn in turns}
    rows = await connection.fetch(_MONITORED, households)
    through: dict[UUID, date | None] = {row["household_id"]: row["through"] for row in rows}
    known = await stretches(connection, households)
    found = list[Before]()
    for turn in turns:
        id_, month = turn.household_id, turn.day.replace(day=1)
        asked, had = through.get(id_), known.get(id_, ())
        found.append(Before(asked, days(had, month, turn.day)))
        if turn.enters:
            known[id_], through[id_] = came(had, turn.day), max(asked or month, month)
        else:
            known[id_], through[id_] = left(had, turn.day), None
    await connection.execute(_FORGET, households)
    kept = [(i, one.since, one.left_on) for i in households for one in known[i]]
    await connection.execute(_STRETCHES, *(zip(*kept, strict=True) if kept else [()] * 3))
    monitored = {i: month for i, month in through.items() if month}
    await connection.execute(_ENTERED, list(monitored), list(monitored.values()))
    return found


async def stretches(connection: Connection, households: Collection[UUID]) -> dict[UUID, Stretches]:
    """When each of the households had to be visited, if ever."""
    found: dict[UUID, Stretches] = {}
    for row in await connection.fetch(_KEPT, households):
        one = Stretch(row["since"], row["left_on"])
        found[row["household_id"]] = (*found.get(row["household_id"], ()), one)
    return found


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


_MONITORED = "select * from read.monitored where household_id = any($1::uuid[]) for update"
_KEPT = """
select * from read.stretch where household_id = any($1::uuid[]) order by household_id, since
"""
_FORGET = """
with entered as (delete from read.monitored where household_id = any($1::uuid[]))
delete from read.stretch where household_id = any($1::uuid[])
"""
_STRETCHES = """
insert into read.stretch (household_id, since, left_on)
select * from unnest($1::uuid[], $2::date[], $3::date[])
"""
_ENTERED = """
insert into read.monitored (household_id, through) select * from unnest($1::uuid[], $2::date[])
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
