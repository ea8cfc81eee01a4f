"""The transition table of an episode, and how its events fold.

Read `advance` from top to bottom as the table. A command that a stage does not list is refused with a code
that says which step comes first.
"""

from dataclasses import replace
from typing import assert_never

from contracts.assessments import IncomeAssessed, SafeguardAssessed
from contracts.episodes import (
    ClueRejected,
    CluesCarriedOver,
    ClueWithdrawn,
    EpisodeEvent,
    HouseholdFoundNotAtRisk,
    HouseholdVerified,
    MonitoringConfirmed,
    OfficersReplaced,
    PublicityCompleted,
    PublicityPosted,
    ReviewReturned,
    RiskClueAttached,
    RiskDetected,
    TownReviewApproved,
    VerificationStarted,
    VillageReviewHeld,
)
from contracts.evidence import ClueEvidenceAdded
from contracts.monitoring import EntrySubject
from contracts.stages import Procedure
from identification.domain import case_clues, episode, officers, outcomes, reviews
from identification.domain.assessments import with_survey
from identification.domain.commands import (
    ApproveByTown,
    CompletePublicity,
    ConfirmMonitoring,
    EpisodeCommand,
    HoldVillageReview,
    PostPublicity,
    RejectClue,
    ReportRisk,
    ReturnReview,
    StartVerification,
    VerifyHousehold,
    WithdrawClue,
)
from identification.domain.guards import Needed, out_of_order
from identification.domain.known_incomes import find, with_one_more
from identification.domain.officers import ReplaceOfficers
from identification.domain.stages import (
    Case,
    ClueOpen,
    EliminationReady,
    Monitored,
    NotAtRisk,
    Publicised,
    PublicityOver,
    TownReviewed,
    Verified,
    Verifying,
    VillageReviewed,
    stage_of,
)
from identification.domain.states import Household


def advance(command: EpisodeCommand, household: Household, case: Case | None) -> list[EpisodeEvent]:
    """What an episode's command leads to at this stage. Raises `Refused`."""
    match command, case:
        case ReportRisk() as c, _:
            return episode.report(c, household)
        case StartVerification() as c, ClueOpen():
            return episode.start(c, household)
        case StartVerification(), _:
            raise out_of_order(Needed.CLUE, household)
        case ReplaceOfficers() as c, Verifying() as s:
            return [*officers.replaced(c, household, s)]
        case ReplaceOfficers(), _:
            raise out_of_order(Needed.STARTED, household)
        case VerifyHousehold() as c, Verifying() as s:
            return episode.verify(c, household, s)
        case VerifyHousehold(), _:
            raise out_of_order(Needed.STARTED, household)
        case RejectClue() as c, s:
            return outcomes.reject(c, household, s)
        case WithdrawClue() as c, s:
            return outcomes.withdraw(c, household, s)
        case HoldVillageReview() as c, (Verified() | EliminationReady()) as s:
            return reviews.review(c, household, s)
        case HoldVillageReview(), _:
            raise out_of_order(Needed.VERIFIED, household)
        case PostPublicity() as c, VillageReviewed() as s:
            return reviews.post(c, household, s)
        case PostPublicity(), _:
            raise out_of_order(Needed.REVIEWED, household)
        case CompletePublicity() as c, Publicised() as s:
            return reviews.complete(c, household, s)
        case CompletePublicity(), _:
            raise out_of_order(Needed.POSTED, household)
        case ApproveByTown() as c, PublicityOver() as s:
            return reviews.approve(c, household, s)
        case ApproveByTown(), _:
            raise out_of_order(Needed.COMPLETED, household)
        case ReturnReview() as c, s:
            return outcomes.send_back(c, household, s)
        case ConfirmMonitoring() as c, TownReviewed(Verified() as before) as s:
            return episode.confirm(c, household, s, before)
        case ConfirmMonitoring(), _:
            raise out_of_order(Needed.APPROVED, household)


