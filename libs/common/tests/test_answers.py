"""What holds every answer of the suites against the OpenAPI document notices each way to differ from it."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

import httpx
import pytest
from fastapi import FastAPI, Response
from fastapi.responses import JSONResponse, PlainTextResponse

from common.testing.answers import told_in

ID = "6f1c2d70-4b7e-4a51-9d3e-2f8a0c5b9e11"
FITTING = {"id": ID, "on": "2024-03-02", "at": "2024-03-02T02:00:00Z", "next": None}


@dataclass
class Told:
    """As the document has it."""

    id: UUID
    on: date
    at: datetime
    next: str | None


async def asked(answer: Response, path: str = "/v1/things/1") -> httpx.Response:
    """What a client of an app gets that answers so."""
    app = FastAPI()

    @app.get("/v1/things/{thing}", response_model=list[Told])
    async def things(thing: str) -> Response:
        return answer

    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app),
        base_url="http://test",
        event_hooks={"response": [told_in(app.openapi)]},
    ) as client:
        return await client.get(path)


@pytest.mark.parametrize("fitting", [[], [FITTING], [FITTING, FITTING | {"next": "x"}]])
async def test_an_answer_as_told_comes_through(fitting: Any) -> None:
    assert (await asked(JSONResponse(fitting))).json() == fitting


async def test_of_what_is_no_route_nothing_is_told() -> None:
    assert (await asked(JSONResponse([]), "/v1/others")).status_code == 404


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"more": 1}, "more"),
        ({"id": None}, "None"),
        ({"id": ID.upper()}, "uuid"),
        ({"on": "2024-03-02T00:00:00"}, "date"),
        ({"on": "20240302"}, "date"),
        ({"at": "2024-03-02T02:00:00"}, "date-time"),
        ({"next": 7}, "next"),
    ],
)
async def test_a_field_that_is_not_as_told_is_noticed(change: dict[str, Any], said: str) -> None:
    with pytest.raises(AssertionError, match=said):
        await asked(JSONResponse([FITTING | change]))


async def test_a_field_that_is_missing_is_noticed() -> None:
    with pytest.raises(AssertionError, match="'next' is a required property"):
        await asked(JSONResponse([{n: v for n, v in FITTING.items() if n != "next"}]))


@pytest.mark.parametrize(
    "answer",
    [
        JSONResponse([], 202),
        JSONResponse({"code": "busy"}, 503),
        PlainTextResponse("[]"),
        Response(),
    ],
)
async def test_a_status_or_media_type_that_is_not_told_is_noticed(answer: Response) -> None:
    with pytest.raises(AssertionError, match="/v1/things/1"):
        await asked(answer)
