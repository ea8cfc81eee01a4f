"""S7.3-02: who belongs to the county's target, and how it ends for them."""

from dataclasses import replace
from datetime import date
from typing import Any
from uuid import UUID

import pytest

from contracts.codes import LabourCapacity, Leaving, Relation
from contracts.episodes import MonitoringConfirmed
from contracts.households import HouseholdRegistered, Related
from identification.domain.cohort import Standing, standing
from identification.domain.commands import Command
from identification.domain.register_commands import NewHead
from services.identification.tests.entries import ASSESS, REMOVE
from services.identification.tests.story import CONFIRM, REGISTERED, STEPS, history, member

BY = date(2022, 12, 31)


def stands(confirmed_on: date = BY, **change: Any) -> Standing | None:
    facts = {"labour_at_confirmation": True, "has_labour": True, "outcome": None}
    return standing(confirmed_on=confirmed_on, confirmed_by=BY, **facts | change)


def test_A40_the_last_day_of_2022_is_in_and_the_first_of_2023_is_out() -> None:
    assert stands(date(2022, 12, 31)) is Standing.OPEN
    assert stands(date(2023, 1, 1)) is None


def test_A40_a_household_without_labour_never_belonged() -> None:
    assert stands(labour_at_confirmation=False) is None


def test_A42_a_household_that_lost_its_labour_leaves_and_is_neither_success_nor_miss() -> None:
    assert stands(has_labour=False) is Standing.LABOUR_LOST
    assert stands(has_labour=False, outcome="ELIMINATED") is Standing.ELIMINATED


@pytest.mark.parametrize(
    ("outcome", "standing"),
    [
        ("ELIMINATED", Standing.ELIMINATED),
        ("CANCELLED", Standing.CANCELLED),
        ("MERGED", Standing.CLOSED),
        ("MOVED_OUT", Standing.CLOSED),
        ("ALL_DECEASED", Standing.CLOSED),
    ],
)
def test_the_other_ends_are_told_apart(outcome: str, standing: Standing) -> None:
    assert stands(outcome=outcome) is standing


NONE = LabourCapacity.NONE
ONE_ABLE = replace(
    REGISTERED,
    members=[member(1), *(member(n, Relation.CHILD, labour_capacity=NONE) for n in (2, 3, 4))],
)
NOBODY_ABLE = replace(
    ONE_ABLE, members=[replace(m, labour_capacity=NONE) for m in ONE_ABLE.members]
)
LOST = replace(
    ASSESS, person_id=UUID(int=1), capacity=LabourCapacity.LOST, assessed_on=date(2024, 3, 20)
)
GONE = replace(
    REMOVE,
    person_id=UUID(int=1),
    reason=Leaving.DEATH,
    effective_on=date(2024, 3, 20),
    co_living_count=3,
    new_head=NewHead(
        head_id=UUID(int=2),
        relations=tuple(Related(person_id=UUID(int=n), relation=Relation.SIBLING) for n in (3, 4)),
    ),
)


@pytest.mark.parametrize(
    ("registered", "since", "labour"),
    [
        (ONE_ABLE, LOST, True),
        (ONE_ABLE, GONE, True),
        (ONE_ABLE, replace(LOST, assessed_on=CONFIRM.confirmed_on), False),
        (NOBODY_ABLE, replace(LOST, capacity=LabourCapacity.WEAK), False),
        (replace(ONE_ABLE, registered_on=date(2024, 3, 18)), LOST, True),
    ],
    ids=["lost since", "died since", "lost on the day", "gained since", "registered since"],
)
def test_T10_A40_labour_is_as_of_the_day_of_the_confirmation_however_late_it_is_recorded(
    registered: HouseholdRegistered, since: Command, labour: bool
) -> None:
    confirmed = history(*STEPS[:-1], since, CONFIRM, registered=registered)[-1]
    assert isinstance(confirmed, MonitoringConfirmed)
    assert confirmed.labour_household is labour


def test_T10_of_two_assessments_the_later_day_counts_whenever_each_was_recorded() -> None:
    """A second worker was able from 10 March, which is recorded after what happened on the 20th."""
    able = replace(
        ASSESS, person_id=UUID(int=2), capacity=LabourCapacity.WEAK, assessed_on=date(2024, 3, 10)
    )
    lost = replace(able, capacity=LabourCapacity.LOST, assessed_on=date(2024, 3, 12))
    first = replace(LOST, assessed_on=date(2024, 3, 11))
    for late, labour in (((first, able), True), ((first, able, lost), False)):
        confirmed = history(*STEPS[:-1], *late, CONFIRM, registered=ONE_ABLE)[-1]
        assert isinstance(confirmed, MonitoringConfirmed)
        assert confirmed.labour_household is labour
