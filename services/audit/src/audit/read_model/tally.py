"""Counts over the households of an area, from nothing but envelopes and published meanings.

Every number is computed from the same rows as the list behind it, so that the two agree (`counting` keeps
the rows). What an event means (a stage, a step, a duty opened or closed) is read from the catalogue, so a
service that is published tomorrow is counted tomorrow.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal
from uuid import UUID

import asyncpg

from audit.meaning.declared import STEPS

Outcome = Literal["opened", "fulfilled", "breached", "open"]
OUTCOMES: tuple[Outcome, ...] = ("opened", "fulfilled", "breached", "open")


@dataclass(frozen=True, slots=True)
class Wanted:
    """What to list: the households in a phase; those that reached a step; those with duties of a kind and
    outcome; or those with duties of any kind that were due in a month, of which the first day is given."""

    phase: str | None = None
    step: str | None = None
    duty: str | None = None
    outcome: Outcome = "opened"
    due: date | None = None


@dataclass(frozen=True, slots=True)
class Standing:
    """How many households of a town or village stand in a phase; `None` for no phase."""

    area: str
    phase: str | None
    households: int


@dataclass(frozen=True, slots=True)
class Step:
    """How many households reached a step; the median of the days since the step before; and of how many
    times that is the median."""

    step: str
    households: int
    median_days: float | None
    measured: int


@dataclass(frozen=True, slots=True)
class Duties:
    """Of one kind (`<service>.<EventName>.v<major>` of the event that opens them), each with the area that had
    to do it (`counting`)."""

    kind: str
    opened: int
    fulfilled: int
    breached: int
    open: int


@dataclass(frozen=True, slots=True)
class Month:
    """The duties of all kinds that were due in a month, and how many of them were breached."""

    month: date
    due: int
    breached: int


@dataclass(frozen=True, slots=True)
class Listed:
    """A household of a list, what it is called by (empty: nothing), and how many times it is in it (more
    than once: duties). `region` is where it is listed, which is for a duty the area that it is counted for; `now`,
    where the household is."""

    household_id: UUID
    region: str
    called: str
    times: int
    now: str


@dataclass(frozen=True, slots=True)
class Behind:
    """The list behind a number: how many in all, how many of them are of households that the reader may not
    see, having moved, and some of the others."""

    total: int
    unseen: int
    households: Sequence[Listed]


TOWN, VILLAGE = 9, 12  # digits of their codes


async def standing(pool: asyncpg.Pool, region: str) -> list[Standing]:
    """Households by town and phase; inside a town, by village and phase."""
    digits = TOWN if len(region) < TOWN else VILLAGE
    return [Standing(*row) for row in await pool.fetch(_STANDING, region, digits)]


async def funnel(pool: asyncpg.Pool, region: str) -> list[Step]:
    """Each step in order, with the time that it took from the one before, over all rounds."""
    found = {row["rank"]: row for row in await pool.fetch(_FUNNEL, region)}
    return [
        Step(name, r["households"], r["median"], r["measured"])
        if (r := found.get(rank))
        else Step(name, 0, None, 0)
        for rank, name in enumerate(STEPS, 1)
    ]


async def duties(pool: asyncpg.Pool, region: str, today: date) -> list[Duties]:
    """By kind. Breached: not closed by the end of the day that it was due, at the latest today."""
    return [Duties(*row) for row in await pool.fetch(_KEPT, region, today)]


async def monthly(pool: asyncpg.Pool, region: str, today: date) -> list[Month]:
    """The twelve months up to this one, by the day that duties were due."""
    return [Month(*row) for row in await pool.fetch(_MONTHLY, region, today)]


async def listed(
    pool: asyncpg.Pool,
    region: str,
    today: date,
    wanted: Wanted,
    *,
    within: str,
    limit: int,
    after: tuple[str, str, UUID] | None = None,
) -> Behind:
    """The list behind a number, for a reader who sees the households that are `within` an area: up to `limit` of
    them, by area, by what they are called, and by id."""
    given: list[object]
    if wanted.phase:
        behind, given = "from read.counted where phase = $7", [wanted.phase]
    elif wanted.step:
        behind, given = "from read.steps where round = 0 and rank = $7", [_rank(wanted.step)]
    elif wanted.due:
        behind = (
            f"from read.duties where {_OF_MONTH.format(month='$7')} and {_OUTCOME[wanted.outcome]}"
        )
        given = [wanted.due, today] if wanted.outcome == "breached" else [wanted.due]
    else:
        behind = f"from read.duties where kind = $7 and {_OUTCOME[wanted.outcome]}"
        given = [wanted.duty, today] if wanted.outcome == "breached" else [wanted.duty]
    query = _LISTED.format(behind=behind)
    rows = await pool.fetch(query, region, *(after or ("", "", _FIRST)), limit, within, *given)
    total, unseen = (rows[0]["total"], rows[0]["unseen"]) if rows else (0, 0)
    found = [
        Listed(row["household_id"], row["region"], row["called"], row["times"], row["now"])
        for row in rows
        if row["times"]
    ]
    return Behind(total, unseen, found)


def _rank(step: str) -> int:
    return STEPS.index(step) + 1


_FIRST = UUID(int=0)
_IN_AREA = "region >= $1 and region < $1 || ':'"
_BREACHED = "due_on < coalesce(closed_on, {today}::date)"

_STANDING = f"""
select left(region, $2) as area, phase, count(*) as households
from read.counted where {_IN_AREA} group by 1, 2 order by 1, 2
"""
_FUNNEL = f"""
select rank, count(*) filter (where round = 0) as households,
    percentile_cont(0.5) within group (order by days) as median, count(days) as measured
