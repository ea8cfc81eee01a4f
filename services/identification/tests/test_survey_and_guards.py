"""Incomes as the guards of an elimination see them, of surveys (`POST /v1/incomes`) too: E2, E3, E5."""

from dataclasses import replace
from datetime import date

import pytest

from common.decider import Refused
from contracts.assessments import SafeguardAssessed
from contracts.eliminations import Guard, Manner, RiskEliminated
from contracts.episodes import MonitoringConfirmed
from contracts.identification import HouseholdEvent
from identification.domain.commands import Command
from identification.domain.eligibility import outlook
from identification.domain.household import HOUSEHOLD
from services.identification.tests.ending import (
    AUTUMN,
    ELIMINATE,
    ENDING,
    LATER,
    PROPOSE,
    REASSESS,
    REASSESS_AGAIN,
    SURVEY,
    VERIFY_AGAIN,
    VISIT,
    before,
    income,
    monitored,
)
from services.identification.tests.entries import ADD
from services.identification.tests.story import (
    NOT_AT_RISK,
    POLICY,
    SEEN,
    START,
    STEPS,
    history,
    refused,
    state,
)
from services.identification.tests.test_elimination_guards import failing

WINDOW = (date(2023, 10, 1), date(2024, 9, 30))
NATURAL = replace(PROPOSE, manner=Manner.NATURAL, measures=())
POOR = replace(SURVEY, assessed_on=date(2024, 10, 13), income=income(4_320_000, WINDOW))


def given(*commands: Command) -> list[HouseholdEvent]:
    """Confirmed, seen above the line in April, then these."""
    return history(*STEPS, REASSESS, *commands)


def test_E2_a_survey_that_finds_the_household_on_the_line_blocks() -> None:
    assert Guard.E2 in failing(NATURAL, monitored(POOR))
    above = replace(POOR, income=income(4_320_001, WINDOW))
    assert HOUSEHOLD.when(NATURAL, given=monitored(above))


def test_E2_E3_compare_the_total_that_the_parameters_compare() -> None:
    """A household may be above the line by one total and on it by another (`income_basis`)."""
    spent = {"compliant_own_cost_fen": 50_000}
    reference = replace(POLICY, income_basis="REFERENCE")
    on_it = replace(POOR, income=income(4_370_000, WINDOW, **spent), policy=reference)
    assert failing(PROPOSE, monitored(on_it)) == [Guard.E2, Guard.E3]
    above = replace(on_it, income=income(4_370_001, WINDOW, **spent))
    assert HOUSEHOLD.when(PROPOSE, given=monitored(above))
    rent = replace(POOR, income=income(4_320_001, WINDOW, property_cost_fen=1))
    assert failing(PROPOSE, monitored(rent)) == [Guard.E2, Guard.E3]
    assert HOUSEHOLD.when(
        PROPOSE, given=monitored(replace(rent, policy=replace(POLICY, income_basis="NET")))
    )


def test_E3_a_survey_six_months_on_is_the_second_assessment() -> None:
    assert failing(PROPOSE, given()) == [Guard.E3]
    assert HOUSEHOLD.when(PROPOSE, given=given(SURVEY))
    early = replace(SURVEY, assessed_on=date(2024, 10, 9))
    assert failing(PROPOSE, given(early)) == [Guard.E3]


def test_E3_a_survey_below_between_two_visits_breaks_the_six_months() -> None:
    window = (date(2023, 7, 1), date(2024, 6, 30))
    dip = replace(SURVEY, assessed_on=date(2024, 7, 1), income=income(4_000_000, window))
    late = [*monitored(), *HOUSEHOLD.when(dip, given=monitored())]
    assert failing(PROPOSE, late) == [Guard.E3], "in the order of the days, not of the records"
    assert HOUSEHOLD.when(NATURAL, given=late)


def test_E5_large_spending_that_a_survey_finds_blocks() -> None:
    spent = income(5_000_000, WINDOW, compliant_own_cost_fen=1_000_000)
    assert failing(PROPOSE, monitored(replace(POOR, income=spent))) == [Guard.E5]


