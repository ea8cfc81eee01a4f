"""Who belongs to a household: joining, leaving, the head, labour capacity."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import Any
from uuid import UUID

from common.decider import Refused
from contracts.circumstances import Committed
from contracts.codes import Deregistration, LabourCapacity, Leaving, Relation
from contracts.households import (
    HeadChanged,
    HouseholdDeregistered,
    HouseholdMemberAdded,
    HouseholdMemberRemoved,
    LabourCapacityAssessed,
    Member,
    RegisterEvent,
    Related,
)
from identification.domain.guards import in_order
from identification.domain.register_commands import (
    AddMember,
    AssessLabour,
    ChangeHead,
    NewHead,
    RemoveMember,
)
from identification.domain.registration import WORKING_AGE, able, age_on, born_in_range
from identification.domain.states import Household

MOST = 50  # members of one household

# Why a household whose last member left is off the register.
EMPTIED = {
    Leaving.DEATH: Deregistration.ALL_DECEASED,
    Leaving.EMIGRATION: Deregistration.MOVED_OUT_OF_COUNTY,
}


def add(c: AddMember, household: Household) -> list[RegisterEvent]:
    """A person joins, not as head. Adding the same person in the same way again changes nothing. Raises
    `Refused`."""
    entry = household.registered
    if c.member in entry.members:
        return []
    if member_of(entry.members, c.member.person_id):
        raise Refused("already-a-member")
    in_order(c.effective_on, entry.registered_on, c.today, "effective_on")
    if c.member.relation is Relation.HEAD:
        raise Refused("one-head-needed", heads=2)
    if len(entry.members) == MOST:
        raise Refused("too-many-members", most=MOST)
    number = len(entry.members) + 1
    born_in_range(c.member, number, c.today)
    in_order(c.effective_on, c.member.born_on, c.today, "effective_on")
    able(c.member, number, c.effective_on)
    living_together(c.co_living_count, number)
    return [
        HouseholdMemberAdded(
            household_id=entry.household_id,
            member=c.member,
            reason=c.reason,
            effective_on=c.effective_on,
            co_living_count=c.co_living_count,
        )
    ]


def remove(c: RemoveMember, household: Household) -> list[RegisterEvent]:
    """A person leaves. When the head leaves, a new head is named; when the last member leaves, the
    household leaves the register.

    Raises `Refused`, also where that would end an episode for a move that the county has to hand over (T19).
    """
    entry = household.registered
    leaving = member_of(entry.members, c.person_id)
    if leaving is None:
        if any(
            (p.member.person_id, p.reason) == (c.person_id, c.reason) for p in household.past.left
        ):
            return []
        raise Refused("not-a-member")
    in_order(c.effective_on, here_since(household, leaving), c.today, "effective_on")
    staying = [m for m in entry.members if m is not leaving]
    if staying:
        living_together(c.co_living_count, len(staying))
    removed = HouseholdMemberRemoved(
        household_id=entry.household_id,
        person_id=c.person_id,
        reason=c.reason,
        effective_on=c.effective_on,
        co_living_count=c.co_living_count if staying else 0,
    )
    if not staying:
        if household.past.awaited:
            raise Refused("merger-under-way")
        if c.reason is Leaving.EMIGRATION and household.case:
            raise Refused("hand-over-by-relocation")
        reason = EMPTIED.get(c.reason, Deregistration.ALL_LEFT)
        off = HouseholdDeregistered(
            household_id=entry.household_id, reason=reason, effective_on=c.effective_on
        )
        return [removed, off]
    head_goes = leaving.relation is Relation.HEAD
    return [removed, *head_after(staying, c.new_head, household, c.effective_on, goes=head_goes)]


def change_head(c: ChangeHead, household: Household) -> list[RegisterEvent]:
    """Another member is the head. Raises `Refused`."""
    entry = household.registered
    in_order(c.effective_on, entry.registered_on, c.today, "effective_on")
    changed = _headed(entry.members, c.new_head)
    if changed == entry.members:
        return []
    return [_head_changed(household, c.new_head, c.effective_on)]


def assess(c: AssessLabour, household: Household) -> list[RegisterEvent]:
    """Labour capacity of a member, in the order of the days. Raises `Refused`."""
    entry = household.registered
    member = member_of(entry.members, c.person_id)
    if member is None:
        raise Refused("not-a-member")
    in_order(c.assessed_on, here_since(household, member), c.today, "assessed_on")
    last = household.past.assessed.get(c.person_id)
    if last and c.assessed_on < last:
        raise Refused("assessed-later", last=last)
    young = age_on(member.born_on, c.assessed_on) < WORKING_AGE
    if young and c.capacity is not LabourCapacity.NONE:
        number = entry.members.index(member) + 1
        raise Refused("labour-under-sixteen", member=number)
    if c.assessed_on == last and c.capacity is member.labour_capacity:
        return []
    return [
        LabourCapacityAssessed(
            household_id=entry.household_id,
            person_id=c.person_id,
            capacity=c.capacity,
            basis=c.basis,
            assessed_on=c.assessed_on,
        )
    ]


def head_after(
    staying: Sequence[Member],
    new_head: NewHead | None,
    household: Household,
    on: date,
    *,
    goes: bool,
) -> list[RegisterEvent]:
    """The change of head among those who stay, if the head `goes`. Raises `Refused`."""
    if not goes:
        if new_head:
            raise Refused("head-stays")
        return []
    if new_head is None:
        raise Refused("new-head-needed")
    _headed(staying, new_head)
    return [_head_changed(household, new_head, on)]


def _head_changed(household: Household, new_head: NewHead, on: date) -> HeadChanged:
    return HeadChanged(
        household_id=household.id,
        head_id=new_head.head_id,
        relations=list(new_head.relations),
        effective_on=on,
    )


def _headed(members: Sequence[Member], new_head: NewHead) -> list[Member]:
    """The members as they stand under the new head; every other one has a relation to it."""
    told = {r.person_id: r.relation for r in new_head.relations}
    others = {m.person_id for m in members} - {new_head.head_id}
    if new_head.head_id not in {m.person_id for m in members}:
        raise Refused("not-a-member")
    if set(told) != others or Relation.HEAD in told.values():
        raise Refused("relations-needed", others=len(others))
    return headed(members, new_head.head_id, new_head.relations)


def headed(members: Sequence[Member], head: UUID, relations: Sequence[Related]) -> list[Member]:
    """The members with their relations to `head`; where none is told, a member keeps the one before."""
    told = {r.person_id: r.relation for r in relations} | {head: Relation.HEAD}
    return [replace(m, relation=told.get(m.person_id, m.relation)) for m in members]


def living_together(count: int, members: int) -> None:
    """Raises `Refused` if nobody lives together, or more people than there are members."""
    if not 1 <= count <= members:
        raise Refused("co-living-count", members=members)


def here_since(household: Household, member: Member) -> date:
    """The day on which a member joined, or the household was registered. Nothing is told of a member on an
    earlier day: for readers that take the days in order, the joining would come after it and undo it."""
    registered_on = household.registered.registered_on
    return max(registered_on, household.past.joined.get(member.person_id, registered_on))


def member_of(members: Sequence[Member], person_id: UUID) -> Member | None:
    """The member with this id."""
    return next((m for m in members if m.person_id == person_id), None)


def committed(members: Sequence[Member], told: Sequence[Committed]) -> list[Member]:
    """The members with the commitments to their new vault records."""
    news = {c.person_id: c.commitment for c in told}
    return [replace(m, commitment=news.get(m.person_id, m.commitment)) for m in members]


def with_member(members: Sequence[Member], person_id: UUID, **change: Any) -> list[Member]:
    """All, of whom the one with this id has other fields."""
    return [replace(m, **change) if m.person_id == person_id else m for m in members]
