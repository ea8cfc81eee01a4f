"""S7.3-01: the system finds who meets the guards of an elimination; people are to propose it in time.

The household is judged as for an elimination by assistance, which asks most. E1 needs the measures that a
proposal names and E9–E12 the steps that come after it: they cannot be judged before.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from contracts.deadlines import (
    EliminationEligibilityDetected,
    EliminationEligibilityLapsed,
    EliminationProposalOverdue,
)
from contracts.eliminations import Guard, Manner
from contracts.monitoring import MonitoringCancelled, MonitoringClosed
from identification.domain.days import CloseBusinessDay
from identification.domain.elimination_guards import Case, judged
from identification.domain.files import Eligibility
from identification.domain.known_incomes import (
    above_the_line,
    assessed_in,
    day_of,
    is_above,
    is_covered,
)
from identification.domain.policy import Policy
from identification.domain.stages import Monitored
from identification.domain.states import Household
from identification.domain.survey import is_safe, of_those_here, unasked

JUDGED = (Guard.E2, Guard.E3, Guard.E4, Guard.E5, Guard.E6, Guard.E7, Guard.E8)
EligibilityEvent = (
    EliminationEligibilityDetected | EliminationEligibilityLapsed | EliminationProposalOverdue
)


def advance(c: CloseBusinessDay, household: Household) -> list[EligibilityEvent]:
    """What is so on the morning after the day: the household has become eligible, is so no longer, or was
    not proposed in time."""
    case, known, morning = household.case, household.eligibility, c.day + timedelta(days=1)
    if not isinstance(case, Monitored) or not household.assessments:
        return []
    entry, episode_id = household.registered, case.confirmed.episode_id
    failing = failing_on(morning, household, case, c.policy)
    if known.detected is None:
        news = len(household.assessments) > known.judged
        if failing or not news or day_of(household.assessments[-1]) > morning:
            return []
        return [
            EliminationEligibilityDetected(
                household_id=entry.household_id,
                episode_id=episode_id,
                guards_passed=list(JUDGED),
                detected_on=morning,
                propose_by=morning + timedelta(days=c.policy.elimination_propose_days),
            )
        ]
    if morning < known.detected.detected_on:
        return []  # a day before it, closed again
    if failing:
        return [
            EliminationEligibilityLapsed(
                household_id=entry.household_id,
                episode_id=known.detected.episode_id,
                failing=failing,
                lapsed_on=morning,
            )
        ]
    if c.day >= known.detected.propose_by and not known.overdue:
        return [
            EliminationProposalOverdue(
                household_id=entry.household_id,
                episode_id=known.detected.episode_id,
                detected_on=known.detected.detected_on,
                propose_by=known.detected.propose_by,
            )
        ]
    return []


def failing_on(on: date, household: Household, case: Monitored, policy: Policy) -> list[Guard]:
    """Those of `JUDGED` that do not hold on a day."""
    looked_at = Case(
        household=household,
        monitored=case,
        manner=Manner.ASSISTED,
        measures=(),
        on=on,
        policy=policy,
    )
    return [r.guard for r in judged(looked_at) if r.guard in JUDGED and not r.ok]


def ended_by(events: Sequence[object], household: Household) -> list[EligibilityEvent]:
    """What is no longer monitored need not be proposed (T18, T19)."""
    known = household.eligibility.detected
    ends = [e for e in events if isinstance(e, MonitoringCancelled | MonitoringClosed)]
    return [
        EliminationEligibilityLapsed(
            household_id=end.household_id,
            episode_id=known.episode_id,
            failing=[],
            lapsed_on=end.cancelled_on if isinstance(end, MonitoringCancelled) else end.closed_on,
        )
        for end in ends
        if known
    ]


def evolve(household: Household, event: EligibilityEvent) -> Household:
    """Fold one."""
    known = household.eligibility
    match event:
        case EliminationEligibilityDetected():
            now = replace(known, detected=event, overdue=False)
        case EliminationEligibilityLapsed():
            now = replace(known, detected=None, overdue=False)
        case EliminationProposalOverdue():
            now = replace(known, overdue=True)
    return replace(household, eligibility=now)


@dataclass(frozen=True)
class Outlook:
    """What decides whether a household is eligible, apart from the parameters and the day."""

    confirmed_on: date
    above_since: date | None
    assessed_on: date | None
    own_cost_fen: int
    covered: bool
    ready: bool  # E2 and E4 (but for `unasked`) for those who live there now, E6 and E7
    # The ages, by schools, of those surveyed whom the survey does not name.
    unasked: tuple[int, ...]
    news: bool  # something was assessed since an elimination was turned down
    known: Eligibility


def outlook(household: Household) -> Outlook | None:
    """The outlook of a monitored household that nobody has proposed; `None` for every other household."""
    case = household.case
    if not isinstance(case, Monitored):
        return None
    incomes, seen = assessed_in(household, case), household.safeguards
    last, above = incomes[-1] if incomes else None, above_the_line(incomes)
    return Outlook(
        confirmed_on=case.confirmed.confirmed_on,
        above_since=above[0] if above else None,
        assessed_on=day_of(last) if last else None,
        own_cost_fen=last.compliant_own_cost_fen if last else 0,
        covered=bool(last and is_covered(last, household)),
        ready=bool(last and is_above(last, household))
        and bool(
            seen and is_safe(of_those_here(seen, household.registered)) and not household.newcomers
        )
        and not case.unhandled
        and (household.has_labour or case.allowed_on is not None),
        unasked=tuple(unasked(seen, household.known_members)) if seen else (),
        news=len(household.assessments) > household.eligibility.judged,
        known=household.eligibility,
    )
