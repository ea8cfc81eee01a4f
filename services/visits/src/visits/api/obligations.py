"""What is due, and what was done about it."""

from dataclasses import dataclass
from datetime import date
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Request, Response

from common.auth import Area, Principal, allow
from common.form import Day
from common.paging import USUAL, Limit, page
from common.shares import Share
from contracts.visits import ObligationType
from visits import read_model
from visits.api.wired import wired
from visits.domain.periods import last_period
from visits.read_model import coverage
from visits.read_model.tables import ObligationFields

router = APIRouter(tags=["obligations"])

Status = Literal["OPEN", "FULFILLED", "CANCELLED"]


class ObligationShown(ObligationFields):
    """One duty to visit, and how it stands."""

    obligation: ObligationType
    status: Status


@dataclass(frozen=True, slots=True)
class ObligationCoverage:
    """How many households of those due in a period were visited as the duty asks. `breached`: not visited, and the
    period is over. `percent`, such as `90.00`, is rounded down; the target is 100.00, and of nobody it is that."""

    obligation: ObligationType
    region: str
    period_from: date
    period_to: date
    due: int
    fulfilled: int
    breached: int
    percent: str


@router.get(
    "/v1/obligations",
    summary="Duties to visit in your area, by state or deadline",
    response_model=list[ObligationShown],
)
async def read_many(
    request: Request,
    caller: Annotated[Principal, allow("visits:read")],
    region: Area = None,
    household_id: UUID | None = None,
    obligation: ObligationType | None = None,
    status: Status | None = None,
    due_by: Day | None = None,
    cursor: UUID | None = None,
    limit: Limit = USUAL,
) -> Response:
    """Ordered by id; `Link: rel="next"` leads on. A duty is with the area that answered for the household on the
    day of the visit, or, where nobody went, on the last day of the period: until then it moves along (T19)."""
    area = caller.area(region)
    rows = await read_model.obligations(
        wired(request).runtime.engine,
        region=area,
        household_id=household_id,
        obligation=obligation,
        status=status,
        due_by=due_by,
        after=cursor,
        limit=limit,
    )
    return page(request, rows, limit, "obligation_id")


@router.get("/v1/obligations/coverage", summary="How many of those due in a period were visited")
async def covered(
    request: Request,
    caller: Annotated[Principal, allow("visits:read")],
    obligation: ObligationType,
    region: Area = None,
    on: Day | None = None,
) -> ObligationCoverage:
    """Of the month or quarter of `on`, or of today; of visits in the first month of a quarter, of that quarter. A
    household is counted in the area that the list names for its duty; one that was cancelled, nowhere."""
    area = caller.area(region)
    runtime = wired(request).runtime
    today = runtime.clock.today()
    period = last_period(obligation, on or today)
    found = await coverage.counted(
        runtime.engine, region=area, obligation=obligation, period_from=period[0]
    )
    share = Share(found.fulfilled, found.due)
    return ObligationCoverage(
        obligation=obligation,
        region=area,
        period_from=period[0],
        period_to=period[1],
        due=found.due,
        fulfilled=found.fulfilled,
        breached=share.missing if period[1] < today else 0,
        percent=share.percent,
    )
