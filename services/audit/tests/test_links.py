"""A page shows whoever reads it the links that lead somewhere for them, and no others."""

import html
import re
from collections.abc import Awaitable, Callable, Sequence

import httpx
import pytest
from fastapi import FastAPI

from audit.access.looks import STAFF
from common.testing import NOON, Issuer, envelope, household
from contracts.envelope import Envelope

Hear = Callable[[Sequence[Envelope]], Awaitable[None]]

VILLAGE = "441624108201"
PAGE = f"/households/{household(1)}"
BOTH = "audit:read access:read"


@pytest.fixture
async def story(hear: Hear, app: FastAPI) -> None:
    """Two households with a clue of illness, one of them in the village."""
    clue = b'{"risk_types":["ILLNESS"],"due_on":"2024-06-18"}'
    for number, region in ((1, VILLAGE), (2, "441624108202")):
        await hear(
            [envelope(clue, type="RiskDetected", household_id=household(number), region=region)]
        )
    await app.state.keeper.keep(NOON)


def _links(page: str) -> set[str]:
    return {html.unescape(link) for link in re.findall(r'href="(/[^"]*)"', page)}


@pytest.mark.usefixtures("story")
@pytest.mark.parametrize(
    ("department", "scopes", "region", "pages"),
    [
        ("yibao", BOTH, "441624", {"/": 200, PAGE: 200, "/county": 403, f"{PAGE}/raw": 403}),
        ("yibao", BOTH, "441624", {"/county/households?phase=CLUE": 403}),
        ("jiaoyu", BOTH, "441624", {"/": 200, PAGE: 403, f"{PAGE}/accesses": 403}),
        (STAFF, "audit:read", "441624", {"/": 200, "/county": 200, PAGE: 200}),
        (STAFF, "audit:read", "441624", {f"{PAGE}/accesses": 403, "/accesses": 403}),
        (STAFF, BOTH, VILLAGE, {"/": 200, "/county": 200, PAGE: 200, "/accesses": 200}),
        (STAFF, BOTH, VILLAGE, {"/county/households?region=441624108&phase=CLUE": 403}),
        (STAFF, BOTH, "441624109", {"/county": 200, PAGE: 403, f"{PAGE}/raw": 403}),
        (STAFF, BOTH, "441624", {"/county": 200, PAGE: 200, f"{PAGE}/raw": 200, "/accesses": 200}),
    ],
)
async def test_no_link_leads_to_a_refusal(
    client: httpx.AsyncClient,
    tokens: Issuer,
    department: str,
    scopes: str,
    region: str,
    pages: dict[str, int],
) -> None:
    client.headers.update(tokens.bearer("who", scopes, department=department, region=region))
    for path, status in pages.items():
        answer = await client.get(path)
        assert answer.status_code == status, path
        here = path.partition("?")[0]  # in the other language, or without conditions
        links = _links(answer.text)
        assert links, path
        for link in links:
            if link.partition("?")[0] != here or status == 200:
                assert (await client.get(link)).status_code != 403, (path, link)


@pytest.mark.usefixtures("story")
async def test_whoever_is_not_signed_in_is_shown_the_form_and_no_way_round_it(
    client: httpx.AsyncClient,
) -> None:
    assert "/county" in _links((await client.get("/")).text)
    del client.headers["Authorization"]
    page = (await client.get("/")).text
    assert _links(page) == {"/", "/?lang=en"}


@pytest.mark.usefixtures("story")
async def test_a_tile_of_a_village_counts_and_opens_the_village_alone(
    client: httpx.AsyncClient, tokens: Issuer
) -> None:
    for region, n in ((VILLAGE, 1), ("441624108", 2)):
        client.headers.update(tokens.bearer("who", BOTH, department=STAFF, region=region))
        page = (await client.get("/county?map=CLUE")).text
        tiles = re.findall(r'<li class="shade.*?</a></li>', page)
        assert len(tiles) == n
        for tile in tiles:
            name, count = (html.unescape(link) for link in re.findall(r'href="([^"]+)"', tile))
            assert re.fullmatch(rf"/county\?region={region}\d*&map=CLUE", name)
            assert ">1</a>" in tile
            assert "合计 1" in (await client.get(count)).text
