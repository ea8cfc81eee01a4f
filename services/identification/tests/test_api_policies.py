"""Incomes and policy over HTTP: A1 to the clue, and A48 from publication to the clue."""

import json
from itertools import count
from typing import Any
from uuid import UUID, uuid5

import asyncpg
import httpx
import pytest

from common.service import Runtime
from common.testing import eventually
from identification.read_model import policies
from services.identification.tests.asking import Callers, household

numbers = count(700)
NAMESPACE = UUID(int=48)
VILLAGE = "441624108209"  # of its own, so that its line concerns no other test


def assessment(number: int, wage_fen: int, window: tuple[str, str], on: str) -> dict[str, Any]:
    return {
        "assessment_id": str(uuid5(NAMESPACE, f"{number}-{on}-{wage_fen}")),
        "household_id": household(number)["household_id"],
        "assessed_on": on,
        "income": {
            "window_from": window[0],
            "window_to": window[1],
            "members": 1,
            "wage_fen": wage_fen,
            "operating_fen": 0,
            "operating_cost_fen": 0,
            "property_fen": 0,
            "transfer_fen": 0,
            "claims_fen": 0,
            "compliant_own_cost_fen": 0,
        },
    }


async def registered(app: httpx.AsyncClient, callers: Callers, **change: Any) -> int:
    number = next(numbers)
    body = household(number, **change)
    answer = await app.post("/v1/households", json=body, headers=callers.registrar)
    assert answer.status_code == 201, answer.text
    return number


async def clues(sql: asyncpg.Connection, number: int) -> list[dict[str, Any]]:
    rows = await sql.fetch(
        "select data, policy_version from es.readable where stream = $1 and type = 'RiskDetected'",
        f"household-{household(number)['household_id']}",
    )
    return [json.loads(row["data"]) | {"policy": row["policy_version"]} for row in rows]


async def test_A01_an_assessment_on_the_line_opens_a_clue_and_sent_again_nothing(
    app: httpx.AsyncClient, callers: Callers, sql: asyncpg.Connection
) -> None:
    number = await registered(app, callers)
    on = assessment(number, 1_080_000, ("2023-03-01", "2024-02-29"), "2024-03-04")
    answer = await app.post("/v1/incomes", json=[on], headers=callers.registrar)
    assert (answer.status_code, answer.json()["accepted"]) == (200, 1), answer.text

    async def opened() -> Any:
        return await clues(sql, number)

    (clue,) = await eventually(opened)
    assert (clue["rule_id"], clue["risk_types"]) == ("INCOME-LINE", ["LOW_INCOME"])
    assert clue["policy"] == "44-16-24/2024/1"
    again = await app.post("/v1/incomes", json=[on], headers=callers.registrar)
    assert again.json()["replayed"] == 1


async def test_bad_assessments_are_named_and_good_ones_kept(
    app: httpx.AsyncClient, callers: Callers
) -> None:
    number = await registered(app, callers)
    window = ("2023-03-01", "2024-02-29")
    good = assessment(number, 5_000_000, window, "2024-03-04")
    stranger = assessment(99_998, 1, window, "2024-03-04")
    wrong = assessment(number, 1, ("2023-01-01", "2023-12-31"), "2024-03-04")
    fractional = assessment(number, 1, window, "2024-03-04")
    fractional["income"]["wage_fen"] = 1.5
    answer = await app.post(
        "/v1/incomes", json=[good, stranger, wrong, fractional], headers=callers.registrar
    )
    assert answer.status_code == 207
    assert [item.get("problem", {}).get("code") for item in answer.json()["items"]] == [
        None,
        "not-registered",
        "income-window",
        "invalid",
    ]
    elsewhere = callers.staff("households:write", "other", "441624109")
    answer = await app.post("/v1/incomes", json=[good], headers=elsewhere)
    assert answer.json()["items"][0]["problem"]["code"] == "outside-region"


def line(version: str, fen: int, **change: Any) -> dict[str, Any]:
    return {
        "version": version,
        "region": VILLAGE,
        "effective_from": "2024-01-01",
        "published_on": "2024-08-06",
        "parameters": [
            {"key": "income_line_fen", "value": fen, "kind": "policy", "source": "S2-02, 村级试验"}
        ],
        **change,
    }


