"""What a screen reader is told: read from Chromium's accessibility tree, and from its live regions."""

import re
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any

import pytest
from fastapi import FastAPI
from playwright.async_api import Page, expect

from common.testing import NOON, envelope, household
from contracts.envelope import Envelope
from services.audit.tests.conftest import Hear, Open, needs_chromium
from services.audit.tests.test_browser import NARROW

HERE = f"/households/{household(1)}"

pytestmark = needs_chromium

LISTEN = """() => {
  window.heard = [];
  const told = () => document.querySelectorAll("[role=status], [role=alert], [aria-live]");
  for (const region of told()) new MutationObserver(
    () => window.heard.push([region.id, region.textContent.trim()])
  ).observe(region, { childList: true, subtree: true, characterData: true });
}"""


async def _told(page: Page) -> list[tuple[str, str, dict[str, Any]]]:
    """Role, name and node of all that Chromium tells a screen reader of."""
    session = await page.context.new_cdp_session(page)
    nodes = (await session.send("Accessibility.getFullAXTree"))["nodes"]
    return [
        (node["role"]["value"], node.get("name", {}).get("value", ""), node)
        for node in nodes
        if not node["ignored"]
    ]


async def _heard(page: Page) -> list[list[str]]:
    found: list[list[str]] = await page.evaluate("window.heard")
    return found


@pytest.mark.usefixtures("story")
@pytest.mark.parametrize(
    ("lang", "some", "none"),
    [
        ("zh", "4 项与现在不同。", "与现在没有差别。"),
        ("en", "4 fields differ from now.", "nothing differs from now."),
    ],
)
async def test_of_the_clocks_a_sentence_is_told_once_and_not_all_that_they_show(
    open_: Open, lang: str, some: str, none: str
) -> None:
    page = await open_(f"{HERE}?lang={lang}&valid_at=2024-09-11")
    await expect(page.locator("#badge.good")).to_be_visible()
    await page.evaluate(LISTEN)
    for day, said in (("2024-06-10", some), ("2024-09-11", none)):
        await page.locator("#known_at").fill(day)
        await expect(page.locator("#as-was")).to_contain_text(said)
        await expect(page.locator("#as-was")).to_contain_text(day)
        ((region, text),) = await _heard(page)
        assert (region, len(text) < 120) == ("as-was", True)
        await page.evaluate("window.heard = []")


@pytest.mark.usefixtures("story")
async def test_what_was_told_of_can_be_read_again_in_its_place(open_: Open) -> None:
    """Of a `status` Orca reads in its place that it is one, and not its words: they were heard once."""
    page = await open_(f"{HERE}?valid_at=2024-09-11")
    await expect(page.locator("#badge.good")).to_be_visible()
    told = await _told(page)
    assert "status" not in {role for role, _, _ in told}
    for words in ("已由本浏览器按内容验证", "2024-09-11 的情况"):
        assert any(name.startswith(words) for _, name, _ in told)


@pytest.mark.usefixtures("story")
@pytest.mark.parametrize(
    ("path", "parts"), [(HERE, ["期限", "当时情况", "记录", "谁看过"]), (f"{HERE}/raw", [])]
)
async def test_landmarks_are_the_parts_of_a_page_and_not_its_months_or_records(
    open_: Open, path: str, parts: list[str]
) -> None:
    told = await _told(await open_(path))
    assert [name for role, name, _ in told if role == "region"] == parts


@pytest.mark.usefixtures("story")
async def test_who_opens_the_looks_by_keyboard_reads_on_at_their_heading(
    open_: Open, own: Callable[[], Awaitable[None]]
) -> None:
    page = await open_(HERE)
    await expect(page.locator("#badge.good")).to_be_visible()
    await own()
    await page.evaluate(LISTEN)
    await page.locator("#accesses a").focus()
    await page.keyboard.press("Enter")
    await expect(page.locator("#accesses table")).to_be_visible()
    await expect(page.locator("#who-looked")).to_be_focused()
    assert await _heard(page) == []  # a table of a hundred looks is read when it is wanted


@pytest.mark.usefixtures("story")
async def test_what_could_not_be_loaded_is_told(open_: Open, faults: list[str]) -> None:
    page = await open_(HERE)
    await page.route("**/accesses", lambda route: route.abort())
    await page.locator("#accesses a").click()
    await expect(page.get_by_role("alert")).to_contain_text("未能加载")
    faults.clear()


