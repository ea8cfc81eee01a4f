"""Where a household split or was merged, its page leads to the other, and calls it what lists call it."""

import json
import re
from collections.abc import Awaitable, Callable, Sequence
from typing import Any
from uuid import UUID

import asyncpg
import httpx
import pytest

from audit.access.looks import STAFF
from common.testing import Issuer, envelope, household
from contracts.envelope import Envelope

Hear = Callable[[Sequence[Envelope]], Awaitable[None]]

MERGED, SURVIVOR, ELSEWHERE = household(1), household(2), household(3)
PAGE = f"/households/{MERGED}"
LINKS = r'href="(/households/[0-9a-f-]{36})"'


def _event(type_: str, **payload: Any) -> Envelope:
    return envelope(json.dumps(payload).encode(), type=type_, household_id=MERGED)


def _registered(id_: UUID, number: str, region: str) -> Envelope:
    home = {"register_number": number, "members": []}
    data = json.dumps(home).encode()
    return envelope(data, type="HouseholdRegistered", household_id=id_, region=region)


@pytest.fixture
async def story(hear: Hear) -> None:
    """A household with a clue that split into one elsewhere, and then became part of another."""
    person = str(household(9))  # an id, but of no household
    clue = _event("RiskDetected", risk_types=["ILLNESS"], person_id=person)
    split = {"new_household_id": str(ELSEWHERE), "moved": [{"person_id": person}]}
    absorbed = {
        "household_id": str(MERGED),
        "survivor_id": str(SURVIVOR),
        "absorbed": [split],
        "into": [str(SURVIVOR)],  # it is named once all the same
        "remark": f"{ELSEWHERE} was there before",  # an id stands alone
    }
    await hear(
        [
            _registered(SURVIVOR, "PZ-0002", "441624108202"),
            _registered(ELSEWHERE, "YX-0003", "441625108202"),
            clue,
            envelope(json.dumps(absorbed).encode(), type="HouseholdAbsorbed", prev=clue),
        ]
    )


@pytest.mark.usefixtures("story")
async def test_a_record_leads_to_the_other_households_that_it_names(
    client: httpx.AsyncClient, tokens: Issuer
) -> None:
    """In the header too, if the state says it; and to nothing that the caller may not see."""
    page = (await client.get(PAGE)).text
    assert set(re.findall(LINKS, page)) == {f"/households/{SURVIVOR}"}
    led = f'<a href="/households/{SURVIVOR}">PZ-0002</a> 彭寨镇（441624108202）'
    assert f"涉及农户：{led}</p>" in page
    assert f"<dt>并入户</dt><dd>{led}</dd>" in page
    assert f"<br>household {SURVIVOR}<" in page
    state = page[page.index("<summary>全部情况") :].partition("</details>")[0]
    assert re.search('<dt>并入户</dt><dd><a href="#e[0-9a-f-]{36}">PZ-0002</a></dd>', state)
    english = (await client.get(f"{PAGE}?lang=en&valid_at=2024-01-01")).text
    assert (
        f'Concerns household: <a href="/households/{SURVIVOR}?lang=en">PZ-0002</a> Peng' in english
    )
    assert '<td data-label="Now">PZ-0002</td>' in english
    assert "YX-0003" not in page + english
    wider = tokens.bearer("supervisor", "audit:read", department=STAFF, region="4416")
    page = (await client.get(PAGE, headers=wider)).text
    assert set(re.findall(LINKS, page)) == {f"/households/{one}" for one in (SURVIVOR, ELSEWHERE)}
    assert ">YX-0003</a> 441625108202</p>" in page
    village = tokens.bearer("village", "audit:read", department=STAFF, region="441624108201")
    page = (await client.get(PAGE, headers=village)).text
    assert re.findall(LINKS, page) == []
    assert str(SURVIVOR) in page  # what the state says stands there, but leads nowhere
    assert "PZ-0002" not in page


@pytest.mark.usefixtures("story")
async def test_that_a_record_names_another_household_is_no_look_at_that(
    client: httpx.AsyncClient, pool: asyncpg.Pool
) -> None:
    assert "PZ-0002" in (await client.get(PAGE)).text
    looks = await pool.fetch("select stream from es.events")
    assert [look["stream"] for look in looks] == [f"access-to-household-{MERGED}"]


async def test_another_household_that_has_no_number_goes_by_its_id(
    client: httpx.AsyncClient, hear: Hear
) -> None:
    split = _event("HouseholdSplit", new_household_id=str(SURVIVOR))
    await hear([envelope(household_id=SURVIVOR), split])
    page = (await client.get(PAGE)).text
    assert f'涉及农户：<a class="id" href="/households/{SURVIVOR}">{SURVIVOR}</a> ' in page


async def test_a_department_is_led_to_no_other_household(
    client: httpx.AsyncClient, hear: Hear, tokens: Issuer
) -> None:
    clue = _event("RiskDetected", risk_types=["ILLNESS"], from_household_id=str(SURVIVOR))
    await hear([_registered(SURVIVOR, "PZ-0002", "441624108202"), clue])
    assert re.findall(LINKS, (await client.get(PAGE)).text)
    yibao = tokens.bearer("yibao", "audit:read", department="yibao")
    answer = await client.get(PAGE, headers=yibao)
    assert answer.text.count('<li class="event') == 1
    assert re.findall(LINKS, answer.text) == []
    assert "PZ-0002" not in answer.text
