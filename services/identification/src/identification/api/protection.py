"""Households that are eligible for social protection and have none (S4.0-01, S4.1-03)."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Request, Response

from common.auth import Area, Principal, allow
from common.paging import USUAL, Limit
from contracts.protection import Protection
from identification.api import listing
from identification.api.households import STAFF
from identification.api.wired import wired
from identification.read_model import protection

router = APIRouter(prefix="/v1", tags=["registers"])


@router.get("/protection-gaps", summary="Eligible for protection, and neither granted nor refused")
async def read_gaps(
    request: Request,
    response: Response,
    caller: Annotated[Principal, allow("households:read")],
    region: Area = None,
    kind: Protection | None = None,
    cursor: UUID | None = None,
    limit: Limit = USUAL,
) -> list[dict[str, Any]]:
    """For staff and Civil Affairs, by household; `Link: rel="next"` leads on."""
    area = listing.area(caller, region, {STAFF, "minzheng"})
    rows = await protection.many(
        wired(request).runtime.pool, region=area, kind=kind, after=cursor, limit=limit
    )
    listing.link(request, response, rows, limit, "household_id")
    return rows
