"""A confirmed episode over HTTP: changed, eliminated, revoked, corrected, counted."""

from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

import asyncpg
import httpx
import pytest

from common.ids import new_id
from services.identification.tests.asking import Callers
from services.identification.tests.registrar import Home, Register
from services.identification.tests.test_api_registers import report, source, water
from services.identification.tests.way import HASH, INCOME, SEEN, Desks


@pytest.fixture
def desks(app: httpx.AsyncClient, register: Register, callers: Callers) -> Desks:
    """Whoever decides."""
    return Desks.of(app, register, callers)


def seen(window_from: str, window_to: str, wage_fen: int = 2_000_000) -> dict[str, Any]:
    window = {"window_from": window_from, "window_to": window_to, "wage_fen": wage_fen}
    return SEEN | {"income": INCOME | window}


SPRING = seen("2023-04-01", "2024-03-31") | {"seen_on": "2024-04-10"}
AUTUMN = seen("2023-10-01", "2024-09-30") | {"seen_on": "2024-10-12"}
MEASURE = {
    "risk_type": "ACCIDENT",
    "measure_id": "M-1",
    "category": "SOCIAL",
    "implemented_on": "2024-04-01",
}
PROPOSAL = {"manner": "ASSISTED", "measures": [MEASURE], "proposed_on": "2024-10-15"}
DECISION = {"eliminated_on": "2024-10-30", "severe_issues": 0}


async def reviewed(desks: Desks, home: Home) -> None:
    for assessment in (SPRING, AUTUMN):
        await desks.village.done(home.id, "assessments", **assessment)
    await desks.village.done(home.id, "elimination", **PROPOSAL)
    visit = seen("2023-10-01", "2024-09-30") | {
        "visited_on": "2024-10-18",
        "officers": [str(new_id()), str(new_id())],
        "housing_damaged": False,
        "water_damaged": False,
    }
    await desks.village.done(home.id, "elimination/verification-result", **visit)
    await desks.posted(home, "2024-10-20", "2024-10-21")
    await desks.approved(home, "2024-10-26", "2024-10-28")


async def eliminated(desks: Desks, home: Home) -> None:
    await reviewed(desks, home)
    await desks.office.done(home.id, "elimination/decision", **DECISION)


async def test_T13_to_T16_A47_the_whole_way_and_back(desks: Desks, sql: asyncpg.Connection) -> None:
    home = await desks.monitored()
    refused = await desks.village.ask(home.id, "elimination", **PROPOSAL)
    problem = refused.json()
    assert (refused.status_code, problem["code"]) == (409, "elimination-guards")
    assert problem["details"]["failing"] == "E2, E3"
    assert "E2 须人均收入高于监测线" in problem["title"]
    assert "E3 income has been stable" in problem["title_en"]
    await eliminated(desks, home)
    case = await desks.case(home)
    assert (case["stage"], case["outcome"]) == ("ELIMINATED", "ELIMINATED")
    assert (case["ended_on"], case["age_days"]) == ("2024-10-30", 243)
    grant = {"grant_id": str(new_id()), "cause": "NATURAL_DISASTER", "amount_fen": 500_000}
    await desks.town.done(home.id, "emergency-assistance", granted_on="2024-12-14", **grant)
    revocation = {
        "reason_code": "UNSTABLE_INCOME",
        "text": "主要劳动力失业,收入大幅下降",
        "revoked_on": "2024-12-15",
    }
    await desks.office.done(home.id, "elimination/revocation", **revocation)
    again = await desks.case(home)
    assert (again["stage"], again["outcome"], again["ended_on"]) == ("MONITORED", None, None)
    assert again["episode_id"] == case["episode_id"]
    taken_up = "select taken_up from read.emergency_grant where household_id = $1"
    assert await sql.fetchval(taken_up, UUID(home.id)), "the episode has taken the help up (T12)"


async def served(
    app: httpx.AsyncClient, callers: Callers, home: Home
) -> Callable[[int, str], Awaitable[None]]:
    """A source that serves the household, to be tested on some days."""
    form = source(home.people[0]) | {"served": [home.id]}

    async def sent(path: str, form: dict[str, Any]) -> None:
        headers = water(callers, str(new_id()))
        answer = await app.post(f"/v1/water-sources{path}", json=form, headers=headers)
        assert answer.status_code == 201, answer.text

    async def tested(number: int, day: str) -> None:
        await sent(f"/{form['source_id']}/tests", report(number, tested_on=day))

    await sent("", form)
    return tested


