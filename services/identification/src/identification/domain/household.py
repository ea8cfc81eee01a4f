"""A household, from registration to its last episode. Pure: no clock, no I/O, no chance.

Two tables make it up: `registration` for who lives there, `transitions` for its monitoring.
"""

from common.decider import Decider, Refused
from contracts.households import HouseholdRegistered
from contracts.identification import HouseholdEvent
from identification.domain import registration, transitions
from identification.domain.commands import Command, RegisterHousehold
from identification.domain.states import Household, State


def decide(command: Command, household: State) -> list[HouseholdEvent]:
    """What happens, or nothing where nothing changes. Raises `Refused`."""
    if isinstance(command, RegisterHousehold):
        return [*registration.decide(command, household)]
    if household is None:
        raise Refused("not-registered")
    return [*transitions.advance(command, household, household.case)]


def evolve(state: State, event: HouseholdEvent) -> State:
    """Fold one event. Events of a household that is not registered cannot occur."""
    if isinstance(event, HouseholdRegistered):
        return Household(event)
    assert state is not None, "the first event of a household registers it"
    return transitions.evolve(state, event)


HOUSEHOLD: Decider[Command, State, HouseholdEvent] = Decider(None, decide, evolve)
