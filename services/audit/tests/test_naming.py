"""What the households of a list are called by: what services publish as naming, whoever they are."""

import json
import re
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

import asyncpg
import httpx
import pytest
from fastapi import FastAPI
from hypothesis import given, settings
from hypothesis import strategies as st

from audit.meaning.declared import touches
from audit.meaning.state import Happened, state
from audit.meaning.vocabulary import Vocabulary
from audit.pages.naming import MOST
from audit.read_model import queries
from audit.read_model.counting import count
from common.testing import envelope, household
from contracts.envelope import Envelope
from contracts.meaning import Meaning
from services.audit.tests.conftest import Hear
from services.audit.tests.test_state import at, histories

VILLAGE = "441624108201"
IN_VILLAGE = f"/?region={VILLAGE}"
CLUES = "/county/households?phase=CLUE"
OFFERED: dict[str, Any] = {
    "service": "assets",
    "type": "PostOffered",
    "label": {"zh": "提供岗位", "en": "post offered"},
    "sentence": {"zh": "提供岗位", "en": "post offered"},
    "meaning": {"sets": {"post": "post"}},
    "state": {"post": {"zh": "岗位", "en": "post", "naming": 2}},
}
OFFER = "assets.PostOffered.v1"


def table(page: str) -> tuple[list[str], list[list[str]]]:
    """What a list says: its headings, and the cells of each row."""
    text = re.sub(r"<(br|/time)>", " ", page)
    headings = re.findall('<th scope="col"[^>]*>(.*?)</th>', text)
    rows = re.findall(r"<tr>\s*<th scope=.row.*?</tr>", text, re.DOTALL)
    cells = [re.findall("<t[hd][^>]*>(.*?)</t[hd]>", row, re.DOTALL) for row in rows]
    return headings, [[re.sub("<[^>]+>", "", cell).strip() for cell in row] for row in cells]


def registered(number: int, **changes: Any) -> Envelope:
    home = {"register_number": f"PZ-{number:04d}", "co_living_count": 3} | changes
    return envelope(
        json.dumps(home).encode(), type="HouseholdRegistered", household_id=household(number)
    )


def clue(prev: Envelope) -> Envelope:
    return envelope(b'{"risk_types":["ILLNESS"]}', type="RiskDetected", prev=prev)


async def rows(client: httpx.AsyncClient, address: str) -> list[list[str]]:
    answer = await client.get(address)
    assert answer.status_code == 200, answer.text
    return table(answer.text)[1]


@pytest.fixture
async def one(hear: Hear) -> list[Envelope]:
    """A household with a clue."""
    home = registered(1)
    found = clue(home)
    await hear([home, found])
    return [home, found]


async def test_lists_call_a_household_by_its_number_on_the_register_and_tell_its_stage(
    client: httpx.AsyncClient, one: list[Envelope]
) -> None:
    called = f"PZ-0001 {household(1)}"
    headings, told = table((await client.get(IN_VILLAGE)).text)
    assert headings == ["户编号", "办理阶段", "共同生活人数", "记录数", "最近一次记录"]
    assert told == [[called, "线索待核实", "3", "2", "2024-06-03 12:00"]]
    headings, told = table((await client.get(f"{CLUES}&lang=en")).text)
    assert headings == ["Register number", "Stage", "Living together", "Area"]
    assert told == [[called, "clue open", "3", "Pengzhai (441624108201)"]]


async def test_a_household_of_which_nothing_is_published_is_called_by_its_id(
    client: httpx.AsyncClient, app: FastAPI, hear: Hear
) -> None:
    unheard = envelope(service="assets", household_id=household(1))
    await hear([unheard, registered(2, register_number="", co_living_count=None)])
    told = await rows(client, IN_VILLAGE)
    assert [row[:3] for row in told] == [
        [str(household(1)), "—", "—"],
        [str(household(2)), "无在办案件", "—"],
    ]
    app.state.vocabulary = Vocabulary()  # as it is until the catalogue was read
    headings, told = table((await client.get(IN_VILLAGE)).text)
    assert headings == ["系统户号", "记录数", "最近一次记录"]
    assert [row[0] for row in told] == [str(household(1)), str(household(2))]


