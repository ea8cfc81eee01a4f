"""Acceptance scenarios that the rules alone show elsewhere, walked through by staff over HTTP."""

import json
from typing import Any

import asyncpg
import httpx
import pytest

from services.identification.tests.asking import Callers
from services.identification.tests.registrar import DAY, Home, Register
from services.identification.tests.test_api_eliminations import AUTUMN, PROPOSAL, SPRING, seen
from services.identification.tests.test_api_facts import events, heard_all
from services.identification.tests.test_api_policies import assessment, line
from services.identification.tests.way import CLUE, NOTICE, REVIEW, Desks

WINDOW, ASSESSED = ("2023-03-01", "2024-02-29"), "2024-03-04"


@pytest.fixture
def desks(app: httpx.AsyncClient, register: Register, callers: Callers) -> Desks:
    """Whoever takes a step."""
    return Desks.of(app, register, callers)


async def assessed(
    app: httpx.AsyncClient, callers: Callers, sql: asyncpg.Connection, home: Home, wage_fen: int
) -> dict[str, Any]:
    """The assessment as it is recorded, once the rules have looked at it."""
    body = [assessment(home.people[0], wage_fen, WINDOW, ASSESSED)]
    answer = await app.post("/v1/incomes", json=body, headers=callers.registrar)
    assert answer.json()["accepted"] == 1, answer.text
    await heard_all(sql, f"household-{home.id}")
    row = await sql.fetchrow(
        "select data, policy_version from es.readable where stream = $1 and type = 'IncomeAssessed'",
        f"household-{home.id}",
    )
    assert row
    found: dict[str, Any] = json.loads(row["data"])
    return found | {"policy": row["policy_version"]}


async def test_A2_one_fen_above_the_line_opens_no_clue(
    app: httpx.AsyncClient, callers: Callers, sql: asyncpg.Connection, register: Register
) -> None:
    home = await register.household()
    recorded = await assessed(app, callers, sql, home, 1_080_001)
    assert recorded["within_line"] is False
    assert await events(sql, f"household-{home.id}", "RiskDetected") == []


async def test_A4_under_another_operator_the_line_itself_is_outside_and_the_event_says_so(
    app: httpx.AsyncClient, callers: Callers, sql: asyncpg.Connection, register: Register
) -> None:
    village = "441624116209"
    office = callers.staff("policies:publish households:read", "office", "441624")
    operator = {
        "key": "income_line_operator",
        "value": "LT",
        "kind": "policy",
        "source": "S2-02, 村级试验",
    }
    version = line("a4/1", 1, region=village, published_on="2024-01-01", parameters=[operator])
    key = {"Idempotency-Key": "a4"}
    answer = await app.post("/v1/policies", json=version, headers=office | key)
    assert answer.status_code == 201, answer.text
    home = await register.household(region=village)
    recorded = await assessed(app, callers, sql, home, 1_080_000)
    assert (recorded["within_line"], recorded["policy"]) == (False, "44-16-24/2024/1+a4/1")
    assert await events(sql, f"household-{home.id}", "RiskDetected") == []


async def before_the_county(desks: Desks) -> Home:
    """Discovered on 1 March, approved by the town on the 13th."""
    home = await desks.verified()
    await desks.posted(home, "2024-03-05", "2024-03-06")
    await desks.approved(home, "2024-03-11", "2024-03-13")
    return home


UNSTABLE = {"monitored_class": "UNSTABLE_FORMERLY_POOR"}


async def confirmed(sql: asyncpg.Connection, home: Home) -> tuple[int, bool]:
    ((_, event),) = await events(sql, f"household-{home.id}", "MonitoringConfirmed")
    return event["elapsed_days"], event["late"]


async def test_A5_day_fifteen_is_in_time(desks: Desks, sql: asyncpg.Connection) -> None:
    home = await before_the_county(desks)
    await desks.office.done(home.id, "confirmation", confirmed_on="2024-03-16", **UNSTABLE)
    assert await confirmed(sql, home) == (15, False)


async def test_A6_day_sixteen_needs_a_reason_and_stands(
    desks: Desks, sql: asyncpg.Connection
) -> None:
    home = await before_the_county(desks)
    form = UNSTABLE | {"confirmed_on": "2024-03-17"}
    refused = await desks.office.ask(home.id, "confirmation", **form)
    assert (refused.status_code, refused.json()["code"]) == (422, "late-needs-reason")
    await desks.office.done(home.id, "confirmation", late_reason="农户外出,核实推迟", **form)
    assert await confirmed(sql, home) == (16, True)


async def test_A8_five_full_days_of_publicity(desks: Desks) -> None:
    home = await desks.verified()
    await desks.posted(home, "2024-03-05", "2024-03-06")
    early = await desks.village.ask(home.id, "publicity-completion", ended_on="2024-03-10")
    assert (early.status_code, early.json()["code"]) == (409, "publicity-too-short")
    assert early.json()["details"]["earliest"] == "2024-03-11"
    await desks.village.done(home.id, "publicity-completion", ended_on="2024-03-11")


@pytest.mark.parametrize("secret", ["990000198001010017", "13800000000", "肝癌"])
async def test_A9_a_notice_with_personal_data_is_refused_without_repeating_it(
    desks: Desks, secret: str
) -> None:
    home = await desks.verified()
    await desks.village.done(home.id, "village-review", held_on="2024-03-05", **REVIEW)
    notice = NOTICE | {"text": f"拟纳入监测,公示五天:{secret}", "posted_on": "2024-03-06"}
    refused = await desks.village.ask(home.id, "publicity", **notice)
    assert (refused.status_code, refused.json()["code"]) == (422, "personal-data-in-publicity")
    assert secret not in refused.text


