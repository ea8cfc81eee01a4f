"""How the fifteen days are shared (S2-07), and what a holiday on the last of them does."""

from dataclasses import replace
from datetime import date

import pytest

from contracts.episodes import RiskDetected
from contracts.stages import Stage
from identification.domain.budgets import stage_due_on
from identification.domain.household import HOUSEHOLD
from services.identification.tests.story import POLICY, REVIEW, RISK, history, up_to

FOUND = date(2024, 3, 1)


@pytest.mark.parametrize(
    ("stage", "due_on"),
    [
        (Stage.CLUE_OPEN, date(2024, 3, 4)),
        (Stage.VERIFYING, date(2024, 3, 4)),
        (Stage.NOT_AT_RISK, date(2024, 3, 4)),
        (Stage.VERIFIED, date(2024, 3, 12)),
        (Stage.PUBLICISED, date(2024, 3, 12)),
        (Stage.PUBLICITY_OVER, date(2024, 3, 14)),
        (Stage.TOWN_REVIEWED, date(2024, 3, 16)),
        (Stage.MONITORED, None),
        (Stage.ELIM_PUBLICISED, None),
        (Stage.NONE, None),
    ],
)
def test_S207_each_stage_has_its_share_of_the_fifteen_days(
    stage: Stage, due_on: date | None
) -> None:
    assert stage_due_on(stage, FOUND, POLICY) == due_on


def test_S207_the_review_waits_for_the_slower_of_visit_and_comparison() -> None:
    slow = replace(POLICY, stage_verify_days=8)
    assert stage_due_on(Stage.VERIFIED, FOUND, slow) == date(2024, 3, 15)


HOLIDAYS = replace(POLICY, holidays="2024-03-16,2024-03-17,2024-03-19")


@pytest.mark.parametrize(
    ("extension", "due_on"), [("NONE", date(2024, 3, 16)), ("LAST_DAY", date(2024, 3, 18))]
)
def test_S207_a_last_day_that_is_a_holiday_gives_way_where_the_county_says_so(
    extension: str, due_on: date
) -> None:
    policy = replace(HOLIDAYS, holiday_extension=extension)  # type: ignore[arg-type]
    (clue,) = HOUSEHOLD.when(replace(RISK, policy=policy), given=history())
    assert isinstance(clue, RiskDetected)
    assert clue.due_on == due_on


def test_S207_a_holiday_before_the_last_day_extends_nothing() -> None:
    policy = replace(HOLIDAYS, holiday_extension="LAST_DAY")
    assert policy.due_on(date(2024, 3, 5)) == date(2024, 3, 20)


@pytest.mark.parametrize(("percent", "passed"), [(50, True), (89, True), (90, False)])
def test_T7_the_share_that_passes_is_a_parameter(percent: int, passed: bool) -> None:
    review = replace(REVIEW, policy=replace(POLICY, review_pass_percent=percent))
    (held,) = HOUSEHOLD.when(review, given=up_to(REVIEW))
    assert held.passed is passed  # type: ignore[union-attr]
