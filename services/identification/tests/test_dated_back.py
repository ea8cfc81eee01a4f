"""Whatever is dated back: on its day the step was possible, and what it rests on was there."""

from dataclasses import replace
from datetime import date, timedelta
from uuid import UUID

from contracts.codes import RiskType
from contracts.eliminations import Guard, MeasureCategory
from contracts.episodes import RejectionReason
from contracts.households import HouseholdSplit
from contracts.monitoring import MonitoringClosed
from identification.domain.commands import StartVerification
from identification.domain.household import HOUSEHOLD
from services.identification.tests.ending import (
    ADD,
    ALLOW,
    AUTUMN,
    CANCEL,
    CHANGE,
    CLOSE,
    ELIMINATE,
    ENDING,
    LATER,
    MEASURE,
    PROPOSE,
    REASSESS,
    REASSESS_AGAIN,
    RESOLVE,
    REVOKE,
    SURVEY,
    monitored,
)
from services.identification.tests.entries import ASSESS, JOIN, MOVE_OUT, SPLIT
from services.identification.tests.story import (
    APPROVE,
    CONFIRM,
    NOT_AT_RISK,
    REGISTERED,
    REJECT,
    RISK,
    START,
    STEPS,
    history,
    refused,
    state,
)
from services.identification.tests.test_inquiries import DISMISSED, OBJECT, REFUSE, SIGN, UPHELD
from services.identification.tests.test_late_entries import too_early
from services.identification.tests.test_monitoring import RICH_BUT_ILL
from services.identification.tests.test_outcomes import FALSE, SECOND, WITHDRAW

ELIMINATED_ON = date(2024, 10, 30)
SCHOOLED = replace(MEASURE, risk_type=RiskType.SCHOOLING, category=MeasureCategory.OTHER_EDUCATION)
BOTH = replace(PROPOSE, measures=(MEASURE, SCHOOLED))
AFTER = replace(
    RISK,
    clue_id=UUID(int=801),
    risk_types=(RiskType.ACCIDENT,),
    rule_id="ACCIDENT",
    discovered_on=date(2024, 10, 1),
    today=LATER,
)


def sent_on(day: date) -> StartVerification:
    return replace(START, started_on=day, today=LATER)


def test_T17_a_new_case_does_not_begin_while_the_episode_before_it_was_monitored() -> None:
    """Found on 1 October, recorded when the risk was eliminated on the 30th: two episodes at a time."""
    given = monitored(*ENDING, AFTER)
    assert too_early(sent_on(date(2024, 10, 2)), given) == ELIMINATED_ON
    assert HOUSEHOLD.when(sent_on(ELIMINATED_ON), given=given)


def test_T2_nor_while_the_case_before_it_was_under_way() -> None:
    clue = replace(RISK, clue_id=UUID(int=802), risk_types=(RiskType.ACCIDENT,))
    given = history(RISK, START, FALSE, clue)
    for step in (START, SIGN, replace(REFUSE, refused_on=date(2024, 3, 2))):
        assert too_early(step, given) == REJECT.rejected_on


def test_T16_an_elimination_is_not_taken_back_while_another_case_was_open() -> None:
    turned_down = replace(
        REJECT,
        reason_code=RejectionReason.FALSE_CLUE,
        family_told_on=date(2024, 11, 20),
        rejected_on=date(2024, 11, 20),
        today=LATER,
    )
    given = monitored(*ENDING, AFTER, sent_on(date(2024, 11, 5)), turned_down)
    assert too_early(replace(REVOKE, revoked_on=date(2024, 11, 15)), given) == date(2024, 11, 20)
    assert HOUSEHOLD.when(REVOKE, given=given)


def test_E6_no_elimination_passes_over_a_clue_that_was_open_on_its_day() -> None:
    """Found on the 5th and rejected on the 25th: dated to the 15th, the proposal would pass."""
    clue = replace(AFTER, discovered_on=date(2024, 10, 5))
    told = date(2024, 10, 25)
    rejected = replace(
        FALSE, clue_id=clue.clue_id, family_told_on=told, rejected_on=told, today=LATER
    )
    taken_back = replace(WITHDRAW, clue_id=clue.clue_id, withdrawn_on=told, today=LATER)
    answered = replace(ADD, risk_type=RiskType.ACCIDENT, clue_id=clue.clue_id, added_on=told)
    assert too_early(PROPOSE, monitored(clue, answered)) == told
    for looked_at in (rejected, taken_back):
        refusal = refused(PROPOSE, monitored(clue, looked_at))
        assert "线索于2024-10-25才处理" in str(refusal.details["failing_zh"])
    assert HOUSEHOLD.when(replace(PROPOSE, proposed_on=told), given=monitored(clue, rejected))
    before = replace(clue, discovered_on=date(2024, 10, 16))
    assert HOUSEHOLD.when(PROPOSE, given=monitored(before, rejected)), "it was not yet found"


