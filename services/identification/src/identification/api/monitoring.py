"""A confirmed episode, over HTTP: its changes, T18, T19, the provincial platform."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Request, Response

from common.auth import Principal, allow
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
from identification.api.steps import Step
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

Village = Annotated[Principal, allow("episodes:village")]
Town = Annotated[Principal, allow("episodes:town")]
County = Annotated[Principal, allow("episodes:county")]


@router.post("/assessments", status_code=201, summary="Income and safeguards, anew")
async def reassess(
    household_id: UUID, form: ReassessmentForm, request: Request, caller: Village
) -> Response:
    """At home; an elimination looks at these assessments (E2–E5)."""
    step = await Step.of(household_id, request, caller)
    command = ReassessHousehold(
        seen=await step.seen(form, form.seen_on),
        in_person_at_home=form.in_person_at_home,
        policy=step.policy_on(form.seen_on),
        today=step.today,
    )
    return await step.take(command, form.seen_on)


@router.post("/class", status_code=201, summary="The class follows a new assessment")
async def change(household_id: UUID, form: ClassForm, request: Request, caller: County) -> Response:
    """The invariants of T10 hold for it."""
    step = await Step.of(household_id, request, caller)
    command = ChangeClass(
        **form.model_dump(),
        by=caller.actor.person,
        policy=step.policy_on(form.changed_on),
        today=step.today,
    )
    return await step.take(command, form.changed_on)


@router.post("/risks", status_code=201, summary="A further risk, or the answer to a clue")
async def add(household_id: UUID, form: RiskForm, request: Request, caller: Town) -> Response:
    """At most five at a time."""
    step = await Step.of(household_id, request, caller)
    return await step.take(AddRiskFactor(**form.model_dump(), today=step.today), form.added_on)


@router.post(
    "/risks/{risk_type}/resolution", status_code=201, summary="One risk of several is gone"
)
async def resolve(
    household_id: UUID,
    risk_type: RiskType,
    form: RiskResolvedForm,
    request: Request,
    caller: Town,
) -> Response:
    """The last risk goes with the elimination."""
    step = await Step.of(household_id, request, caller)
    command = ResolveRiskFactor(
        risk_type=risk_type,
        by_measure_ids=tuple(form.by_measure_ids),
        resolved_on=form.resolved_on,
        today=step.today,
    )
    return await step.take(command, form.resolved_on)


@router.post("/cancellation", status_code=201, summary="T18: identified in error")
async def cancel(
    household_id: UUID, form: CancellationForm, request: Request, caller: County
) -> Response:
    """The history stays."""
    step = await Step.of(household_id, request, caller)
    command = CancelMonitoring(**form.model_dump(), by=caller.actor.person, today=step.today)
    return await step.take(command, form.cancelled_on)


@router.post("/closing", status_code=201, summary="T19: no longer rural")
async def close(
    household_id: UUID, form: ClosingForm, request: Request, caller: County
) -> Response:
    """Moves, mergers and deaths close it through the register."""
    step = await Step.of(household_id, request, caller)
    return await step.take(CloseMonitoring(**form.model_dump(), today=step.today), form.closed_on)


@router.post("/platform-entries", status_code=201, summary="Entered on the provincial platform")
async def enter(
    household_id: UUID, form: PlatformEntryForm, request: Request, caller: Town
) -> Response:
    """Within five days of the decision, otherwise it is late (S8.4-01)."""
    step = await Step.of(household_id, request, caller)
    command = RecordPlatformEntry(**form.model_dump(), policy=step.policy, today=step.today)
    return await step.take(command, form.entered_on)


@router.post("/responsible-person", status_code=201, summary="Who answers for the household")
async def assign(
    household_id: UUID, form: ResponsibleForm, request: Request, caller: Town
) -> Response:
    """S1.1-02. Of a household at whatever stage; when they leave, somebody else is named."""
    step = await Step.of(household_id, request, caller)
    command = AssignResponsible(**form.model_dump(), by=caller.actor.person, today=step.today)
    return await step.take(command, form.assigned_on)
