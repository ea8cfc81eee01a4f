"""State, differences and filters over HTTP, out of events and published meanings alone."""

import re
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from typing import Any

import httpx
import pytest

from audit.access.looks import STAFF
from audit.meaning.fields import spoken
from audit.meaning.sentences import Words
from common.codec import encode
from common.testing import NOON, Issuer, envelope, household
from contracts.envelope import Actor, Envelope

Hear = Callable[[Sequence[Envelope]], Awaitable[None]]
ME = household(1)
BASE = f"/v1/households/{ME}"
DAY = timedelta(days=1)


class Told:
    """A household's events, one after the other in one stream."""

    def __init__(self) -> None:
        self.events: list[Envelope] = []

    def then(self, type_: str, occurred: int, recorded: int, **data: Any) -> Envelope:
        """One more; `occurred` and `recorded` are days after the first of June."""
        one = envelope(
            encode(data),
            prev=self.events[-1] if self.events else None,
            type=type_,
            occurred_at=NOON + occurred * DAY,
            recorded_at=NOON + recorded * DAY,
            **({} if self.events else {"household_id": ME, "stream": f"household-{ME}"}),
        )
        self.events.append(one)
        return one


@pytest.fixture
async def story(hear: Hear) -> Told:
    """Registered, a clue, a fact that is corrected later, and a record that should have said more."""
    told = Told()
    told.then(
        "HouseholdRegistered",
        0,
        0,
        category="GENERAL",
        marginal_2019=False,
        region="441624108201",
        co_living_count=3,
        members=[{"person_id": "p", "health": "HEALTHY"}],
    )
    told.then("RiskDetected", 1, 1, risk_types=["ILLNESS"], due_on="2024-06-19")
    fact = told.then(
        "DepartmentFactRecorded", 2, 2, record_key="7", record_version=1, values={"total_fen": 1}
    )
    told.then("IdentificationDeadlineMissed", 17, 17)
    told.then(
        "DepartmentFactCorrected",
        2,
        20,
        record_key="7",
        record_version=2,
        values={"total_fen": 2},
        previous_event_id=fact.event_id,
    )
    told.then(
        "RecordCorrected",
        21,
        21,
        corrected_event_id=told.events[0].event_id,
        path="/co_living_count",
        new_value="4",
    )
    await hear(told.events)
    return told


async def state(client: httpx.AsyncClient, **query: Any) -> dict[str, Any]:
    answer = await client.get(f"{BASE}/state", params=query)
    assert answer.status_code == 200, answer.text
    return {field["field"]: field for field in answer.json()["fields"]}


async def test_the_state_is_told_in_words_with_the_event_behind_each_field(
    client: httpx.AsyncClient, story: Told
) -> None:
    found = await state(client, valid_at="2024-06-05", known_at="2024-06-05")
    assert found["stage"]["label"] == {"zh": "办理阶段", "en": "stage"}
    assert found["stage"]["shown"] == {"zh": "线索待核实", "en": "clue open"}
    assert found["stage"]["event_id"] == str(story.events[1].event_id)
    assert found["risk_types"]["shown"]["zh"] == "因病"
    assert found["member.p.health"]["label"] == {"zh": "健康状况", "en": "health"}
    assert found["fact.7.values"]["value"] == {"total_fen": 1}
    assert found["fact.7.values"]["shown"] == {"zh": "医疗总费用 0.01元", "en": "total 0.01 yuan"}


async def test_of_several_things_of_a_kind_the_page_says_which(
    client: httpx.AsyncClient, story: Told
) -> None:
    page = (await client.get(f"/households/{ME}", params={"valid_at": "2024-06-03"})).text
    assert '<th scope="row">数值 <small><span class="id end">7</span></small></th>' in page
    assert '<th scope="row">风险类型</th>' in page
    state = page[page.index("<details open><summary>全部情况") :]
    member = state[state.index('<h3>成员 <small><span class="id end">p</span></small></h3>') :]
    assert member.index("健康状况") < member.index("</dl>")
    assert "户类别" not in member


async def test_the_page_tells_beside_how_it_was_known_then_how_it_is(
    client: httpx.AsyncClient, story: Told
) -> None:
    clocks = {"valid_at": "2024-06-06", "known_at": "2024-06-20"}
    page = (await client.get(f"/households/{ME}", params=clocks)).text
    header, point = page.split('<div id="point"')
    assert "<dt>共同生活人数</dt><dd>4</dd>" in header
    assert '<td data-label="当时">3</td><td data-label="现在">4</td>' in point
    assert re.search('<dt>共同生活人数</dt><dd><a href="[^"]+">3</a></dd>', point)


