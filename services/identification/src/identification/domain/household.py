"""A household, from registration through a monitoring episode. Pure: no clock, no I/O, no chance.

`decide`, read from top to bottom, is the transition table; a pair that is not listed is refused with
a code that says which step comes first.
"""

from dataclasses import replace
from typing import assert_never

from common.decider import Decider, Refused
from contracts.identification import (
    EpisodeEvent,
    HouseholdEvent,
    HouseholdRegistered,
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
    Command,
    CompletePublicity,
    ConfirmMonitoring,
    HoldVillageReview,
    PostPublicity,
    RegisterHousehold,
    ReportRisk,
    StartVerification,
    VerifyHousehold,
)
from identification.domain.registration import register, register_again
from identification.domain.states import (
    Case,
    Clue,
    ClueOpen,
    Household,
    Monitored,
    Publicised,
    PublicityOver,
    Reported,
    State,
    TownReviewed,
    Verified,
    Verifying,
    VillageReviewed,
)


def decide(command: Command, household: State) -> list[HouseholdEvent]:
    """The transition table of domain section 3.2 as far as T1–T3 and T7–T10. Raises `Refused`."""
    if isinstance(command, RegisterHousehold):
        registering = command
        if household is None:
            return [*register(registering)]
        return [*register_again(registering, household)]
    if household is None:
        raise Refused("not-registered")
    return [*_advance(command, household, household.case)]


def _advance(command: Command, household: Household, case: Case | None) -> list[EpisodeEvent]:
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
        case RegisterHousehold(), _:
            raise Refused("already-registered")


def _out_of_order(needed: str, case: Case | None) -> Refused:
    return Refused("step-out-of-order", needed=needed, stage=stage_of(case))


def evolve(state: State, event: HouseholdEvent) -> State:
    """Fold one event. Events of a household that is not registered cannot occur."""
    if isinstance(event, HouseholdRegistered):
        return Household(event)
    assert state is not None, "the first event of a household registers it"
    return _evolve(state, event)


def _evolve(household: Household, event: EpisodeEvent) -> Household:
    """Outer `match` by event alone, so that the type checker names a forgotten one."""
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


def stage_of(case: Case | None) -> str:
    """The name of the stage, as lists and errors show it."""
    return "NONE" if case is None else STAGES[type(case)]


def clue_of(case: Case) -> Clue:
    """The clue that the case answers."""
    match case:
        case ClueOpen() | Verifying() | Verified() | Monitored():
            return case.clue
        case VillageReviewed() | Publicised() | PublicityOver() | TownReviewed():
            return case.before.clue
        case _:
            assert_never(case)


STAGES: dict[type, str] = {
    ClueOpen: "CLUE_OPEN",
    Verifying: "VERIFYING",
    Verified: "VERIFIED",
    VillageReviewed: "VILLAGE_REVIEWED",
    Publicised: "PUBLICISED",
    PublicityOver: "PUBLICITY_OVER",
    TownReviewed: "TOWN_REVIEWED",
    Monitored: "MONITORED",
}

HOUSEHOLD: Decider[Command, State, HouseholdEvent] = Decider(None, decide, evolve)