async def test_E4_a_report_that_the_register_knows_to_be_stale_is_stale_whatever_the_form_says(
    app: httpx.AsyncClient, desks: Desks, callers: Callers
) -> None:
    home = await desks.monitored()
    tested = await served(app, callers, home)
    await tested(home.people[0], "2021-10-11")
    for assessment in (SPRING, AUTUMN):
        await desks.village.done(home.id, "assessments", **assessment)
    refused = await desks.village.ask(home.id, "elimination", **PROPOSAL)
    assert refused.json()["details"]["failing"] == "E4"
    assert "检测报告过期" in refused.json()["title"]
    await tested(home.people[0] + 10**6, "2024-10-11")
    again = AUTUMN | {"seen_on": "2024-10-14"}
    await desks.village.done(home.id, "assessments", **again)
    await desks.village.done(home.id, "elimination", **PROPOSAL)


async def test_E4_a_report_that_ran_out_since_the_visit_is_stale_when_the_county_decides(
    app: httpx.AsyncClient, desks: Desks, callers: Callers
) -> None:
    """Valid to 25 October: on the visit of the 18th, and no longer at the decision of the 30th."""
    home = await desks.monitored()
    tested = await served(app, callers, home)
    await tested(home.people[0], "2021-10-25")
    await reviewed(desks, home)
    refused = await desks.office.ask(home.id, "elimination/decision", **DECISION)
    assert refused.json()["details"]["failing"] == "E4"
    assert "检测报告过期" in refused.json()["title"]
    await tested(home.people[0] + 10**6, "2024-10-29")
    await desks.office.done(home.id, "elimination/decision", **DECISION)


async def test_S7301_who_is_eligible_is_listed_until_somebody_proposes(
    app: httpx.AsyncClient, desks: Desks, callers: Callers
) -> None:
    home = await desks.monitored()
    for assessment in (SPRING, AUTUMN):
        await desks.village.done(home.id, "assessments", **assessment)
    headers = desks.office.headers

    async def eligible() -> list[dict[str, Any]]:
        answer = await app.get("/v1/cases/eligible?overdue=true&limit=500", headers=headers)
        assert answer.status_code == 200, answer.text
        return [row for row in answer.json() if row["household_id"] == str(home.id)]

    day = {"closed_on": "2024-10-14"}
    closed = await app.post("/v1/business-days", json=day, headers=headers)
    assert closed.status_code == 200, closed.text
    (row,) = await eligible()
    assert row["assessed_on"] == "2024-10-12"
    again = await app.post("/v1/business-days", json=day, headers=headers)
    assert again.json()["recorded"] == 0
    await desks.village.done(home.id, "elimination", **PROPOSAL)
    assert await eligible() == []
    staff = callers.staff("households:read", "town", "441624108")
    shares = (await app.get("/v1/coverage?on=2024-10-31", headers=staff)).json()["S7.3-01"]
    assert shares["proposed_in_time"]["part"] >= 1
    for query, status in (("?late=true", 400), ("?overdue=perhaps", 422), ("?limit=501", 422)):
        answer = await app.get(f"/v1/cases/eligible{query}", headers=headers)
        assert answer.status_code == status, query


async def test_T15_town_and_county_reject_over_http(desks: Desks) -> None:
    home = await desks.monitored()
    for assessment in (SPRING, AUTUMN):
        await desks.village.done(home.id, "assessments", **assessment)
    form = {"reason": "收入来源单一,继续观察半年", "rejected_on": "2024-10-16"}
    await desks.village.done(home.id, "elimination", **PROPOSAL)
    county = await desks.office.ask(home.id, "elimination/county-rejection", **form)
    assert county.json()["code"] == "not-your-turn"
    await desks.town.done(home.id, "elimination/town-rejection", **form)
    assert (await desks.case(home))["stage"] == "MONITORED"


async def test_A75_departments_are_routed_by_what_people_found_not_by_the_clue_alone(
    desks: Desks, callers: Callers
) -> None:
    async def sees(department: str) -> bool:
        headers = callers.of(department, "households:read", department=department)
        answer = await desks.app.get(f"/v1/households/{home.id}", headers=headers)
        listed = await desks.app.get("/v1/households?limit=500", headers=headers)
        assert (home.id in listed.text) is (answer.status_code == 200)
        return answer.status_code == 200

    home = await desks.opened()
    assert not await sees("canlian")
    await desks.verified(home, risk_types=["ACCIDENT", "DISABILITY"])
    assert (await desks.case(home))["risk_types"] == ["ACCIDENT", "DISABILITY"]
    assert await sees("canlian")
    home = await desks.monitored()
    assert not await sees("jiaoyu")
    risk = {"risk_type": "SCHOOLING", "evidence": "子女就读高中", "added_on": "2024-04-20"}
    await desks.town.done(home.id, "risks", **risk)
    assert await sees("jiaoyu")
    gone = {"by_measure_ids": ["M-2"], "resolved_on": "2024-06-01"}
    await desks.town.done(home.id, "risks/SCHOOLING/resolution", **gone)
    assert not await sees("jiaoyu")


