"""Decisions that are to be entered on the provincial platform (S8.4-01)."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Request, Response

from common.auth import Area, Principal, allow
from common.form import Day
from common.paging import USUAL, Limit, page
from contracts.monitoring import EntrySubject
from identification.api.wired import wired
from identification.read_model import obligations

router = APIRouter(prefix="/v1", tags=["cases"])


@router.get(
    "/platform-entries",
    summary="Decisions to be entered on the provincial platform",
    response_model=list[obligations.ToEnter],
)
async def read_entries(
    request: Request,
    caller: Annotated[Principal, allow("episodes:read")],
    region: Area = None,
    subject: EntrySubject | None = None,
    household_id: UUID | None = None,
    overdue: bool | None = None,
    due_by: Day | None = None,
    cursor: UUID | None = None,
    limit: Limit = USUAL,
) -> Response:
    """By id; `Link: rel="next"` leads on. Each stays until it is entered, also when its last day is over."""
    app = wired(request)
    async with app.runtime.pool.acquire() as connection:
        rows = await obligations.many(
            connection,
            app.policies,
            region=caller.area(region),
            subject=subject,
            household_id=household_id,
            overdue=overdue,
            due_by=due_by,
            on=app.runtime.clock.today(),
            after=cursor,
            limit=limit,
        )
    return page(request, rows, limit, "entry_id")