def evolve(household: Household, event: EpisodeEvent) -> Household:
    """Fold one. The outer `match` is by event alone, so that the type checker reports an event that is
    forgotten."""
    case = household.case
    match event:
        case RiskDetected():
            return case_clues.reported(case_clues.opened(household, event), event)
        case RiskClueAttached():
            return case_clues.reported(case_clues.joined(household, event), event)
        case ClueEvidenceAdded():
            return case_clues.richer(household, event)
        case VerificationStarted():
            if isinstance(case, ClueOpen):
                sent, on = event.officers, event.started_on
                file = household.opened.with_officers(sent, event.recused, on)
                return replace(household, case=Verifying(on), file=file)
        case OfficersReplaced():
            file = household.opened.with_other_officers(event.officers, event.recused)
            return replace(household, file=file)
        case IncomeAssessed():
            return _assessed(household, event)
        case SafeguardAssessed():
            return with_survey(household, event)
        case HouseholdVerified():
            income = find(household.assessments, event.assessment_id)
            if isinstance(case, Verifying) and income:
                file = household.opened.with_verifier(event.verified_by, event.verified_on)
                category, by = household.registered.category, file.verifiers
                return replace(household, case=Verified(event, income, category, by), file=file)
        case HouseholdFoundNotAtRisk():
            if isinstance(case, Verifying):
                file = household.opened.with_verifier(event.verified_by, event.verified_on)
                found = NotAtRisk(event, household.registered.category)
                return replace(household, case=found, file=file)
        case ClueRejected():
            if event.ends_case:
                return household.after("REJECTED", event.rejected_on)
            return case_clues.handled(household, event)
        case ClueWithdrawn():
            return case_clues.withdrawn(household, event)
        case VillageReviewHeld():
            if isinstance(case, Verified | EliminationReady):
                if not event.passed:
                    return _not_passed(household, event)
                return replace(household, case=VillageReviewed(case, event.held_on))
        case CluesCarriedOver():
            return case_clues.carried_over(household, event)
        case PublicityPosted():
            if isinstance(case, VillageReviewed):
                file = replace(household.opened, posted_on=event.posted_on)
                return replace(household, case=Publicised(case.before, event.posted_on), file=file)
        case PublicityCompleted():
            if isinstance(case, Publicised):
                return replace(household, case=PublicityOver(case.before, event.ended_on))
        case TownReviewApproved():
            if isinstance(case, PublicityOver):
                on, who, visit = event.approved_on, event.approved_by, event.visit_only
                return replace(household, case=TownReviewed(case.before, on, who, visit))
        case ReviewReturned():
            file = replace(household.opened, objections={})
            return replace(household, case=Verifying(event.returned_on), file=file)
        case MonitoringConfirmed():
            if isinstance(case, TownReviewed):
                risks = tuple(event.risk_types)
                monitored = Monitored(
                    event,
                    event.monitored_class,
                    risks,
                    unhandled=case_clues.too_late(household.opened, risks),
                    disaster=event.disaster_subtype,
                )
                confirmed = replace(
                    household, case=monitored, episodes=event.episode_no, eliminated=None
                )
                return confirmed.decide(EntrySubject.CONFIRM, event.confirmed_on)
        case _:
            assert_never(event)
    raise AssertionError(f"{type(event).__name__} cannot follow {stage_of(case)}")


def _assessed(household: Household, event: IncomeAssessed) -> Household:
    """One more assessment, or one corrected (T20): what it comes to a head may be told again."""
    known, past = with_one_more(household.assessments, event), household.past
    if event.corrects and past.shared and past.shared[0] == event.assessment_id:
        past = replace(past, shared=None)
    return replace(household, assessments=known, past=past)


def _not_passed(household: Household, event: VillageReviewHeld) -> Household:
    """T7: the case is over. T15: the household stays monitored."""
    if event.procedure is Procedure.ELIMINATION:
        return household.still_monitored(event.held_on)
    return household.after("NOT_PASSED", event.held_on)
