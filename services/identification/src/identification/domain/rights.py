"""A person's rights over their data (PIPL 47): restriction, its end, erasure."""

from dataclasses import dataclass, replace
from datetime import date
from typing import assert_never
from uuid import UUID

from common.decider import Refused
from contracts.households import Member
from contracts.persons import (
    ErasureReason,
    PersonalDataErased,
    PersonEvent,
    ProcessingRestricted,
    RestrictionLifted,
    RestrictionReason,
)
from identification.domain.entry import Status
from identification.domain.guards import in_order
from identification.domain.states import Household


@dataclass(frozen=True, kw_only=True)
class RestrictProcessing:
    """Keep a person's data, and show it to nobody."""

    person_id: UUID
    reason: RestrictionReason
    restricted_on: date
    today: date


@dataclass(frozen=True, kw_only=True)
class LiftRestriction:
    """Let the data be used again."""

    person_id: UUID
    lifted_on: date
    today: date


@dataclass(frozen=True, kw_only=True)
class ErasePersonalData:
    """Take a person's name, number and address out of the vault, for ever."""

    person_id: UUID
    reason: ErasureReason
    erased_on: date
    today: date


RightsCommand = RestrictProcessing | LiftRestriction | ErasePersonalData


def decide(command: RightsCommand, household: Household) -> list[PersonEvent]:
    """Also of a household off the register. Raises `Refused`."""
    person_id = command.person_id
    person = _person(household, person_id)
    if person is None:
        raise Refused("not-a-member")
    household_id, since = household.id, household.registered.registered_on
    match command:
        case RestrictProcessing():
            in_order(command.restricted_on, since, command.today, "restricted_on")
            if person_id in household.past.erased:
                raise Refused("already-erased")
            if person.restricted:
                return []
            return [
                ProcessingRestricted(
                    household_id=household_id,
                    person_id=person_id,
                    reason=command.reason,
                    restricted_on=command.restricted_on,
                )
            ]
        case LiftRestriction():
            in_order(command.lifted_on, since, command.today, "lifted_on")
            if not person.restricted:
                return []
            return [
                RestrictionLifted(
                    household_id=household_id, person_id=person_id, lifted_on=command.lifted_on
                )
            ]
        case ErasePersonalData():
            in_order(command.erased_on, since, command.today, "erased_on")
            if person_id in household.past.erased:
                return []
            if household.status is Status.ACTIVE and person in household.registered.members:
                raise Refused("purpose-continues")
            return [
                PersonalDataErased(
                    household_id=household_id,
                    person_id=person_id,
                    reason=command.reason,
                    erased_on=command.erased_on,
                )
            ]


def evolve(household: Household, event: PersonEvent) -> Household:
    """Fold one."""
    match event:
        case ProcessingRestricted():
            return _restricted(household, event.person_id, yes=True)
        case RestrictionLifted():
            return _restricted(household, event.person_id, yes=False)
        case PersonalDataErased():
            erased = household.past.erased | {event.person_id}
            return replace(household, past=replace(household.past, erased=erased))
        case _:
            assert_never(event)


def _person(household: Household, person_id: UUID) -> Member | None:
    """A member, or a former one as they stood when they last left."""
    past = [left.member for left in reversed(household.past.left)]
    people = [*household.registered.members, *past]
    return next((m for m in people if m.person_id == person_id), None)


def _restricted(household: Household, person_id: UUID, *, yes: bool) -> Household:
    def marked(member: Member) -> Member:
        return replace(member, restricted=yes) if member.person_id == person_id else member

    entry, past = household.registered, household.past
    left = tuple(replace(p, member=marked(p.member)) for p in past.left)
    return replace(
        household,
        registered=replace(entry, members=[marked(m) for m in entry.members]),
        past=replace(past, left=left),
    )