def test_E7_what_the_county_allows_holds_from_its_day_on() -> None:
    lost = [
        replace(ASSESS, person_id=m.person_id, assessed_on=date(2024, 10, 29), today=LATER)
        for m in REGISTERED.members
    ]
    allowed = replace(ALLOW, granted_on=date(2024, 11, 5))
    given = monitored(*ENDING[:-1], *lost, allowed)
    assert refused(ELIMINATE, given).details["failing"] == [Guard.E7]
    assert HOUSEHOLD.when(replace(ELIMINATE, eliminated_on=date(2024, 11, 5)), given=given)


def test_E7_no_letter_from_before_an_elimination_was_taken_back_allows_another() -> None:
    lost = [
        replace(ASSESS, person_id=m.person_id, assessed_on=REVOKE.revoked_on, today=LATER)
        for m in REGISTERED.members
    ]
    assert too_early(ALLOW, monitored(*ENDING, REVOKE, *lost)) == REVOKE.revoked_on


def test_T13_an_elimination_is_not_proposed_before_the_assessments_that_it_rests_on() -> None:
    early = replace(PROPOSE, proposed_on=AUTUMN.on - timedelta(days=1))
    assert too_early(early, monitored()) == AUTUMN.on
    surveyed = replace(SURVEY, assessed_on=date(2024, 10, 16))
    assert too_early(PROPOSE, monitored(surveyed)) == surveyed.assessed_on


def test_T3_E6_a_visit_that_is_recorded_late_has_not_looked_at_what_was_found_after_it() -> None:
    """Visited on the 4th, entered when a second risk of the 20th had joined."""
    found = replace(SECOND, discovered_on=date(2024, 3, 20))
    household = state(history(RISK, START, found, *STEPS[2:]))
    assert [clue.clue_id for clue in household.unhandled] == [found.clue_id]
    refusal = refused(REJECT, history(RISK, START, found, NOT_AT_RISK))
    assert refusal.code == "clue-after-verification"
    assert refusal.details["clues"] == [found.clue_id]


def test_T11_T15_an_objection_is_not_upheld_before_the_step_that_it_undoes() -> None:
    """Raised on the 8th and entered late: the publicity was over on the 11th, the town approved on the 13th."""
    raised = history(*STEPS[:7], OBJECT)
    assert too_early(replace(UPHELD, resolved_on=date(2024, 3, 9)), raised) == APPROVE.approved_on
    assert HOUSEHOLD.when(replace(DISMISSED, resolved_on=date(2024, 3, 9)), given=raised)


def test_nothing_of_an_episode_changes_on_a_day_on_which_its_risk_was_eliminated() -> None:
    given = history(*STEPS, ADD, REASSESS, REASSESS_AGAIN, BOTH, *ENDING[1:], REVOKE)
    while_eliminated = date(2024, 11, 10)
    for step in (
        replace(ADD, risk_type=RiskType.ACCIDENT, added_on=while_eliminated),
        replace(RESOLVE, resolved_on=while_eliminated),
        replace(CHANGE, changed_on=while_eliminated),
    ):
        assert too_early(step, given) == REVOKE.revoked_on


def test_T13_T18_an_episode_does_not_end_before_its_risks_last_changed() -> None:
    """Schooling was a risk until 1 June: dated to 1 May, nothing would have answered it (E1)."""
    given = history(*STEPS, REASSESS, ADD, RESOLVE)
    assert too_early(CANCEL, given) == RESOLVE.resolved_on
    assert too_early(CLOSE, given) == RESOLVE.resolved_on
    assert HOUSEHOLD.when(replace(ADD, risk_type=RiskType.ACCIDENT), given=given), "entered late"
    resolved = date(2024, 10, 20)
    given = monitored(ADD, replace(RESOLVE, resolved_on=resolved))
    assert too_early(PROPOSE, given) == resolved
    assert HOUSEHOLD.when(replace(PROPOSE, proposed_on=resolved), given=given)
    changed = history(*STEPS, RICH_BUT_ILL, replace(CHANGE, changed_on=date(2024, 5, 2)))
    assert too_early(CANCEL, changed) == date(2024, 5, 2)


def test_A53_a_split_is_of_a_monitored_household_if_it_was_one_on_its_day() -> None:
    """Recorded when the risk was eliminated on 30 October."""
    for day, told in ((date(2024, 10, 20), True), (ELIMINATED_ON, False)):
        done, *_ = HOUSEHOLD.when(
            replace(SPLIT, effective_on=day, today=LATER), given=monitored(*ENDING)
        )
        assert isinstance(done, HouseholdSplit)
        assert done.monitored is told
        assert (RiskType.ILLNESS in done.risk_types) is told


def test_T19_a_departure_that_is_recorded_late_closes_no_episode_before_it_began() -> None:
    """Moved away on 10 March, and confirmed on the 16th: nobody knew."""
    away = replace(MOVE_OUT, effective_on=date(2024, 3, 10))
    closed, *_ = HOUSEHOLD.when(away, given=history(*STEPS))
    assert isinstance(closed, MonitoringClosed)
    assert closed.closed_on == CONFIRM.confirmed_on
    joined = HOUSEHOLD.when(replace(JOIN, effective_on=date(2024, 3, 10)), given=history(*STEPS))
    assert [e.closed_on for e in joined if isinstance(e, MonitoringClosed)] == [closed.closed_on]