def test_an_amount_of_a_state_is_told_with_its_unit() -> None:
    assert spoken("income.line_fen", 1_080_000, {}) == Words("10,800.00元", "10,800.00 yuan")
    assert spoken("income.line_fen", None, {}) == Words("—", "—")
    assert spoken("income.members", 4, {}) == Words("4", "4")


async def test_a_correction_is_known_only_from_when_it_was_recorded(
    client: httpx.AsyncClient, story: Told
) -> None:
    for known, version, members in [("2024-06-20", 1, 3), ("2024-06-30", 2, 4)]:
        found = await state(client, valid_at="2024-06-06", known_at=known)
        assert found["fact.7.version"]["value"] == version
        assert found["co_living_count"]["value"] == members
    assert "fact.7.version" not in await state(client, valid_at="2024-06-03")
    assert (await state(client))["fact.7.version"]["value"] == 2
    assert await state(client, known_at="2024-05-31") == {}


async def test_a_difference_names_the_event_behind_it(
    client: httpx.AsyncClient, story: Told
) -> None:
    query = {"from": "2024-06-06", "to": "2024-06-06", "known_to": "2024-06-30"}
    answer = (await client.get(f"{BASE}/diff", params=query)).json()
    changes = {change["field"]: change for change in answer["changes"]}
    assert set(changes) == {"co_living_count", "fact.7.values", "fact.7.version"}
    assert (changes["co_living_count"]["before"], changes["co_living_count"]["after"]) == (3, 4)
    assert changes["co_living_count"]["event"]["type"] == "RecordCorrected"
    assert changes["fact.7.version"]["event"]["type"] == "DepartmentFactCorrected"
    assert changes["fact.7.version"]["event"]["sentence"]["zh"]
    query["known_from"] = query.pop("known_to")
    answer = (await client.get(f"{BASE}/diff", params=query)).json()
    changes = {change["field"]: change for change in answer["changes"]}
    assert (changes["co_living_count"]["before"], changes["co_living_count"]["after"]) == (4, 3)
    one = (await client.get(f"{BASE}/diff", params={"from": "2024-06-03"})).json()
    assert {c["field"]: c["event"]["type"] for c in one["changes"]}["stage"] == "RiskDetected"


async def test_members_who_split_off_and_a_household_that_was_taken_in_are_told_by_both_clocks(
    client: httpx.AsyncClient, hear: Hear
) -> None:
    """The split is recorded five days after it was so, the merger two days before it is."""
    told = Told()
    members = [{"person_id": person, "health": "HEALTHY"} for person in ("p", "q")]
    told.then("HouseholdRegistered", 0, 0, co_living_count=2, members=members)
    told.then("HouseholdSplit", 5, 10, co_living_count=1, moved=members[1:])
    told.then("HouseholdAbsorbed", 22, 20, survivor_id=str(household(2)), co_living_count=1)
    await hear(told.events)
    for valid, known, there in (
        ("2024-06-09", "2024-06-09", ["p", "q"]),  # five days after the split, which nobody knew
        ("2024-06-09", "2024-06-13", ["p"]),
        ("2024-06-07", "2024-06-13", ["p", "q"]),
    ):
        found = await state(client, valid_at=valid, known_at=known)
        assert [name for name in found if name.endswith(".health")] == [
            f"member.{person}.health" for person in there
        ]
    for valid, standing in (("2024-06-24", "REGISTERED"), ("2024-06-25", "ABSORBED")):
        found = await state(client, valid_at=valid, known_at="2024-06-30")
        assert found["standing"]["value"] == standing
    query = {"from": "2024-06-09", "to": "2024-06-30"}
    changes = (await client.get(f"{BASE}/diff", params=query)).json()["changes"]
    behind = {change["field"]: change["event"]["type"] for change in changes}
    assert behind["member.q.health"] == "HouseholdSplit"
    assert behind["survivor_id"] == "HouseholdAbsorbed"
    late = (await client.get(f"{BASE}/timeline", params={"late": "true"})).json()["items"]
    assert [(item["type"], item["late_days"]) for item in late] == [("HouseholdSplit", 5)]


