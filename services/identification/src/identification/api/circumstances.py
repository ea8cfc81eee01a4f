"""Telling the register how a household lives: how many together, a member's health and schooling, and
who lives here still."""

from datetime import date
from uuid import UUID

from fastapi import APIRouter, Response

from common.form import Form
from common.problems import Problem
from contracts.circumstances import LivingReason
from contracts.codes import Health, Schooling
from contracts.fact_codes import FactCode
from identification.api.register_forms import Living
from identification.api.steps import Registrar
from identification.domain.register_commands import (
    ConfirmResidence,
    CountCoLiving,
    RecordHealth,
    RecordSchooling,
)
from identification.read_model import proposals

router = APIRouter(prefix="/v1/households/{household_id}", tags=["register"])


class CoLivingForm(Form):
    """How many live together, and why it is another number."""

    co_living_count: Living
    reason: LivingReason
    effective_on: date


class HealthForm(Form):
    """A member's health, as a coarse code."""

    person_id: UUID
    health: Health
    recorded_on: date


class SchoolingForm(Form):
    """The stage of schooling that a member is in."""

    person_id: UUID
    schooling: Schooling
    recorded_on: date


class ResidenceForm(Form):
    """Which report (`/v1/register-proposals`) does not hold, as seen on a day."""

    proposal_id: UUID
    confirmed_on: date


@router.post("/co-living", status_code=201, summary="How many live together")
async def count(form: CoLivingForm, asked: Registrar) -> Response:
    """Between one and all members; the income assessed is divided anew."""
    step = await asked.step()
    return await step.take(CountCoLiving(**dict(form), today=step.today), form.effective_on)


@router.post("/health", status_code=201, summary="Health of a member")
async def health(form: HealthForm, asked: Registrar) -> Response:
    """A diagnosis has no place here."""
    step = await asked.step()
    return await step.take(RecordHealth(**dict(form), today=step.today), form.recorded_on)


@router.post("/schooling", status_code=201, summary="Schooling of a member")
async def schooling(form: SchoolingForm, asked: Registrar) -> Response:
    """The stage; whether a child attends in a term is what its school reports."""
    step = await asked.step()
    return await step.take(RecordSchooling(**dict(form), today=step.today), form.recorded_on)


@router.post("/residence", status_code=201, summary="A member lives here still")
async def residence(form: ResidenceForm, asked: Registrar) -> Response:
    """The answer to a report that a member moved out or split off; its proposal leaves the list. A report of
    a death or of a number that was struck off is corrected by its department."""
    step = await asked.step()
    pool = step.app.runtime.pool
    reported = await proposals.elsewhere(pool, step.household_id, form.proposal_id)
    if reported is None:
        raise Problem("proposal-unknown")
    command = ConfirmResidence(
        person_id=reported["person_id"],
        change=FactCode[reported["change"]],
        fact_event_id=form.proposal_id,
        told_on=reported["detected_on"],
        confirmed_on=form.confirmed_on,
        today=step.today,
    )
    return await step.take(command, form.confirmed_on)
