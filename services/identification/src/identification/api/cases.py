"""Clues with their clock, cases by stage and age, the county's target, for staff and supervisors."""

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response

from common.auth import Area, Principal, allow
from common.form import Day
from common.paging import USUAL, Limit, page
from contracts.codes import (
    Channel,
    DeclarationMedium,
    DisasterSubtype,
    MonitoredClass,
    RiskType,
    Severity,
)
from contracts.stages import Stage
from identification.api.wired import Wired, wired
from identification.domain.budgets import stage_due_on
from identification.domain.cohort import Standing, standing
from identification.domain.policy import Policy
from identification.domain.stages import MONITORING
from identification.read_model import cases, clues
from identification.read_model.cases import OUTCOMES, Ages
from identification.read_model.tables import CaseFields, CaseRow, ClueFields, ClueRow

router = APIRouter(prefix="/v1", tags=["cases"])

Reader = Annotated[Principal, allow("episodes:read")]
ClueStatus = Literal["OPEN", "TAKEN_UP", "REJECTED", "WITHDRAWN", "CLOSED"]
if TYPE_CHECKING:
    Outcome = str
else:  # made from the codes, which mypy does not follow; the document lists them
    Outcome = Literal[tuple(sorted(OUTCOMES))]


class ClueShown(ClueFields):
    """A clue with its clock; no `due_on` and no `days_left` where it has none."""

    channel: Channel
    medium: DeclarationMedium | None
    risk_types: list[RiskType]
    severity: Severity
    status: ClueStatus
    due_on: date | None
    days_left: int | None
    overdue: bool


class CaseShown(CaseFields):
    """A case with its clocks, in days; null where one does not run."""

    channel: Channel | None
    stage: Stage
    outcome: Outcome | None
    risk_types: list[RiskType]
    consent: Literal["NONE", "SIGNED", "REFUSED"]
    monitored_class: MonitoredClass | None
    disaster_subtype: DisasterSubtype | None
    age_days: int
    days_at_stage: int
    days_left: int | None
    stage_due_on: date | None
    stage_overdue: bool
    cohort: Standing | None
    target_days_left: int | None


@router.get("/clues", summary="Clues of your area with their clock", response_model=list[ClueShown])
async def read_clues(
    request: Request,
    caller: Reader,
    region: Area = None,
    status: ClueStatus | None = None,
    channel: Channel | None = None,
    medium: DeclarationMedium | None = None,
    severity: Severity | None = None,
    household_id: UUID | None = None,
    due_by: Day | None = None,
    cursor: UUID | None = None,
    limit: Limit = USUAL,
) -> Response:
    """Ordered by id; `Link: rel="next"` leads on. `days_left` are of the case (S2-07): a clue that joined a
    confirmed episode waits to be looked at (E6), and has no clock."""
    app, area = wired(request), caller.area(region)
    rows = await clues.many(
        app.runtime.engine,
        region=area,
        status=status,
        channel=channel,
        medium=medium,
        severity=severity,
        household_id=household_id,
        due_by=due_by,
        after=cursor,
        limit=limit,
    )
    today = app.runtime.clock.today()
    decided = await clues.decided(app.runtime.pool, [row.case_id for row in rows])
    return page(request, [_clue(row, today, decided) for row in rows], limit, "clue_id")


@dataclass(frozen=True, slots=True)
class Declared:
    """How many came by a medium, and how many of them stand at each status."""

    medium: DeclarationMedium
    zh: str
    declarations: int
    by_status: dict[str, int]


@router.get("/clues/declared", summary="Self-declarations by medium")
async def read_declared(
    request: Request,
    caller: Reader,
    region: Area = None,
    since: Day | None = None,
    until: Day | None = None,
) -> list[Declared]:
    """By each medium, in the order of the code; both days included."""
    found = await clues.by_medium(
        wired(request).runtime.pool, region=caller.area(region), since=since, until=until
    )
    return [
        Declared(
            medium=medium,
            zh=medium.zh,
            declarations=sum(r["declarations"] for r in found if r["medium"] == medium),
            by_status={r["status"]: r["declarations"] for r in found if r["medium"] == medium},
        )
        for medium in DeclarationMedium
    ]


def _clue(row: ClueRow, today: date, decided: Collection[UUID]) -> dict[str, Any]:
    shown = row.model_dump()
    if row.status != clues.OPEN:
        return {**shown, "days_left": None, "overdue": False}
    if row.case_id in decided:
        return {**shown, "due_on": None, "days_left": None, "overdue": False}
    return {**shown, "days_left": (row.due_on - today).days, "overdue": row.due_on < today}


