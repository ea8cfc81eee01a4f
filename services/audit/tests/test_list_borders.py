"""Where a list ends: a page that is just full leads to nothing, and one more is on the next; counts beside it."""

import html
import json
import re
from collections.abc import Awaitable, Callable
from datetime import timedelta
from types import ModuleType

import asyncpg
import httpx
import pytest
from fastapi import FastAPI

from audit.api.reconciliation import Difference, Reconciled
from audit.pages import accesses, completeness, county, household, registered, site
from common.testing import NOON, envelope, history
from common.testing import household as id_of
from services.audit.tests.conftest import Hear
from services.audit.tests.test_called import OTHER, VILLAGE
from services.audit.tests.test_called import registered as home

N = 3
PAGE = f"/households/{id_of(9)}"
CALLED = '<th scope="row" class="called">'
LOOK = '<tr><th scope="row"><time'
Own = Callable[[], Awaitable[None]]


@pytest.fixture(autouse=True)
async def everything(hear: Hear, app: FastAPI) -> None:
    """Of everything that is listed, N: households of one number in a village, records, months that differ."""
    due = b'{"due_on":"2024-06-18"}'
    for n in range(1, N + 1):
        registered_, _ = home(n, "SAME")
        await hear([registered_, envelope(due, type="RiskDetected", prev=registered_)])
    await hear(history(N, household_id=id_of(9), region=OTHER))
    app.state.runtime.clock.set(NOON + timedelta(hours=1))
    months = [Difference(f"2024-0{n}", 7, 6) for n in range(1, N + 1)]
    app.state.reconciled["visits"] = Reconciled("visits", NOON, NOON, 21, 18, False, months)


@pytest.fixture
async def looks(client: httpx.AsyncClient, own: Own) -> None:
    for _ in range(N):
        await client.get("/v1/households")
        await client.get(f"/v1/households/{id_of(1)}/timeline")
    await own()


def following(page: str) -> str | None:
    found = re.search(r'rel="next" href="([^"]+)"', page)
    return html.unescape(found[1]) if found else None


@pytest.mark.usefixtures("looks")
@pytest.mark.parametrize(
    ("module", "most", "address", "row"),
    [
        (site, "LISTED", f"/?region={VILLAGE}", CALLED),
        (county, "LISTED", "/county/households?phase=CLUE", CALLED),
        (county, "LISTED", "/county/households?step=CLUE", CALLED),
        (county, "LISTED", "/county/households?due=2024-06", CALLED),
        (accesses, "PAGE", "/accesses", LOOK),
        (accesses, "PAGE", f"/households/{id_of(1)}/accesses", LOOK),
        (household, "MOST", PAGE, '<li class="event'),
        (completeness, "PAGE", "/completeness", '<th scope="row">2024-0'),
    ],
)
async def test_a_full_page_leads_nowhere_and_one_more_is_on_the_next(
    client: httpx.AsyncClient,
    monkeypatch: pytest.MonkeyPatch,
    module: ModuleType,
    most: str,
    address: str,
    row: str,
) -> None:
    monkeypatch.setattr(module, most, N)
    whole = (await client.get(address)).text
    assert (whole.count(row), following(whole)) == (N, None)
    monkeypatch.setattr(module, most, N - 1)
    first = (await client.get(address)).text
    assert first.count(row) == N - 1
    onwards = following(first)
    assert onwards
    last = (await client.get(onwards)).text
    assert (last.count(row), following(last)) == (1, None)


@pytest.mark.parametrize("most", [N, N - 1])
async def test_a_look_at_a_list_counts_those_that_were_on_the_page(
    client: httpx.AsyncClient,
    pool: asyncpg.Pool,
    monkeypatch: pytest.MonkeyPatch,
    most: int,
) -> None:
    for module in (site, county, registered):
        monkeypatch.setattr(module, "LISTED", most)
    await client.get(f"/?region={VILLAGE}")
    await client.get("/county/households?phase=CLUE")
    same = (await client.post("/find/registered", data={"number": "SAME"})).text
    assert same.count(CALLED) == most
    assert (f"只列出前 {most} 户" in same) == (most < N)
    rows = await pool.fetch("select data from es.events order by position")
    assert [json.loads(row["data"])["households"] for row in rows] == [most] * 3


