"""The end of a risk, over HTTP: T13–T16. Reviews and publicity are the routes of `episodes`."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Request, Response

from common.auth import Principal, allow
from contracts.eliminations import ImplementedMeasure
from contracts.episodes import ReviewLevel
from identification.api.monitoring_forms import (
    EliminationDecisionForm,
    EliminationForm,
    EliminationRejectedForm,
    EliminationVerifiedForm,
    OverrideForm,
    RevocationForm,
)
from identification.api.steps import Step
from identification.domain.elimination_commands import (
    AllowElimination,
    EliminateRisk,
    ProposeElimination,
    RejectElimination,
    RevokeElimination,
    VerifyElimination,
)

router = APIRouter(prefix="/v1/households/{household_id}/elimination", tags=["eliminations"])

Village = Annotated[Principal, allow("episodes:village")]
Town = Annotated[Principal, allow("episodes:town")]
County = Annotated[Principal, allow("episodes:county")]


@router.post("/override", status_code=201, summary="E7: the county allows it without labour")
async def override(
    household_id: UUID, form: OverrideForm, request: Request, caller: County
) -> Response:
    """Only where a household without labour has a stable safety net."""
    step = await Step.of(household_id, request, caller)
    command = AllowElimination(**form.model_dump(), by=caller.actor.person, today=step.today)
    return await step.take(command, form.granted_on)


@router.post("", status_code=201, summary="T13: propose that the risk is over")
async def propose(
    household_id: UUID, form: EliminationForm, request: Request, caller: Village
) -> Response:
    """E1 to E8 hold; the answer of a refusal names every one that does not."""
    step = await Step.of(household_id, request, caller)
    command = ProposeElimination(
        manner=form.manner,
        measures=tuple(ImplementedMeasure(**measure.model_dump()) for measure in form.measures),
        proposed_on=form.proposed_on,
        by=caller.actor.person,
        policy=step.policy_on(form.proposed_on),
        today=step.today,
    )
    return await step.take(command, form.proposed_on)


@router.post("/verification-result", status_code=201, summary="E9: what was seen at home")
async def verify(
    household_id: UUID, form: EliminationVerifiedForm, request: Request, caller: Village
) -> Response:
    """By two officers; the guards are judged anew. Then the village reviews, as for T7."""
    step = await Step.of(household_id, request, caller)
    command = VerifyElimination(
        seen=await step.seen(form, form.visited_on),
        in_person_at_home=form.in_person_at_home,
        officers=tuple(form.officers),
        housing_damaged=form.housing_damaged,
        water_damaged=form.water_damaged,
        by=caller.actor.person,
        policy=step.policy_on(form.visited_on),
        today=step.today,
    )
    return await step.take(command, form.visited_on)


@router.post("/town-rejection", status_code=201, summary="T15: the town says no")
async def reject_by_town(
    household_id: UUID, form: EliminationRejectedForm, request: Request, caller: Town
) -> Response:
    """The household stays monitored."""
    return await _reject(household_id, form, request, caller, ReviewLevel.TOWN)


@router.post("/county-rejection", status_code=201, summary="T15: the county says no")
async def reject_by_county(
    household_id: UUID, form: EliminationRejectedForm, request: Request, caller: County
) -> Response:
    """The household stays monitored."""
    return await _reject(household_id, form, request, caller, ReviewLevel.COUNTY)


async def _reject(
    household_id: UUID,
    form: EliminationRejectedForm,
    request: Request,
    caller: Principal,
    level: ReviewLevel,
) -> Response:
    step = await Step.of(household_id, request, caller)
    by = caller.actor.person
    command = RejectElimination(**form.model_dump(), level=level, by=by, today=step.today)
    return await step.take(command, form.rejected_on)


@router.post("/decision", status_code=201, summary="T14: the county decides")
async def decide(
    household_id: UUID, form: EliminationDecisionForm, request: Request, caller: County
) -> Response:
    """All twelve guards hold; their results are stored."""
    step = await Step.of(household_id, request, caller)
    command = EliminateRisk(
        **form.model_dump(),
        water_report_stale=await step.report_is_stale(form.eliminated_on),
        by=caller.actor.person,
        policy=step.policy_on(form.eliminated_on),
        today=step.today,
    )
    return await step.take(command, form.eliminated_on)


@router.post("/revocation", status_code=201, summary="T16: taken back")
async def revoke(
    household_id: UUID, form: RevocationForm, request: Request, caller: County
) -> Response:
    """The same episode goes on."""
    step = await Step.of(household_id, request, caller)
    command = RevokeElimination(**form.model_dump(), by=caller.actor.person, today=step.today)
    return await step.take(command, form.revoked_on)
