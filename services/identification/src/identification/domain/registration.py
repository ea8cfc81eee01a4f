"""Who may be put on the register, and how."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

from common.decider import Refused
from contracts.codes import LabourCapacity, Relation
from contracts.households import HouseholdRegistered, Member
from identification.domain.guards import not_in_future
from identification.domain.register_commands import RegisterHousehold
from identification.domain.states import Household

WORKING_AGE = 16
OLDEST = date(1900, 1, 1)


def decide(command: RegisterHousehold, household: Household | None) -> list[HouseholdRegistered]:
    """The register's table."""
    return _register(command) if household is None else _register_again(command, household)


def _register(command: RegisterHousehold) -> list[HouseholdRegistered]:
    """A new household. Raises `Refused` unless there is exactly one head, nobody is named twice and nobody
    under 16 has a labour capacity."""
    entry, today = command.registered, command.today
    not_in_future(entry.registered_on, today, "registered_on")
    whole(entry.members, entry.co_living_count, entry.registered_on, today)
    return [entry]


def whole(members: Sequence[Member], co_living_count: int, on: date, today: date) -> None:
    """What is true of every household of the register on the day `on`. Raises `Refused`."""
    heads = sum(m.relation is Relation.HEAD for m in members)
    if heads != 1:
        raise Refused("one-head-needed", heads=heads)
    if len({m.person_id for m in members}) != len(members):
        raise Refused("person-twice-in-household")
    if not 1 <= co_living_count <= len(members):
        raise Refused("co-living-count", members=len(members))
    for number, member in enumerate(members, 1):
        born_in_range(member, number, today)
        able(member, number, on)


def born_in_range(member: Member, number: int, today: date) -> None:
    """Raises `Refused` for a birth date before 1900 or after today."""
    if not OLDEST <= member.born_on <= today:
        raise Refused("birth-date-out-of-range", member=number)


def able(member: Member, number: int, on: date) -> None:
    """Raises `Refused` if a member who is under 16 on that day has a labour capacity."""
    young = age_on(member.born_on, on) < WORKING_AGE
    if young and member.labour_capacity is not LabourCapacity.NONE:
        raise Refused("labour-under-sixteen", member=number)


def _register_again(command: RegisterHousehold, household: Household) -> list[HouseholdRegistered]:
    """Sending the same registration again records nothing. A different one is a correction, which is
    refused here."""
    first = household.past.registered
    if first and _sent(command.registered) == _sent(first):
        return []
    raise Refused("already-registered")


def _sent(entry: HouseholdRegistered) -> HouseholdRegistered:
    """The entry as it was sent: without what only this register knows and changes, whether a person's data
    may be used; and without `number_differs`, which older registrations do not tell."""
    members = [replace(m, restricted=False, number_differs=None) for m in entry.members]
    return replace(entry, members=members)


def age_on(born: date, day: date) -> int:
    """In whole years. Somebody born on 29 February is a year older on 1 March."""
    return day.year - born.year - ((day.month, day.day) < (born.month, born.day))
