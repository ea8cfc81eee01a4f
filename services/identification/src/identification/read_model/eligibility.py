"""What the end of a day has to look at under S7.3-01, and how many proposals came in time."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

import asyncpg
from sqlalchemy import BigInteger, Column, Integer
from sqlalchemy.dialects.postgresql import ARRAY
from sqlmodel import Field

from common.intents import Connection, Fresh
from contracts.deadlines import (
    EliminationEligibilityDetected,
    EliminationEligibilityLapsed,
    EliminationProposalOverdue,
)
from contracts.eliminations import EliminationProposed
from identification.domain.eligibility import outlook
from identification.domain.policy_book import PolicyLookup
from identification.domain.states import Household
from identification.read_model.tables import Table

PROPOSED, LAPSED = "PROPOSED", "LAPSED"
SAID = (
    EliminationEligibilityDetected,
    EliminationEligibilityLapsed,
    EliminationProposalOverdue,
    EliminationProposed,
)


class OutlookRow(Table, table=True):
    """What decides whether a monitored household is eligible. `detected_on` is set while it is to be
    proposed."""

    __tablename__ = "outlook"

    household_id: UUID = Field(primary_key=True)
    region: str = Field(index=True)
    confirmed_on: date
    above_since: date | None
    assessed_on: date | None
    own_cost_fen: int = Field(sa_type=BigInteger)
    covered: bool
    ready: bool
    unasked: list[int] = Field(sa_column=Column(ARRAY(Integer), nullable=False))
    news: bool
    detected_on: date | None
    propose_by: date | None
    overdue: bool


class EligibilityRow(Table, table=True):
    """One time that a household was eligible; `outcome` is null, PROPOSED or LAPSED."""

    __tablename__ = "eligibility"

    household_id: UUID = Field(primary_key=True)
    detected_on: date = Field(primary_key=True)
    region: str = Field(index=True)
    propose_by: date
    closed_on: date | None
    outcome: str | None


async def put(connection: Connection, households: Sequence[Fresh]) -> None:
    """The outlook of these households as it stands, and what became of their deadlines."""
    latest = {f.event.stream: f.state for f in households}.values()
    # Who never had an episode never had an outlook.
    known = {s.id: _row(s) for s in latest if s.episodes}
    if gone := [id_ for id_, row in known.items() if row is None]:
        await connection.execute(_GONE, gone)
    if rows := [row for row in known.values() if row]:
        await connection.execute(_UPSERT, *zip(*rows, strict=True))
    for f in households:
        if isinstance(f.payload, SAID):
            await _say(connection, f)


def _row(household: Household) -> tuple[Any, ...] | None:
    if (seen := outlook(household)) is None:
        return None
    detected = seen.known.detected
    return (
        household.id,
        household.registered.region,
        seen.confirmed_on,
        seen.above_since,
        seen.assessed_on,
        seen.own_cost_fen,
        seen.covered,
        seen.ready,
        ",".join(map(str, seen.unasked)),
        seen.news,
        detected.detected_on if detected else None,
        detected.propose_by if detected else None,
        seen.known.overdue,
    )


async def _say(connection: Connection, f: Fresh) -> None:
    """Rare enough to be said one by one, and in their order."""
    match f.payload:
        case EliminationEligibilityDetected() as e:
            await connection.execute(
                _OPENED, e.household_id, e.detected_on, f.event.region, e.propose_by
            )
        case EliminationEligibilityLapsed() as e:
            await connection.execute(_CLOSED, e.household_id, e.lapsed_on, LAPSED)
        case EliminationProposed() as e:
            await connection.execute(_CLOSED, e.household_id, e.proposed_on, PROPOSED)


_GONE = "delete from read.outlook where household_id = any($1::uuid[])"
_UPSERT = """
insert into read.outlook (household_id, region, confirmed_on, above_since, assessed_on, own_cost_fen,
    covered, ready, unasked, news, detected_on, propose_by, overdue)
select household_id, region, confirmed_on, above_since, assessed_on, own_cost_fen, covered, ready,
    string_to_array(unasked, ',')::int[], news, detected_on, propose_by, overdue
from unnest($1::uuid[], $2::text[], $3::date[], $4::date[], $5::date[], $6::bigint[], $7::bool[],
    $8::bool[], $9::text[], $10::bool[], $11::date[], $12::date[], $13::bool[])
    as t (household_id, region, confirmed_on, above_since, assessed_on, own_cost_fen, covered, ready,
        unasked, news, detected_on, propose_by, overdue)
