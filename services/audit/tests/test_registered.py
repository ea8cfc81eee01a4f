"""Finding a household by its number on the register: who is led where, and what is recorded of it."""

import json
from typing import Any

import asyncpg
import httpx
import pytest
from fastapi import FastAPI

from audit.access.looks import STAFF
from audit.read_model import counting
from common.testing import Issuer, household
from services.audit.tests.conftest import Hear
from services.audit.tests.test_called import OTHER, VILLAGE, registered
from services.audit.tests.test_naming import table

FOUND = f"/households/{household(1)}"


@pytest.fixture(autouse=True)
async def homes(hear: Hear) -> None:
    """One in each of two villages, and two that were given the same number."""
    numbers = (("PZ-0001", VILLAGE), ("PZ-0002", OTHER), ("SAME", VILLAGE), ("SAME", OTHER))
    for n, (number, region) in enumerate(numbers, 1):
        await hear(registered(n, number, region))


async def find(client: httpx.AsyncClient, number: str, **more: Any) -> httpx.Response:
    return await client.post("/find/registered", data={"number": number}, **more)


async def recorded(pool: asyncpg.Pool) -> list[tuple[Any, ...]]:
    """What audit recorded of its own: the stream, the type, and what it says."""
    rows = await pool.fetch("select stream, type, data from es.events order by position")
    return [(row["stream"], row["type"], json.loads(row["data"])) for row in rows]


@pytest.mark.parametrize("typed", ["PZ-0001", " pz-0001 ", "ＰＺ－０００１"])
async def test_a_number_leads_to_the_page_and_that_is_a_look(
    client: httpx.AsyncClient, pool: asyncpg.Pool, typed: str
) -> None:
    answer = await find(client, typed)
    assert (answer.status_code, answer.headers["location"]) == (303, FOUND)
    look = {
        "household_id": str(household(1)),
        "shown": "BY_REGISTER",
        "purpose": "quarterly check",
    }
    assert await recorded(pool) == [
        (f"access-to-household-{household(1)}", "HouseholdLookedAt", look)
    ]


async def test_the_page_asks_for_it_under_the_name_that_services_publish(
    client: httpx.AsyncClient, app: FastAPI
) -> None:
    page = (await client.get("/")).text
    for said in ("按户编号查找", "名单中的户编号", "不是证件号码，也不是系统户号"):
        assert said in page
    english = (await client.get("/?lang=en")).text
    assert "Find by register number" in english
    assert 'action="/find/registered?lang=en"' in english
    assert (await find(client, "PZ-0001", params={"lang": "en"})).headers[
        "location"
    ] == f"{FOUND}?lang=en"
    app.state.vocabulary = type(app.state.vocabulary)()
    assert 'name="number"' not in (await client.get("/")).text


@pytest.mark.parametrize("number", ["PZ-9999", "", " ", "\0", "PZ-000%", "x" * 300])
async def test_a_number_that_nobody_has_leads_nowhere(
    client: httpx.AsyncClient, pool: asyncpg.Pool, number: str
) -> None:
    answer = await find(client, number)
    assert (answer.status_code, "没有这个户编号" in answer.text) == (404, True)
    assert "location" not in answer.headers
    assert await recorded(pool) == []


async def test_of_another_area_it_is_not_even_said_that_there_is_one(
    client: httpx.AsyncClient, app: FastAPI, tokens: Issuer, pool: asyncpg.Pool
) -> None:
    assert await counting.count(pool, app.state.vocabulary, "") == 0  # the numbers of all are read
    client.headers.update(tokens.bearer("town", "audit:read", department=STAFF, region=VILLAGE))
    nobody, elsewhere = await find(client, "PZ-9999"), await find(client, "PZ-0002")
    assert (nobody.status_code, elsewhere.status_code) == (404, 404)
    assert str(household(2)) not in elsewhere.text
    assert (await client.get("/v1/households?number=PZ-0002")).json()["items"] == []
    assert (await find(client, "SAME")).headers["location"] == f"/households/{household(3)}"
    assert [look["household_id"] for _, t, look in await recorded(pool) if t != "ListLookedAt"] == [
        str(household(3))
    ]


