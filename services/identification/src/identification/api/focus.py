"""Households on the focus lists (S2-03)."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Request, Response

from common.auth import Area, Principal, allow
from common.paging import USUAL, Limit, page
from contracts.focus import FocusGroup
from identification.api import listing
from identification.api.households import STAFF
from identification.api.wired import wired
from identification.read_model import focus

router = APIRouter(prefix="/v1", tags=["registers"])


@router.get(
    "/focus-households",
    summary="Households on the focus lists, with the groups of each",
    response_model=list[focus.Listed],
)
async def read_focus(
    request: Request,
    caller: Annotated[Principal, allow("households:read")],
    region: Area = None,
    group: FocusGroup | None = None,
    cursor: UUID | None = None,
    limit: Limit = USUAL,
) -> Response:
    """For staff, by household; `Link: rel="next"` leads on. `persons` are those in it who have a group."""
    area = listing.area(caller, region, {STAFF})
    rows = await focus.many(
        wired(request).runtime.pool, region=area, group=group, after=cursor, limit=limit
    )
    return page(request, rows, limit, "household_id")