async def test_A12_a_second_risk_joins_the_case_under_verification_and_the_clock_stays(
    desks: Desks,
) -> None:
    home = await desks.opened()
    officers = ["00000000-0000-0000-0000-00000000000b", "00000000-0000-0000-0000-00000000000c"]
    start = {"recusal_declared": True, "started_on": "2024-03-02", "officers": officers}
    await desks.village.done(home.id, "verification", **start)
    second = CLUE | {"risk_types": ["SCHOOLING"], "discovered_on": "2024-03-09"}
    await desks.village.done(home.id, "clues", **second)
    case = await desks.case(home)
    assert (case["stage"], case["risk_types"]) == ("VERIFYING", ["ACCIDENT", "SCHOOLING"])
    assert (case["discovered_on"], case["due_on"]) == ("2024-03-01", "2024-03-16")


async def test_A17_a_formerly_poor_household_is_not_confirmed_as_marginal(desks: Desks) -> None:
    home = await before_the_county(desks)
    form = {"monitored_class": "MARGINAL", "confirmed_on": "2024-03-15"}
    refused = await desks.office.ask(home.id, "confirmation", **form)
    assert (refused.status_code, refused.json()["code"]) == (409, "class-does-not-fit")
    assert refused.json()["details"]["expected"] == "UNSTABLE_FORMERLY_POOR"


async def test_A18_who_reviewed_for_the_town_does_not_approve_for_the_county(
    app: httpx.AsyncClient, desks: Desks, callers: Callers
) -> None:
    li = Register(app, callers.staff("episodes:town episodes:county", "li", "441624"))
    home = await desks.verified()
    await desks.posted(home, "2024-03-05", "2024-03-06")
    await desks.village.done(home.id, "publicity-completion", ended_on="2024-03-11")
    await li.done(home.id, "town-review", approved_on="2024-03-13")
    form = UNSTABLE | {"confirmed_on": "2024-03-15"}
    refused = await li.ask(home.id, "confirmation", **form)
    assert (refused.status_code, refused.json()["code"]) == (409, "separation-of-duties")
    await desks.office.done(home.id, "confirmation", **form)


async def proposal_refused(desks: Desks, home: Home, **change: Any) -> str:
    """The guards that a refused proposal names."""
    refused = await desks.village.ask(home.id, "elimination", **PROPOSAL | change)
    assert (refused.status_code, refused.json()["code"]) == (409, "elimination-guards")
    failing: str = refused.json()["details"]["failing"]
    return failing


async def assess(desks: Desks, home: Home, *assessments: dict[str, Any]) -> None:
    for form in assessments:
        await desks.village.done(home.id, "assessments", **form)


async def test_A15_without_labour_the_household_stays_unless_the_county_allows_it(
    desks: Desks, register: Register
) -> None:
    home = await desks.monitored()
    lost = {"capacity": "LOST", "basis": "SEEN_AT_HOME", "assessed_on": DAY}
    await register.done(home.id, "labour", person_id=home.person(0), **lost)
    await assess(desks, home, SPRING, AUTUMN)
    assert await proposal_refused(desks, home) == "E7"
    assert (await desks.case(home))["stage"] == "MONITORED"
    allowed = {"text": "已纳入特困供养,保障稳定", "granted_on": "2024-10-14"}
    other = await desks.office.ask(home.id, "elimination/override", reason_code="OTHER", **allowed)
    assert other.status_code == 422
    stable = {"reason_code": "SAFETY_NET_STABLE"} | allowed
    await desks.office.done(home.id, "elimination/override", **stable)
    await desks.village.done(home.id, "elimination", **PROPOSAL)


async def test_A44_in_the_next_month_only_a_risk_that_went_by_itself_is_eliminated(
    desks: Desks,
) -> None:
    home = await desks.monitored()
    await assess(desks, home, SPRING)
    april = {"proposed_on": "2024-04-20"}
    assert "E8" in await proposal_refused(desks, home, **april)
    natural = PROPOSAL | april | {"manner": "NATURAL", "measures": []}
    await desks.village.done(home.id, "elimination", **natural)


async def test_A46_exactly_on_the_line_is_not_above_it(desks: Desks) -> None:
    home = await desks.monitored()
    on_the_line = seen("2023-10-01", "2024-09-30", 1_080_000) | {"seen_on": "2024-10-12"}
    await assess(desks, home, SPRING, on_the_line)
    assert await proposal_refused(desks, home, manner="NATURAL", measures=[]) == "E2"


async def test_A8_S207_what_is_recorded_late_is_held_to_the_parameters_of_its_own_day(
    desks: Desks, app: httpx.AsyncClient, callers: Callers, register: Register
) -> None:
    village = "441624116208"
    office = callers.staff("policies:publish households:read", "office", "441624")
    values = {"publicity_min_days": 9, "deadline_days": 20, "min_officers": 3}
    stricter = [
        {"key": key, "value": value, "kind": "policy", "source": "村级试验"}
        for key, value in values.items()
    ]
    since = {"effective_from": "2024-05-01", "published_on": "2024-04-01"}
    version = line("late/1", 1, region=village, parameters=stricter, **since)
    answer = await app.post("/v1/policies", json=version, headers=office | {"Idempotency-Key": "l"})
    assert answer.status_code == 201, answer.text
    home = await register.household(region=village)
    await desks.village.done(home.id, "clues", **CLUE)
    assert (await desks.case(home))["due_on"] == "2024-03-16"
    await desks.verified(home)
    await desks.posted(home, "2024-03-05", "2024-03-06")
    await desks.village.done(home.id, "publicity-completion", ended_on="2024-03-11")
