"""Counts over the households of an area, from envelopes and published meanings alone.

Every number is made from the same rows as the list behind it, so the two agree. What an event
means (a stage, a step, a duty opened or closed) is read from the catalogue when somebody asks:
services that publish tomorrow are counted tomorrow.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal
from uuid import UUID

import asyncpg

from audit import declared
from audit.declared import STEPS
from audit.vocabulary import Vocabulary

Outcome = Literal["opened", "fulfilled", "breached", "open"]
OUTCOMES: tuple[Outcome, ...] = ("opened", "fulfilled", "breached", "open")


@dataclass(frozen=True, slots=True)
class Wanted:
    """What to list: households in a phase, that reached a step, or with duties of a kind and outcome."""

    phase: str | None = None
    step: str | None = None
    duty: str | None = None
    outcome: Outcome = "opened"


@dataclass(frozen=True, slots=True)
class Standing:
    """How many households of a town stand in a phase."""

    town: str
    phase: str
    households: int


@dataclass(frozen=True, slots=True)
class Step:
    """How many households reached a step; the median of days since the step before, and of how many."""

    step: str
    households: int
    median_days: float | None
    measured: int


@dataclass(frozen=True, slots=True)
class Duties:
    """Of one kind (`<service>.<EventName>.v<major>` of the event that opens them)."""

    kind: str
    opened: int
    fulfilled: int
    breached: int
    open: int


@dataclass(frozen=True, slots=True)
class Listed:
    """A household of a list, and how many times it is in it (more than once: duties)."""

    household_id: UUID
    region: str
    events: int
    times: int


async def standing(pool: asyncpg.Pool, vocabulary: Vocabulary, region: str) -> list[Standing]:
    """Households by town (first nine digits of the area code) and phase."""
    rows = await pool.fetch(
        f"with {_STANDING} select left(region, 9) as town, phase, count(*) as households "
        "from found group by 1, 2 order by 1, 2",
        region,
        *declared.stages(vocabulary),
    )
    return [Standing(*row) for row in rows]


async def funnel(pool: asyncpg.Pool, vocabulary: Vocabulary, region: str) -> list[Step]:
    """Each step in order. A time between two steps is that from the first event of the earlier to the
    first of the later one; a household that goes through twice is measured twice."""
    rows = await pool.fetch(f"with {_STEPS} {_FUNNEL}", region, *declared.steps(vocabulary))
    found = {row["rank"]: row for row in rows}
    return [
        Step(name, r["households"], r["median"], r["measured"])
        if (r := found.get(rank))
        else Step(name, 0, None, 0)
        for rank, name in enumerate(STEPS, 1)
    ]


async def duties(
    pool: asyncpg.Pool, vocabulary: Vocabulary, region: str, today: date
) -> list[Duties]:
    """By kind. Breached: not closed by the end of the day that it was due, at the latest today."""
    rows = await pool.fetch(
        f"with {_DUTIES} select kind, count(*), count(closed_on), "
        "count(*) filter (where breached), count(*) filter (where closed_on is null) "
        "from found group by kind order by kind",
        region,
        *declared.moves(vocabulary),
        today,
    )
    return [Duties(*row) for row in rows]


async def listed(
    pool: asyncpg.Pool,
    vocabulary: Vocabulary,
    region: str,
    today: date,
    wanted: Wanted,
    *,
    limit: int,
    after: tuple[str, UUID] | None = None,
) -> tuple[int, Sequence[Listed]]:
    """What a number counts: how much in all, and up to `limit` households by area and id."""
    given: Sequence[Any]
    if wanted.phase:
        found, given, last = _STANDING, declared.stages(vocabulary), wanted.phase
        where = "phase = ${last}"
    elif wanted.step:
        found, given, last = _STEPS, declared.steps(vocabulary), wanted.step
        where = "step = ${last}"
    else:
        found, given, last = _DUTIES, [*declared.moves(vocabulary), today], wanted.duty or ""
        where = f"kind = ${{last}} and {_OUTCOME[wanted.outcome]}"
    n = len(given) + 2
    times = "1" if wanted.step else "count(*)"
    query = _LISTED.format(
        found=found, times=times, where=where.format(last=n), region=n + 1, id=n + 2, limit=n + 3
    )
    rows = await pool.fetch(query, region, *given, last, *(after or ("", _FIRST)), limit)
    total = rows[0]["total"] if rows else 0
    return total, [
        Listed(*(row[name] for name in Listed.__slots__)) for row in rows if row["household_id"]
    ]


_FIRST = UUID(int=0)


# Codes, ids and dates are ASCII, so a payload may be read as Latin-1, which never fails; what is no
# JSON is null.
_DOC = """case when position('\\x00'::bytea in t.data) = 0 then
    case when pg_input_is_valid(convert_from(t.data, 'LATIN1'), 'jsonb')
        then convert_from(t.data, 'LATIN1')::jsonb end end"""
_DAY = "(t.occurred_at at time zone 'Asia/Shanghai')::date"
_IN_AREA = """join read.households h using (household_id)
    where h.region >= $1 and h.region < $1 || ':'"""

_STANDING = f"""
rule as (
    select * from unnest($2::text[], $3::text[], $4::int[], $5::text[], $6::text[])
        as r (service, type, schema_version, wanted, phase)
), latest as (
    select distinct on (household_id) household_id, h.region, r.phase
    from read.timeline t join rule r using (service, type, schema_version)
    {_IN_AREA} and (r.wanted = '{{}}' or {_DOC} @> r.wanted::jsonb)
    order by household_id, t.occurred_at desc, t.recorded_at desc, t.service desc, t.stream desc,
        t.version desc
), found as (select * from latest where phase <> '')
"""

_STEPS = f"""
rule as (
    select * from unnest($2::text[], $3::text[], $4::int[], $5::text[], $6::int[])
        as r (service, type, schema_version, step, rank)
), found as (
    select household_id, h.region, r.step, r.rank, t.occurred_at, t.recorded_at, {_DAY} as day
    from read.timeline t join rule r using (service, type, schema_version) {_IN_AREA}
)
"""
_FUNNEL = """
, pairs as (
    select n, rank, household_id, day, count(*) filter (where rank = n + 1) over (
        partition by n, household_id order by occurred_at, recorded_at, rank
        rows between unbounded preceding and 1 preceding) as round
    from found join generate_series(1, 3) as pair (n) on rank in (n, n + 1)
), spans as (
    select n + 1 as rank,
        min(day) filter (where rank = n + 1) - min(day) filter (where rank = n) as days
    from pairs group by n, household_id, round
), medians as (
    select rank, percentile_cont(0.5) within group (order by days) as median, count(*) as measured
    from spans where days >= 0 group by rank
)
select rank, count(distinct household_id) as households, median, coalesce(measured, 0) as measured
from found left join medians using (rank) group by rank, median, measured
"""

_DUTIES = f"""
rule as (
    select * from unnest(
            $2::text[], $3::text[], $4::int[], $5::text[], $6::text[], $7::text[], $8::bool[])
        as r (service, type, schema_version, id, due, wanted, closes)
), moved as (
    select household_id, region, recorded_at, service, stream, version, closes, day,
        service || '.' || type || '.v' || schema_version as kind,
        coalesce(doc #>> string_to_array(id, '.'), id) as id,
        case when pg_input_is_valid(doc #>> string_to_array(due, '.'), 'date')
            then (doc #>> string_to_array(due, '.'))::date end as due_on
    from (
        select household_id, h.region, t.recorded_at, t.service, t.stream, t.version, t.type,
            t.schema_version, r.id, r.due, r.wanted, r.closes, {_DAY} as day, {_DOC} as doc
        from read.timeline t join rule r using (service, type, schema_version) {_IN_AREA}
    ) as each where wanted = '{{}}' or doc @> wanted::jsonb
), rounds as (
    select *, count(*) filter (where closes) over (
        partition by household_id, id order by recorded_at, service, stream, version, closes desc
        rows between unbounded preceding and 1 preceding) as round
    from moved
), duties as (
    select household_id, region, min(kind) filter (where not closes) as kind,
        min(due_on) filter (where not closes) as due_on,
        min(day) filter (where closes) as closed_on
    from rounds group by household_id, region, id, round
), found as (
    select *, coalesce(due_on < coalesce(closed_on, $9::date), false) as breached
    from duties where kind is not null
)
"""
_OUTCOME: dict[Outcome, str] = {
    "opened": "true",
    "fulfilled": "closed_on is not null",
    "breached": "breached",
    "open": "closed_on is null",
}

_LISTED = """
with {found}, counted as (
    select household_id, {times} as times from found where {where} group by household_id
), total as (select coalesce(sum(times), 0)::bigint as total from counted)
select total, h.household_id, h.region, h.events, times
from total left join (counted join read.households h using (household_id))
    on (h.region, h.household_id) > (${region}::text collate "C", ${id}::uuid)
order by h.region, h.household_id limit ${limit}
"""
