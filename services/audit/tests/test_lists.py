"""A look at a list of households is one record, with its filter and its count; so is a refusal."""

import json
from collections.abc import Awaitable, Callable, Sequence
from typing import Any
from urllib.parse import parse_qs, urlsplit

import asyncpg
import httpx
import pytest
from fastapi import FastAPI

from audit.access.looks import STAFF
from audit.pages.lookup import asking
from common.testing import Issuer, envelope, household
from common.writer import Unavailable
from contracts.envelope import Envelope

Hear = Callable[[Sequence[Envelope]], Awaitable[None]]

VILLAGE, OTHER = "441624108201", "441624109201"


@pytest.fixture
async def households(hear: Hear) -> None:
    """Two households with a clue in one village, and one elsewhere in the county."""
    for number, region in ((1, VILLAGE), (2, VILLAGE), (3, OTHER)):
        event = envelope(
            b'{"risk_types":["ILLNESS"]}',
            type="RiskDetected",
            household_id=household(number),
            region=region,
        )
        await hear([event])


async def recorded(pool: asyncpg.Pool) -> list[dict[str, Any]]:
    """What audit recorded of its own, in order."""
    rows = await pool.fetch("select stream, region, type, data from es.events order by position")
    return [{**row, "data": json.loads(row["data"])} for row in rows]


@pytest.mark.parametrize(
    ("path", "area", "shown", "filters", "count"),
    [
        ("/v1/households", "441624", "HOUSEHOLDS", {}, 3),
        ("/v1/households?region=441624108", "441624108", "HOUSEHOLDS", {}, 2),
        ("/v1/households?limit=1", "441624", "HOUSEHOLDS", {}, 1),
        ("/", "441624", "VILLAGES", {}, 3),
        (f"/?region={VILLAGE}", VILLAGE, "HOUSEHOLDS", {}, 2),
        ("/county?map=CLUE", "441624", "COUNTY", {"map": "CLUE"}, 3),
        ("/county/households?phase=CLUE", "441624", "COUNTED", {"phase": "CLUE"}, 3),
        ("/accesses?region=441624108", "441624108", "ACCESSES", {}, 0),
        (
            "/accesses?department=yibao&refused=true&since=2024-06-03&until=",
            "441624",
            "ACCESSES",
            {"department": "yibao", "refused": "true", "since": "2024-06-03T00:00:00+08:00"},
            0,
        ),
        (
            "/v1/accesses?refused=false&until=2024-06-03T12:00:00Z",
            "441624",
            "ACCESSES",
            {"refused": "false", "until": "2024-06-03T12:00:00+00:00"},
            0,
        ),
        ("/v1/accesses?department=somebody", "441624", "ACCESSES", {}, 0),
        (f"/county/households?step=CLUE&region={OTHER}", OTHER, "COUNTED", {"step": "CLUE"}, 1),
    ],
)
async def test_a_list_is_one_record_with_what_was_asked_for_and_how_many_there_were(
    client: httpx.AsyncClient,
    households: None,
    pool: asyncpg.Pool,
    path: str,
    area: str,
    shown: str,
    filters: dict[str, str],
    count: int,
) -> None:
    assert (await client.get(path)).status_code == 200
    (look,) = await recorded(pool)
    assert look["type"] == "ListLookedAt"
    assert (look["stream"], look["region"]) == (f"access-to-area-{area}", area)
    assert look["data"] == {
        "area": area,
        "shown": shown,
        "filters": filters,
        "households": count,
        "purpose": "quarterly check",
    }


async def test_a_list_is_for_supervision_unless_another_purpose_is_said(
    client: httpx.AsyncClient, pool: asyncpg.Pool
) -> None:
    assert (await client.get("/v1/households", headers={"Access-Purpose": ""})).status_code == 200
    assert [look["data"]["purpose"] for look in await recorded(pool)] == ["监督检查"]


@pytest.mark.parametrize(
    ("path", "shown"),
    [
        (f"/?region={VILLAGE}", "HOUSEHOLDS"),
        ("/?region=441624108", "VILLAGES"),
        ("/v1/households", "HOUSEHOLDS"),
        ("/v1/households?number=PZ-0001", "BY_REGISTER"),
        ("/county", "COUNTY"),
        ("/county/households?phase=CLUE", "COUNTED"),
        ("/v1/timeline/hash", "WHOLE"),
        ("/completeness", "COMPLETENESS"),
        ("/accesses", "ACCESSES"),
    ],
)
@pytest.mark.parametrize(
    ("scopes", "department", "region", "why"),
    [
        ("facts:write", STAFF, "441624", "NO_SCOPE"),
        ("audit:read access:read", STAFF, "", "OUTSIDE_REGION"),
        ("audit:read access:read", "yibao", "441624", "NOT_ROUTED"),
        ("audit:read access:read", "", "441624", "NOT_ROUTED"),
    ],
)
async def test_A75_whoever_may_see_no_list_is_refused_and_that_is_recorded(
    client: httpx.AsyncClient,
    households: None,
    pool: asyncpg.Pool,
    tokens: Issuer,
    path: str,
    shown: str,
    scopes: str,
    department: str,
    region: str,
    why: str,
) -> None:
    asking = tokens.bearer("somebody", scopes, department=department, region=region)
    assert (await client.get(path, headers=asking)).status_code == 403
    (refused,) = await recorded(pool)
    asked = parse_qs(urlsplit(path).query).get("region", [region or "0"])[0]
    assert refused["type"] == "ListRefused"
    assert refused["data"] == {"area": asked, "shown": shown, "refusal": why}


