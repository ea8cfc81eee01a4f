"""Cases by stage and age, and what a day's end has to look at."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

import asyncpg
from sqlalchemy import ColumnElement, and_, false, or_
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession
from sqlmodel import col, select

from common.clock import business_date
from common.intents import Connection, Fresh
from contracts.inquiries import AuthorisationRefused
from contracts.monitoring import ClosingReason
from contracts.stages import Stage
from identification.domain.cohort import Standing
from identification.domain.files import CaseFile
from identification.domain.risks import found
from identification.domain.stages import MONITORING, monitored_of
from identification.domain.states import Household
from identification.read_model.tables import CaseRow

# How a case ends; the reasons of a closing (T19) are outcomes too.
ENDS = {"ELIMINATED", "CANCELLED", "REJECTED", "NOT_PASSED", "WITHDRAWN"}
OUTCOMES = ENDS | {*ClosingReason}


async def put(connection: Connection, fresh: Sequence[Fresh]) -> None:
    """The open cases as they stand, and the ends of others."""
    rows: dict[UUID, tuple[Any, ...]] = {}
    ends: dict[UUID, tuple[Any, ...]] = {}
    for f in fresh:
        household: Household = f.state
        if household.case and household.file:
            rows[household.file.case_id] = _row(f, household, household.file)
            ends.pop(household.file.case_id, None)
        elif household.ended:
            ended = household.ended
            case_id = ended.file.case_id
            ends[case_id] = (case_id, household.stage, ended.outcome, ended.on)
    if rows:
        await connection.execute(_UPSERT, *zip(*rows.values(), strict=True))
    if ends:
        await connection.execute(_ENDED, *zip(*ends.values(), strict=True))


def _row(f: Fresh, household: Household, file: CaseFile) -> tuple[Any, ...]:
    monitored = monitored_of(household.case)
    confirmed = monitored.confirmed if monitored else None
    match file.consent:
        case None:
            consent = "NONE"
        case AuthorisationRefused():
            consent = "REFUSED"
        case _:
            consent = "SIGNED"
    return (
        file.case_id,
        household.id,
        household.registered.region,
        file.channel,
        household.stage,
        business_date(f.event.occurred_at),
        ",".join(sorted(found(household.case) or file.risk_types)),
        file.discovered_on,
        file.due_on,
        file.warned,
        file.missed,
        consent,
        file.asked is not None,
        file.hits,
        len(file.objections),
        len(household.unhandled),
        confirmed.episode_id if confirmed else None,
        confirmed.episode_no if confirmed else None,
        monitored.monitored_class if monitored else None,
        monitored.disaster if monitored else None,
        confirmed.labour_household if confirmed else None,
        household.has_labour,
        confirmed.confirmed_on if confirmed else None,
        confirmed.elapsed_days if confirmed else None,
        confirmed.late if confirmed else None,
        bool(confirmed and household.breached.episode_id == confirmed.episode_id),
        household.breached.open_again_on if confirmed else None,
    )


_NAMES = """case_id, household_id, region, channel, stage, stage_since, risk_types, discovered_on,
    due_on, warned, missed, consent, comparison_open, comparison_hits, objections, unhandled,
    episode_id, episode_no, monitored_class, disaster_subtype, labour_household, has_labour, confirmed_on,
    elapsed_days, late, target_missed, open_again_on"""
_CHANGED = ", ".join(
    f"{name} = excluded.{name}"
    for name in _NAMES.replace("\n", " ").replace(" ", "").split(",")
    if name not in ("case_id", "household_id", "channel", "stage_since")
)
_UPSERT = f"""
insert into read.case_file as c ({_NAMES}, outcome, ended_on)
select {_NAMES.replace("risk_types", "string_to_array(risk_types, ',')")}, null, null
from unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::text[], $6::date[], $7::text[],
    $8::date[], $9::date[], $10::bool[], $11::bool[], $12::text[], $13::bool[], $14::int[],
    $15::int[], $16::int[], $17::uuid[], $18::int[], $19::text[], $20::text[], $21::bool[],
    $22::bool[], $23::date[], $24::int[], $25::bool[], $26::bool[], $27::date[]) as t ({_NAMES})
on conflict (case_id) do update set {_CHANGED}, outcome = null, ended_on = null,
    stage_since = case when c.stage = excluded.stage then c.stage_since else excluded.stage_since end
"""
_ENDED = """
update read.case_file c set stage = t.stage, outcome = t.outcome, ended_on = t.ended_on,
    stage_since = t.ended_on, unhandled = 0, objections = 0, comparison_open = false
