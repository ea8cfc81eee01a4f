"""What waits for people, and how they close a review (A50)."""

from datetime import date
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Request, Response

from common.auth import Area, Principal, allow
from common.clock import start_of
from common.form import Form
from common.http import answered, circumstances, expected_version
from common.intents import Intent
from common.paging import USUAL, Limit, page
from common.problems import Problem
from contracts.evidence import ReviewOutcome
from identification.api import listing
from identification.api.households import STAFF
from identification.api.keys import key_of
from identification.api.wired import wired
from identification.domain.evidence import EVIDENCE, CloseReview
from identification.read_model import tasks

router = APIRouter(prefix="/v1/tasks", tags=["registers"])


@router.get(
    "",
    summary="What waits for people: reviews, withdrawals, water tests",
    response_model=list[tasks.Task],
)
async def listed(
    request: Request,
    caller: Annotated[Principal, allow("households:read")],
    region: Area = None,
    kind: tasks.Kind | None = None,
    open: bool | None = None,
    cursor: UUID | None = None,
    limit: Limit = USUAL,
) -> Response:
    """A task changes no status. Water tests are shown to the water department too."""
    department = caller.actor.department
    if department == "shuiwu":
        kind = "WATER_TEST"
    area = listing.area(caller, region, {STAFF, "shuiwu"})
    rows = await tasks.many(
        wired(request).runtime.pool,
        region=area,
        kind=kind,
        is_open=open,
        after=cursor,
        limit=limit,
    )
    return page(request, rows, limit, "task_id")


class ReviewForm(Form):
    """What people concluded; the county's own step follows, if one must."""

    outcome: ReviewOutcome
    reviewed_on: date


@router.post("/{task_id}/review", status_code=201, summary="A50: close a review")
async def review(
    task_id: UUID,
    form: ReviewForm,
    request: Request,
    caller: Annotated[Principal, allow("episodes:county")],
) -> Response:
    """The outcome is recorded; monitoring goes on until the county decides otherwise.

    `ETag` is the version of the household's evidence, which the task shows too (ADR 0020).
    """
    app = wired(request)
    task = await tasks.one(app.runtime.pool, task_id)
    if task is None:
        raise Problem("review-unknown")
    caller.must_cover(task["region"])
    recorded = await app.runtime.writer.execute(
        Intent(
            stream=f"evidence-of-household-{task['household_id']}",
            household_id=task["household_id"],
            decider=EVIDENCE,
            command=CloseReview(
                household_id=task["household_id"],
                task_id=task_id,
                outcome=form.outcome,
                reviewed_on=form.reviewed_on,
                today=app.runtime.clock.today(),
            ),
            context=circumstances(
                caller,
                region=task["region"],
                occurred_at=min(start_of(form.reviewed_on), app.runtime.clock.now()),
            ),
            key=await key_of(request, caller),
            expected_version=expected_version(request),
        )
    )
    return answered(recorded)
