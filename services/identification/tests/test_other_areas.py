"""Who answers for another area, for a part of one, or has no right to a route, gets and changes nothing."""

from typing import Any

import asyncpg
import httpx
import pytest

from common.testing.promised import bodies, operations
from services.identification.tests.asking import Callers, settlement
from services.identification.tests.registrar import Register
from services.identification.tests.test_api_facts import numbers, post, retraction
from services.identification.tests.test_attacks import SCOPES

ELSEWHERE = "441624109"
NOT_OF_ONE_AREA = {  # the county's: parameters, rules, what departments may post, the end of a day
    "/v1/business-days", "/v1/fact-types", "/v1/policies/in-force", "/v1/rules",
    "/v1/parked", "/v1/parked/{key}/retry", "/v1/parked/{key}/{record_id}", "/v1/catalogue", "/v1/clock",
}  # fmt: skip


@pytest.fixture
async def document(app: httpx.AsyncClient) -> Any:
    return (await app.get("/openapi.json")).json()


@pytest.fixture
async def places(register: Register) -> dict[str, str]:
    """Where a household is, and one of it."""
    home = await register.household()
    return {"household_id": home.id, "person_id": home.person(0), "risk_type": "ILLNESS"}


async def asked(
    app: httpx.AsyncClient, document: Any, where: dict[str, str], headers: dict[str, str]
) -> list[tuple[str, str, httpx.Response]]:
    """What every route of a household answers to a request that fits."""
    answers = []
    for method, path, operation in operations(document):
        if "{household_id}" not in path:
            continue
        sent = [body for _, body in bodies(document, operation)] or [None]
        url = path.format_map({"objection_id": where["person_id"], **where})
        keyed = headers | {"Idempotency-Key": f"{method}-{path}"}
        answer = await app.request(method, url, json=sent[0], headers=keyed)
        answers.append((method, path, answer))
    return answers


async def recorded(sql: asyncpg.Connection, home: str) -> int:
    """How many events of a household there are, but for looks."""
    found: int = await sql.fetchval(
        "select count(*) from es.events where household_id = $1 and stream not like 'access-%'",
        home,
    )
    return found


@pytest.mark.parametrize("region", [ELSEWHERE, "441625", "4416241082019", ""])
async def test_no_route_of_a_household_answers_to_another_area(
    app: httpx.AsyncClient,
    callers: Callers,
    document: Any,
    places: dict[str, str],
    sql: asyncpg.Connection,
    region: str,
) -> None:
    before = await recorded(sql, places["household_id"])
    stranger = callers.staff(SCOPES, "stranger", region)
    answers = await asked(app, document, places, stranger)
    assert len(answers) > 40
    let_in = [
        (method, path, answer.status_code, answer.text[:100])
        for method, path, answer in answers
        if (answer.status_code, answer.json()["code"]) != (403, "outside-region")
    ]
    assert let_in == []
    assert await recorded(sql, places["household_id"]) == before


async def test_every_route_of_a_household_asks_for_its_scope(
    app: httpx.AsyncClient, callers: Callers, document: Any, places: dict[str, str]
) -> None:
    for scopes in ("", "facts:write", SCOPES.upper(), SCOPES.replace(":", ".")):
        nobody = callers.staff(scopes, "nobody", "441624")
        codes = {
            answer.json()["code"] for _, _, answer in await asked(app, document, places, nobody)
        }
        assert codes == {"forbidden"}
    codes = {answer.json()["code"] for _, _, answer in await asked(app, document, places, {})}
    assert codes == {"unauthenticated"}


async def test_no_list_is_of_another_area_nor_finds_a_household_of_one(
    app: httpx.AsyncClient, callers: Callers, document: Any, places: dict[str, str]
) -> None:
    stranger, lists = callers.staff(SCOPES, "stranger", ELSEWHERE), 0
    for method, path, operation in operations(document):
        named = {one["name"] for one in operation.get("parameters", []) if one["in"] == "query"}
        if method != "GET" or "region" not in named or path in NOT_OF_ONE_AREA | {"/v1/policies"}:
            continue
        lists += 1
        answer = await app.get(path, params={"region": "441624108"}, headers=stranger)
        assert (answer.status_code, answer.json()["code"]) == (403, "outside-region"), path
        if "household_id" in named:
            one = {"household_id": places["household_id"]}
            assert (await app.get(path, params=one, headers=stranger)).json() == [], path
    assert lists > 12


async def test_a_source_of_water_serves_no_household_of_another_area(
    app: httpx.AsyncClient, callers: Callers, places: dict[str, str]
) -> None:
    """Or its outages and bad tests would raise clues there."""
    scopes = {"scopes": "facts:write", "department": "shuiwu", "region": ELSEWHERE}
    headers = callers.of("shuiwu-town", **scopes) | {"Idempotency-Key": "water-elsewhere"}
    source = {
        "source_id": places["person_id"],
        "label": "镇集中供水",
        "kind": "CENTRAL",
        "region": f"{ELSEWHERE}201",
        "served": [places["household_id"]],
        "registered_on": "2021-01-01",
    }
    answer = await app.post("/v1/water-sources", json=source, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (403, "outside-region")
    assert [one["pointer"] for one in answer.json()["errors"]] == ["/served/0"]
    dry = await app.post("/v1/water-sources", json={**source, "served": []}, headers=headers)
    assert dry.status_code == 201, dry.text
    connect = {"connected": source["served"], "effective_on": "2021-02-01"}
    url = f"/v1/water-sources/{source['source_id']}/served"
    answer = await app.post(url, json=connect, headers=headers | {"Idempotency-Key": "connect"})
    assert (answer.status_code, answer.json()["code"]) == (403, "outside-region")


async def test_what_waits_is_neither_taken_back_nor_replaced_by_who_answers_for_less(
    app: httpx.AsyncClient, callers: Callers
) -> None:
    """The person may live in the area of whoever posted it: they answer for the record."""
    number = next(numbers)
    assert (await post(app, callers.yibao, settlement(number))).json()["waits"]
    again = settlement(number, 1, id=f"{number}-2", record_version=2)
    stranger = settlement(
        next(numbers), id=f"{number}-3", record_key=f"YB-{number}", record_version=3
    )
    for region in (ELSEWHERE, "441625"):
        part = callers.of("yibao-part", "facts:write", department="yibao", region=region)
        for event in (retraction(number, 2), again, stranger):
            answer = await post(app, part, event)
            assert (answer.status_code, answer.json()["code"]) == (403, "outside-region")
    assert (await post(app, callers.yibao, settlement(number))).json()["waits"]
    whole = callers.of("yibao-whole", "facts:write", department="yibao", region="44")
    assert (await post(app, whole, retraction(number, 2))).status_code == 201
