"""The page that says whether the log is complete: what it shows of each comparison, and to whom."""

import html
import re
from datetime import timedelta

import asyncpg
import httpx
import pytest
from fastapi import FastAPI

from audit.access.looks import STAFF
from audit.api.reconciliation import Difference, Reconciled
from common.testing import NOON, Issuer
from services.audit.tests.conftest import PRODUCERS
from services.audit.tests.test_pages import Checked

MONTHS = [f"{year}-{month:02d}" for year in range(2010, 2020) for month in range(1, 13)]


@pytest.fixture(autouse=True)
def compared(app: FastAPI) -> None:
    """Identification is complete, visits differs, assets said nothing for a day; audit has nothing yet,
    employment and governance have a key and never stated anything; assistance is not run."""
    app.state.runtime.clock.set(NOON + timedelta(hours=1))
    differences = [Difference(month, 7, 6) for month in MONTHS]
    for service, until, found in (
        ("identification", NOON, []),
        ("visits", NOON, differences),
        ("assets", NOON - timedelta(days=1), []),
    ):
        counts = 1_234 + len(found), 1_234
        app.state.reconciled[service] = Reconciled(service, until, until, *counts, not found, found)
    app.state.reconciled["audit"] = Reconciled("audit", NOON, NOON, 0, 0, True, [])
    app.state.producers = [key for key in PRODUCERS.split() if "/assistance+" not in key]


async def _outcomes(client: httpx.AsyncClient) -> dict[str, str]:
    """How the page says that each service stands, in Chinese."""
    page = (await client.get("/completeness")).text
    rows = [re.sub(r"<[^>]*>", " ", row).split() for row in page.split("<tr>")[2:]]
    return {row[0]: row[1] for row in rows if len(row) > 4}


async def test_it_says_of_every_service_how_it_stands_and_which_months_differ(
    client: httpx.AsyncClient,
) -> None:
    assert 'href="/completeness"' in (await client.get("/county")).text
    page = (await client.get("/completeness")).text
    Checked(page)
    assert "1 个业务的记录与日志不一致" in page
    rows = [re.sub(r"<[^>]*>", " ", row).split() for row in page.split("<tr>")[2:]]
    told = {row[0]: row[1:4] for row in rows if len(row) > 4}
    assert told["户情识别"] == ["一致", "1,234", "1,234"]
    assert told["走访"] == ["不一致", "1,354", "1,234"]
    assert told["项目资产"] == ["声明已过时", "1,234", "1,234"]
    assert told["治理"] == ["尚未声明", "—", "—"]
    english = (await client.get("/completeness?lang=en")).text
    assert "not what 1 service recorded" in english


async def test_nothing_yet_is_no_agreement_and_what_is_not_run_is_named(
    client: httpx.AsyncClient, app: FastAPI, pool: asyncpg.Pool
) -> None:
    told = await _outcomes(client)
    assert {name: told[name] for name in ("户情识别", "监督", "就业", "帮扶")} == {
        "户情识别": "一致",
        "监督": "尚无记录",
        "就业": "尚未声明",
        "帮扶": "未接入",
    }
    page = (await client.get("/completeness?lang=en")).text
    for said in ("Nothing recorded yet: up to the moment", "Not run here: no key of the service"):
        assert said in page
    await pool.execute("update log.trees set size = 1 where name = 'assistance/3'")
    assert (await _outcomes(client))["帮扶"] == "尚未声明"  # somebody runs it, without a key
    await pool.execute("update log.trees set size = 0")
    app.state.producers = []
    assert (await _outcomes(client))["帮扶"] == "尚未声明"  # nobody can know


async def test_what_is_shown_only_is_said_in_words(client: httpx.AsyncClient) -> None:
    page = (await client.get("/completeness?service=visits&outcome=differs")).text
    said = re.search('<p class="narrowed">(.*?)</p>', page)
    assert said
    assert re.sub("<[^>]+>", "", said[1]) == "仅显示：业务：走访；结果：不一致 显示全部"
    assert 'class="narrowed"' not in (await client.get("/completeness?service=")).text


async def test_a_filter_leaves_the_services_that_were_asked_for(client: httpx.AsyncClient) -> None:
    for query, services in (
        ("service=visits", ["走访"]),
        ("outcome=complete", ["户情识别"]),
        ("outcome=empty", ["监督"]),
        ("outcome=absent", ["帮扶"]),
        ("service=visits&outcome=complete", []),
        ("service=&outcome=", 7),
    ):
        page = (await client.get(f"/completeness?{query}")).text
        found = re.findall(r'<tr><th scope="row">([^<\d]+)</th>', page)
        assert (found if isinstance(services, list) else len(found)) == services, query


async def test_months_go_on_behind_a_link(client: httpx.AsyncClient) -> None:
    first = (await client.get("/completeness?service=visits")).text
    following = re.search(r'rel="next" href="([^"]+)"', first)
    assert following
    rest = (await client.get(html.unescape(following[1]))).text
    assert re.findall(r'<th scope="row">([\d-]+)</th>', first + rest) == MONTHS


async def test_it_is_for_those_who_oversee(client: httpx.AsyncClient, tokens: Issuer) -> None:
    town = tokens.bearer("town", "audit:read", department=STAFF, region="441624108")
    assert (await client.get("/completeness", headers=town)).status_code == 200
    yibao = tokens.bearer("yibao", "audit:read", department="yibao")
    answer = await client.get("/completeness", headers=yibao)
    assert (answer.status_code, "走访" in answer.text) == (403, False)
