"""The transition table of an episode (domain section 3.2) and how its events fold.

`advance`, read from top to bottom, is the table; a pair that is not listed is refused with a code
that says which step comes first.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import assert_never

from contracts.assessments import IncomeAssessed, SafeguardAssessed
from contracts.codes import RiskType
from contracts.episodes import (
    ClueRejected,
    ClueWithdrawn,
    EpisodeEvent,
    HouseholdFoundNotAtRisk,
    HouseholdVerified,
    MonitoringConfirmed,
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
from identification.domain import episode, outcomes, reviews
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
from identification.domain.files import CaseFile, Clue, Reported
from identification.domain.guards import Needed, out_of_order
from identification.domain.known_incomes import find, with_one_more
from identification.domain.risks import answers
from identification.domain.rules_of_income import BY_INCOME
from identification.domain.states import (
    Case,
    ClueOpen,
    EliminationReady,
    Household,
    Monitored,
    NotAtRisk,
    Publicised,
    PublicityOver,
    TownReviewed,
    Verified,
    Verifying,
    VillageReviewed,
    monitored_of,
    stage_of,
    with_monitored,
)
from identification.domain.survey import latest


def advance(command: EpisodeCommand, household: Household, case: Case | None) -> list[EpisodeEvent]:
    """What an episode's command leads to at this stage. Raises `Refused`."""
    match command, case:
        case ReportRisk() as c, _:
            return episode.report(c, household)
        case StartVerification() as c, ClueOpen():
            return episode.start(c, household)
        case StartVerification(), _:
            raise out_of_order(Needed.CLUE, household)
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
    """Fold one. The outer `match` is by event alone, so that the type checker names a forgotten one."""
    case = household.case
    match event:
        case RiskDetected():
            return _reported(_opened(household, event), event)
        case RiskClueAttached():
            return _reported(_joined(household, event), event)
        case ClueEvidenceAdded():
            return _richer(household, event)
        case VerificationStarted():
            if isinstance(case, ClueOpen):
                sent, recused = tuple(event.officers), tuple(event.recused)
                file = replace(household.opened, officers=sent, recused=recused)
                return replace(household, case=Verifying(event.started_on), file=file)
        case IncomeAssessed():
            return _assessed(household, event)
        case SafeguardAssessed():
            return replace(household, safeguards=latest(household.safeguards, event))
        case HouseholdVerified():
            income = find(household.assessments, event.assessment_id)
            if isinstance(case, Verifying) and income:
                clues = frozenset(clue.clue_id for clue in household.opened.clues)
                household = replace(household, file=replace(household.opened, verified=clues))
                category, sent = household.registered.category, household.opened.officers
                return replace(household, case=Verified(event, income, category, sent))
        case HouseholdFoundNotAtRisk():
            if isinstance(case, Verifying):
                clues = frozenset(clue.clue_id for clue in household.opened.clues)
                household = replace(household, file=replace(household.opened, verified=clues))
                return replace(household, case=NotAtRisk(event, household.registered.category))
        case ClueRejected():
            if event.ends_case:
                return household.after("REJECTED", event.rejected_on)
            return _handled(household, event)
        case ClueWithdrawn():
            return _withdrawn(household, event)
        case VillageReviewHeld():
            if isinstance(case, Verified | EliminationReady):
                if not event.passed:
                    return _not_passed(household, event)
                return replace(household, case=VillageReviewed(case, event.held_on))
        case PublicityPosted():
            if isinstance(case, VillageReviewed):
                file = replace(household.opened, posted_on=event.posted_on)
                return replace(household, case=Publicised(case.before, event.posted_on), file=file)
        case PublicityCompleted():
            if isinstance(case, Publicised):
                return replace(household, case=PublicityOver(case.before, event.ended_on))
        case TownReviewApproved():
            if isinstance(case, PublicityOver):
                approved = TownReviewed(case.before, event.approved_on, event.approved_by)
                return replace(household, case=approved)
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
                    unhandled=_too_late(household.opened, risks),
                    disaster=event.disaster_subtype,
                )
                confirmed = replace(
                    household, case=monitored, episodes=event.episode_no, eliminated=None
                )
                return confirmed.decide(EntrySubject.CONFIRM, event.confirmed_on)
        case _:
            assert_never(event)
    raise AssertionError(f"{type(event).__name__} cannot follow {stage_of(case)}")


