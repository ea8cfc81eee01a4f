"""Farmers declare themselves, by the county's app or QR page, by telephone or on paper (A13)."""

from datetime import date
from typing import Annotated
from uuid import UUID, uuid5

import asyncpg
import msgspec
from fastapi import APIRouter, Request
from pydantic import BaseModel, Field

from common.auth import Principal, allow
from common.clock import start_of
from common.form import Form
from common.http import circumstances
from common.ids import new_id
from common.intents import Intent, Key, Recorded
from common.problems import Problem
from contracts.codes import (
    Category,
    Channel,
    DeclarationMedium,
    Health,
    LabourCapacity,
    Origin,
    Relation,
    RiskType,
    Schooling,
    Severity,
    Sex,
)
from contracts.households import HouseholdRegistered
from identification.api.fields import Address, IdentityNumber, Name, Region, Summary
from identification.api.forms import MemberForm
from identification.api.keys import key_of
from identification.api.sealing import index_of, recognise, sealed
from identification.api.wired import Wired, wired
from identification.domain.commands import DeclareHousehold, ReportRisk
from identification.domain.household import HOUSEHOLD
from identification.domain.register_commands import RegisterHousehold
from identification.domain.registration import WORKING_AGE, age_on
from identification.identity import birthday_in, fault_of, is_male, normalised, number_fault

router = APIRouter(tags=["declarations"])

DECLARED = UUID("5f0c1b52-6a53-5a0e-9a52-0d9c54a4c0de")  # names households by client and key


class DeclarationForm(Form):
    """What a farmer says: who, where, what is wrong, and by which medium it was said."""

    medium: DeclarationMedium
    region: Region
    name: Name
    identity_number: IdentityNumber
    address: Address
    risk_types: Annotated[list[RiskType], Field(min_length=1, max_length=5)]
    summary: Summary


class _Clue(msgspec.Struct):
    discovered_on: date


_told = msgspec.json.Decoder(_Clue)


class Received(BaseModel):
    """The same whether the household was known or not: nobody learns who is on the register."""

    received_on: date
    answer_by: date


@router.post("/v1/declarations", status_code=201, summary="A household declares itself")
async def declare(
    form: DeclarationForm,
    request: Request,
    caller: Annotated[Principal, allow("declarations:write")],
) -> Received:
    """The clock starts today. A household that is not on the register gets a stub entry, which the
    town completes; a known one gets the clue. Sent again with its key, it is answered as the first time."""
    app, number = wired(request), normalised(form.identity_number)
    if code := fault_of(number, test_numbers=app.test_numbers):
        raise Problem("invalid", faults=[number_fault("/identity_number", code)])
    caller.must_cover(form.region)
    today = app.runtime.clock.today()
    key = await key_of(request, caller)
    try:
        recorded = await app.runtime.writer.execute(await _intent(app, caller, form, key, today))
    except asyncpg.UniqueViolationError:  # somebody registered this person in between: look again
        recorded = await app.runtime.writer.execute(await _intent(app, caller, form, key, today))
    on = await _first_told(app, recorded) if recorded.replayed else today
    return Received(received_on=on, answer_by=app.policies.of(form.region, on).due_on(on))


async def _first_told(app: Wired, recorded: Recorded) -> date:
    """The day on which a repeated declaration was first sent: the clock runs since then."""
    told = msgspec.json.decode(recorded.answer)["events"][-1]  # the stub comes before its clue
    clue = await app.runtime.pool.fetchval(
        "select data from es.events where stream = $1 and version = $2",
        told["stream"],
        told["version"],
    )
    return _told.decode(clue).discovered_on


async def _intent(
    app: Wired, caller: Principal, form: DeclarationForm, key: Key, today: date
) -> Intent:
    """A clue for the household where the person lives, or a stub with a clue."""
    member = _head(form, today)
    async with app.runtime.pool.acquire() as connection:
        recognised = await recognise(app, connection, [member])
    known = recognised.known.get(index_of(app, member))
    member_of = known.household_id if known and known.active else None
    region = known.region if known and member_of else form.region
    policy = app.policies.of(region, today)
    clue = ReportRisk(
        clue_id=uuid5(DECLARED, f"clue:{key.client}:{key.value}"),
        channel=Channel.SELF_DECLARATION,
        medium=form.medium,
        risk_types=tuple(dict.fromkeys(form.risk_types)),
        severity=Severity.YELLOW,
        evidence_event_ids=(),
        rule_id=None,
        rule_version=None,
        discovered_on=today,
        summary_zh=form.summary,
        summary_en=form.summary,
        policy=policy,
        today=today,
    )
    household_id = member_of or uuid5(DECLARED, f"household:{key.client}:{key.value}")
    command: ReportRisk | DeclareHousehold = clue
    private = []
    if member_of is None:
        person_id = known.person_id if known else new_id()
        shown, record = sealed(app, member, person_id, household_id, form.address, recognised)
        private = [record]
        stub = HouseholdRegistered(
            household_id=household_id,
            register_number=f"S-{household_id.hex[:16].upper()}",
            category=Category.GENERAL,
            marginal_2019=False,
            region=region,
            co_living_count=1,
            members=[shown],
            registered_on=today,
            origin=Origin.SELF_DECLARATION,
        )
        command = DeclareHousehold(stub=RegisterHousehold(registered=stub, today=today), clue=clue)
    return Intent(
        stream=f"household-{household_id}",
        household_id=household_id,
        decider=HOUSEHOLD,
        command=command,
        context=circumstances(
            caller,
            region=region,
            occurred_at=start_of(today),
            policy_version=policy.version,
        ),
        key=key,
        private=private,
    )


def _head(form: DeclarationForm, today: date) -> MemberForm:
    """Who declares, as the number and nothing else tells; the town completes the rest."""
    number = normalised(form.identity_number)
    born = birthday_in(number)
    assert born is not None, "the number was checked"
    grown = age_on(born, today) >= WORKING_AGE
    return MemberForm(
        name=form.name,
        identity_number=number,
        relation=Relation.HEAD,
        sex=Sex.MALE if is_male(number) else Sex.FEMALE,
        born_on=born,
        labour_capacity=LabourCapacity.ORDINARY if grown else LabourCapacity.NONE,
        health=Health.HEALTHY,
        schooling=Schooling.NOT_IN_SCHOOL,
    )
