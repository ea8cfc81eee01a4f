"""T13–T17: how a risk ends, is kept, comes back, and begins anew."""

from dataclasses import replace
from datetime import date
from typing import Any
from uuid import UUID

import pytest

from contracts.deadlines import EmergencyCaseMissing
from contracts.eliminations import (
    EliminationProposed,
    EliminationRejected,
    EliminationVerified,
    Guard,
    Manner,
    RiskEliminated,
    RiskEliminationRevoked,
)
from contracts.episodes import (
    MonitoringConfirmed,
    PublicityPosted,
    ReviewLevel,
    RiskDetected,
    TownReviewApproved,
    VillageReviewHeld,
)
from contracts.stages import Procedure, Stage
from identification.domain.commands import Command
from identification.domain.days import CloseBusinessDay
from identification.domain.household import HOUSEHOLD
from identification.domain.stages import Monitored
from services.identification.tests.ending import (
    APPROVE_AGAIN,
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
    VERIFY_AGAIN,
    before,
    monitored,
)
from services.identification.tests.story import (
    APPROVE,
    CONFIRM,
    POLICY,
    RISK,
    START,
    STEPS,
    history,
    refused,
    state,
)
from services.identification.tests.test_inquiries import DISMISSED, GRANT, OBJECT, REFUSE, UPHELD


def test_T13_a_proposal_stores_the_results_of_all_twelve_guards() -> None:
    (event,) = HOUSEHOLD.when(PROPOSE, given=before(PROPOSE))
    assert isinstance(event, EliminationProposed)
    assert [result.guard for result in event.guard_results] == list(Guard)
    assert [result.ok for result in event.guard_results] == [True] * 8 + [None] * 4
    assert event.measures == list(PROPOSE.measures)
    assert state([*before(PROPOSE), event]).stage is Stage.ELIM_VERIFYING


def test_T13_only_a_monitored_household_is_proposed() -> None:
    assert refused(PROPOSE, history(RISK)).code == "step-out-of-order"
    assert refused(PROPOSE, before(VERIFY_AGAIN)).code == "step-out-of-order"


def test_T14_the_same_chain_leads_to_the_end_of_the_risk() -> None:
    events = monitored(*ENDING)
    verified = next(e for e in events if isinstance(e, EliminationVerified))
    assert [result.ok for result in verified.guard_results] == [True] * 9 + [None, True, None]
    review, posted = (
        [e for e in events if isinstance(e, kind)][-1]
        for kind in (VillageReviewHeld, PublicityPosted)
    )
    assert review.procedure is posted.procedure is Procedure.ELIMINATION
    eliminated = events[-1]
    assert isinstance(eliminated, RiskEliminated)
    assert all(result.ok for result in eliminated.guard_results)
    assert eliminated.snapshot.wage_fen == VERIFY_AGAIN.seen.income.wage_fen
    assert (eliminated.manner, eliminated.days) == (Manner.ASSISTED, 228)
    assert (eliminated.episode_id, eliminated.approved_by) == (CONFIRM.episode_id, "county")
    household = state(events)
    assert (household.case, household.stage) == (None, Stage.ELIMINATED)


STAGES = [
    (PROPOSE, Stage.MONITORED),
    (VERIFY_AGAIN, Stage.ELIM_VERIFYING),
    (REVIEW_AGAIN, Stage.ELIM_VERIFIED),
    (POST_AGAIN, Stage.ELIM_VILLAGE_REVIEWED),
    (COMPLETE_AGAIN, Stage.ELIM_PUBLICISED),
    (APPROVE_AGAIN, Stage.ELIM_PUBLICITY_OVER),
    (ELIMINATE, Stage.ELIM_TOWN_REVIEWED),
]


@pytest.mark.parametrize(("step", "stage"), STAGES)
def test_T14_no_step_of_an_elimination_is_skipped_or_repeated(step: Command, stage: Stage) -> None:
    given = before(step)
    assert state(given).stage is stage
    for other in (*ENDING, CONFIRM):
        if other != step:
            assert refused(other, given).code == "step-out-of-order"


