"""What the timeline is narrowed to, and where its clocks stand: said in words, and kept on every way."""

import html
import re
from collections.abc import Awaitable, Callable, Sequence

import httpx
import pytest
from playwright.async_api import expect

from common.testing import envelope, history, household
from contracts.envelope import Envelope
from services.audit.tests.conftest import Open, needs_chromium
from services.audit.tests.test_pages import Checked

Hear = Callable[[Sequence[Envelope]], Awaitable[None]]

HERE = f"/households/{household(1)}"
FILTERS = {"service": "identification", "department": "yibao", "late": "false"}
CLOCKS = {"valid_at": "2024-06-10", "known_at": "2024-06-12"}
EVERY = {**FILTERS, **CLOCKS, "lang": "en"}


def _query(address: str) -> dict[str, str]:
    return dict(httpx.URL(html.unescape(address)).params)


def _hidden(form: str) -> dict[str, str]:
    """What a form sends with its fields."""
    found = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)">', form)
    return {name: html.unescape(value) for name, value in found}


def _form(page: str, name: str) -> str:
    return page[page.index(f'<form class="{name}"') :].partition("</form>")[0]


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("", None),
        ("service=&department=", None),
        ("valid_at=2024-06-03", None),
        ("service=identification", "仅显示：业务：户情识别"),
        ("department=yibao&late=true", "仅显示：部门：医疗保障部门；迟报的"),
        ("late=false&corrected=true", "仅显示：按时记录的；更正，以及被更正的"),
        ("breach=true&lang=en", "Showing only: missed deadlines"),
        ("service=of-tomorrow&corrected=0&lang=en", "Showing only: Service: of-tomorrow; all but"),
    ],
)
async def test_what_is_shown_only_is_said_above_the_list(
    client: httpx.AsyncClient, hear: Hear, query: str, said: str | None
) -> None:
    await hear([envelope(household_id=household(1))])
    page = (await client.get(f"{HERE}?{query}")).text
    Checked(page)
    found = re.search('<p class="narrowed">(.*?)</p>', page)
    assert (found is None) == (said is None)
    if found and said:
        assert re.sub("<[^>]+>", "", found[1]).startswith(said)
    ticked = set(re.findall(r'name="(\w+)" type="checkbox" value="true" checked', page))
    assert ticked == set(re.findall(r"(\w+)=true", query))


async def test_nothing_left_by_a_filter_is_not_nothing_recorded(
    client: httpx.AsyncClient, hear: Hear
) -> None:
    await hear([envelope(household_id=household(1))])
    page = (await client.get(f"{HERE}?service=visits")).text
    assert "没有符合条件的记录" in page
    assert "还没有记录" not in page


async def test_filters_and_clocks_are_kept_on_every_way(
    client: httpx.AsyncClient, hear: Hear
) -> None:
    await hear(history(501, household_id=household(1)))
    page = (await client.get(HERE, params=EVERY)).text
    Checked(page)
    following = re.search(r'rel="next" href="([^"]+)"', page)
    language = re.search(r'id="other-language" href="([^"]+)"', page)
    everything = re.search(r'<p class="narrowed">.*?<a href="([^"]+)"', page)
    now = re.search(r'<p class="back"><a href="([^"]+)">Back to now', page)
    assert following
    assert language
    assert everything
    assert now
    assert {**_query(following[1]), "cursor": ""} == {**EVERY, "cursor": ""}
    assert _query(language[1]) == FILTERS | CLOCKS
    assert _query(everything[1]) == {**CLOCKS, "lang": "en"}
    assert _query(now[1]) == {**FILTERS, "lang": "en"}
    assert _hidden(_form(page, "filter")) == {**CLOCKS, "lang": "en"}
    assert _hidden(_form(page, "clocks")) == {**FILTERS, "lang": "en"}
    second = (await client.get(html.unescape(following[1]))).text
    assert second.count('<li class="event') == 1
    cursor = _query(following[1])["cursor"]
    assert _hidden(_form(second, "clocks")) == {**FILTERS, "lang": "en", "cursor": cursor}
    assert "Showing only: Service" in re.sub("<[^>]+>", "", second)


@needs_chromium
@pytest.mark.usefixtures("story")
async def test_the_clocks_are_kept_that_were_set_without_leaving_the_page(open_: Open) -> None:
    """What the browser loads into the page carries the clocks to every way that leads on."""
    page = await open_(f"{HERE}?late=true&lang=en")
    await page.evaluate("document.getElementById('as-was').dataset.first = 'true'")
    await page.locator("#known_at").fill("2024-06-05")
    await expect(page.locator("#as-was")).to_contain_text("had been recorded on 2024-06-05")
    await expect(page.locator("#as-was[data-first]")).to_have_count(1)  # who listens still does
    await expect(page.locator(".narrowed")).to_contain_text("recorded late")
    shown = {"late": "true", "lang": "en", "valid_at": "2024-09-11", "known_at": "2024-06-05"}
    today = _query(page.url)["valid_at"]
    assert _query(page.url) == {**shown, "valid_at": today}
    await page.locator("#other-language").click()
    assert _query(page.url) == {"late": "true", "valid_at": today, "known_at": "2024-06-05"}
    await page.locator("#valid_at").fill("2024-06-08")
    await expect(page.locator("#as-was")).to_contain_text("2024-06-08 的情况")
    await page.locator("#breach").check()
    await page.locator(".filter button").click()
    await expect(page.locator("#known_at")).to_have_value("2024-06-05")
    await expect(page.locator("#valid_at")).to_have_value("2024-06-08")
    assert _query(page.url) == {
        "late": "true",
        "breach": "true",
        "valid_at": "2024-06-08",
        "known_at": "2024-06-05",
        "service": "",
        "department": "",
    }


@needs_chromium
@pytest.mark.usefixtures("story")
async def test_what_cannot_be_loaded_is_said(open_: Open, faults: list[str]) -> None:
    """Without a network the page stays and says so, and so it does where no answer comes; where the server says
    no, its page is shown."""
    page = await open_(f"{HERE}?lang=en")
    await page.evaluate("htmx.config.timeout = 50")
    await page.route("**/households/*?*", lambda route: None)
    await page.locator("#known_at").fill("2024-06-04")
    await expect(page.locator("#point .away")).to_contain_text("check the network")
    await page.unroute("**/households/*?*")
    await page.evaluate("document.querySelector('.away').remove(); htmx.config.timeout = 30000")
    await page.route("**/households/*?*", lambda route: route.abort())
    async with page.expect_event("console"):
        await page.locator("#known_at").fill("2024-06-05")
    await expect(page.locator("#point .away")).to_contain_text("check the network")
    await page.unroute("**/households/*?*")
    await page.context.clear_cookies()
    await page.locator("#known_at").fill("2024-06-06")
    await expect(page.locator("#token")).to_be_visible()
    assert faults
    faults.clear()