async def test_A48_a_published_line_opens_one_clue_and_leaves_what_was_decided(
    app: httpx.AsyncClient, callers: Callers, sql: asyncpg.Connection, runtime: Runtime
) -> None:
    number = await registered(app, callers, region=VILLAGE)
    untouched = await registered(app, callers, region=VILLAGE)
    window = ("2023-03-01", "2024-02-29")
    told = [
        assessment(number, 1_100_000, window, "2024-03-04"),
        assessment(untouched, 1_200_000, window, "2024-03-04"),
    ]
    await app.post("/v1/incomes", json=told, headers=callers.registrar)
    office = callers.staff("policies:publish households:read", "office", "441624")
    key = {"Idempotency-Key": "a48"}
    answer = await app.post("/v1/policies", json=line("a48/1", 1_140_000), headers=office | key)
    assert answer.status_code == 201, answer.text

    async def opened() -> Any:
        return await clues(sql, number)

    (clue,) = await eventually(opened)
    assert clue["discovered_on"] == runtime.clock.today().isoformat()
    assert clue["policy"] == "44-16-24/2024/1+a48/1"
    assert await clues(sql, untouched) == []
    assessed = await sql.fetchval(
        "select data from es.readable where stream = $1 and type = 'IncomeAssessed'",
        f"household-{household(number)['household_id']}",
    )
    assert json.loads(assessed)["within_line"] is False
    in_force = await app.get("/v1/policies/in-force?region=441624108209", headers=office)
    assert in_force.json()["income_line_fen"] == 1_140_000
    elsewhere = await app.get("/v1/policies/in-force?region=441624109201", headers=office)
    assert elsewhere.json()["income_line_fen"] == 1_080_000
    listed = await app.get("/v1/policies", headers=office)
    assert "a48/1" in [version["version"] for version in listed.json()]


async def test_a_version_is_of_one_area_only(app: httpx.AsyncClient, callers: Callers) -> None:
    """Decisions name the version alone; a second one of its name would take the place of the first."""
    office = callers.staff("policies:publish households:read", "office", "441624")
    town = callers.staff("policies:publish households:read", "town", "441624110")
    body = line("44-16-24/2024/1", 1_200_000, region="441624110")
    body["parameters"][0]["key"] = "relief_fen"
    answer = await app.post("/v1/policies", json=body, headers=town | {"Idempotency-Key": "one"})
    assert (answer.status_code, answer.json()["code"]) == (409, "policy-version-in-use")
    assert "441624" in answer.text
    in_force = await app.get("/v1/policies/in-force?region=441624109201", headers=office)
    assert in_force.json()["income_line_fen"] == 1_080_000


async def test_a_version_is_of_one_area_also_where_two_publish_it_at_once(
    app: httpx.AsyncClient, callers: Callers, monkeypatch: pytest.MonkeyPatch
) -> None:
    office = callers.staff("policies:publish households:read", "office", "441624")
    region_of, body = policies.region_of, line("at-once/1", 0, region="441624111")
    body["parameters"][0]["key"] = "relief_fen"
    other = line("at-once/1", 1_080_000, region="441624112")

    async def interrupted(connection: Any, version: str) -> str | None:
        found = await region_of(connection, version)
        monkeypatch.undo()
        key = {"Idempotency-Key": "at-once-other"}
        answer = await app.post("/v1/policies", json=other, headers=office | key)
        assert answer.status_code == 201, answer.text
        return found

    monkeypatch.setattr(policies, "region_of", interrupted)
    for code in ("conflict", "policy-version-in-use"):
        key = {"Idempotency-Key": "at-once"}
        answer = await app.post("/v1/policies", json=body, headers=office | key)
        assert answer.json()["code"] == code, answer.text


async def test_policies_are_published_by_those_who_may_and_as_they_must_be(
    app: httpx.AsyncClient, callers: Callers
) -> None:
    office = callers.staff("policies:publish households:read", "office", "441624")
    for body, headers, status, code in [
        (line("x/1", 1), callers.registrar, 403, "forbidden"),
        (line("x/1", 1, region="441602"), office, 403, "outside-region"),
        (line("x/1", 1, published_on="2999-01-01"), office, 422, "date-in-future"),
        (line("x/1", 1, effective_to="2023-01-01"), office, 422, "policy-interval"),
        (line("x/1", 1, region="4416a"), office, 422, "invalid"),
    ]:
        key = {"Idempotency-Key": code}
        answer = await app.post("/v1/policies", json=body, headers=headers | key)
        assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text
    answer = await app.get("/v1/policies?year=2024", headers=office)
    assert (answer.status_code, answer.json()["code"]) == (400, "unknown-filter")
    answer = await app.get("/v1/policies/in-force?region=11", headers=office)
    assert (answer.status_code, answer.json()["code"]) == (404, "policy-not-found")


async def test_an_area_without_a_policy_of_its_own_is_no_fault_of_the_service(
    app: httpx.AsyncClient, callers: Callers
) -> None:
    city = callers.staff("households:read episodes:read policies:simulate", "city", "4416")
    asked = {"region": "4416", "parameters": {"income_line_fen": 1}}
    answers = [
        await app.get("/v1/coverage", headers=city),
        await app.get("/v1/housing?region=441602", headers=city),
        await app.post("/v1/what-if", json=asked, headers=city),
    ]
    for answer in answers:
        assert (answer.status_code, answer.json()["code"]) == (404, "policy-not-found"), answer.url
    assert (await app.get("/v1/coverage?region=441624", headers=city)).status_code == 200
