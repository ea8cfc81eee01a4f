"""The headline shares of the work plan: inclusion, its time, schooling, housing, water (S1.1-06, S1.3, S2-06)."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Annotated

from fastapi import APIRouter, Request
from pydantic import Field

from common.auth import Area, Principal, allow
from common.form import Day
from common.shares import Fault, FaultTold, Share, ShareTold
from identification.api import listing
from identification.api.households import STAFF
from identification.api.registers import Term
from identification.api.wired import wired
from identification.domain.schooling import term_now
from identification.read_model import (
    coverage,
    dropouts,
    eligibility,
    focus,
    housing,
    protection,
    registers,
)

router = APIRouter(tags=["registers"])


@dataclass(frozen=True, slots=True)
class Inclusion:
    """Clues that nobody has handled, households monitored now, those within the line that never had a case,
    and of those eliminated how many were confirmed again."""

    zh: str
    open_clues: int
    overdue_clues: int
    monitored: int
    within_line_without_a_case: int
    reidentified_within_12_months: FaultTold


@dataclass(frozen=True, slots=True)
class Confirmations:
    """Of twelve months, with the days from discovery to confirmation; null where none was confirmed."""

    zh: str
    confirmed: int
    late: int
    median_days: int | None
    p90_days: int | None
    longest_days: int | None


@dataclass(frozen=True, slots=True)
class Focused:
    """Households by group, and `ANY` for all of them."""

    zh: str
    households: dict[str, int]


@dataclass(frozen=True, slots=True)
class Unprotected:
    """Open gaps by kind."""

    zh: str
    open_gaps: dict[str, int]


@dataclass(frozen=True, slots=True)
class Eliminations:
    """Households that wait to be proposed, and of twelve months the proposals in time."""

    zh: str
    eligible_not_proposed: int
    overdue: int
    proposed_in_time: ShareTold


@dataclass(frozen=True, slots=True)
class Schooled:
    """Of a term: children whom a school spoke of, and its dropouts; and who is out of school now."""

    zh: str
    term: str
    screened: ShareTold
    dropouts: int
    dropouts_for_poverty: int
    out_of_school: int
    out_of_school_for_poverty: int
    without_enrolment: int


@dataclass(frozen=True, slots=True)
class Housed:
    """Households in the ledger of dangerous houses."""

    zh: str
    living_in_dangerous_houses: int
    without_started_remedy: int
    overdue: int


@dataclass(frozen=True, slots=True)
class Watered:
    """Households whose sources all have a valid, qualified report."""

    zh: str
    qualified: ShareTold


@dataclass(frozen=True, slots=True)
class Waiting:
    """Facts that wait, in days; null where none was matched. `of_wider_areas`: of departments of a wider area."""

    zh: str
    waiting: int
    restricted: int
    longest_days: int
    matched: int
    mean_waited_days: Decimal | None
    longest_waited_days: int | None
    of_wider_areas: int


@dataclass(frozen=True, slots=True)
class Shares:
    """By the numbers of the plan of work."""

    region: str
    on: date
    policy_version: str
    inclusion: Annotated[Inclusion, Field(serialization_alias="S1.1-06")]
    confirmations: Annotated[Confirmations, Field(serialization_alias="S2-06")]
    focus: Annotated[Focused, Field(serialization_alias="S2-03")]
    protection: Annotated[Unprotected, Field(serialization_alias="S4.0-01")]
    eliminations: Annotated[Eliminations, Field(serialization_alias="S7.3-01")]
    schooling: Annotated[Schooled, Field(serialization_alias="S1.3-02")]
    housing: Annotated[Housed, Field(serialization_alias="S1.3-03")]
    water: Annotated[Watered, Field(serialization_alias="S1.3-07")]
    facts: Waiting


@router.get("/v1/coverage", summary="Shares that must be 100 %, for an area and a day")
async def shares(
    request: Request,
    caller: Annotated[Principal, allow("households:read")],
    region: Area = None,
    on: Day | None = None,
    term: Term | None = None,
) -> Shares:
    """Each with what is missing; a percentage is rounded down, so 100.00 means nobody is missing.

    Whether a monitored household has an implemented measure is known to the service assistance only.
    """
    area = listing.area(caller, region, {STAFF})
    app = wired(request)
    day = on or app.runtime.clock.today()
    policy = app.policies.of(area, day)
    term = term or term_now(day)
    strict = policy.income_line_operator == "LT"
    async with app.runtime.pool.acquire() as connection:
        included = await coverage.inclusion(connection, area, day)
        missed = await coverage.missed(
            connection, area, policy.income_line_fen, strict, policy.income_basis
        )
        children, screened, gone, poor = await registers.screened_children(
            connection, region=area, term=term, policy=policy
        )
        outside = await dropouts.counted(connection, area)
        living, without, overdue = await housing.counted(connection, area, day)
        again, eliminated = await coverage.reidentified(connection, area, day)
        days = await coverage.days_to_confirmation(connection, area, day)
        gaps = await protection.counted(connection, area)
        watched = await focus.counted(connection, area)
        proposals = await eligibility.timeliness(connection, area, day)
        households, fit = await coverage.water(connection, area, day)
        waiting = await coverage.waiting(connection, area, day)
    return Shares(
        region=area,
        on=day,
        policy_version=policy.version,
        inclusion=Inclusion(
            zh="应纳尽纳",
            **included,
            within_line_without_a_case=missed,
            reidentified_within_12_months=Fault(again, eliminated).as_told(),
        ),
        confirmations=Confirmations(zh="缩短认定时间", **days),
        focus=Focused(zh="重点人群", households=watched),
        protection=Unprotected(zh="应保未保", open_gaps=gaps),
        eliminations=Eliminations(
            zh="及时消除",
            eligible_not_proposed=proposals["waiting"],
            overdue=proposals["overdue"],
            proposed_in_time=Share(proposals["in_time"], proposals["proposed"]).as_told(),
        ),
        schooling=Schooled(
            zh="控辍保学",
            term=term,
            screened=Share(screened, children).as_told(),
            dropouts=gone,
            dropouts_for_poverty=poor,
            **outside,
        ),
        housing=Housed(
            zh="住房安全",
            living_in_dangerous_houses=living,
            without_started_remedy=without,
            overdue=overdue,
        ),
        water=Watered(zh="饮水安全", qualified=Share(fit, households).as_told()),
        facts=Waiting(zh="待对应的部门信息", **waiting),
    )
