"""The end of a risk, over HTTP: T13–T16. Reviews and publicity are the routes of `episodes`."""

from fastapi import APIRouter, Response

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
from identification.api.steps import Asked, County, Town, Village
from identification.domain.elimination_commands import (
    AllowElimination,
    EliminateRisk,
    ProposeElimination,
    RejectElimination,
    RevokeElimination,
    VerifyElimination,
)

router = APIRouter(prefix="/v1/households/{household_id}/elimination", tags=["eliminations"])


@router.post("/override", status_code=201, summary="E7: the county allows it without labour")
async def override(form: OverrideForm, asked: County) -> Response:
    """Only where a household without labour has a stable safety net."""
    step = await asked.step()
    command = AllowElimination(**dict(form), by=step.by, today=step.today)
    return await step.take(command, form.granted_on)


@router.post("", status_code=201, summary="T13: propose that the risk is over")
async def propose(form: EliminationForm, asked: Village) -> Response:
    """E1 to E8 hold; the answer of a refusal names every one that does not."""
    step = await asked.step()
    command = ProposeElimination(
        manner=form.manner,
        measures=tuple(ImplementedMeasure(**measure.model_dump()) for measure in form.measures),
        proposed_on=form.proposed_on,
        by=step.by,
        policy=step.policy_on(form.proposed_on),
        today=step.today,
    )
    return await step.take(command, form.proposed_on)


@router.post("/verification-result", status_code=201, summary="E9: what was seen at home")
async def verify(form: EliminationVerifiedForm, asked: Village) -> Response:
    """By two officers; the guards are judged anew. Then the village reviews, as for T7."""
    step = await asked.step()
    command = VerifyElimination(
        seen=await step.seen(form, form.visited_on),
        in_person_at_home=form.in_person_at_home,
        officers=tuple(form.officers),
        housing_damaged=form.housing_damaged,
        water_damaged=form.water_damaged,
        by=step.by,
        policy=step.policy_on(form.visited_on),
        today=step.today,
    )
    return await step.take(command, form.visited_on)


@router.post("/town-rejection", status_code=201, summary="T15: the town says no")
async def reject_by_town(form: EliminationRejectedForm, asked: Town) -> Response:
    """The household stays monitored."""
    return await _reject(form, asked, ReviewLevel.TOWN)


@router.post("/county-rejection", status_code=201, summary="T15: the county says no")
async def reject_by_county(form: EliminationRejectedForm, asked: County) -> Response:
    """The household stays monitored."""
    return await _reject(form, asked, ReviewLevel.COUNTY)


async def _reject(form: EliminationRejectedForm, asked: Asked, level: ReviewLevel) -> Response:
    step = await asked.step()
    command = RejectElimination(**dict(form), level=level, by=step.by, today=step.today)
    return await step.take(command, form.rejected_on)


@router.post("/decision", status_code=201, summary="T14: the county decides")
async def decide(form: EliminationDecisionForm, asked: County) -> Response:
    """All twelve guards hold; their results are stored."""
    step = await asked.step()
    command = EliminateRisk(
        **dict(form),
        water_report_stale=await step.report_is_stale(form.eliminated_on),
        by=step.by,
        policy=step.policy_on(form.eliminated_on),
        today=step.today,
    )
    return await step.take(command, form.eliminated_on)


@router.post("/revocation", status_code=201, summary="T16: taken back")
async def revoke(form: RevocationForm, asked: County) -> Response:
    """The same episode goes on."""
    step = await asked.step()
    command = RevokeElimination(**dict(form), by=step.by, today=step.today)
    return await step.take(command, form.revoked_on)
