"""Two records about two members of a household: the page tells which member each is about."""

import json
import re
from typing import Any

import httpx
from msgspec.structs import replace

from audit.access.looks import STAFF
from common.testing import OFFICER, Issuer, envelope, household
from contracts.envelope import Envelope
from services.audit.tests.conftest import Hear

PAGE = f"/households/{household(1)}"
HEAD, SPOUSE, CHILD = (str(household(n)) for n in (91, 92, 93))


def then(prev: Envelope | None, type_: str, **payload: Any) -> Envelope:
    where = {} if prev else {"household_id": household(1)}
    by = OFFICER if type_ == "HealthRecorded" else replace(OFFICER, department=STAFF)
    return envelope(json.dumps(payload).encode(), type=type_, prev=prev, actor=by, **where)


def registered() -> Envelope:
    members = [
        {"person_id": HEAD, "relation": "HEAD", "labour_capacity": "NONE"},
        {"person_id": SPOUSE, "relation": "SPOUSE", "labour_capacity": "NONE"},
    ]
    return then(None, "HouseholdRegistered", register_number="PZ-0001", members=members)


def tagged(prev: Envelope, person: str | None) -> Envelope:
    return then(
        prev,
        "FocusGroupTagged",
        group="SEVERE_ILLNESS",
        person_id=person,
        since="2024-06-01",
        basis="FACT",
        tagged_on="2024-06-03",
    )


async def told(client: httpx.AsyncClient, lang: str = "zh") -> list[tuple[str, list[str]]]:
    """The sentence of each record, and what it concerns."""
    page = (await client.get(f"{PAGE}?lang={lang}")).text
    found = []
    for record in re.findall('<li class="event.*?</li>', page, re.DOTALL):
        (sentence,) = re.findall('<p class="sentence">(.*?)</p>', record)
        lines = re.findall('<p class="who">((?:成员|Member).*?)</p>', record)
        found.append((sentence, [re.sub("<[^>]+>", "", line) for line in lines]))
    return found


async def test_records_of_two_members_that_read_the_same_tell_which_member_each_is_about(
    client: httpx.AsyncClient, hear: Hear
) -> None:
    home = registered()
    first = tagged(home, HEAD)
    second = tagged(first, SPOUSE)
    await hear([home, first, second, tagged(second, None)])
    (_, none), (one, head), (other, spouse), (_, household_) = await told(client)
    assert one == other
    assert (head, spouse) == ([f"成员：户主 {HEAD}"], [f"成员：配偶 {SPOUSE}"])
    assert none == household_ == []
    assert [lines for _, lines in await told(client, "en")][1] == [f"Member: head {HEAD}"]


async def test_who_left_is_told_by_what_was_last_said_and_who_was_never_told_of_by_the_id(
    client: httpx.AsyncClient, hear: Hear
) -> None:
    home = registered()
    joined = then(home, "HouseholdMemberAdded", member={"person_id": CHILD, "relation": "CHILD"})
    left = then(joined, "HouseholdMemberRemoved", person_id=CHILD)
    changed = then(left, "HeadChanged", relations=[{"person_id": HEAD, "relation": "PARENT"}])
    unknown = tagged(changed, str(household(99)))
    await hear([home, joined, left, changed, tagged(unknown, HEAD), unknown])
    lines = [said for _, said in await told(client)]
    child = [f"成员：子女 {CHILD}"]
    assert lines == [[], child, child, [], [f"成员：{household(99)}"], [f"成员：父母 {HEAD}"]]


async def test_a_department_is_told_of_a_member_no_more_than_its_records_say(
    client: httpx.AsyncClient, hear: Hear, tokens: Issuer
) -> None:
    home = registered()
    clue = then(home, "RiskDetected", clue_id="c-1", risk_types=["ILLNESS"])
    health = then(clue, "HealthRecorded", person_id=SPOUSE, health="SERIOUS_ILLNESS")
    await hear([home, clue, health])
    assert (await told(client))[-1][1] == [f"成员：配偶 {SPOUSE}"]
    client.headers.update(tokens.bearer("yibao", "audit:read", department="yibao"))
    page = (await client.get(PAGE)).text
    assert SPOUSE in page
    assert "配偶" not in page
