"""Finding a household by identity number: what is asked of identification, and what becomes of it.

That both services do it together is tested in tests/integration.
"""

import json
import logging
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import asyncpg
import httpx
import pytest
from fastapi import FastAPI

from audit.access.looks import STAFF
from audit.access.signing_in import COOKIE
from audit.pages.lookup import asking
from common.testing import NOON, Issuer, envelope, household
from common.writer import Unavailable
from services.audit.tests.conftest import Hear
from services.audit.tests.test_naming import table

NUMBER = "990000198001010118"
FOUND = b'{"household_id":"%s","region":"441624108201"}' % str(household(1)).encode()


def answering(
    status: int, body: bytes = b"{}"
) -> Callable[[str, str], Awaitable[tuple[int, bytes]]]:
    """Identification, for a test that is about us."""

    async def ask(authorization: str, number: str) -> tuple[int, bytes]:
        assert authorization.startswith("Bearer ey")
        assert number == NUMBER
        return status, body

    return ask


async def looked_up(client: httpx.AsyncClient, number: str = NUMBER) -> httpx.Response:
    answer = await client.post("/find", data={"identity_number": f" {number} "})
    assert NUMBER not in answer.text + str(answer.headers)
    return answer


async def test_a_number_leads_to_the_page_of_the_household(
    client: httpx.AsyncClient, app: FastAPI, tokens: Issuer, pool: asyncpg.Pool
) -> None:
    """And that somebody found it is a look at it, whether the page is opened or not."""
    app.state.lookup = answering(200, FOUND)
    answer = await looked_up(client)
    assert (answer.status_code, answer.headers["location"]) == (303, f"/households/{household(1)}")
    (recorded,) = await pool.fetch("select stream, region, type, data from es.events")
    assert tuple(recorded)[:3] == (
        f"access-to-household-{household(1)}",
        "441624108201",
        "HouseholdLookedAt",
    )
    look = {"household_id": str(household(1)), "shown": "BY_NUMBER", "purpose": "quarterly check"}
    assert json.loads(recorded["data"]) == look
    del client.headers["Authorization"]
    client.cookies.set(COOKIE, tokens.token("supervisor", "audit:read"))
    assert (await looked_up(client)).status_code == 303


@pytest.mark.parametrize(
    ("status", "body", "shown", "said"),
    [
        (404, b"{}", 404, "没有登记"),
        (422, b"{}", 422, "证件号码有误"),
        (403, b"{}", 403, "不在您的"),
        (409, b"{}", 409, "限制处理"),
        (500, b"{}", 503, "户编号"),
        (401, b"{}", 503, "户编号"),
        (200, b"<html>", 503, "户编号"),
        (200, b'{"household_id":"x"}', 503, "户编号"),
        (200, FOUND.replace(b"region", b"area"), 503, "户编号"),
    ],
)
async def test_what_identification_does_not_find_is_said_with_what_to_do(
    client: httpx.AsyncClient,
    app: FastAPI,
    pool: asyncpg.Pool,
    status: int,
    body: bytes,
    shown: int,
    said: str,
) -> None:
    app.state.lookup = answering(status, body)
    answer = await looked_up(client)
    assert (answer.status_code, said in answer.text) == (shown, True), answer.text
    assert await pool.fetchval("select count(*) from es.events") == 0
    assert answer.headers["content-type"].startswith("text/html")


async def test_identification_that_is_away_is_said_and_the_number_is_logged_nowhere(
    client: httpx.AsyncClient,
    app: FastAPI,
    pool: asyncpg.Pool,
    caplog: pytest.LogCaptureFixture,
    capsys: pytest.CaptureFixture[str],
) -> None:
    caplog.set_level(logging.DEBUG)
    app.state.lookup = asking("http://127.0.0.1:1")
    answer = await looked_up(client)
    assert (answer.status_code, "户编号" in answer.text) == (503, True)
    assert NUMBER not in caplog.text + "".join(capsys.readouterr())


async def test_without_an_address_of_identification_the_field_is_not_there(
    client: httpx.AsyncClient, app: FastAPI
) -> None:
    app.state.lookup = answering(200, FOUND)
    assert 'name="identity_number"' in (await client.get("/")).text
    app.state.lookup = None
    page = (await client.get("/")).text
    assert 'name="identity_number"' not in page
    assert "按证件号码查找" in page
    assert (await looked_up(client)).status_code == 503


