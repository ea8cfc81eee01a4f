"""From when on a household must be visited, or no longer, as identification tells it."""

from typing import Any

from common.clock import business_date
from contracts.codes import Category
from contracts.eliminations import RiskEliminated, RiskEliminationRevoked
from contracts.envelope import Envelope
from contracts.episodes import MonitoringConfirmed
from contracts.households import (
    CategoryCorrected,
    EpisodeTakenOver,
    HouseholdAbsorbed,
    HouseholdDeregistered,
    HouseholdRegistered,
)
from contracts.monitoring import MonitoringCancelled, MonitoringClosed
from visits.read_model.population import Turn

Entered = MonitoringConfirmed | RiskEliminationRevoked | EpisodeTakenOver
Left = RiskEliminated | MonitoringCancelled | MonitoringClosed
# Whether a household is a 脱贫户 on the register (S1.1-04). Nothing else of the register changes that: a household
# that moves stays, and one that leaves the county, or has no members any more, is deregistered.
OnRegister = HouseholdRegistered | CategoryCorrected | HouseholdDeregistered | HouseholdAbsorbed


def turn_of(cause: Envelope, payload: Any) -> Turn | None:
    """The turn that an event of this payload is, if it is one."""
    if isinstance(payload, OnRegister):
        return _on_register(cause, payload)
    if not isinstance(payload, Entered | Left):
        return None
    household = payload.household_id
    match payload:
        case MonitoringConfirmed():
            return Turn(household, payload.confirmed_on, True)
        case RiskEliminationRevoked():
            return Turn(household, payload.revoked_on, True)
        case EpisodeTakenOver():
            # The episode was never interrupted: it counts from the beginning of the month, if it is older.
            merged_on = business_date(cause.occurred_at)
            return Turn(household, max(payload.confirmed_on, merged_on.replace(day=1)), True)
        case RiskEliminated():
            return Turn(household, payload.eliminated_on, False)
        case MonitoringCancelled():
            return Turn(household, payload.cancelled_on, False)
        case MonitoringClosed():
            return Turn(household, payload.closed_on, False)


def _on_register(cause: Envelope, payload: OnRegister) -> Turn | None:
    household, poor = payload.household_id, Category.FORMERLY_POOR
    match payload:
        case HouseholdRegistered(category=Category.FORMERLY_POOR):
            # A register is put in as a whole, years after: the quarters before that are not made up.
            told_on = business_date(cause.recorded_at)
            return Turn(household, payload.registered_on, True, True, told_on)
        case HouseholdRegistered():
            return None
        case CategoryCorrected():
            if payload.from_category is payload.to_category:  # the 2019 list alone
                return None
            return Turn(household, payload.corrected_on, payload.to_category is poor, True)
        case HouseholdDeregistered() | HouseholdAbsorbed():
            return Turn(household, payload.effective_on, False, True)
