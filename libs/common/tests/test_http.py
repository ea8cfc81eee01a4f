"""The HTTP side: one shape of error, circumstances on every answer, limits that hold."""

from collections.abc import AsyncIterator, Mapping
from typing import Annotated, Any
from uuid import UUID

import asyncpg
import httpx
import pytest
import structlog
from fastapi import FastAPI, Request, Response
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy.exc import DBAPIError
from structlog.testing import capture_logs

from common.auth import Principal, allow
from common.decider import Refused
from common.errors import refusal
from common.http import (
    Probe,
    correlation_id,
    create_app,
    default_deny,
    expected_version,
    required_key,
)
from common.intents import Conflict, KeyReused
from common.problems import MEDIA_TYPE, Problem, Text
from common.settings import Settings
from common.tracing import current_traceparent
from common.writer import Busy, Unavailable
from libs.common.tests.bare import nothing

LIMIT = 1_000
RAISED: dict[str, Exception] = {
    "refused": Refused("full", total=900),
    "unworded": Refused("nobody-wrote-a-text"),
    "key": KeyReused("k"),
    "conflict": Conflict("s"),
    "busy": Busy(),
    "unavailable": Unavailable(),
    "lost-between": asyncpg.InternalClientError("cannot switch to state 11"),
    "lost-by-sqlalchemy": DBAPIError("select", (), Exception(), connection_invalidated=True),
    "bug-in-sql": asyncpg.UndefinedColumnError("column secret does not exist"),
    "bug": ZeroDivisionError("secret 441624199001011234"),
}


class Visit(BaseModel):
    """A body with one of everything."""

    model_config = ConfigDict(extra="forbid")
    household_id: UUID
    count: Annotated[int, Field(ge=1)]
    notes: list[Annotated[str, Field(max_length=5)]] = []


def make_app(why: dict[str, str | None]) -> FastAPI:
    settings = Settings.model_construct(issuer="", jwks_url="", body_limit_bytes=LIMIT)

    def probes(_: FastAPI) -> Mapping[str, Probe]:
        async def database() -> str | None:
            return why["database"]

        return {"database": database}

    refusals = {"full": Text(409, "已满:{total}", "Full: {total}")}
    app = create_app("test", settings, lifespan=nothing, probes=probes, refusals=refusals)

    @app.post("/v1/visits")
    async def visits(visit: Visit) -> dict[str, str | None]:
        return {"correlation": str(correlation_id()), "trace": current_traceparent()}

    @app.post("/v1/raw")
    async def raw(request: Request) -> int:
        return len(await request.body())

    @app.get("/v1/raise/{name}")
    async def raises(name: str) -> None:
        raise RAISED[name]

    @app.get("/v1/list")
    async def listed(region: str = "", cursor: str = "") -> None: ...

    @app.get("/v1/kept")
    async def kept(response: Response) -> None:
        response.headers["Cache-Control"] = "max-age=60"

    @app.get("/v1/headers")
    async def headers(request: Request) -> list[Any]:
        return [required_key(request), expected_version(request)]

    return app


@pytest.fixture
def why() -> dict[str, str | None]:
    """What the readiness probe finds wrong."""
    return {"database": None}


