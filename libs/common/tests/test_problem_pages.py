"""A service that has pages shows every problem as one to whoever asked for a page, wherever it arose."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse, Response

from common.problems import MEDIA_TYPE, Problem
from libs.common.tests.bare import bare, client_of

BROWSER = {"Accept": "text/html"}
LATER = {"Retry-After": "7"}


@pytest.fixture
def app() -> FastAPI:
    """With a page for those who accept HTML, and a problem of each origin."""
    made = bare()

    async def problem_page(request: Request, told: dict[str, Any]) -> Response | None:
        if request.headers.get("accept") != "text/html":
            return None
        return HTMLResponse(told["code"], told["status"])

    made.state.problem_page = problem_page

    @made.get("/raise/{name}")
    async def raises(name: str) -> None:
        raise {"bug": ZeroDivisionError("secret"), "late": Problem("busy", headers=LATER)}[name]

    @made.post("/numbers")
    async def numbers(number: int, request: Request) -> None:
        await request.body()

    return made


@pytest.fixture
async def client(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    """Of that app."""
    async with client_of(app) as made:
        yield made


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "code"),
    [
        ("GET", "/nowhere", b"", 404, "not-found"),
        ("PUT", "/numbers", b"", 405, "method-not-allowed"),
        ("POST", "/numbers?number=x", b"", 422, "invalid"),
        ("POST", "/numbers?number=1", b"x" * 9_000_000, 413, "body-too-large"),
        ("GET", "/raise/bug", b"", 500, "internal"),
        ("GET", "/raise/late", b"", 503, "busy"),
    ],
)
async def test_a_problem_of_any_origin_is_a_page_for_who_asked_for_one(
    client: httpx.AsyncClient, method: str, path: str, body: bytes, status: int, code: str
) -> None:
    page = await client.request(method, path, content=body, headers=BROWSER)
    assert (page.status_code, page.text) == (status, code)
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    program = await client.request(method, path, content=body)
    assert (program.status_code, program.json()["code"]) == (status, code)
    assert program.headers["content-type"] == MEDIA_TYPE
    for answer in (page, program):
        assert answer.headers["x-correlation-id"]
        assert answer.headers.get("retry-after") == ("7" if code == "busy" else None)


async def test_a_page_that_cannot_be_made_leaves_the_problem(
    app: FastAPI, client: httpx.AsyncClient
) -> None:
    async def problem_page(request: Request, told: dict[str, Any]) -> Response | None:
        raise LookupError("secret")

    app.state.problem_page = problem_page
    answer = await client.get("/nowhere", headers=BROWSER)
    assert (answer.status_code, answer.json()["code"]) == (404, "not-found")
    assert "secret" not in answer.text