async def test_a_household_is_found_by_nobody_of_whom_that_cannot_be_recorded(
    client: httpx.AsyncClient, app: FastAPI, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away(_: object) -> None:
        raise Unavailable

    app.state.lookup = answering(200, FOUND)
    monkeypatch.setattr(app.state.runtime.writer, "execute", away)
    answer = await looked_up(client)
    assert (answer.status_code, "location" in answer.headers) == (503, False)
    assert str(household(1)) not in answer.text


@pytest.mark.parametrize("number", ["", "9" * 41])
async def test_what_can_be_no_number_is_not_asked_for(
    client: httpx.AsyncClient, app: FastAPI, number: str
) -> None:
    app.state.lookup = answering(200, FOUND)
    assert (await looked_up(client, number)).status_code == 422


async def test_who_may_not_look_is_not_asked_for_either(
    client: httpx.AsyncClient, app: FastAPI, tokens: Issuer
) -> None:
    app.state.lookup = answering(200, FOUND)
    client.headers.update(tokens.bearer("yibao", "facts:write"))
    assert (await looked_up(client)).status_code == 403
    del client.headers["Authorization"]
    answer = await looked_up(client)
    assert answer.status_code == 401
    assert 'name="next" value="/"' in answer.text


MASKED = "990000********0118"
CANDIDATES = b'{"households":[{"household_id":"%s","region":"441624108201"}],"more":%s}'


def candidates(more: bytes = b"false") -> Callable[[str, str], Awaitable[tuple[int, bytes]]]:
    """Identification, asked for a masked number."""

    async def ask(authorization: str, number: str) -> tuple[int, bytes]:
        assert number == MASKED
        return 200, CANDIDATES % (str(household(1)).encode(), more)

    return ask


async def test_a_masked_number_lists_the_households_that_it_may_be_of(
    client: httpx.AsyncClient, app: FastAPI, pool: asyncpg.Pool
) -> None:
    """And that they were listed is a look at a list, without the number."""
    app.state.lookup = candidates()
    answer = await client.post("/find", data={"identity_number": MASKED})
    assert answer.status_code == 200
    assert f'href="/households/{household(1)}"' in answer.text
    assert "彭寨镇" in answer.text
    assert "只列出前" not in answer.text
    (recorded,) = await pool.fetch("select stream, type, data from es.events")
    assert tuple(recorded)[:2] == ("access-to-area-441624", "ListLookedAt")
    assert json.loads(recorded["data"]) == {
        "area": "441624",
        "shown": "BY_NUMBER",
        "filters": {},
        "households": 1,
        "purpose": "quarterly check",
    }
    app.state.lookup = candidates(b"true")
    answer = await client.post("/find", data={"identity_number": MASKED})
    assert "只列出前 1 户" in answer.text


@pytest.mark.parametrize("other", [False, True])
async def test_candidates_are_told_apart_by_what_the_log_says_of_the_household(
    client: httpx.AsyncClient, app: FastAPI, hear: Hear, tokens: Issuer, other: bool
) -> None:
    """By its number on the register, its stage and its last record, be that in its own stream or in
    another, as a fact is; by nothing of a person."""
    person = {"person_id": str(household(9)), "relation": "HEAD", "health": "SERIOUS_ILLNESS"}
    home = {"register_number": "PZ-0001", "co_living_count": 3, "members": [person]}
    own: dict[str, Any] = {"household_id": household(1), "stream": f"household-{household(1)}"}
    registered = envelope(json.dumps(home).encode(), type="HouseholdRegistered", **own)
    last: dict[str, Any] = own | {"stream": "other"} if other else {"prev": registered}
    clue = envelope(
        b'{"risk_types":["ILLNESS"]}',
        type="RiskDetected",
        recorded_at=NOON + timedelta(days=1),
        **last,
    )
    await hear([registered, clue])
    app.state.lookup = candidates()
    answer = await client.post("/find?lang=en", data={"identity_number": MASKED})
    headings, rows = table(answer.text)
    assert headings == ["Register number", "Stage", "Living together", "Area", "Last recorded"]
    called = f"PZ-0001 {household(1)}"
    recorded = "Risk detected 2024-06-04 12:00"
    assert rows == [[called, "clue open", "3", "Pengzhai (441624108201)", recorded]]
    assert "llness" not in answer.text
    elsewhere = tokens.bearer("supervisor", "audit:read", department=STAFF, region="441624109")
    answer = await client.post("/find", data={"identity_number": MASKED}, headers=elsewhere)
    assert str(household(1)) in answer.text
    assert "PZ-0001" not in answer.text


async def test_a_department_gets_no_list_by_a_masked_number_and_that_is_recorded(
    client: httpx.AsyncClient, app: FastAPI, tokens: Issuer, pool: asyncpg.Pool
) -> None:
    app.state.lookup = candidates()
    assert "脱敏号码" in (await client.get("/")).text
    client.headers.update(tokens.bearer("yibao", "audit:read", department="yibao"))
    assert "脱敏号码" not in (await client.get("/")).text
    assert (await client.post("/find", data={"identity_number": MASKED})).status_code == 403
    _, recorded = await pool.fetch("select type, data from es.events order by position")
    assert (recorded["type"], json.loads(recorded["data"])["refusal"]) == (
        "ListRefused",
        "NOT_ROUTED",
    )


async def test_a_masked_number_is_asked_for_where_masked_numbers_are_known(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[tuple[str, object]] = []

    async def post(self: object, url: str, **sent: object) -> httpx.Response:
        asked.append((url, sent["json"]))
        return httpx.Response(404)

    monkeypatch.setattr(httpx.AsyncClient, "post", post)
    for number in (NUMBER, MASKED):
        await asking("http://identification/")("Bearer x", number)
    assert asked == [
        ("http://identification/v1/households/lookup", {"identity_number": NUMBER}),
        ("http://identification/v1/households/lookup/masked", {"masked_number": MASKED}),
    ]
