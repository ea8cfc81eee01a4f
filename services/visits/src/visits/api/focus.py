"""Who is on a focus list, and still to be screened this quarter (S2-03)."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Request, Response

from common.auth import Area, Principal, allow
from common.paging import USUAL, Limit, lead_on
from contracts.focus import FocusGroup
from visits.api.wired import wired
from visits.domain.household import quarter_of
from visits.read_model import focus

router = APIRouter(tags=["screenings"])


@router.get(
    "/v1/screenings/focus", summary="Households on a focus list, screened this quarter or not"
)
async def read_many(
    request: Request,
    response: Response,
    caller: Annotated[Principal, allow("visits:read")],
    region: Area = None,
    group: FocusGroup | None = None,
    screened: bool | None = None,
    cursor: UUID | None = None,
    limit: Limit = USUAL,
) -> list[dict[str, Any]]:
    """Ordered by id; `Link: rel="next"` leads on. `screened=false` are those still to be screened.
    `since` is the first day of the group that they have had longest."""
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
    lead_on(request, response, rows[-1]["household_id"] if len(rows) == limit else None)
    return rows
