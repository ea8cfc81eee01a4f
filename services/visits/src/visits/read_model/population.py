"""Who must be visited (S1.1-04, S1.1-05, S1.1-08), and on which days who had to be: as identification told."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from common.intents import Connection
from visits.domain.periods import month_of, quarter_of
from visits.domain.population import NEVER, Population, Stretch, came, goes_on, left


@dataclass(frozen=True)
class Turn:
    """A household is monitored from this day on, or no longer; or so with `formerly_poor`: a 脱贫户 on the register.

    `told_on`: the day on which it was put on the register. Nothing is asked for the months before.
    """

    household_id: UUID
    day: date
    enters: bool
    formerly_poor: bool = False
    told_on: date | None = None


@dataclass(frozen=True)
class Before:
    """How it stood before a turn, and after it: the first day of the month that was asked for last, of a household
    that was monitored, and of the quarter, of one that was monitored or a 脱贫户."""

    through: date | None = None
    quarter: date | None = None
    population: Population = NEVER
    after: Population = NEVER


async def take(connection: Connection, turns: Sequence[Turn]) -> list[Before]:
    """Keep the turns, those of a household in order; how each found it."""
    households = {turn.household_id for turn in turns}
    rows = await connection.fetch(_ASKED, households)
    quarters: dict[UUID, date | None] = {row["household_id"]: row["through"] for row in rows}
    rows = await connection.fetch(_MONITORED, households)
    through: dict[UUID, date | None] = {row["household_id"]: row["through"] for row in rows}
    known = await populations(connection, households)
    found = list[Before]()
    for turn in turns:
        id_, had = turn.household_id, known.get(turn.household_id, NEVER)
        known[id_] = _after(had, turn)
        found.append(Before(through.get(id_), quarters.get(id_), had, known[id_]))
        if not turn.formerly_poor:
            month, _ = month_of(turn.day)
            through[id_] = max(through.get(id_) or month, month) if turn.enters else None
        quarters[id_] = _quarter(turn, quarters.get(id_), known[id_])
    await connection.execute(_FORGET, households)
    await connection.execute(
        _KEEP,
        *_columns([(i, one.since, one.left_on) for i in households for one in known[i].monitored]),
        *_columns(
            [(i, one.since, one.left_on) for i in households for one in known[i].formerly_poor]
        ),
        *_columns([(i, month) for i, month in through.items() if month], 2),
        *_columns([(i, quarter) for i, quarter in quarters.items() if quarter], 2),
    )
    return found


def _after(had: Population, turn: Turn) -> Population:
    change = came if turn.enters else left
    if turn.formerly_poor:
        return replace(had, formerly_poor=change(had.formerly_poor, turn.day))
    return replace(had, monitored=change(had.monitored, turn.day))


def _quarter(turn: Turn, asked: date | None, after: Population) -> date | None:
    """The quarter that was asked for last, with what is asked as a turn is heard. Who comes is asked for the quarter
    of that day, and then for those after it, also if they were asked for before: it may have other duties now."""
    if not (goes_on(after.monitored) or goes_on(after.formerly_poor)):
        return None
    if not turn.enters:
        return asked
    first, _ = quarter_of(max(turn.day, turn.told_on or turn.day))
    if turn.told_on and turn.day <= first and turn.told_on <= month_of(first)[1]:
        first, _ = quarter_of(first - timedelta(days=1))  # its first month is still to be asked for
    return first


def _columns(rows: Sequence[tuple[Any, ...]], width: int = 3) -> list[tuple[Any, ...]]:
    return list(zip(*rows, strict=True)) or [()] * width


async def populations(
    connection: Connection, households: Collection[UUID]
) -> dict[UUID, Population]:
    """When each of the households had to be visited, if ever."""
    found: dict[UUID, Population] = {}
    for row in await connection.fetch(_KEPT, households):
        one, had = Stretch(row["since"], row["left_on"]), found.get(row["household_id"], NEVER)
        found[row["household_id"]] = (
            replace(had, formerly_poor=(*had.formerly_poor, one))
            if row["poor"]
            else replace(had, monitored=(*had.monitored, one))
        )
    return found


@dataclass(frozen=True)
class Behind:
    """A household that must be visited, asked for until the month, or the quarter, that begins with `through`; where
    that is `None`, not asked yet."""

    household_id: UUID
    region: str
    through: date | None


async def behind(connection: Connection, month: date, limit: int) -> list[Behind]:
    """Some of those whose duty was not yet asked for in a month; they stay so until the transaction ends."""
    rows = await connection.fetch(_BEHIND, month, limit)
    return [Behind(**row) for row in rows]


async def behind_quarter(connection: Connection, quarter: date, limit: int) -> list[Behind]:
    """Some of those whose duties were not yet asked for in a quarter; they stay so until the transaction ends."""
    rows = await connection.fetch(_BEHIND_QUARTER, quarter, limit)
    return [Behind(**row) for row in rows]


async def asked_through(connection: Connection, households: Sequence[UUID], month: date) -> None:
    """The duties of these households were asked for, up to that of the month."""
    await connection.execute(_THROUGH, households, month)


async def asked_through_quarter(
    connection: Connection, households: Sequence[UUID], quarter: date
) -> None:
    """The duties of these households were asked for, up to those of the quarter."""
    await connection.execute(_ASKED_THROUGH, households, [quarter] * len(households))


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


# Whoever opens the duties of a quarter passes over a household of which something is being heard.
_ASKED = """
select k.household_id, a.through
from read.known_household k left join read.asked_quarter a using (household_id)
where k.household_id = any($1::uuid[]) order by k.household_id for update of k
"""
_MONITORED = "select * from read.monitored where household_id = any($1::uuid[]) for update"
_KEPT = """
select household_id, since, left_on, false as poor from read.stretch
where household_id = any($1::uuid[])
union all
select household_id, since, left_on, true from read.formerly_poor
where household_id = any($1::uuid[])
order by household_id, since
"""
_FORGET = """
with entered as (delete from read.monitored where household_id = any($1::uuid[])),
    asked as (delete from read.asked_quarter where household_id = any($1::uuid[])),
    poor as (delete from read.formerly_poor where household_id = any($1::uuid[]))
