"""Who may be put on the register, and how."""

from datetime import date

from common.decider import Refused
from contracts.codes import LabourCapacity, Relation
from contracts.households import HouseholdRegistered
from identification.domain.commands import RegisterHousehold
from identification.domain.states import Household

WORKING_AGE = 16
OLDEST = date(1900, 1, 1)


def decide(command: RegisterHousehold, household: Household | None) -> list[HouseholdRegistered]:
    """The register's table."""
    return _register(command) if household is None else _register_again(command, household)


def _register(command: RegisterHousehold) -> list[HouseholdRegistered]:
    """A new household. Raises `Refused`: exactly one head, nobody twice, under 16 has no capacity."""
    household, today = command.registered, command.today
    members = household.members
    if household.registered_on > today:
        raise Refused("date-in-future", field="registered_on", today=today)
    if sum(m.relation is Relation.HEAD for m in members) != 1:
        raise Refused("one-head-needed", heads=sum(m.relation is Relation.HEAD for m in members))
    if len({m.person_id for m in members}) != len(members):
        raise Refused("person-twice-in-household")
    if not 1 <= household.co_living_count <= len(members):
        raise Refused("co-living-count", members=len(members))
    for number, member in enumerate(members):
        if not OLDEST <= member.born_on <= today:
            raise Refused("birth-date-out-of-range", member=number + 1)
        young = age_on(member.born_on, household.registered_on) < WORKING_AGE
        if young and member.labour_capacity is not LabourCapacity.NONE:
            raise Refused("labour-under-sixteen", member=number + 1)
    return [household]


def _register_again(command: RegisterHousehold, household: Household) -> list[HouseholdRegistered]:
    """The same registration is not a second one; another one is a correction, and refused here."""
    if command.registered == household.registered:
        return []
    raise Refused("already-registered")


def age_on(born: date, day: date) -> int:
    """Whole years; born on 29 February, one is a year older on 1 March."""
    return day.year - born.year - ((day.month, day.day) < (born.month, born.day))
