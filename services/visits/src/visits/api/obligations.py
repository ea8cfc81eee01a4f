"""What is due, and what was done about it."""

from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Request, Response

from common.auth import Area, Principal, allow
from common.form import Day
from common.paging import USUAL, Limit, page
from contracts.visits import ObligationType
from visits import read_model
from visits.api.wired import wired
from visits.read_model.tables import ObligationFields

router = APIRouter(tags=["obligations"])

Status = Literal["OPEN", "FULFILLED", "CANCELLED"]


class ObligationShown(ObligationFields):
    """One duty to visit, and how it stands."""

    obligation: ObligationType
    status: Status


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
