"""Screening households with the whole form (S2-04), and reading what was found."""

from dataclasses import dataclass
from datetime import date
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Request, Response

from common.auth import Area, Principal, allow
from common.clock import start_of
from common.form import Day
from common.http import circumstances, standing_key
from common.intents import Intent
from common.paging import USUAL, Limit, page
from common.problems import Problem
from contracts.codes import HousingGrade, RiskType
from contracts.visits import Difficulty
from visits.api.forms import ScreeningForm, ScreeningVoidingForm
from visits.api.recording import recorded, voided
from visits.api.wired import region_of, wired
from visits.domain.commands import RecordScreening, VoidScreening
from visits.domain.household import VISITS, stream_of
from visits.domain.periods import quarter_of
from visits.read_model import focus, screenings
from visits.read_model.tables import ScreeningFields, ScreeningRow

router = APIRouter(tags=["screenings"])

Reader = Annotated[Principal, allow("visits:read")]


class ScreeningShown(ScreeningFields):
    """One screening with its whole form (S2-04). Money in fen, of twelve months."""

    housing_grade: HousingGrade
    industry: Difficulty
    employment: Difficulty
    medical_care: Difficulty
    suspected_risks: list[RiskType]


@dataclass(frozen=True, slots=True)
class Coverage:
    """Households of an area that were screened in a quarter, and of those on a focus list."""

    region: str
    quarter_from: date
    quarter_to: date
    screened_households: int
    with_suspected_risks: int
    focus_households: int
    focus_screened: int
    focus_still_to_be_screened: int


@router.post("/v1/screenings", status_code=201, summary="S2-04: record a screening, whole")
async def record(
    form: ScreeningForm, request: Request, caller: Annotated[Principal, allow("visits:write")]
) -> Response:
    """201 with what was recorded, the same when repeated. 422 says which parts of the form are missing.

    Needs an `Idempotency-Key`. A suspected risk becomes a clue in identification; no status changes.
    """
    key = await standing_key(request, caller)
    app = wired(request)
    region = await region_of(app, form.household_id, caller)
    intent = Intent(
        stream=stream_of(form.household_id),
        household_id=form.household_id,
        decider=VISITS,
        command=RecordScreening(screened=form.screened(), today=app.runtime.clock.today()),
        context=circumstances(caller, region=region, occurred_at=start_of(form.screened_on)),
        key=key,
    )
    return await recorded(request, intent, ScreeningRow, "screening")


@router.post(
    "/v1/screenings/{screening_id}/voiding", status_code=201, summary="S2-04: void a screening"
)
async def void(
    screening_id: UUID,
    form: ScreeningVoidingForm,
    request: Request,
    caller: Annotated[Principal, allow("visits:void")],
) -> Response:
    """Asked for by one person and approved by another. The form stays on the log, and on no list; the
    corrected one is recorded under an id of its own. A clue that it raised is verified by people."""
    command = VoidScreening(
        household_id=form.household_id,
        screening_id=screening_id,
        reason=form.reason,
        requested_by=form.requested_by,
        by=caller.actor.person,
        today=wired(request).runtime.clock.today(),
    )
    return await voided(request, caller, command, ScreeningRow, "screening")


@router.get(
    "/v1/screenings", summary="Screenings of your area", response_model=list[ScreeningShown]
)
async def read_many(
    request: Request,
    caller: Reader,
    region: Area = None,
    household_id: UUID | None = None,
    suspected_risk: RiskType | None = None,
    since: Day | None = None,
    until: Day | None = None,
    cursor: UUID | None = None,
    limit: Limit = USUAL,
) -> Response:
    """Of the households that the area answers for now, ordered by id; `Link: rel="next"` leads on."""
    area = caller.area(region)
    rows = await screenings.many(
        wired(request).runtime.engine,
        region=area,
        household_id=household_id,
        risk=suspected_risk,
        since=since,
        until=until,
        after=cursor,
        limit=limit,
    )
    return page(request, rows, limit, "screening_id")


@router.get("/v1/screenings/coverage", summary="How many households were screened in a quarter")
async def coverage(
    request: Request, caller: Reader, region: Area = None, on: Day | None = None
) -> Coverage:
    """The calendar quarter of `on`, or of today; each household is counted once. On a focus list are
    those that are on one now (S2-03)."""
    area = caller.area(region)
    app = wired(request)
    day: date = on or app.runtime.clock.today()
    first, last = quarter_of(day)
    found = await screenings.counted(app.runtime.pool, area, first, last)
    focused = await focus.counted(app.runtime.pool, area, first, last)
    return Coverage(
        region=area,
        quarter_from=first,
        quarter_to=last,
        screened_households=found["screened"],
        with_suspected_risks=found["suspected"],
        focus_households=focused["listed"],
        focus_screened=focused["screened"],
        focus_still_to_be_screened=focused["listed"] - focused["screened"],
    )


@router.get(
    "/v1/households/{household_id}/screenings",
    summary="Screenings of a household, latest first",
    response_model=list[ScreeningShown],
)
async def of_household(
    household_id: UUID,
    request: Request,
    caller: Reader,
    cursor: UUID | None = None,
    limit: Limit = USUAL,
) -> Response:
    """By day of the screening; `Link: rel="next"` leads on."""
    app = wired(request)
    await region_of(app, household_id, caller)
    engine = app.runtime.engine
    before = await screenings.one(engine, cursor) if cursor else None
    if cursor and (before is None or before.household_id != household_id):
        raise Problem("invalid-cursor")
    rows = await screenings.of_household(engine, household_id, before=before, limit=limit)
    return page(request, rows, limit, "screening_id")
