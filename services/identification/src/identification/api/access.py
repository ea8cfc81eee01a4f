"""Looking at a person's data, and at who looked (A75). Every look is recorded before it is answered."""

from typing import Annotated, NoReturn
from uuid import UUID

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, Field

from common.auth import Area, Principal, allow
from common.form import Form
from common.http import circumstances
from common.intents import Intent
from common.paging import USUAL, Limit, page
from common.problems import Problem
from contracts.persons import AccessEvent, AccessRefused, Denial, PersonalDataRevealed, Purpose
from identification import vault
from identification.api.wired import Wired, wired
from identification.domain.access import ACCESS
from identification.read_model import access
from identification.read_model.tables import AccessFields

router = APIRouter(tags=["access"])

Department = Annotated[str, Field(pattern="^[a-z0-9-]{1,40}$")]
DENIED = {
    Denial.NOT_ROUTED: "not-routed",
    Denial.OUTSIDE_REGION: "outside-region",
    Denial.RESTRICTED: "processing-restricted",
}


class RevealForm(Form):
    """What the look is for."""

    purpose: Purpose


class Revealed(BaseModel):
    """What identifies a person; a newborn may have no number yet."""

    person_id: UUID
    name: str
    identity_number: str | None
    address: str


@router.post("/v1/households/{household_id}/members/{person_id}/reveal")
async def reveal(
    household_id: UUID,
    person_id: UUID,
    form: RevealForm,
    request: Request,
    caller: Annotated[Principal, allow("members:reveal")],
) -> Revealed:
    """Name, number and address of a member or former member, for a purpose that is recorded."""
    app = wired(request)
    region = await app.regions.get(household_id)
    if region is None:
        raise Problem("not-registered")
    if not caller.covers(region):
        await refuse(app, caller, household_id, region, Denial.OUTSIDE_REGION, person_id)
    await _shown(app, caller, household_id, region, person_id)
    look = PersonalDataRevealed(
        household_id=household_id, person_id=person_id, purpose=form.purpose
    )
    await _record(app, caller, region, look)
    # Once more: what was restricted or erased meanwhile is shown to nobody, though the look is recorded.
    sealed = await _shown(app, caller, household_id, region, person_id)
    personal = app.vault.open(person_id, sealed)
    return Revealed(
        person_id=person_id,
        name=personal.name,
        identity_number=personal.identity_number or None,
        address=personal.address,
    )


async def _shown(
    app: Wired, caller: Principal, household_id: UUID, region: str, person_id: UUID
) -> bytes:
    """The person's record, if it may be shown. Raises `Problem`: 404; 409, which is recorded."""
    async with app.runtime.pool.acquire() as connection:
        kept = await vault.kept(connection, household_id, person_id)
    if kept is None:
        raise Problem("not-in-vault")
    if kept.restricted:
        await refuse(app, caller, household_id, region, Denial.RESTRICTED, person_id)
    return kept.sealed


class LookShown(AccessFields):
    """One look, and what it was for; of a refused one, why it was."""

    why: Purpose | Denial


@router.get(
    "/v1/access",
    summary="Who looked at persons, and who was refused, the latest first",
    response_model=list[LookShown],
)
async def looks(
    request: Request,
    caller: Annotated[Principal, allow("access:read")],
    region: Area = None,
    household_id: UUID | None = None,
    department: Department | None = None,
    granted: bool | None = None,
    cursor: UUID | None = None,
    limit: Limit = USUAL,
) -> Response:
    """For supervisors; `Link: rel="next"` leads on."""
    area = caller.area(region)
    rows = await access.many(
        wired(request).runtime.engine,
        region=area,
        household_id=household_id,
        department=department,
        granted=granted,
        before=cursor,
        limit=limit,
    )
    return page(request, rows, limit, "event_id")


async def refuse(
    app: Wired,
    caller: Principal,
    household_id: UUID,
    region: str,
    denial: Denial,
    person_id: UUID | None = None,
) -> NoReturn:
    """Record that the caller was refused, then raise the `Problem`."""
    look = AccessRefused(household_id=household_id, person_id=person_id, denial=denial)
    await _record(app, caller, region, look)
    raise Problem(DENIED[denial])


async def _record(app: Wired, caller: Principal, region: str, look: AccessEvent) -> None:
    await app.runtime.writer.execute(
        Intent(
            stream=f"access-to-household-{look.household_id}",
            household_id=look.household_id,
            decider=ACCESS,
            command=look,
            context=circumstances(caller, region=region, occurred_at=app.runtime.clock.now()),
        )
    )
