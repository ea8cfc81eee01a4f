"""What nobody promised to send: no route fails, none answers with what was sent, each says what is wrong."""

import json
from collections.abc import Iterator
from itertools import count
from typing import Any
from urllib.parse import quote

import httpx
import pytest

from services.identification.tests.asking import Callers, identity_number
from services.identification.tests.promised import (
    NOBODY,
    bodies,
    example,
    operations,
    places,
    put,
)
from services.identification.tests.registrar import Home, Register, numbers

NUMBER = identity_number(9_001)
SCOPES = (
    "households:write households:read households:county members:read members:reveal members:rights "
    "access:read episodes:village episodes:town episodes:county episodes:read days:close "
    "declarations:write facts:write policies:publish policies:simulate"
)
VALUES: tuple[Any, ...] = (
    None, True, -1, 10**30, "", "x" * 10_000, "a\x00b", "\ud800", NUMBER, "0001-01-01", [],
)  # fmt: skip
QUERIES = (
    "", "x", "-1", "501", "9" * 30, "a\x00b", NUMBER, "0001-01-01", "9999-12-31", "441624%", NOBODY,
)  # fmt: skip
RAW = (
    b"", b"{", b"[" * 100_000, b"\xff\xfe", b"null", b"1", b"NaN",
    f'"{NUMBER}"'.encode(), f'{{"{NUMBER}": 1}}'.encode(),
)  # fmt: skip


class Attacker:
    """Has every right, and a key for each request; gathers what should not be."""

    def __init__(self, app: httpx.AsyncClient, headers: dict[str, str], home: Home) -> None:
        self._app, self._headers, self._keys = app, headers, count()
        self._places = {"household_id": home.id, "person_id": home.person(0)}
        self.found: list[tuple[str, str, str, Any]] = []
        self.sent = 0

    async def send(self, method: str, path: str, what: Any, **request: Any) -> None:
        names = (p for p in ("objection_id", "source_id", "task_id") if f"{{{p}}}" in path)
        ids = self._places | dict.fromkeys(names, NOBODY)
        url = request.pop("url", path.format(**ids, risk_type="ILLNESS"))
        headers = {**self._headers, "Idempotency-Key": f"attack-{next(self._keys)}"}
        headers |= request.pop("headers", {})
        answer = await self._app.request(method, url, headers=headers, **request)
        self.sent += 1
        for fault in faults_of(answer):
            self.found.append((method, path, fault, what))


def faults_of(answer: httpx.Response) -> Iterator[str]:
    """What is wrong with an answer."""
    if NUMBER in answer.text and not answer.url.path.endswith("/reveal"):
        yield "it echoes an identity number"
    if answer.status_code < 400:
        return
    if answer.headers["content-type"] != "application/problem+json":
        yield "it is no problem"
    elif answer.status_code >= 500:
        yield f"it fails with {answer.json()['code']}"
    elif vague := vague_in(answer.json()):
        yield f"it does not say what is wrong: {vague}"


def vague_in(problem: Any) -> list[str]:
    """Where a body or query is called wrong, and nothing more is said."""
    errors = problem.get("errors", []) if problem["code"] == "invalid" else []
    return [fault["pointer"] for fault in errors if fault["code"] == "value"]


@pytest.fixture
async def attacker(app: httpx.AsyncClient, register: Register, callers: Callers) -> Attacker:
    home = await register.household()
    return Attacker(app, callers.staff(SCOPES, "attacker", "441624"), home)


@pytest.fixture
async def document(app: httpx.AsyncClient) -> Any:
    return (await app.get("/openapi.json")).json()


async def test_no_query_breaks_a_route(attacker: Attacker, document: Any) -> None:
    for method, path, operation in operations(document):
        if method != "GET":
            continue
        for one in operation.get("parameters", []):
            for value in QUERIES:
                sent: dict[str, Any] = {"params": {one["name"]: value}}
                if one["in"] == "path":
                    sent = {"url": path.replace(f"{{{one['name']}}}", quote(value) or "x")}
                await attacker.send(method, path, (one["name"], value[:30]), **sent)
        await attacker.send(method, path, "unknown", params={NUMBER: NUMBER})
    assert attacker.found == []
    assert attacker.sent > 500


async def test_no_body_breaks_a_route(attacker: Attacker, document: Any) -> None:
    for method, path, operation in operations(document):
        for media, body in bodies(document, operation):
            headers = {"Content-Type": media}
            for raw in RAW:
                await attacker.send(method, path, raw[:20], content=raw, headers=headers)
            changed = ((place, value) for place in places(body) for value in VALUES)
            for place, value in changed:
                content = json.dumps(put(body, place, value))
                what = (place, str(value)[:20])
                await attacker.send(method, path, what, content=content, headers=headers)
            if isinstance(body, dict):
                content = json.dumps({**body, NUMBER: NUMBER})
                await attacker.send(method, path, "unknown", content=content, headers=headers)
    assert attacker.found == []
    assert attacker.sent > 3_000


async def test_no_fact_breaks_its_file(app: httpx.AsyncClient, callers: Callers) -> None:
    """Each type of fact, every field of it spoilt in every way, as one file of its department."""
    types = (await app.get("/v1/fact-types", headers=callers.yibao)).json()
    number, spoilt = next(numbers), 0
    for one in types:
        department = one["departments"][0] if isinstance(one["departments"], list) else "yibao"
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