async def test_risks_class_and_platform_over_http(desks: Desks) -> None:
    home = await desks.monitored()
    risk = {"risk_type": "SCHOOLING", "evidence": "子女就读高中", "added_on": "2024-04-20"}
    await desks.town.done(home.id, "risks", **risk)
    assert (await desks.case(home))["risk_types"] == ["ACCIDENT", "SCHOOLING"]
    gone = {"by_measure_ids": ["M-2"], "resolved_on": "2024-06-01"}
    await desks.town.done(home.id, "risks/SCHOOLING/resolution", **gone)
    last = await desks.town.ask(home.id, "risks/ACCIDENT/resolution", **gone)
    assert last.json()["code"] == "last-risk"
    spent = seen("2023-04-01", "2024-03-31", 9_000_000)
    spent["income"] = spent["income"] | {"compliant_own_cost_fen": 1_200_000}
    await desks.village.done(home.id, "assessments", **spent | {"seen_on": "2024-04-10"})
    change = {
        "monitored_class": "SUDDEN_HARDSHIP",
        "reason": "收入高于线,自付医疗费较大",
        "changed_on": "2024-04-12",
    }
    await desks.office.done(home.id, "class", **change)
    assert (await desks.case(home))["monitored_class"] == "SUDDEN_HARDSHIP"
    entry = {"subject": "CONFIRM", "platform_no": "GD-1", "entered_on": "2024-03-20"}
    await desks.town.done(home.id, "platform-entries", **entry)


async def test_T18_T19_end_a_case_over_http(desks: Desks) -> None:
    wrong, urban = await desks.monitored(), await desks.monitored()
    form = {"reason": "核查确认为城镇户,识别错误", "evidence_hash": HASH}
    await desks.office.done(wrong.id, "cancellation", cancelled_on="2024-05-01", **form)
    assert (await desks.case(wrong))["outcome"] == "CANCELLED"
    closing = {"reason": "URBANISED", "evidence_hash": HASH, "closed_on": "2024-05-01"}
    await desks.office.done(urban.id, "closing", **closing)
    assert (await desks.case(urban))["outcome"] == "URBANISED"
    gone = await desks.office.ask(urban.id, "closing", **closing)
    assert gone.json()["code"] == "step-out-of-order"


async def test_T20_a_correction_names_an_event_a_field_and_its_value(desks: Desks) -> None:
    home = await desks.verified()
    review = {"held_on": "2024-03-05", "present": 20, "votes_for": 18, "votes_against": 1}
    rest = {"abstained": 1, "minutes_hash": HASH}
    held = await desks.village.done(home.id, "village-review", **review | rest)
    form: dict[str, Any] = {
        "corrected_event_id": held.json()["events"][0]["event_id"],
        "path": "/present",
        "old_value": 20,
        "new_value": 21,
        "effective_on": "2024-03-05",
        "reason": "会议记录漏登一名代表",
        "requested_by": "village",
    }
    refusals: list[tuple[dict[str, Any], int, str]] = [
        ({"corrected_event_id": str(new_id())}, 404, "unknown-event"),
        ({"path": "/nothing"}, 422, "no-such-field"),
        ({"old_value": 19}, 409, "correction-does-not-fit"),
        ({"new_value": "many"}, 422, "invalid"),
        ({"requested_by": "office"}, 409, "separation-of-duties"),
        ({"requested_by": " Office"}, 409, "separation-of-duties"),
    ]
    for change, status, code in refusals:
        refused = await desks.office.ask(home.id, "corrections", **form | change)
        assert (refused.status_code, refused.json()["code"]) == (status, code)
    await desks.office.done(home.id, "corrections", **form)
    votes = {"path": "/passed", "old_value": True, "new_value": False}
    refused = await desks.office.ask(home.id, "corrections", **form | votes)
    assert (refused.status_code, refused.json()["code"]) == (422, "field-follows")


async def test_A40_A42_the_target_is_counted(app: httpx.AsyncClient, desks: Desks) -> None:
    answer = await app.get("/v1/cases/cohort", headers=desks.office.headers)
    assert answer.status_code == 200, answer.text
    told = answer.json()
    assert (told["confirmed_by"], told["target"]) == ("2022-12-31", "2024-12-31")
    assert told["cohort"] == told["eliminated"] + told["open"]
    unknown = await app.get("/v1/cases/cohort?year=2022", headers=desks.office.headers)
    assert unknown.status_code == 400
