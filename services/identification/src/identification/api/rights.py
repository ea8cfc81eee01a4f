"""A person's rights over their data: restriction, its end, erasure (PIPL 47)."""

from datetime import date
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Request, Response

from common.auth import Principal, allow
from common.problems import Problem
from contracts.persons import ErasureReason, RestrictionReason
from identification import vault
from identification.api.forms import Form
from identification.api.steps import Step
from identification.api.wired import wired
from identification.domain.rights import ErasePersonalData, LiftRestriction, RestrictProcessing

router = APIRouter(prefix="/v1/households/{household_id}/members/{person_id}", tags=["rights"])

Officer = Annotated[Principal, allow("members:rights")]


class RestrictionForm(Form):
    reason: RestrictionReason
    restricted_on: date


class LiftForm(Form):
    lifted_on: date


class ErasureForm(Form):
    reason: ErasureReason
    erased_on: date


@router.post("/restriction", status_code=201, summary="Keep the data, show it to nobody")
async def restrict(
    household_id: UUID, person_id: UUID, form: RestrictionForm, request: Request, caller: Officer
) -> Response:
    """Takes effect at once, and stays with the person in another household."""
    step = await Step.of(household_id, request, caller)
    await _not_elsewhere(household_id, person_id, request)
    command = RestrictProcessing(person_id=person_id, **dict(form), today=step.today)
    return await step.take(command, form.restricted_on)


@router.post("/restriction-end", status_code=201, summary="Let the data be used again")
async def lift(
    household_id: UUID, person_id: UUID, form: LiftForm, request: Request, caller: Officer
) -> Response:
    """Without a restriction nothing changes."""
    step = await Step.of(household_id, request, caller)
    await _not_elsewhere(household_id, person_id, request)
    command = LiftRestriction(person_id=person_id, lifted_on=form.lifted_on, today=step.today)
    return await step.take(command, form.lifted_on)


@router.post("/erasure", status_code=201, summary="Erase a former member's data for ever")
async def erase(
    household_id: UUID, person_id: UUID, form: ErasureForm, request: Request, caller: Officer
) -> Response:
    """The history and its commitments stay; who is a member of a household cannot be erased."""
    step = await Step.of(household_id, request, caller)
    async with wired(request).runtime.pool.acquire() as connection:
        if await vault.home(connection, person_id):
            raise Problem("purpose-continues")
    command = ErasePersonalData(person_id=person_id, **dict(form), today=step.today)
    return await step.take(command, form.erased_on)


async def _not_elsewhere(household_id: UUID, person_id: UUID, request: Request) -> None:
    """Raises `Problem` for a person who belongs to another household now: its register would not
    show what was decided here."""
    async with wired(request).runtime.pool.acquire() as connection:
        if await vault.home(connection, person_id) not in (None, household_id):
            raise Problem("person-elsewhere")
