"""Who is on a focus list, and still to be screened this quarter (S2-03)."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Request, Response

from common.auth import Area, Principal, allow
from common.paging import USUAL, Limit, page
from contracts.focus import FocusGroup
from visits.api.wired import wired
from visits.domain.periods import quarter_of
from visits.read_model import focus

router = APIRouter(tags=["screenings"])


@router.get(
    "/v1/screenings/focus",
    summary="Households on a focus list, screened this quarter or not",
    response_model=list[focus.OnList],
)
async def read_many(
    request: Request,
    caller: Annotated[Principal, allow("visits:read")],
    region: Area = None,
    group: FocusGroup | None = None,
    screened: bool | None = None,
    cursor: UUID | None = None,
    limit: Limit = USUAL,
) -> Response:
    """Ordered by id; `Link: rel="next"` leads on. `screened=false` are those still to be screened."""
    area = caller.area(region)
    runtime = wired(request).runtime
    rows = await focus.many(
        runtime.pool,
        region=area,
        quarter=quarter_of(runtime.clock.today()),
        group=group,
        screened=screened,
        after=cursor,
        limit=limit,
    )
    return page(request, rows, limit, "household_id")
