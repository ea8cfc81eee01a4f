"""PIPL 47: what a department reports of somebody whose data may be kept but not used."""

from datetime import date
from typing import Any
from uuid import UUID

import asyncpg
import httpx
import msgspec
import pytest

from common.rows import from_row
from common.testing import eventually
from contracts.facts import DepartmentFactRecorded
from identification import unmatched
from identification.effects.clues import from_facts
from identification.effects.heard import Heard
from identification.read_model.policies import as_book, in_file
from services.identification.tests.asking import Callers, household, person, settlement
from services.identification.tests.conftest import ROOT
from services.identification.tests.registrar import DAY, Home, Register, joining, leaving, numbers
from services.identification.tests.test_api_facts import by, events, fact, post, retraction

POLICIES = ROOT / "policies" / "heping-2024.toml"
RESTRICTION = {"reason": "CONTESTED", "restricted_on": DAY}


@pytest.fixture
def officer(app: httpx.AsyncClient, callers: Callers) -> Register:
    """The county's officer for persons' rights."""
    return Register(app, callers.staff("members:rights households:read", "officer", "441624"))


class Told:
    """A department that reports settlements, and what became of them."""

    def __init__(
        self, app: httpx.AsyncClient, headers: dict[str, str], sql: asyncpg.Connection
    ) -> None:
        self._app, self._headers, self._sql = app, headers, sql

    async def __call__(self, number: int, own_cost_fen: int = 1_200_000, **change: Any) -> Any:
        answer = await post(self._app, self._headers, settlement(number, own_cost_fen, **change))
        assert answer.status_code in (200, 201), answer.text
        return answer.json()

    async def retract(self, number: int, version: int) -> Any:
        answer = await post(self._app, self._headers, retraction(number, version))
        assert answer.status_code == 201, answer.text
        return answer.json()

    async def of(self, home: Home) -> list[tuple[str, int]]:
        """What is recorded of a household: event and version of the record."""
        found = await events(self._sql, f"facts-of-household-{home.id}")
        return [(kind, data["record_version"]) for kind, data in found]

    async def clues(self, home: Home) -> list[dict[str, Any]]:
        found = await events(self._sql, f"household-{home.id}", "RiskDetected")
        return [data for _, data in found]


@pytest.fixture
def told(app: httpx.AsyncClient, callers: Callers, sql: asyncpg.Connection) -> Told:
    return Told(app, callers.yibao, sql)


async def test_a_fact_about_a_restricted_person_waits_and_is_taken_up_when_that_ends(
    register: Register, officer: Register, told: Told, sql: asyncpg.Connection
) -> None:
    home = await register.household()
    await officer.done(home.id, f"members/{home.person(0)}/restriction", **RESTRICTION)
    first = await told(home.people[0])
    assert (first["status"], first["waits"]) == ("accepted", "RESTRICTED")
    again = await told(home.people[0])
    assert (again["status"], again["waits"]) == ("replayed", "RESTRICTED")
    assert again["event_id"] == first["event_id"]
    assert await told.of(home) == []
    await officer.done(home.id, f"members/{home.person(0)}/restriction-end", lifted_on=DAY)
    (clue,) = await eventually(lambda: told.clues(home))
    assert await told.of(home) == [("DepartmentFactRecorded", 1)]
    received = await events(sql, f"facts-of-household-{home.id}")
    assert clue["discovered_on"] == received[0][1]["received_on"]
    row = await sql.fetchrow(
        "select reason, outcome, waited_days from read.unmatched where event_id = $1",
        UUID(first["event_id"]),
    )
    assert row is not None
    assert tuple(row) == ("RESTRICTED", "MATCHED", 0)
    assert "waits" not in await told(home.people[0])