from read.steps where {_IN_AREA} group by rank
"""
_KEPT = f"""
select kind, count(*), count(closed_on), count(*) filter (where {_BREACHED.format(today="$2")}),
    count(*) filter (where closed_on is null)
from read.duties where {_IN_AREA} group by kind order by kind
"""
_OF_MONTH = "due_on >= {month}::date and due_on < {month}::date + interval '1 month'"
_MONTHLY = f"""
select month::date, count(due_on), count(*) filter (where {_BREACHED.format(today="$2")})
from generate_series(
    date_trunc('month', $2::date) - interval '11 months', date_trunc('month', $2::date), interval '1 month'
) as months (month)
left join read.duties on {_OF_MONTH.format(month="month")} and {_IN_AREA}
group by 1 order by 1
"""
_OUTCOME: dict[Outcome, str] = {
    "opened": "true",
    "fulfilled": "closed_on is not null",
    "breached": _BREACHED.format(today="$8"),
    "open": "closed_on is null",
}
# Only of the villages that the page may reach are the names looked up, and sorted. Who is elsewhere is looked for among
# the few that are: mostly nobody.
_LISTED = f"""
with counted as (
    select household_id, region, count(*) as times {{behind}} and {_IN_AREA}
    group by household_id, region
), seen as (
    select * from counted where not exists (
        select from read.households h
        where h.household_id = counted.household_id and (h.region < $6 or h.region >= $6 || ':')
    )
), total as (
    select coalesce((select sum(times) from counted), 0)::bigint as total,
        coalesce((select sum(times) from seen), 0)::bigint as seen
), reach as (
    select region, sum(count(*)) over (order by region) as households from seen where region > $2
    group by region
), named as (
    select seen.*, coalesce(c.name, '') as called from seen left join read.called c using (household_id)
    where region between $2 and coalesce((select min(region) from reach where households >= $5), '~')
), page as (
    select * from named
    where (region, called, household_id) > ($2::text collate "C", $3::text collate "C", $4::uuid)
    order by region, called, household_id limit $5
)
select total, total - seen as unseen, page.*, h.region as now
from total left join page on true left join read.households h on h.household_id = page.household_id
order by page.region, called, page.household_id
"""
