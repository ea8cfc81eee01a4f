"""Who looked, in a browser: the latest few, and the rest for whoever asks."""

from collections.abc import Awaitable, Callable

import httpx
import pytest
from playwright.async_api import Page, expect

from common.testing import household
from services.audit.tests.conftest import Open, needs_chromium
from services.audit.tests.test_browser import NARROW, faultless

HERE = f"/households/{household(1)}"
LOOKS = 14

pytestmark = [needs_chromium, pytest.mark.usefixtures("story", "looked")]


@pytest.fixture
async def looked(client: httpx.AsyncClient, own: Callable[[], Awaitable[None]]) -> None:
    """Looks at a household, and at lists."""
    for _ in range(LOOKS):
        await client.get(f"/v1{HERE}/timeline")
        await client.get("/v1/households")
    await own()


async def seen(page: Page) -> int:
    """How many looks are on the screen."""
    return await page.locator("table.lines tbody tr:visible").count()


@pytest.mark.parametrize(
    ("path", "said"),
    [(f"{HERE}/accesses", "更早的 4 次"), ("/accesses?lang=en", "4 earlier ones")],
)
async def test_the_latest_few_are_shown_and_the_rest_opens_by_keyboard(
    open_: Open, path: str, said: str
) -> None:
    page = await open_(path, viewport=NARROW, bypass_csp=True)
    assert await seen(page) == 10
    earlier = page.locator("summary")
    await expect(earlier).to_have_text(said)
    await earlier.focus()
    await page.keyboard.press("Enter")
    assert await seen(page) == LOOKS
    await faultless(page)


async def test_on_the_page_of_the_household_the_rest_opens_in_its_section(open_: Open) -> None:
    page = await open_(HERE)
    await page.locator("#accesses a").click()
    await expect(page.locator("#accesses summary")).to_have_text("更早的 4 次")
    assert await seen(page) == 10
    await page.locator("#accesses summary").press("Space")
    assert await seen(page) == LOOKS


async def test_on_paper_all_of_them_are_there(open_: Open) -> None:
    page = await open_(f"{HERE}/accesses", java_script_enabled=False)
    await page.emulate_media(media="print")
    assert await seen(page) == LOOKS
    await expect(page.locator("summary")).to_be_hidden()
