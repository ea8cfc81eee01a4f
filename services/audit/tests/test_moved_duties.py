"""A duty counts for the area in which the household was when it was done or had to be."""

import json
import re
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import httpx
import pytest
from fastapi import FastAPI

from audit.access.looks import STAFF
from audit.pages import county
from audit.read_model.counting import count
from common.testing import NOON, Issuer, envelope, household
from services.audit.tests.conftest import Hear
from services.audit.tests.test_county import DABA, PENGZHAI, Life, every_number, heard, shown

HESHUI = "441624109201"
BREACHED = "duty=visits.ObligationOpened.v1&outcome=breached"


class Moving(Life):
    """A household, with what identification says of it in its own stream: where it is."""

    def register(self, day: float, region: str, type_: str = "HouseholdRelocated") -> "Moving":
        last = self._last.get("register")
        moment = NOON + timedelta(days=day)
        told: dict[str, Any] = {"region": region, "occurred_at": moment}
        told |= {"recorded_at": max(moment, last.recorded_at if last else moment)}
        if not last:
            told |= {"household_id": self.id, "stream": f"household-{self.id}"}
        data = json.dumps({"register_number": f"N-{self.id.hex[-2:]}"}).encode()
        event = envelope(data, type=type_, prev=last, **told)
        self._last["register"], self.region = event, region
        self.events.append(event)
        return self


def lived(number: int, *moves: tuple[float, str]) -> Moving:
    """Registered in Pengzhai long ago, and moved on these days since."""
    life = Moving(number).register(-400, PENGZHAI, "HouseholdRegistered")
    for day, region in moves:
        life.register(day, region)
    return life


@pytest.fixture(autouse=True)
def today(app: FastAPI) -> None:
    """30 June 2024, noon in Shanghai."""
    app.state.runtime.clock.set(datetime(2024, 6, 30, 4, tzinfo=UTC))


async def counted(hear: Hear, app: FastAPI, *lives: Life) -> None:
    """Heard, and counted by the worker: a look at an area counts only who is there."""
    await heard(hear, *lives)
    assert await count(app.state.runtime.pool, app.state.vocabulary, "") == 0


async def counted_for(pool: asyncpg.Pool, app: FastAPI) -> list[str]:
    """The area that each duty counts for, in the order of their ids."""
    assert await count(pool, app.state.vocabulary, "") == 0
    return [row["region"] for row in await pool.fetch("select region from read.duties order by id")]


@pytest.mark.parametrize(
    ("due", "closed", "area"),
    [
        ("2024-06-09", None, PENGZHAI),  # it was not done while the household was there
        ("2024-06-10", None, DABA),  # the day of the move is the new area's
        ("2024-06-30", None, DABA),  # it is still open
        ("2024-06-30", 6, PENGZHAI),  # done on the 9th
        ("2024-06-30", 7, DABA),
        ("2024-06-09", 20, PENGZHAI),  # a breach has one owner, done later or not
        ("no day", None, DABA),
        ("no day", 6, PENGZHAI),
    ],
)
async def test_a_duty_counts_for_the_area_of_the_day_on_which_it_was_done_or_due(
    hear: Hear, app: FastAPI, pool: asyncpg.Pool, due: str, closed: float | None, area: str
) -> None:
    """The household moved on 10 June."""
    life = lived(1, (7, DABA))
    life.duty(1, -2, due, closed)
    await heard(hear, life)
    assert await counted_for(pool, app) == [area]


async def test_of_several_moves_each_counts_from_its_day_whenever_it_was_told(
    hear: Hear, app: FastAPI, pool: asyncpg.Pool
) -> None:
    """To Daba on 8 June, and from there on the 13th; that was recorded after what happened on the 18th."""
    life = lived(1, (5, DABA)).register(15, DABA, "HeadChanged").register(10, HESHUI)
    for n, day in enumerate(("05-31", "06-07", "06-08", "06-12", "06-13", "06-29"), 1):
        life.duty(n, -9, f"2024-{day}")
    await heard(hear, life)
    assert await counted_for(pool, app) == [PENGZHAI] * 2 + [DABA] * 2 + [HESHUI] * 2


async def test_of_two_moves_on_a_day_the_first_says_where_the_household_was(
    hear: Hear, app: FastAPI, pool: asyncpg.Pool
) -> None:
    life = lived(1, (5, DABA), (5.1, HESHUI))
    life.duty(1, -9, "2024-06-07").duty(2, -9, "2024-06-08")
    await heard(hear, life)
    assert await counted_for(pool, app) == [PENGZHAI, HESHUI]


