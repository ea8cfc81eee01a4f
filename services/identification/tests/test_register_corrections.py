"""T20 of what the register says: its own step changes it, so that nothing has two values."""

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any, get_args

import asyncpg
import httpx
import pytest

from contracts.codes import LabourCapacity
from contracts.households import RegisterEvent
from contracts.identification import HouseholdEvent
from contracts.identification_meanings import IDENTIFICATION
from contracts.monitoring import RecordCorrected
from identification.domain.commands import Command
from identification.domain.correctable import AS, NAMES, STEPS
from identification.domain.household import HOUSEHOLD
from identification.domain.members import member_of
from identification.domain.monitoring_commands import Assessment, CorrectRecord
from services.identification.tests.asking import Callers, person
from services.identification.tests.ending import CORRECT, LATER
from services.identification.tests.entries import (
    ASSESS,
    CATEGORY,
    CHANGE_HEAD,
    COUNT,
    ILL,
    MOVE,
    MOVE_OUT,
    REMOVE,
    SECOND,
)
from services.identification.tests.registrar import DAY, Register
from services.identification.tests.story import REGISTERED, history, refused, state
from services.identification.tests.test_number_differs import birth


def registered(path: str) -> CorrectRecord:
    """The correction of a field of the registration."""
    whose = SECOND if path.startswith("/members/1/") else None
    holder = member_of(REGISTERED.members, whose) if whose else REGISTERED
    said = json.dumps(getattr(holder, path.rpartition("/")[2]))
    return replace(
        CORRECT,
        corrected_type="HouseholdRegistered",
        path=path,
        recorded_value=said,
        old_value=said,
        new_value='"OTHER"',
        person_id=whose,
    )


@pytest.mark.parametrize(
    ("path", "step", "name"),
    [
        ("/category", CATEGORY, "category"),
        ("/marginal_2019", CATEGORY, "category"),
        ("/co_living_count", COUNT, "co-living"),
        ("/region", MOVE, "relocation"),
        ("/members/1/labour_capacity", ASSESS, "labour"),
        ("/members/1/health", ILL, "health"),
        ("/members/1/relation", CHANGE_HEAD, "head"),
    ],
)
def test_T20_what_the_register_still_says_is_changed_there_first(
    path: str, step: Command, name: str
) -> None:
    refusal = refused(registered(path), history())
    assert (refusal.code, refusal.details["step"]) == ("register-says-so", name)
    (told,) = HOUSEHOLD.when(registered(path), given=history(step))
    assert isinstance(told, RecordCorrected)


@pytest.mark.parametrize(
    ("path", "said", "code"),
    [
        ("/members", "[{}]", "correct-the-source"),
        ("/members/1", "{}", "correct-the-source"),
        ("/members/1/person_id", '"abc"', "field-follows"),
        ("/members/1/commitment", '"00"', "field-follows"),
        ("/survivor_id", '"00"', "field-follows"),
    ],
)
def test_T20_who_a_member_is_is_corrected_neither_alone_nor_as_a_whole(
    path: str, said: str, code: str
) -> None:
    whole = replace(CORRECT, corrected_type="HouseholdRegistered", path=path)
    whole = replace(whole, recorded_value=said, old_value=said, new_value='"OTHER"')
    assert refused(whole, history()).code == code


def test_T20_the_household_has_the_register_number_that_was_corrected() -> None:
    number = replace(registered("/register_number"), new_value='"44162410820100012"')
    events = [*history(), *HOUSEHOLD.when(number, given=history())]
    assert state(events).registered.register_number == "44162410820100012"
    assert HOUSEHOLD.when(number, given=events) == []
    back = replace(number, old_value=number.new_value, new_value=number.recorded_value)
    events += HOUSEHOLD.when(back, given=events)
    assert state(events).registered == REGISTERED


