"""No route shows a household, or a list of them, without a record: a new one is found here."""

from collections.abc import Iterator
from typing import Any

import asyncpg
import httpx
import pytest
from fastapi import FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.routing import iter_route_contexts

from audit.access.lists import Listing
from audit.access.looks import STAFF, Looking
from audit.api import checkpoints, evidence
from audit.log.keeper import Keeper
from audit.pages import live
from common.auth import DOCUMENTATION
from common.testing import NOON, Issuer, envelope, household

SHOWS_NOBODY = {
    "/asyncapi.json": "what audit publishes",
    "/find": "records what it found, when that is known; identification records refusals",
    "/health/live": "whether the process lives",
    "/health/ready": "whether it can work",
    "/metrics": "numbers of the process",
    "/problems": "what refusals mean",
    "/problems/{code}": "what a refusal means",
    "/v1/catalogue": "what audit publishes",
    "/v1/clock": "sets the clock",
    "/v1/parked": "operators: keys and reasons, no content",
    "/v1/parked/{key}/retry": "operators: how many are left",
    "/v1/parked/{key}/{record_id}": "operators: whether it was given up",
    "/session": "keeps the token that was pasted",
    "/session/end": "forgets it",
}


def guards(dependant: Dependant) -> Iterator[Any]:
    for inner in dependant.dependencies:
        yield inner.call
        yield from guards(inner)


def shown_by(app: FastAPI) -> dict[str, list[Any]]:
    """The guards of each route that must record, by its path."""
    free = {*checkpoints.PUBLIC, *evidence.PUBLIC, *live.PUBLIC, *DOCUMENTATION, *SHOWS_NOBODY}
    return {
        str(context.path): list(guards(context.dependant))
        for context in iter_route_contexts(app.routes)
        if context.path not in free
    }


def test_every_route_records_who_looks_or_is_known_to_show_nobody(app: FastAPI) -> None:
    shows = shown_by(app)
    assert len(shows) >= 12
    for path, calls in shows.items():
        wanted = Looking if "{household_id}" in path else Listing
        assert any(isinstance(call, wanted) for call in calls), path


def test_what_shows_nobody_is_still_there(app: FastAPI) -> None:
    paths = {str(context.path) for context in iter_route_contexts(app.routes)}
    assert set(SHOWS_NOBODY) <= paths


QUERY = {
    "/v1/households/{household_id}/diff": {"from": "2024-01-01"},
    "/county/households": {"step": "CLUE"},
    "/households/{household_id}/live": {"seen": "x"},
}
OF_NO_AREA = {"/v1/timeline/hash", "/v1/completeness"}


async def test_every_route_is_closed_to_another_area_another_scope_and_a_token_that_has_expired(
    app: FastAPI, client: httpx.AsyncClient, hear: Any, tokens: Issuer
) -> None:
    await hear([envelope(b'{"risk_types":[]}', type="RiskDetected", household_id=household(1))])
    await app.state.keeper.keep(NOON)
    both = "audit:read access:read"
    elsewhere = tokens.bearer("stranger", both, department=STAFF, region="441625")
    nowhere = tokens.bearer("stranger", both, department=STAFF, region="")
    department = tokens.bearer("renshe", both, department="renshe")
    scope = tokens.bearer("stranger", "facts:write AUDIT:READ", department=STAFF)
    late = tokens.bearer("late", both, department=STAFF, exp=1)
    other = tokens.bearer("other", both, department=STAFF, aud="elsewhere")
    closed = [
        (elsewhere, 403), (nowhere, 403), (department, 403), (scope, 403), (late, 401), (other, 401)
    ]  # fmt: skip
    for path in shown_by(app):
        asked, query = path.replace("{household_id}", str(household(1))), QUERY.get(path, {})
        for headers, status in closed:
            more = {"region": "441624"} if headers is elsewhere and asked == path else {}
            method = "POST" if path == "/find/registered" else "GET"
            answer = await client.request(method, asked, params=query | more, headers=headers)
            if path in ("/", "/find/registered") and headers is department:
                continue  # a department finds what is routed to it here
            unknown = bool(more) and path in OF_NO_AREA
            assert answer.status_code == (400 if unknown else status), (path, answer.text[:200])
            assert "{" in path or str(household(1)) not in answer.text


async def test_every_route_adds_its_record_before_it_answers(
    app: FastAPI, client: httpx.AsyncClient, hear: Any, pool: asyncpg.Pool
) -> None:
    await hear([envelope(b'{"risk_types":[]}', type="RiskDetected", household_id=household(1))])
    keeper: Keeper = app.state.keeper
    await keeper.keep(NOON)
    unrecorded = {
        "/v1/timeline/hash": "one hash over everything",
        "/v1/completeness": "counts over everything",
        "/completeness": "the same for people",
        "/find/registered": "is posted (test_registered)",
    }
    for n, path in enumerate(path for path in shown_by(app) if path not in unrecorded):
        asked = path.replace("{household_id}", str(household(1)))
        answer = await client.get(asked, params=QUERY.get(path, {}))
        assert answer.status_code == (404 if "live" in path else 200), path
        assert await pool.fetchval("select count(*) from es.events") == n + 1, path


async def test_a_list_that_does_not_say_what_it_shows_fails(
    app: FastAPI, client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("audit.access.lists.Lister.show", lambda *_, **__: None)
    answer = await client.get("/v1/households")
    assert answer.status_code == 500
    assert "items" not in answer.text
