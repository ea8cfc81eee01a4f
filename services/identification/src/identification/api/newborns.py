"""Newborns who were registered without an identity number, and the number that each has later."""

from dataclasses import replace
from datetime import date
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Request, Response

from common.auth import Area, Principal, allow
from common.form import Form
from common.paging import USUAL, Limit, page
from contracts.codes import NumberDiffers
from identification.api import listing
from identification.api.fields import IdentityNumber
from identification.api.households import STAFF
from identification.api.sealing import Number, of_member
from identification.api.steps import Registrar
from identification.api.wired import wired
from identification.domain.register_commands import GiveNumber
from identification.identity import normalised
from identification.read_model import persons

router = APIRouter(prefix="/v1", tags=["register"])


class NumberForm(Form):
    """The number; and why the registered sex or birth date differ from those in it, if they do."""

    identity_number: IdentityNumber
    number_differs: NumberDiffers | None = None
    given_on: date


@router.get(
    "/newborns",
    summary="Newborns who have no identity number yet",
    response_model=list[persons.Newborn],
)
async def waiting(
    request: Request,
    caller: Annotated[Principal, allow("members:read")],
    region: Area = None,
    cursor: UUID | None = None,
    limit: Limit = USUAL,
) -> Response:
    """For staff, by id; `Link: rel="next"` leads on. Each stays until it is given one (`/identity-number`)."""
    area = listing.area(caller, region, {STAFF})
    pool = wired(request).runtime.pool
    rows = await persons.without_number(pool, region=area, after=cursor, limit=limit)
    return page(request, rows, limit, "person_id")


@router.post(
    "/households/{household_id}/members/{person_id}/identity-number",
    status_code=201,
    summary="A newborn has a number now",
)
async def give(person_id: UUID, form: NumberForm, asked: Registrar) -> Response:
    """The person stays the same; facts that waited under the number are theirs a moment later."""
    step = await asked.step()
    app, household_id = step.app, step.household_id
    number = normalised(form.identity_number)
    kept = await of_member(app, household_id, person_id, Number(number, form.number_differs))
    personal = replace(app.vault.open(person_id, kept), identity_number=number)
    record, committed = app.vault.instead(person_id, household_id, personal, kept)
    command = GiveNumber(
        person_id=person_id,
        commitment=committed,
        number_differs=form.number_differs,
        given_on=form.given_on,
        today=step.today,
    )
    return await step.take(command, form.given_on, private=[record])
