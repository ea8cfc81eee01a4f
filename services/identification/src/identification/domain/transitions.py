"""The transition table of an episode (domain section 3.2) and how its events fold.

`advance`, read from top to bottom, is the table; a pair that is not listed is refused with a code
that says which step comes first.
"""

from dataclasses import replace
from typing import assert_never

from common.decider import Refused
from contracts.episodes import (
    EpisodeEvent,
    HouseholdVerified,
    IncomeAssessed,
    MonitoringConfirmed,
    PublicityCompleted,
    PublicityPosted,
    RiskClueAttached,
    RiskDetected,
    SafeguardAssessed,
    TownReviewApproved,
    VerificationStarted,
    VillageReviewHeld,
)
from identification.domain import episode
from identification.domain.commands import (
    ApproveByTown,
    CompletePublicity,
    ConfirmMonitoring,
    EpisodeCommand,
    HoldVillageReview,
    PostPublicity,
    ReportRisk,
    StartVerification,
    VerifyHousehold,
)
from identification.domain.states import (
    Case,
    Clue,
    ClueOpen,
    Household,
    Monitored,
    Publicised,
    PublicityOver,
    Reported,
    TownReviewed,
    Verified,
    Verifying,
    VillageReviewed,
    stage_of,
)


def advance(command: EpisodeCommand, household: Household, case: Case | None) -> list[EpisodeEvent]:
    """What an episode's command leads to at this stage. Raises `Refused`."""
    match command, case:
        case ReportRisk() as c, _:
            return episode.report(c, household)
        case StartVerification() as c, ClueOpen(clue):
            return episode.start(c, household, clue.discovered_on)
        case StartVerification(), _:
            raise _out_of_order("an open clue", case)
        case VerifyHousehold() as c, Verifying() as s:
            return episode.verify(c, household, s)
        case VerifyHousehold(), _:
            raise _out_of_order("verification started (T2)", case)
        case HoldVillageReview() as c, Verified() as s:
            return episode.review(c, household, s)
        case HoldVillageReview(), _:
            raise _out_of_order("the household verified (T3)", case)
        case PostPublicity() as c, VillageReviewed() as s:
            return episode.post(c, household, s)
        case PostPublicity(), _:
            raise _out_of_order("a passed village review (T7)", case)
        case CompletePublicity() as c, Publicised() as s:
            return episode.complete(c, household, s)
        case CompletePublicity(), _:
            raise _out_of_order("publicity posted (T8)", case)
        case ApproveByTown() as c, PublicityOver() as s:
            return episode.approve(c, household, s)
        case ApproveByTown(), _:
            raise _out_of_order("publicity completed (T9)", case)
        case ConfirmMonitoring() as c, TownReviewed() as s:
            return episode.confirm(c, household, s)
        case ConfirmMonitoring(), _:
            raise _out_of_order("the town's approval (T9)", case)


def _out_of_order(needed: str, case: Case | None) -> Refused:
    return Refused("step-out-of-order", needed=needed, stage=stage_of(case))


def evolve(household: Household, event: EpisodeEvent) -> Household:
    """Fold one. The outer `match` is by event alone, so that the type checker names a forgotten one."""
    case = household.case
    match event:
        case RiskDetected():
            clue = Clue(event.discovered_on, event.due_on, frozenset(event.risk_types))
            return _reported(replace(household, case=ClueOpen(clue)), event)
        case RiskClueAttached():
            joined = _widened(case, event) if case else None
            return _reported(replace(household, case=joined), event)
        case VerificationStarted():
            if isinstance(case, ClueOpen):
                return replace(household, case=Verifying(case.clue, event.started_on))
        case IncomeAssessed():
            if isinstance(case, Verifying):
                return replace(household, case=replace(case, income=event))
        case SafeguardAssessed():
            return household
        case HouseholdVerified():
            if isinstance(case, Verifying) and case.income:
                return replace(household, case=Verified(case.clue, event, case.income))
        case VillageReviewHeld():
            if isinstance(case, Verified):
                reviewed = VillageReviewed(case, event.held_on) if event.passed else None
                return replace(household, case=reviewed)
        case PublicityPosted():
            if isinstance(case, VillageReviewed):
                return replace(household, case=Publicised(case.before, event.posted_on))
        case PublicityCompleted():
            if isinstance(case, Publicised):
                return replace(household, case=PublicityOver(case.before, event.ended_on))
        case TownReviewApproved():
            if isinstance(case, PublicityOver):
                approved = TownReviewed(case.before, event.approved_on, event.approved_by)
                return replace(household, case=approved)
        case MonitoringConfirmed():
            if isinstance(case, TownReviewed):
                monitored = Monitored(case.before.clue, event)
                return replace(household, case=monitored, episodes=event.episode_no)
        case _:
            assert_never(event)
    raise AssertionError(f"{type(event).__name__} cannot follow {stage_of(case)}")


def _reported(household: Household, event: RiskDetected | RiskClueAttached) -> Household:
    """Remember the report, in place of an earlier one of the same risk by the same rule."""
    news = [
        Reported(event.clue_id, risk, event.rule_id, event.discovered_on, event.severity)
        for risk in event.risk_types
    ]
    told = {(r.risk_type, r.rule_id) for r in news if r.rule_id}
    kept = [r for r in household.reported if (r.risk_type, r.rule_id) not in told]
    return replace(household, reported=(*kept, *news))


def _widened(case: Case, event: RiskClueAttached) -> Case:
    """The case with the clue's risks added; its clock keeps the first day (A12)."""
    match case:
        case ClueOpen() | Verifying() | Verified() | Monitored():
            clue = replace(case.clue, risk_types=case.clue.risk_types | set(event.risk_types))
            return replace(case, clue=clue)
        case VillageReviewed() | Publicised() | PublicityOver() | TownReviewed():
            widened = _widened(case.before, event)
            assert isinstance(widened, Verified)
            return replace(case, before=widened)
        case _:
            assert_never(case)
