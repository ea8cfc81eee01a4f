"""What nobody promised to send: no route fails, none answers with what was sent, each says what is wrong."""

import json
from typing import Any

import httpx
import pytest

from common.testing.attacks import NUMBER, VALUES, Attacker, vague_in
from common.testing.promised import example, places, put
from services.identification.tests.asking import Callers, identity_number, settlement
from services.identification.tests.registrar import Register, numbers
from services.identification.tests.test_api_facts import retraction

SCOPES = (
    "households:write households:read households:county members:read members:reveal members:rights "
    "access:read episodes:village episodes:town episodes:county episodes:read days:close "
    "declarations:write facts:write policies:publish policies:simulate"
)


@pytest.fixture
async def attacker(app: httpx.AsyncClient, register: Register, callers: Callers) -> Attacker:
    """With a household to attack."""
    home = await register.household()
    there = {"household_id": home.id, "person_id": home.person(0), "risk_type": "ILLNESS"}
    return Attacker(app, callers.staff(SCOPES, "attacker", "441624"), there)


@pytest.fixture
async def document(app: httpx.AsyncClient) -> Any:
    return (await app.get("/openapi.json")).json()


async def test_no_query_breaks_a_route(attacker: Attacker, document: Any) -> None:
    await attacker.spoil_queries(document)
    assert attacker.found == []
    assert attacker.sent > 500


async def test_no_path_breaks_a_route(attacker: Attacker, document: Any) -> None:
    await attacker.spoil_paths(document)
    assert attacker.found == []
    assert attacker.sent > 30


async def test_no_body_breaks_a_route(attacker: Attacker, document: Any) -> None:
    await attacker.spoil_bodies(document)
    assert attacker.found == []
    assert attacker.sent > 3_000


async def test_no_form_can_be_read_in_two_ways(attacker: Attacker, document: Any) -> None:
    await attacker.send_ambiguous(document)
    assert attacker.found == []
    assert attacker.sent > 100


async def test_no_fact_breaks_its_file(app: httpx.AsyncClient, callers: Callers) -> None:
    """Each type of fact, every field of it spoilt in every way, as one file of its department."""
    types = (await app.get("/v1/fact-types", headers=callers.yibao)).json()
    number, spoilt = next(numbers), 0
    for one in types:
        department = "yibao" if one["subject"] == "record" else one["departments"][0]
        data = example(one["data"], one["data"]) | {"record_version": 1}
        if "identity_number" in data:
            data["identity_number"] = identity_number(number)
        changed = [data, *(put(data, at, value) for at in places(data) for value in VALUES)]
        lines = [
            {
                "specversion": "1.0",
                "id": f"attack-{one['type']}-{n}",
                "source": f"urn:gov:441624:{department}",
                "type": one["type"],
                "time": "2024-03-01T10:00:00+08:00",
                "data": item,
            }
            for n, item in enumerate(changed)
        ]
        headers = callers.of(department, "facts:write", department=department)
        answer = await app.post(
            "/v1/events",
            content="\n".join(map(json.dumps, lines)),
            headers={**headers, "Content-Type": "application/x-ndjson"},
        )
        assert answer.status_code == 207, answer.text
        assert NUMBER not in answer.text
        for item in answer.json()["items"]:
            sent, problem = lines[item["index"]]["data"], item.get("problem")
            if problem:
                assert problem["status"] < 500, (sent, problem)
                assert not vague_in(problem), (sent, problem)
                spoilt += 1
            else:
                assert "0001-01-01" not in (sent | {"record_key": ""}).values(), sent
    assert spoilt > 1_500


TWICE = [
    ("{", '"id": "1", ', "/id"),
    ("{", '"data": {}, ', "/data"),
    ('"data": {', '"record_key": "1", ', "/data/record_key"),
    ('"data": {', '"record_\\u006bey": "1", ', "/data/record_key"),
]


@pytest.mark.parametrize(("behind", "twice", "pointer"), TWICE)
@pytest.mark.parametrize("event", [settlement(990), retraction(990, 2)])
async def test_no_event_can_be_read_in_two_ways(
    app: httpx.AsyncClient,
    callers: Callers,
    behind: str,
    twice: str,
    pointer: str,
    event: dict[str, Any],
) -> None:
    """The last of two names would win here, the first of them elsewhere."""
    sent = json.dumps(event).replace(behind, behind + twice, 1)
    headers = callers.yibao | {"Content-Type": "application/x-ndjson"}
    answer = await app.post("/v1/events", content=sent, headers=headers)
    (item,) = answer.json()["items"]
    faults = [(fault["pointer"], fault["code"]) for fault in item["problem"]["errors"]]
    assert faults == [(pointer, "twice")]


async def test_the_name_of_a_field_may_be_what_it_says(
    app: httpx.AsyncClient, callers: Callers
) -> None:
    event = settlement(991, id="id", record_key="identity_number") | {"subject": "data\\"}
    answer = await app.post(
        "/v1/events",
        content=json.dumps(event),
        headers=callers.yibao | {"Content-Type": "application/cloudevents+json"},
    )
    assert (answer.status_code, answer.json()["status"]) == (201, "accepted")
