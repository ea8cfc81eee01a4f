"""What identification tells the others. Append-only: never rename, never remove, never re-use.

Dates are Asia/Shanghai calendar dates, money is integer fen.
"""

from contracts.episodes import EpisodeEvent
from contracts.facts import FactEvent
from contracts.households import RegisterEvent

HouseholdEvent = RegisterEvent | EpisodeEvent
IdentificationEvent = HouseholdEvent | FactEvent
