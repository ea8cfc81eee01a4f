"""What departments say of who belongs to a household: the village confirms it."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Request, Response

from common.auth import Area, Principal, allow
from common.paging import USUAL, Limit, page
from identification.api import listing
from identification.api.households import STAFF
from identification.api.wired import wired
from identification.read_model import proposals

router = APIRouter(prefix="/v1", tags=["register"])


@router.get(
    "/register-proposals",
    summary="Members who died or left, by a department",
    response_model=list[proposals.Proposal],
)
async def read_proposals(
    request: Request,
    caller: Annotated[Principal, allow("households:read")],
    region: Area = None,
    fact_type: proposals.Report | None = None,
    cursor: UUID | None = None,
    limit: Limit = USUAL,
) -> Response:
    """For staff, by id; `Link: rel="next"` leads on. Each stays until the village records that the member
    left (`/departures`, `/split`), or the department takes its word back: a fact changes no household by
    itself. One that moved out or split off by the household register alone lives here still (`/residence`)."""
    area = listing.area(caller, region, {STAFF})
    rows = await proposals.many(
        wired(request).runtime.pool, region=area, fact_type=fact_type, after=cursor, limit=limit
    )
    return page(request, rows, limit, "proposal_id")
