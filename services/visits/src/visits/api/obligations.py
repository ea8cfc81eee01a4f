"""What is due, and what was done about it."""

from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Request, Response

from common.auth import Area, Principal, allow
from common.form import Day
from common.paging import USUAL, Limit, lead_on
from visits import read_model
from visits.api.wired import wired
from visits.read_model.tables import ObligationRow

router = APIRouter(tags=["obligations"])


@router.get("/v1/obligations", summary="Duties to visit in your area, by state or deadline")
async def read_many(
    request: Request,
    response: Response,
    caller: Annotated[Principal, allow("visits:read")],
    region: Area = None,
    household_id: UUID | None = None,
    status: Literal["OPEN", "FULFILLED", "CANCELLED"] | None = None,
    due_by: Day | None = None,
    cursor: UUID | None = None,
    limit: Limit = USUAL,
) -> list[ObligationRow]:
    """Ordered by id; `Link: rel="next"` leads on. A duty is with the area that answered for the household on the
    day of the visit, or, where nobody went, on the last day of the period: until then it moves along (T19)."""
    area = caller.area(region)
    rows = await read_model.obligations(
        wired(request).runtime.engine,
        region=area,
        household_id=household_id,
        status=status,
        due_by=due_by,
        after=cursor,
        limit=limit,
    )
    lead_on(request, response, rows[-1].obligation_id if len(rows) == limit else None)
    return rows