def test_T14_duties_are_apart() -> None:
    assert refused(replace(APPROVE_AGAIN, by="verifier"), before(APPROVE_AGAIN)).code == (
        "separation-of-duties"
    )
    for by in ("town", "verifier", "proposer", str(VERIFY_AGAIN.officers[0])):
        refusal = refused(replace(ELIMINATE, by=by), before(ELIMINATE))
        assert refusal.code == "separation-of-duties"


@pytest.mark.parametrize("by", ["verifier", "proposer", str(VERIFY_AGAIN.officers[0])])
def test_T15_who_proposed_or_verified_does_not_answer_an_objection_to_it(by: str) -> None:
    raised = replace(OBJECT, raised_on=date(2024, 10, 22), today=LATER)
    given = [*before(COMPLETE_AGAIN), *HOUSEHOLD.when(raised, given=before(COMPLETE_AGAIN))]
    answer = replace(DISMISSED, resolved_on=date(2024, 10, 24), by=by, today=LATER)
    assert refused(answer, given).code == "separation-of-duties"
    assert HOUSEHOLD.when(replace(answer, by="town"), given=given)


def test_T14_who_was_sent_to_verify_the_identification_may_review_the_elimination() -> None:
    """The duties of one procedure are apart; years may lie between the two."""
    sent = replace(START, officers=(UUID(int=21), UUID(int=22)))
    given = history(STEPS[0], sent, *STEPS[2:], REASSESS, REASSESS_AGAIN, *ENDING[:5])
    assert HOUSEHOLD.when(replace(APPROVE_AGAIN, by=str(UUID(int=21))), given=given)


def test_T14_no_data_is_compared_so_that_a_refusal_in_the_identification_does_not_matter() -> None:
    steps = (*STEPS[:2], REFUSE, *STEPS[2:6], replace(APPROVE, visit_only=True), CONFIRM)
    given = history(*steps, REASSESS, REASSESS_AGAIN, *ENDING[:5])
    (event,) = HOUSEHOLD.when(APPROVE_AGAIN, given=given)
    assert isinstance(event, TownReviewApproved)
    assert not event.visit_only


def test_T15_a_village_that_does_not_agree_keeps_the_household_monitored() -> None:
    given = before(REVIEW_AGAIN)
    lost = replace(REVIEW_AGAIN, votes_for=10)
    household = state([*given, *HOUSEHOLD.when(lost, given=given)])
    assert household.stage is Stage.MONITORED


@pytest.mark.parametrize(
    ("step", "level"),
    [(step, ReviewLevel.TOWN) for step in ENDING[1:-1]] + [(ELIMINATE, ReviewLevel.COUNTY)],
)
def test_T15_town_and_county_reject_in_their_turn(step: Command, level: ReviewLevel) -> None:
    given = before(step)
    reject = replace(REJECT_ELIMINATION, level=level)
    (event,) = HOUSEHOLD.when(reject, given=given)
    assert isinstance(event, EliminationRejected)
    household = state([*given, event])
    assert household.stage is Stage.MONITORED
    again = replace(PROPOSE, proposed_on=REJECT_ELIMINATION.rejected_on)
    assert HOUSEHOLD.when(again, given=[*given, event])
    other = ReviewLevel.TOWN if level is ReviewLevel.COUNTY else ReviewLevel.COUNTY
    assert refused(replace(reject, level=other), given).code == "not-your-turn"


def test_T15_a_rejection_has_a_reason_and_something_to_reject() -> None:
    given = before(APPROVE_AGAIN)
    short = replace(REJECT_ELIMINATION, reason="再看看")
    assert refused(short, given).code == "reason-too-short"
    early = replace(REJECT_ELIMINATION, rejected_on=date(2024, 10, 1))
    assert refused(early, given).code == "date-before-previous-step"
    for nothing in (monitored(), history(RISK), history(*STEPS[:5])):
        assert refused(REJECT_ELIMINATION, nothing).code == "step-out-of-order"


def test_T15_an_objection_that_is_upheld_ends_the_elimination() -> None:
    objection = replace(OBJECT, raised_on=date(2024, 10, 22), today=LATER)
    upheld = replace(UPHELD, resolved_on=date(2024, 10, 24), today=LATER)
    household = state([*monitored(*ENDING[:4], objection, upheld)])
    assert household.stage is Stage.MONITORED
    assert not household.opened.objections


