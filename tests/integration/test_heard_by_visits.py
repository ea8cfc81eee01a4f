"""What visits keeps of what it heard of identification is what identification's own fold says of the household."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from typing import Any

import asyncpg
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from common.intents import Connection
from common.testing import envelope, read_model
from contracts.codes import Category
from contracts.focus import Untagging
from contracts.identification import HouseholdEvent
from identification.domain.commands import Command
from identification.domain.entry import Status
from identification.domain.household import HOUSEHOLD
from identification.domain.stages import monitored_of
from identification.domain.states import Household
from local.servers import Servers
from services.identification.tests import test_properties, test_register_laws
from services.identification.tests.ending import CANCEL, CLOSE, REVOKE, TAG
from services.identification.tests.entries import DEREGISTER, MOVE, MOVE_OUT
from services.identification.tests.story import REGISTERED, history, taken
from services.identification.tests.test_rights import LIFT, RESTRICT
from visits.main import NAME
from visits.reactions import HEARD, learn
from visits.read_model import TABLES

HISTORIES = 200
UNTAG = replace(TAG, verdicts=dict.fromkeys(TAG.verdicts, Untagging.ENDED))
CONCERNING: tuple[Command, ...] = (
    TAG, UNTAG, MOVE, MOVE_OUT, DEREGISTER, RESTRICT, LIFT, CANCEL, CLOSE, REVOKE,
)  # fmt: skip
STARTS = [
    test_properties.TAKEN_OVER,
    *(history(*test_properties.WAY[:n]) for n in range(len(test_properties.WAY) + 1)),
]


@pytest.fixture
async def connection(servers: Servers) -> AsyncIterator[Connection]:
    """A database with the tables of visits, and nothing in them."""
    async with read_model(servers.postgres, NAME, TABLES) as pool, pool.acquire() as connection:
        yield connection


def histories() -> list[list[HouseholdEvent]]:
    """What became of one household, in as many ways as are tried."""
    found = list[list[HouseholdEvent]]()
    others = test_properties.commands | test_register_laws.commands
    commands = st.lists(st.sampled_from(CONCERNING) | others, min_size=4, max_size=20)

    @settings(
        max_examples=HISTORIES, deadline=None, derandomize=True, phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(st.sampled_from(STARTS), commands)
    def draw(start: list[HouseholdEvent], asked: list[Command]) -> None:
        events = [*start]
        for _ in taken(asked, events):
            pass
        found.append(events)

    draw()
    return found


def heard(events: Sequence[HouseholdEvent]) -> list[tuple[Any, Any]]:
    """Those that visits hears, as it does."""
    household = REGISTERED.household_id
    return [
        (envelope(payload, household_id=household, region=REGISTERED.region), payload)
        for payload in events
        if type(payload).__name__ in HEARD.types
    ]


def expected(household: Household) -> dict[str, Any]:
    """The same by identification."""
    entry = household.registered
    ended = household.eliminated if household.case is None else None
    return {
        "region": entry.region,
        "monitored": monitored_of(household.case) is not None,
        "left_on": ended.on if ended else None,
        "formerly_poor": household.status is Status.ACTIVE
        and entry.category is Category.FORMERLY_POOR,
        "focus": {(g.value, whose or entry.household_id) for g, whose in household.past.tags},
        "restricted": {m.person_id for m in entry.members if m.restricted},
    }


async def kept(connection: asyncpg.Connection, household: Household) -> dict[str, Any]:
    """What visits would tell."""
    id_, members = REGISTERED.household_id, {m.person_id for m in household.registered.members}
    focus = await connection.fetch("select * from read.focus where household_id = $1", id_)
    restricted = await connection.fetch("select person_id from read.restricted")
    return {
        "region": await connection.fetchval("select region from read.known_household"),
        "monitored": await connection.fetchval("select exists (select from read.monitored)"),
        "left_on": await connection.fetchval(
            "select left_on from read.stretch order by since desc"
        ),
        "formerly_poor": await connection.fetchval(
            "select exists (select from read.formerly_poor where left_on is null)"
        ),
        "focus": {(row["focus_group"], row["subject_id"]) for row in focus},
        "restricted": {row["person_id"] for row in restricted} & members,
    }


async def test_visits_and_identification_agree_about_a_household(
    connection: asyncpg.Connection,
) -> None:
    for events in histories():
        household = HOUSEHOLD.fold(events)
        assert household is not None
        told, transaction = heard(events), connection.transaction()
        await transaction.start()
        for batch in (told[: len(told) // 2], told[len(told) // 2 :]):
            await learn(connection, batch)
        found, wanted = await kept(connection, household), expected(household)
        if wanted["left_on"] is None:  # of who left otherwise, the day is not told here
            del found["left_on"], wanted["left_on"]
        assert found == wanted, [type(event).__name__ for event in events]
        await transaction.rollback()
