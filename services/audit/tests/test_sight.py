"""A department sees the households that are routed to it, and of them what its task needs (A75)."""

import json
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import asyncpg
import httpx
import pytest
from fastapi import FastAPI

from audit.access.looks import STAFF
from audit.meaning.vocabulary import Vocabulary
from common.testing import NOON, Issuer, envelope, household
from contracts.envelope import Actor, Envelope

Hear = Callable[[Sequence[Envelope]], Awaitable[None]]

ONE = f"/v1/households/{household(1)}"
TIMELINE, PAGE = f"{ONE}/timeline", f"/households/{household(1)}"
TOWN = Actor(
    person="p", post="TOWN_REVIEWER", organisation="彭寨镇", department=STAFF, region="441624108"
)
PERSON = "0192aaaa-0000-7000-8000-000000000001"
OTHER = "0192aaaa-0000-7000-8000-000000000002"


def by_town(type_: str, prev: Envelope | None = None, **payload: Any) -> Envelope:
    more: dict[str, Any] = {} if prev else {"household_id": household(1)}
    return envelope(json.dumps(payload).encode(), type=type_, prev=prev, actor=TOWN, **more)


@pytest.fixture
async def story(hear: Hear) -> dict[str, Envelope]:
    """Illness and schooling, of a household whose income, housing and member were looked into."""
    member = {
        "person_id": PERSON,
        "relation": "SPOUSE",
        "labour_capacity": "NONE",
        "health": "SERIOUS_ILLNESS",
        "schooling": "NOT_IN_SCHOOL",
    }
    registered = by_town(
        "HouseholdRegistered", category="GENERAL", region="441624108201", members=[member]
    )
    illness = by_town("RiskDetected", registered, risk_types=["ILLNESS"], due_on="2024-06-18")
    both = by_town("HouseholdVerified", illness, risk_types=["ILLNESS", "SCHOOLING"])
    income = by_town("IncomeAssessed", both, disposable_fen=123456, within_line=True)
    safe = by_town("SafeguardAssessed", income, housing_grade="GRADE_D", uninsured=2, dropouts=1)
    fact = envelope(
        b'{"record_key":"k1","fact_type":"MedicalSettlement","values":{"total_fen":700}}',
        type="DepartmentFactRecorded",
        stream="facts-1",
        household_id=household(1),
    )
    told = {
        "registered": registered,
        "illness": illness,
        "both": both,
        "income": income,
        "safe": safe,
        "fact": fact,
    }
    await hear(list(told.values()))
    return told


@pytest.fixture
def of(tokens: Issuer) -> Callable[[str], dict[str, str]]:
    """The header of a department."""
    return lambda department: tokens.bearer(
        department, "audit:read access:read", department=department
    )


Of = Callable[[str], dict[str, str]]


@pytest.mark.parametrize(
    ("department", "status"),
    [
        ("yibao", 200),
        ("weijian", 200),
        ("jiaoyu", 200),
        ("canlian", 403),
        ("minzheng", 200),
        ("renshe", 403),
        ("jinrong", 403),
        ("", 403),
    ],
)
async def test_A75_a_department_sees_the_households_that_are_routed_to_it(
    client: httpx.AsyncClient, story: object, of: Of, department: str, status: int
) -> None:
    for path in (TIMELINE, f"{ONE}/state", f"{ONE}/diff?from=2024-01-01", PAGE):
        assert (await client.get(path, headers=of(department))).status_code == status