def _too_late(file: CaseFile, risks: Sequence[RiskType]) -> tuple[Clue, ...]:
    """E6: clues that joined after the verification, and name a risk that it did not find. What rules say of
    the income that was verified is answered by the class."""
    return tuple(
        clue
        for clue in file.clues
        if clue.clue_id not in file.verified
        and clue.rule_id not in BY_INCOME
        and not answers(clue, risks)
    )


def _assessed(household: Household, event: IncomeAssessed) -> Household:
    """One more assessment, or one corrected (T20): what it came to a head is to be told anew."""
    known, past = with_one_more(household.assessments, event), household.past
    if event.corrects and past.shared and past.shared[0] == event.assessment_id:
        past = replace(past, shared=None)
    return replace(household, assessments=known, past=past)


def _not_passed(household: Household, event: VillageReviewHeld) -> Household:
    """T7: the case is over. T15: the household stays monitored."""
    if event.procedure is Procedure.ELIMINATION:
        return household.still_monitored(event.held_on)
    return household.after("NOT_PASSED", event.held_on)


def _opened(household: Household, event: RiskDetected) -> Household:
    """A new case; emergency help that ran ahead belongs to it (T12)."""
    file = CaseFile(
        case_id=event.clue_id,
        channel=event.channel,
        discovered_on=event.discovered_on,
        due_on=event.due_on,
        clues=(_clue(event),),
    )
    file = file.with_help(household.grants)
    return replace(household, case=ClueOpen(), file=file, grants=())


def _joined(household: Household, event: RiskClueAttached) -> Household:
    """The case with one clue more; its clock keeps the first day (A12)."""
    file, case, clue = household.opened, household.case, _clue(event)
    if monitored := monitored_of(case):
        waiting = replace(monitored, unhandled=(*monitored.unhandled, clue))
        case = with_monitored(case, waiting)
    return replace(household, case=case, file=replace(file, clues=(*file.clues, clue)))


def _clue(event: RiskDetected | RiskClueAttached) -> Clue:
    risks = frozenset(event.risk_types)
    return Clue(event.clue_id, risks, event.discovered_on, event.rule_id)


def _reported(household: Household, event: RiskDetected | RiskClueAttached) -> Household:
    """Remember the report, in place of an earlier one of the same risk by the same rule."""
    news = [
        Reported(
            event.clue_id,
            risk,
            event.rule_id,
            event.discovered_on,
            event.severity,
            frozenset(event.evidence_event_ids),
        )
        for risk in event.risk_types
    ]
    told = {(r.risk_type, r.rule_id) for r in news if r.rule_id}
    kept = [r for r in household.reported if (r.risk_type, r.rule_id) not in told]
    clue_ids = household.clue_ids | {event.clue_id}
    return replace(household, reported=(*kept, *news), clue_ids=clue_ids)


def _richer(household: Household, event: ClueEvidenceAdded) -> Household:
    """The clue with more evidence, in place of the clue with less."""
    new = frozenset(event.evidence_event_ids)
    reported = tuple(
        replace(r, evidence=r.evidence | new) if r.clue_id == event.clue_id else r
        for r in household.reported
    )
    return replace(household, reported=reported)


def _handled(household: Household, event: ClueRejected | ClueWithdrawn) -> Household:
    """A clue that joined a confirmed episode was looked at."""
    monitored = monitored_of(household.case)
    if monitored is None:
        return household
    left = tuple(c for c in monitored.unhandled if c.clue_id != event.clue_id)
    handled = with_monitored(household.case, replace(monitored, unhandled=left))
    return replace(household, case=handled)


def _withdrawn(household: Household, event: ClueWithdrawn) -> Household:
    """Without the clue, and without the memory of what it said: another that says so is a clue again."""
    reported = tuple(r for r in household.reported if r.clue_id != event.clue_id)
    household = replace(_handled(household, event), reported=reported)
    if event.ends_case:
        return household.after("WITHDRAWN", event.withdrawn_on)
    clues = tuple(c for c in household.opened.clues if c.clue_id != event.clue_id)
    return replace(household, file=replace(household.opened, clues=clues))