async def test_a_correction_that_waited_names_the_version_that_it_replaces(
    register: Register, officer: Register, told: Told, sql: asyncpg.Connection
) -> None:
    home = await register.household()
    number = home.people[0]
    first = await told(number, 900_000)
    await officer.done(home.id, f"members/{home.person(0)}/restriction", **RESTRICTION)
    assert (await told(number, 800_000, id=f"{number}-2", record_version=2))["waits"]
    await officer.done(home.id, f"members/{home.person(0)}/restriction-end", lifted_on=DAY)

    async def corrected() -> Any:
        return await events(sql, f"facts-of-household-{home.id}", "DepartmentFactCorrected")

    ((_, data),) = await eventually(corrected)
    assert (data["previous_event_id"], data["previous_version"]) == (first["event_id"], 1)


async def test_a_retraction_is_heard_all_the_same_and_ends_what_waits(
    register: Register, officer: Register, told: Told, sql: asyncpg.Connection
) -> None:
    home = await register.household()
    number = home.people[0]
    await told(number, 900_000)
    await officer.done(home.id, f"members/{home.person(0)}/restriction", **RESTRICTION)
    waits = await told(number, 800_000, id=f"{number}-2", record_version=2)
    assert "waits" not in await told.retract(number, 3)
    recorded = [("DepartmentFactRecorded", 1), ("DepartmentFactRetracted", 3)]
    assert await told.of(home) == recorded
    await officer.done(home.id, f"members/{home.person(0)}/restriction-end", lifted_on=DAY)

    async def outcome() -> Any:
        return await sql.fetchval(
            "select outcome from read.unmatched where event_id = $1", UUID(waits["event_id"])
        )

    assert await eventually(outcome) == "SUPERSEDED"
    assert await told.of(home) == recorded


async def test_what_was_known_before_counts_for_nobody_else_of_the_household(
    register: Register, officer: Register, told: Told
) -> None:
    home = await register.household(2)
    await told(home.people[0], 600_000)
    await officer.done(home.id, f"members/{home.person(0)}/restriction", **RESTRICTION)
    second = await told(home.people[1], 600_000)
    third = await told(home.people[1], 500_000, record_key="more", id=f"more-{home.people[1]}")
    (clue,) = await eventually(lambda: told.clues(home))
    assert set(clue["evidence_event_ids"]) == {second["event_id"], third["event_id"]}


async def test_what_was_left_out_is_judged_when_the_restriction_ends(
    register: Register, officer: Register, told: Told, sql: asyncpg.Connection
) -> None:
    home = await register.household(2)
    first = await told(home.people[0], 600_000)
    await officer.done(home.id, f"members/{home.person(0)}/restriction", **RESTRICTION)
    second = await told(home.people[1], 600_000)

    async def withheld() -> Any:
        return await sql.fetchval(
            "select count(*) from vault.withheld where event_id = $1", UUID(second["event_id"])
        )

    assert await eventually(withheld) == 1
    assert await told.clues(home) == []
    await officer.done(home.id, f"members/{home.person(0)}/restriction-end", lifted_on=DAY)
    (clue,) = await eventually(lambda: told.clues(home))
    assert set(clue["evidence_event_ids"]) == {first["event_id"], second["event_id"]}
    assert await withheld() == 0


async def test_facts_wait_for_a_restricted_person_who_married_into_another_household(
    register: Register, officer: Register, told: Told
) -> None:
    old, new = await register.household(2), await register.household()
    bride, number = old.person(1), old.people[1]
    await officer.done(old.id, f"members/{bride}/restriction", **RESTRICTION)
    await register.done(old.id, "departures", **leaving(bride))
    assert (await told(number))["waits"] == "NO_SUCH_PERSON"
    await register.done(new.id, "members", **joining(number))
    second = await told(number, record_key="second", id=f"second-{number}")
    assert second["waits"] == "RESTRICTED"
    await officer.done(new.id, f"members/{bride}/restriction-end", lifted_on=DAY)
    await eventually(lambda: told.clues(new))
    assert await told.of(new) == [("DepartmentFactRecorded", 1)] * 2
    assert await told.of(old) == []


