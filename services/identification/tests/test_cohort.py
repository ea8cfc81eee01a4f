"""S7.3-02: who belongs to the county's target, and how it ends for them."""

from datetime import date
from typing import Any

import pytest

from identification.domain.cohort import Standing, standing

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