def read() -> Iterator[tuple[str, str]]:
    """Every event of a household and each field of it that its state is folded from, outside of assessments."""
    for event, meaning in IDENTIFICATION.events.items():
        if event in get_args(HouseholdEvent) and event not in get_args(Assessment):
            yield from ((event.__name__, field) for field in sorted(meaning.read()))


REGISTERS = {event.__name__ for event in get_args(RegisterEvent)}
OF_THE_REGISTER = {
    *STEPS,
    *AS,
    *NAMES,
    "members",
    "member",
    "moved",
    "relations",
    "register_number",
}


@pytest.mark.parametrize(("event", "field"), [*read()])
def test_T20_what_everybody_knows_a_household_by_has_one_value(event: str, field: str) -> None:
    """What audit folds and identification does not is not corrected in the record alone."""
    if event in REGISTERS and field in OF_THE_REGISTER:
        return
    command = replace(CORRECT, corrected_type=event, path=f"/{field}", recorded_value='"A"')
    command = replace(command, old_value='"A"', new_value='"B"')
    told = ("decided-by-step", "deadline-follows", "field-follows")
    assert refused(command, history()).code in told


@pytest.mark.parametrize("step", [REMOVE, MOVE_OUT])
def test_T20_of_who_left_the_register_the_record_is_corrected(step: Command) -> None:
    assert HOUSEHOLD.when(registered("/members/1/health"), given=history(step))


def test_T20_an_assessment_that_another_followed_is_history() -> None:
    again = replace(ASSESS, capacity=LabourCapacity.WEAK, assessed_on=LATER, today=LATER)
    said = '"LOST"'
    first = replace(registered("/members/1/labour_capacity"), recorded_value=said, old_value=said)
    first = replace(first, corrected_type="LabourCapacityAssessed", path="/capacity")
    assert refused(first, history(ASSESS)).details["step"] == "labour"
    assert HOUSEHOLD.when(first, given=history(ASSESS, again))


async def test_T20_a_refusal_says_which_step_the_register_has(
    app: httpx.AsyncClient, register: Register, callers: Callers, sql: asyncpg.Connection
) -> None:
    office = Register(app, callers.staff("episodes:county", "county", "441624"))
    home = await register.household(2)
    said: Any = person(home.people[0])["labour_capacity"]
    form = {"path": "/members/0/labour_capacity", "old_value": said, "new_value": "LOST"}
    answer = await birth(office, sql, home, **form)
    assert (answer.status_code, answer.json()["code"]) == (409, "register-says-so")
    assert "评定劳动能力" in answer.json()["title"]
    lost = {"capacity": "LOST", "basis": "MEDICAL_PROOF", "assessed_on": DAY}
    await register.done(home.id, "labour", person_id=home.person(0), **lost)
    assert (await birth(office, sql, home, **form)).status_code == 201


async def test_T20_a_register_number_is_corrected_to_one_that_nobody_has(
    app: httpx.AsyncClient, register: Register, callers: Callers, sql: asyncpg.Connection
) -> None:
    office = Register(app, callers.staff("episodes:county", "county", "441624"))
    home, other = await register.household(), await register.household()
    was, taken = [(await register.get(h.id))["register_number"] for h in (home, other)]
    form = {"path": "/register_number", "old_value": was}
    for new, status, code in (
        (taken, 409, "register-number-in-use"),
        ("户-1", 422, "invalid"),
        (7, 422, "invalid"),
    ):
        answer = await birth(office, sql, home, **form, new_value=new)
        assert (answer.status_code, answer.json()["code"]) == (status, code)
    new = f"{was}-X"
    assert (await birth(office, sql, home, **form, new_value=new)).status_code == 201
    assert (await register.get(home.id))["register_number"] == new
    found = await app.get(
        "/v1/households", params={"register_number": new}, headers=register.headers
    )
    assert [row["household_id"] for row in found.json()] == [home.id]
    freed = {"path": "/register_number", "old_value": taken, "new_value": was}
    assert (await birth(office, sql, other, **freed)).status_code == 201
