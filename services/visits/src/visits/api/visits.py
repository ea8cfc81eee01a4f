"""Recording visits, and reading those of a household."""

from datetime import UTC
from typing import Annotated
from uuid import UUID

import asyncpg
from fastapi import APIRouter, Request, Response

from common.auth import Principal, allow
from common.clock import business_date
from common.http import circumstances, only_filters, required_key
from common.intents import Intent, Key, fingerprint
from common.paging import bounded, lead_on
from common.problems import Problem, fault
from contracts.visits import Visitor
from visits import read_model
from visits.api.forms import VisitForm
from visits.api.wired import Wired, wired
from visits.domain.commands import RecordVisit
from visits.domain.household import VISITS, stream_of
from visits.read_model import VisitRow

router = APIRouter(tags=["visits"])


@router.post("/v1/visits", status_code=201, summary="Record a visit")
async def record(
    form: VisitForm, request: Request, caller: Annotated[Principal, allow("visits:write")]
) -> Response:
    """201 with what was recorded: the visit, and the duties that it fulfils. The same when repeated.

    Needs an `Idempotency-Key`. The household is one on identification's register, in your area.
    """
    key = Key(
        caller.client,
        required_key(request),
        fingerprint(request.url.path.encode(), await request.body()),
    )
    app = wired(request)
    region = await _region(app, form.household_id, caller)
    intent = _intent(app, caller, form, region, key)
    try:
        recorded = await app.runtime.writer.execute(intent)
    except asyncpg.UniqueViolationError as error:
        if error.table_name != VisitRow.__tablename__:
            raise
        raise Problem("visit-id-reused", faults=[fault("/visit_id", "value")]) from error
    headers = {"Idempotency-Replayed": "true"} if recorded.replayed else {}
    return Response(recorded.answer, 201, headers, "application/json")


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


@router.get("/v1/households/{household_id}/visits", summary="Visits of a household, latest first")
async def read_many(
    household_id: UUID,
    request: Request,
    response: Response,
    caller: Annotated[Principal, allow("visits:read")],
    cursor: UUID | None = None,
    limit: int = 100,
) -> list[VisitRow]:
    """By time of the visit; `Link: rel="next"` leads on."""
    only_filters(request, ["cursor", "limit"])
    bounded(limit)
    app = wired(request)
    await _region(app, household_id, caller)
    engine = app.runtime.engine
    before = await read_model.visit(engine, cursor) if cursor else None
    if cursor and (before is None or before.household_id != household_id):
        raise Problem("invalid-cursor")
    rows = await read_model.visits(engine, household_id, before=before, limit=limit)
    lead_on(request, response, rows[-1].visit_id if len(rows) == limit else None)
    return rows


async def _region(app: Wired, household_id: UUID, caller: Principal) -> str:
    """The household's. Raises `Problem`: 404 when it is not known, 403 outside the caller's area."""
    region = await read_model.region_of(app.runtime.pool, household_id)
    if region is None:
        raise Problem("household-not-known")
    caller.must_cover(region)
    return region
