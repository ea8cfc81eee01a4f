"""What runs beside the stages of a case, over HTTP: T5, T6, objections, T12."""

from uuid import UUID

from fastapi import APIRouter, Response

from contracts.inquiries import Finding
from identification.api.inquiry_forms import (
    AuthorisationForm,
    AuthorisationRefusalForm,
    ComparisonForm,
    ComparisonResultForm,
    EmergencyForm,
    ObjectionForm,
    ObjectionResultForm,
)
from identification.api.steps import County, Town, Village
from identification.domain.commands import (
    CompleteComparison,
    GrantEmergencyAssistance,
    RaiseObjection,
    RefuseAuthorisation,
    RequestComparison,
    ResolveObjection,
    SignAuthorisation,
)

router = APIRouter(prefix="/v1/households/{household_id}", tags=["inquiries"])


@router.post("/authorisation", status_code=201, summary="T5: the family allows the comparison")
async def sign(form: AuthorisationForm, asked: Village) -> Response:
    """Signed by adult members; without it nobody is asked (A19)."""
    step = await asked.step()
    return await step.take(SignAuthorisation(**dict(form), today=step.today), form.signed_on)


@router.post("/authorisation-refusal", status_code=201, summary="T5: the family does not")
async def refuse(form: AuthorisationRefusalForm, asked: Village) -> Response:
    """The case shows it; the town rejects, or decides by the visit alone."""
    step = await asked.step()
    command = RefuseAuthorisation(**dict(form), today=step.today)
    return await step.take(command, form.refused_on)


@router.post("/comparison", status_code=201, summary="T6: ask the registers")
async def ask(form: ComparisonForm, asked: County) -> Response:
    """Within what the family signed."""
    step = await asked.step()
    return await step.take(RequestComparison(**dict(form), today=step.today), form.requested_on)


@router.post("/comparison-result", status_code=201, summary="T6: what the registers answered")
async def compared(form: ComparisonResultForm, asked: County) -> Response:
    """Every register answered or timed out; a hit rejects nobody."""
    step = await asked.step()
    command = CompleteComparison(
        findings=tuple(Finding(**finding.model_dump()) for finding in form.findings),
        timed_out=tuple(form.timed_out),
        completed_on=form.completed_on,
        today=step.today,
    )
    return await step.take(command, form.completed_on)


@router.post("/objections", status_code=201, summary="Somebody objects to what was posted")
async def object_to(form: ObjectionForm, asked: Village) -> Response:
    """While it is open, nothing is decided."""
    step = await asked.step()
    return await step.take(RaiseObjection(**dict(form), today=step.today), form.raised_on)


@router.post(
    "/objections/{objection_id}/result", status_code=201, summary="T11: the town answers one"
)
async def resolve(objection_id: UUID, form: ObjectionResultForm, asked: Town) -> Response:
    """Upheld, the case is verified again, or the elimination ends."""
    step = await asked.step()
    command = ResolveObjection(
        **dict(form), objection_id=objection_id, by=step.by, today=step.today
    )
    return await step.take(command, form.resolved_on)


@router.post("/emergency-assistance", status_code=201, summary="T12: help before the procedure")
async def grant(form: EmergencyForm, asked: Town) -> Response:
    """After a disaster or an accident; the procedure follows."""
    step = await asked.step()
    command = GrantEmergencyAssistance(**dict(form), by=step.by, today=step.today)
    return await step.take(command, form.granted_on)