async def test_A54_a_household_that_takes_over_an_episode_goes_to_who_saw_the_one_before(
    client: httpx.AsyncClient, hear: Hear, of: Of
) -> None:
    """And the clue that it had had is decided with it: nothing of that is due any more."""
    home = by_town("HouseholdRegistered", region="441624108201", members=[])
    clue = by_town(
        "RiskDetected", home, clue_id=OTHER, risk_types=["SCHOOLING"], due_on="2024-06-18"
    )
    await hear([home, clue])
    assert (await client.get(TIMELINE, headers=of("yibao"))).status_code == 403
    monitored = {"monitored_class": "SEVERE_HARDSHIP", "confirmed_on": "2023-03-01"}
    await hear([by_town("EpisodeTakenOver", clue, **monitored, risk_types=["ILLNESS"])])
    for department, status in (("yibao", 200), ("jiaoyu", 200), ("canlian", 403)):
        answer = await client.get(f"{ONE}/state", headers=of(department))
        assert answer.status_code == status, department
        assert "due_on" not in answer.text
    assert "2024-06-18" not in (await client.get(f"{PAGE}?lang=en")).text.split('id="deadlines"')[0]


@pytest.mark.parametrize("labour", ["ORDINARY", "SKILLED", "WEAK"])
async def test_S8_2_03_a_household_with_labour_and_a_difficulty_goes_to_who_finds_work_for_it(
    client: httpx.AsyncClient, hear: Hear, of: Of, labour: str
) -> None:
    """And of it they see whether it can work, and nothing of the difficulty, which is others'."""
    members = [
        {"person_id": id_, "relation": "SPOUSE", "labour_capacity": capacity, "health": "HEALTHY"}
        for id_, capacity in ((PERSON, "NONE"), (OTHER, labour))
    ]
    home = by_town("HouseholdRegistered", region="441624108201", members=members)
    await hear([home])
    for department in ("renshe", "jinrong", "shuiwuju", "minzheng"):
        assert (await client.get(TIMELINE, headers=of(department))).status_code == 403
    ill = by_town("RiskDetected", home, risk_types=["ILLNESS"], due_on="2024-06-18")
    await hear([ill])
    for department in ("renshe", "jinrong", "shuiwuju"):
        told = await state_of(client, of(department))
        assert told[f"member.{OTHER}.labour_capacity"] == labour
        assert set(told) == {"standing", "stage", "region", "due_on"} | {
            f"member.{id_}.labour_capacity" for id_ in (PERSON, OTHER)
        }
        timeline = (await client.get(TIMELINE, headers=of(department))).json()
        assert (timeline["items"], timeline["hidden"]) == ([], 2)
    assert (await client.get(TIMELINE, headers=of("minzheng"))).status_code == 403
    lost = by_town("LabourCapacityAssessed", ill, person_id=OTHER, capacity="LOST")
    await hear([lost])
    assert (await client.get(TIMELINE, headers=of("jinrong"))).status_code == 403
    assert (await client.get(TIMELINE, headers=of("minzheng"))).status_code == 200


async def test_S8_2_03_of_whom_no_member_is_known_nobody_says_that_it_cannot_work(
    client: httpx.AsyncClient, hear: Hear, of: Of
) -> None:
    await hear([by_town("RiskDetected", risk_types=["ILLNESS"])])
    for department in ("minzheng", "renshe"):
        assert (await client.get(TIMELINE, headers=of(department))).status_code == 403


async def test_A75_what_a_department_reported_routes_nothing_to_it(
    client: httpx.AsyncClient, hear: Hear, of: Of
) -> None:
    await hear([envelope(household_id=household(1))])  # an event that yibao caused
    assert (await client.get(TIMELINE, headers=of("yibao"))).status_code == 403


async def test_A75_a_clue_that_joins_a_case_is_routed_too(
    client: httpx.AsyncClient, hear: Hear, of: Of
) -> None:
    first = by_town("RiskDetected", clue_id=PERSON, risk_types=["ILLNESS"])
    joined = by_town("RiskClueAttached", first, clue_id=OTHER, risk_types=["UNSAFE_WATER"])
    await hear([first])
    assert (await client.get(TIMELINE, headers=of("shuiwu"))).status_code == 403
    await hear([joined])
    answer = (await client.get(TIMELINE, headers=of("shuiwu"))).json()
    assert [item["event_id"] for item in answer["items"]] == [str(joined.event_id)]
    await hear([by_town("ClueWithdrawn", joined, clue_id=PERSON, ends_case=True)])
    assert (await client.get(TIMELINE, headers=of("shuiwu"))).status_code == 403


