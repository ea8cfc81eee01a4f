"""From a county to its towns, from a town to its villages."""

import re
from collections.abc import Sequence

import httpx
import pytest

from common.testing import envelope, household
from services.audit.tests.conftest import Hear
from services.audit.tests.test_pages import Checked

VILLAGES = ("441624101201", "441624108201", "441624108202", "990000108201")


@pytest.fixture
async def households(hear: Hear) -> None:
    """One in each village, and two in one of them."""
    for number, region in enumerate((*VILLAGES, VILLAGES[1]), 1):
        await hear([envelope(household_id=household(number), region=region)])


def towns(page: str) -> list[tuple[bool, str, Sequence[str]]]:
    """Whether each is open, its line, and the villages that it leads to."""
    found = re.findall(r'<details class="villages"( open)?>.*?</details>', page, re.DOTALL)
    parts = re.split('<details class="villages"', page)[1:]
    lines = [re.findall("<summary[^>]*>(.*?)</summary>", part)[0] for part in parts]
    codes = [
        re.findall(r'href="/\?region=(\d{12})', part.partition("</details>")[0]) for part in parts
    ]
    return [(bool(is_open), *each) for is_open, *each in zip(found, lines, codes, strict=True)]


@pytest.mark.usefixtures("households")
async def test_villages_stand_under_their_towns(client: httpx.AsyncClient) -> None:
    county = (await client.get("/")).text
    Checked(county)
    assert towns(county) == [
        (False, "大坝镇：1 户", [VILLAGES[0]]),
        (False, "彭寨镇：3 户", [VILLAGES[1], VILLAGES[2]]),
    ]


@pytest.mark.usefixtures("households")
async def test_the_only_town_is_open(client: httpx.AsyncClient) -> None:
    town = (await client.get("/?region=441624108&lang=en")).text
    assert towns(town) == [(True, "Pengzhai: 3 households", [VILLAGES[1], VILLAGES[2]])]


async def test_the_header_of_a_household_begins_with_what_lists_call_it_by(
    client: httpx.AsyncClient, hear: Hear
) -> None:
    home = envelope(
        b'{"register_number":"PZ-0001","category":"GENERAL","co_living_count":3}',
        type="HouseholdRegistered",
        household_id=household(1),
    )
    await hear([home])
    page = (await client.get(f"/households/{household(1)}")).text
    header = page[page.index('<dl class="facts grid">') :].partition("</dl>")[0]
    names = re.findall("<dt>(.*?)</dt>", header)
    assert names[3:7] == ["户编号", "办理阶段", "共同生活人数", "户类别"]