async def test_a_correction_counts_in_lists_as_it_counts_on_the_page(
    client: httpx.AsyncClient, hear: Hear, one: list[Envelope]
) -> None:
    wrong = {
        "corrected_event_id": str(one[0].event_id),
        "path": "/register_number",
        "new_value": '"PZ-9999"',
    }
    corrected = envelope(json.dumps(wrong).encode(), type="RecordCorrected", prev=one[1])
    await hear([corrected])
    ((called, stage, *_),) = await rows(client, IN_VILLAGE)
    assert (called.split()[0], stage) == ("PZ-9999", "线索待核实")
    page = (await client.get(f"/households/{household(1)}")).text
    assert "<dt>户编号</dt><dd>PZ-9999</dd>" in page


@settings(max_examples=300, deadline=None)
@given(histories(), st.sets(st.integers(1, 12)))
def test_the_few_events_that_touch_a_field_make_it_what_all_of_them_do(
    events: list[Happened], others: set[int]
) -> None:
    other = Meaning(sets={"b.{id}.x": "x"})
    events = [replace(e, meaning=other) if e.version in others else e for e in events]
    few = [e for e in events if touches(e.meaning, ["a"])]
    for hours in range(7):
        now = at(hours), at(hours)
        assert state(few, *now).fields.get("a") == state(events, *now).fields.get("a")


async def test_what_a_service_of_tomorrow_publishes_as_naming_is_a_column_that_day(
    client: httpx.AsyncClient, app: FastAPI, hear: Hear, one: list[Envelope]
) -> None:
    offered: dict[str, Any] = {
        "service": "assets",
        "type": "PostOffered",
        "household_id": household(1),
    }
    await hear([envelope(b'{"post":"CLEANER"}', **offered)])
    assert "CLEANER" not in (await client.get(IN_VILLAGE)).text
    app.state.vocabulary.learn(OFFER, json.dumps(OFFERED).encode())
    headings, ((called, *told),) = table((await client.get(f"{IN_VILLAGE}&lang=en")).text)
    assert headings[:4] == ["Register number", "Post", "Stage", "Living together"]
    assert called.startswith("PZ-0001 ")
    assert told[:3] == ["CLEANER", "clue open", "3"]


async def test_lists_have_no_more_columns_than_they_take(
    client: httpx.AsyncClient, app: FastAPI, one: list[Envelope]
) -> None:
    many = {f"f{n}": {"zh": "某", "en": "some", "naming": n} for n in range(-2, 30)}
    many |= {"work.place": {"zh": "地点", "en": "place", "naming": 1}}
    app.state.vocabulary.learn(OFFER, json.dumps(OFFERED | {"state": many}).encode())
    headings, _ = table((await client.get(IN_VILLAGE)).text)
    assert headings[:MOST] == ["某", "户编号", "某", "办理阶段"]
    assert headings[MOST:] == ["记录数", "最近一次记录"]


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Each time that events of households are read."""
    said: list[str] = []

    def overheard(name: str) -> Callable[..., Awaitable[Any]]:
        asks = getattr(queries, name)

        async def ask(*args: Any) -> Any:
            said.append(name)
            return await asks(*args)

        return ask

    for name in ("known", "of_households", "last_of"):
        monkeypatch.setattr(queries, name, overheard(name))
    return said


async def test_a_hundred_households_are_read_at_once(
    client: httpx.AsyncClient, app: FastAPI, hear: Hear, pool: asyncpg.Pool, asked: list[str]
) -> None:
    homes = [registered(n) for n in range(1, 102)]
    await hear([*homes, *map(clue, homes)])
    await count(pool, app.state.vocabulary, VILLAGE)
    found = [{"household_id": str(household(n)), "region": VILLAGE} for n in range(1, 101)]

    async def masked(_: str, __: str) -> tuple[int, bytes]:
        return 200, json.dumps({"households": found, "more": False}).encode()

    app.state.lookup = masked
    for address in (IN_VILLAGE, CLUES):
        asked.clear()
        assert len({row[0] for row in await rows(client, address)}) == 100
        assert asked == ["of_households"]
    asked.clear()
    answer = await client.post("/find", data={"identity_number": "990000********0118"})
    _, told = table(answer.text)
    assert [row[0] for row in told] == [f"PZ-{n:04d} {household(n)}" for n in range(1, 101)]
    assert asked == ["last_of", "of_households"]
