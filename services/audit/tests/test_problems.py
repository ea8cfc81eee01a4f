"""A problem is a page for a browser, and JSON for a program."""

import html
import re
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from audit.access.looks import STAFF
from audit.refusals import REFUSALS
from common.problems import MEDIA_TYPE, Problem, filled
from common.refusals import COMMON
from common.testing import Issuer, envelope, household
from contracts.envelope import Envelope
from services.audit.tests.test_pages import Checked

Hear = Callable[[Sequence[Envelope]], Awaitable[None]]

HERE = f"/households/{household(1)}"
CHROMIUM = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8"
TEXTS = {**COMMON, **REFUSALS}


@pytest.fixture
def raised(app: FastAPI) -> dict[str, Exception]:
    """What each look at the villages raises, under `now`; the pool is what the page asks first."""
    found: dict[str, Exception] = {}

    class Failing:
        @property
        def settings(self) -> Any:
            raise found["now"]

        engine = pool = clock = settings

    app.state.runtime = Failing()
    return found


@pytest.fixture
def browser(client: httpx.AsyncClient) -> httpx.AsyncClient:
    """The supervisor's client, with what a browser says that it takes."""
    client.headers["Accept"] = CHROMIUM
    return client


def _said(page: str) -> tuple[str, str, list[str]]:
    """The title of a problem, what to do, and where its links lead."""
    title, remedy = re.search("<h1>(.*?)</h1>", page), re.search('id="remedy">(.*?)</p>', page)
    assert title
    assert remedy
    ways = page[page.rindex('<nav class="choice"') :]
    return (
        html.unescape(title[1]),
        html.unescape(remedy[1]),
        [html.unescape(way) for way in re.findall('href="([^"]+)"', ways)],
    )


@pytest.mark.parametrize("lang", ["zh", "en"])
async def test_every_problem_is_a_page_with_what_to_do_and_a_way_on(
    browser: httpx.AsyncClient, raised: dict[str, Exception], lang: str
) -> None:
    statuses = set()
    for code, text in TEXTS.items():
        raised["now"] = Problem(code)
        answer = await browser.get("/", params={"lang": lang})
        assert answer.status_code == text.status
        assert answer.headers["content-type"].startswith("text/html")
        Checked(answer.text)
        statuses.add(text.status)
        if text.status == 401:
            assert 'name="token"' in answer.text
            continue
        title, remedy, ways = _said(answer.text)
        said, between = (text.zh, "：") if lang == "zh" else (text.en, ": ")
        if code != "invalid":  # that one speaks to programs
            assert title == filled(said, {"count": 0}, "").partition(between)[0]
        assert len(remedy) > 5
        assert ways[-1] == ("/" if lang == "zh" else "/?lang=en")
        assert f'<html lang="{"zh-CN" if lang == "zh" else "en"}">' in answer.text
    assert statuses >= {400, 401, 403, 404, 409, 422, 500, 503}


async def test_what_nobody_foresaw_is_a_page_with_the_number_to_tell(
    browser: httpx.AsyncClient, raised: dict[str, Exception]
) -> None:
    raised["now"] = ZeroDivisionError("secret")
    answer = await browser.get("/", params={"region": "4416", "lang": "en"})
    assert answer.status_code == 500
    assert "secret" not in answer.text
    title, remedy, ways = _said(answer.text)
    assert title == "Something is wrong on our side"
    assert remedy == "Try again; if it stays so, tell the administrators the number below."
    assert re.search(r'Number \(trace_id\) <span class="id">[0-9a-f-]{32,36}<', answer.text)
    assert ways == ["/?region=4416&lang=en", "/?lang=en"]


async def test_a_page_that_fails_itself_leaves_the_problem(
    browser: httpx.AsyncClient, app: FastAPI
) -> None:
    async def broken(*_: object) -> None:
        raise LookupError

    app.state.problem_page = broken
    answer = await browser.get("/nowhere")
    assert (answer.status_code, answer.headers["content-type"]) == (404, MEDIA_TYPE)


