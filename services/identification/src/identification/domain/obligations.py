"""What somebody still has to do for a household, and is late without anything else changing.

S8.4-01: each decision is entered on the provincial platform within some days. S7.3-02: the county's target.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta

from contracts.deadlines import CohortTargetMissed, ObligationBreached, ObligationKind
from contracts.eliminations import RiskEliminationRevoked
from contracts.households import HouseholdMemberAdded, LabourCapacityAssessed
from contracts.identification import HouseholdEvent
from contracts.monitoring import EntrySubject
from identification.domain.cohort import Standing, standing
from identification.domain.days import NoteOverdue
from identification.domain.entry import Status
from identification.domain.stages import monitored_of
from identification.domain.states import Household

ObligationEvent = ObligationBreached | CohortTargetMissed


def owed(household: Household) -> list[tuple[EntrySubject, date]]:
    """The decisions that are not yet entered on the platform, each with its day.

    Nothing for a household that is neither monitored nor eliminated: its identification was cancelled
    (T18). Nor for one off the register, or whose case the register ended (T19).
    """
    followed = monitored_of(household.case) or household.eliminated
    if household.status is not Status.ACTIVE or not followed:
        return []
    decided = sorted(household.decided.items())
    return [(subject, on) for subject, days in decided for on in days]


def advance(c: NoteOverdue, household: Household) -> Sequence[ObligationEvent]:
    """What is late on the morning after the day, as far as it was not said before."""
    days = timedelta(days=c.policy.platform_entry_days)
    late: list[ObligationEvent] = [
        ObligationBreached(
            household_id=household.id,
            obligation=ObligationKind.PLATFORM_ENTRY,
            subject=subject,
            decided_on=decided_on,
            due_on=decided_on + days,
        )
        for subject, decided_on in owed(household)
        if c.day >= decided_on + days and (subject, decided_on) not in household.breached.entries
    ]
    return [*late, *_target(c, household)]


def _target(c: NoteOverdue, household: Household) -> list[CohortTargetMissed]:
    """S7.3-02. A household that lost its labour has left the cohort, and misses nothing (A42)."""
    monitored, again = monitored_of(household.case), household.breached.open_again_on
    if monitored is None or c.day < max(c.policy.cohort_target, again or date.min):
        return []
    confirmed = monitored.confirmed
    stands = standing(
        confirmed_on=confirmed.confirmed_on,
        labour_at_confirmation=confirmed.labour_household,
        has_labour=household.has_labour,
        outcome=None,
        confirmed_by=c.policy.cohort_confirmed_by,
    )
    if stands is not Standing.OPEN or household.breached.episode_id == confirmed.episode_id:
        return []
    return [
        CohortTargetMissed(
            household_id=household.id,
            episode_id=confirmed.episode_id,
            confirmed_on=confirmed.confirmed_on,
            target=c.policy.cohort_target,
        )
    ]


def opened_again(before: Household, after: Household, event: HouseholdEvent) -> Household:
    """Note the day from which an episode counts for the target again: it was eliminated, or without labour,
    before."""
    match event:
        case HouseholdMemberAdded():
            on = event.effective_on
        case LabourCapacityAssessed():
            on = event.assessed_on
        case RiskEliminationRevoked():
            on = event.revoked_on
        case _:
            return after
    if _open(before) or not _open(after):
        return after
    return replace(after, breached=replace(after.breached, open_again_on=on))


def _open(household: Household) -> bool:
    return household.has_labour and monitored_of(household.case) is not None


def evolve(household: Household, event: ObligationEvent) -> Household:
    """Fold one."""
    known = household.breached
    match event:
        case ObligationBreached():
            entries = known.entries | {(event.subject, event.decided_on)}
            return replace(household, breached=replace(known, entries=entries))
        case CohortTargetMissed():
            return replace(household, breached=replace(known, episode_id=event.episode_id))
