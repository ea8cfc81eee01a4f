"""From a person as staff write it to a member of the register and a record of the vault."""

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from common.ids import new_id
from common.intents import Connection
from common.problems import Fault, Problem, fault
from contracts.codes import NumberDiffers, Sex
from contracts.households import Member
from identification import vault
from identification.api.forms import MemberForm
from identification.api.wired import Wired
from identification.identity import (
    contradicted_by,
    differs_fault,
    fault_of,
    normalised,
    number_fault,
)
from identification.read_model import persons
from identification.seals import Personal, Sealed, commitment, new_salt
from identification.vault import Known

NOBODY = b"-"


@dataclass(frozen=True)
class Number:
    """An identity number as it is kept, and why it is not that of the registered birth date and sex, if it
    is not."""

    identity_number: str
    differs: NumberDiffers | None


@dataclass(frozen=True)
class Recognised:
    """What the vault knows of persons, by identity number's index and by person."""

    known: Mapping[bytes, Known]
    salts: Mapping[UUID, tuple[bytes, bytes]]
    restricted: Set[UUID]


def number_faults(
    app: Wired, members: Sequence[MemberForm], pointer: str, *, newborn: bool = False
) -> list[Fault]:
    """What is wrong with members' identity numbers, or does not agree with them. `pointer` leads to a
    member, with `{}` for its index. A `newborn` may have no number; whether it is one is for the domain to
    say."""
    found: list[Fault] = []
    for place, member in enumerate(members):
        at = pointer.format(place)
        if member.identity_number is not None:
            male, born_on = member.sex is Sex.MALE, member.born_on
            told = member.identity_number, member.number_differs
            found += contradictions(app, *told, male=male, born_on=born_on, at=at)
        elif not newborn:
            found.append(fault(f"{at}/identity_number", "missing"))
        elif member.number_differs:
            found.append(fault(f"{at}/number_differs", "as-in-number"))
    return found


def contradictions(
    app: Wired, number: str, why: NumberDiffers | None, *, male: bool, born_on: date, at: str
) -> list[Fault]:
    """What is wrong with a number, and what does not agree with it although nobody says `why`."""
    number = normalised(number)
    if code := fault_of(number, test_numbers=app.test_numbers):
        return [number_fault(f"{at}/identity_number", code)]
    differ = contradicted_by(number, male=male, born_on=born_on)
    if why is None:
        return [differs_fault(f"{at}/{name}") for name in differ]
    return [] if differ else [fault(f"{at}/number_differs", "as-in-number")]


async def recognise(
    app: Wired, connection: Connection, members: Sequence[MemberForm]
) -> Recognised:
    """Look persons up, all at once."""
    known = await vault.seen(connection, [index_of(app, m) for m in members])
    ids = [k.person_id for k in known.values()] + [m.person_id for m in members if m.person_id]
    return Recognised(
        known, await vault.salts(connection, ids), await vault.restricted(connection, ids)
    )


def index_of(app: Wired, member: MemberForm) -> bytes:
    """The blind index of a member's identity number; without one, an index that nobody has."""
    return app.vault.blind_index(number) if (number := number_of(member)) else NOBODY


def number_of(member: MemberForm) -> str:
    """The number as it is kept; empty without one."""
    return normalised(member.identity_number or "")


def person_of(
    app: Wired, member: MemberForm, number: int, household_id: UUID, recognised: Recognised, at: str
) -> UUID:
    """The person's id: the one in the vault, else the one that was sent, else a new one. `at` points to the
    member.

    Raises `Problem` for a member of another household; for a second id of one person; for the id of another
    person, whose record would be lost; and for the id of somebody who was erased, since two persons would
    share one history. It says which member, never which number or whose household.
    """
    index = index_of(app, member)
    known = recognised.known.get(index)
    held = recognised.salts.get(member.person_id) if member.person_id else None
    # With the same index it was registered since we looked for the number.
    if known is None and held and held[1] != index:
        pointer = f"{at}/person_id"
        code = "person-id-of-another" if held[1] else "person-id-erased"
        raise Problem(code, {"member": number}, [fault(pointer, "value")])
    if known is None:
        return member.person_id or new_id()
    pointer = f"{at}/identity_number"
    if known.active and known.household_id != household_id:
        raise Problem("person-in-another-household", {"member": number}, [fault(pointer, "value")])
    if member.person_id not in (None, known.person_id):
        code = "person-in-another-household" if known.active else "person-has-another-id"
        raise Problem(code, {"member": number}, [fault(pointer, "value")])
    return known.person_id


def sealed(
    app: Wired,
    member: MemberForm,
    person_id: UUID,
    household_id: UUID,
    address: str,
    recognised: Recognised,
) -> tuple[Member, Sealed]:
    """The member as events show it, and the record that its commitment speaks of."""
    personal = Personal(member.name, number_of(member), address)
    salt, _ = recognised.salts.get(person_id) or (new_salt(), b"")
    shown = Member(
        person_id=person_id,
        commitment=commitment(personal, salt),
        relation=member.relation,
        sex=member.sex,
        born_on=member.born_on,
        labour_capacity=member.labour_capacity,
        health=member.health,
        schooling=member.schooling,
        restricted=person_id in recognised.restricted,
        number_differs=member.number_differs,
        without_number=member.identity_number is None,
    )
    return shown, app.vault.seal(person_id, household_id, personal, salt)


async def of_member(
    app: Wired, household_id: UUID, person_id: UUID, number: Number | None = None
) -> bytes:
    """The sealed record of a member, who may have this number from now on.

    Raises `Problem` for who is no member, for a number that contradicts what the register says of them,
    and for that of another person: it never says whose.
    """
    members = await persons.of(app.runtime.engine, household_id)
    member = next((m for m in members if m.person_id == person_id), None)
    index = app.vault.blind_index(number.identity_number) if number else NOBODY
    async with app.runtime.pool.acquire() as connection:
        kept = await vault.kept(connection, household_id, person_id)
        known = (await vault.seen(connection, [index])).get(index)
    if member is None or kept is None:
        raise Problem("not-a-member")
    if number:
        told, male = (number.identity_number, number.differs), member.sex == Sex.MALE
        if faults := contradictions(app, *told, male=male, born_on=member.born_on, at=""):
            raise Problem("invalid", faults=faults)
    if known and known.person_id != person_id:
        code = "person-in-another-household" if known.active else "person-has-another-id"
        place = members.index(member) + 1
        raise Problem(code, {"member": place}, [fault("/identity_number", "value")])
    return kept.sealed
