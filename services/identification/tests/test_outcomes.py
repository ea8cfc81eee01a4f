"""T4 and T11: a case ends without monitoring, or goes back to be verified again."""

from dataclasses import replace
from datetime import date
from typing import Any
from uuid import UUID

import pytest

from common.problems import Problem, body
from contracts.codes import Channel, DeclarationMedium, RiskType
from contracts.episodes import (
    ClueRejected,
    ClueWithdrawn,
    HouseholdFoundNotAtRisk,
    RejectionReason,
    ReviewLevel,
    ReviewReturned,
    RiskDetected,
    WithdrawnBy,
)
from contracts.evidence import CluesLeft
from contracts.identification import HouseholdEvent
from contracts.monitoring import ClosingReason, EntrySubject
from contracts.stages import Stage
from identification.domain.commands import Command, RejectClue, ReturnReview, WithdrawClue
from identification.domain.household import HOUSEHOLD
from identification.refusals import REFUSALS
from services.identification.tests.ending import CLOSE, ENTER
from services.identification.tests.story import (
    APPROVE,
    COMPLETE,
    CONFIRM,
    NOT_AT_RISK,
    POST,
    REJECT,
    REVIEW,
    RISK,
    SEEN,
    START,
    STEPS,
    TODAY,
    VERIFY,
    history,
    refused,
    state,
    up_to,
)

FOUND = history(RISK, START, NOT_AT_RISK)
FALSE = replace(REJECT, reason_code=RejectionReason.FALSE_CLUE)
WITHDRAW = WithdrawClue(
    clue_id=RISK.clue_id,
    withdrawn_by=WithdrawnBy.HOUSEHOLD,
    reason="农户来镇撤回本次申报,无需帮扶",
    withdrawn_on=date(2024, 3, 5),
    today=TODAY,
)
RETURN = ReturnReview(
    level=ReviewLevel.TOWN,
    reason="收入核算缺少经营支出凭证,请补充",
    returned_on=date(2024, 3, 12),
    by="town",
    today=TODAY,
)
SECOND = replace(
    RISK, clue_id=UUID(int=9), risk_types=(RiskType.SCHOOLING,), discovered_on=date(2024, 3, 2)
)


def test_T3_a_household_that_no_class_fits_is_found_not_at_risk() -> None:
    *_, found = HOUSEHOLD.when(NOT_AT_RISK, given=up_to(VERIFY))
    assert isinstance(found, HouseholdFoundNotAtRisk)
    assert state(FOUND).stage is Stage.NOT_AT_RISK


def test_T4_the_town_rejects_what_was_found_not_at_risk_and_the_case_is_over() -> None:
    (event,) = HOUSEHOLD.when(REJECT, given=FOUND)
    assert isinstance(event, ClueRejected)
    assert (event.clue_id, event.ends_case) == (RISK.clue_id, True)
    household = state([*FOUND, event])
    assert household.case is None
    assert household.ended is not None
    assert (household.ended.outcome, household.ended.on) == ("REJECTED", REJECT.rejected_on)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"text": "不符合"}, "reason-too-short"),
        ({"text": "户主患肝癌,家中无人可以出具证明"}, "personal-data-in-text"),
        ({"appeal_explained": False}, "appeal-not-explained"),
        ({"family_told_on": date(2024, 5, 1)}, "date-in-future"),
        ({"family_told_on": date(2024, 3, 3)}, "date-before-previous-step"),
        ({"rejected_on": date(2024, 3, 3)}, "date-before-previous-step"),
        ({"by": "verifier"}, "separation-of-duties"),
        ({"clue_id": UUID(int=77)}, "clue-not-open"),
        ({"reason_code": RejectionReason.REFUSED_AUTHORISATION}, "rejection-needs-refusal"),
    ],
)
def test_T4_guards(change: dict[str, Any], code: str) -> None:
    assert refused(replace(REJECT, **change), FOUND).code == code


def test_T4_an_officer_who_was_sent_to_verify_does_not_reject() -> None:
    by = str(START.officers[0])
    for given in (history(RISK, START), FOUND, up_to(REVIEW)):
        assert refused(replace(FALSE, by=by), given).code == "separation-of-duties"


def test_T4_income_above_the_line_is_a_conclusion_and_not_an_opinion() -> None:
    assert refused(REJECT, history(RISK, START)).code == "rejection-needs-conclusion"
    assert refused(REJECT, up_to(REVIEW)).code == "rejection-needs-conclusion"
    assert HOUSEHOLD.when(FALSE, given=history(RISK, START))
    assert HOUSEHOLD.when(FALSE, given=up_to(REVIEW))


@pytest.mark.parametrize("given", [history(RISK), up_to(POST), up_to(CONFIRM), history()])
def test_T4_is_decided_while_the_household_is_verified(given: list[HouseholdEvent]) -> None:
    assert refused(FALSE, given).code == "step-out-of-order"


