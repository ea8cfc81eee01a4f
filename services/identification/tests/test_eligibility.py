"""S7.3-01: who meets the guards is detected at the end of a day, and to be proposed in thirty days."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from contracts.codes import HousingGrade, RiskType
from contracts.deadlines import (
    EliminationEligibilityDetected,
    EliminationEligibilityLapsed,
    EliminationProposalOverdue,
)
from contracts.eliminations import EliminationProposed, Guard
from contracts.identification import HouseholdEvent
from contracts.monitoring import MonitoringCancelled, MonitoringClosed
from identification.domain.commands import Command
from identification.domain.days import CloseBusinessDay
from identification.domain.eligibility import EligibilityEvent
from identification.domain.household import HOUSEHOLD
from identification.domain.obligations import ObligationEvent
from services.identification.tests.ending import (
    ALLOW,
    AUTUMN,
    CANCEL,
    CLOSE,
    ENDING,
    LATER,
    PROPOSE,
    REASSESS,
    REASSESS_AGAIN,
    REJECT_ELIMINATION,
    REVOKE,
    SURVEY,
    income,
    monitored,
)
from services.identification.tests.entries import JOIN
from services.identification.tests.story import POLICY, RISK, STEPS, history, state
from services.identification.tests.test_elimination_guards import without_labour

# Assessed above the line on 10 April and 12 October: six months lie between.
BEFORE, DAY = date(2024, 10, 8), date(2024, 10, 12)
WINDOW = (date(2023, 10, 1), date(2024, 9, 30))


def closed(day: date, given: list[HouseholdEvent], **change: Any) -> list[HouseholdEvent]:
    """What the end of a day says of the household, but for what is owed elsewhere (S8.4-01)."""
    policy = replace(POLICY, **change)
    said = HOUSEHOLD.when(CloseBusinessDay(day=day, policy=policy), given=given)
    return [event for event in said if not isinstance(event, ObligationEvent)]


def detected(*commands: Command) -> list[HouseholdEvent]:
    """Eligible since the morning of 13 October, then what these commands lead to."""
    events = monitored()
    events += closed(DAY, events)
    for command in commands:
        events += HOUSEHOLD.when(command, given=events)
    return events


def test_S7301_who_meets_the_guards_is_detected_and_to_be_proposed_in_thirty_days() -> None:
    (event,) = closed(DAY, monitored())
    assert isinstance(event, EliminationEligibilityDetected)
    assert (event.detected_on, event.propose_by) == (date(2024, 10, 13), date(2024, 11, 12))
    assert event.guards_passed == list(Guard)[1:8]
    (soon,) = closed(DAY, monitored(), elimination_propose_days=10)
    assert isinstance(soon, EliminationEligibilityDetected)
    assert soon.propose_by == date(2024, 10, 23)


def test_S7301_each_guard_that_can_be_judged_keeps_a_household_from_being_detected() -> None:
    clue = replace(RISK, clue_id=UUID(int=81), risk_types=(RiskType.ACCIDENT,), today=LATER)
    poor = income(4_320_000, WINDOW)
    spent = income(5_000_000, WINDOW, compliant_own_cost_fen=1_000_000)
    for given in (
        history(*STEPS, REASSESS, replace(REASSESS_AGAIN, seen=replace(AUTUMN, income=poor))),
        history(*STEPS, REASSESS_AGAIN),
        monitored(replace(REASSESS_AGAIN, seen=_seen(housing_grade=HousingGrade.C))),
        history(*STEPS, REASSESS, replace(REASSESS_AGAIN, seen=replace(AUTUMN, income=spent))),
        monitored(replace(clue, discovered_on=date(2024, 10, 1))),
        without_labour(),
    ):
        assert closed(DAY, given) == []
    allowed = replace(ALLOW, granted_on=DAY)
    assert closed(DAY, without_labour(allowed)), "the county let it be proposed (E7)"
    assert closed(DAY, monitored(), elimination_months_after=8) == [], "E8: not before November"


def _seen(**change: Any) -> Any:
    return replace(AUTUMN, assessment_id=UUID(int=66), **change)


def test_S7301_who_is_not_monitored_is_not_eligible() -> None:
    undecided = history(*STEPS[:-1], replace(SURVEY, income=income(9_000_000, WINDOW)))
    assert not any(isinstance(e, EligibilityEvent) for e in closed(DAY, undecided))
    assert closed(DAY, monitored(PROPOSE)) == []
    assert closed(LATER, monitored(*ENDING)) == []


def test_S7301_it_is_said_once_that_a_household_is_eligible_and_once_that_it_is_late() -> None:
    given = monitored()
    for day in range(60):
        given += closed(DAY + timedelta(days=day), given)
        assert closed(DAY + timedelta(days=day), given) == []
    found, late = given[len(monitored()) :]
    assert isinstance(found, EliminationEligibilityDetected)
    assert isinstance(late, EliminationProposalOverdue)
    on_the_last_day = closed(date(2024, 11, 11), detected())
    assert on_the_last_day == [], "the last day of the thirty is in time"
    (missed,) = closed(date(2024, 11, 12), detected())
    assert isinstance(missed, EliminationProposalOverdue)


def test_S7301_a_proposal_ends_it() -> None:
    given = detected(PROPOSE)
    assert isinstance(given[-1], EliminationProposed)
    assert state(given).eligibility.detected is None
    assert closed(date(2024, 12, 31), given) == []


def test_S7301_a_household_that_fails_a_guard_again_need_not_be_proposed() -> None:
    poor = replace(SURVEY, assessed_on=date(2024, 10, 20), income=income(1, WINDOW))
    given = detected(poor)
    (event,) = closed(date(2024, 10, 20), given)
    assert isinstance(event, EliminationEligibilityLapsed)
    assert (event.failing, event.lapsed_on) == ([Guard.E2, Guard.E3], date(2024, 10, 21))
    given.append(event)
    assert closed(date(2024, 10, 21), given) == []


def test_S7301_a_day_before_the_detection_that_is_closed_again_changes_nothing() -> None:
    assert closed(date(2024, 4, 15), detected()) == [], "E8 did not hold then"
    assert closed(BEFORE, monitored()) == [], "nor was it seen in autumn yet"


def test_T15_T16_who_was_turned_down_is_detected_again_after_a_new_assessment_only() -> None:
    rejected = detected(PROPOSE, replace(REJECT_ELIMINATION, rejected_on=date(2024, 10, 20)))
    revoked = monitored(*ENDING, REVOKE)
    for given in (rejected, revoked):
        assert closed(LATER, given) == []
        assert closed(LATER, [*given, *HOUSEHOLD.when(SURVEY, given=given)])


def test_T18_T19_what_is_no_longer_monitored_need_not_be_proposed() -> None:
    on = date(2024, 10, 25)
    for command, last in (
        (replace(CANCEL, cancelled_on=on), MonitoringCancelled),
        (replace(CLOSE, closed_on=on), MonitoringClosed),
        (replace(JOIN, effective_on=on), MonitoringClosed),
    ):
        told = HOUSEHOLD.when(command, given=detected())
        lapsed = next(e for e in told if isinstance(e, EliminationEligibilityLapsed))
        assert (lapsed.failing, lapsed.lapsed_on) == ([], on)
        assert any(isinstance(e, last) for e in told)
        assert not any(
            isinstance(e, EliminationEligibilityLapsed)
            for e in HOUSEHOLD.when(command, given=monitored())
        )
