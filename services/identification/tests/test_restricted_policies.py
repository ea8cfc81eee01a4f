"""PIPL 47, A48: parameters that changed while a person's data could not be used."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from itertools import count

import asyncpg
import httpx
import pytest

from common.service import Runtime
from common.testing import eventually
from identification.domain.rules import ROLLING
from services.identification.tests.asking import Callers
from services.identification.tests.registrar import Register
from services.identification.tests.test_api_facts import heard_all
from services.identification.tests.test_api_policies import line
from services.identification.tests.test_restricted_corrections import Officer, officer
from services.identification.tests.test_restricted_evidence import Scales, scales
from services.identification.tests.test_restricted_facts import Told, told

__all__ = ["officer", "scales", "told"]  # fixtures
villages = count(441_624_108_251)  # each test's own, so that its threshold concerns no other
Publish = Callable[[str], Awaitable[None]]


@pytest.fixture
def region() -> str:
    return str(next(villages))


@pytest.fixture
def recent(runtime: Runtime) -> str:
    """A day of the twelve months that a screening looks at."""
    return str(runtime.clock.today() - timedelta(days=30))


@pytest.fixture
def publish(
    app: httpx.AsyncClient, callers: Callers, sql: asyncpg.Connection, region: str
) -> Publish:
    """The threshold of own cost is 5,000 yuan from now on, by a version of this name."""
    value = {"key": "medical_threshold_fen", "value": 500_000, "kind": "policy", "source": "试验"}

    async def published(version: str) -> None:
        office = callers.staff("policies:publish", "office", "441624")
        body = line(f"{version}-{region}", 1, region=region, parameters=[value])
        headers = office | {"Idempotency-Key": body["version"]}
        answer = await app.post("/v1/policies", json=body, headers=headers)
        assert answer.status_code == 201, answer.text
        await heard_all(sql, f"policy-{region}")

    return published


async def test_A48_who_was_left_out_of_a_screening_is_screened_when_that_ends(
    register: Register,
    officer: Officer,
    told: Told,
    scales: Scales,
    publish: Publish,
    region: str,
    recent: str,
    runtime: Runtime,
) -> None:
    home = await register.household(2, region=region)
    cost = await told(home.people[0], 600_000, settled_on=recent)
    await scales.events(home)
    for place in (0, 1):  # of the second nothing is known
        await officer.restrict(home, place)
    await publish("left-out/1")
    assert await told.clues(home) == []
    assert [await officer.withheld(home, place) for place in (0, 1)] == [1, 0]
    await officer.lift(home, 0)
    (clue,) = await told.clues(home)
    assert (clue["rule_id"], clue["evidence_event_ids"]) == ("MEDICAL-OWN-COST", [cost["event_id"]])
    assert clue["discovered_on"] == str(runtime.clock.today())
    assert await officer.withheld(home, 0) == 0


async def test_A48_a_clue_names_the_settlements_of_the_twelve_months_and_no_others(
    register: Register,
    told: Told,
    scales: Scales,
    publish: Publish,
    region: str,
    runtime: Runtime,
) -> None:
    home = await register.household(2, region=region)
    over = runtime.clock.today() - ROLLING
    await told(home.people[0], 100_000, settled_on=str(over))
    cost = await told(home.people[1], 600_000, settled_on=str(over + timedelta(days=1)))
    await scales.events(home)
    await publish("twelve-months/1")
    (clue,) = await told.clues(home)
    assert clue["evidence_event_ids"] == [cost["event_id"]]


@pytest.mark.parametrize("first", [True, False], ids=["by the screening", "by itself"])
async def test_A48_who_was_found_without_that_data_is_not_found_again(
    app: httpx.AsyncClient,
    callers: Callers,
    register: Register,
    officer: Officer,
    told: Told,
    scales: Scales,
    publish: Publish,
    region: str,
    recent: str,
    first: bool,
) -> None:
    home = await register.household(2, region=region)
    await told(home.people[0], 100_000, settled_on=recent)
    if first:
        await told(home.people[1], 600_000, settled_on=recent)
    await scales.events(home)
    await officer.restrict(home, 0)
    await publish("again/1")
    if not first:
        await told(home.people[1], 600_000, settled_on=recent)
    (clue,) = await eventually(lambda: told.clues(home))
    withdrawal = {
        "clue_id": clue["clue_id"],
        "withdrawn_by": "REPORTER",
        "reason": "核实时弄错了农户，不是这一户",
    }
    town = Register(app, callers.staff("episodes:town", "town", "441624"))
    await town.done(home.id, "withdrawal", withdrawn_on=clue["discovered_on"], **withdrawal)
    await officer.lift(home, 0)
    assert await officer.clues(home) == [clue]  # nor what people decided of it forgotten
