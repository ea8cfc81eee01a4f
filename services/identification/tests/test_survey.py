"""The three guarantees and water, member by member (T3), and E4 on what they say."""

from dataclasses import replace
from datetime import date
from typing import Any, TypeVar
from uuid import UUID

import pytest

from contracts.assessments import AtSchool, Check, ChildSeen, SafeguardAssessed, WaterSeen
from contracts.circumstances import BirthDateCorrected
from contracts.codes import HousingGrade, Joining, LabourCapacity, Leaving, Relation
from contracts.eliminations import Guard
from contracts.identification import HouseholdEvent
from contracts.persons import ProcessingRestricted, RestrictionReason
from identification.domain.commands import Command, VerifyHousehold
from identification.domain.eligibility import outlook
from identification.domain.elimination_commands import VerifyElimination
from identification.domain.household import HOUSEHOLD
from identification.domain.monitoring_commands import ReassessHousehold
from services.identification.tests.ending import (
    ELIMINATE,
    ENDING,
    LATER,
    PROPOSE,
    REASSESS,
    REASSESS_AGAIN,
    VERIFY_AGAIN,
)
from services.identification.tests.entries import ADD, REMOVE
from services.identification.tests.story import (
    REGISTERED,
    STEPS,
    VERIFY,
    history,
    member,
    refused,
    state,
)
from services.identification.tests.test_elimination_guards import failing

ADULT, CHILD, STRANGER = UUID(int=2), UUID(int=4), UUID(int=77)
FAMILY = replace(
    REGISTERED,
    members=[
        *(m for m in REGISTERED.members if m.person_id != CHILD),
        member(4, Relation.CHILD, born_on=date(2012, 5, 1), labour_capacity=LabourCapacity.NONE),
    ],
)
GOOD = WaterSeen(quality=Check.PASS, quantity=Check.PASS, convenience=Check.PASS)
TOLD: dict[str, Any] = {
    "schooling": (ChildSeen(person_id=CHILD, status=AtSchool.ENROLLED),),
    "uninsured_persons": (),
    "water": GOOD,
}
IN_SUM = {"dropouts": None, "uninsured": None, "water_safe": None}


S = TypeVar("S", VerifyHousehold, ReassessHousehold, VerifyElimination)


def seeing(command: S, **change: Any) -> S:
    """The step with another survey of the safeguards."""
    return replace(command, seen=replace(command.seen, **IN_SUM | TOLD | change))


def given(*commands: Command) -> list[HouseholdEvent]:
    return history(*commands, registered=FAMILY)


def survey_of(command: Command, *before: Command) -> SafeguardAssessed:
    (found,) = [
        event
        for event in HOUSEHOLD.when(command, given=given(*before))
        if isinstance(event, SafeguardAssessed)
    ]
    return found


BEFORE = STEPS[:2]


def child(status: AtSchool) -> dict[str, Any]:
    return {"schooling": (ChildSeen(person_id=CHILD, status=status),)}


def test_T3_members_who_are_named_are_counted() -> None:
    change = child(AtSchool.DROPOUT) | {"uninsured_persons": (ADULT, ADULT, CHILD)}
    seen = survey_of(seeing(VERIFY, **change), *BEFORE)
    assert (seen.dropouts, seen.uninsured, seen.water_safe) == (1, 2, True)
    assert seen.schooling == [ChildSeen(person_id=CHILD, status=AtSchool.DROPOUT)]
    assert (seen.uninsured_persons, seen.water) == ([ADULT, CHILD], GOOD)


@pytest.mark.parametrize("dimension", ["quality", "quantity", "convenience"])
def test_T3_water_passes_in_all_three_dimensions_or_not_at_all(dimension: str) -> None:
    water = replace(GOOD, **{dimension: Check.FAIL})
    assert survey_of(seeing(VERIFY, water=water), *BEFORE).water_safe is False


def test_T3_numbers_alone_are_accepted_as_before() -> None:
    seen = survey_of(VERIFY, *BEFORE)
    assert (seen.schooling, seen.uninsured_persons, seen.water) == (None, None, None)
    assert (seen.dropouts, seen.uninsured, seen.water_safe) == (0, 0, True)


