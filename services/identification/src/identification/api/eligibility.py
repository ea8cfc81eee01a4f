"""Households that meet the guards of an elimination and are to be proposed (S7.3-01)."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Request, Response

from common.auth import Area, Principal, allow
from common.paging import USUAL, Limit, page
from identification.api.wired import wired
from identification.read_model import eligibility

router = APIRouter(prefix="/v1", tags=["eliminations"])


@router.get(
    "/cases/eligible",
    summary="Monitored households to be proposed for elimination",
    response_model=list[eligibility.Eligible],
)
async def read_eligible(
    request: Request,
    caller: Annotated[Principal, allow("episodes:read")],
    region: Area = None,
    overdue: bool | None = None,
    cursor: UUID | None = None,
    limit: Limit = USUAL,
) -> Response:
    """By id; `Link: rel="next"` leads on. Overdue: nobody proposed within the days after the detection."""
    app = wired(request)
    async with app.runtime.pool.acquire() as connection:
        rows = await eligibility.open_ones(
            connection,
            region=caller.area(region),
            overdue=overdue,
            on=app.runtime.clock.today(),
            after=cursor,
            limit=limit,
        )
    return page(request, rows, limit, "household_id")
