"""The pages on paper (A4), as Chromium prints them."""

import re
from datetime import timedelta

import pytest

from common.testing import NOON, envelope, household
from contracts.envelope import Envelope
from services.audit.tests.conftest import Hear, Open, needs_chromium

pytestmark = needs_chromium


def _pages(pdf: bytes) -> int:
    return len(re.findall(rb"/Type\s*/Page\b", pdf))


@pytest.mark.parametrize("lang", ["zh", "en"])
async def test_the_county_is_one_sheet(
    open_: Open, hear: Hear, story: list[Envelope], lang: str
) -> None:
    """With a duty of each kind that services open today."""
    kinds = [
        ("visits", "ObligationOpened", b'{"obligation_id":"1","due_on":"2024-09-30"}'),
        ("identification", "EliminationEligibilityDetected", b'{"propose_by":"2024-09-30"}'),
        ("identification", "DangerousHousingLedgered", b'{"entry_id":"2","due_on":"2024-09-30"}'),
        ("identification", "HousingRemedyWithdrawn", b'{"entry_id":"3","due_on":"2024-09-30"}'),
    ]
    later = NOON + timedelta(days=110)
    await hear(
        [
            envelope(
                data,
                service=service,
                type=type_,
                stream=f"{type_}-1",
                household_id=household(1),
                occurred_at=later,
                recorded_at=later,
            )
            for service, type_, data in kinds
        ]
    )
    page = await open_(f"/county?lang={lang}")
    assert await page.locator("#duties ~ table tbody tr").count() == 1 + len(kinds)
    assert _pages(await page.pdf(prefer_css_page_size=True)) == 1
