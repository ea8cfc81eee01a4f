"""Households that are eligible for social protection and have none (S4.0-01, S4.1-03)."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Request, Response

from common.auth import Area, Principal, allow
from common.paging import USUAL, Limit, page
from contracts.protection import Protection
from identification.api import listing
from identification.api.households import STAFF
from identification.api.wired import wired
from identification.read_model import protection

router = APIRouter(prefix="/v1", tags=["registers"])


@router.get(
    "/protection-gaps",
    summary="Eligible for protection, and neither granted nor refused",
    response_model=list[protection.Gaps],
)
async def read_gaps(
    request: Request,
    caller: Annotated[Principal, allow("households:read")],
    region: Area = None,
    kind: Protection | None = None,
    cursor: UUID | None = None,
    limit: Limit = USUAL,
) -> Response:
    """For staff and Civil Affairs, by household; `Link: rel="next"` leads on."""
    area = listing.area(caller, region, {STAFF, "minzheng"})
    rows = await protection.many(
        wired(request).runtime.pool, region=area, kind=kind, after=cursor, limit=limit
    )
    return page(request, rows, limit, "household_id")