@pytest.mark.parametrize(
    ("method", "path", "status", "ways"),
    [
        ("GET", "/nowhere", 404, ["/"]),
        ("POST", "/county", 405, ["/"]),
        ("GET", f"{HERE}?cursor=x", 400, [HERE, "/"]),
        ("GET", f"{HERE}?late=perhaps&lang=en", 422, [f"{HERE}?lang=en", "/?lang=en"]),
        ("GET", f"{HERE}/raw", 503, [f"{HERE}/raw", HERE, "/"]),
        ("GET", f"/v1{HERE}/dossier?purpose=check", 503, [HERE, "/"]),
        ("GET", f"/v1{HERE}/dossier", 422, [HERE, "/"]),
        ("GET", f"/v1{HERE}/timeline?limit=0", 422, [HERE, "/"]),
        ("GET", "/county/households?phase=x", 404, ["/county", "/"]),
        ("GET", "/find?lang=en", 405, ["/?lang=en"]),
        ("POST", "/find", 503, ["/"]),
        ("GET", "/?region=441625", 403, ["/"]),
        ("GET", "/v1/households?region=441625", 403, ["/"]),
    ],
)
async def test_a_browser_gets_a_page_and_a_program_the_problem(
    browser: httpx.AsyncClient,
    hear: Hear,
    tokens: Issuer,
    method: str,
    path: str,
    status: int,
    ways: list[str],
) -> None:
    await hear([envelope(household_id=household(1))])
    town = tokens.bearer("supervisor", "audit:read", department=STAFF, region="441624")
    browser.headers.update(town)
    del browser.headers["Access-Purpose"]
    page = await browser.request(method, path)
    assert (page.status_code, page.headers["vary"]) == (status, "Accept")
    assert _said(page.text)[2] == ways
    Checked(page.text)
    for accept in ("application/json", "application/problem+json, text/html;q=0.5"):
        problem = await browser.request(method, path, headers={"Accept": accept})
        assert (problem.status_code, problem.headers["content-type"]) == (status, MEDIA_TYPE)
        assert problem.headers.get("retry-after") == page.headers.get("retry-after")
    anything = await browser.request(method, path, headers={"Accept": "*/*"})
    of_pages = not path.startswith(("/v1", "/nowhere"))
    assert anything.headers["content-type"].startswith("text/html") == of_pages


@pytest.mark.parametrize(("department", "region"), [("yibao", "441624"), (STAFF, "441625")])
async def test_nobody_is_led_back_to_a_page_that_is_refused_as_well(
    browser: httpx.AsyncClient, hear: Hear, tokens: Issuer, department: str, region: str
) -> None:
    await hear([envelope(household_id=household(1))])
    asks = tokens.bearer("somebody", "audit:read", department=department, region=region)
    page = await browser.get(f"{HERE}/raw", headers=asks)
    assert (page.status_code, _said(page.text)[2]) == (403, ["/"])


async def test_a_fault_is_named_on_the_page(browser: httpx.AsyncClient, hear: Hear) -> None:
    await hear([envelope(household_id=household(1))])
    for lang, said in (("zh", "不是 true 或 false"), ("en", "not true or false")):
        page = (await browser.get(HERE, params={"late": "perhaps", "lang": lang})).text
        assert f'<li><span class="id">late</span> {said}</li>' in page


async def test_whoever_is_not_signed_in_is_led_back_from_wherever_they_were(
    browser: httpx.AsyncClient,
) -> None:
    del browser.headers["Authorization"]
    for path, back in (
        (f"{HERE}/raw?lang=en", f"{HERE}/raw?lang=en"),
        (f"/v1{HERE}/dossier?purpose=check", HERE),
        ("/v1/households", "/"),
    ):
        answer = await browser.get(path)
        assert (answer.status_code, f'name="next" value="{back}"' in answer.text) == (401, True)
    answer = await browser.post("/find?lang=en", data={"identity_number": "9"})
    assert 'name="next" value="/?lang=en"' in answer.text
    assert "Sign out" not in (await browser.get("/nowhere?lang=en")).text
    answer = await browser.get(HERE, headers={"Accept": "application/json"})
    assert (answer.status_code, answer.headers["content-type"]) == (401, MEDIA_TYPE)
