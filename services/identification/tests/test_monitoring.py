"""What becomes of a confirmed episode: classes, risks, T18–T20, the provincial platform."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest

from contracts.assessments import IncomeAssessed, SafeguardAssessed
from contracts.codes import MonitoredClass, RiskType
from contracts.episodes import RejectionReason
from contracts.monitoring import (
    ClosingReason,
    EntrySubject,
    MonitoringCancelled,
    MonitoringCategoryChanged,
    MonitoringClosed,
    ProvincialPlatformEntryRecorded,
    RecordCorrected,
    RiskFactorAdded,
    RiskFactorResolved,
)
from contracts.stages import Stage
from identification.domain.commands import Command
from identification.domain.household import HOUSEHOLD
from identification.domain.stages import Monitored
from services.identification.tests.ending import (
    ADD,
    CANCEL,
    CHANGE,
    CLOSE,
    CORRECT,
    ELIMINATE,
    ENDING,
    ENTER,
    LATER,
    REASSESS,
    RESOLVE,
    SPRING,
    before,
    income,
    monitored,
)
from services.identification.tests.entries import JOIN, MOVE_OUT
from services.identification.tests.story import (
    POLICY,
    REJECT,
    RISK,
    STEPS,
    history,
    refused,
    state,
    up_to,
)

CONFIRMED = history(*STEPS)
RICH_BUT_ILL = replace(
    REASSESS,
    seen=replace(
        SPRING,
        income=income(
            9_000_000, (date(2023, 4, 1), date(2024, 3, 31)), compliant_own_cost_fen=1_200_000
        ),
    ),
)


def test_a_monitored_household_is_assessed_anew_at_home() -> None:
    assessed, seen = HOUSEHOLD.when(REASSESS, given=CONFIRMED)
    assert isinstance(assessed, IncomeAssessed)
    assert isinstance(seen, SafeguardAssessed)
    assert assessed.assessed_on == SPRING.on
    assert HOUSEHOLD.when(REASSESS, given=[*CONFIRMED, assessed, seen]) == []
    away = replace(REASSESS, in_person_at_home=False)
    assert refused(away, CONFIRMED).code == "home-visit-needed"
    early = replace(REASSESS, seen=replace(SPRING, on=date(2024, 3, 1)))
    assert refused(early, CONFIRMED).code == "date-before-previous-step"


@pytest.mark.parametrize("command", [REASSESS, CHANGE, ADD, RESOLVE, CANCEL])
def test_what_changes_an_episode_needs_one_that_is_confirmed(command: Command) -> None:
    for given in (history(), history(RISK), before(ELIMINATE)):
        assert refused(command, given).code == "step-out-of-order"


def test_the_class_follows_a_new_assessment_and_the_invariants_of_T10() -> None:
    given = history(*STEPS, RICH_BUT_ILL)
    (event,) = HOUSEHOLD.when(CHANGE, given=given)
    assert isinstance(event, MonitoringCategoryChanged)
    assert (event.old, event.new) == (
        MonitoredClass.UNSTABLE_FORMERLY_POOR,
        MonitoredClass.SUDDEN_HARDSHIP,
    )
    household = state([*given, event])
    assert isinstance(household.case, Monitored)
    assert household.case.monitored_class is MonitoredClass.SUDDEN_HARDSHIP
    assert HOUSEHOLD.when(CHANGE, given=[*given, event]) == []


def test_a_class_that_does_not_fit_the_assessment_is_refused() -> None:
    assert refused(CHANGE, CONFIRMED).code == "class-does-not-fit"
    marginal = replace(CHANGE, monitored_class=MonitoredClass.MARGINAL)
    assert refused(marginal, history(*STEPS, RICH_BUT_ILL)).code == "class-does-not-fit"
    assert refused(CHANGE, history(*STEPS, REASSESS)).details["expected"] == "NONE"


def test_a_class_follows_one_line_although_another_holds_by_now() -> None:
    """Above its own line in what is disposable and in the reference: what the line became since is not mixed in."""
    seen = replace(RICH_BUT_ILL.seen, income=income(4_600_000, WINDOW))
    given = history(*STEPS, replace(RICH_BUT_ILL, seen=seen))
    raised = replace(CHANGE, policy=replace(POLICY, income_line_fen=1_140_000))
    assert refused(raised, given).details["expected"] == "NONE"


def test_T10_a_sharp_fall_of_income_is_sudden_hardship_although_it_is_above_the_line() -> None:
    fell = replace(RICH_BUT_ILL.seen, income=income(7_000_000, WINDOW))
    for before_fen, fits in ((10_000_000, True), (9_999_999, False)):
        seen = replace(fell, previous_disposable_fen=before_fen)
        given = history(*STEPS, replace(REASSESS, seen=seen))
        if fits:
            assert HOUSEHOLD.when(CHANGE, given=given)
        else:
            assert refused(CHANGE, given).code == "class-does-not-fit"
    assert not POLICY.fell(-10_000_000, -7_100_000)  # a smaller loss is no fall


WINDOW = (date(2023, 4, 1), date(2024, 3, 31))


def test_risks_are_added_and_resolved_one_by_one() -> None:
    (added,) = HOUSEHOLD.when(ADD, given=CONFIRMED)
    assert isinstance(added, RiskFactorAdded)
    assert added.risk_types == [RiskType.ILLNESS, RiskType.SCHOOLING]
    given = [*CONFIRMED, added]
    assert HOUSEHOLD.when(ADD, given=given) == []
    (resolved,) = HOUSEHOLD.when(RESOLVE, given=given)
    assert isinstance(resolved, RiskFactorResolved)
    assert resolved.risk_types == [RiskType.ILLNESS]
    household = state([*given, resolved])
    assert isinstance(household.case, Monitored)
    assert household.case.risks == (RiskType.ILLNESS,)


def test_the_last_risk_goes_with_the_elimination() -> None:
    last = replace(RESOLVE, risk_type=RiskType.ILLNESS)
    assert refused(last, CONFIRMED).code == "last-risk"
    assert refused(RESOLVE, CONFIRMED).code == "risk-not-recorded"
    bare = replace(RESOLVE, by_measure_ids=())
    assert refused(bare, history(*STEPS, ADD)).code == "measures-needed"


def test_at_most_five_risks() -> None:
    some = (RiskType.DISABILITY, RiskType.SCHOOLING, RiskType.ACCIDENT, RiskType.LACK_OF_LABOUR)
    others = [replace(ADD, risk_type=risk) for risk in some]
    given = history(*STEPS, *others)
    sixth = replace(ADD, risk_type=RiskType.OTHER)
    refusal = refused(sixth, given)
    assert (refusal.code, refusal.details["named"]) == ("one-to-five-risks", 6)


def test_a_risk_that_answers_a_clue_leaves_it_looked_at() -> None:
    clue = replace(
        RISK,
        clue_id=UUID(int=81),
        risk_types=(RiskType.SCHOOLING,),
        discovered_on=date(2024, 4, 18),
    )
    given = history(*STEPS, clue)
    answer = replace(ADD, clue_id=clue.clue_id)
    recorded = history(*STEPS, clue, ADD)  # on its own: nobody said that it answers the clue
    for known in (given, recorded):
        assert [one.clue_id for one in state(known).unhandled] == [clue.clue_id]
        assert state([*known, *HOUSEHOLD.when(answer, given=known)]).unhandled == ()
    other = replace(answer, risk_type=RiskType.ACCIDENT)
    assert refused(other, given).code == "clue-names-another-risk"
    unknown = replace(answer, clue_id=UUID(int=82))
    assert refused(unknown, given).code == "clue-not-open"


def test_E6_a_clue_of_two_risks_waits_until_both_are_recorded_or_it_is_rejected() -> None:
    both = (RiskType.SCHOOLING, RiskType.ACCIDENT)
    clue = replace(RISK, clue_id=UUID(int=81), risk_types=both, discovered_on=date(2024, 4, 18))
    first = replace(ADD, clue_id=clue.clue_id)
    given = history(*STEPS, clue, first)
    assert [one.clue_id for one in state(given).unhandled] == [clue.clue_id]
    assert HOUSEHOLD.when(first, given=given) == []
    second = replace(first, risk_type=RiskType.ACCIDENT)
    assert state([*given, *HOUSEHOLD.when(second, given=given)]).unhandled == ()
    day = date(2024, 4, 22)
    false = replace(REJECT, reason_code=RejectionReason.FALSE_CLUE, clue_id=clue.clue_id)
    rejected = replace(false, family_told_on=day, rejected_on=day)
    assert state([*given, *HOUSEHOLD.when(rejected, given=given)]).unhandled == ()


def test_E6_a_clue_that_joins_after_the_verification_waits_to_be_looked_at() -> None:
    """The county confirmed what was verified; another risk is not among it."""
    clue = replace(RISK, clue_id=UUID(int=81), risk_types=(RiskType.SCHOOLING,))
    late = history(*STEPS[:4], clue, *STEPS[4:])
    assert [one.clue_id for one in state(late).unhandled] == [clue.clue_id]
    in_time = history(*STEPS[:2], clue, *STEPS[2:])
    found = replace(clue, risk_types=(RiskType.ILLNESS,), rule_id="SERIOUS-ILLNESS")
    answered = history(*STEPS[:4], found, *STEPS[4:])
    line = replace(clue, risk_types=(RiskType.LOW_INCOME,), rule_id="INCOME-LINE")
    by_class = history(*STEPS[:4], line, *STEPS[4:])
    for given in (in_time, answered, by_class):
        assert state(given).unhandled == ()


def test_a_risk_is_not_resolved_before_the_day_on_which_it_was_added() -> None:
    given = history(*STEPS, ADD)
    early = replace(RESOLVE, resolved_on=ADD.added_on - timedelta(days=1))
    refusal = refused(early, given)
    assert (refusal.code, refusal.details["added_on"]) == ("resolved-before-added", ADD.added_on)
    assert HOUSEHOLD.when(replace(RESOLVE, resolved_on=ADD.added_on), given=given)
    solved = [*given, *HOUSEHOLD.when(RESOLVE, given=given)]
    later = replace(ADD, added_on=RESOLVE.resolved_on)
    again = [*solved, *HOUSEHOLD.when(later, given=solved)]
    assert (
        refused(replace(RESOLVE, resolved_on=ADD.added_on), again).code == "resolved-before-added"
    )


def test_T18_an_identification_in_error_is_cancelled_and_its_history_stays() -> None:
    (event,) = HOUSEHOLD.when(CANCEL, given=CONFIRMED)
    assert isinstance(event, MonitoringCancelled)
    household = state([*CONFIRMED, event])
    assert household.stage is Stage.NONE
    assert household.ended is not None
    assert household.ended.outcome == "CANCELLED"
    assert household.episodes == 1
    short = replace(CANCEL, reason="错了")
    assert refused(short, CONFIRMED).code == "reason-too-short"


@pytest.mark.parametrize("given", [history(RISK), up_to(STEPS[6]), CONFIRMED, before(ELIMINATE)])
def test_T19_a_case_is_closed_at_any_stage(given: list[object]) -> None:
    (event,) = HOUSEHOLD.when(replace(CLOSE, closed_on=LATER), given=given)  # type: ignore[arg-type]
    assert isinstance(event, MonitoringClosed)
    household = state([*given, event])  # type: ignore[list-item]
    assert household.case is None
    assert household.ended is not None
    assert household.ended.outcome == "URBANISED"


def test_T19_what_the_register_says_is_not_said_twice() -> None:
    gone = replace(CLOSE, reason=ClosingReason.MOVED_OUT)
    assert refused(gone, CONFIRMED).code == "close-through-register"
    assert refused(CLOSE, history()).code == "step-out-of-order"


@pytest.mark.parametrize(
    ("command", "reason"), [(JOIN, ClosingReason.MERGED), (MOVE_OUT, ClosingReason.MOVED_OUT)]
)
def test_T19_who_leaves_the_register_is_no_longer_monitored(
    command: Command, reason: ClosingReason
) -> None:
    closed = HOUSEHOLD.when(command, given=CONFIRMED)[0]
    assert isinstance(closed, MonitoringClosed)
    assert (closed.reason, closed.episode_id) == (reason, UUID(int=6))
    assert not any(
        isinstance(e, MonitoringClosed) for e in HOUSEHOLD.when(command, given=history())
    )


def test_T20_a_correction_names_what_it_corrects_and_the_event_stays() -> None:
    for given in (history(), CONFIRMED, history(*STEPS, MOVE_OUT)):
        (event,) = HOUSEHOLD.when(CORRECT, given=given)
        assert isinstance(event, RecordCorrected)
        assert (event.requested_by, event.approved_by) == ("village", "town")
        assert state([*given, event]).stage is state(given).stage
        assert HOUSEHOLD.when(CORRECT, given=[*given, event]) == []


def test_T20_a_field_is_corrected_again_from_the_value_that_it_has_since() -> None:
    given = history(CORRECT)
    again = replace(CORRECT, new_value="22")
    assert refused(again, given).code == "correction-does-not-fit"
    assert HOUSEHOLD.when(replace(again, old_value="21"), given=given)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"by": "village"}, "separation-of-duties"),
        ({"reason": "漏登"}, "reason-too-short"),
        ({"new_value": "20"}, "nothing-to-correct"),
        ({"new_value": '"13800000000"'}, "personal-data-in-text"),
        ({"effective_on": LATER + timedelta(days=1)}, "date-in-future"),
    ],
)
def test_T20_guards(change: dict[str, Any], code: str) -> None:
    assert refused(replace(CORRECT, **change), CONFIRMED).code == code


@pytest.mark.parametrize("path", ["/due_on", "/propose_by"])
def test_T20_a_deadline_is_not_corrected(path: str) -> None:
    """One of two readers would go on by the old day."""
    other = replace(CORRECT, path=path, old_value='"2024-03-16"', new_value='"2024-03-30"')
    moved = replace(other, recorded_value=other.old_value, corrected_type="RiskDetected")
    assert refused(moved, CONFIRMED).code == "deadline-follows"


@pytest.mark.parametrize("path", ["/late", "/elapsed_days", "/passed", "/guard_results/0/ok"])
def test_T20_what_a_step_came_to_is_not_corrected(path: str) -> None:
    assert refused(replace(CORRECT, path=path), CONFIRMED).code == "field-follows"


@pytest.mark.parametrize(("days", "late"), [(5, False), (6, True)])
def test_S8401_a_decision_is_entered_on_the_provincial_platform_within_five_days(
    days: int, late: bool
) -> None:
    entered = replace(ENTER, entered_on=date(2024, 3, 16) + timedelta(days=days))
    (event,) = HOUSEHOLD.when(entered, given=CONFIRMED)
    assert isinstance(event, ProvincialPlatformEntryRecorded)
    assert (event.days, event.late) == (days, late)


def test_each_decision_is_entered_once_and_after_it_was_taken() -> None:
    assert refused(ENTER, up_to(STEPS[-1])).code == "nothing-decided"
    change = replace(ENTER, subject=EntrySubject.CHANGE, entered_on=date(2024, 4, 22))
    assert refused(change, CONFIRMED).code == "nothing-decided"
    assert HOUSEHOLD.when(change, given=history(*STEPS, ADD))
    given = [*CONFIRMED, *HOUSEHOLD.when(ENTER, given=CONFIRMED)]
    assert HOUSEHOLD.when(ENTER, given=given) == []
    assert refused(replace(ENTER, platform_no="GD-0002"), given).code == "entered-already"
    early = replace(ENTER, entered_on=date(2024, 3, 15))
    assert refused(early, CONFIRMED).code == "date-before-previous-step"
    ended = replace(ENTER, subject=EntrySubject.ELIMINATE, entered_on=date(2024, 11, 2))
    assert HOUSEHOLD.when(ended, given=monitored(*ENDING))
