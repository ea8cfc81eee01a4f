"""What identification shows, and looks up.

All of it is a function of the service's own events, changed in the same transaction; a statement a
table and batch. It can be dropped and folded again (`identification.rebuild`).
"""

from collections.abc import Sequence

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


async def project(connection: Connection, fresh: Sequence[Fresh]) -> None:
    """Bring the tables and the vault to the state after these events.

    Raises `facts.Restricted` for a fact that must not be recorded, `Conflict` for one that follows a
    version which is not the latest or for a policy of two areas, and what `persons.house` raises.
    """
    if entries := [f for f in fresh if isinstance(f.payload, RegisterEvent | PersonEvent)]:
        await register.take_turns(connection, entries)
        await persons.house(connection, entries)
    if reported := [f for f in fresh if isinstance(f.payload, facts.REPORTED)]:
        await facts.permit(connection, reported)
        await facts.in_turn(connection, reported)
    if published := [f for f in fresh if isinstance(f.payload, PolicyParameterPublished)]:
        await policies.of_one_area(connection, published)
    await fold(connection, fresh)


async def fold(connection: Connection, fresh: Sequence[Fresh]) -> None:
    """Bring the tables to the state after these events, now or once more."""
    households = [f for f in fresh if isinstance(f.state, Household)]
    if households:
        if numbered := [f for f in households if register.numbered(f.payload)]:
            await register.free(connection, numbered)
        await register.put(connection, list({f.event.stream: f for f in households}.values()))
        await cases.put(connection, households)
        await clues.put(connection, households)
        await eligibility.put(connection, households)
        await obligations.put(connection, households)
    entries = [f for f in fresh if isinstance(f.payload, RegisterEvent | PersonEvent)]
    if entries:
        await register.reserve(connection, entries)
        await register.merged(connection, entries)
        await persons.put(connection, list({f.event.stream: f for f in entries}.values()))
    reported = [f for f in fresh if isinstance(f.payload, facts.REPORTED)]
    if reported:
        await facts.put(connection, reported)
    waited = [
        f for f in fresh if isinstance(f.payload, UnmatchedFactParked | UnmatchedFactResolved)
    ]
    if waited:
        await waiting.put(connection, waited)
    cited = [f for f in fresh if isinstance(f.payload, evidence.CLUES)]
    if cited:
        await evidence.put(connection, cited)
    changes = [f for f in fresh if isinstance(f.payload, evidence.CHANGES)]
    if changes:
        await evidence.change(connection, changes)
    sources = [f for f in fresh if isinstance(f.payload, WaterEvent)]
    if sources:
        await water.put(connection, sources)
    ledgered = [f for f in fresh if isinstance(f.payload, HousingEvent)]
    if ledgered:
        await housing.put(connection, ledgered)
    children = [f for f in fresh if isinstance(f.payload, SchoolingEvent)]
    if children:
        await dropouts.put(connection, children)
    published = [f for f in fresh if isinstance(f.payload, PolicyParameterPublished)]
    if published:
        await policies.put(connection, published)
    incomes = [f for f in fresh if isinstance(f.payload, IncomeAssessed)]
    if incomes:
        await rules.put_incomes(connection, incomes)
    gaps = [f for f in fresh if isinstance(f.payload, ProtectionEvent)]
    if gaps:
        await protection.put(connection, gaps)
    tags = [f for f in fresh if isinstance(f.payload, FocusEvent)]
    if tags:
        await focus.put(connection, tags)
    looks = [f for f in fresh if isinstance(f.payload, AccessEvent)]
    if looks:
        await access.put(connection, looks)
    stay = [f for f in fresh if isinstance(f.payload, ResidenceConfirmed)]
    if stay:
        await proposals.put(connection, stay)
    moves = [f for f in fresh if isinstance(f.payload, HouseholdRelocated)]
    if moves:
        await moved.put(connection, moves)
