"""S8.4-01 and S7.3-02 over HTTP: what is to be entered, and whose risk is to be gone by the county's day."""

from datetime import date
from typing import Any

import asyncpg
import httpx
import pytest

from common.clock import business_date
from common.service import Runtime
from services.identification.tests.asking import Callers
from services.identification.tests.registrar import Home, Register
from services.identification.tests.test_api_facts import events
from services.identification.tests.test_api_policies import line
from services.identification.tests.way import Desks

TOWN, VILLAGE = "441624261", "441624261201"  # of these tests alone
ENTRY = {"subject": "CONFIRM", "platform_no": "GD-7", "entered_on": "2024-03-25"}
RISK = {"risk_type": "SCHOOLING", "evidence": "子女就读高中", "added_on": "2024-04-20"}


@pytest.fixture
def desks(app: httpx.AsyncClient, register: Register, callers: Callers) -> Desks:
    return Desks.of(app, register, callers)


class Lists:
    """What the town's reader is shown."""

    def __init__(self, app: httpx.AsyncClient, headers: dict[str, str]) -> None:
        self._app, self._headers = app, headers

    async def ask(self, path: str) -> httpx.Response:
        return await self._app.get(f"/v1/{path}", headers=self._headers)

    async def read(self, path: str) -> list[dict[str, Any]]:
        answer = await self.ask(path)
        assert answer.status_code == 200, answer.text
        rows: list[dict[str, Any]] = answer.json()
        return rows


@pytest.fixture
def lists(app: httpx.AsyncClient, callers: Callers) -> Lists:
    return Lists(app, callers.staff("episodes:read", "reader", TOWN))


async def _monitored(desks: Desks, village: str) -> Home:
    home = await desks.register.household(region=village)
    await desks.village.done(home.id, "clues", **CLUE)
    return await desks.monitored(home)


CLUE = {
    "channel": "CADRE_SCREENING",
    "risk_types": ["ACCIDENT"],
    "discovered_on": "2024-03-01",
    "summary": "排查发现收入下降",
}


async def test_S8401_what_is_said_long_after_is_dated_on_its_own_morning(
    app: httpx.AsyncClient, desks: Desks, sql: asyncpg.Connection
) -> None:
    """A6: of two decisions, each is late the morning after its own last day."""
    home = await _monitored(desks, "441624261203")
    await desks.town.done(home.id, "risks", **RISK)
    day = {"closed_on": "2024-05-10"}
    closed = await app.post("/v1/business-days", json=day, headers=desks.office.headers)
    assert closed.status_code == 200, closed.text
    found = await sql.fetch(
        """select occurred_at, data::jsonb ->> 'subject' as subject from es.readable
        where stream = $1 and type = 'ObligationBreached' order by version""",
        f"household-{home.id}",
    )
    assert [(str(business_date(row["occurred_at"])), row["subject"]) for row in found] == [
        ("2024-03-22", "CONFIRM"),
        ("2024-04-26", "CHANGE"),
    ]


async def test_S8401_what_is_not_entered_is_listed_page_by_page_and_said_once(
    app: httpx.AsyncClient, desks: Desks, lists: Lists, sql: asyncpg.Connection
) -> None:
    home, other = [await _monitored(desks, VILLAGE) for _ in range(2)]
    await desks.town.done(home.id, "risks", **RISK)
    first = await lists.ask(f"platform-entries?region={VILLAGE}&limit=2")
    assert first.headers["Link"].endswith('; rel="next"')
    following = first.headers["Link"].split(">")[0].removeprefix("</v1/")
    rest = await lists.ask(following)
    assert "Link" not in rest.headers
    listed = {(r["household_id"], r["subject"]) for r in [*first.json(), *rest.json()]}
    assert listed == {(home.id, "CONFIRM"), (home.id, "CHANGE"), (other.id, "CONFIRM")}
    (row,) = await lists.read(f"platform-entries?household_id={home.id}&subject=CONFIRM")
    assert (row["decided_on"], row["due_on"], row["overdue"]) == ("2024-03-16", "2024-03-21", True)
    assert row["days_left"] < 0
    assert await lists.read(f"platform-entries?region={VILLAGE}&overdue=false") == []
    assert len(await lists.read(f"platform-entries?region={VILLAGE}&due_by=2024-03-21")) == 2

    for _ in range(2):  # a day that is closed again says nothing twice
        day = {"closed_on": "2024-03-22"}
        closed = await app.post("/v1/business-days", json=day, headers=desks.office.headers)
        assert closed.status_code == 200, closed.text
    ((_, breach),) = await events(sql, f"household-{home.id}", "ObligationBreached")
    assert (breach["obligation"], breach["subject"]) == ("PLATFORM_ENTRY", "CONFIRM")
    assert breach["due_on"] == "2024-03-21"
    assert (await desks.case(home))["stage"] == "MONITORED"

    await desks.town.done(home.id, "platform-entries", **ENTRY)
    assert [r["subject"] for r in await lists.read(f"platform-entries?household_id={home.id}")] == [
        "CHANGE"
    ]
    away = {"reason": "核查确认为城镇户,识别错误", "evidence_hash": "a" * 64}
    await desks.office.done(other.id, "cancellation", cancelled_on="2024-05-01", **away)
    assert await lists.read(f"platform-entries?household_id={other.id}") == []


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("?late=true", 400),
        ("?overdue=perhaps", 422),
        ("?subject=REMOVE", 422),
        ("?household_id=1", 422),
        ("?due_by=2024-02-30", 422),
        ("?cursor=first", 422),
        ("?limit=501", 422),
        ("?limit=0", 422),
        ("?region=441624262", 403),
    ],
)
async def test_S8401_the_list_fails_closed(lists: Lists, query: str, status: int) -> None:
    assert (await lists.ask(f"platform-entries{query}")).status_code == status


