"""What is due, and what was done about it."""

from datetime import date
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Request, Response

from common.auth import Principal, allow
from common.http import only_filters
from common.problems import Problem, fault
from visits import read_model
from visits.api.wired import wired
from visits.read_model import ObligationRow

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
    limit: int = 100,
) -> list[ObligationRow]:
    """Ordered by id; `Link: rel="next"` leads on."""
    only_filters(request, FILTERS)
    if not 1 <= limit <= 500:
        raise Problem("invalid", faults=[fault("/limit", "range")])
    area = region or caller.actor.region
    caller.must_cover(area)
    rows = await read_model.obligations(
        wired(request).runtime.engine,
        region=area,
        household_id=household_id,
        status=status,
        due_by=due_by,
        after=cursor,
        limit=limit,
    )
    if len(rows) == limit:
        following = request.url.include_query_params(cursor=str(rows[-1].obligation_id))
        response.headers["Link"] = f'<{following.path}?{following.query}>; rel="next"'
    return rows
