"""The end of a risk (T13–T16): proposed, verified at home, reviewed like an identification
(`reviews`), decided by the county, and taken back where it was wrong."""

from collections.abc import Sequence
from dataclasses import replace
from typing import assert_never

from common.decider import Refused
from contracts.assessments import IncomeAssessed, SafeguardAssessed
from contracts.eliminations import (
    EliminationEvent,
    EliminationLapsed,
    EliminationOverrideGranted,
    EliminationProposed,
    EliminationRejected,
    EliminationVerified,
    Guard,
    RiskEliminated,
    RiskEliminationRevoked,
)
from contracts.episodes import ReviewLevel
from contracts.monitoring import EntrySubject
from contracts.stages import Procedure
from identification.domain.assessments import assess, snapshot, with_survey
from identification.domain.case_clues import with_help_ahead
from identification.domain.elimination_commands import (
    AllowElimination,
    EliminateRisk,
    EliminationCommand,
    ProposeElimination,
    RejectElimination,
    RevokeElimination,
    VerifyElimination,
)
from identification.domain.elimination_guards import Case, all_hold, assessed_on
from identification.domain.files import Eligibility
from identification.domain.guards import (
    Needed,
    Taken,
    apart,
    explained,
    in_order,
    last_step,
    monitored_since,
    no_relative,
    out_of_order,
)
from identification.domain.known_incomes import with_one_more
from identification.domain.stages import (
    Eliminating,
    EliminationReady,
    Monitored,
    Publicised,
    PublicityOver,
    TownReviewed,
    VillageReviewed,
    monitored_of,
    with_monitored,
)
from identification.domain.states import Eliminated, Household

Happened = EliminationEvent | IncomeAssessed | SafeguardAssessed


def advance(command: EliminationCommand, household: Household) -> Sequence[Happened]:
    """What follows. Raises `Refused`."""
    match command, household.case:
        case AllowElimination() as c, _:
            return _allow(c, household)
        case ProposeElimination() as c, Monitored() as s:
            return _propose(c, household, s)
        case ProposeElimination(), _:
            raise out_of_order(Needed.MONITORED, household)
        case VerifyElimination() as c, Eliminating() as s:
            return _verify(c, household, s)
        case VerifyElimination(), _:
            raise out_of_order(Needed.PROPOSED, household)
        case RejectElimination() as c, _:
            return _reject(c, household)
        case EliminateRisk() as c, TownReviewed(EliminationReady() as before) as s:
            return _eliminate(c, household, s, before)
        case EliminateRisk(), _:
            raise out_of_order(Needed.ELIM_APPROVED, household)
        case RevokeElimination() as c, None:
            return _revoke(c, household)
        case RevokeElimination(), _:
            raise out_of_order(Needed.ELIMINATED, household)


def _allow(c: AllowElimination, household: Household) -> list[Happened]:
    """E7. Only for a household that needs it, and with a reason; possible while the elimination is under
    way, too."""
    case = monitored_of(household.case)
    if case is None:
        raise out_of_order(Needed.MONITORED, household)
    if case.allowed_on:
        return []
    if household.has_labour:
        raise Refused("override-not-needed")
    in_order(c.granted_on, monitored_since(case, household), c.today, "granted_on")
    explained(text=c.text)
    return [
        EliminationOverrideGranted(
            household_id=household.id,
            episode_id=case.confirmed.episode_id,
            guard=Guard.E7,
            reason_code=c.reason_code,
            text=c.text,
            granted_on=c.granted_on,
            granted_by=c.by,
        )
    ]


def _propose(c: ProposeElimination, household: Household, case: Monitored) -> list[Happened]:
    """T13. E1–E8 hold on that day; what each guard found is stored with the proposal."""
    earliest = max([last_step(household), *assessed_on(household)])
    in_order(c.proposed_on, earliest, c.today, "proposed_on")
    looked_at = Case(
        household=household,
        monitored=case,
        manner=c.manner,
        measures=c.measures,
        on=c.proposed_on,
        policy=c.policy,
    )
    return [
        EliminationProposed(
            household_id=household.id,
            episode_id=case.confirmed.episode_id,
            manner=c.manner,
            measures=list(c.measures),
            guard_results=all_hold(looked_at),
            proposed_on=c.proposed_on,
            proposed_by=c.by,
        )
    ]


def _verify(c: VerifyElimination, household: Household, case: Eliminating) -> list[Happened]:
    """E9. At home. The guards are judged again by what officers saw there."""
    in_order(c.seen.on, case.proposed.proposed_on, c.today, "seen_on")
    no_relative(c.officers, household, household.recused)
    if not c.in_person_at_home:
        raise Refused("home-visit-needed")
    officers = list(dict.fromkeys(c.officers))
    income, safeguards = assess(c.seen, household, c.policy)
    known = with_one_more(household.assessments, income)
    seen = with_survey(replace(household, assessments=known, safeguards=None), safeguards)
    verified = EliminationVerified(
        household_id=household.id,
        episode_id=case.monitored.confirmed.episode_id,
        visited_on=c.seen.on,
        officers=officers,
        officer_count=len(officers),
        assessment_id=c.seen.assessment_id,
        housing_damaged=c.housing_damaged,
        water_damaged=c.water_damaged,
        guard_results=[],
        verified_by=c.by,
    )
    looked_at = Case(
        household=seen,
        monitored=case.monitored,
        manner=case.proposed.manner,
        measures=case.proposed.measures,
        on=c.seen.on,
        policy=c.policy,
        ready=EliminationReady(case.monitored, case.proposed, verified),
    )
    return [income, safeguards, replace(verified, guard_results=all_hold(looked_at))]


