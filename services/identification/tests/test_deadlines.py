"""What a day's end shows to be late: S2-07 and T12. Said once, however often the day is closed."""

from dataclasses import replace
from datetime import date, timedelta
from uuid import UUID

import pytest

from contracts.deadlines import (
    EmergencyCaseMissing,
    IdentificationDeadlineApproaching,
    IdentificationDeadlineMissed,
)
from contracts.identification import HouseholdEvent
from contracts.stages import Stage
from identification.domain.days import CloseBusinessDay
from identification.domain.household import HOUSEHOLD
from services.identification.tests.ending import ENTER
from services.identification.tests.story import (
    CONFIRM,
    NOT_AT_RISK,
    POLICY,
    REJECT,
    RISK,
    START,
    STEPS,
    history,
    up_to,
)
from services.identification.tests.test_inquiries import GRANT


def closed(day: date, given: list[HouseholdEvent]) -> list[HouseholdEvent]:
    return HOUSEHOLD.when(CloseBusinessDay(day=day, policy=POLICY), given=given)


def test_the_deadline_approaches_on_the_morning_of_day_ten() -> None:
    assert closed(date(2024, 3, 9), history(RISK)) == []
    (event,) = closed(date(2024, 3, 10), history(RISK))
    assert isinstance(event, IdentificationDeadlineApproaching)
    assert (event.day, event.stage) == (10, Stage.CLUE_OPEN)


def test_A6_the_deadline_is_missed_when_day_fifteen_is_over() -> None:
    given = history(RISK, START)
    given += closed(date(2024, 3, 10), given)
    assert closed(date(2024, 3, 15), given) == []
    (event,) = closed(date(2024, 3, 16), given)
    assert isinstance(event, IdentificationDeadlineMissed)
    assert (event.due_on, event.stage) == (date(2024, 3, 16), Stage.VERIFYING)


def test_a_day_that_is_closed_again_or_late_says_nothing_twice() -> None:
    given = history(RISK)
    for day in range(40):
        given += closed(date(2024, 3, 1) + timedelta(days=day), given)
        assert closed(date(2024, 3, 1) + timedelta(days=day), given) == []
    assert [type(event) for event in given[2:]] == [
        IdentificationDeadlineApproaching,
        IdentificationDeadlineMissed,
    ]
    (event,) = closed(date(2024, 4, 20), history(RISK))
    assert isinstance(event, IdentificationDeadlineMissed)
    assert closed(date(2024, 4, 21), [*history(RISK), event]) == []


@pytest.mark.parametrize(
    "given", [history(), history(*STEPS, ENTER), history(RISK, START, NOT_AT_RISK, REJECT)]
)
def test_nothing_is_late_where_no_case_waits(given: list[HouseholdEvent]) -> None:
    assert closed(date(2024, 4, 20), given) == []


def test_a_case_that_was_missed_may_still_be_confirmed_with_a_reason() -> None:
    given = up_to(CONFIRM)
    given += closed(date(2024, 3, 16), given)
    late = replace(CONFIRM, confirmed_on=date(2024, 3, 17), late_reason="山路中断")
    assert HOUSEHOLD.when(late, given=given)


FLOOD = replace(GRANT, granted_on=date(2024, 3, 17))


def test_A21_help_without_a_case_is_told_when_three_days_have_passed() -> None:
    given = history(FLOOD)
    assert closed(date(2024, 3, 19), given) == []
    (event,) = closed(date(2024, 3, 20), given)
    assert isinstance(event, EmergencyCaseMissing)
    assert (event.grant_id, event.days) == (GRANT.grant_id, 3)
    assert closed(date(2024, 3, 21), [*given, event]) == []
    later = replace(RISK, clue_id=UUID(int=9), discovered_on=date(2024, 3, 25))
    household = HOUSEHOLD.fold([*given, event, *HOUSEHOLD.when(later, given=[*given, event])])
    assert household is not None
    assert [help.grant_id for help in household.opened.emergency] == [GRANT.grant_id]


def test_A21_help_with_a_case_is_no_alert() -> None:
    assert closed(
        date(2024, 3, 12), history(RISK, replace(GRANT, granted_on=date(2024, 3, 2)))
    ) == [*closed(date(2024, 3, 12), history(RISK))]
