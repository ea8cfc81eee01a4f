"""A person's rights over their data (PIPL 47), without a clock, a database or a network."""

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

from contracts.persons import (
    ErasureReason,
    PersonalDataErased,
    ProcessingRestricted,
    RestrictionLifted,
    RestrictionReason,
)
from identification.domain.household import HOUSEHOLD
from identification.domain.register_commands import RegisterHousehold
from identification.domain.rights import ErasePersonalData, LiftRestriction, RestrictProcessing
from services.identification.tests.entries import (
    ADD,
    DAY,
    DEREGISTER,
    JOIN,
    REMOVE,
    SECOND,
    SPLIT,
    THIRD,
    after,
    refused,
)
from services.identification.tests.story import REGISTERED, TODAY, history, member

RESTRICT = RestrictProcessing(
    person_id=SECOND, reason=RestrictionReason.CONTESTED, restricted_on=DAY, today=TODAY
)
LIFT = LiftRestriction(person_id=SECOND, lifted_on=DAY, today=TODAY)
ERASE = ErasePersonalData(
    person_id=SECOND, reason=ErasureReason.PURPOSE_ENDED, erased_on=DAY, today=TODAY
)


def test_processing_is_restricted_once_and_lifted_once() -> None:
    (event,) = HOUSEHOLD.when(RESTRICT, given=history())
    assert isinstance(event, ProcessingRestricted)
    assert HOUSEHOLD.when(RESTRICT, given=history(RESTRICT)) == []
    assert HOUSEHOLD.when(LIFT, given=history()) == []
    (event,) = HOUSEHOLD.when(LIFT, given=history(RESTRICT))
    assert isinstance(event, RestrictionLifted)
    assert HOUSEHOLD.when(LIFT, given=history(RESTRICT, LIFT)) == []


def test_a_registration_sent_again_is_nothing_new_while_data_may_not_be_used() -> None:
    hidden = [replace(m, restricted=m.person_id == SECOND) for m in REGISTERED.members]
    again = RegisterHousehold(registered=replace(REGISTERED, members=hidden), today=TODAY)
    for steps in ((RESTRICT,), (RESTRICT, LIFT)):
        assert HOUSEHOLD.when(again, given=history(*steps)) == []
    other = replace(again, registered=replace(again.registered, co_living_count=1))
    assert refused(other, history(RESTRICT)).code == "already-registered"


def test_a_restriction_goes_with_the_person_into_the_household_that_splits_off() -> None:
    third = replace(RESTRICT, person_id=THIRD)
    split = HOUSEHOLD.when(SPLIT, given=history(third))[0]
    assert {m.person_id: m.restricted for m in split.moved}[THIRD]  # type: ignore[union-attr]


def test_a_member_is_not_erased_and_a_former_one_is_once() -> None:
    assert refused(ERASE, history()).code == "purpose-continues"
    (event,) = HOUSEHOLD.when(ERASE, given=history(REMOVE))
    assert isinstance(event, PersonalDataErased)
    assert HOUSEHOLD.when(ERASE, given=history(REMOVE, ERASE)) == []
    assert refused(RESTRICT, history(REMOVE, ERASE)).code == "already-erased"


def test_nobody_is_erased_or_restricted_who_never_belonged_here() -> None:
    for command in (RESTRICT, LIFT, ERASE):
        stranger = replace(command, person_id=UUID(int=50))
        assert refused(stranger, history()).code == "not-a-member"


def test_the_members_of_a_household_off_the_register_may_be_erased() -> None:
    assert HOUSEHOLD.when(ERASE, given=history(DEREGISTER))
    assert HOUSEHOLD.when(ERASE, given=history(JOIN))


def test_who_comes_back_after_an_erasure_may_be_erased_again() -> None:
    back = replace(ADD, member=replace(ADD.member, person_id=SECOND), co_living_count=4)
    household = after(REMOVE, ERASE, back)
    assert SECOND in {m.person_id for m in household.registered.members}
    gone = replace(REMOVE, co_living_count=3)
    assert HOUSEHOLD.when(ERASE, given=history(REMOVE, ERASE, back, gone))


def test_rights_are_not_exercised_tomorrow() -> None:
    tomorrow = TODAY + timedelta(days=1)
    given = history(REMOVE)
    for command in (
        replace(RESTRICT, restricted_on=tomorrow),
        replace(LIFT, lifted_on=tomorrow),
        replace(ERASE, erased_on=tomorrow),
    ):
        assert refused(command, given).code == "date-in-future"


def test_a_restricted_member_is_marked_and_nobody_else_is() -> None:
    marked = {m.person_id for m in after(RESTRICT).registered.members if m.restricted}
    assert marked == {SECOND}
    assert member(2).restricted is False
