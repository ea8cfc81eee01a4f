"""What is due, and what was done about it."""

from datetime import date
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Request, Response

from common.auth import Principal, allow
from common.http import only_filters
from common.paging import USUAL, Limit, lead_on
from visits import read_model
from visits.api.wired import wired
from visits.read_model.tables import ObligationRow

router = APIRouter(tags=["obligations"])

FILTERS = ["region", "household_id", "status", "due_by", "cursor", "limit"]


@router.get("/v1/obligations", summary="Duties to visit in your area, by state or deadline")
async def read_many(
    request: Request,
    response: Response,
    caller: Annotated[Principal, allow("visits:read")],
    region: str | None = None,
    household_id: UUID | None = None,
    status: Literal["OPEN", "FULFILLED", "CANCELLED"] | None = None,
    due_by: date | None = None,
    cursor: UUID | None = None,
    limit: Limit = USUAL,
) -> list[ObligationRow]:
    """Ordered by id; `Link: rel="next"` leads on. An open duty is with the area that answers for the
    household now (T19)."""
    only_filters(request, FILTERS)
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
