"""Changing the register: members, head, labour, category, moves, splits, mergers.

Every change is a POST with an `Idempotency-Key`; `If-Match` with the `ETag` of the household refuses
it (412) when somebody changed the household in between.
"""

from dataclasses import replace
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Request, Response

from common.auth import Principal, allow
from common.http import encoded
from common.ids import derived_id
from common.problems import Problem, fault
from contracts.circumstances import Committed
from contracts.codes import Health, LabourCapacity, Relation, Schooling, Sex
from identification import vault
from identification.api.register_forms import (
    AddressForm,
    CategoryForm,
    DeregistrationForm,
    HeadForm,
    JoiningForm,
    LabourForm,
    LeavingForm,
    MergerForm,
    RelocationForm,
    SplitForm,
)
from identification.api.sealing import number_faults, person_of, recognise, sealed
from identification.api.steps import Asked, Registrar, Step, asked_by, region_of
from identification.api.wired import wired
from identification.domain.entry import Status
from identification.domain.moves import COUNTY as COUNTY_DIGITS
from identification.domain.register_commands import (
    AddMember,
    AssessLabour,
    ChangeAddress,
    ChangeHead,
    CorrectCategory,
    Deregister,
    MergeHouseholds,
    Relocate,
    RemoveMember,
    SplitHousehold,
)
from identification.read_model import persons, register
from identification.read_model.register_tables import MemberFields
from identification.seals import Sealed

router = APIRouter(prefix="/v1/households/{household_id}", tags=["register"])

COUNTY = "households:county"
County = Annotated[Asked, asked_by(COUNTY)]


class MemberShown(MemberFields):
    """One member as the register shows it; no personal data beside the birth date."""

    relation: Relation
    sex: Sex
    labour_capacity: LabourCapacity
    health: Health
    schooling: Schooling


@router.get(
    "/members", summary="The members, without names and numbers", response_model=list[MemberShown]
)
async def members(
    household_id: UUID, request: Request, caller: Annotated[Principal, allow("members:read")]
) -> Response:
    """For town, village and county staff; a department reads no members."""
    await region_of(household_id, request, caller)
    return encoded(await persons.of(wired(request).runtime.engine, household_id))


@router.post("/members", status_code=201, summary="A person joins")
async def add(form: JoiningForm, asked: Registrar) -> Response:
    """Birth, marriage, return; a member of another household has to leave that one first."""
    step = await asked.step()
    app, household_id = step.app, step.household_id
    if faults := number_faults(app, [form.member], "/member", newborn=True):
        raise Problem("invalid", faults=faults)
    async with app.runtime.pool.acquire() as connection:
        recognised = await recognise(app, connection, [form.member])
        records = await vault.of_household(connection, household_id)
    person_id = person_of(app, form.member, 1, household_id, recognised, "/member")
    head = next(iter(records.items()), None)
    address = app.vault.open(*head).address if head else ""
    member, record = sealed(app, form.member, person_id, household_id, address, recognised)
    record = replace(record, was=head[1] if head else b"")
    command = AddMember(
        member=member,
        reason=form.reason,
        effective_on=form.effective_on,
        co_living_count=form.co_living_count,
        today=step.today,
    )
    return await step.take(command, form.effective_on, private=[record])


@router.post("/departures", status_code=201, summary="A person leaves")
async def remove(form: LeavingForm, asked: Registrar) -> Response:
    """Death, marriage, emigration; with the last member the household is off the register."""
    step = await asked.step()
    command = RemoveMember(
        person_id=form.person_id,
        reason=form.reason,
        effective_on=form.effective_on,
        co_living_count=form.co_living_count,
        new_head=form.new_head.told() if form.new_head else None,
        today=step.today,
    )
    return await step.take(command, form.effective_on)


@router.post("/head", status_code=201, summary="Another member is the head")
async def change_head(form: HeadForm, asked: Registrar) -> Response:
    """Every other member's relation to the new head is told with it."""
    step = await asked.step()
    command = ChangeHead(
        new_head=form.new_head.told(), effective_on=form.effective_on, today=step.today
    )
    return await step.take(command, form.effective_on)


@router.post("/labour", status_code=201, summary="Labour capacity of a member")
async def assess(form: LabourForm, asked: Registrar) -> Response:
    """Under 16 it is NONE."""
    step = await asked.step()
    return await step.take(AssessLabour(**dict(form), today=step.today), form.assessed_on)


