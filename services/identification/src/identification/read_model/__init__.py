"""What identification shows and looks up.

All of it is a function of the service's own events and changes in the transaction that records them, with
one statement for each table and batch. It can be dropped and folded again (`identification.rebuild`).
"""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from common.intents import Connection, Fresh
from contracts.assessments import IncomeAssessed
from contracts.circumstances import ResidenceConfirmed
from contracts.facts import UnmatchedFactParked, UnmatchedFactResolved
from contracts.focus import FocusEvent
from contracts.households import HouseholdRelocated, RegisterEvent
from contracts.housing import HousingEvent
from contracts.persons import AccessEvent, PersonEvent
from contracts.policies import PolicyParameterPublished
from contracts.protection import ProtectionEvent
from contracts.safeguards import WaterEvent
from contracts.schooling import SchoolingEvent
from identification.domain.states import Household
from identification.read_model import (
    access,
    cases,
    clues,
    dropouts,
    eligibility,
    evidence,
    facts,
    focus,
    housing,
    moved,
    obligations,
    persons,
    policies,
    proposals,
    protection,
    register,
    rules,
    waiting,
    water,
)
from identification.read_model.register_tables import TABLES as TABLES

# A table each, in the order in which they are put.
_PUTS: Sequence[tuple[Any, Callable[[Connection, Sequence[Fresh]], Awaitable[None]]]] = (
    (facts.REPORTED, facts.put),
    (UnmatchedFactParked | UnmatchedFactResolved, waiting.put),
    (evidence.CLUES, evidence.put),
    (evidence.CHANGES, evidence.change),
    (WaterEvent, water.put),
    (HousingEvent, housing.put),
    (SchoolingEvent, dropouts.put),
    (PolicyParameterPublished, policies.put),
    (IncomeAssessed, rules.put_incomes),
    (ProtectionEvent, protection.put),
    (FocusEvent, focus.put),
    (AccessEvent, access.put),
    (ResidenceConfirmed, proposals.put),
    (HouseholdRelocated, moved.put),
)


async def project(connection: Connection, fresh: Sequence[Fresh]) -> None:
    """Bring the tables and the vault to the state after these events.

    Raises `facts.Restricted` for a fact that must not be recorded; `Conflict` for a fact that does not
    follow the latest version of its record, or for a policy that was published for two areas; and what
    `persons.house` raises.
    """
    of = _by_type(fresh)
    if entries := of(RegisterEvent | PersonEvent):
        await register.take_turns(connection, entries)
        await persons.house(connection, entries)
    if reported := of(facts.REPORTED):
        await facts.permit(connection, reported)
        await facts.in_turn(connection, reported)
    if published := of(PolicyParameterPublished):
        await policies.of_one_area(connection, published)
    await fold(connection, fresh)


async def fold(connection: Connection, fresh: Sequence[Fresh]) -> None:
    """Bring the tables to the state after these events, now or once more."""
    of = _by_type(fresh)
    if households := [f for f in fresh if isinstance(f.state, Household)]:
        if numbered := [f for f in households if register.numbered(f.payload)]:
            await register.free(connection, numbered)
        await register.put(connection, list({f.event.stream: f for f in households}.values()))
        await cases.put(connection, households)
        await clues.put(connection, households)
        await eligibility.put(connection, households)
        await obligations.put(connection, households)
    if entries := of(RegisterEvent | PersonEvent):
        await register.reserve(connection, entries)
        await register.merged(connection, entries)
        await persons.put(connection, list({f.event.stream: f for f in entries}.values()))
    for types, put in _PUTS:
        if some := of(types):
            await put(connection, some)


def _by_type(fresh: Sequence[Fresh]) -> Callable[[Any], list[Fresh]]:
    """The events of some types, in their order. A batch has many events of few types, so the question is
    asked once for each type."""
    there = {type(f.payload) for f in fresh}

    def of(types: Any) -> list[Fresh]:
        asked = {one for one in there if issubclass(one, types)}
        return [f for f in fresh if type(f.payload) in asked] if asked else []

    return of