async def test_S8401_the_list_is_for_who_reads_episodes(
    app: httpx.AsyncClient, callers: Callers
) -> None:
    headers = callers.staff("households:read", "reader", TOWN)
    assert (await app.get("/v1/platform-entries", headers=headers)).status_code == 403
    assert (await app.get("/v1/platform-entries")).status_code == 401


async def test_S7302_cases_of_the_target_are_listed_with_the_days_that_are_left(
    app: httpx.AsyncClient, desks: Desks, lists: Lists, callers: Callers, sql: asyncpg.Connection
) -> None:
    village = "441624261202"
    home = await _monitored(desks, village)
    assert await lists.read(f"cases?region={village}&cohort=OPEN") == []  # confirmed in 2024
    parameters = [
        {"key": "cohort_confirmed_by", "value": "2024-03-16", "kind": "policy", "source": "S7.3-02"}
    ]
    office = callers.staff("policies:publish", "office", "441624") | {"Idempotency-Key": village}
    body = line("cohort/1", 1, region=village) | {"parameters": parameters}
    published = await app.post("/v1/policies", json=body, headers=office)
    assert published.status_code == 201, published.text

    (row,) = await lists.read(f"cases?region={village}&cohort=OPEN")
    assert (row["household_id"], row["cohort"]) == (home.id, "OPEN")
    cohort = (await lists.ask(f"cases/cohort?region={village}")).json()
    assert row["target_days_left"] == cohort["days_left"]
    for other in ("ELIMINATED", "LABOUR_LOST", "CANCELLED", "CLOSED"):
        assert await lists.read(f"cases?region={village}&cohort={other}") == []
    assert (await lists.ask(f"cases?region={village}&cohort=MISSED")).status_code == 422

    for day, times in (("2024-12-30", 0), ("2024-12-31", 1), ("2024-12-31", 1)):
        await app.post("/v1/business-days", json={"closed_on": day}, headers=desks.office.headers)
        found = await events(sql, f"household-{home.id}", "CohortTargetMissed")
        assert len(found) == times, day
    lost = {"capacity": "LOST", "basis": "SEEN_AT_HOME", "assessed_on": "2024-12-01"}
    await desks.register.done(home.id, "labour", person_id=home.person(0), **lost)
    (row,) = await lists.read(f"cases?region={village}&cohort=LABOUR_LOST")  # A42
    assert (row["cohort"], row["target_days_left"]) == ("LABOUR_LOST", None)
    assert await lists.read(f"cases?region={village}&cohort=OPEN") == []


async def test_S7302_county_town_and_village_see_a_village_s_own_target(
    app: httpx.AsyncClient,
    desks: Desks,
    callers: Callers,
    sql: asyncpg.Connection,
    runtime: Runtime,
) -> None:
    town, village = "441624263", "441624263201"
    home, _ = await _monitored(desks, village), await _monitored(desks, "441624263202")
    parameters = [
        {"key": key, "value": value, "kind": "policy", "source": "S7.3-02"}
        for key, value in (("cohort_confirmed_by", "2024-03-16"), ("cohort_target", "2024-06-30"))
    ]
    office = callers.staff("policies:publish", "office", "441624") | {"Idempotency-Key": village}
    body = line("cohort/2", 1, region=village) | {"parameters": parameters}
    published = await app.post("/v1/policies", json=body, headers=office)
    assert published.status_code == 201, published.text
    day = {"closed_on": "2024-06-30"}
    await app.post("/v1/business-days", json=day, headers=desks.office.headers)
    ((_, missed),) = await events(sql, f"household-{home.id}", "CohortTargetMissed")
    left = (date.fromisoformat(missed["target"]) - runtime.clock.today()).days

    county = Lists(app, callers.staff("episodes:read", "reader", "441624"))
    for area in (town, village):
        (row,) = await county.read(f"cases?region={area}&cohort=OPEN")
        assert (row["household_id"], row["cohort"]) == (home.id, "OPEN")
        assert row["target_days_left"] == left
        told = (await county.ask(f"cases/cohort?region={area}")).json()
        assert (told["cohort"], told["open"]) == (1, 1)
    listed = await county.read(f"cases?region={town}")
    assert [row["household_id"] for row in listed if row["cohort"]] == [home.id]
