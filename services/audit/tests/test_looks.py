"""Every look at a household is recorded before it is answered, and every refusal (A75)."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import asyncpg
import httpx
import pytest
from fastapi import FastAPI

from audit.access import looks
from audit.access.looks import STAFF
from audit.log.keeper import Keeper
from common.testing import NOON, Issuer, envelope, household
from common.writer import Unavailable
from contracts.envelope import Actor, Envelope

Hear = Callable[[Sequence[Envelope]], Awaitable[None]]

ONE = f"/v1/households/{household(1)}"
TIMELINE = f"{ONE}/timeline"
TOWN = Actor(
    person="p", post="TOWN_REVIEWER", organisation="彭寨镇", department=STAFF, region="4416"
)


async def recorded(pool: asyncpg.Pool) -> list[tuple[str, dict[str, Any]]]:
    """What audit recorded of its own, in order."""
    rows = await pool.fetch("select type, data from es.events order by position")
    return [(row["type"], json.loads(row["data"])) for row in rows]


def look(shown: str, purpose: str = "quarterly check") -> tuple[str, dict[str, Any]]:
    return "HouseholdLookedAt", {
        "household_id": str(household(1)),
        "shown": shown,
        "purpose": purpose,
    }


def refusal(why: str) -> tuple[str, dict[str, Any]]:
    return "LookRefused", {"household_id": str(household(1)), "shown": "TIMELINE", "refusal": why}


@pytest.fixture
async def of_the_town(hear: Hear) -> None:
    """A household of which only the town has recorded anything."""
    await hear([envelope(b"{}", household_id=household(1), actor=TOWN, region="441624108201")])


async def test_every_look_is_recorded_with_who_and_for_what(
    client: httpx.AsyncClient, of_the_town: None, pool: asyncpg.Pool
) -> None:
    for path in (TIMELINE, f"{ONE}/state", f"{ONE}/diff?from=2024-01-01"):
        assert (await client.get(path)).status_code == 200
    assert (await client.get(f"/households/{household(1)}")).status_code == 200
    assert await recorded(pool) == [look(s) for s in ("TIMELINE", "STATE", "DIFFERENCE", "PAGE")]
    (row,) = await pool.fetch("select * from es.events order by position limit 1")
    assert row["stream"] == f"access-to-household-{household(1)}"
    assert (row["household_id"], row["region"]) == (None, "441624108201")
    assert json.loads(row["actor"])["post"] == "SUPERVISOR"
    assert await pool.fetchval("select count(*) from es.outbox") == 4


async def test_an_export_is_recorded_and_needs_a_purpose(
    app: FastAPI, client: httpx.AsyncClient, of_the_town: None, pool: asyncpg.Pool
) -> None:
    keeper: Keeper = app.state.keeper
    await keeper.keep(NOON)
    refused = await client.get(f"{ONE}/dossier", headers={"Access-Purpose": ""})
    assert (refused.status_code, refused.json()["code"]) == (422, "purpose-missing")
    assert await recorded(pool) == []
    assert (await client.get(f"{ONE}/dossier")).status_code == 200
    ((type_, payload),) = await recorded(pool)
    assert (type_, payload["shown"]) == ("HouseholdExported", "DOSSIER")


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        (b"", "监督检查"),
        ("信访核查".encode(), "信访核查"),
        (b"%E4%BF%A1%E8%AE%BF", "信访"),
        (b"100% of the village", "100% of the village"),
        (b"x" * 200, "x" * 200),
    ],
)
async def test_a_purpose_is_kept_as_it_was_said(
    client: httpx.AsyncClient, of_the_town: None, pool: asyncpg.Pool, sent: bytes, kept: str
) -> None:
    assert (await client.get(TIMELINE, headers={b"Access-Purpose": sent})).status_code == 200
    assert await recorded(pool) == [look("TIMELINE", kept)]


@pytest.mark.parametrize(
    "path",
    [
        f"{TIMELINE}?",
        f"{ONE}/state?",
        f"{ONE}/diff?from=2024-01-01&",
        f"{ONE}/accesses?",
        "/v1/households?",
        "/v1/accesses?",
    ],
)
async def test_a_link_says_its_purpose_wherever_a_look_is_recorded(
    client: httpx.AsyncClient, of_the_town: None, pool: asyncpg.Pool, path: str
) -> None:
    answer = await client.get(f"{path}purpose=信访核查", headers={"Access-Purpose": ""})
    assert answer.status_code == 200, answer.text
    assert [payload["purpose"] for _, payload in await recorded(pool)] == ["信访核查"]


@pytest.mark.parametrize(
    "sent",
    [
        b"x" * 201,
        b"about 990000196102080010",
        b"about 990000 19610208 0010",
        b"\xff\xfe",
        b"%FF",
        b"two%0Alines",
    ],
)
async def test_a_purpose_that_is_not_acceptable_shows_nothing_and_is_not_echoed(
    client: httpx.AsyncClient, of_the_town: None, pool: asyncpg.Pool, sent: bytes
) -> None:
    answer = await client.get(TIMELINE, headers={b"Access-Purpose": sent})
    assert (answer.status_code, answer.json()["code"]) == (422, "purpose-not-acceptable")
    assert "9900" not in answer.text
    assert await recorded(pool) == []


async def test_A75_a_department_is_refused_what_is_not_routed_to_it_and_that_is_recorded(
    client: httpx.AsyncClient, of_the_town: None, pool: asyncpg.Pool, tokens: Issuer
) -> None:
    yibao = tokens.bearer("yibao", "audit:read")
    answer = await client.get(TIMELINE, headers=yibao)
    assert (answer.status_code, answer.json()["code"]) == (403, "not-routed")
    assert await recorded(pool) == [refusal("NOT_ROUTED")]
    for path in ("/v1/households", "/v1/timeline/hash", "/county"):
        assert (await client.get(path, headers=yibao)).status_code == 403
    nobody = tokens.bearer("nobody", "audit:read", department="")
    assert (await client.get(TIMELINE, headers=nobody)).status_code == 403


@pytest.mark.parametrize(
    ("scopes", "region", "why", "code"),
    [
        ("audit:read", "441624109", "OUTSIDE_REGION", "outside-region"),
        ("audit:read", "", "OUTSIDE_REGION", "outside-region"),
        ("facts:write", "441624", "NO_SCOPE", "forbidden"),
    ],
)
async def test_A75_whoever_may_not_look_is_refused_and_that_is_recorded(
    client: httpx.AsyncClient,
    of_the_town: None,
    pool: asyncpg.Pool,
    tokens: Issuer,
    scopes: str,
    region: str,
    why: str,
    code: str,
) -> None:
    asking = tokens.bearer("supervisor", scopes, department=STAFF, region=region)
    answer = await client.get(TIMELINE, headers=asking)
    assert (answer.status_code, answer.json()["code"]) == (403, code)
    assert await recorded(pool) == [refusal(why)]


async def test_what_nobody_named_is_not_found_by_staff_and_refused_to_a_department(
    client: httpx.AsyncClient, pool: asyncpg.Pool, tokens: Issuer
) -> None:
    assert (await client.get(TIMELINE)).status_code == 404
    assert await recorded(pool) == []
    answer = await client.get(TIMELINE, headers=tokens.bearer("yibao", "audit:read", region=""))
    assert answer.status_code == 403
    assert await pool.fetchval("select region from es.events") == "0"


async def test_a_look_that_cannot_be_recorded_is_not_answered(
    app: FastAPI,
    client: httpx.AsyncClient,
    of_the_town: None,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def away(_: object) -> None:
        raise Unavailable

    monkeypatch.setattr(app.state.runtime.writer, "execute", away)
    answer = await client.get(TIMELINE)
    assert (answer.status_code, answer.json()["code"]) == (503, "look-not-recorded")
    assert answer.headers["Retry-After"]
    assert "items" not in answer.json()


async def test_a_look_waits_no_longer_than_it_must(
    app: FastAPI, client: httpx.AsyncClient, of_the_town: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def stands(_: object) -> None:
        await asyncio.sleep(60)

    monkeypatch.setattr(looks, "PATIENCE", 0.05)
    monkeypatch.setattr(app.state.runtime.writer, "execute", stands)
    answer = await client.get(TIMELINE)
    assert (answer.status_code, answer.json()["code"]) == (503, "look-not-recorded")


async def test_looking_changes_neither_the_timeline_nor_its_hash(
    client: httpx.AsyncClient, of_the_town: None, hear: Hear, pool: asyncpg.Pool
) -> None:
    before = (await client.get(TIMELINE)).json()
    whole = (await client.get("/v1/timeline/hash")).json()
    await hear(
        [envelope(b"{}", service="audit", stream="access-to-household-1", household_id=None)]
    )
    assert (await client.get(TIMELINE)).json() == before
    assert (await client.get("/v1/timeline/hash")).json() == whole
