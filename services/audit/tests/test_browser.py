"""The pages in a real browser: by keyboard, at 360 px, without script.

Needs Chromium (Debian: apt install chromium); without it these tests are skipped, and say so.
"""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from playwright.async_api import Page, Route, ViewportSize, expect

from common.testing import NOON, envelope, household
from contracts.envelope import Actor, Envelope
from services.audit.tests.conftest import Hear, Open, needs_chromium

AXE = (Path(__file__).parent / "axe" / "axe-4.14.1.min.js").read_text("utf-8")
HERE = f"/households/{household(1)}"
NARROW: ViewportSize = {"width": 360, "height": 740}

pytestmark = needs_chromium


async def test_new_records_are_told_of_at_once(
    open_: Open, hear: Hear, story: list[Envelope]
) -> None:
    page = await open_(HERE)
    await expect(page.locator("#badge.good")).to_be_visible()
    await expect(page.locator("#news")).to_be_hidden()
    await hear([envelope(prev=story[-1], recorded_at=NOON + timedelta(days=101))])
    await expect(page.locator("#news")).to_be_visible(timeout=2_000)
    await page.locator("#news a").click()
    await expect(page.locator("li.event")).to_have_count(4)
    await expect(page.locator("#badge.good")).to_contain_text("另有 1 条尚待签名")


@pytest.mark.usefixtures("story")
@pytest.mark.parametrize(("status", "lang"), [(401, "zh"), (503, "en")])
async def test_a_page_that_hears_of_nothing_new_any_longer_says_so(
    open_: Open, faults: list[str], status: int, lang: str
) -> None:
    """A browser does not come again after a refusal: the token has expired, or a look was not recorded."""
    page = await open_("/")
    refused = 0

    async def refuse(route: Route) -> None:
        nonlocal refused
        refused += 1
        await route.fulfill(status=status)

    await page.route("**/live?*", refuse)
    await page.goto(f"{page.url.rstrip('/')}{HERE}?lang={lang}")
    said = {"zh": "已不再接收新的记录", "en": "not told of any longer"}[lang]
    await expect(page.locator("#news a")).to_contain_text(said)
    assert refused == 1
    await page.unroute("**/live?*")
    await page.locator("#news a").click()
    await expect(page.locator("#badge.good")).to_be_visible()
    await expect(page.locator("#news")).to_be_hidden()
    faults.clear()


async def test_news_are_heard_after_the_line_was_broken(
    open_: Open, hear: Hear, story: list[Envelope], faults: list[str]
) -> None:
    page = await open_(HERE)
    await expect(page.locator("#badge.good")).to_be_visible()
    await page.context.set_offline(True)
    await hear([envelope(prev=story[-1], recorded_at=NOON + timedelta(days=101))])
    await page.context.set_offline(False)
    await expect(page.locator("#news a")).to_contain_text("有新的记录", timeout=10_000)
    faults.clear()


@pytest.mark.usefixtures("story")
async def test_the_slider_moves_the_clock_and_shows_what_is_different(open_: Open) -> None:
    page = await open_(f"{HERE}?lang=en")
    slider = page.get_by_role("slider", name="As it was known on")
    await slider.focus()
    await page.keyboard.press("Home")
    row = page.locator("#point tbody tr", has_text="monitored as")
    await expect(row).to_contain_text("Monitoring confirmed", ignore_case=True)
    assert await page.locator("#known_at").input_value() == "2024-06-03"


@pytest.mark.usefixtures("story")
@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/?lang=en",
        "/?region=441624108201",
        "/?lang=en&region=441624108201",
        "/county",
        "/county?lang=en",
        "/county/households?step=CLUE",
        "/county/households?lang=en&duty=identification.RiskDetected.v1",
        "/county/households?phase=ELIMINATED",
        "/completeness",
        "/completeness?lang=en&service=visits",
        "/accesses",
        "/accesses?lang=en&refused=true",
        HERE,
        f"{HERE}/raw",
        f"{HERE}/accesses",
        f"{HERE}?valid_at=2024-06-04&lang=en",
    ],
)
async def test_axe_finds_nothing_and_nothing_is_wider_than_360_pixels(
    open_: Open, path: str
) -> None:
    await faultless(await open_(path, viewport=NARROW, bypass_csp=True))


