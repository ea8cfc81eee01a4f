"""A household, from registration to its last episode. Pure: no clock, no I/O, no randomness.

The parts: `registration` says how it comes onto the register, `register` how its entry changes,
`transitions` is the way to a confirmation, `inquiries` runs beside it, `monitoring` and `elimination` come
after it, and `deadlines` says what is late at the end of a day.
"""

from common.decider import Decider, Refused
from contracts.deadlines import DeadlineEvent
from contracts.eliminations import EliminationEvent
from contracts.focus import FocusEvent
from contracts.households import HouseholdRegistered, RegisterEvent
from contracts.identification import HouseholdEvent
from contracts.inquiries import InquiryEvent
from contracts.monitoring import MonitoringEvent
from contracts.persons import PersonEvent
from contracts.protection import ProtectionEvent
from identification.domain import (
    deadlines,
    eligibility,
    elimination,
    focus,
    handover,
    inquiries,
    monitoring,
    obligations,
    protection,
    register,
    registration,
    rights,
    transitions,
)
from identification.domain.commands import (
    Command,
    DeclareHousehold,
    InquiryCommand,
    ReportRisk,
)
from identification.domain.days import CloseBusinessDay, DayCommand, NoteOverdue
from identification.domain.elimination_commands import EliminationCommand
from identification.domain.entry import Past, Status
from identification.domain.focus import NoteFocus
from identification.domain.guards import no_relative
from identification.domain.income import AssessIncome, assess_outside
from identification.domain.labour import noted
from identification.domain.monitoring_commands import CorrectRecord, MonitoringCommand
from identification.domain.protection import NoteProtection
from identification.domain.register_commands import RegisterCommand, RegisterHousehold
from identification.domain.rights import RightsCommand
from identification.domain.states import Household, State


def decide(command: Command, household: State) -> list[HouseholdEvent]:
    """What happens, or nothing where nothing changes. Raises `Refused`."""
    if isinstance(command, RegisterHousehold):
        return [*registration.decide(command, household)]
    if isinstance(command, DeclareHousehold):
        return _declared(command, household)
    if household is None:
        raise Refused("not-registered")
    # Whoever takes a decision is its `by`: nobody does in their own family.
    if by := getattr(command, "by", None):
        no_relative([by], household, household.recused)
    if isinstance(command, RightsCommand):
        return [*rights.decide(command, household)]
    if isinstance(command, RegisterCommand):
        changed = register.change(command, household)
        closed = monitoring.closed_by(changed, household)
        lapsed = handover.lapsed(command, changed, household)
        return [*eligibility.ended_by(closed, household), *closed, *lapsed, *changed]
    if isinstance(command, CorrectRecord):
        return [*monitoring.advance(command, household)]
    if isinstance(command, NoteProtection):
        return [*protection.decide(command, household)]
    if isinstance(command, NoteFocus):
        return [*focus.decide(command, household)]
    if household.status is not Status.ACTIVE:
        if isinstance(command, DayCommand) or (isinstance(command, ReportRisk) and command.rule_id):
            return []  # what was still on its way when the household left the register
        raise Refused("household-ended", status=household.status)
    if isinstance(command, CloseBusinessDay):
        return [*deadlines.advance(command, household)]
    if isinstance(command, NoteOverdue):
        return [*obligations.advance(command, household)]
    if isinstance(command, AssessIncome):
        return [*assess_outside(command, household)]
    if isinstance(command, InquiryCommand):
        return [*inquiries.advance(command, household, household.case)]
    if isinstance(command, MonitoringCommand):
        told = monitoring.advance(command, household)
        return [*eligibility.ended_by(told, household), *told]
    if isinstance(command, EliminationCommand):
        return [*elimination.advance(command, household)]
    return [*transitions.advance(command, household, household.case)]


def _declared(c: DeclareHousehold, household: State) -> list[HouseholdEvent]:
    """Stub and clue are recorded together, so that the clock of every declaration runs (A13)."""
    stub: list[HouseholdEvent] = [*registration.decide(c.stub, household)]
    known = HOUSEHOLD.fold(stub) if stub else household
    return [*stub, *decide(c.clue, known)]


def evolve(state: State, event: HouseholdEvent) -> State:
    """Fold one event. Events of a household that is not registered cannot occur."""
    if isinstance(event, HouseholdRegistered):
        able = noted({}, [], event.members, event.registered_on)
        return Household(event, past=Past(registered=event, able=able))
    assert state is not None, "the first event of a household registers it"
    return obligations.opened_again(state, _evolve(state, event), event)


def _evolve(state: Household, event: HouseholdEvent) -> Household:
    if isinstance(event, RegisterEvent):
        return register.evolve(state, event)
    if isinstance(event, PersonEvent):
        return rights.evolve(state, event)
    if isinstance(event, DeadlineEvent):
        return deadlines.evolve(state, event)
    if isinstance(event, ProtectionEvent):
        return protection.evolve(state, event)
    if isinstance(event, FocusEvent):
        return focus.evolve(state, event)
    if isinstance(event, InquiryEvent):
        return inquiries.evolve(state, event)
    if isinstance(event, MonitoringEvent):
        return monitoring.evolve(state, event)
    if isinstance(event, EliminationEvent):
        return elimination.evolve(state, event)
    assert not isinstance(event, HouseholdRegistered)
    return transitions.evolve(state, event)


HOUSEHOLD: Decider[Command, State, HouseholdEvent] = Decider(None, decide, evolve)