@pytest.mark.usefixtures("story")
@pytest.mark.parametrize("lang", ["zh", "en"])
async def test_words_that_stand_apart_are_read_apart(
    open_: Open, own: Callable[[], Awaitable[None]], lang: str
) -> None:
    page = await open_(f"{HERE}?lang={lang}")
    for line in ("p.who", "p.when"):
        assert " · " in await page.locator(line).first.aria_snapshot()
    await own()
    await page.goto(f"{page.url.partition('?')[0]}/accesses?lang={lang}")
    assert " · " in await page.locator("tbody td").first.aria_snapshot()


async def test_deadlines_are_read_from_today_on_by_eye_and_by_keyboard(
    open_: Open, app: FastAPI, hear: Hear
) -> None:
    """Of the duties of seven months one was missed, and two are to come."""
    app.state.runtime.clock.set(NOON)
    last: Envelope | None = None
    for month in range(1, 8):
        duty = b'{"obligation_id":"%d","due_on":"2024-%02d-28"}' % (month, month)
        done = () if month in (3, 6, 7) else ("ObligationFulfilled",)
        for type_ in ("ObligationOpened", *done):
            at = datetime(2024, month, 1, tzinfo=UTC)
            own: dict[str, Any] = {
                "service": "visits",
                "household_id": household(1),
                "occurred_at": at,
            }
            last = envelope(duty, type=type_, prev=last, **own)
            await hear([last])
    await app.state.keeper.keep(NOON)
    page = await open_(HERE, viewport=NARROW)
    strip = page.locator(".strip")
    assert await strip.evaluate("node => node.scrollWidth > node.clientWidth && !node.scrollLeft")
    # Orca leaves out a heading that names a place to stop at, when it reads the page through.
    assert await strip.get_attribute("aria-labelledby") is None
    await expect(strip).to_have_accessible_name("期限")
    await strip.focus()
    for month in (6, 7, 5, 4, 3, 2, 1):
        await page.keyboard.press("Tab")
        await expect(strip.locator("li:focus-within")).to_contain_text(f"2024-{month:02d}-28")


@pytest.mark.usefixtures("story")
async def test_a_slider_says_its_day(open_: Open) -> None:
    page = await open_(f"{HERE}?lang=en")
    slider = page.get_by_role("slider", name="As it was known on")
    await slider.focus()
    for key, day in (("Home", "2024-06-03"), ("ArrowRight", "2024-06-04")):
        await page.keyboard.press(key)
        await expect(slider).to_have_attribute("aria-valuetext", day)


@pytest.mark.usefixtures("story")
async def test_raw_records_are_named_and_stop_nobody_who_goes_by_tab(open_: Open) -> None:
    page = await open_(f"{HERE}/raw")
    await expect(page.get_by_text("信封与内容", exact=True)).to_have_count(3)
    stops = await page.locator("main pre").evaluate_all(
        "all => all.filter(one => one.tabIndex >= 0).length"
    )
    assert stops == 0


@pytest.mark.usefixtures("story")
@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize(
    "path", ["/", "/county", "/?region=441624108201", HERE, f"{HERE}/raw", f"{HERE}/accesses"]
)
async def test_every_control_has_a_name_and_headings_skip_no_level(
    open_: Open, path: str, lang: str
) -> None:
    page = await open_(f"{path}{'&' if '?' in path else '?'}lang={lang}")
    told = await _told(page)
    controls = ("link", "button", "textbox", "combobox", "checkbox", "slider", "Date", "table")
    assert [node for role, name, node in told if role in controls and not name.strip()] == []
    levels = [
        prop["value"]["value"]
        for role, _, node in told
        if role == "heading"
        for prop in node["properties"]
        if prop["name"] == "level"
    ]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(lower <= upper + 1 for upper, lower in pairwise(levels))
    assert {role for role, _, _ in told} >= {"main", "banner", "navigation"}
    chinese = [name for role, name, _ in told if role in controls and re.search("[一-鿿]", name)]
    assert lang == "zh" or chinese == ["中文"]


@pytest.mark.usefixtures("story")
@pytest.mark.parametrize(
    ("path", "field"), [("/", "#household"), (HERE, "#purpose"), (f"{HERE}?lang=en", "#valid_at")]
)
async def test_a_field_that_was_left_empty_is_told_of_in_words(
    open_: Open, path: str, field: str
) -> None:
    """Chromium shows a remark of its own, which is in no tree that a screen reader reads."""
    page = await open_(path)
    told = page.locator("form [role=alert]")
    await expect(told).to_have_count(0)
    await page.locator(field).fill("")
    await page.locator(f"form:has({field}) button").press("Enter")
    await expect(page.locator(field)).to_be_focused()
    await expect(told).to_have_text(re.compile("[.。]$"))
    await page.locator(field).fill("2024-06-04")
    await expect(told).to_have_count(0)