def test_T4_an_appeal_is_heard_although_the_risk_was_reported_within_the_window() -> None:
    given = history(RISK, START, NOT_AT_RISK, REJECT)
    again = replace(RISK, clue_id=UUID(int=9), discovered_on=date(2024, 3, 10))
    assert HOUSEHOLD.when(again, given=given) == []
    appeal = replace(
        again, channel=Channel.SELF_DECLARATION, rule_id=None, medium=DeclarationMedium.PAPER
    )
    (event,) = HOUSEHOLD.when(appeal, given=given)
    assert isinstance(event, RiskDetected)


def test_T4_a_conclusion_is_not_of_a_clue_that_joined_after_it() -> None:
    late = replace(SECOND, discovered_on=date(2024, 3, 5))
    given = [*FOUND, *HOUSEHOLD.when(late, given=FOUND)]
    refusal = refused(REJECT, given)
    assert (refusal.code, refusal.details) == (
        "clue-after-verification",
        {"clues": [late.clue_id]},
    )
    back = replace(WITHDRAW, clue_id=late.clue_id, withdrawn_on=date(2024, 3, 6))
    assert HOUSEHOLD.when(REJECT, given=[*given, *HOUSEHOLD.when(back, given=given)])
    anew = [*given, *HOUSEHOLD.when(replace(RETURN, returned_on=date(2024, 3, 5)), given=given)]
    seen = replace(NOT_AT_RISK.seen, on=date(2024, 3, 5), assessment_id=UUID(int=55))
    anew += HOUSEHOLD.when(replace(NOT_AT_RISK, seen=seen), given=anew)
    assert HOUSEHOLD.when(REJECT, given=anew)


def test_T4_a_case_whose_first_clue_was_taken_back_is_rejected_by_one_that_is_open() -> None:
    given = history(RISK, SECOND, replace(WITHDRAW, clue_id=RISK.clue_id), START)
    (event,) = HOUSEHOLD.when(FALSE, given=given)
    assert isinstance(event, ClueRejected)
    assert (event.clue_id, event.ends_case) == (SECOND.clue_id, True)


def test_T4_T11_a_step_that_is_refused_says_what_comes_first() -> None:
    assert refused(FALSE, up_to(POST)).details["needed"] == "UNREVIEWED"
    assert refused(FALSE, history(RISK)).details["needed"] == "STARTED"
    assert refused(RETURN, history(*STEPS)).details["needed"] == "CASE"


@pytest.mark.parametrize("given", [history(RISK), history(RISK, START), FOUND, up_to(REVIEW)])
def test_T4_the_last_clue_takes_the_case_with_it(given: list[HouseholdEvent]) -> None:
    (event,) = HOUSEHOLD.when(WITHDRAW, given=given)
    assert isinstance(event, ClueWithdrawn)
    assert event.ends_case
    household = state([*given, event])
    assert household.case is None
    assert household.ended is not None
    assert household.ended.outcome == "WITHDRAWN"


def test_T4_one_clue_of_two_leaves_the_case_and_its_clock() -> None:
    given = history(RISK, SECOND, START)
    (event,) = HOUSEHOLD.when(WITHDRAW, given=given)
    assert isinstance(event, ClueWithdrawn)
    assert not event.ends_case
    assert event.left == CluesLeft(risk_types=[RiskType.SCHOOLING])
    file = state([*given, event]).opened
    assert file.risk_types == {RiskType.SCHOOLING}
    assert file.discovered_on == date(2024, 3, 1)


def test_T4_a_withdrawn_clue_may_be_reported_again() -> None:
    again = replace(RISK, clue_id=UUID(int=9), discovered_on=date(2024, 3, 10))
    (event,) = HOUSEHOLD.when(again, given=history(RISK, WITHDRAW))
    assert isinstance(event, RiskDetected)


@pytest.mark.parametrize(
    "since", [(WITHDRAW,), (replace(RISK, clue_id=UUID(int=9), discovered_on=date(2024, 4, 10)),)]
)
def test_a_clue_is_reported_once_whatever_became_of_it(since: tuple[Command, ...]) -> None:
    """A finding that is looked at again when a restriction ends (PIPL 47) has the same id."""
    given = history(RISK, *since)
    for on in (RISK.discovered_on, date(2024, 6, 1)):
        again = replace(RISK, discovered_on=on, today=date(2024, 6, 1))
        assert HOUSEHOLD.when(again, given=given) == []