@pytest.mark.parametrize(
    ("change", "code", "details"),
    [
        ({"dropouts": 1}, "survey-disagrees", {"field": "dropouts", "told": 1, "found": 0}),
        ({"uninsured": 3}, "survey-disagrees", {"field": "uninsured", "told": 3, "found": 0}),
        ({"water_safe": False}, "survey-disagrees", {"field": "water_safe", "told": False}),
        ({"schooling": None}, "survey-incomplete", {"field": "dropouts"}),
        ({"uninsured_persons": None}, "survey-incomplete", {"field": "uninsured"}),
        ({"water": None}, "survey-incomplete", {"field": "water_safe"}),
        ({"schooling": ()}, "children-missing", {"missing": 1}),
        ({"uninsured_persons": (ADULT, STRANGER)}, "surveyed-not-a-member", {}),
    ],
)
def test_T3_a_survey_is_whole_and_agrees_with_itself(
    change: dict[str, Any], code: str, details: dict[str, Any]
) -> None:
    refusal = refused(seeing(VERIFY, **change), given(*BEFORE))
    assert refusal.code == code
    assert refusal.details.items() >= details.items()


@pytest.mark.parametrize(
    ("people", "code"),
    [
        ((CHILD, STRANGER), "surveyed-not-a-member"),
        ((CHILD, ADULT), "not-a-child-of-school-age"),
        ((CHILD, CHILD), "not-a-child-of-school-age"),
    ],
)
def test_T3_each_child_of_school_age_is_named_once_and_nobody_else(
    people: tuple[UUID, ...], code: str
) -> None:
    schooling = tuple(ChildSeen(person_id=p, status=AtSchool.ENROLLED) for p in people)
    assert refused(seeing(VERIFY, schooling=schooling), given(*BEFORE)).code == code


def test_T3_a_member_whose_data_may_not_be_used_is_not_named() -> None:
    restricted = ProcessingRestricted(
        household_id=FAMILY.household_id,
        person_id=CHILD,
        reason=RestrictionReason.CONTESTED,
        restricted_on=date(2024, 3, 2),
    )
    events = [*given(*BEFORE), restricted]
    assert refused(seeing(VERIFY), events).code == "surveyed-not-a-member"
    assert HOUSEHOLD.when(seeing(VERIFY, schooling=()), given=events)


SPRING, AUTUMN = seeing(REASSESS), seeing(REASSESS_AGAIN)


@pytest.mark.parametrize(
    "change",
    [
        child(AtSchool.DROPOUT),
        child(AtSchool.SUSPECTED_DROPOUT),
        {"uninsured_persons": (ADULT,)},
        {"water": replace(GOOD, quantity=Check.FAIL)},
    ],
)
def test_E4_is_judged_by_the_members_and_dimensions_that_are_named(change: dict[str, Any]) -> None:
    events = given(*STEPS, SPRING, seeing(AUTUMN, **change))
    assert failing(PROPOSE, events) == [Guard.E4]
    told = str(refused(PROPOSE, events).details)
    suspects = change == child(AtSchool.SUSPECTED_DROPOUT)
    assert ("疑似辍学1人" in told, "suspected 1" in told) == (suspects, suspects)


def test_E4_a_child_taught_at_home_or_exempt_is_in_order() -> None:
    for status in (AtSchool.HOME_TEACHING, AtSchool.EXEMPT):
        assert HOUSEHOLD.when(PROPOSE, given=given(*STEPS, SPRING, seeing(AUTUMN, **child(status))))


def test_E4_who_has_left_the_household_no_longer_counts() -> None:
    """By name it is known whose insurance was missing; the same goes for who is due (S7.3-01)."""
    uninsured = given(*STEPS, SPRING, seeing(AUTUMN, uninsured_persons=(ADULT,)))
    left = replace(REMOVE, person_id=ADULT, reason=Leaving.MARRIAGE_OUT)
    events = [*uninsured, *HOUSEHOLD.when(left, given=uninsured)]
    assert Guard.E4 not in failing_or_none(events)
    for given_events, ready in ((uninsured, False), (events, True)):
        looked_at = outlook(state(given_events))
        assert looked_at
        assert looked_at.ready is ready


def joined_by(born_on: date, events: list[HouseholdEvent]) -> list[HouseholdEvent]:
    """Somebody came back between the visit and the proposal."""
    on = date(2024, 10, 14)
    who = replace(ADD.member, born_on=born_on)
    back = replace(ADD, member=who, reason=Joining.RETURN, effective_on=on, co_living_count=4)
    return [*events, *HOUSEHOLD.when(replace(back, today=LATER), given=events)]