@pytest.fixture
async def client(why: dict[str, str | None]) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the app; what the app raises it raises."""
    transport = httpx.ASGITransport(make_app(why))
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as made:
        yield made


VALID = {"household_id": str(UUID(int=1)), "count": 1}


def problem(answer: httpx.Response, status: int, code: str) -> dict[str, Any]:
    """The body, which must be a problem of that code in every detail of its shape."""
    assert answer.headers["content-type"] == MEDIA_TYPE
    body: dict[str, Any] = answer.json()
    assert (answer.status_code, body["status"], body["code"]) == (status, status, code)
    assert body["type"] == f"/problems/{code}"
    assert body["title"]
    assert body["title_en"].isascii()
    assert answer.headers["x-correlation-id"]
    return body


# Limits


@pytest.mark.parametrize("path", ["/v1/visits", "/v1/raw"])
@pytest.mark.parametrize("declared", [True, False])
async def test_a_body_over_the_limit_is_refused_declared_or_not(
    client: httpx.AsyncClient, path: str, declared: bool
) -> None:
    async def chunks() -> AsyncIterator[bytes]:
        assert not declared, "what is known to be too large is not even read"
        for _ in range(LIMIT // 100 + 1):
            yield b"x" * 100

    length = {"content-length": str(LIMIT + 1)} if declared else {}
    answer = await client.post(
        path, content=chunks(), headers={"content-type": "application/json", **length}
    )

    assert problem(answer, 413, "body-too-large")["details"] == {"limit": LIMIT}


async def test_a_body_at_the_limit_is_taken(client: httpx.AsyncClient) -> None:
    assert (await client.post("/v1/raw", content=b"x" * LIMIT)).text == str(LIMIT)


async def test_a_length_that_is_a_lie_is_found(client: httpx.AsyncClient) -> None:
    async def chunks() -> AsyncIterator[bytes]:
        yield b"x" * (LIMIT + 1)

    answer = await client.post("/v1/raw", content=chunks(), headers={"content-length": "10"})

    problem(answer, 413, "body-too-large")


# Circumstances


async def test_a_correlation_id_goes_through_and_comes_back(client: httpx.AsyncClient) -> None:
    given = "6f1f8a5e-0000-4000-8000-000000000001"
    answer = await client.post("/v1/visits", json=VALID, headers={"x-correlation-id": given})

    assert answer.headers["x-correlation-id"] == given
    assert answer.json()["correlation"] == given


@pytest.mark.parametrize("given", [None, "", "not one", "441624199001011234"])
async def test_a_correlation_id_is_made_where_none_came(
    client: httpx.AsyncClient, given: str | None
) -> None:
    headers = {} if given is None else {"x-correlation-id": given}
    answer = await client.post("/v1/visits", json=VALID, headers=headers)

    assert UUID(answer.headers["x-correlation-id"]).version == 7
    assert answer.json()["correlation"] == answer.headers["x-correlation-id"]


async def test_every_answer_has_its_circumstances_also_when_we_are_to_blame(
    client: httpx.AsyncClient,
) -> None:
    for path in ("/health/live", "/nowhere", "/v1/raise/bug", "/v1/raise/busy"):
        answer = await client.get(path)
        assert UUID(answer.headers["x-correlation-id"])
        assert answer.headers["x-content-type-options"] == "nosniff"


async def test_nobody_keeps_an_answer_unless_a_route_says_so(client: httpx.AsyncClient) -> None:
    for path in ("/health/live", "/nowhere", "/v1/raise/bug", "/v1/raise/busy"):
        assert (await client.get(path)).headers.get_list("cache-control") == ["no-store"]
    answer = await client.get("/v1/kept")
    assert answer.headers.get_list("cache-control") == ["max-age=60"]


async def test_nothing_of_one_request_is_left_for_the_next(client: httpx.AsyncClient) -> None:
    await client.get("/health/live")

    assert "correlation_id" not in structlog.contextvars.get_contextvars()


# Errors


@pytest.mark.parametrize(
    ("name", "status", "code"),
    [
        ("refused", 409, "full"),
        ("unworded", 500, "internal"),
        ("key", 422, "idempotency-key-reused"),
        ("conflict", 503, "conflict"),
        ("busy", 503, "busy"),
        ("unavailable", 503, "unavailable"),
        ("lost-between", 503, "unavailable"),
        ("lost-by-sqlalchemy", 503, "unavailable"),
        ("bug-in-sql", 500, "internal"),
        ("bug", 500, "internal"),
    ],
)
async def test_what_is_raised_becomes_a_problem(
    client: httpx.AsyncClient, name: str, status: int, code: str
) -> None:
    answer = await client.get(f"/v1/raise/{name}")

    problem(answer, status, code)
    assert ("retry-after" in answer.headers) == (status == 503)


async def test_a_bug_is_logged_with_its_request_and_told_to_nobody(
    client: httpx.AsyncClient,
) -> None:
    given = "6f1f8a5e-0000-4000-8000-000000000001"
    with capture_logs(processors=[structlog.contextvars.merge_contextvars]) as logs:
        answer = await client.get("/v1/raise/bug", headers={"x-correlation-id": given})

    assert "secret" not in answer.text
    (entry,) = [log for log in logs if log["event"] == "request_failed"]
    assert entry["correlation_id"] == given


async def test_a_refusal_says_its_figures_in_both_languages(client: httpx.AsyncClient) -> None:
    body = (await client.get("/v1/raise/refused")).json()
    assert (body["title"], body["title_en"]) == ("已满:900", "Full: 900")
    assert body["details"] == {"total": 900}


@pytest.mark.parametrize(
    ("change", "pointer", "code"),
    [
        ({"household_id": "x"}, "/household_id", "uuid"),
        ({"count": "many"}, "/count", "int"),
        ({"count": 0}, "/count", "range"),
        ({"count": None}, "/count", "int"),
        ({"notes": "x"}, "/notes", "list"),
        ({"notes": ["ok", "too long"]}, "/notes/1", "length"),
        ({"a/b~c": 1}, "/a~1b~0c", "extra_forbidden"),
    ],
)
async def test_what_is_wrong_with_a_body_is_pointed_at(
    client: httpx.AsyncClient, change: dict[str, Any], pointer: str, code: str
) -> None:
    body = problem(await client.post("/v1/visits", json=VALID | change), 422, "invalid")

    (found,) = body["errors"]
    assert (found["pointer"], found["code"]) == (pointer, code)
    assert found["detail"]
    assert found["detail_en"].isascii()


async def test_a_missing_field_and_a_body_that_is_no_object_are_pointed_at(
    client: httpx.AsyncClient,
) -> None:
    missing = problem(await client.post("/v1/visits", json={"count": 1}), 422, "invalid")
    assert missing["errors"][0]["pointer"] == "/household_id"
    array = problem(await client.post("/v1/visits", json=[1]), 422, "invalid")
    assert array["errors"][0]["code"] == "object"


@pytest.mark.parametrize(
    ("sent", "line", "column"),
    [
        (b'{\n  "count": 1,\n  oops\n}', 3, 3),
        (b"{", 1, 2),
        (b"\xff\xfe{}", 1, 1),
        (b"[" * (LIMIT - 1), 1, 1),
    ],
    ids=["third line", "cut off", "not UTF-8", "deep"],
)
async def test_broken_json_is_pointed_at_by_line_and_column(
    client: httpx.AsyncClient, sent: bytes, line: int, column: int
) -> None:
    headers = {"content-type": "application/json"}
    body = problem(
        await client.post("/v1/visits", content=sent, headers=headers), 400, "broken-json"
    )

    if sent[:1] != b"[":  # a parser may give up anywhere in the deep
        assert body["details"] == {"line": line, "column": column}


async def test_an_unknown_filter_is_refused_and_a_known_one_is_not(
    client: httpx.AsyncClient,
) -> None:
    assert (await client.get("/v1/list?region=44")).status_code == 200
    body = problem(await client.get("/v1/list?regoin=44"), 400, "unknown-filter")
    assert "regoin" in body["title_en"]
    assert "region" in body["title_en"]


async def test_an_unknown_path_and_method_are_problems_too(client: httpx.AsyncClient) -> None:
    problem(await client.get("/v1/nowhere"), 404, "not-found")
    problem(await client.delete("/v1/list"), 405, "method-not-allowed")


@pytest.mark.parametrize(
    ("key", "answer"), [("k", "k"), ('"k"', "k"), ("", None), ('""', None), ("x" * 256, None)]
)
async def test_an_idempotency_key_is_required(
    client: httpx.AsyncClient, key: str, answer: str | None
) -> None:
    found = await client.get("/v1/headers", headers={"idempotency-key": key})
    if answer:
        assert found.json() == [answer, None]
    else:
        problem(found, 400, "idempotency-key-missing")


@pytest.mark.parametrize(
    ("tag", "version"),
    [('"3"', 3), ("3", 3), ("*", None), ('W/"3"', None), (b'"\xb2"', None), ("9" * 30, None)],
)
async def test_if_match_is_a_version_of_ours_or_fails(
    client: httpx.AsyncClient, tag: str | bytes, version: int | None
) -> None:
    found = await client.get(
        "/v1/headers",
        headers=[
            (b"idempotency-key", b"k"),
            (b"if-match", tag if isinstance(tag, bytes) else tag.encode()),
        ],
    )
    if version is not None:
        assert found.json() == ["k", version]
    else:
        problem(found, 412, "not-a-version")


# Health


async def test_readiness_says_why_not_and_liveness_does_not_care(
    client: httpx.AsyncClient, why: dict[str, str | None]
) -> None:
    assert (await client.get("/health/ready")).json() == {"status": "ready"}
    why["database"] = "it does not answer"
    answer = await client.get("/health/ready")

    assert answer.status_code == 503
    assert answer.json()["why"] == {"database": "it does not answer"}
    assert (await client.get("/health/live")).status_code == 200


async def test_every_problem_has_a_page_in_both_languages(client: httpx.AsyncClient) -> None:
    table = (await client.get("/problems")).json()
    for code in table:
        page = (await client.get(f"/problems/{code}")).json()
        assert page["zh"]
        assert page["en"].isascii()
    problem(await client.get("/problems/unheard-of"), 404, "not-found")


async def test_metrics_name_routes_and_not_what_was_asked(client: httpx.AsyncClient) -> None:
    await client.get("/v1/raise/busy")
    metrics = (await client.get("/metrics")).text

    assert 'route="/v1/raise/{name}",status="503"' in metrics
    assert "/v1/raise/busy" not in metrics


def test_an_app_with_an_unguarded_route_does_not_start() -> None:
    app = make_app({"database": None})
    with pytest.raises(RuntimeError, match="/v1/visits"):
        default_deny(app)

    @app.get("/v1/guarded")
    async def guarded(caller: Annotated[Principal, allow("x")]) -> None: ...

    with pytest.raises(RuntimeError) as raised:
        default_deny(app)
    assert "/v1/guarded" not in str(raised.value)
    assert "/health" not in str(raised.value)


def test_a_problem_is_handed_on_as_it_is() -> None:
    assert refusal(mine := Problem("not-found")) is mine
    assert refusal(ValueError("x")).code == "internal"
