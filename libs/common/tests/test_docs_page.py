"""`/docs` tells every route and field, and fetches nothing from elsewhere."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from enum import StrEnum
from typing import Annotated

import httpx
import pytest
from fastapi import FastAPI
from pydantic import BaseModel, Field

from common.http import create_app
from common.openapi.page import DEEPEST, page
from common.settings import Settings


class Grade(StrEnum):
    A = "A"
    B = "B"


class Room(BaseModel):
    grade: Grade
    inner: "list[Room]" = []


class House(BaseModel):
    """A form with a form inside it."""

    rooms: list[Room]
    place: Annotated[str | None, Field(max_length=5, description="<where> it `stands`")] = None


@asynccontextmanager
async def nothing(_: FastAPI) -> AsyncIterator[None]:
    """No start, no end."""
    yield


@pytest.fixture(scope="module")
async def shown() -> str:
    """The page of an app with one form and one filter."""
    made = Settings.model_construct(issuer="", jwks_url="")
    app = create_app("守望 · test", made, lifespan=nothing, probes=lambda _: {}, refusals={})

    @app.post("/v1/houses", tags=["houses"], summary="Build one")
    async def build(house: House) -> None: ...

    @app.get("/v1/houses", tags=["houses"], summary="All of them")
    async def listed(grade: Grade | None = None, limit: int = 100) -> None: ...

    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app), base_url="http://test"
    ) as client:
        answer = await client.get("/docs")
    assert answer.headers["content-type"].startswith("text/html")
    return answer.text


def test_the_page_needs_nothing_from_elsewhere(shown: str) -> None:
    """A county's network does not reach the internet."""
    assert "<script" not in shown
    fetched = re.findall(r"""(?:src|href|url\()=?["']?([^"'>)\s]+)""", shown)
    assert set(fetched) == {"openapi.json", "problems", "data:,"}


def test_every_route_is_there_with_its_fields_and_what_they_take(shown: str) -> None:
    text = re.sub(r"<[^>]+>", "·", shown)
    for told in ("Build one", "All of them", "/health/ready", "rooms[].inner[].grade", "A | B"):
        assert told in text
    assert re.search(r"place·+string, …5·", text)
    assert re.search(r"limit·+integer = 100·", text)


def test_what_is_needed_is_marked_and_words_are_no_markup(shown: str) -> None:
    assert "<code>rooms</code></td><td>✓</td>" in shown
    assert "<code>place</code></td><td></td>" in shown
    assert "&lt;where&gt; it <code>stands</code>" in shown


def test_a_form_that_holds_itself_comes_to_an_end() -> None:
    node = {"properties": {"next": {"$ref": "#/components/schemas/Node"}}, "type": "object"}
    body = {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Node"}}}}
    document = {
        "info": {"title": "t"},
        "paths": {"/n": {"post": {"requestBody": body}}},
        "components": {"schemas": {"Node": node}},
    }
    assert page(document).count("<code>next") == DEEPEST
