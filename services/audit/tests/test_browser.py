"""The pages in a real browser: what it computes itself, by keyboard, at 360 px, without script.

Needs Chromium (Debian: apt install chromium); without it these tests are skipped, and say so.
"""

import asyncio
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
import pytest
import uvicorn
from fastapi import FastAPI
from msgspec.structs import replace
from playwright.async_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Page,
    async_playwright,
    expect,
)

from audit.access import COOKIE
from audit.log.keeper import Keeper
from audit.looks import STAFF
from audit.succession import succeed
from common.note import Signer
from common.testing import NOON, Issuer, envelope, eventually, history, household
from contracts.envelope import Envelope, chained

Hear = Callable[[Sequence[Envelope]], Awaitable[None]]

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser"))), None)
AXE = (Path(__file__).parent / "axe" / "axe-4.14.1.min.js").read_text("utf-8")
HERE = f"/households/{household(1)}"

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium: apt install chromium")


@pytest.fixture(scope="session")
async def browser() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        made = await playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"]
        )
        yield made
        await made.close()


@pytest.fixture
async def url(app: FastAPI) -> AsyncIterator[str]:
    """The app behind a port of its own."""
    server = uvicorn.Server(
        uvicorn.Config(app, port=0, lifespan="off", log_level="error", timeout_graceful_shutdown=0)
    )
    running = asyncio.create_task(server.serve())
    await eventually(lambda: server.started)
    yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    server.should_exit = True
    await running


Open = Callable[..., Awaitable[Page]]


@pytest.fixture
async def open_(browser: Browser, url: str, tokens: Issuer) -> AsyncIterator[Open]:
    """A page, for a supervisor who is signed in. A fault of a script fails the test, and so does an
    error on the console, as of the content policy."""
    contexts: list[BrowserContext] = []
    faults: list[str] = []

    def heard(said: ConsoleMessage) -> None:
        if said.type == "error":
            faults.append(said.text)

    async def opened(path: str, **options: Any) -> Page:
        context = await browser.new_context(**options)
        contexts.append(context)
        token = tokens.token("supervisor", "audit:read access:read", department=STAFF)
        await context.add_cookies([{"name": COOKIE, "value": token, "url": url}])
        page = await context.new_page()
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.on("console", heard)
        await page.goto(url + path)
        return page

    yield opened
    for context in contexts:
        await context.close()
    assert faults == []


@pytest.fixture
async def story(hear: Hear, app: FastAPI) -> list[Envelope]:
    """A household with a gap, a late record and a duty, under a signed checkpoint."""
    at: dict[str, Any] = {"household_id": household(1)}
    first = envelope(b'{"risk_types":["ILLNESS"],"due_on":"2024-06-18"}', type="RiskDetected", **at)
    verified = envelope(
        b'{"risk_types":["ILLNESS"]}',
        type="HouseholdVerified",
        prev=first,
        recorded_at=NOON + timedelta(days=4),
    )
    later = NOON + timedelta(days=100)
    confirmed = envelope(
        b'{"monitored_class":"SEVERE_HARDSHIP","confirmed_on":"2024-09-11","risk_types":["ILLNESS"]}',
        type="MonitoringConfirmed",
        prev=verified,
        occurred_at=later,
        recorded_at=later,
    )
    await hear([first, verified, confirmed])
    keeper: Keeper = app.state.keeper
    assert await keeper.keep(later + timedelta(minutes=1))
    return [first, verified, confirmed]


@pytest.mark.usefixtures("story")
async def test_the_browser_verifies_the_file_itself(open_: Open) -> None:
    page = await open_(HERE)
    await expect(page.locator("#badge.good")).to_contain_text("3 条记录未被改动")


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ("update read.timeline set data = '{}' where version = 2", "identification/0 #1"),
        ("update log.leaves set hash = sha256('x') where index = 1", "identification/0 #1"),
        ("update log.checkpoints set note = replace(note, E'\\n1\\n', E'\\n2\\n')", "signature"),
        ("delete from log.leaves where index = 2", "heads"),
    ],
)
@pytest.mark.usefixtures("story")
async def test_what_was_changed_turns_the_badge_red(
    open_: Open, db: Any, change: str, why: str
) -> None:
    owner = await asyncpg.connect(db.superuser_url)
    await owner.execute(change)
    await owner.close()
    page = await open_(HERE)
    await expect(page.locator("#badge.bad")).to_contain_text("验证失败")
    await expect(page.locator("#badge.bad")).to_contain_text(why)


