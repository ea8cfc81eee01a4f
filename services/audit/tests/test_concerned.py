"""Two records about two members of a household: the page tells which member each is about."""

import json
import re
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest
from msgspec.structs import replace

from audit.access.looks import STAFF
from common.testing import NOON, OFFICER, Issuer, envelope, household
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


async def items(
    client: httpx.AsyncClient, query: str = ""
) -> list[list[tuple[str, str | None, str]]]:
    """What the timeline for programs says that each record concerns: the kind, who, and the id."""
    answer = await client.get(f"/v1{PAGE}/timeline{query}")
    assert answer.status_code == 200, answer.text
    return [
        [
            (one["kind"]["zh"], one["said"] and one["said"]["zh"], one["which"])
            for one in item["concerned"]
        ]
        for item in answer.json()["items"]
    ]


async def test_records_of_two_members_that_read_the_same_tell_which_member_each_is_about(
    client: httpx.AsyncClient, hear: Hear
) -> None:
    home = registered()
    first = tagged(home, HEAD)
    second = tagged(first, SPOUSE)
    await hear([home, first, second, tagged(second, None)])
    (_, none), (one, head), (other, spouse), (_, household_) = await told(client)
    assert one == other
    assert (head, spouse) == ([f"成员：户主 …{HEAD[-4:]}"], [f"成员：配偶 …{SPOUSE[-4:]}"])
    assert none == household_ == []
    assert [lines for _, lines in await told(client, "en")][1] == [f"Member: head …{HEAD[-4:]}"]
    head_, spouse_ = [("成员", "户主", HEAD)], [("成员", "配偶", SPOUSE)]
    assert await items(client) == [[], head_, spouse_, []]
    assert await items(client, "?type=FocusGroupTagged") == [head_, spouse_, []]


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
    child = [f"成员：子女 …{CHILD[-4:]}"]
    stranger = [f"成员：…{str(household(99))[-4:]}"]
    assert lines == [[], child, child, [], stranger, [f"成员：父母 …{HEAD[-4:]}"]]
    left_, parent = ("成员", "子女", CHILD), ("成员", "父母", HEAD)
    unknown_ = ("成员", None, str(household(99)))
    assert await items(client) == [[], [left_], [left_], [], [unknown_], [parent]]


async def test_who_it_is_is_told_as_it_was_known_then(
    client: httpx.AsyncClient, hear: Hear
) -> None:
    """A later word of somebody changes no answer that did not know of it."""
    home = registered()
    about_head = tagged(home, HEAD)
    await hear([home, about_head])
    known = {"known_at": NOON.isoformat(), "valid_at": NOON.isoformat()}
    query = f"?{urlencode(known)}"
    before = await items(client, query)
    later = NOON + timedelta(days=1)
    changed = envelope(
        json.dumps({"relations": [{"person_id": HEAD, "relation": "PARENT"}]}).encode(),
        type="HeadChanged",
        prev=about_head,
        occurred_at=later,
        recorded_at=later,
    )
    await hear([changed])
    assert await items(client, query) == before == [[], [("成员", "户主", HEAD)]]
    assert (await items(client))[1] == [("成员", "父母", HEAD)]


async def test_a_difference_tells_which_member_its_event_is_about(
    client: httpx.AsyncClient, hear: Hear
) -> None:
    home = registered()
    health = then(home, "HealthRecorded", person_id=SPOUSE, health="SERIOUS_ILLNESS")
    await hear([home, health])
    answer = await client.get(f"/v1{PAGE}/diff?from=2024-01-01")
    events = {c["field"]: c["event"] for c in answer.json()["changes"]}
    (one,) = events[f"member.{SPOUSE}.health"]["concerned"]
    assert (one["which"], one["said"]["en"]) == (SPOUSE, "spouse")
    assert events["register_number"]["concerned"] == []


@pytest.mark.parametrize(
    ("lang", "changed", "left", "told"),
    [
        ("zh", f"健康状况 配偶 …{SPOUSE[-4:]}", f"与户主关系 子女 …{CHILD[-4:]}", "成员 户主"),
        (
            "en",
            f"health spouse …{SPOUSE[-4:]}",
            f"relation to the head child …{CHILD[-4:]}",
            "member head",
        ),
    ],
)
async def test_a_field_that_differs_is_told_with_who_it_is_and_not_with_a_whole_id(
    client: httpx.AsyncClient, hear: Hear, lang: str, changed: str, left: str, told: str
) -> None:
    home = registered()
    joined = then(home, "HouseholdMemberAdded", member={"person_id": CHILD, "relation": "CHILD"})
    after = NOON + timedelta(days=2)
    health = envelope(
        json.dumps({"person_id": SPOUSE, "health": "SERIOUS_ILLNESS"}).encode(),
        type="HealthRecorded",
        prev=joined,
        recorded_at=after,
    )
    gone = envelope(
        json.dumps({"person_id": CHILD}).encode(),
        type="HouseholdMemberRemoved",
        prev=health,
        recorded_at=after,
    )
    await hear([home, joined, health, gone])
    known = (NOON + timedelta(days=1)).date()
    page = (await client.get(f"{PAGE}?lang={lang}&known_at={known}")).text
    (point,) = re.findall('<div id="point".*?</div>\n</section>', page, re.DOTALL)
    rows = re.findall('<th scope="row">(.*?)</th>', point)
    assert {changed, left} <= {re.sub("<[^>]+>", "", row) for row in rows}
    heads = [re.sub("<[^>]+>", "", head) for head in re.findall("<h3>(.*?)</h3>", point)]
    assert f"{told} …{HEAD[-4:]}" in heads
    assert not {HEAD, SPOUSE, CHILD} & set(
        re.findall("[0-9a-f-]{36}", re.sub("<[^>]+>", "", point))
    )


async def test_a_department_is_told_of_a_member_no_more_than_its_records_say(
    client: httpx.AsyncClient, hear: Hear, tokens: Issuer
) -> None:
    home = registered()
    clue = then(home, "RiskDetected", clue_id="c-1", risk_types=["ILLNESS"])
    health = then(clue, "HealthRecorded", person_id=SPOUSE, health="SERIOUS_ILLNESS")
    await hear([home, clue, health])
    assert (await told(client))[-1][1] == [f"成员：配偶 …{SPOUSE[-4:]}"]
    client.headers.update(tokens.bearer("yibao", "audit:read", department="yibao"))
    page = (await client.get(PAGE)).text
    assert SPOUSE in page
    assert "配偶" not in page
    programs = await items(client)
    assert programs[-1] == [("成员", None, SPOUSE)]
    assert "配偶" not in str(programs)
