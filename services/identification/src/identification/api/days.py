"""The end of a business day, asked for over HTTP: for tests, demonstrations and a day that was missed."""

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Request

from common.auth import Principal, allow
from common.form import Form
from common.problems import Problem, fault
from identification import closing
from identification.api.wired import wired
from identification.closing import Closed

router = APIRouter(tags=["business days"])


class DayForm(Form):
    """The last day that is over."""

    closed_on: date


@router.post("/v1/business-days", summary="Close a business day: say once what is late")
async def close(
    form: DayForm, request: Request, caller: Annotated[Principal, allow("days:close")]
) -> Closed:
    """The service closes each day by itself; closing one again records nothing."""
    app = wired(request)
    if form.closed_on >= app.runtime.clock.today():
        raise Problem("day-not-over", faults=[fault("/closed_on", "future")])
    return await closing.close(app.runtime, app.policies, form.closed_on)