def test_T16_a_revoked_elimination_is_the_same_episode() -> None:
    given = monitored(*ENDING)
    (event,) = HOUSEHOLD.when(REVOKE, given=given)
    assert isinstance(event, RiskEliminationRevoked)
    assert event.episode_id == CONFIRM.episode_id
    assert (event.eliminated_on, event.revoked_on) == (date(2024, 10, 30), date(2024, 12, 15))
    household = state([*given, event])
    assert isinstance(household.case, Monitored)
    assert household.case.confirmed.episode_no == 1
    assert household.opened.case_id == RISK.clue_id


def test_T16_T12_help_that_ran_ahead_belongs_to_the_episode_that_goes_on() -> None:
    help_ = replace(GRANT, granted_on=date(2024, 12, 10), today=LATER)
    given = monitored(*ENDING, help_, REVOKE)
    assert state(given).grants == ()
    assert [help.grant_id for help in state(given).opened.emergency] == [GRANT.grant_id]
    closed = CloseBusinessDay(day=date(2024, 12, 20), policy=POLICY)
    told = HOUSEHOLD.when(closed, given=given)
    assert not any(isinstance(event, EmergencyCaseMissing) for event in told)


def test_A47_between_the_two_days_the_household_was_not_monitored_and_the_events_say_so() -> None:
    eliminated, revoked = monitored(*ENDING, REVOKE)[-2:]
    assert isinstance(eliminated, RiskEliminated)
    assert isinstance(revoked, RiskEliminationRevoked)
    assert revoked.eliminated_on == eliminated.eliminated_on
    assert revoked.revoked_on > eliminated.eliminated_on


def test_T16_needs_an_elimination_a_reason_and_no_new_case() -> None:
    assert refused(REVOKE, monitored()).code == "step-out-of-order"
    assert refused(REVOKE, history()).code == "step-out-of-order"
    given = monitored(*ENDING)
    assert refused(replace(REVOKE, text="不稳定"), given).code == "reason-too-short"
    early = replace(REVOKE, revoked_on=date(2024, 10, 29))
    assert refused(early, given).code == "date-before-previous-step"
    assert refused(REVOKE, [*given, *HOUSEHOLD.when(AGAIN, given=given)]).code == (
        "step-out-of-order"
    )


AGAIN = replace(RISK, clue_id=UUID(int=71), discovered_on=date(2024, 11, 20), today=LATER)


def test_T17_a_new_risk_after_the_elimination_is_a_new_episode() -> None:
    given = monitored(*ENDING)
    (event,) = HOUSEHOLD.when(AGAIN, given=given)
    assert isinstance(event, RiskDetected)
    household = state([*given, event])
    assert household.stage is Stage.CLUE_OPEN
    assert household.opened.due_on == date(2024, 12, 5)


def test_T17_the_full_procedure_leads_to_episode_two_and_remembers_the_first() -> None:
    shift = {"today": date(2026, 1, 1)}
    risk = replace(RISK, clue_id=UUID(int=71), discovered_on=date(2025, 3, 1), **shift)  # type: ignore[arg-type]
    steps: list[Command] = [risk]
    for step in STEPS[1:]:
        steps.append(a_year_later(step))
    confirmed = monitored(*ENDING, *steps)[-1]
    assert isinstance(confirmed, MonitoringConfirmed)
    assert (confirmed.episode_no, confirmed.episode_id) == (2, UUID(int=72))
    assert confirmed.eliminated_before_on == date(2024, 10, 30)


def a_year_later(step: Command) -> Command:
    """The step of the first episode, in the same month of 2025."""
    changes: dict[str, Any] = {"today": date(2026, 1, 1)}
    for name, value in vars(step).items():
        if isinstance(value, date) and name != "today":
            changes[name] = value.replace(year=2025)
        elif name == "seen":
            window = {"window_from": date(2024, 3, 1), "window_to": date(2025, 2, 28)}
            income = replace(value.income, **window)
            changes[name] = replace(value, on=value.on.replace(year=2025), income=income)
        elif name == "episode_id":
            changes[name] = UUID(int=72)
    return replace(step, **changes)
