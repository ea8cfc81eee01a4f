"""Lists are in the order of what they call households by: the number on the register, village by village."""

import html
import json
import re
from typing import Any

import asyncpg
import httpx
import pytest
from fastapi import FastAPI

from audit.access.looks import STAFF
from audit.meaning.vocabulary import Vocabulary
from audit.pages import county, site
from audit.read_model.called import LONGEST
from audit.read_model.counting import count
from common.testing import NOON, Issuer, envelope, household
from contracts.envelope import Envelope
from services.audit.tests.conftest import Hear

VILLAGE, OTHER = "441624108201", "441624108202"
IN_VILLAGE = f"/?region={VILLAGE}"


def registered(number: int, called: str | None, region: str = VILLAGE) -> list[Envelope]:
    """A household with a clue."""
    home = envelope(
        json.dumps({"register_number": called}).encode(),
        type="HouseholdRegistered",
        household_id=household(number),
        region=region,
    )
    clue = envelope(b'{"risk_types":["ILLNESS"]}', type="RiskDetected", prev=home, region=region)
    return [home, clue]


@pytest.fixture
async def homes(app: FastAPI, hear: Hear) -> list[list[Envelope]]:
    """Registered in the order of their ids; their numbers are in another order."""
    numbers = ("PZ-0030", "PZ-0004", "PZ-0200", None, "PZ-0100")
    made = [registered(n, called) for n, called in enumerate(numbers, 1)]
    made.append(registered(6, "PZ-0001", OTHER))
    await hear([event for each in made for event in each])
    await counted(app)
    return made


async def counted(app: FastAPI) -> None:
    assert await count(app.state.runtime.pool, app.state.vocabulary, "") == 0


async def read(client: httpx.AsyncClient, address: str) -> list[str]:
    """The ends of the ids of a list and of all that follows it, page by page; none is empty."""
    found: list[str] = []
    while address:
        answer = await client.get(address)
        assert answer.status_code == 200, answer.text
        if address.startswith("/v1/"):
            following = answer.json()["next"]
            shown = [item["household_id"][-1] for item in answer.json()["items"]]
            address = f"/v1/households?limit=2&cursor={following}" if following else ""
        else:
            shown = re.findall(r'class="called"><a href="/households/\S*(\d)"', answer.text)
            following = re.search(r'rel="next" href="([^"]+)"', answer.text)
            address = html.unescape(following[1]) if following else ""
        assert shown
        found += shown
    return found


@pytest.mark.usefixtures("homes")
@pytest.mark.parametrize("listed", [1, 2, 100])
async def test_lists_are_in_the_order_of_the_register_page_by_page(
    client: httpx.AsyncClient, pool: asyncpg.Pool, monkeypatch: pytest.MonkeyPatch, listed: int
) -> None:
    """By village; whoever has no number comes first. Each page is a look at so many as are on it."""
    monkeypatch.setattr(site, "LISTED", listed)
    monkeypatch.setattr(county, "LISTED", listed)
    assert await read(client, IN_VILLAGE) == ["4", "2", "1", "5", "3"]
    looks = await pool.fetch("select data from es.events order by position")
    counts = [min(listed, 5 - before) for before in range(0, 5, listed)]
    assert [json.loads(look["data"])["households"] for look in looks] == counts
    for number in ("phase=CLUE", "step=CLUE", "duty=identification.RiskDetected.v1"):
        listed_ = await read(client, f"/county/households?{number}")
        assert listed_ == ["4", "2", "1", "5", "3", "6"], number
    assert await read(client, "/v1/households?limit=2") == ["4", "2", "1", "5", "3", "6"]


@pytest.mark.usefixtures("homes")
async def test_a_program_is_told_the_number(client: httpx.AsyncClient) -> None:
    items = (await client.get("/v1/households?limit=3")).json()["items"]
    assert [item["number"] for item in items] == [None, "PZ-0004", "PZ-0030"]