from unnest($1::uuid[], $2::text[], $3::text[], $4::date[]) as t (case_id, stage, outcome, ended_on)
where c.case_id = t.case_id and c.outcome is null
"""


@dataclass(frozen=True)
class Late:
    """A household to which the end of a day may have something to say."""

    household_id: UUID
    region: str
    discovered_on: date | None  # of the case; none where help waits for one
    due_on: date | None
    granted_on: date | None


async def late(
    pool: asyncpg.Pool, *, day: date, warn_after: int, help_after: int, after: UUID, limit: int
) -> list[Late]:
    """Households, by id, whose deadline or emergency help may be due on the morning after a day.

    `warn_after` and `help_after` are the shortest periods of any policy, in days; then the household's own
    policy decides.
    """
    rows = await pool.fetch(_LATE, day, warn_after, help_after, after, limit, sorted(MONITORING))
    return [Late(*row) for row in rows]


_LATE = """
select household_id, min(region), min(discovered_on), min(due_on), min(granted_on) from (
    select household_id, region, discovered_on, due_on, null::date as granted_on
    from read.case_file
    where outcome is null and not missed and stage <> all($6::text[])
        and (due_on <= $1::date or not warned and discovered_on + $2::int <= $1::date + 1)
    union all
    select household_id, region, null, null, granted_on from read.emergency_grant
    where not taken_up and not warned and granted_on + $3::int <= $1::date
) as waiting
where household_id > $4
group by household_id order by household_id limit $5
"""


async def many(
    engine: AsyncEngine,
    *,
    region: str,
    stage: str | None,
    outcome: str | None,
    is_open: bool | None,
    missed: bool | None,
    monitored_class: str | None,
    household_id: UUID | None,
    discovered_by: date | None,
    due_by: date | None,
    cohort: tuple[Standing, Mapping[str, date]] | None,
    after: UUID | None,
    limit: int,
) -> list[CaseRow]:
    """Cases of an area by id, after a given one; at most `limit`. `cohort` is a standing, and for each
    region the last day of a confirmation that belongs to the target (S7.3-02)."""
    query = select(CaseRow).where(col(CaseRow.region).startswith(region))
    for column, value in (
        (CaseRow.stage, stage),
        (CaseRow.outcome, outcome),
        (CaseRow.missed, missed),
        (CaseRow.monitored_class, monitored_class),
        (CaseRow.household_id, household_id),
    ):
        if value is not None:
            query = query.where(column == value)
    if is_open is not None:
        ended = col(CaseRow.outcome)
        query = query.where(ended.is_(None) if is_open else ended.is_not(None))
    if discovered_by:
        query = query.where(CaseRow.discovered_on <= discovered_by)
    if due_by:
        query = query.where(CaseRow.due_on <= due_by)
    if cohort:
        query = query.where(*_standing(*cohort))
    if after:
        query = query.where(CaseRow.case_id > after)
    query = query.order_by(col(CaseRow.case_id)).limit(limit)
    async with AsyncSession(engine) as session:
        return list((await session.execute(query)).scalars())


def _standing(standing: Standing, confirmed_by: Mapping[str, date]) -> list[ColumnElement[bool]]:
    """As `cohort.standing` judges; a case that is not confirmed belongs to no cohort."""
    outcome, labour = col(CaseRow.outcome), col(CaseRow.has_labour)
    stands: dict[Standing, list[ColumnElement[bool]]] = {
        Standing.ELIMINATED: [outcome == "ELIMINATED"],
        Standing.CANCELLED: [outcome == "CANCELLED"],
        Standing.OPEN: [outcome.is_(None), labour.is_(True)],
        Standing.LABOUR_LOST: [outcome.is_(None), labour.is_(False)],
        Standing.CLOSED: [outcome.is_not(None), outcome.not_in(["ELIMINATED", "CANCELLED"])],
    }
    regions: dict[date, list[str]] = {}
    for region, last in confirmed_by.items():
        regions.setdefault(last, []).append(region)
    confirmed_on, region_of = col(CaseRow.confirmed_on), col(CaseRow.region)
    in_time = (
        and_(region_of.in_(parts), confirmed_on.between(date.min, last))
        for last, parts in regions.items()
    )
    return [or_(false(), *in_time), col(CaseRow.labour_household).is_(True), *stands[standing]]


@dataclass(frozen=True)
class Ages:
    """How many open cases stand at a stage, for so many days since the clue and so many since the stage
    began."""

    stage: Stage
    cases: int
    missed: int
    median_days: float
    oldest_days: int
    longest_at_stage: int


async def ages(pool: asyncpg.Pool, region: str, today: date) -> list[Ages]:
    """The open cases of an area by stage, in one query."""
    rows = await pool.fetch(_AGES, region, today)
    return [Ages(**{**row, "stage": Stage[row["stage"]]}) for row in rows]


_AGES = """
select stage, count(*) as cases, count(*) filter (where missed) as missed,
    percentile_cont(0.5) within group (order by $2::date - discovered_on) as median_days,
    max($2::date - discovered_on) as oldest_days,
    max($2::date - stage_since) as longest_at_stage
from read.case_file
where outcome is null and region like $1 || '%'
group by stage order by stage
"""


async def regions(pool: asyncpg.Pool, area: str) -> list[str]:
    """The parts of an area of which there are cases."""
    rows = await pool.fetch(
        "select distinct region from read.case_file where region like $1 || '%'", area
    )
    return [row["region"] for row in rows]


@dataclass(frozen=True)
class Confirmed:
    """How many episodes were confirmed, grouped by what the cohort of S7.3-02 asks."""

    confirmed_by: date
    confirmed_on: date
    labour_household: bool
    has_labour: bool
    outcome: str | None
    episodes: int


async def confirmed(pool: asyncpg.Pool, by: Mapping[str, date]) -> list[Confirmed]:
    """Episodes of these regions confirmed on or before the day of each, by day and outcome."""
    rows = await pool.fetch(_CONFIRMED, [*by], [*by.values()])
    return [Confirmed(**row) for row in rows]


_CONFIRMED = """
select confirmed_by, confirmed_on, labour_household, has_labour, outcome, count(*) as episodes
from read.case_file join unnest($1::text[], $2::date[]) as held (region, confirmed_by) using (region)
where confirmed_on <= confirmed_by
group by confirmed_by, confirmed_on, labour_household, has_labour, outcome
"""
