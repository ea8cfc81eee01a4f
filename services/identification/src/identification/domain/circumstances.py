"""How a household lives: how many together, at which address, and each member's health and schooling.

What changes is told in the order of its days. Telling the same again changes nothing.
"""

from dataclasses import replace
from datetime import date
from uuid import UUID

from common.decider import Refused
from contracts.circumstances import (
    AddressChanged,
    CircumstanceEvent,
    CoLivingCounted,
    HealthRecorded,
    ResidenceConfirmed,
    SchoolingRecorded,
)
from contracts.households import Member
from identification.domain.guards import in_order
from identification.domain.members import (
    committed,
    here_since,
    living_together,
    member_of,
    with_member,
)
from identification.domain.register_commands import (
    ChangeAddress,
    CircumstanceCommand,
    ConfirmResidence,
    CountCoLiving,
    RecordHealth,
    RecordSchooling,
)
from identification.domain.states import Household

# Each has days of its own.
ADDRESS, CO_LIVING, HEALTH, SCHOOLING = "ADDRESS", "CO_LIVING", "HEALTH", "SCHOOLING"


def tell(command: CircumstanceCommand, household: Household) -> list[CircumstanceEvent]:
    """What is new of it. Raises `Refused`."""
    match command:
        case CountCoLiving():
            return _count(command, household)
        case RecordHealth():
            return _health(command, household)
        case RecordSchooling():
            return _schooling(command, household)
        case ConfirmResidence():
            return _resident(command, household)
        case ChangeAddress():
            return _address(command, household)


def _count(c: CountCoLiving, household: Household) -> list[CircumstanceEvent]:
    """Between one and all of the members live together."""
    entry = household.registered
    _in_turn(household, CO_LIVING, entry.household_id, c.effective_on, c.today, "effective_on")
    living_together(c.co_living_count, len(entry.members))
    if c.co_living_count == entry.co_living_count:
        return []
    return [
        CoLivingCounted(
            household_id=entry.household_id,
            co_living_count=c.co_living_count,
            reason=c.reason,
            effective_on=c.effective_on,
        )
    ]


def _health(c: RecordHealth, household: Household) -> list[CircumstanceEvent]:
    member = _member(household, c.person_id)
    _in_turn(household, HEALTH, c.person_id, c.recorded_on, c.today, "recorded_on")
    if member.health is c.health:
        return []
    return [
        HealthRecorded(
            household_id=household.id,
            person_id=c.person_id,
            health=c.health,
            recorded_on=c.recorded_on,
        )
    ]


def _schooling(c: RecordSchooling, household: Household) -> list[CircumstanceEvent]:
    member = _member(household, c.person_id)
    _in_turn(household, SCHOOLING, c.person_id, c.recorded_on, c.today, "recorded_on")
    if member.schooling is c.schooling:
        return []
    return [
        SchoolingRecorded(
            household_id=household.id,
            person_id=c.person_id,
            schooling=c.schooling,
            recorded_on=c.recorded_on,
        )
    ]


def _resident(c: ConfirmResidence, household: Household) -> list[CircumstanceEvent]:
    """Members are those who live together, wherever they are registered: a report that somebody's
    registration has moved changes nothing of the entry once people confirm that they live here."""
    if c.fact_event_id in household.past.resident:
        return []
    _member(household, c.person_id)
    in_order(c.confirmed_on, c.told_on, c.today, "confirmed_on")
    return [
        ResidenceConfirmed(
            household_id=household.id,
            person_id=c.person_id,
            change=c.change,
            fact_event_id=c.fact_event_id,
            confirmed_on=c.confirmed_on,
        )
    ]


def _address(c: ChangeAddress, household: Household) -> list[CircumstanceEvent]:
    entry = household.registered
    _in_turn(household, ADDRESS, entry.household_id, c.effective_on, c.today, "effective_on")
    if committed(entry.members, c.commitments) == entry.members:
        return []
    return [
        AddressChanged(
            household_id=entry.household_id,
            commitments=list(c.commitments),
            reason=c.reason,
            effective_on=c.effective_on,
        )
    ]


def _member(household: Household, person_id: UUID) -> Member:
    member = member_of(household.registered.members, person_id)
    if member is None:
        raise Refused("not-a-member")
    return member


def _in_turn(
    household: Household, what: str, whose: UUID, day: date, today: date, field: str
) -> None:
    """Raises `Refused` for a day in the future, for one before the household was registered or the member
    joined, and for one before the day of what was told last."""
    member = member_of(household.registered.members, whose)
    since = here_since(household, member) if member else household.registered.registered_on
    in_order(day, since, today, field)
    last = household.past.told.get((what, whose))
    if last and day < last:
        raise Refused("told-later", last=last)


def evolve(household: Household, event: CircumstanceEvent) -> Household:
    """Fold one."""
    entry = household.registered
    match event:
        case CoLivingCounted():
            entry = replace(entry, co_living_count=event.co_living_count)
            told = {(CO_LIVING, entry.household_id): event.effective_on}
        case HealthRecorded():
            members = with_member(entry.members, event.person_id, health=event.health)
            entry = replace(entry, members=members)
            told = {(HEALTH, event.person_id): event.recorded_on}
        case SchoolingRecorded():
            members = with_member(entry.members, event.person_id, schooling=event.schooling)
            entry = replace(entry, members=members)
            told = {(SCHOOLING, event.person_id): event.recorded_on}
        case AddressChanged():
            entry = replace(entry, members=committed(entry.members, event.commitments))
            told = {(ADDRESS, entry.household_id): event.effective_on}
        case ResidenceConfirmed():
            resident = household.past.resident | {event.fact_event_id}
            return replace(household, past=replace(household.past, resident=resident))
    past = replace(household.past, told={**household.past.told, **told})
    return replace(household, registered=entry, past=past)