@pytest.mark.parametrize(
    ("department", "region", "scopes", "path", "status", "why"),
    [
        ("yibao", "441624", "audit:read", "/", 200, None),
        ("yibao", "441624", "audit:read", f"/?household={household(1)}", 303, None),
        ("yibao", "441624", "audit:read", f"/?region={VILLAGE}", 403, "NOT_ROUTED"),
        ("yibao", "441624", "facts:write", "/", 403, "NO_SCOPE"),
        ("yibao", "", "audit:read", "/", 403, "OUTSIDE_REGION"),
        (STAFF, "", "audit:read", "/", 403, "OUTSIDE_REGION"),
    ],
)
async def test_A75_a_department_finds_a_household_and_sees_no_list(
    client: httpx.AsyncClient,
    app: FastAPI,
    households: None,
    pool: asyncpg.Pool,
    tokens: Issuer,
    department: str,
    region: str,
    scopes: str,
    path: str,
    status: int,
    why: str | None,
) -> None:
    app.state.lookup = asking("http://127.0.0.1:1")
    asks = tokens.bearer("somebody", scopes, department=department, region=region)
    answer = await client.get(path, headers={**asks, "Accept": "text/html"})
    assert answer.status_code == status
    assert [r["data"]["refusal"] for r in await recorded(pool)] == ([why] if why else [])
    assert ('name="identity_number"' in answer.text) == (status == 200)
    assert ("部门请按系统户号" in answer.text) == (why == "NOT_ROUTED")
    assert VILLAGE not in answer.text.replace(path, "")


async def test_A75_who_asks_for_a_household_is_refused_that_and_not_a_list(
    client: httpx.AsyncClient, households: None, pool: asyncpg.Pool, tokens: Issuer
) -> None:
    asks = tokens.bearer("somebody", "facts:write", department=STAFF)
    led = await client.get(f"/?household={household(1)}", headers=asks)
    assert (await client.get(led.headers["location"], headers=asks)).status_code == 403
    (refused,) = await recorded(pool)
    assert refused["stream"] == f"access-to-household-{household(1)}"
    assert refused["data"]["shown"] == "PAGE"


async def test_another_area_is_refused_under_its_own_name(
    client: httpx.AsyncClient, pool: asyncpg.Pool
) -> None:
    assert (await client.get("/v1/households?region=44")).status_code == 403
    assert (await client.get("/v1/households?region=441625")).status_code == 403
    _, refused = await recorded(pool)
    assert (refused["stream"], refused["region"]) == ("access-to-area-441625", "441625")
    assert refused["data"]["refusal"] == "OUTSIDE_REGION"


async def test_what_is_no_list_is_no_look(client: httpx.AsyncClient, pool: asyncpg.Pool) -> None:
    for path, status in (
        (f"/?household={household(1)}", 303),
        ("/?household=17", 404),
        ("/county?region=x", 404),
        ("/county/households", 404),
        ("/county/households?duty=a.990000196102080010.v1", 404),
        ("/v1/households?region=x", 422),
        ("/v1/households?region=4", 422),
        ("/v1/households?region=4416241082010", 422),
        ("/v1/households?region=４４１６２４", 422),
        ("/county?region=４４１６２４", 404),
        ("/county?region=ab", 404),
        ("/v1/households?cursor=x", 400),
        ("/v1/households?colour=red", 400),
        ("/v1/timeline/hash", 200),
        ("/completeness", 200),
        ("/completeness?outcome=fine", 404),
        ("/completeness?service=nobody", 404),
        ("/accesses?region=x", 404),
        ("/accesses?since=x", 400),
        ("/accesses?colour=red", 400),
    ):
        assert (await client.get(path)).status_code == status
    assert await recorded(pool) == []


async def test_a_list_that_cannot_be_recorded_is_not_answered(
    app: FastAPI,
    client: httpx.AsyncClient,
    households: None,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def away(_: object) -> None:
        raise Unavailable

    monkeypatch.setattr(app.state.runtime.writer, "execute", away)
    for path in ("/v1/households", f"/?region={VILLAGE}", "/county/households?phase=CLUE"):
        answer = await client.get(path)
        assert answer.status_code == 503
        assert str(household(1)) not in answer.text
