"""What identification tells the others. Append-only: never rename, never remove, never re-use.

Dates are Asia/Shanghai calendar dates, money is integer fen.
"""

from contracts.deadlines import DeadlineEvent
from contracts.eliminations import EliminationEvent
from contracts.episodes import EpisodeEvent
from contracts.evidence import EvidenceEvent
from contracts.facts import FactEvent
from contracts.focus import FocusEvent
from contracts.households import RegisterEvent
from contracts.housing import HousingEvent
from contracts.inquiries import InquiryEvent
from contracts.monitoring import MonitoringEvent
from contracts.persons import AccessEvent, PersonEvent
from contracts.policies import PolicyEvent
from contracts.protection import ProtectionEvent
from contracts.safeguards import WaterEvent
from contracts.schooling import SchoolingEvent

HouseholdEvent = (
    RegisterEvent
    | EpisodeEvent
    | InquiryEvent
    | MonitoringEvent
    | EliminationEvent
    | DeadlineEvent
    | ProtectionEvent
    | FocusEvent
    | PersonEvent
)
IdentificationEvent = (
    HouseholdEvent
    | FactEvent
    | EvidenceEvent
    | AccessEvent
    | PolicyEvent
    | WaterEvent
    | HousingEvent
    | SchoolingEvent
)