async def test_two_records_in_one_place_turn_the_badge_red(
    open_: Open, story: list[Envelope], hear: Hear, app: FastAPI
) -> None:
    last = story[-1]
    await hear([chained(replace(last, data=b"{}"), last.prev_hash)])
    assert await app.state.keeper.keep(NOON + timedelta(days=101))
    await expect((await open_(HERE)).locator("#badge.bad")).to_contain_text("fork: household-")


@pytest.mark.usefixtures("story")
async def test_another_key_than_the_one_first_seen_is_not_believed(open_: Open) -> None:
    page = await open_(HERE)
    await expect(page.locator("#badge.good")).to_be_visible()
    await page.evaluate("localStorage.setItem('log-key', 'other+00000000+AAAA')")
    await page.reload()
    await expect(page.locator("#badge.bad")).to_contain_text("key")


NEXT = Signer("shouwang.test/audit", bytes([9]) * 32)


async def test_the_key_that_was_first_seen_is_followed_to_its_successor(
    open_: Open, app: FastAPI, pool: asyncpg.Pool, db: Any, hear: Hear, story: list[Envelope]
) -> None:
    """Straight after the change, when the old key signed the last checkpoint, and after the next."""
    page = await open_(HERE)
    await expect(page.locator("#badge.good")).to_be_visible()
    keeper: Keeper = app.state.keeper
    async with pool.acquire() as connection:
        note = await succeed(connection, keeper.signer, NEXT)
    app.state.keeper = Keeper(pool, NEXT)
    await page.reload()
    await expect(page.locator("#badge.good")).to_contain_text("3 条记录未被改动")
    afresh = await open_(HERE)
    await expect(afresh.locator("#badge.good")).to_be_visible()
    await hear([envelope(prev=story[-1], recorded_at=NOON + timedelta(days=101))])
    assert await app.state.keeper.keep(NOON + timedelta(days=102))
    for again in (page, afresh):
        await again.reload()
        await expect(again.locator("#badge.good")).to_contain_text("4 条记录未被改动")
    owner = await asyncpg.connect(db.superuser_url)
    for forged, why in (
        (note.replace("\n1\n", "\n2\n"), "key: succession"),
        (note.rpartition("\u2014")[0], "key: succession"),
    ):
        await owner.execute("update log.successions set note = $1", forged)
        await page.reload()
        await expect(page.locator("#badge.bad")).to_contain_text(why)
    await owner.execute("delete from log.successions")
    await page.reload()
    await expect(page.locator("#badge.bad")).to_contain_text("key")
    await owner.close()


@pytest.mark.usefixtures("story")
async def test_a_key_counts_in_the_browser_for_its_own_checkpoints_only(
    open_: Open, app: FastAPI, pool: asyncpg.Pool, db: Any
) -> None:
    """A stolen old key signs nothing more, and the new one nothing of before."""
    keeper: Keeper = app.state.keeper
    async with pool.acquire() as connection:
        await succeed(connection, keeper.signer, NEXT)
    text = (await pool.fetchval("select note from log.checkpoints")).rpartition("\n\n")[0] + "\n"
    app.state.keeper = Keeper(pool, NEXT)
    owner = await asyncpg.connect(db.superuser_url)
    await owner.execute("update log.checkpoints set note = $1", NEXT.sign(text))
    await owner.close()
    page = await open_(HERE)
    await expect(page.locator("#badge.bad")).to_contain_text("signature")


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
        "/county",
        "/county?lang=en",
        "/county/households?step=CLUE",
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
    page = await open_(path, viewport={"width": 360, "height": 740}, bypass_csp=True)
    wide = "document.documentElement.scrollWidth"
    assert await page.evaluate(wide) <= 360
    scrolls = (
        "Array.from(document.querySelectorAll('table')).filter(t => t.scrollWidth > 328).length"
    )
    assert await page.evaluate(scrolls) == 0
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


@pytest.fixture
async def duties(hear: Hear, app: FastAPI) -> None:
    """In May 2024 1,200 duties were due, all of them breached; in June 600 are, not one breached yet."""
    app.state.runtime.clock.set(NOON)
    due = ["2024-05-10"] * 1_200 + ["2024-06-30"] * 600
    events: list[Envelope] = []
    for n, day in enumerate(due):
        data = f'{{"obligation_id":"{UUID(int=n)}","due_on":"{day}"}}'.encode()
        of: dict[str, Any] = {"prev": events[-1]} if events else {"household_id": household(1)}
        events.append(envelope(data, service="visits", type="ObligationOpened", **of))
    await hear(events)


