"""A confirmed episode, over HTTP: its changes, T18, T19, the provincial platform."""

from fastapi import APIRouter, Response

from contracts.codes import RiskType
from identification.api.monitoring_forms import (
    CancellationForm,
    ClassForm,
    ClosingForm,
    PlatformEntryForm,
    ReassessmentForm,
    ResponsibleForm,
    RiskForm,
    RiskResolvedForm,
)
from identification.api.steps import County, Town, Village
from identification.domain.monitoring_commands import (
    AddRiskFactor,
    CancelMonitoring,
    ChangeClass,
    CloseMonitoring,
    ReassessHousehold,
    RecordPlatformEntry,
    ResolveRiskFactor,
)
from identification.domain.responsible import AssignResponsible

router = APIRouter(prefix="/v1/households/{household_id}", tags=["monitoring"])


@router.post("/assessments", status_code=201, summary="Income and safeguards, anew")
async def reassess(form: ReassessmentForm, asked: Village) -> Response:
    """At home; an elimination looks at these assessments (E2–E5)."""
    step = await asked.step()
    command = ReassessHousehold(
        seen=await step.seen(form, form.seen_on),
        in_person_at_home=form.in_person_at_home,
        policy=step.policy_on(form.seen_on),
        today=step.today,
    )
    return await step.take(command, form.seen_on)


@router.post("/class", status_code=201, summary="The class follows a new assessment")
async def change(form: ClassForm, asked: County) -> Response:
    """The invariants of T10 hold for it."""
    step = await asked.step()
    policy = step.policy_on(form.changed_on)
    command = ChangeClass(**dict(form), by=step.by, policy=policy, today=step.today)
    return await step.take(command, form.changed_on)


@router.post("/risks", status_code=201, summary="A further risk, or the answer to a clue")
async def add(form: RiskForm, asked: Town) -> Response:
    """At most five at a time."""
    step = await asked.step()
    return await step.take(AddRiskFactor(**dict(form), today=step.today), form.added_on)


@router.post(
    "/risks/{risk_type}/resolution", status_code=201, summary="One risk of several is gone"
)
async def resolve(risk_type: RiskType, form: RiskResolvedForm, asked: Town) -> Response:
    """The last risk goes with the elimination."""
    step = await asked.step()
    command = ResolveRiskFactor(**dict(form), risk_type=risk_type, today=step.today)
    return await step.take(command, form.resolved_on)


@router.post("/cancellation", status_code=201, summary="T18: identified in error")
async def cancel(form: CancellationForm, asked: County) -> Response:
    """The history stays."""
    step = await asked.step()
    command = CancelMonitoring(**dict(form), by=step.by, today=step.today)
    return await step.take(command, form.cancelled_on)


@router.post("/closing", status_code=201, summary="T19: no longer rural")
async def close(form: ClosingForm, asked: County) -> Response:
    """Moves, mergers and deaths close it through the register."""
    step = await asked.step()
    return await step.take(CloseMonitoring(**dict(form), today=step.today), form.closed_on)


@router.post("/platform-entries", status_code=201, summary="Entered on the provincial platform")
async def enter(form: PlatformEntryForm, asked: Town) -> Response:
    """Within five days of the decision, otherwise it is late (S8.4-01)."""
    step = await asked.step()
    command = RecordPlatformEntry(**dict(form), policy=step.policy, today=step.today)
    return await step.take(command, form.entered_on)


@router.post("/responsible-person", status_code=201, summary="Who answers for the household")
async def assign(form: ResponsibleForm, asked: Town) -> Response:
    """S1.1-02. Of a household at whatever stage; when they leave, somebody else is named."""
    step = await asked.step()
    command = AssignResponsible(**dict(form), by=step.by, today=step.today)
    return await step.take(command, form.assigned_on)
