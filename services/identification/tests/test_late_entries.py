"""What is recorded late, is dated back or is sent again leaves the order of the days as it was."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest

from contracts.codes import HousingGrade
from contracts.eliminations import Guard
from contracts.episodes import RejectionReason, ReviewLevel, WithdrawnBy
from contracts.inquiries import AuthorisationRefused, AuthorisationSigned
from identification.domain.commands import Command, WithdrawClue
from identification.domain.household import HOUSEHOLD
from services.identification.tests.ending import (
    ADD,
    APPROVE_AGAIN,
    CANCEL,
    CHANGE,
    CLOSE,
    COMPLETE_AGAIN,
    ELIMINATE,
    ENDING,
    LATER,
    POST_AGAIN,
    PROPOSE,
    REASSESS,
    REASSESS_AGAIN,
    REJECT_ELIMINATION,
    REVIEW_AGAIN,
    REVOKE,
    SPRING,
    before,
    monitored,
)
from services.identification.tests.story import (
    APPROVE,
    COMPLETE,
    CONFIRM,
    REJECT,
    REVIEW,
    RISK,
    START,
    STEPS,
    TODAY,
    VERIFY,
    history,
    refused,
    state,
)
from services.identification.tests.test_inquiries import (
    ANSWER,
    ASK,
    DISMISSED,
    GRANT,
    OBJECT,
    REFUSE,
    SIGN,
)
from services.identification.tests.test_outcomes import SECOND


def too_early(command: Command, given: list[Any]) -> date:
    """The earliest day that would do, of a step that is refused for its day."""
    refusal = refused(command, given)
    assert refusal.code == "date-before-previous-step"
    earliest = refusal.details["earliest"]
    assert isinstance(earliest, date)
    return earliest


def test_T5_a_letter_signed_before_the_refusal_does_not_undo_it() -> None:
    given = history(RISK, START, REFUSE)
    assert too_early(SIGN, given) == REFUSE.refused_on
    again = history(RISK, START, REFUSE, replace(SIGN, signed_on=REFUSE.refused_on))
    assert isinstance(state(again).opened.consent, AuthorisationSigned)


def test_T5_a_refusal_before_the_letter_does_not_undo_it() -> None:
    given = history(RISK, START, replace(SIGN, signed_on=date(2024, 3, 5)))
    assert too_early(REFUSE, given) == date(2024, 3, 5)
    taken_back = history(RISK, START, SIGN, REFUSE)
    assert isinstance(state(taken_back).opened.consent, AuthorisationRefused)


def test_T6_a_comparison_that_was_answered_is_not_asked_for_again() -> None:
    assert HOUSEHOLD.when(ASK, given=history(RISK, SIGN, ASK, ANSWER)) == []


def test_T6_no_decision_is_dated_to_a_day_on_which_a_comparison_was_under_way() -> None:
    """Asked for on the 3rd, answered on the 7th: the village of the 5th had no findings on its table."""
    answer = replace(ANSWER, completed_on=date(2024, 3, 7))
    assert too_early(REVIEW, history(RISK, START, SIGN, ASK, VERIFY, answer)) == date(2024, 3, 7)
    over = (RISK, START, SIGN, *STEPS[2:6])
    ask = replace(ASK, requested_on=date(2024, 3, 12))
    answer = replace(ANSWER, completed_on=date(2024, 3, 17))
    assert too_early(APPROVE, history(*over, ask, answer)) == date(2024, 3, 17)
    assert too_early(CONFIRM, history(*over, APPROVE, ask, answer)) == date(2024, 3, 17)


def test_an_objection_that_was_answered_is_not_raised_again() -> None:
    assert HOUSEHOLD.when(OBJECT, given=history(*STEPS[:5], OBJECT, DISMISSED)) == []


def test_T12_help_that_was_recorded_is_not_recorded_again_after_its_case() -> None:
    reject = replace(REJECT, reason_code=RejectionReason.FALSE_CLUE)
    assert HOUSEHOLD.when(GRANT, given=history(RISK, START, GRANT, reject)) == []
    assert HOUSEHOLD.when(GRANT, given=history(RISK, START, GRANT, *STEPS[2:])) == []


def test_E4_an_older_survey_that_is_recorded_later_does_not_replace_the_newer() -> None:
    unsafe = replace(
        REASSESS_AGAIN, seen=replace(REASSESS_AGAIN.seen, housing_grade=HousingGrade.D)
    )
    given = history(*STEPS, unsafe, REASSESS)
    safeguards = state(given).safeguards
    assert safeguards
    assert (safeguards.assessed_on, safeguards.housing_grade) == (unsafe.seen.on, HousingGrade.D)
    same_day = replace(REASSESS, seen=replace(unsafe.seen, assessment_id=UUID(int=69)))
    last_word = replace(same_day, seen=replace(same_day.seen, housing_grade=HousingGrade.A))
    seen = state(history(*STEPS, unsafe, last_word)).safeguards
    assert seen
    assert seen.housing_grade is HousingGrade.A


def test_T13_is_not_proposed_before_the_day_on_which_it_was_turned_down_or_taken_back() -> None:
    no = replace(REJECT_ELIMINATION, level=ReviewLevel.COUNTY)
    turned_down = monitored(*ENDING[:-1], no)
    assert too_early(PROPOSE, turned_down) == REJECT_ELIMINATION.rejected_on
    taken_back = monitored(*ENDING, REVOKE)
    for step in (
        replace(PROPOSE, proposed_on=date(2024, 11, 10)),
        replace(CANCEL, cancelled_on=date(2024, 11, 10)),
        replace(CLOSE, closed_on=date(2024, 11, 10)),
    ):
        assert too_early(step, taken_back) == REVOKE.revoked_on


def test_T19_is_not_closed_by_hand_before_the_confirmation() -> None:
    early = replace(CLOSE, closed_on=CONFIRM.confirmed_on - timedelta(days=1))
    assert too_early(early, monitored()) == CONFIRM.confirmed_on


@pytest.mark.parametrize(
    ("step", "earliest"),
    [
        (REVIEW_AGAIN, date(2024, 10, 18)),
        (POST_AGAIN, date(2024, 10, 20)),
        (COMPLETE_AGAIN, date(2024, 10, 21)),
        (APPROVE_AGAIN, date(2024, 10, 26)),
    ],
)
def test_T15_is_not_dated_before_the_step_that_it_ends(step: Command, earliest: date) -> None:
    day_before = replace(REJECT_ELIMINATION, rejected_on=earliest - timedelta(days=1))
    assert too_early(day_before, before(step)) == earliest


def test_T4_a_clue_is_not_taken_back_before_the_step_that_was_taken() -> None:
    withdraw = WithdrawClue(
        clue_id=RISK.clue_id,
        withdrawn_by=WithdrawnBy.HOUSEHOLD,
        reason="农户说明系误报,收入没有变化",
        withdrawn_on=date(2024, 3, 2),
        today=TODAY,
    )
    assert too_early(withdraw, history(RISK, START, VERIFY)) == date(2024, 3, 4)
    assert HOUSEHOLD.when(withdraw, given=history(RISK, START))


def test_T9_T10_no_decision_is_dated_to_a_day_on_which_an_objection_was_open() -> None:
    """Raised on the 8th, answered on the 12th: dated back, the county would be in time."""
    given = history(*STEPS[:5], OBJECT, DISMISSED)
    assert too_early(COMPLETE, given) == DISMISSED.resolved_on
    late = replace(DISMISSED, resolved_on=date(2024, 3, 20))
    raised = replace(OBJECT, raised_on=date(2024, 3, 14))
    given = history(*STEPS[:7], raised, late)
    assert too_early(CONFIRM, given) == date(2024, 3, 20)
    raised = replace(OBJECT, raised_on=date(2024, 3, 12))
    given = history(*STEPS[:6], raised, replace(late, resolved_on=date(2024, 3, 14)))
    assert too_early(APPROVE, given) == date(2024, 3, 14)
    on_the_day = history(*STEPS[:7], replace(OBJECT, raised_on=CONFIRM.confirmed_on), late)
    assert too_early(CONFIRM, on_the_day) == date(2024, 3, 20)
    sooner = replace(OBJECT, objection_id=UUID(int=99), raised_on=date(2024, 3, 14))
    answered = replace(DISMISSED, objection_id=UUID(int=99), resolved_on=date(2024, 3, 19))
    both = history(*STEPS[:7], raised, sooner, late, answered)
    assert too_early(CONFIRM, both) == date(2024, 3, 20), "the last of them was answered"
    between = history(*STEPS[:5], replace(OBJECT, raised_on=date(2024, 3, 12)), late)
    assert HOUSEHOLD.when(COMPLETE, given=between), "it was over before somebody objected"


def test_E10_nor_is_an_elimination() -> None:
    raised = replace(OBJECT, raised_on=date(2024, 10, 29), today=LATER)
    answered = replace(DISMISSED, resolved_on=date(2024, 11, 2), today=LATER)
    given = monitored(*ENDING[:-1], raised, answered)
    refusal = refused(ELIMINATE, given)
    assert refusal.details["failing"] == [Guard.E10]
    assert "2024-11-02" in str(refusal.details["failing_zh"])
    assert HOUSEHOLD.when(replace(ELIMINATE, eliminated_on=date(2024, 11, 2)), given=given)


def test_E6_a_risk_does_not_answer_a_clue_before_it_was_found() -> None:
    clue = replace(SECOND, discovered_on=date(2024, 4, 25))
    answer = replace(ADD, clue_id=clue.clue_id, added_on=date(2024, 4, 20))
    assert too_early(answer, history(*STEPS, clue)) == clue.discovered_on


def test_a_class_is_not_changed_before_the_assessment_that_it_follows() -> None:
    early = replace(CHANGE, changed_on=SPRING.on - timedelta(days=1))
    assert too_early(early, history(*STEPS, REASSESS)) == SPRING.on