@pytest.mark.parametrize("ended", ["ClueWithdrawn", "ClueRejected"])
async def test_A75_a_clue_that_is_taken_back_is_routed_no_longer(
    client: httpx.AsyncClient, hear: Hear, of: Of, ended: str
) -> None:
    """Although the case goes on with the clues that are left."""
    first = by_town("RiskDetected", clue_id=PERSON, risk_types=["ILLNESS"], due_on="2024-06-18")
    joined = by_town("RiskClueAttached", first, clue_id=OTHER, risk_types=["UNSAFE_WATER"])
    await hear([first, joined])
    assert (await client.get(TIMELINE, headers=of("shuiwu"))).status_code == 200
    back = by_town(ended, joined, clue_id=OTHER, ends_case=False, left={"risk_types": ["ILLNESS"]})
    await hear([back])
    assert (await client.get(TIMELINE, headers=of("shuiwu"))).status_code == 403
    seen = (await client.get(TIMELINE, headers=of("yibao"))).json()["items"]
    assert [item["type"] for item in seen] == ["RiskDetected"]  # what was said of the other is not
    assert (await state_of(client, of("yibao")))["due_on"] == "2024-06-18"


async def test_A75_the_clue_that_opened_a_case_is_taken_back_and_the_case_goes_on(
    client: httpx.AsyncClient, hear: Hear, of: Of
) -> None:
    first = by_town("RiskDetected", clue_id=PERSON, risk_types=["ILLNESS"], due_on="2024-06-18")
    joined = by_town("RiskClueAttached", first, clue_id=OTHER, risk_types=["UNSAFE_WATER"])
    left = {"risk_types": ["UNSAFE_WATER"]}
    back = by_town("ClueWithdrawn", joined, clue_id=PERSON, ends_case=False, left=left)
    await hear([first, joined, back])
    assert (await client.get(TIMELINE, headers=of("yibao"))).status_code == 403
    assert (await state_of(client, of("shuiwu")))["risk_types"] == ["UNSAFE_WATER"]
    again = by_town("ClueWithdrawn", back, clue_id=OTHER, ends_case=True, left=None)
    await hear([again])
    assert (await client.get(TIMELINE, headers=of("shuiwu"))).status_code == 403
    whole = await state_of(client, {})
    assert not {"risk_types", "due_on"} & set(whole)


async def test_A75_once_the_difficulty_is_gone_so_is_the_sight_of_it(
    client: httpx.AsyncClient, story: dict[str, Envelope], hear: Hear, of: Of
) -> None:
    assert (await client.get(TIMELINE, headers=of("jiaoyu"))).status_code == 200
    await hear([by_town("HouseholdVerified", story["safe"], risk_types=["ILLNESS"])])
    assert (await client.get(TIMELINE, headers=of("jiaoyu"))).status_code == 403
    assert (await client.get(TIMELINE, headers=of("yibao"))).status_code == 200


@pytest.mark.parametrize(
    ("department", "seen"),
    [
        ("yibao", {"illness", "fact"}),
        ("weijian", {"illness"}),
        ("jiaoyu", set()),
    ],
)
async def test_a_department_sees_its_own_events_and_warnings_of_no_other_difficulty(
    client: httpx.AsyncClient, story: dict[str, Envelope], of: Of, department: str, seen: set[str]
) -> None:
    answer = (await client.get(TIMELINE, headers=of(department))).json()
    names = {str(event.event_id): name for name, event in story.items()}
    assert {names[item["event_id"]] for item in answer["items"]} == seen
    assert (answer["count"], answer["hidden"]) == (6, 6 - len(seen))
    page = (await client.get(PAGE, headers=of(department))).text
    assert page.count('<li class="event') == len(seen)
    assert f"另有 {6 - len(seen)} 条记录" in page