async def test_where_a_household_was_no_other_stream_says(
    hear: Hear, app: FastAPI, pool: asyncpg.Pool
) -> None:
    """Visits goes on recording in the area that it knows, until it hears of the move."""
    life = lived(1, (5, DABA))
    life.region = PENGZHAI
    life.duty(1, 6, "2024-06-12")
    await heard(hear, life)
    assert await counted_for(pool, app) == [DABA]


async def test_numbers_and_lists_agree_in_the_town_that_was_left_and_in_the_new_one(
    client: httpx.AsyncClient, hear: Hear
) -> None:
    moved = lived(1, (7, DABA)).duty(1, -40, "2024-05-31").duty(2, -2, "2024-06-30", 6)
    moved.duty(3, -2, "2024-06-30")
    await heard(hear, moved, lived(2).duty(4, -40, "2024-05-31"))
    for region, opened, fulfilled, breached, open_, may in (
        ("441624", 4, 1, 2, 3, 2),
        ("441624108", 3, 1, 2, 2, 2),
        ("441624101", 1, 0, 0, 1, 0),
    ):
        page = await shown(client, f"/county?region={region}")
        numbers = await every_number(client, page)
        duty = f"region={region}&duty=visits.ObligationOpened.v1&outcome="
        told = [numbers[duty + outcome] for outcome in ("opened", "fulfilled", "breached", "open")]
        assert told == [opened, fulfilled, breached, open_], region
        assert numbers[f"region={region}&due=2024-05&outcome=breached"] == may
        assert "任务归农户完成之日所在的镇、村" in page
    behind = await shown(client, f"/county/households?region=441624&{BREACHED}")
    assert re.findall('<td data-label="任务归属地">(.*?)</td>', behind) == [
        '彭寨镇（441624108201） <small class="quiet">现在大坝镇（441624101202）</small>',
        "彭寨镇（441624108201）",
    ]
    assert "任务归农户完成之日所在的镇、村" in behind
    assert "任务归" not in await shown(client, "/county/households?phase=CLUE")


async def test_who_left_is_counted_and_not_shown_to_those_who_may_not_see_it_any_more(
    client: httpx.AsyncClient,
    hear: Hear,
    app: FastAPI,
    tokens: Issuer,
    pool: asyncpg.Pool,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    left = [lived(n, (7, DABA)) for n in (1, 2)]
    left[0].duty(9, -70, "2024-04-30")
    for n, life in enumerate(left, 1):
        life.duty(n, -40, "2024-05-31")
    await counted(hear, app, *left, *(lived(n).duty(n, -40, "2024-05-31") for n in (3, 4)))
    town = tokens.bearer("town", "audit:read", department=STAFF, region="441624108")
    monkeypatch.setattr(county, "LISTED", 1)
    pages, address = [], f"/county/households?{BREACHED}"
    while address:
        page = (await client.get(address, headers=town)).text
        assert "合计 5 次" in page
        assert "其中 3 次属于后来迁出您所辖区域的农户" in page
        pages.append(re.findall(r'class="called"><a href="/households/([^"]+)">(.*?)</a>', page))
        following = re.search(r'rel="next" href="([^"]+)"', page)
        address = following[1].replace("&amp;", "&") if following else ""
    assert pages == [[(str(household(3)), "N-03")], [(str(household(4)), "N-04")]]
    looks = await pool.fetch("select data from es.events order by position")
    assert [json.loads(look["data"])["households"] for look in looks] == [1, 1]
    whole = await shown(client, f"/county/households?region=441624108&{BREACHED}")
    assert "迁出您所辖区域" not in whole


async def test_a_list_of_none_but_those_who_left_does_not_say_that_there_are_none(
    client: httpx.AsyncClient, hear: Hear, app: FastAPI, tokens: Issuer
) -> None:
    await counted(hear, app, lived(1, (7, DABA)).duty(1, -40, "2024-05-31"))
    town = tokens.bearer("town", "audit:read", department=STAFF, region="441624108")
    page = (await client.get(f"/county/households?{BREACHED}&lang=en", headers=town)).text
    assert "1 duty in all" in page
    assert "1 of them is of a household that has moved out of your area" in page
    assert "No household is like that" not in page
    assert str(household(1)) not in page


async def test_who_left_is_not_shown_before_that_is_counted(
    client: httpx.AsyncClient, hear: Hear, app: FastAPI, tokens: Issuer
) -> None:
    """Nor the household of a phase, which is counted where it was."""
    life = lived(1)
    life.then(0, "RiskDetected")
    await counted(hear, app, life)
    first = len(life.events)
    life.register(1, DABA)
    await hear(life.events[first:])
    town = tokens.bearer("town", "audit:read", department=STAFF, region="441624108")
    page = (await client.get("/county/households?phase=CLUE", headers=town)).text
    assert "其中 1 户已迁出您所辖区域" in page
    assert str(household(1)) not in page
