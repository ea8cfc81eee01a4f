"""Recording visits, voiding them (A30), and reading those of a household."""

from datetime import UTC
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Request, Response

from common.auth import Principal, allow
from common.clock import business_date
from common.http import circumstances, standing_key
from common.intents import Intent, Key
from common.paging import USUAL, Limit, page
from common.problems import Problem
from contracts.visits import VisitMode, Visitor, VisitPurpose
from visits import read_model
from visits.api.forms import VisitForm, VoidingForm
from visits.api.recording import recorded, voided
from visits.api.wired import Wired, region_of, wired
from visits.domain.commands import RecordVisit, VoidVisit
from visits.domain.household import VISITS, stream_of
from visits.read_model.tables import VisitFields, VisitRow

router = APIRouter(tags=["visits"])


class VisitShown(VisitFields):
    """One visit, by whom and what for."""

    mode: VisitMode
    visitors: list[Visitor]
    purposes: list[VisitPurpose]


@router.post("/v1/visits", status_code=201, summary="Record a visit")
async def record(
    form: VisitForm, request: Request, caller: Annotated[Principal, allow("visits:write")]
) -> Response:
    """201 with what was recorded: the visit, and the duties that it fulfils. The same when repeated.

    Needs an `Idempotency-Key`. The household is one on identification's register, in your area now or on the day of
    the visit.
    """
    key = await standing_key(request, caller)
    app = wired(request)
    region = await region_of(app, form.household_id, caller, business_date(form.visited_at))
    return await recorded(request, _intent(app, caller, form, region, key), VisitRow, "visit")


def _intent(app: Wired, caller: Principal, form: VisitForm, region: str, key: Key) -> Intent:
    clock = app.runtime.clock
    policy = app.policies.of(region, clock.today())
    return Intent(
        stream=stream_of(form.household_id),
        household_id=form.household_id,
        decider=VISITS,
        command=RecordVisit(
            household_id=form.household_id,
            visit_id=form.visit_id,
            visited_at=form.visited_at.astimezone(UTC),
            visited_on=business_date(form.visited_at),
            mode=form.mode,
            visitors=tuple(Visitor(**visitor.model_dump()) for visitor in form.visitors),
            purposes=tuple(form.purposes),
            photo_hashes=tuple(form.photo_hashes),
            policy=policy,
            now=clock.now(),
            today=clock.today(),
        ),
        context=circumstances(
            caller, region=region, occurred_at=form.visited_at, policy_version=policy.version
        ),
        key=key,
    )


@router.post("/v1/visits/{visit_id}/voiding", status_code=201, summary="A30: void a visit")
async def void(
    visit_id: UUID,
    form: VoidingForm,
    request: Request,
    caller: Annotated[Principal, allow("visits:void")],
) -> Response:
    """Asked for by one person and approved by another, who was not there. The visit stays on the log; a duty
    that it fulfilled is fulfilled by another visit, or due again."""
    command = VoidVisit(
        household_id=form.household_id,
        visit_id=visit_id,
        reason=form.reason,
        requested_by=form.requested_by,
        by=caller.actor.person,
        today=wired(request).runtime.clock.today(),
    )
    return await voided(request, caller, command, VisitRow, "visit")


@router.get(
    "/v1/households/{household_id}/visits",
    summary="Visits of a household, latest first",
    response_model=list[VisitShown],
)
async def read_many(
    household_id: UUID,
    request: Request,
    caller: Annotated[Principal, allow("visits:read")],
    cursor: UUID | None = None,
    limit: Limit = USUAL,
) -> Response:
    """By time of the visit; `Link: rel="next"` leads on."""
    app = wired(request)
    await region_of(app, household_id, caller)
    engine = app.runtime.engine
    before = await read_model.visit(engine, cursor) if cursor else None
    if cursor and (before is None or before.household_id != household_id):
        raise Problem("invalid-cursor")
    rows = await read_model.visits(engine, household_id, before=before, limit=limit)
    return page(request, rows, limit, "visit_id")
