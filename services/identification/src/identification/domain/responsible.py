"""S1.1-02: who is responsible for a household, and who takes over when that person leaves."""

from dataclasses import dataclass, replace
from datetime import date

from contracts.monitoring import ResponsiblePersonAssigned
from identification.domain.guards import in_order, no_relative
from identification.domain.states import Household


@dataclass(frozen=True, kw_only=True)
class AssignResponsible:
    """S1.1-02: from a day on, this person is responsible for the household, in place of the one before."""

    person: str
    assigned_on: date
    by: str
    today: date


def assign(c: AssignResponsible, household: Household) -> list[ResponsiblePersonAssigned]:
    """S1.1-02. For every household on the register, at any stage; never a member of the family or a
    relative."""
    known = household.past.responsible
    if known and known[0] == c.person:
        return []
    since = known[1] if known else household.registered.registered_on
    in_order(c.assigned_on, since, c.today, "assigned_on")
    no_relative([c.person], household, household.recused)
    return [
        ResponsiblePersonAssigned(
            household_id=household.id,
            person=c.person,
            replaces=known[0] if known else None,
            assigned_on=c.assigned_on,
            assigned_by=c.by,
        )
    ]


def assigned(household: Household, event: ResponsiblePersonAssigned) -> Household:
    """Fold it."""
    now = (event.person, event.assigned_on)
    return replace(household, past=replace(household.past, responsible=now))