@router.post("/category", status_code=201, summary="Correct category or 2019 list (county)")
async def correct_category(form: CategoryForm, asked: County) -> Response:
    """With a document; monitoring never changes either."""
    step = await asked.step()
    return await step.take(CorrectCategory(**dict(form), today=step.today), form.corrected_on)


@router.post("/relocation", status_code=201, summary="T19: the household moves")
async def relocate(form: RelocationForm, asked: Registrar) -> Response:
    """Inside your area it is yours to record; out of the county, the county's."""
    step = await asked.step()
    if form.to_region[:COUNTY_DIGITS] != step.region[:COUNTY_DIGITS]:
        if COUNTY not in step.caller.scopes:
            raise Problem("forbidden", {"scope": COUNTY})
        records: list[Sealed] = []
        commitments: list[Committed] = []
    else:
        step.caller.must_cover(form.to_region)
        if form.address is None:
            raise Problem("invalid", faults=[fault("/address", "missing")])
        records, commitments = await _readdressed(step, form.address)
        step.region = form.to_region  # who answers for it from now on is told of the move, too
    command = Relocate(
        to_region=form.to_region,
        effective_on=form.effective_on,
        commitments=tuple(commitments),
        handover_hash=form.handover_hash,
        today=step.today,
    )
    return await step.take(command, form.effective_on, private=records)


@router.post("/address", status_code=201, summary="Another address of the same village")
async def readdress(form: AddressForm, asked: Registrar) -> Response:
    """A move inside the village, or an address that was recorded wrongly (PIPL 46). It goes to the vault only;
    the same again changes nothing."""
    step = await asked.step()
    records, commitments = await _readdressed(step, form.address)
    command = ChangeAddress(
        commitments=tuple(commitments),
        reason=form.reason,
        effective_on=form.effective_on,
        today=step.today,
    )
    return await step.take(command, form.effective_on, private=records)


@router.post("/split", status_code=201, summary="Members become a household of their own")
async def split(form: SplitForm, asked: Registrar) -> Response:
    """`Location` is the new household; it is registered a moment later, with a clue if this one is
    monitored (A53)."""
    step = await asked.step()
    new_id = derived_id(step.household_id, f"split:{step.key.client}:{step.key.value}")
    command = SplitHousehold(
        new_household_id=new_id,
        register_number=form.register_number,
        moved=tuple(m.told() for m in form.moved),
        co_living_count=form.co_living_count,
        new_co_living_count=form.new_co_living_count,
        new_head=form.new_head.told() if form.new_head else None,
        effective_on=form.effective_on,
        reason=form.reason,
        today=step.today,
    )
    answer = await step.take(command, form.effective_on)
    answer.headers["Location"] = f"/v1/households/{new_id}"
    return answer


@router.post("/merger", status_code=201, summary="Take in other households (county)")
async def merge(form: MergerForm, asked: County) -> Response:
    """Members and an open episode follow a moment later; the earlier confirmation counts (A54)."""
    step = await asked.step()
    others = await register.some(step.app.runtime.engine, form.absorbed_ids)
    if len(others) != len(set(form.absorbed_ids)):
        raise Problem("not-registered")
    for other in others:
        step.caller.must_cover(other.region)
        if other.status != Status.ACTIVE:
            raise Problem("household-ended", {"status": other.status})
    return await step.take(MergeHouseholds(**dict(form), today=step.today), form.effective_on)


@router.post("/deregistration", status_code=201, summary="Strike out a double entry (county)")
async def deregister(form: DeregistrationForm, asked: County) -> Response:
    """Only without an open episode; otherwise the two are merged."""
    step = await asked.step()
    if not await register.some(step.app.runtime.engine, [form.duplicate_of]):
        raise Problem("not-registered")
    return await step.take(Deregister(**dict(form), today=step.today), form.effective_on)


async def _readdressed(step: Step, address: str) -> tuple[list[Sealed], list[Committed]]:
    """The members' records with the new address, sealed anew, and the commitments to them; none where each has
    that address."""
    async with step.app.runtime.pool.acquire() as connection:
        records = await vault.of_household(connection, step.household_id)
    opened = {person_id: step.app.vault.open(person_id, was) for person_id, was in records.items()}
    rows, commitments = list[Sealed](), list[Committed]()
    if all(personal.address == address for personal in opened.values()):
        return rows, commitments
    for person_id, was in records.items():
        moved = replace(opened[person_id], address=address)
        row, committed = step.app.vault.instead(person_id, step.household_id, moved, was)
        rows.append(row)
        commitments.append(Committed(person_id=person_id, commitment=committed))
    return rows, commitments