@pytest.mark.parametrize("path", ["", "/accesses", "/raw", "?valid_at=2024-06-03"])
async def test_long_names_are_broken_and_nothing_is_cut_off(
    open_: Open, hear: Hear, app: FastAPI, path: str
) -> None:
    """An organisation of a hundred characters without a space; and so a place, and a service."""
    who = Actor(
        person="p", post="P" * 60, organisation="O" * 100, department="D" * 60, region="441624"
    )
    at: dict[str, Any] = {"household_id": household(2), "actor": who}
    posted = b'{"place":"%s"}' % (b"p" * 100)
    looked = f"access-to-household-{household(2)}"
    await hear(
        [
            envelope(posted, type="PublicityPosted", **at),
            envelope(b'{"purpose":"VISIT"}', type="PersonalDataRevealed", stream=looked, **at),
            envelope(service="s" * 60, type="T" * 80, **at),
        ]
    )
    await app.state.keeper.keep(NOON)
    page = await open_(f"/households/{household(2)}{path}", viewport=NARROW)
    await expect(page.locator("main")).to_contain_text("O" * 100)
    assert await page.evaluate("document.documentElement.scrollWidth") <= 360
    cut = """Array.from(document.querySelectorAll("main *")).filter(
        (one) => one.clientWidth && one.scrollWidth > one.clientWidth + 1).map((one) => one.outerHTML)"""
    assert await page.evaluate(cut) == []


async def faultless(page: Page) -> None:
    """Axe finds nothing on a page of 360 pixels, and it is no wider; ids stand on one line in lists."""
    wide = "document.documentElement.scrollWidth"
    assert await page.evaluate(wide) <= 360
    scrolls = (
        "Array.from(document.querySelectorAll('table')).filter(t => t.scrollWidth > 328).length"
    )
    assert await page.evaluate(scrolls) == 0
    broken = "Array.from(document.querySelectorAll('th.called .id')).filter(a => a.offsetHeight > 30).length"
    assert await page.evaluate(broken) == 0
    await page.evaluate(AXE)
    found = await page.evaluate(
        "axe.run().then(r => r.violations.map(v => [v.id, v.nodes.map(n => n.html)]))"
    )
    assert found == []


@pytest.mark.usefixtures("story")
async def test_who_looked_opens_in_its_section_without_leaving_the_page(
    open_: Open, own: Callable[[], Awaitable[None]]
) -> None:
    page = await open_(HERE)
    await expect(page.locator("#badge.good")).to_be_visible()
    await own()
    await page.locator("#accesses a").click()
    await expect(page.locator("#who #accesses table")).to_contain_text("浏览器自动核验")
    await expect(page.locator("#who #accesses table")).to_contain_text("监督检查")
    assert page.url.endswith(HERE)


@pytest.mark.usefixtures("story")
async def test_all_is_there_without_script(open_: Open) -> None:
    page = await open_(HERE, java_script_enabled=False)
    await expect(page.locator("#badge")).to_be_hidden()
    await page.locator("#known_at").fill("2024-06-03")
    await page.locator(".clocks button").click()
    await expect(page.locator("#point table")).to_contain_text("监测类别")
    await page.locator("#late").check()
    await page.locator(".filter button").click()
    await expect(page.locator("li.event")).to_have_count(1)


async def test_a_hash_leads_to_its_raw_record(open_: Open, story: list[Envelope]) -> None:
    page = await open_(f"{HERE}?lang=en")
    second = page.locator("li.event").nth(1)
    await second.locator("summary").click()
    await second.locator(".id a", has_text=story[1].hash.hex()).click()
    record = page.locator("section:target")
    await expect(record).to_contain_text(str(story[1].event_id))
    await expect(record).to_be_in_viewport()
    await expect(page.locator("h1")).to_contain_text("Raw records")


@pytest.mark.usefixtures("story")
async def test_what_changes_without_a_load_is_told_where_somebody_listens(
    open_: Open, hear: Hear, story: list[Envelope]
) -> None:
    """A region is heard that was there, and not hidden, before it said anything: the same element."""
    page = await open_(HERE, java_script_enabled=False)
    regions = ("#badge", "#news", "#as-was")
    for region in regions:
        told = page.locator(f"{region}[role=status], {region}[aria-live=polite]")
        await expect(told).to_have_count(1)
        assert await told.get_attribute("hidden") is None
        assert await told.evaluate("node => getComputedStyle(node).display") != "none"
    page = await open_(HERE)
    for region in regions:
        await page.evaluate(f"document.querySelector('{region}').dataset.same = 'true'")
    await hear([envelope(prev=story[-1], recorded_at=NOON + timedelta(days=101))])
    await page.locator("#known_at").fill("2024-06-05")
    for region, said in zip(regions, ("验证", "新的记录", "2024-06-05"), strict=True):
        await expect(page.locator(f"{region}[data-same]")).to_contain_text(said)
