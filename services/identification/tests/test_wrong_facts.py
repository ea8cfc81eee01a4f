"""A fact that is wrong in several places is told all of them, not the first."""

import json
from typing import Any

import httpx
import pytest

from services.identification.tests.asking import Callers, settlement

SINGLE = {"Content-Type": "application/cloudevents+json"}


async def wrong(
    app: httpx.AsyncClient, callers: Callers, event: dict[str, Any]
) -> set[tuple[str, str]]:
    """Pointer and code of each fault."""
    answer = await app.post(
        "/v1/events", content=json.dumps(event).encode(), headers=callers.yibao | SINGLE
    )
    body = answer.json()
    assert (answer.status_code, body["code"]) == (422, "invalid")
    assert body["title_en"].startswith(f"{len(body['errors'])} error(s)")
    return {(one["pointer"], one["code"]) for one in body["errors"]}


async def test_every_field_of_the_data_that_is_wrong_is_told(
    app: httpx.AsyncClient, callers: Callers
) -> None:
    event = settlement(1, settled_on="2026/3/2", total_fen="1500000", note="…", record_version=0)
    del event["data"]["identity_number"]
    assert await wrong(app, callers, event) == {
        ("/data/settled_on", "date"),
        ("/data/total_fen", "int"),
        ("/data/note", "extra_forbidden"),
        ("/data/record_version", "range"),
        ("/data/identity_number", "missing"),
    }


async def test_so_is_every_attribute_of_the_event(app: httpx.AsyncClient, callers: Callers) -> None:
    event = settlement(1, specversion="0.3", source="", time="2026-03-03T10:00+08:00") | {"d/e": 1}
    del event["id"]
    assert await wrong(app, callers, event) == {
        ("/specversion", "enum"),
        ("/source", "pattern"),
        ("/time", "datetime"),
        ("/d~1e", "extra_forbidden"),
        ("/id", "missing"),
    }


@pytest.mark.parametrize("data", ["x", None, []])
async def test_data_that_is_no_object_is_told_as_that(
    app: httpx.AsyncClient, callers: Callers, data: object
) -> None:
    event = settlement(1) | {"data": data}
    assert await wrong(app, callers, event) == {("/data", "object")}