def test_T4_only_an_open_clue_is_withdrawn_and_not_after_the_review() -> None:
    unknown = replace(WITHDRAW, clue_id=UUID(int=77))
    assert refused(unknown, history(RISK)).code == "clue-not-open"
    assert refused(WITHDRAW, up_to(POST)).code == "step-out-of-order"
    early = replace(WITHDRAW, withdrawn_on=date(2024, 2, 28))
    assert refused(early, history(RISK)).code == "date-before-previous-step"
    told = replace(WITHDRAW, reason="电话13800000000来电")
    assert refused(told, history(RISK)).code == "personal-data-in-text"


def test_T4_who_takes_a_clue_back_says_why_as_who_rejects_it() -> None:
    assert refused(replace(WITHDRAW, reason="农户撤回"), history(RISK)).code == "reason-too-short"


@pytest.mark.parametrize("step", [REVIEW, POST, COMPLETE, APPROVE])
def test_T11_the_town_returns_a_case_to_verification_and_the_clock_runs_on(step: Command) -> None:
    given = up_to(step)
    (event,) = HOUSEHOLD.when(RETURN, given=given)
    assert isinstance(event, ReviewReturned)
    household = state([*given, event])
    assert household.stage is Stage.VERIFYING
    assert household.opened.due_on == date(2024, 3, 16)


def test_T11_after_the_town_the_county_returns() -> None:
    given = up_to(CONFIRM)
    assert refused(RETURN, given).code == "not-your-turn"
    county = replace(RETURN, level=ReviewLevel.COUNTY, returned_on=date(2024, 3, 14))
    assert HOUSEHOLD.when(county, given=given)
    assert refused(county, up_to(APPROVE)).code == "not-your-turn"


@pytest.mark.parametrize(
    ("command", "given", "zh", "en"),
    [
        (RETURN, up_to(CONFIRM), "现由县级审核", "with the county"),
        (replace(CLOSE, reason=ClosingReason.MOVED_OUT), history(*STEPS), "迁出县外", "moved out"),
        (replace(ENTER, subject=EntrySubject.CHANGE), history(*STEPS), "信息变更", "change"),
    ],
)
def test_T11_T19_S8401_a_refusal_names_things_in_the_language_of_the_answer(
    command: Command, given: list[HouseholdEvent], zh: str, en: str
) -> None:
    refusal = refused(command, given)
    told = body(Problem(refusal.code, refusal.details), REFUSALS)
    assert zh in told["title"]
    assert en in told["title_en"]


def test_T11_a_returned_case_is_verified_reviewed_and_posted_again() -> None:
    given = history(*STEPS[:3], replace(RETURN, returned_on=date(2024, 3, 4)))
    assert refused(REVIEW, given).code == "step-out-of-order"
    anew = replace(VERIFY, seen=replace(SEEN, assessment_id=UUID(int=55)))
    events = [*given, *HOUSEHOLD.when(anew, given=given)]
    for step in STEPS[3:]:
        events += HOUSEHOLD.when(step, given=events)
    assert state(events).stage is Stage.MONITORED


def test_T11_who_verified_before_the_return_does_not_decide_on_it_either() -> None:
    given = history(*STEPS[:3], replace(RETURN, returned_on=date(2024, 3, 4)))
    assert refused(replace(FALSE, by="verifier"), given).code == "separation-of-duties"
    anew = replace(VERIFY, seen=replace(SEEN, assessment_id=UUID(int=55)), by="another")
    for step in (anew, *STEPS[3:6]):
        given += HOUSEHOLD.when(step, given=given)
    for by in ("verifier", "another", str(START.officers[0])):
        assert refused(replace(APPROVE, by=by), given).code == "separation-of-duties"


@pytest.mark.parametrize("given", [history(), history(RISK), history(RISK, START), history(*STEPS)])
def test_T11_needs_something_to_return(given: list[HouseholdEvent]) -> None:
    assert refused(RETURN, given).code == "step-out-of-order"


def test_T11_guards() -> None:
    given = up_to(APPROVE)
    assert refused(replace(RETURN, reason="重新核实"), given).code == "reason-too-short"
    early = replace(RETURN, returned_on=date(2024, 3, 10))
    assert refused(early, given).code == "date-before-previous-step"


def test_T4_a_clue_that_joined_a_confirmed_episode_is_rejected_alone() -> None:
    given = history(*STEPS, replace(SECOND, discovered_on=date(2024, 4, 20)))
    assert [clue.clue_id for clue in state(given).unhandled] == [SECOND.clue_id]
    assert refused(FALSE, given).code == "clue-not-open"
    dates = {"family_told_on": date(2024, 4, 25), "rejected_on": date(2024, 4, 25)}
    reject: RejectClue = replace(FALSE, clue_id=SECOND.clue_id, **dates)  # type: ignore[arg-type]
    (event,) = HOUSEHOLD.when(reject, given=given)
    assert isinstance(event, ClueRejected)
    assert not event.ends_case
    household = state([*given, event])
    assert household.stage is Stage.MONITORED
    assert household.unhandled == ()
