"""What is late at the end of a business day (S2-07, S7.3-01, S7.3-02, S8.4-01, T12). Each is said once.

The command names the day that ends, so that a replay gives the same answer as on the day itself.
"""

from dataclasses import replace
from datetime import timedelta
from typing import assert_never

from contracts.deadlines import (
    CohortTargetMissed,
    DeadlineEvent,
    EliminationEligibilityDetected,
    EliminationEligibilityLapsed,
    EliminationProposalOverdue,
    EmergencyCaseMissing,
    IdentificationDeadlineApproaching,
    IdentificationDeadlineMissed,
    ObligationBreached,
)
from identification.domain import eligibility, obligations
from identification.domain.days import CloseBusinessDay
from identification.domain.stages import monitored_of
from identification.domain.states import Household


def advance(command: CloseBusinessDay, household: Household) -> list[DeadlineEvent]:
    """What is late on the morning after the day, as far as it was not said before."""
    return [
        *_identification(command, household),
        *_emergency(command, household),
        *eligibility.advance(command, household),
    ]


def _identification(c: CloseBusinessDay, household: Household) -> list[DeadlineEvent]:
    """S2-07. On the morning of day 10 the deadline approaches; on the morning of day 16 it is missed."""
    file = household.file
    if file is None or monitored_of(household.case):
        return []
    said: list[DeadlineEvent] = []
    day = (c.day - file.discovered_on).days + 1
    if c.day >= file.due_on and not file.missed:
        said.append(
            IdentificationDeadlineMissed(
                household_id=household.id,
                case_id=file.case_id,
                discovered_on=file.discovered_on,
                due_on=file.due_on,
                stage=household.stage,
            )
        )
    elif day >= c.policy.warn_at_day and not (file.warned or file.missed):
        said.append(
            IdentificationDeadlineApproaching(
                household_id=household.id,
                case_id=file.case_id,
                discovered_on=file.discovered_on,
                due_on=file.due_on,
                day=day,
                stage=household.stage,
            )
        )
    return said


def _emergency(c: CloseBusinessDay, household: Household) -> list[DeadlineEvent]:
    """T12 and A21. Help that no case has taken up in time."""
    limit = timedelta(days=c.policy.emergency_case_days)
    return [
        EmergencyCaseMissing(
            household_id=household.id,
            grant_id=grant.grant_id,
            granted_on=grant.granted_on,
            days=(c.day - grant.granted_on).days,
        )
        for grant in household.grants
        if grant.grant_id not in household.grants_warned and c.day >= grant.granted_on + limit
    ]


def evolve(household: Household, event: DeadlineEvent) -> Household:
    """Fold one."""
    match event:
        case IdentificationDeadlineApproaching():
            return replace(household, file=replace(household.opened, warned=True))
        case IdentificationDeadlineMissed():
            return replace(household, file=replace(household.opened, missed=True))
        case EmergencyCaseMissing():
            warned = household.grants_warned | {event.grant_id}
            return replace(household, grants_warned=warned)
        case (
            EliminationEligibilityDetected()
            | EliminationEligibilityLapsed()
            | EliminationProposalOverdue()
        ):
            return eligibility.evolve(household, event)
        case ObligationBreached() | CohortTargetMissed():
            return obligations.evolve(household, event)
        case _:
            assert_never(event)