# The colour of the drawing at a place, in pixels of the page.
PIXEL = """([x, y]) => {
  const canvas = document.querySelector("#months canvas"), at = canvas.getBoundingClientRect();
  const scale = canvas.width / at.width;
  return Array.from(canvas.getContext("2d").getImageData((x - at.x) * scale, (y - at.y) * scale, 1, 1).data).join(" ");
}"""
NOTHING, DUE, BREACHED = "0 0 0 0", "237 184 170 255", "112 20 20 255"


@pytest.mark.usefixtures("duties")
@pytest.mark.parametrize("width", [1280, 360])
async def test_the_chart_draws_the_table(open_: Open, width: int) -> None:
    page = await open_("/county", viewport={"width": width, "height": 740})
    plot = await page.locator("#months .u-over").bounding_box()
    assert plot

    async def colour(month: int, aside: float, high: float) -> str:
        """At so many twelfths of the width, and parts of a month from its middle; and so high."""
        x = plot["x"] + plot["width"] * (month + 0.5 + aside) / 12
        return str(await page.evaluate(PIXEL, [x, plot["y"] + plot["height"] * (1 - high)]))

    may, june = 10, 11
    assert [await colour(may, aside, 0.85) for aside in (0, 0.31)] == [BREACHED, DUE]
    assert [await colour(june, 0, high) for high in (0.43, 0.57)] == [DUE, NOTHING]
    assert [await colour(month, 0, 0.1) for month in range(may)] == [NOTHING] * may


@pytest.mark.usefixtures("duties")
@pytest.mark.parametrize("lang", ["zh", "en"])
async def test_the_legend_tells_the_row_of_the_table_under_the_cursor(
    open_: Open, lang: str
) -> None:
    page = await open_(f"/county?lang={lang}")
    table, legend = page.locator("#months-table"), page.locator("#months .u-legend")
    assert await legend.locator(".u-label").all_text_contents() == (
        await table.locator("thead th").all_text_contents()
    )
    plot = page.locator("#months .u-over")
    box = await plot.bounding_box()
    assert box
    rows = await table.locator("tbody tr").all()
    assert len(rows) == 12
    for n, row in enumerate(rows):
        await plot.hover(position={"x": box["width"] * (n + 0.3) / 12, "y": 50})
        told = await row.locator("th, td").all_text_contents()
        await expect(legend.locator(".u-value")).to_have_text(told)
    assert told == ["2024-06", "600", "0"]


async def test_the_chart_follows_the_window_and_is_for_eyes_only(open_: Open) -> None:
    page = await open_("/county", viewport={"width": 1280, "height": 740})
    chart = page.locator("#months .uplot")
    await expect(chart).to_be_visible()
    await expect(page.locator("#months svg")).to_be_hidden()
    assert await chart.get_attribute("aria-hidden") == "true"
    await page.set_viewport_size({"width": 360, "height": 740})
    await expect(chart).to_have_css("width", "328px")
    assert await page.evaluate("document.documentElement.scrollWidth") <= 360


async def test_paper_and_a_browser_without_script_show_the_picture_of_the_server(
    open_: Open,
) -> None:
    page = await open_("/county")
    await page.emulate_media(media="print")
    await expect(page.locator("#months svg")).to_be_visible()
    await expect(page.locator("#months .still").last).to_be_visible()
    await expect(page.locator("#months .uplot")).to_be_hidden()
    page = await open_("/county", java_script_enabled=False)
    await expect(page.locator("#months svg")).to_be_visible()
    await expect(page.locator("#months .uplot")).to_have_count(0)
    await page.locator("summary", has_text="数字与名单").click()
    await expect(page.locator("#months-table")).to_be_visible()


async def test_five_hundred_events_verify_too(open_: Open, hear: Hear, app: FastAPI) -> None:
    await hear(history(500, household_id=household(1)))
    keeper: Keeper = app.state.keeper
    await keeper.keep(NOON)
    page = await open_(HERE)
    await expect(page.locator("#badge.good")).to_contain_text("500", timeout=60_000)
