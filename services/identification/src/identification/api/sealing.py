"""From a person as staff write it to a member of the register and a record of the vault."""

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from uuid import UUID

from common.ids import new_id
from common.intents import Connection
from common.problems import Fault, Problem, fault
from contracts.codes import Sex
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
from identification.seals import Personal, Sealed, commitment, new_salt
from identification.vault import Known


@dataclass(frozen=True)
class Recognised:
    """What the vault knows of persons, by identity number's index and by person."""

    known: Mapping[bytes, Known]
    salts: Mapping[UUID, tuple[bytes, bytes]]
    restricted: Set[UUID]


def number_faults(app: Wired, members: Sequence[MemberForm], pointer: str) -> list[Fault]:
    """What is wrong with identity numbers, and with what they contradict; `pointer`, to a member, has a
    place for its index."""
    found: list[Fault] = []
    for place, member in enumerate(members):
        at, number = pointer.format(place), normalised(member.identity_number)
        if code := fault_of(number, test_numbers=app.test_numbers):
            found.append(number_fault(f"{at}/identity_number", code))
            continue
        differ = contradicted_by(number, male=member.sex is Sex.MALE, born_on=member.born_on)
        if member.number_differs is None:
            found += [differs_fault(f"{at}/{name}") for name in differ]
        elif not differ:
            found.append(fault(f"{at}/number_differs", "as-in-number"))
    return found


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
    """The blind index of a member's identity number."""
    return app.vault.blind_index(normalised(member.identity_number))


def person_of(
    app: Wired, member: MemberForm, number: int, household_id: UUID, recognised: Recognised
) -> UUID:
    """The person's id: the one the vault has, else the one that was sent, else a new one.

    Raises `Problem` for a member of another household, for a second id of one person, for the id of
    another: that one's record would be lost, and for that of one who was erased: two would have one history. It says which member, never which number or whose household.
    """
    index = index_of(app, member)
    known = recognised.known.get(index)
    held = recognised.salts.get(member.person_id) if member.person_id else None
    # With the same index it was registered since we looked for the number.
    if known is None and held and held[1] != index:
        pointer = f"/members/{number - 1}/person_id"
        code = "person-id-of-another" if held[1] else "person-id-erased"
        raise Problem(code, {"member": number}, [fault(pointer, "value")])
    if known is None:
        return member.person_id or new_id()
    pointer = f"/members/{number - 1}/identity_number"
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
    personal = Personal(member.name.strip(), normalised(member.identity_number), address.strip())
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
    )
    return shown, app.vault.seal(person_id, household_id, personal, salt)