@pytest.mark.usefixtures("looks")
@pytest.mark.parametrize("address", ["/accesses", f"/households/{id_of(1)}/accesses"])
async def test_the_latest_few_open_the_first_page_alone(
    client: httpx.AsyncClient, own: Own, monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    monkeypatch.setattr(accesses, "FEW", N)
    for _ in range(2):  # which are looks, too
        assert "<details" not in (await client.get(address)).text
    await own()
    monkeypatch.setattr(accesses, "FEW", 1)
    monkeypatch.setattr(accesses, "PAGE", N)
    first = (await client.get(address)).text
    assert re.findall("<summary>(.*?)</summary>", first) == [f"更早的 {N - 1} 次"]
    rest = (await client.get(following(first) or "")).text
    assert (rest.count(LOOK), "<details" in rest) == (2, False)


@pytest.mark.usefixtures("looks")
@pytest.mark.parametrize(
    ("address", "query"),
    [
        ("/accesses", {"region": "441624109", "department": "yibao", "refused": "true"}),
        ("/accesses", {"since": "2024-06-03", "until": "2024-06-04", "department": "renshe"}),
        (f"/households/{id_of(1)}/accesses", {"department": "yibao", "since": "2024-06-03"}),
        (f"/households/{id_of(1)}/accesses", {"until": "2024-06-04", "refused": "true"}),
        (PAGE, {"service": "identification", "department": "yibao", "late": "true"}),
        (PAGE, {"corrected": "true", "breach": "true"}),
        ("/completeness", {"service": "visits", "outcome": "differs"}),
    ],
)
async def test_a_form_has_what_the_list_is_narrowed_to_and_nothing_else(
    client: httpx.AsyncClient, address: str, query: dict[str, str]
) -> None:
    """As a browser would send it again; an area, the reader's own if none was asked for."""
    page = (await client.get(address, params={**query, "lang": "en"})).text
    form = page[page.index('<form class="filter"') :].partition("</form>")[0]
    sent = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', form))
    for name, options in re.findall(r'<select id="\w+" name="(\w+)">(.*?)</select>', form):
        (first, *_), chosen = (
            re.findall('<option value="([^"]*)"', options),
            re.findall('value="([^"]*)" selected', options),
        )
        assert len(chosen) < 2
        sent[name] = chosen[0] if chosen else first
    for name, value in re.findall(r'name="(\w+)" type="date" value="([^"]*)"', form):
        sent[name] = value
    sent |= dict.fromkeys(
        re.findall(r'name="(\w+)" type="checkbox" value="true" checked', form), "true"
    )
    area = {"region": "441624"} if address == "/accesses" else {}
    assert {n: v for n, v in sent.items() if v} == {**area, **query, "lang": "en"}


async def test_the_areas_to_choose_from_are_the_readers_own_and_the_towns_in_it(
    client: httpx.AsyncClient,
) -> None:
    page = (await client.get(f"/accesses?region={VILLAGE}")).text
    areas = re.findall('<option value="(\\d+)"', page)
    assert (areas[0], areas[-1], len(areas)) == ("441624", VILLAGE, 19)


async def test_how_services_stand_is_counted_whatever_the_list_is_narrowed_to(
    client: httpx.AsyncClient,
) -> None:
    counts = r'outcome=(\w+)">(\d+)</a>'
    every = re.findall(counts, (await client.get("/completeness")).text)
    assert dict(every) | {"differs": "1"} == dict(every)
    assert re.findall(counts, (await client.get("/completeness?service=audit")).text) == every


async def test_a_list_without_a_look_says_whether_there_are_others(
    client: httpx.AsyncClient,
) -> None:
    here = f"/households/{id_of(1)}/accesses"
    for address in (here, "/accesses"):
        assert "没有查看记录。" in (await client.get(address)).text
        assert "没有符合条件的查看记录。" in (await client.get(f"{address}?refused=true")).text