def joined(events: list[HouseholdEvent], co_living_count: int = 5) -> list[HouseholdEvent]:
    """A fifth member was born in October, and is insured (E4)."""
    born = date(2024, 10, 25)
    birth = replace(ADD, effective_on=born, co_living_count=co_living_count, today=LATER)
    birth = replace(birth, member=replace(birth.member, born_on=born))
    seen = next(event for event in reversed(events) if isinstance(event, SafeguardAssessed))
    return [*events, *HOUSEHOLD.when(birth, given=events), seen]


@pytest.mark.parametrize(("total_fen", "passes"), [(5_400_000, False), (5_400_001, True)])
def test_E2_is_for_those_too_who_joined_since_the_visit(total_fen: int, passes: bool) -> None:
    seen = replace(VISIT, income=income(total_fen, WINDOW))
    visit = replace(VERIFY_AGAIN, seen=seen)
    given = monitored(PROPOSE, visit, *ENDING[2:-1])
    assert HOUSEHOLD.when(ELIMINATE, given=given)
    if passes:
        assert HOUSEHOLD.when(ELIMINATE, given=joined(given))
        return
    assert failing(ELIMINATE, joined(given)) == [Guard.E2]
    assert "核算时4人，现5人" in str(refused(ELIMINATE, joined(given)).details["failing_zh"])
    elsewhere = joined(given, co_living_count=4)  # lives with somebody else
    assert HOUSEHOLD.when(ELIMINATE, given=elsewhere)


def test_E5_what_is_left_is_for_those_too_who_joined_since() -> None:
    seen = replace(VISIT, income=income(6_000_000, WINDOW, compliant_own_cost_fen=1_000_000))
    given = monitored(PROPOSE, replace(VERIFY_AGAIN, seen=seen), *ENDING[2:-1])
    assert HOUSEHOLD.when(ELIMINATE, given=given)
    assert failing(ELIMINATE, joined(given)) == [Guard.E5]


def test_S7301_who_is_not_above_the_line_for_those_who_joined_is_not_eligible() -> None:
    low = replace(AUTUMN, income=income(5_000_000, WINDOW))
    given = history(*STEPS, REASSESS, replace(REASSESS_AGAIN, seen=low))
    for events, ready in ((given, True), (joined(given), False)):
        seen = outlook(state(events))
        assert seen
        assert seen.ready is ready


def test_E11_the_record_is_of_the_visit_and_not_of_a_later_survey() -> None:
    events = before(ELIMINATE)
    later = replace(SURVEY, assessed_on=date(2024, 10, 29))
    events = [*events, *HOUSEHOLD.when(later, given=events)]
    *_, eliminated = [*events, *HOUSEHOLD.when(ELIMINATE, given=events)]
    assert isinstance(eliminated, RiskEliminated)
    assert eliminated.snapshot.wage_fen == VISIT.income.wage_fen != SURVEY.income.wage_fen


def test_T10_a_verification_recorded_late_rests_on_its_own_visit() -> None:
    """Recorded after a survey of a later day: the visit's income is what was verified."""
    survey = replace(
        SURVEY,
        assessed_on=date(2024, 4, 2),
        income=income(9_000_000, (date(2023, 4, 1), date(2024, 3, 31))),
    )
    way = (STEPS[0], START, survey, *STEPS[2:])
    confirmed = history(*way)[-1]
    assert isinstance(confirmed, MonitoringConfirmed)
    assert confirmed.assessment_id == SEEN.assessment_id


def test_a_survey_that_is_repeated_records_nothing_and_another_with_its_id_is_refused() -> None:
    events = given(SURVEY)
    assert HOUSEHOLD.when(SURVEY, given=events) == []
    with pytest.raises(Refused, match="assessment-exists"):
        HOUSEHOLD.when(replace(SURVEY, income=VISIT.income), given=events)


def test_a_survey_changes_no_status() -> None:
    for events in (history(), history(*STEPS), history(STEPS[0], START, NOT_AT_RISK)):
        after = [*events, *HOUSEHOLD.when(POOR, given=events)]
        assert state(after).stage == state(events).stage
