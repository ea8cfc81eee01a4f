"""Who belongs to a household of the register, and when it is off, without clock or database."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest

from contracts.codes import (
    Category,
    Deregistration,
    LabourCapacity,
    Leaving,
    Relation,
)
from contracts.households import (
    CategoryCorrected,
    HeadChanged,
    HouseholdDeregistered,
    HouseholdMemberAdded,
    HouseholdMemberRemoved,
    LabourCapacityAssessed,
    Related,
)
from contracts.identification import HouseholdEvent
from contracts.monitoring import ClosingReason, MonitoringClosed
from identification.domain.entry import Left, Status
from identification.domain.household import HOUSEHOLD
from identification.domain.register_commands import (
    RegisterHousehold,
)
from services.identification.tests.entries import (
    ADD,
    ALONE,
    ASSESS,
    CATEGORY,
    CHANGE_HEAD,
    DAY,
    DEREGISTER,
    FOURTH,
    HEAD,
    HEAD_DIES,
    IDENTITY,
    ILL,
    MERGE,
    MOVE,
    MOVE_OUT,
    REMOVE,
    SECOND,
    SPLIT,
    THIRD,
    after,
    refused,
    relations,
    under,
)
from services.identification.tests.story import (
    REGISTERED,
    RISK,
    START,
    STEPS,
    TODAY,
    history,
    member,
)


def test_a_person_joins_and_the_entry_counts_them() -> None:
    (event,) = HOUSEHOLD.when(ADD, given=history())
    assert isinstance(event, HouseholdMemberAdded)
    entry = after(ADD).registered
    assert (len(entry.members), entry.co_living_count) == (5, 5)


def test_nobody_joins_twice_as_a_second_head_or_beyond_fifty() -> None:
    again = replace(ADD, member=replace(ADD.member, relation=Relation.CHILD))
    assert refused(again, history(ADD)).code == "already-a-member"
    head = replace(ADD, member=replace(ADD.member, relation=Relation.HEAD))
    assert refused(head, history()).code == "one-head-needed"
    full = replace(
        REGISTERED,
        members=[
            member(1),
            *(replace(member(2, Relation.CHILD), person_id=UUID(int=n)) for n in range(100, 149)),
        ],
    )
    assert refused(ADD, [full]).code == "too-many-members"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"effective_on": TODAY + timedelta(days=1)}, "date-in-future"),
        ({"effective_on": date(2020, 12, 31)}, "date-before-previous-step"),
        ({"effective_on": DAY - timedelta(days=1)}, "date-before-previous-step"),  # not yet born
        ({"co_living_count": 6}, "co-living-count"),
        ({"co_living_count": 0}, "co-living-count"),
        (
            {"member": replace(ADD.member, born_on=TODAY + timedelta(days=1))},
            "birth-date-out-of-range",
        ),
        (
            {"member": replace(ADD.member, labour_capacity=LabourCapacity.WEAK)},
            "labour-under-sixteen",
        ),
    ],
)
def test_a_new_member_must_fit(change: dict[str, Any], code: str) -> None:
    assert refused(replace(ADD, **change), history()).code == code


def test_nothing_is_told_of_a_member_before_they_joined() -> None:
    """Who reads the days in their order would have it undone by the joining."""
    whose, before = ADD.member.person_id, DAY - timedelta(days=1)
    newcomer = replace(
        ADD.member, born_on=date(1990, 1, 1), labour_capacity=LabourCapacity.ORDINARY
    )
    given = history(replace(ADD, member=newcomer))
    moved = (Related(person_id=whose, relation=Relation.HEAD),)
    told: tuple[tuple[Any, str], ...] = (
        (replace(REMOVE, person_id=whose, co_living_count=4), "effective_on"),
        (replace(ASSESS, person_id=whose), "assessed_on"),
        (replace(ILL, person_id=whose), "recorded_on"),
        (replace(SPLIT, moved=moved, co_living_count=4, new_co_living_count=1), "effective_on"),
    )
    for command, field in told:
        refusal = refused(replace(command, **{field: before}), given)
        assert (refusal.code, refusal.details) == (
            "date-before-previous-step",
            {"field": field, "earliest": DAY},
        )
        assert HOUSEHOLD.when(replace(command, **{field: DAY}), given=given)


@pytest.mark.parametrize(
    ("step", "field"),
    [
        (CHANGE_HEAD, "effective_on"),
        (MOVE, "effective_on"),
        (MERGE, "effective_on"),
        (DEREGISTER, "effective_on"),
        (CATEGORY, "corrected_on"),
        (IDENTITY, "corrected_on"),
    ],
)
def test_no_step_is_of_a_day_before_the_registration_or_to_come(step: Any, field: str) -> None:
    earliest = REGISTERED.registered_on
    for on, code in (
        (earliest - timedelta(days=1), "date-before-previous-step"),
        (TODAY + timedelta(days=1), "date-in-future"),
    ):
        assert refused(replace(step, **{field: on}), history()).code == code
    for on in (earliest, TODAY):
        assert HOUSEHOLD.when(replace(step, **{field: on}), given=history())


def test_a_person_leaves_once() -> None:
    (event,) = HOUSEHOLD.when(REMOVE, given=history())
    assert isinstance(event, HouseholdMemberRemoved)
    household = after(REMOVE)
    assert SECOND not in relations(household)
    assert household.registered.co_living_count == 3
    assert household.past.left == (Left(REGISTERED.members[1], Leaving.MARRIAGE_OUT, DAY),)
    for count in (0, 4):
        alone = replace(REMOVE, co_living_count=count)
        assert refused(alone, history()).code == "co-living-count"
    assert HOUSEHOLD.when(REMOVE, given=history(REMOVE)) == []
    assert refused(replace(REMOVE, person_id=UUID(int=50)), history()).code == "not-a-member"


def test_the_head_leaves_only_with_a_new_head_in_the_same_command() -> None:
    assert refused(replace(HEAD_DIES, new_head=None), history()).code == "new-head-needed"
    removed, changed = HOUSEHOLD.when(HEAD_DIES, given=history())
    assert isinstance(removed, HouseholdMemberRemoved)
    assert isinstance(changed, HeadChanged)
    assert relations(after(HEAD_DIES)) == {
        SECOND: Relation.HEAD,
        THIRD: Relation.SIBLING,
        FOURTH: Relation.SIBLING,
    }


def test_a_new_head_is_a_member_and_everybody_else_is_related_to_them() -> None:
    gone = replace(HEAD_DIES, new_head=under(HEAD, SECOND, THIRD, FOURTH))
    assert refused(gone, history()).code == "not-a-member"
    forgotten = replace(HEAD_DIES, new_head=under(SECOND, THIRD))
    assert refused(forgotten, history()).code == "relations-needed"
    both = [replace(r, relation=Relation.HEAD) for r in CHANGE_HEAD.new_head.relations]
    two = replace(CHANGE_HEAD, new_head=replace(CHANGE_HEAD.new_head, relations=tuple(both)))
    assert refused(two, history()).code == "relations-needed"
    needless = replace(REMOVE, new_head=under(THIRD, FOURTH))
    assert refused(needless, history()).code == "head-stays"


def test_the_head_changes_while_everybody_stays() -> None:
    (event,) = HOUSEHOLD.when(CHANGE_HEAD, given=history())
    assert isinstance(event, HeadChanged)
    assert relations(after(CHANGE_HEAD))[HEAD] is Relation.SIBLING
    assert HOUSEHOLD.when(CHANGE_HEAD, given=history(CHANGE_HEAD)) == []


@pytest.mark.parametrize(
    ("leaving", "why", "status"),
    [
        (Leaving.DEATH, Deregistration.ALL_DECEASED, Status.DEREGISTERED),
        (Leaving.EMIGRATION, Deregistration.MOVED_OUT_OF_COUNTY, Status.MOVED_OUT),
        (Leaving.MARRIAGE_OUT, Deregistration.ALL_LEFT, Status.DEREGISTERED),
    ],
)
def test_with_the_last_member_the_household_is_off_the_register(
    leaving: Leaving, why: Deregistration, status: Status
) -> None:
    last = replace(REMOVE, person_id=HEAD, reason=leaving)
    events = HOUSEHOLD.when(last, given=[ALONE])
    assert isinstance(events[0], HouseholdMemberRemoved)
    assert events[0].co_living_count == 0
    assert isinstance(events[-1], HouseholdDeregistered)
    assert events[-1].reason is why
    household = HOUSEHOLD.fold([ALONE, *events])
    assert household is not None
    assert household.status is status
    assert refused(ADD, [ALONE, *events]).code == "household-ended"
    assert refused(START, [ALONE, *events]).code == "household-ended"


@pytest.mark.parametrize("leaving", [Leaving.DEATH, Leaving.MARRIAGE_OUT])
def test_T19_with_the_last_member_monitoring_is_closed_for_that_reason(leaving: Leaving) -> None:
    last = replace(REMOVE, person_id=HEAD, reason=leaving)
    given = [ALONE, *HOUSEHOLD.when(RISK, given=[ALONE])]
    closed = next(e for e in HOUSEHOLD.when(last, given=given) if isinstance(e, MonitoringClosed))
    all_died = leaving is Leaving.DEATH
    assert closed.reason is (ClosingReason.ALL_DECEASED if all_died else ClosingReason.ALL_LEFT)


def test_T19_nobody_monitored_leaves_the_county_without_a_hand_over() -> None:
    """Who lives alone moves as a household, by the county and with a document."""
    last = replace(REMOVE, person_id=HEAD, reason=Leaving.EMIGRATION)
    given = [ALONE, *HOUSEHOLD.when(RISK, given=[ALONE])]
    assert refused(last, given).code == "hand-over-by-relocation"
    assert HOUSEHOLD.when(MOVE_OUT, given=given)


def test_labour_capacity_is_assessed_in_the_order_of_the_days() -> None:
    (event,) = HOUSEHOLD.when(ASSESS, given=history())
    assert isinstance(event, LabourCapacityAssessed)
    assert HOUSEHOLD.when(ASSESS, given=history(ASSESS)) == []
    earlier = replace(ASSESS, assessed_on=DAY - timedelta(days=1))
    assert refused(earlier, history(ASSESS)).code == "assessed-later"
    otherwise = replace(ASSESS, capacity=LabourCapacity.WEAK)  # of the same day: the last word
    assert HOUSEHOLD.when(otherwise, given=history(ASSESS))


def test_a_household_has_labour_while_one_member_is_able() -> None:
    everybody = [replace(ASSESS, person_id=UUID(int=n)) for n in (1, 2, 3)]
    assert after(*everybody).has_labour
    assert not after(*everybody, replace(ASSESS, person_id=FOURTH)).has_labour


def test_under_sixteen_is_assessed_as_none_only() -> None:
    birthday = DAY.replace(year=DAY.year - 16) + timedelta(days=1)
    child = member(2, Relation.CHILD, born_on=birthday, labour_capacity=LabourCapacity.NONE)
    given: list[HouseholdEvent] = [
        replace(REGISTERED, members=[member(1), child], co_living_count=2)
    ]
    refusal = refused(ASSESS, given)
    assert (refusal.code, refusal.details) == ("labour-under-sixteen", {"member": 2})
    assert HOUSEHOLD.when(replace(ASSESS, assessed_on=DAY + timedelta(days=1)), given=given)
    none = replace(ASSESS, capacity=LabourCapacity.NONE)
    assert HOUSEHOLD.when(none, given=given)


def test_monitoring_never_changes_the_category_but_a_correction_does() -> None:
    assert after(*STEPS).registered.category is Category.FORMERLY_POOR
    (event,) = HOUSEHOLD.when(CATEGORY, given=history())
    assert isinstance(event, CategoryCorrected)
    entry = after(CATEGORY).registered
    assert (entry.category, entry.marginal_2019) == (Category.GENERAL, True)
    assert HOUSEHOLD.when(CATEGORY, given=history(CATEGORY)) == []


def test_a_household_registered_twice_is_struck_out_unless_an_episode_is_open() -> None:
    (event,) = HOUSEHOLD.when(DEREGISTER, given=history())
    assert isinstance(event, HouseholdDeregistered)
    assert event.reason is Deregistration.DUPLICATE
    assert refused(DEREGISTER, history(RISK)).code == "episode-open"
    itself = replace(DEREGISTER, duplicate_of=REGISTERED.household_id)
    assert refused(itself, history()).code == "duplicate-of-itself"


def test_a_rule_that_speaks_of_a_household_off_the_register_records_nothing() -> None:
    assert HOUSEHOLD.when(RISK, given=history(DEREGISTER)) == []
    by_people = replace(RISK, rule_id=None)
    assert refused(by_people, history(DEREGISTER)).code == "household-ended"


def test_the_first_registration_sent_again_is_nothing_new_after_any_change() -> None:
    for change in (ADD, REMOVE, CATEGORY, MOVE, DEREGISTER):
        again = RegisterHousehold(registered=REGISTERED, today=TODAY)
        assert HOUSEHOLD.when(again, given=history(change)) == []