async def test_a_deadline_is_hidden_with_the_event_that_opened_it(
    client: httpx.AsyncClient, story: object, of: Of
) -> None:
    nothing = "没有向本部门显示的"
    assert nothing not in (await client.get(PAGE, headers=of("yibao"))).text
    page = (await client.get(PAGE, headers=of("jiaoyu"))).text
    assert (page.count(f"{nothing}期限"), page.count(f"{nothing}未了结期限")) == (1, 1)


async def test_of_what_a_department_does_not_see_its_page_does_not_say_that_it_is_not(
    client: httpx.AsyncClient, hear: Hear, of: Of
) -> None:
    illness = by_town("RiskDetected", risk_types=["ILLNESS"], due_on="2024-06-18")
    assigned = by_town("ResponsiblePersonAssigned", illness, person="P-0107")
    await hear([illness, assigned])
    page = (await client.get(PAGE, headers=of("yibao"))).text
    assert "<dd>不向本部门显示</dd>" in page
    assert "尚未指定" not in page


async def test_a_deadline_is_over_also_for_who_does_not_see_what_ended_it(
    client: httpx.AsyncClient, hear: Hear, of: Of
) -> None:
    illness = by_town("RiskDetected", risk_types=["ILLNESS"], due_on="2024-06-18")
    confirmed = by_town("MonitoringConfirmed", illness, risk_types=["ILLNESS", "SCHOOLING"])
    await hear([illness, confirmed])
    page = (await client.get(PAGE, headers=of("yibao"))).text
    assert page.count('<li class="event') == 1
    assert ('<li class="fulfilled">' in page, "已逾期" in page) == (True, False)


async def test_A75_it_is_routed_by_the_risks_as_they_stand(
    client: httpx.AsyncClient, hear: Hear, of: Of
) -> None:
    """One that was added while it is monitored is told to its department, until it is resolved."""
    home = by_town("HouseholdRegistered", region="441624108201", members=[])
    ill = by_town("RiskDetected", home, clue_id=PERSON, risk_types=["ILLNESS"])
    sure = by_town("MonitoringConfirmed", ill, risk_types=["ILLNESS"])
    clue = by_town("RiskClueAttached", sure, clue_id=OTHER, risk_types=["SCHOOLING"])
    added = by_town(
        "RiskFactorAdded",
        clue,
        clue_id=OTHER,
        clue_answered=True,
        risk_types=["ILLNESS", "SCHOOLING"],
    )
    resolved = by_town("RiskFactorResolved", added, risk_types=["ILLNESS"])
    for heard, sees in (
        ([home, ill, sure], 403),
        ([clue], 200),
        ([added], 200),
        ([resolved], 403),
    ):
        await hear(heard)
        assert (await client.get(TIMELINE, headers=of("jiaoyu"))).status_code == sees


async def state_of(client: httpx.AsyncClient, headers: dict[str, str]) -> dict[str, Any]:
    fields = (await client.get(f"{ONE}/state", headers=headers)).json()["fields"]
    return {field["field"]: field["value"] for field in fields}


async def test_a_department_sees_the_fields_that_its_task_needs(
    client: httpx.AsyncClient, story: object, of: Of
) -> None:
    every = {"standing", "stage", "region", "due_on", "risk_types"}
    yibao = await state_of(client, of("yibao"))
    assert yibao["risk_types"] == ["ILLNESS"]
    facts = {"fact.k1.type", "fact.k1.values"}
    health = {"safeguard.uninsured", f"member.{PERSON}.health"}
    assert set(yibao) == every | facts | health
    jiaoyu = await state_of(client, of("jiaoyu"))
    assert jiaoyu["risk_types"] == ["SCHOOLING"]
    assert set(jiaoyu) == every | {"safeguard.dropouts", f"member.{PERSON}.schooling"}
    whole = await state_of(client, {})
    assert {"income.disposable_fen", "safeguard.housing", "category"} < set(whole)


