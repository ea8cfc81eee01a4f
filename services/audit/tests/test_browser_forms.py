"""Signing in, finding by a masked number, and a page that failed, in a real browser by keyboard alone."""

from typing import Any

import pytest
from fastapi import FastAPI
from playwright.async_api import Browser, expect

from audit.access.looks import STAFF
from common.testing import Issuer
from services.audit.tests.conftest import Open, needs_chromium
from services.audit.tests.test_browser import HERE, NARROW, faultless
from services.audit.tests.test_lookup import MASKED, candidates

pytestmark = needs_chromium


@pytest.mark.usefixtures("story")
@pytest.mark.parametrize("lang", ["zh", "en"])
async def test_whoever_signs_in_comes_to_the_page_that_was_asked_for(
    browser: Browser, url: str, tokens: Issuer, lang: str
) -> None:
    context = await browser.new_context(viewport=NARROW, bypass_csp=True)
    page = await context.new_page()
    await page.goto(f"{url}{HERE}?lang={lang}")
    await faultless(page)
    await page.keyboard.type(tokens.token("yibao", "facts:write"))
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("alert")).to_contain_text("audit:read")
    await faultless(page)
    await page.keyboard.type(tokens.token("supervisor", "audit:read", department=STAFF))
    await page.keyboard.press("Enter")
    await expect(page.locator("li.event")).to_have_count(3)
    assert page.url == f"{url}{HERE}?lang={lang}"
    await context.close()


@pytest.mark.usefixtures("story")
@pytest.mark.parametrize("lang", ["zh", "en"])
async def test_a_masked_number_leads_to_a_list_and_that_to_a_household(
    open_: Open, app: FastAPI, lang: str
) -> None:
    app.state.lookup = candidates(b"true")
    page = await open_(f"/?lang={lang}", viewport=NARROW, bypass_csp=True)
    await page.locator("#identity_number").focus()
    await page.keyboard.type(MASKED)
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("alert")).to_be_visible()
    await faultless(page)
    link = page.locator("tbody a")
    for _ in range(10):
        if await link.evaluate("link => link === document.activeElement"):
            break
        await page.keyboard.press("Tab")
    await page.keyboard.press("Enter")
    await expect(page.locator("li.event")).to_have_count(3)


@pytest.mark.parametrize("lang", ["zh", "en"])
async def test_a_page_that_failed_leads_on(
    open_: Open, app: FastAPI, faults: list[str], lang: str
) -> None:
    class Failing:
        def __getattr__(self, _: str) -> Any:
            raise ZeroDivisionError

    works, app.state.runtime = app.state.runtime, Failing()
    page = await open_(f"/county?lang={lang}", viewport=NARROW, bypass_csp=True)
    assert [fault for fault in faults if "500" not in fault] == []
    faults.clear()
    await faultless(page)
    app.state.runtime = works
    await page.locator("nav.choice a").first.focus()
    await page.keyboard.press("Enter")
    await expect(page.locator("#map")).to_be_visible()
