"""From when on a household must be visited each month, or no longer, as identification tells it."""

from typing import Any

from common.clock import business_date
from contracts.eliminations import RiskEliminated, RiskEliminationRevoked
from contracts.envelope import Envelope
from contracts.episodes import MonitoringConfirmed
from contracts.households import EpisodeTakenOver
from contracts.monitoring import MonitoringCancelled, MonitoringClosed
from visits.read_model.population import Turn

Entered = MonitoringConfirmed | RiskEliminationRevoked | EpisodeTakenOver
Left = RiskEliminated | MonitoringCancelled | MonitoringClosed


def turn_of(cause: Envelope, payload: Any) -> Turn | None:
    """The turn that an event of this payload is, if it is one."""
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
