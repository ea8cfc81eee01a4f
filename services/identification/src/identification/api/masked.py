"""Finding households by the masked identity number of a member, as lists and notices show it.

A mask fits several persons, so the answer is a list, of the caller's own area and routing only.
"""

from typing import Annotated

from fastapi import APIRouter, Request
from pydantic import BaseModel, Field

from common.auth import AREA_CODE, Principal, allow
from common.form import Form
from common.problems import Problem, fault
from contracts.routing import routed_to
from identification import masked
from identification.api.households import STAFF
from identification.api.lookup import Found
from identification.api.wired import wired

router = APIRouter(tags=["households"])

MOST = 100  # households of an answer
FORM = (
    "前 6 位、星号、后 4 位，如 990000********0118",
    "six digits, stars and four characters, such as 990000********0118",
)


class MaskedForm(Form):
    """Six digits, stars, four characters: `990000********0118`. `region` asks for less than your area."""

    masked_number: Annotated[str, Field(examples=["990000********7716"])]
    region: Annotated[str | None, Field(pattern=AREA_CODE)] = None


class Candidates(BaseModel):
    """Households with a member whose number it may be, by area; `more`: there are others."""

    households: list[Found]
    more: bool


@router.post("/v1/households/lookup/masked", summary="Households of a masked identity number")
async def lookup_masked(
    form: MaskedForm,
    request: Request,
    caller: Annotated[Principal, allow("households:read")],
) -> Candidates:
    """404 if no member of a household that the caller may see has such a number."""
    app, shown = wired(request), masked.shown(form.masked_number)
    if shown is None:
        raise Problem("invalid", faults=[fault("/masked_number", "pattern", form=FORM)])
    area, department = caller.area(form.region), caller.actor.department
    async with app.runtime.pool.acquire() as connection:
        found = await masked.found(
            connection,
            masked.index_of(app.vault, shown),
            area,
            None if department == STAFF else routed_to(department),
            MOST + 1,
        )
    if not found:
        raise Problem("nobody-by-this-number")
    households = [Found(household_id=id_, region=region) for id_, region in found[:MOST]]
    return Candidates(households=households, more=len(found) > MOST)
