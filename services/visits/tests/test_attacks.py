"""What nobody promised to send to visits, and what its OpenAPI document says of its answers."""

from typing import Any

import httpx
import pytest

from common.testing import Issuer
from common.testing.attacks import Attacker
from common.testing.promised import operations
from services.visits.tests.test_api import Desk
from services.visits.tests.test_api import desk as desk


@pytest.fixture
async def document(client: httpx.AsyncClient) -> Any:
    return (await client.get("/openapi.json")).json()


@pytest.fixture
async def attacker(client: httpx.AsyncClient, desk: Desk, tokens: Issuer) -> Attacker:
    """With a household to attack; without the right to set the clock that all tests share."""
    home = await desk.household()
    scopes = "visits:read visits:write visits:void parked:manage"
    headers = tokens.bearer("attacker", scopes, department="xiangzhen", region="441624")
    return Attacker(client, headers, {"household_id": str(home.household_id)})


async def test_no_query_breaks_a_route(attacker: Attacker, document: Any) -> None:
    await attacker.spoil_queries(document)
    assert attacker.found == []
    assert attacker.sent > 80


async def test_no_path_breaks_a_route(attacker: Attacker, document: Any) -> None:
    await attacker.spoil_paths(document)
    assert attacker.found == []
    assert attacker.sent > 10


async def test_no_body_breaks_a_route(attacker: Attacker, document: Any) -> None:
    await attacker.spoil_bodies(document)
    assert attacker.found == []
    assert attacker.sent > 100


async def test_no_form_can_be_read_in_two_ways(attacker: Attacker, document: Any) -> None:
    await attacker.send_ambiguous(document)
    assert attacker.found == []
    assert attacker.sent > 7


KEYED = {
    ("POST", "/v1/visits"): "visits:write",
    ("POST", "/v1/visits/{visit_id}/voiding"): "visits:void",
    ("POST", "/v1/screenings"): "visits:write",
    ("POST", "/v1/screenings/{screening_id}/voiding"): "visits:void",
}


async def test_the_document_tells_problems_scopes_and_the_keys(document: Any) -> None:
    for method, path, operation in operations(document):
        answers = operation["responses"]
        assert "application/problem+json" in answers["default"]["content"], path
        assert "422" not in answers
        named = {one["name"] for one in operation.get("parameters", []) if one["in"] == "header"}
        assert named == ({"Idempotency-Key"} if (method, path) in KEYED else set())
    for (method, path), scope in KEYED.items():
        operation = document["paths"][path][method.lower()]
        assert f"Scope: `{scope}`" in operation["description"]


async def test_S204_the_document_says_that_no_section_of_a_screening_is_optional(
    document: Any,
) -> None:
    form = document["components"]["schemas"]["ScreeningForm"]
    assert set(form["properties"]) - set(form["required"]) == {"visit_id"}