@pytest.mark.parametrize(
    ("scopes", "department", "region", "refused"),
    [
        ("facts:write", STAFF, "441624", ("ListRefused", "NO_SCOPE")),
        ("audit:read", STAFF, "", ("ListRefused", "OUTSIDE_REGION")),
        ("audit:read", "yibao", "", ("ListRefused", "OUTSIDE_REGION")),
        ("audit:read", "jiaoyu", "441624", ("LookRefused", "NOT_ROUTED")),
        ("audit:read", "", "441624", ("LookRefused", "NOT_ROUTED")),
    ],
)
async def test_A75_whoever_may_not_see_it_is_refused_and_that_is_recorded(
    client: httpx.AsyncClient,
    tokens: Issuer,
    pool: asyncpg.Pool,
    scopes: str,
    department: str,
    region: str,
    refused: tuple[str, str],
) -> None:
    asks = tokens.bearer("somebody", scopes, department=department, region=region)
    answer = await find(client, "PZ-0001", headers=asks)
    assert (answer.status_code, str(household(1)) in answer.text) == (403, False)
    ((_, kind, said),) = await recorded(pool)
    assert (kind, said["refusal"], said["shown"]) == (*refused, "BY_REGISTER")


async def test_A75_a_department_finds_a_household_that_is_routed_to_it_and_gets_no_list(
    client: httpx.AsyncClient, tokens: Issuer, pool: asyncpg.Pool
) -> None:
    asks = tokens.bearer("yibao", "audit:read", department="yibao")
    assert (await find(client, "PZ-0001", headers=asks)).headers["location"] == FOUND
    assert (await find(client, "SAME", headers=asks)).status_code == 403
    assert (await client.get("/v1/households?number=PZ-0001", headers=asks)).status_code == 403
    (_, _, look), (_, _, several), (_, _, list_) = await recorded(pool)
    assert look["purpose"] == "quarterly check"
    assert (several["shown"], several["refusal"]) == ("BY_REGISTER", "NOT_ROUTED")
    assert (list_["shown"], list_["refusal"]) == ("BY_REGISTER", "NOT_ROUTED")


async def test_households_with_the_same_number_are_listed(
    client: httpx.AsyncClient, pool: asyncpg.Pool
) -> None:
    answer = await find(client, "SAME")
    assert answer.status_code == 200
    assert "编号相同的农户" in answer.text
    _, rows = table(answer.text)
    assert [row[0] for row in rows] == [f"SAME {household(n)}" for n in (3, 4)]
    ((_, kind, look),) = await recorded(pool)
    assert (kind, look["shown"], look["households"], look["filters"]) == (
        "ListLookedAt",
        "BY_REGISTER",
        2,
        {},
    )


async def test_a_program_finds_it_by_its_number_too(
    client: httpx.AsyncClient, pool: asyncpg.Pool
) -> None:
    (item,) = (await client.get("/v1/households?number=pz-0002")).json()["items"]
    assert (item["household_id"], item["number"]) == (str(household(2)), "PZ-0002")
    pages = [await client.get("/v1/households?number=SAME&limit=1")]
    pages.append(
        await client.get(
            "/v1/households", params={"number": "SAME", "cursor": pages[0].json()["next"]}
        )
    )
    assert [p.json()["items"][0]["household_id"][-1] for p in pages] == ["3", "4"]
    assert {(kind, look["shown"]) for _, kind, look in await recorded(pool)} == {
        ("ListLookedAt", "BY_REGISTER")
    }
    for number in ("", "\0"):
        assert (await client.get("/v1/households", params={"number": number})).json()["items"] == []


async def test_while_numbers_are_being_read_nobody_is_told_that_there_is_none(
    client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(counting, "AT_A_LOOK", 1)
    answers = [await find(client, "PZ-9999") for _ in range(4)]
    assert [answer.status_code for answer in answers] == [503, 503, 503, 404]
    assert answers[0].headers["retry-after"] == "5"
    assert "正在读取" in answers[0].text
