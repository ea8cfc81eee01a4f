"""Where a household split or was merged, its page leads to the other."""

import json
import re
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

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


@pytest.fixture
async def story(hear: Hear) -> None:
    """A household with a clue that split into one elsewhere, and then became part of another."""
    person = str(household(9))  # an id, but of no household
    clue = _event("RiskDetected", risk_types=["ILLNESS"], person_id=person)
    split = {"new_household_id": str(ELSEWHERE), "moved": [{"person_id": person}]}
    absorbed = {"household_id": str(MERGED), "survivor_id": str(SURVIVOR), "absorbed": [split]}
    await hear(
        [
            envelope(household_id=SURVIVOR, region="441624108202"),
            envelope(household_id=ELSEWHERE, region="441625108202"),
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
    assert f'涉及农户：<a class="id" href="/households/{SURVIVOR}">' in page
    assert re.search(rf'<dt>并入户</dt><dd class="id"><a href="/households/{SURVIVOR}">', page)
    english = (await client.get(f"{PAGE}?lang=en")).text
    assert f'Concerns household: <a class="id" href="/households/{SURVIVOR}?lang=en">' in english
    wider = tokens.bearer("supervisor", "audit:read", department=STAFF, region="4416")
    page = (await client.get(PAGE, headers=wider)).text
    assert set(re.findall(LINKS, page)) == {f"/households/{one}" for one in (SURVIVOR, ELSEWHERE)}
    village = tokens.bearer("village", "audit:read", department=STAFF, region="441624108201")
    page = (await client.get(PAGE, headers=village)).text
    assert re.findall(LINKS, page) == []
    assert str(SURVIVOR) in page  # what the state says stands there, but leads nowhere


async def test_a_department_is_led_to_no_other_household(
    client: httpx.AsyncClient, hear: Hear, tokens: Issuer
) -> None:
    clue = _event("RiskDetected", risk_types=["ILLNESS"], from_household_id=str(SURVIVOR))
    await hear([envelope(household_id=SURVIVOR), clue])
    assert re.findall(LINKS, (await client.get(PAGE)).text)
    yibao = tokens.bearer("yibao", "audit:read", department="yibao")
    answer = await client.get(PAGE, headers=yibao)
    assert answer.text.count('<li class="event') == 1
    assert re.findall(LINKS, answer.text) == []