async def test_what_differs_is_hidden_alike(
    client: httpx.AsyncClient, story: dict[str, Envelope], of: Of
) -> None:
    answer = await client.get(f"{ONE}/diff?from=2024-01-01", headers=of("jiaoyu"))
    changes = {change["field"]: change for change in answer.json()["changes"]}
    assert changes["risk_types"]["after"] == ["SCHOOLING"]
    assert "income.disposable_fen" not in changes
    assert {change["event"] for change in changes.values()} == {None}
    yibao = await client.get(f"{ONE}/diff?from=2024-01-01", headers=of("yibao"))
    behind = {c["field"]: c["event"] for c in yibao.json()["changes"]}
    assert behind["fact.k1.values"]["event_id"] == str(story["fact"].event_id)
    page = await client.get(f"{PAGE}?known_at=2024-01-01", headers=of("jiaoyu"))
    for hidden in ("1,234.56", "MedicalSettlement", "因病", "GRADE_D", "D级"):
        assert hidden not in page.text


@pytest.mark.parametrize(
    "query",
    ["type=IncomeAssessed", "department=xiangzhen&type=HouseholdVerified", "corrected=false"],
)
async def test_a_filter_finds_nothing_that_is_hidden(
    client: httpx.AsyncClient, story: dict[str, Envelope], of: Of, query: str
) -> None:
    answer = await client.get(f"{TIMELINE}?{query}", headers=of("weijian"))
    ids = {item["event_id"] for item in answer.json()["items"]}
    assert ids <= {str(story["illness"].event_id)}


@pytest.mark.parametrize(
    ("path", "shown"),
    [
        (f"{ONE}/dossier", "DOSSIER"),
        (f"{ONE}/accesses", "ACCESSES"),
        (f"{ONE}/accesses/dossier", "ACCESSES"),
        (f"{PAGE}/raw", "RAW"),
        (f"{PAGE}/accesses", "ACCESSES"),
    ],
)
async def test_a_department_takes_no_file_and_reads_no_log_of_looks(
    client: httpx.AsyncClient,
    story: object,
    of: Of,
    app: FastAPI,
    pool: asyncpg.Pool,
    path: str,
    shown: str,
) -> None:
    await app.state.keeper.keep(NOON)
    assert (await client.get(path)).status_code == 200
    answer = await client.get(path, headers=of("yibao"))
    assert answer.status_code == 403
    data = await pool.fetchval("select data from es.events order by position desc limit 1")
    refused = {"household_id": str(household(1)), "shown": shown, "refusal": "NOT_NEEDED"}
    assert json.loads(data) == refused
    assert path.replace("/v1", "") not in (await client.get(PAGE, headers=of("yibao"))).text


@pytest.mark.parametrize(("lang", "said"), [("zh", "浏览器不能核验"), ("en", "sees part of this")])
async def test_no_badge_is_computed_where_not_all_is_seen(
    client: httpx.AsyncClient, story: object, of: Of, lang: str, said: str
) -> None:
    whole = (await client.get(f"{PAGE}?lang={lang}")).text
    part = (await client.get(f"{PAGE}?lang={lang}", headers=of("yibao"))).text
    assert ('id="badge"' in whole, said in whole) == (True, False)
    assert ('id="badge"' in part, said in part) == (False, True)
    assert 'class="badge good"' not in part
    assert ('href="/?region=' in whole, 'href="/?region=' in part) == (True, False)  # gets no lists


async def test_a_departments_look_is_for_its_task_unless_it_says_otherwise(
    client: httpx.AsyncClient, story: object, of: Of, pool: asyncpg.Pool
) -> None:
    await client.get(TIMELINE, headers={**of("yibao"), "Access-Purpose": ""})
    data = await pool.fetchval("select data from es.events order by position desc limit 1")
    assert json.loads(data)["purpose"] == "办理本部门任务"


async def test_before_the_words_are_known_no_department_sees_anything(
    client: httpx.AsyncClient, story: object, of: Of, app: FastAPI
) -> None:
    app.state.vocabulary = Vocabulary()
    assert (await client.get(TIMELINE, headers=of("yibao"))).status_code == 403
    assert (await client.get(TIMELINE)).status_code == 200
