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
    assert "<title>农户时间线 PZ-0001 — " in page
    assert "<h1>农户时间线 <small>PZ-0001</small></h1>" in page
    names = re.findall("<dt>(.*?)</dt>", header)
    assert names[3:7] == ["户编号", "办理阶段", "共同生活人数", "户类别"]


def tiles(page: str) -> dict[str, int]:
    """The areas that the map leads to, and how many households each has."""
    pattern = r'href="/county\?region=(\d+)&amp;map=CLUE">.*?<a class="count"[^>]*>(\d+)</a>'
    return {area: int(n) for area, n in re.findall(pattern, page)}


@pytest.fixture
async def clues(hear: Hear) -> None:
    """Two open ones in a village, none in another, one in another town."""
    lives = ((1, VILLAGES[1], True), (2, VILLAGES[1], True), (3, VILLAGES[2], False))
    for number, region, clue in (*lives, (4, VILLAGES[0], True)):
        kind = "RiskDetected" if clue else "HouseholdRegistered"
        said = b'{"risk_types":["ILLNESS"]}'
        await hear([envelope(said, type=kind, household_id=household(number), region=region)])


@pytest.mark.usefixtures("clues")
async def test_the_map_of_a_town_has_its_villages_and_that_of_a_county_its_towns(
    client: httpx.AsyncClient,
) -> None:
    county = (await client.get("/county?map=CLUE")).text
    assert tiles(county)["441624108"] == 2
    assert len(tiles(county)) == 17
    town = (await client.get("/county?map=CLUE&region=441624108")).text
    Checked(town)
    assert tiles(town) == {VILLAGES[1]: 2, VILLAGES[2]: 0}
    for led in (
        f"/households?region={VILLAGES[1]}&amp;phase=CLUE",
        "?region=441624108&amp;map=MONITORED",
    ):
        assert f'href="/county{led}"' in town
    for said in ("各村情况", "各村按区划代码排列", '<ul class="map flow">', "shade4", "shade0"):
        assert said in town
    village = (await client.get(f"/county?map=CLUE&region={VILLAGES[1]}")).text
    assert tiles(village) == {VILLAGES[1]: 2}


async def test_of_a_town_of_which_nothing_is_known_there_is_no_map(
    client: httpx.AsyncClient,
) -> None:
    town = (await client.get("/county?region=441624116")).text
    Checked(town)
    assert 'class="map' not in town
    assert "这里还没有记录" in town