def _reject(c: RejectElimination, household: Household) -> list[Happened]:
    """T15. The town until it has approved, then the county."""
    case = household.case
    match case:
        case Eliminating() | EliminationReady():
            level = ReviewLevel.TOWN
        case VillageReviewed() | Publicised() | PublicityOver() | TownReviewed() if (
            case.before.procedure is Procedure.ELIMINATION
        ):
            decided = isinstance(case, TownReviewed)
            level = ReviewLevel.COUNTY if decided else ReviewLevel.TOWN
        case _:
            raise out_of_order(Needed.PROPOSED, household)
    if c.level is not level:
        raise Refused("not-your-turn", level=level, level_zh=level.zh, level_en=level.en)
    in_order(c.rejected_on, last_step(household), c.today, "rejected_on")
    explained(reason=c.reason)
    monitored = monitored_of(case)
    assert monitored, "an elimination is of a monitored household"
    return [
        EliminationRejected(
            household_id=household.id,
            episode_id=monitored.confirmed.episode_id,
            level=c.level,
            reason=c.reason,
            rejected_on=c.rejected_on,
            rejected_by=c.by,
        )
    ]


def _eliminate(
    c: EliminateRisk, household: Household, case: TownReviewed, before: EliminationReady
) -> list[Happened]:
    """T14. All twelve guards hold; how things were is kept (E11)."""
    in_order(c.eliminated_on, case.approved_on, c.today, "eliminated_on")
    apart(c.by, before.by | {case.approved_by}, before=Taken.TOWN_REVIEW)
    looked_at = Case(
        household=household,
        monitored=before.monitored,
        manner=before.proposed.manner,
        measures=before.proposed.measures,
        on=c.eliminated_on,
        policy=c.policy,
        ready=before,
        reviewed=True,
        severe_issues=c.severe_issues,
        water_report_stale=c.water_report_stale,
    )
    results = all_hold(looked_at)
    confirmed = before.monitored.confirmed
    return [
        RiskEliminated(
            household_id=household.id,
            episode_id=confirmed.episode_id,
            manner=before.proposed.manner,
            eliminated_on=c.eliminated_on,
            days=(c.eliminated_on - confirmed.confirmed_on).days,
            snapshot=snapshot(household, before.verified),
            guard_results=results,
            approved_by=c.by,
        )
    ]


def _revoke(c: RevokeElimination, household: Household) -> list[Happened]:
    """T16. Only the last elimination, while no new case is open, and not dated before the end of the last
    case."""
    eliminated = household.eliminated
    if eliminated is None or household.ended is None:
        raise out_of_order(Needed.ELIMINATED, household)
    in_order(c.revoked_on, household.ended.on, c.today, "revoked_on")
    explained(text=c.text)
    return [
        RiskEliminationRevoked(
            household_id=household.id,
            episode_id=eliminated.monitored.confirmed.episode_id,
            reason_code=c.reason_code,
            text=c.text,
            eliminated_on=eliminated.on,
            revoked_on=c.revoked_on,
            revoked_by=c.by,
        )
    ]


def evolve(household: Household, event: EliminationEvent) -> Household:
    """Fold one."""
    case = household.case
    monitored = monitored_of(case)
    match event:
        case EliminationOverrideGranted():
            assert monitored
            allowed = replace(monitored, allowed_on=event.granted_on)
            return replace(household, case=with_monitored(case, allowed))
        case EliminationProposed():
            assert monitored
            proposed = Eliminating(monitored, event)
            known = Eligibility(turned_down_on=household.eligibility.turned_down_on)
            return replace(household, case=proposed, eligibility=known)
        case EliminationVerified():
            assert isinstance(case, Eliminating)
            ready = EliminationReady(case.monitored, case.proposed, event)
            return replace(household, case=ready)
        case EliminationRejected():
            return household.still_monitored(event.rejected_on)
        case EliminationLapsed():
            return household.still_monitored(event.lapsed_on)
        case RiskEliminated():
            assert monitored
            over = Eliminated(household.opened, monitored, event.eliminated_on)
            ended = household.after("ELIMINATED", event.eliminated_on)
            return replace(ended, eliminated=over).decide(
                EntrySubject.ELIMINATE, event.eliminated_on
            )
        case RiskEliminationRevoked():
            was = household.eliminated
            assert was, "an elimination was recorded before"
            # What the county allowed (E7) was for the elimination that it takes back.
            again = replace(was.monitored, allowed_on=None)
            file = with_help_ahead(was.file, household)
            household = replace(household, case=again, file=file, grants=())
            household = replace(household, ended=None, eliminated=None)
            kept = household.still_monitored(event.revoked_on)
            return kept.decide(EntrySubject.CHANGE, event.revoked_on)
        case _:
            assert_never(event)