on conflict (household_id) do update set region = excluded.region,
    confirmed_on = excluded.confirmed_on, above_since = excluded.above_since,
    assessed_on = excluded.assessed_on, own_cost_fen = excluded.own_cost_fen,
    covered = excluded.covered, ready = excluded.ready, unasked = excluded.unasked, news = excluded.news,
    detected_on = excluded.detected_on, propose_by = excluded.propose_by, overdue = excluded.overdue
"""
_OPENED = """
insert into read.eligibility (household_id, detected_on, region, propose_by)
values ($1, $2, $3, $4) on conflict (household_id, detected_on) do nothing
"""
_CLOSED = """
update read.eligibility set closed_on = $2, outcome = $3
where household_id = $1 and closed_on is null
"""


@dataclass(frozen=True)
class Due:
    """A household for which there is something to say on the morning after a day."""

    household_id: UUID
    region: str


async def due(
    pool: asyncpg.Pool, policies: PolicyLookup, day: date, *, after: UUID, limit: int
) -> list[Due]:
    """Households by id that became eligible, no longer are, or are late to be proposed.

    The database judges, with the parameters of each area, so that no household is loaded without need. The
    household decides again by its own history; for a day that is closed late, it also knows whether by then
    the county had allowed it (E7) and somebody had looked at each clue (E6).
    """
    regions = [
        row["region"] for row in await pool.fetch("select distinct region from read.outlook")
    ]
    held = [policies.of(region, day) for region in regions]
    rows = await pool.fetch(
        _DUE,
        day,
        regions,
        [p.elimination_stable_months for p in held],
        [p.elimination_months_after for p in held],
        [p.medical_threshold(at_risk_group=True) for p in held],
        [p.school_age_from for p in held],
        [p.school_age_to for p in held],
        after,
        limit,
    )
    return [Due(row["household_id"], row["region"]) for row in rows]


# As `eligibility.advance` judges: E2 and E3 by the days above the line, E5, E8, and of E4 that no child is
# unasked; `ready` is the rest.
_DUE = """
select household_id, region from (
    select o.*, coalesce(
        o.ready and o.assessed_on >= o.above_since + make_interval(months => p.stable)
        and (o.own_cost_fen < p.threshold or o.covered)
        and not exists (
            select from unnest(o.unasked) as age where age >= p.school_from and age < p.school_to)
        and date_trunc('month', o.confirmed_on) + make_interval(months => p.months) <= $1::date + 1,
        false) as met
    from read.outlook o
    join unnest($2::text[], $3::int[], $4::int[], $5::bigint[], $6::int[], $7::int[])
        as p (region, stable, months, threshold, school_from, school_to) using (region)
) as judged
where household_id > $8 and case
    when detected_on is null then met and news and assessed_on <= $1::date + 1
    else detected_on <= $1::date + 1 and (not met or propose_by <= $1 and not overdue) end
order by household_id limit $9
"""


@dataclass(frozen=True, slots=True)
class Eligible:
    """A household to be proposed by a last day. After that day, `days_left` is below 0."""

    household_id: UUID
    region: str
    confirmed_on: date
    assessed_on: date | None
    detected_on: date
    propose_by: date
    days_left: int
    overdue: bool


async def open_ones(
    connection: Any,
    *,
    region: str,
    overdue: bool | None,
    on: date,
    after: UUID | None,
    limit: int,
) -> list[Eligible]:
    """Eligible households of an area that nobody has proposed, by id. Overdue: the last day has passed."""
    rows = await connection.fetch(
        """
        select household_id, region, confirmed_on, assessed_on, detected_on, propose_by,
            propose_by - $3::date as days_left, propose_by < $3 as overdue
        from read.outlook
        where detected_on is not null and region like $1 || '%'
            and ($2::bool is null or (propose_by < $3) = $2) and ($4::uuid is null or household_id > $4)
        order by household_id limit $5
        """,
        region,
        overdue,
        on,
        after,
        limit,
    )
    return [Eligible(**row) for row in rows]


async def timeliness(connection: Any, region: str, on: date) -> dict[str, int]:
    """Of the twelve months to a day: how many eligible households were proposed, how many of them in time,
    and how many are still to be proposed."""
    row = await connection.fetchrow(
        """
        select count(*) filter (where proposed) as proposed,
            count(*) filter (where proposed and closed_on <= propose_by) as in_time,
            count(*) filter (where waits) as waiting,
            count(*) filter (where waits and propose_by < $2) as overdue
        from (
            select closed_on, propose_by, closed_on is null or closed_on > $2 as waits,
                outcome = 'PROPOSED' and closed_on <= $2
                    and closed_on > $2::date - interval '12 months' as proposed
            from read.eligibility where detected_on <= $2 and region like $1 || '%'
        ) as told
        """,
        region,
        on,
    )
    return dict(row)
