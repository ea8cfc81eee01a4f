"""What nobody promised to send to audit, and what its OpenAPI document says of its answers."""

from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from audit.access.looks import STAFF
from common.testing import NOON, Issuer, history, household
from common.testing.attacks import Attacker
from common.testing.promised import operations
from services.audit.tests.conftest import Hear

SCOPES = "audit:read access:read parked:manage clock:set"


@pytest.fixture
async def document(client: httpx.AsyncClient) -> Any:
    return (await client.get("/openapi.json")).json()


@pytest.fixture
async def attacker(client: httpx.AsyncClient, app: FastAPI, hear: Hear, tokens: Issuer) -> Attacker:
    """With a household to attack, and a signed checkpoint over it."""
    await hear(history(3, household_id=household(1)))
    while await app.state.keeper.keep(NOON):
        pass
    headers = tokens.bearer("attacker", SCOPES, department=STAFF, region="441624")
    return Attacker(client, headers, {"household_id": str(household(1))})


async def test_no_query_breaks_a_route(attacker: Attacker, document: Any) -> None:
    await attacker.spoil_queries(document)
    assert attacker.found == []
    assert attacker.sent > 400


async def test_no_path_breaks_a_route(attacker: Attacker, document: Any) -> None:
    await attacker.spoil_paths(document)
    assert attacker.found == []
    assert attacker.sent > 30


async def test_no_body_breaks_a_route(attacker: Attacker, document: Any) -> None:
    await attacker.spoil_bodies(document)
    assert attacker.found == []
    assert attacker.sent > 40


async def test_the_document_tells_problems_and_who_may_ask(document: Any) -> None:
    for _, path, operation in operations(document):
        answers = operation["responses"]
        assert "application/problem+json" in answers["default"]["content"], path
        assert "422" not in answers
    looked = document["paths"]["/v1/households/{household_id}/timeline"]["get"]
    assert looked["security"] == [{"bearer": []}]
