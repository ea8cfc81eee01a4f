"""What-if over HTTP: who enters and who leaves, and nothing stored."""

from itertools import count

import asyncpg
import httpx
import pytest

from services.identification.tests.asking import Callers, household
from services.identification.tests.test_api_policies import assessment

numbers = count(750)
VILLAGE = "441624108219"


async def test_S8101_a_what_if_says_who_enters_and_why_and_stores_nothing(
    app: httpx.AsyncClient, callers: Callers, sql: asyncpg.Connection
) -> None:
    wages = {next(numbers): fen for fen in (1_080_000, 1_100_000, 1_140_000, 1_140_001)}
    for number, fen in wages.items():
        body = household(number, region=VILLAGE)
        await app.post("/v1/households", json=body, headers=callers.registrar)
        told = assessment(number, fen, ("2023-03-01", "2024-02-29"), "2024-03-04")
        answer = await app.post("/v1/incomes", json=[told], headers=callers.registrar)
        assert answer.json()["accepted"] == 1, answer.text
    office = callers.staff("policies:simulate", "office", "441624")
    form = {"region": VILLAGE, "parameters": {"income_line_fen": 1_140_000}}
    before = await sql.fetchval("select max(position) from es.events where region <> 'x'")
    answer = await app.post("/v1/what-if", json=form, headers=office)
    assert answer.status_code == 200, answer.text
    body = answer.json()
    assert (body["households"], body["version"]) == (4, "44-16-24/2024/1")
    assert (body["entering"]["households"], body["leaving"]["households"]) == (2, 0)
    assert {one["register_number"] for one in body["entering"]["first"]} == {
        household(number)["register_number"] for number in list(wages)[1:3]
    }
    assert body["entering"]["by_town"] == {"441624108": 2}
    assert "11,400.00" in body["entering"]["first"][0]["why"]
    back = {"region": VILLAGE, "parameters": {"income_line_operator": "LT"}}
    left = (await app.post("/v1/what-if", json=back, headers=office)).json()["leaving"]
    assert [one["register_number"] for one in left["first"]] == [
        household(next(iter(wages)))["register_number"]
    ]
    one = {**form, "household_id": household(list(wages)[1])["household_id"]}
    answer = await app.post("/v1/what-if", json=one, headers=office)
    assert (answer.json()["households"], answer.json()["entering"]["households"]) == (1, 1)
    stored = await sql.fetchval(
        "select count(*) from es.events where position > $1 and type like 'Policy%'", before
    )
    assert stored == 0


async def test_a_what_if_is_asked_by_those_who_may_and_of_parameters_that_exist(
    app: httpx.AsyncClient, callers: Callers
) -> None:
    office = callers.staff("policies:simulate", "office", "441624")
    form = {"region": VILLAGE, "parameters": {"income_line_fen": 1}}
    for body, headers, status, code in [
        (form, callers.registrar, 403, "forbidden"),
        ({**form, "region": "441602"}, office, 403, "outside-region"),
        ({**form, "parameters": {"unheard": 1}}, office, 422, "invalid"),
        ({**form, "parameters": {"income_line_fen": "1"}}, office, 422, "invalid"),
        (
            {**form, "household_id": str(household(9)["household_id"])},
            office,
            404,
            "not-registered",
        ),
    ]:
        answer = await app.post("/v1/what-if", json=body, headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text


@pytest.mark.parametrize("value", [1.5, True, None, [1], {"a": 1}, "1"])
async def test_a_value_that_is_none_is_pointed_at_and_told_what_it_must_be(
    app: httpx.AsyncClient, callers: Callers, value: object
) -> None:
    office = callers.staff("policies:simulate policies:publish", "office", "441624")
    parameters = {"income_line_fen": value}
    form = {"region": VILLAGE, "parameters": parameters}
    (error,) = (await app.post("/v1/what-if", json=form, headers=office)).json()["errors"]
    assert error["pointer"] == "/parameters/income_line_fen"
    assert error["detail_en"].endswith(": a whole number from 0 to 1000000000000")
    version = {
        "version": "wrong",
        "region": VILLAGE,
        "effective_from": "2024-01-01",
        "published_on": "2024-01-01",
        "parameters": [
            {"key": "income_line_fen", "value": value, "kind": "policy", "source": "县办"}
        ],
    }
    headers = office | {"Idempotency-Key": f"value-{value}"}
    answer = await app.post("/v1/policies", json=version, headers=headers)
    assert answer.json()["code"] == "policy-parameter-value"
    assert "a whole number from 0 to 1000000000000" in answer.json()["title_en"]
