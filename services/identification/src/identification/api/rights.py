"""A person's rights over their data: correction (PIPL 46), restriction, its end, erasure (PIPL 47)."""

from dataclasses import replace
from datetime import date
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Response
from pydantic import Field

from common.form import Form
from common.problems import Problem, fault
from contracts.circumstances import IdentityField, IdentityReason
from contracts.codes import NumberDiffers
from contracts.persons import ErasureReason, RestrictionReason
from identification import vault
from identification.api.fields import IdentityNumber, Name
from identification.api.sealing import Number, of_member
from identification.api.steps import Asked, Step, asked_by
from identification.domain.register_commands import CorrectIdentity
from identification.domain.rights import ErasePersonalData, LiftRestriction, RestrictProcessing
from identification.identity import normalised
from identification.seals import Personal

router = APIRouter(prefix="/v1/households/{household_id}/members/{person_id}", tags=["rights"])

Officer = Annotated[Asked, asked_by("members:rights")]


class RestrictionForm(Form):
    reason: RestrictionReason
    restricted_on: date


class IdentityForm(Form):
    """What is recorded anew: the name, the number, or both. They go to the vault only."""

    name: Annotated[Name | None, Field(examples=["黄某某"])] = None
    identity_number: IdentityNumber | None = None
    number_differs: NumberDiffers | None = None
    reason: IdentityReason
    corrected_on: date


class LiftForm(Form):
    lifted_on: date


class ErasureForm(Form):
    reason: ErasureReason
    erased_on: date


@router.post("/identity", status_code=201, summary="Correct a name or an identity number")
async def correct(person_id: UUID, form: IdentityForm, asked: Officer) -> Response:
    """The person stays the same; facts that waited under the number are theirs a moment later. What is as it
    was recorded changes nothing."""
    step = await asked.step()
    if not form.identity_number and (form.name is None or form.number_differs):
        raise Problem("invalid", faults=[fault("/identity_number", "missing")])
    number = normalised(form.identity_number or "")
    told = Number(number, form.number_differs) if number else None
    kept = await of_member(step.app, step.household_id, person_id, told)
    was = step.app.vault.open(person_id, kept)
    name = form.name or was.name
    personal = replace(was, name=name, identity_number=number or was.identity_number)
    record, committed = step.app.vault.instead(person_id, step.household_id, personal, kept)
    command = CorrectIdentity(
        person_id=person_id,
        commitment=committed,
        corrected=tuple(f for f in IdentityField if _of(personal, f) != _of(was, f)),
        number_differs=form.number_differs,
        reason=form.reason,
        corrected_on=form.corrected_on,
        by=step.by,
        today=step.today,
    )
    return await step.take(command, form.corrected_on, private=[record])


def _of(personal: Personal, field: IdentityField) -> str:
    return personal.name if field is IdentityField.NAME else personal.identity_number


@router.post("/restriction", status_code=201, summary="Keep the data, show it to nobody")
async def restrict(person_id: UUID, form: RestrictionForm, asked: Officer) -> Response:
    """Takes effect at once, and stays with the person in another household."""
    step = await asked.step()
    await _not_elsewhere(step, person_id)
    command = RestrictProcessing(person_id=person_id, **dict(form), today=step.today)
    return await step.take(command, form.restricted_on)


@router.post("/restriction-end", status_code=201, summary="Let the data be used again")
async def lift(person_id: UUID, form: LiftForm, asked: Officer) -> Response:
    """Without a restriction nothing changes."""
    step = await asked.step()
    await _not_elsewhere(step, person_id)
    command = LiftRestriction(person_id=person_id, lifted_on=form.lifted_on, today=step.today)
    return await step.take(command, form.lifted_on)


@router.post("/erasure", status_code=201, summary="Erase a former member's data for ever")
async def erase(person_id: UUID, form: ErasureForm, asked: Officer) -> Response:
    """The history and its commitments stay; who is a member of a household cannot be erased."""
    step = await asked.step()
    async with step.app.runtime.pool.acquire() as connection:
        if await vault.home(connection, person_id):
            raise Problem("purpose-continues")
    command = ErasePersonalData(person_id=person_id, **dict(form), today=step.today)
    return await step.take(command, form.erased_on)


async def _not_elsewhere(step: Step, person_id: UUID) -> None:
    """Raises `Problem` for a person who belongs to another household now: its register would not
    show what was decided here."""
    async with step.app.runtime.pool.acquire() as connection:
        if await vault.home(connection, person_id) not in (None, step.household_id):
            raise Problem("person-elsewhere")
