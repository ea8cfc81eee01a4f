"""The chart of the county page in a real browser: drawn from the table, for eyes only."""

from itertools import pairwise
from typing import Any
from uuid import UUID

import pytest
from fastapi import FastAPI
from playwright.async_api import expect

from common.testing import NOON, envelope, household
from contracts.envelope import Envelope
from services.audit.tests.conftest import Hear, Open, needs_chromium

pytestmark = needs_chromium


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


# What is written on a canvas: the text, the middle of it, its height on the page, and its width.
WRITTEN = """() => {
  window.written = [];
  const write = CanvasRenderingContext2D.prototype.fillText;
  CanvasRenderingContext2D.prototype.fillText = function (text, x, y, ...more) {
    window.written.push([text, x, y, this.measureText(text).width]);
    return write.call(this, text, x, y, ...more);
  };
}"""


@pytest.mark.parametrize("month", [1, 2, 11, 12])
async def test_no_two_years_under_the_chart_run_into_one_another(
    open_: Open, app: FastAPI, month: int
) -> None:
    app.state.runtime.clock.set(NOON.replace(month=month))
    page = await open_("/completeness", viewport={"width": 360, "height": 740})
    await page.add_init_script(f"({WRITTEN})()")
    await page.goto(page.url.replace("/completeness", "/county"))
    await expect(page.locator("#months .uplot")).to_be_visible()
    written = await page.evaluate("window.written")
    years = {text: (x, width) for text, x, _, width in written if text.startswith("20")}
    assert "2024" in years
    ends = sorted((x - width / 2, x + width / 2) for x, width in years.values())
    assert all(end < start for (_, end), (start, _) in pairwise(ends))
