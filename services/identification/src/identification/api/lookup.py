"""Finding a household by the identity number of a member.

The number goes no further than its blind index: it stands in no address, no log and no event.
"""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Request
from pydantic import BaseModel, Field

from common.auth import Principal, allow
from common.form import Form
from common.problems import Problem
from contracts.persons import Denial
from identification import vault
from identification.api.access import refuse
from identification.api.fields import NUMBERS
from identification.api.households import visible
from identification.api.wired import wired
from identification.identity import fault_of, normalised, number_fault

router = APIRouter(tags=["households"])


class LookupForm(Form):
    """The 18 characters of an identity card, or the 20 or 22 of a disability card."""

    identity_number: Annotated[str, Field(examples=NUMBERS)]


class Found(BaseModel):
    """The household that the person is a member of."""

    household_id: UUID
    region: str


@router.post("/v1/households/lookup", summary="The household of a person, by identity number")
async def lookup(
    form: LookupForm,
    request: Request,
    caller: Annotated[Principal, allow("households:read")],
) -> Found:
    """404 for a number that no member of a household has. A refusal is recorded (A75): 403 outside
    of the caller's area or routing, 409 while the person's data may not be used."""
    app, number = wired(request), normalised(form.identity_number)
    if code := fault_of(number, test_numbers=app.test_numbers):
        raise Problem("invalid", faults=[number_fault("/identity_number", code)])
    index = app.vault.blind_index(number)
    async with app.runtime.pool.acquire() as connection:
        known = (await vault.seen(connection, [index])).get(index)
    if known is None or not known.active:
        raise Problem("nobody-by-this-number")
    row = await visible(app, caller, known.household_id)
    if known.restricted:
        await refuse(app, caller, row.household_id, row.region, Denial.RESTRICTED, known.person_id)
    return Found(household_id=row.household_id, region=row.region)