async def test_a_restricted_child_is_not_known_to_the_register_of_schooling(
    app: httpx.AsyncClient, register: Register, officer: Register, callers: Callers
) -> None:
    child = {"born_on": "2014-05-01", "labour_capacity": "NONE"}
    head, pupil = next(numbers), next(numbers)
    members = [person(head), person(pupil, relation="CHILD", **child)]
    region = "441624108977"  # a village of this test's own
    body = household(head, members=members, co_living_count=2, region=region)
    made = await app.post("/v1/households", json=body, headers=register.headers)
    assert made.status_code == 201, made.text
    said = {"checked_on": "2024-03-01", "term": "SPRING", "status": "ENROLLED"}
    enrolled = fact(pupil, "jiaoyu", "EnrolmentStatus", **said)
    assert (await post(app, by(callers, "jiaoyu"), enrolled)).status_code == 201
    reader = callers.staff("households:read", "reader", region)

    async def status() -> str:
        url = f"/v1/schooling?region={region}&term=2024-SPRING"
        (row,) = (await app.get(url, headers=reader)).json()
        return str(row["status"])

    assert await status() == "ENROLLED"
    who = f"members/{members[1]['person_id']}"
    await officer.done(body["household_id"], f"{who}/restriction", **RESTRICTION)
    assert await status() == "UNKNOWN"
    await officer.done(body["household_id"], f"{who}/restriction-end", lifted_on=DAY)
    assert await status() == "ENROLLED"


async def test_what_waits_for_somebody_who_is_erased_waits_for_nobody(
    app: httpx.AsyncClient,
    register: Register,
    officer: Register,
    told: Told,
    sql: asyncpg.Connection,
) -> None:
    home = await register.household(2)
    gone, number, nobody = home.person(1), home.people[1], next(numbers)
    await register.done(home.id, "departures", **leaving(gone))
    waits = await told(number)
    await told(nobody)
    assert waits["waits"] == "NO_SUCH_PERSON"
    erasure = {"reason": "PURPOSE_ENDED", "erased_on": DAY}
    await officer.done(home.id, f"members/{gone}/erasure", **erasure)

    async def outcome() -> Any:
        return await sql.fetchval(
            "select outcome from read.unmatched where event_id = $1", UUID(waits["event_id"])
        )

    assert await eventually(outcome) == "ERASED"
    assert not await sql.fetchval(
        "select count(*) from vault.unmatched join read.unmatched using (fact_id) "
        "where event_id = $1",
        UUID(waits["event_id"]),
    )
    body = household(nobody)
    await app.post("/v1/households", json=body, headers=register.headers)
    late = Home(body["household_id"], [nobody])
    await eventually(lambda: told.of(late))  # what waits for others waits on


async def test_the_share_of_waiting_facts_says_how_many_wait_for_a_restriction_to_end(
    app: httpx.AsyncClient, register: Register, officer: Register, told: Told, callers: Callers
) -> None:
    home = await register.household()
    reader = callers.staff("households:read", "reader", "441624")

    async def restricted() -> int:
        answer = await app.get("/v1/coverage", headers=reader)
        found: int = answer.json()["facts"]["restricted"]
        return found

    before = await restricted()
    await officer.done(home.id, f"members/{home.person(0)}/restriction", **RESTRICTION)
    await told(home.people[0])
    assert await restricted() == before + 1


async def test_a_fact_from_before_the_restriction_whose_turn_comes_later_is_left_out(
    app: httpx.AsyncClient,
    register: Register,
    officer: Register,
    callers: Callers,
    sql: asyncpg.Connection,
) -> None:
    home = await register.household()
    weijian = by(callers, "weijian")
    illness = fact(home.people[0], "weijian", "SeriousIllness", recognised_on="2024-02-20")
    event_id = UUID((await post(app, weijian, illness)).json()["event_id"])
    row = await sql.fetchrow("select * from es.events where event_id = $1", event_id)
    assert row is not None
    event = from_row("identification", row)
    payload = msgspec.json.decode(event.data, type=DepartmentFactRecorded)
    heard = Heard(sql, as_book(in_file(POLICIES, date(2024, 8, 6))), [(event, payload)])
    assert len(await from_facts(heard)) == 1
    await officer.done(home.id, f"members/{home.person(0)}/restriction", **RESTRICTION)
    assert await from_facts(heard) == []
    assert await unmatched.released(sql, [UUID(home.person(0))]) == [event_id]