@pytest.mark.parametrize(
    ("query", "types"),
    [
        ({"breach": "true"}, ["IdentificationDeadlineMissed"]),
        ({"late": "true"}, ["DepartmentFactCorrected"]),
        (
            {"corrected": "true"},
            [
                *("HouseholdRegistered", "DepartmentFactRecorded"),
                *("DepartmentFactCorrected", "RecordCorrected"),
            ],
        ),
        (
            {"corrected": "true", "known_at": "2024-06-23"},
            ["DepartmentFactRecorded", "DepartmentFactCorrected"],
        ),
        ({"corrected": "false"}, ["RiskDetected", "IdentificationDeadlineMissed"]),
        ({"late": "true", "breach": "true"}, []),
        ({"known_at": "2024-06-04T12:00:00+08:00"}, ["HouseholdRegistered", "RiskDetected"]),
        ({"valid_at": "2024-06-04"}, ["HouseholdRegistered", "RiskDetected"]),
        ({"department": "nobody"}, []),
    ],
)
async def test_the_timeline_is_filtered(
    client: httpx.AsyncClient, story: Told, query: dict[str, str], types: list[str]
) -> None:
    answer = (await client.get(f"{BASE}/timeline", params=query)).json()
    assert [item["type"] for item in answer["items"]] == types
    assert answer["count"] == 6


@pytest.mark.parametrize("clock", ["valid_at", "known_at"])
async def test_a_day_ends_at_midnight_in_shanghai(
    client: httpx.AsyncClient, hear: Hear, clock: str
) -> None:
    midnight, moment = NOON + timedelta(hours=12), timedelta(microseconds=1)
    before = midnight - moment
    last = envelope(household_id=ME, occurred_at=before, recorded_at=before)
    await hear([last, envelope(prev=last, occurred_at=midnight, recorded_at=midnight)])
    answer = (await client.get(f"{BASE}/timeline", params={clock: "2024-06-03"})).json()
    assert [item["version"] for item in answer["items"]] == [1]


async def test_a_department_sees_its_own_acts_by_filter(
    client: httpx.AsyncClient, hear: Hear
) -> None:
    actor = Actor(
        person="p", post="DEPARTMENT_OFFICER", organisation="x", department="renshe", region="4"
    )
    await hear([envelope(household_id=ME), envelope(household_id=ME, actor=actor)])
    answer = (await client.get(f"{BASE}/timeline", params={"department": "renshe"})).json()
    assert [item["who"]["department"]["code"] for item in answer["items"]] == ["renshe"]


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("state?valid_at=yesterday", "invalid-moment"),
        ("state?valid_at=2024-06-31", "invalid-moment"),
        ("state?known_at=2024-06-03T12:00:00", "invalid-moment"),
        ("state?known_at=0001-01-01T00:00:00%2B14:00", "invalid-moment"),
        ("state?valid_at=9999-12-31T23:00:00Z", "invalid-moment"),
        ("state?valid=2024-06-03", "unknown-filter"),
        ("diff?from=9999-12-31", "invalid-moment"),
        ("diff?from=2024-06-03&until=2024-06-04", "unknown-filter"),
        ("timeline?valid_at=x", "invalid-moment"),
        ("timeline?breach=true&latee=true", "unknown-filter"),
    ],
)
async def test_what_is_asked_wrongly_is_refused(
    client: httpx.AsyncClient, story: Told, path: str, code: str
) -> None:
    answer = await client.get(f"{BASE}/{path}")
    assert (answer.status_code, answer.json()["code"]) == (400, code)


async def test_access_is_that_to_the_household(
    client: httpx.AsyncClient, story: Told, tokens: Issuer
) -> None:
    for path in ("state", "diff?from=2024-06-03"):
        for given, status in [
            ({"Authorization": ""}, 401),
            (tokens.bearer("supervisor", "audit:read", department=STAFF, region="441624109"), 403),
            (tokens.bearer("supervisor", "audit:read", department=STAFF, region="441624108"), 200),
        ]:
            assert (await client.get(f"{BASE}/{path}", headers=given)).status_code == status
        other = path.replace(str(ME), str(household(2)))
        assert (await client.get(f"/v1/households/{household(2)}/{other}")).status_code == 404


async def test_a_type_that_nobody_described_or_that_is_no_json_changes_no_state(
    client: httpx.AsyncClient, hear: Hear, story: Told
) -> None:
    before = await state(client)
    await hear(
        [envelope(b"\x00", household_id=ME, type="RiskDetected"), envelope(b"[]", household_id=ME)]
    )
    await hear([envelope(b"{}", household_id=ME, service="assets", type="FromTheFuture")])
    assert await state(client) == before