delete from read.stretch where household_id = any($1::uuid[])
"""
_KEEP = """
with stretches as (
    insert into read.stretch (household_id, since, left_on)
    select * from unnest($1::uuid[], $2::date[], $3::date[])
), poor as (
    insert into read.formerly_poor (household_id, since, left_on)
    select * from unnest($4::uuid[], $5::date[], $6::date[])
), months as (
    insert into read.monitored (household_id, through) select * from unnest($7::uuid[], $8::date[])
)
insert into read.asked_quarter (household_id, through)
select * from unnest($9::uuid[], $10::date[])
"""
_ASKED_THROUGH = """
insert into read.asked_quarter (household_id, through) select * from unnest($1::uuid[], $2::date[])
on conflict (household_id) do update set through = excluded.through
"""
_BEHIND = """
select m.household_id, k.region, m.through
from read.monitored m join read.known_household k using (household_id)
where m.through < $1 order by m.household_id limit $2 for update of m skip locked
"""
_BEHIND_QUARTER = """
select k.household_id, k.region, a.through
from (
    select household_id from read.monitored
    union select household_id from read.formerly_poor where left_on is null
) as due
    join read.known_household k using (household_id)
    left join read.asked_quarter a using (household_id)
where a.through is null or a.through < $1
order by k.household_id limit $2 for update of k skip locked
"""
_VISITS_AFTER = """
select v.household_id, v.visit_id, v.visited_at, k.region
from unnest($1::uuid[], $2::date[]) as t (household_id, day)
    join read.visit v using (household_id) join read.known_household k using (household_id)
where v.visited_on > t.day order by v.visited_at, v.visit_id
"""
_THROUGH = "update read.monitored set through = $2 where household_id = any($1::uuid[])"