@router.get("/cases", summary="Cases of your area by stage and age", response_model=list[CaseShown])
async def read_cases(
    request: Request,
    caller: Reader,
    region: Area = None,
    stage: Stage | None = None,
    outcome: Outcome | None = None,
    open: bool | None = None,
    missed: bool | None = None,
    monitored_class: MonitoredClass | None = None,
    household_id: UUID | None = None,
    min_age_days: Annotated[int | None, Query(ge=0, le=36_500)] = None,
    due_by: Day | None = None,
    cohort: Standing | None = None,
    cursor: UUID | None = None,
    limit: Limit = USUAL,
) -> Response:
    """Ordered by id; `Link: rel="next"` leads on. `age_days` count from the first clue; `stage_due_on` is
    the day by which the case should have left its stage (S2-07), `cohort` where the episode stands under the
    target of S7.3-02 by the parameters of its own place, with `target_days_left` while it is open."""
    app, area = wired(request), caller.area(region)
    today = app.runtime.clock.today()
    rows = await cases.many(
        app.runtime.engine,
        region=area,
        stage=stage,
        outcome=outcome,
        is_open=open,
        missed=missed,
        monitored_class=monitored_class,
        household_id=household_id,
        discovered_by=_before(today, min_age_days),
        due_by=due_by,
        cohort=(cohort, await _confirmed_by(app, area, today)) if cohort else None,
        after=cursor,
        limit=limit,
    )
    shown = [_case(row, today, app.policies.of(row.region, today)) for row in rows]
    return page(request, shown, limit, "case_id")


def _before(today: date, days: int | None) -> date | None:
    return None if days is None else date.fromordinal(today.toordinal() - days)


def _case(row: CaseRow, today: date, policy: Policy) -> dict[str, Any]:
    until = row.ended_on or today
    undecided = row.outcome is None and row.stage not in MONITORING
    due_on = stage_due_on(row.stage, row.discovered_on, policy) if undecided else None
    stands = None
    if row.confirmed_on and row.labour_household is not None:
        stands = standing(
            confirmed_on=row.confirmed_on,
            labour_at_confirmation=row.labour_household,
            has_labour=row.has_labour,
            outcome=row.outcome,
            confirmed_by=policy.cohort_confirmed_by,
        )
    return {
        **row.model_dump(),
        "age_days": (until - row.discovered_on).days,
        "days_at_stage": (until - row.stage_since).days,
        "days_left": (row.due_on - today).days if undecided else None,
        "stage_due_on": due_on,
        "stage_overdue": due_on is not None and due_on < today,
        "cohort": stands,
        "target_days_left": (policy.cohort_target - today).days
        if stands is Standing.OPEN
        else None,
    }


@router.get("/cases/ages", summary="How many open cases stand at each stage, and for how long")
async def read_ages(request: Request, caller: Reader, region: Area = None) -> list[Ages]:
    """Days since the first clue and since the stage began (S2-06)."""
    app, area = wired(request), caller.area(region)
    return await cases.ages(app.runtime.pool, area, app.runtime.clock.today())


@dataclass(frozen=True, slots=True)
class Cohort:
    """How many of the cohort are eliminated and how many open, how many left it by which reason, and how
    many days are left until `target`."""

    confirmed_by: date
    target: date
    days_left: int
    cohort: int
    eliminated: int
    open: int
    left: dict[str, int]
    policy_version: str


@router.get("/cases/cohort", summary="The target of S7.3-02 and how far it is")
async def read_cohort(request: Request, caller: Reader, region: Area = None) -> Cohort:
    """Who left the cohort is told by reason, and is neither a success nor a miss (A42).

    Each household is counted by the parameters of its own place; the days told are those of the area that
    is asked about.
    """
    app, area = wired(request), caller.area(region)
    today = app.runtime.clock.today()
    policy = app.policies.of(area, today)
    counted: Counter[str] = Counter()
    confirmed_by = await _confirmed_by(app, area, today)
    for group in await cases.confirmed(app.runtime.pool, confirmed_by):
        stands = standing(
            confirmed_on=group.confirmed_on,
            labour_at_confirmation=group.labour_household,
            has_labour=group.has_labour,
            outcome=group.outcome,
            confirmed_by=group.confirmed_by,
        )
        if stands:
            counted[stands] += group.episodes
    eliminated, still_open = counted.pop("ELIMINATED", 0), counted.pop("OPEN", 0)
    return Cohort(
        confirmed_by=policy.cohort_confirmed_by,
        target=policy.cohort_target,
        days_left=(policy.cohort_target - today).days,
        cohort=eliminated + still_open,
        eliminated=eliminated,
        open=still_open,
        left=dict(sorted(counted.items())),
        policy_version=policy.version,
    )


async def _confirmed_by(app: Wired, area: str, today: date) -> dict[str, date]:
    """Until when a confirmation belongs to the target, by part of the area: as a breach is judged."""
    parts = await cases.regions(app.runtime.pool, area)
    return {part: app.policies.of(part, today).cohort_confirmed_by for part in parts}
