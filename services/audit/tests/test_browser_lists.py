"""Lists in a browser: what a household is called by stands on lines of its own, and all is on paper."""

import pytest
from fastapi import FastAPI
from playwright.async_api import ViewportSize, expect

from common.testing import envelope, household
from services.audit.tests.conftest import Hear, Open, needs_chromium
from services.audit.tests.test_browser import NARROW, faultless
from services.audit.tests.test_lookup import MASKED, candidates

VILLAGES = ("441624101201", "441624108201")

pytestmark = [needs_chromium, pytest.mark.usefixtures("households")]


@pytest.fixture
async def households(hear: Hear) -> None:
    """One in each of two towns."""
    for number, region in enumerate(VILLAGES, 1):
        home = b'{"register_number":"PZ-%04d","co_living_count":3}' % number
        registered = envelope(
            home, type="HouseholdRegistered", household_id=household(number), region=region
        )
        await hear([registered])


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("width", [1280, 360])
async def test_an_id_stands_on_one_line_below_what_a_household_is_called_by(
    open_: Open, app: FastAPI, width: int, lang: str
) -> None:
    app.state.lookup = candidates()
    view: ViewportSize = {"width": width, "height": 740}
    page = await open_(f"/?lang={lang}", viewport=view, bypass_csp=True)
    await page.locator("#identity_number").fill(MASKED)
    await page.keyboard.press("Enter")
    called, id_ = page.locator("th.called a"), page.locator("th.called .id")
    await expect(called).to_have_text("PZ-0001")
    above, below = await called.bounding_box(), await id_.bounding_box()
    assert above
    assert below
    assert below["y"] >= above["y"] + above["height"] - 4
    assert below["height"] < 30
    assert await page.evaluate("document.documentElement.scrollWidth") <= width


async def test_the_villages_of_a_town_open_by_keyboard(open_: Open) -> None:
    page = await open_("/", viewport=NARROW, bypass_csp=True)
    villages = page.locator("details.villages a")
    assert [await one.is_visible() for one in await villages.all()] == [False, False]
    await page.locator("summary", has_text="彭寨镇").press("Enter")
    assert [await one.is_visible() for one in await villages.all()] == [False, True]
    await faultless(page)


async def test_on_paper_all_villages_are_there(open_: Open) -> None:
    page = await open_("/", java_script_enabled=False)
    await page.emulate_media(media="print")
    assert await page.locator("details.villages table:visible").count() == len(VILLAGES)