def corrected_to(born_on: date, events: list[HouseholdEvent]) -> list[HouseholdEvent]:
    """The birth date of a member was recorded wrongly."""
    corrected = BirthDateCorrected(
        household_id=FAMILY.household_id,
        person_id=UUID(int=3),
        from_born_on=date(1990, 1, 1),
        to_born_on=born_on,
        unable=False,
        corrects=UUID(int=91),
        corrected_on=date(2024, 10, 14),
    )
    return [*events, corrected]


@pytest.mark.parametrize("born_on", [date(1990, 1, 1), date(2014, 5, 1), date(2024, 10, 1)])
@pytest.mark.parametrize("spring", [SPRING, REASSESS], ids=["by name", "numbers alone"])
def test_E4_who_joined_since_the_visit_is_asked_about(
    born_on: date, spring: ReassessHousehold
) -> None:
    """Whether they are insured, whatever their age, and in school."""
    autumn = AUTUMN if spring is SPRING else REASSESS_AGAIN
    events = joined_by(born_on, given(*STEPS, spring, autumn))
    assert failing(PROPOSE, events) == [Guard.E4]
    assert "成员1人未核查，须重新核查" in str(refused(PROPOSE, events).details["failing_zh"])
    both = (*TOLD["schooling"], ChildSeen(person_id=ADD.member.person_id, status=AtSchool.ENROLLED))
    named = {"schooling": both} if born_on.year == 2014 else {}
    anew = seeing(AUTUMN, on=PROPOSE.proposed_on, assessment_id=UUID(int=64), **named)
    surveyed = [*events, *HOUSEHOLD.when(anew, given=events)]
    assert HOUSEHOLD.when(PROPOSE, given=surveyed)
    uninsured = seeing(anew, uninsured_persons=(ADD.member.person_id,), **named)
    surveyed = [*events, *HOUSEHOLD.when(uninsured, given=events)]
    assert failing(PROPOSE, surveyed) == [Guard.E4]


def test_E4_who_came_back_since_the_visit_is_asked_about_anew() -> None:
    surveyed = given(*STEPS, SPRING, AUTUMN)
    left = replace(REMOVE, person_id=ADULT, effective_on=date(2024, 10, 13), today=LATER)
    events = [*surveyed, *HOUSEHOLD.when(left, given=surveyed)]
    adult = next(m for m in FAMILY.members if m.person_id == ADULT)
    back = replace(ADD, member=adult, reason=Joining.RETURN, effective_on=date(2024, 10, 14))
    back = replace(back, co_living_count=4, today=LATER)
    assert failing(PROPOSE, [*events, *HOUSEHOLD.when(back, given=events)]) == [Guard.E4]


def test_E4_a_correction_of_the_survey_is_no_survey_of_who_joined() -> None:
    events = joined_by(date(1990, 1, 1), given(*STEPS, SPRING, AUTUMN))
    known = state(events).safeguards
    assert known
    corrected = replace(known, housing_grade=HousingGrade.A, corrects=UUID(int=91))
    assert failing(PROPOSE, [*events, corrected]) == [Guard.E4]


@pytest.mark.parametrize(
    ("born_on", "of_age"),
    [
        (date(2018, 9, 1), False),
        (date(2018, 8, 31), True),
        (date(2008, 9, 1), True),
        (date(2008, 8, 31), False),
    ],
)
def test_T20_E4_a_child_of_school_age_by_the_corrected_date_is_asked_about(
    born_on: date, of_age: bool
) -> None:
    events = corrected_to(born_on, given(*STEPS, SPRING, AUTUMN))
    if of_age:
        assert failing(PROPOSE, events) == [Guard.E4]
        return
    assert HOUSEHOLD.when(PROPOSE, given=events)


def test_E4_a_child_that_joined_during_the_elimination_is_asked_about_after_it_is_turned_down() -> (
    None
):
    steps = [*ENDING[:-1]]
    steps[steps.index(VERIFY_AGAIN)] = seeing(VERIFY_AGAIN)
    events = given(*STEPS, SPRING, AUTUMN, *steps)
    assert HOUSEHOLD.when(ELIMINATE, given=events)
    events = joined_by(date(2014, 5, 1), events)
    assert failing(ELIMINATE, events) == [Guard.E4]
    told = str(refused(ELIMINATE, events).details["failing_zh"])
    assert "须不同意消除（T15）后重新核查" in told


def failing_or_none(events: list[HouseholdEvent]) -> list[Guard]:
    proposal = replace(PROPOSE, measures=())  # refused for E1, so that the guards are named
    return failing(proposal, events)
