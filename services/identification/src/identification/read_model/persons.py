"""Members of households as the register shows them, and where the vault keeps them.

The vault is no read model, since it cannot be folded again. It is changed here because that has to happen
in the transaction that records why.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession
from sqlmodel import col, select

from common.intents import Conflict, Connection, Fresh
from contracts.circumstances import AddressChanged, IdentityCorrected, IdentityNumberGiven
from contracts.households import (
    HouseholdAbsorbed,
    HouseholdDeregistered,
    HouseholdMemberAdded,
    HouseholdMemberRemoved,
    HouseholdRegistered,
    HouseholdRelocated,
)
from contracts.persons import PersonalDataErased, ProcessingRestricted, RestrictionLifted
from identification import vault
from identification.domain.entry import Status
from identification.domain.states import Household
from identification.read_model.register_tables import MemberRow


async def put(connection: Connection, latest: Sequence[Fresh]) -> None:
    """The members of these households, in place of those before."""
    states: list[Household] = [f.state for f in latest]
    rows = [
        (state.id, m.person_id, m.relation.value, m.sex.value, m.born_on,
         m.labour_capacity.value, m.health.value, m.schooling.value, m.restricted,
         m.without_number)
        for state in states
        if state.status is not Status.MERGED
        for m in state.registered.members
    ]  # fmt: skip
    await connection.execute(
        "delete from read.member where household_id = any($1::uuid[])",
        [state.id for state in states],
    )
    await connection.execute(
        """
        insert into read.member (household_id, person_id, relation, sex, born_on, labour_capacity,
            health, schooling, restricted, without_number)
        select * from unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::date[], $6::text[],
            $7::text[], $8::text[], $9::bool[], $10::bool[])
        """,
        *(zip(*rows, strict=True) if rows else [()] * 10),
    )


async def of(engine: AsyncEngine, household_id: UUID) -> list[MemberRow]:
    """The members of a household, by id."""
    query = select(MemberRow).where(MemberRow.household_id == household_id)
    async with AsyncSession(engine) as session:
        return list((await session.execute(query.order_by(col(MemberRow.person_id)))).scalars())


@dataclass(frozen=True, slots=True)
class Newborn:
    """A member who has no identity number yet."""

    person_id: UUID
    household_id: UUID
    register_number: str
    region: str
    born_on: date


async def without_number(
    connection: Any, *, region: str, after: UUID | None, limit: int
) -> list[Newborn]:
    """Newborns of an area who have no identity number yet, by id; nobody whose data may not be used."""
    rows = await connection.fetch(
        """
        select m.person_id, h.household_id, h.register_number, h.region, m.born_on
        from read.member m join read.household h using (household_id)
        where m.without_number and not m.restricted and h.status = 'ACTIVE'
            and h.region like $1 || '%' and ($2::uuid is null or m.person_id > $2)
        order by m.person_id limit $3
        """,
        region,
        after,
        limit,
    )
    return [Newborn(**row) for row in rows]


async def house(connection: Connection, fresh: Sequence[Fresh]) -> None:
    """Bring the vault to the state after these events: in their order, those of one kind together.

    Raises `Conflict` for a new address in the records of people who are not all the members, and for a
    record that was sealed before that address; `Refused` for the erasure of somebody who is a member by
    now.
    """
    steps = [step for f in fresh for step in _steps(f)]
    for act, group in groupby(steps, key=lambda step: step[0]):
        await act(connection, [item for _, items in group for item in items])


def _members(household: Household) -> set[UUID]:
    return {member.person_id for member in household.registered.members}


def _steps(fresh: Fresh) -> list[tuple[Any, Sequence[Any]]]:
    """What one event does to the vault: `(statement, rows)`."""
    event, state = fresh.payload, fresh.state
    match event:
        case HouseholdRegistered() | HouseholdMemberAdded() if fresh.private:
            return [(vault.keep, fresh.private)]
        case HouseholdRegistered():  # split off: its people are in the vault already
            return [(vault.move, [(m.person_id, event.household_id) for m in event.members])]
        case HouseholdAbsorbed():
            return [(vault.move, [(m.person_id, event.survivor_id) for m in event.members])]
        case HouseholdMemberRemoved():
            return [(vault.leave, [event.person_id])]
        case HouseholdDeregistered():
            return [(vault.leave, [m.person_id for m in state.registered.members])]
        case HouseholdRelocated() | AddressChanged() if fresh.private:
            if {row.person_id for row in fresh.private} != _members(state):
                raise Conflict  # somebody came or went since the records were read
            return [(vault.rewrite, fresh.private)]
        case IdentityNumberGiven() | IdentityCorrected() if fresh.private:
            return [(vault.rewrite, fresh.private)]
        case ProcessingRestricted():
            return [(vault.restrict, [event.person_id])]
        case RestrictionLifted():
            return [(vault.lift, [event.person_id])]
        case PersonalDataErased():
            return [(vault.erase, [event.person_id])]
    return []