async def test_a_corrected_number_moves_its_household_and_pages_go_on_from_where_they_were(
    client: httpx.AsyncClient,
    app: FastAPI,
    hear: Hear,
    homes: list[list[Envelope]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(site, "LISTED", 2)
    first = (await client.get(IN_VILLAGE)).text
    following = re.search(r'rel="next" href="([^"]+)"', first)
    assert following
    home, clue = homes[1]  # the last of that page
    wrong = {"corrected_event_id": str(home.event_id), "path": "/register_number"}
    corrected = json.dumps(wrong | {"new_value": '"PZ-0150"'}).encode()
    await hear([envelope(corrected, type="RecordCorrected", prev=clue)])
    await counted(app)
    assert await read(client, html.unescape(following[1])) == ["1", "5", "2", "3"]
    assert await read(client, IN_VILLAGE) == ["4", "1", "5", "2", "3"]


async def test_other_words_of_the_services_make_another_order(
    client: httpx.AsyncClient, app: FastAPI, hear: Hear, homes: list[list[Envelope]]
) -> None:
    offered: dict[str, Any] = {
        "service": "assets",
        "type": "PostOffered",
        "label": {"zh": "提供岗位", "en": "post offered"},
        "sentence": {"zh": "提供岗位", "en": "post offered"},
        "meaning": {"sets": {"post": "post"}},
        "state": {"post": {"zh": "岗位", "en": "post", "naming": 1}},
    }
    posts = [
        envelope(
            json.dumps({"post": post}).encode(),
            service="assets",
            type="PostOffered",
            household_id=household(number),
            stream=f"post-{number}",
        )
        for number, post in ((1, "B"), (2, "C"), (3, "A"))
    ]
    await hear(posts)
    app.state.vocabulary.learn("assets.PostOffered.v1", json.dumps(offered).encode())
    await counted(app)
    assert (await read(client, IN_VILLAGE))[-3:] == ["3", "1", "2"]
    app.state.vocabulary = Vocabulary()  # as it is until the catalogue was read
    assert (await read(client, IN_VILLAGE))[-3:] == ["3", "1", "2"]


@pytest.mark.parametrize("number", ["\0", "9" * 5_000, ["a"], {"a": {}}, 7])
async def test_a_number_may_be_anything(
    client: httpx.AsyncClient, app: FastAPI, hear: Hear, pool: asyncpg.Pool, number: Any
) -> None:
    await hear(registered(1, number))
    await counted(app)
    (name,) = [row["name"] for row in await pool.fetch("select name from read.called")]
    assert 0 < len(name) <= LONGEST
    assert await read(client, IN_VILLAGE) == ["1"]


@pytest.mark.parametrize("path", ["", "/raw", "/accesses"])
async def test_a_page_about_one_household_is_headed_by_what_it_is_called(
    client: httpx.AsyncClient, app: FastAPI, homes: list[list[Envelope]], path: str
) -> None:
    assert await app.state.keeper.keep(NOON)
    for number, called in ((1, "PZ-0030"), (4, None)):
        for language in ("", "?lang=en"):
            page = (await client.get(f"/households/{household(number)}{path}{language}")).text
            title, head = page.partition("<title>")[2], page.partition("<h1")[2]
            assert f" {called or household(number)} — " in title.partition("</title>")[0]
            assert (f"<small>{called}</small>" in head.partition("</h1>")[0]) == bool(called)
            assert f'<dd class="id">{household(number)}</dd>' in page


async def test_who_may_read_who_looked_alone_is_not_told_what_the_household_is_called(
    client: httpx.AsyncClient, homes: list[list[Envelope]], tokens: Issuer
) -> None:
    alone = tokens.bearer("inspector", "access:read", department=STAFF)
    assert (await client.get(f"/households/{household(1)}", headers=alone)).status_code == 403
    answer = await client.get(f"/households/{household(1)}/accesses", headers=alone)
    assert (answer.status_code, "PZ-0030" in answer.text) == (200, False)
    assert f"<title>谁看过 {household(1)} — " in answer.text
