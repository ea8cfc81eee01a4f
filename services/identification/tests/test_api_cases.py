"""Cases over HTTP: every form of the way, the lists with their clock, the end of a business day."""

import re
from typing import Any

import asyncpg
import httpx
import jsonschema
import pytest

from common.ids import new_id
from services.identification.tests.asking import REGION, Callers
from services.identification.tests.registrar import Home, Register
from services.identification.tests.way import CLUE, HASH, INCOME, REVIEW, Desks


@pytest.fixture
def desks(app: httpx.AsyncClient, register: Register, callers: Callers) -> Desks:
    """Whoever decides."""
    return Desks.of(app, register, callers)


async def test_T4_a_household_that_is_not_at_risk_leaves(
    app: httpx.AsyncClient, desks: Desks
) -> None:
    well = {"income": INCOME | {"wage_fen": 9_000_000}, "risk_types": []}
    home = await desks.verified(**well)
    assert (await desks.case(home))["stage"] == "NOT_AT_RISK"
    form = {
        "reason_code": "INCOME_ABOVE_AND_NO_RISK",
        "text": "收入稳定,无大额支出,不符合条件",
        "family_told_on": "2024-03-06",
        "appeal_explained": False,
        "rejected_on": "2024-03-06",
    }
    refused = await desks.town.ask(home.id, "rejection", **form)
    assert (refused.status_code, refused.json()["code"]) == (422, "appeal-not-explained")
    await desks.town.done(home.id, "rejection", **form | {"appeal_explained": True})
    case = await desks.case(home)
    assert (case["outcome"], case["ended_on"], case["age_days"]) == ("REJECTED", "2024-03-06", 5)
    clues = await app.get(f"/v1/clues?household_id={home.id}", headers=desks.town.headers)
    assert [clue["status"] for clue in clues.json()] == ["REJECTED"]


async def test_T5_T6_A19_over_http(desks: Desks) -> None:
    home, office, village = await desks.opened(), desks.office, desks.village
    ask = {
        "comparison_id": str(new_id()),
        "sources": ["gongan"],
        "requested_on": "2024-03-03",
    }
    refused = await office.ask(home.id, "comparison", **ask)
    assert (refused.status_code, refused.json()["code"]) == (409, "authorisation-needed")
    sign = {
        "signers": [home.person(0)],
        "scope": ["gongan", "budongchan"],
        "document_hash": HASH,
        "assisted": True,
        "medium": "FINGERPRINT",
        "signed_on": "2024-03-02",
    }
    await village.done(home.id, "authorisation", **sign)
    await office.done(home.id, "comparison", **ask)
    assert (await desks.case(home))["comparison_open"] is True
    result = {
        "findings": [{"source": "gongan", "hit": True, "detail_ref": "GA-1"}],
        "timed_out": [],
        "completed_on": "2024-03-05",
    }
    await office.done(home.id, "comparison-result", **result)
    case = await desks.case(home)
    assert (case["consent"], case["comparison_hits"], case["stage"]) == ("SIGNED", 1, "CLUE_OPEN")
    await village.done(home.id, "authorisation-refusal", reason="不再同意", refused_on="2024-03-06")
    assert (await desks.case(home))["consent"] == "REFUSED"


async def test_T11_an_objection_and_a_return_over_http(desks: Desks) -> None:
    home, town, village = await desks.verified(), desks.town, desks.village
    await desks.posted(home, "2024-03-05", "2024-03-06")
    objection = str(new_id())
    form = {
        "objection_id": objection,
        "anonymous": True,
        "text": "该户有商品房",
        "raised_on": "2024-03-08",
    }
    await village.done(home.id, "objections", **form)
    assert (await desks.case(home))["objections"] == 1
    early = await village.ask(home.id, "publicity-completion", ended_on="2024-03-11")
    assert early.json()["code"] == "objection-open"
    answer = {"upheld": False, "text": "经查不实,为同名的另一户", "resolved_on": "2024-03-10"}
    await town.done(home.id, f"objections/{objection}/result", **answer)
    back = {"reason": "收入核算缺少凭证,请补充核实", "returned_on": "2024-03-11"}
    assert (await desks.office.ask(home.id, "county-return", **back)).status_code == 409
    await town.done(home.id, "town-return", **back)
    case = await desks.case(home)
    assert (case["stage"], case["stage_since"]) == ("VERIFYING", "2024-03-11")


async def test_E6_a_clue_that_joins_a_confirmed_episode_has_no_clock(
    app: httpx.AsyncClient, desks: Desks
) -> None:
    home = await desks.monitored()
    two = {"risk_types": ["SCHOOLING", "ILLNESS"], "discovered_on": "2024-05-20"}
    await desks.village.done(home.id, "clues", **CLUE | two)

    async def listed(filters: str) -> list[dict[str, Any]]:
        url = f"/v1/clues?household_id={home.id}&status=OPEN{filters}"
        answer = await app.get(url, headers=desks.village.headers)
        rows: list[dict[str, Any]] = answer.json()
        return rows

    (clue,) = await listed("")
    assert (clue["due_on"], clue["days_left"], clue["overdue"]) == (None, None, False)
    assert await listed("&due_by=2024-12-31") == []
    town = desks.town
    risk = {"clue_id": clue["clue_id"], "evidence": "子女就读高中,费用较高"}
    await town.done(home.id, "risks", risk_type="SCHOOLING", added_on="2024-05-21", **risk)
    assert [row["clue_id"] for row in await listed("")] == [clue["clue_id"]]
    await town.done(home.id, "risks", risk_type="ILLNESS", added_on="2024-05-21", **risk)
    assert await listed("") == []
    waiting = await desks.opened()
    answer = await app.get(
        f"/v1/clues?household_id={waiting.id}&due_by=2024-12-31", headers=desks.village.headers
    )
    assert [row["overdue"] for row in answer.json()] == [True]


async def test_E6_a_clue_that_joined_after_the_verification_is_open_after_the_confirmation(
    app: httpx.AsyncClient, desks: Desks
) -> None:
    home = await desks.verified()
    late = {"risk_types": ["SCHOOLING"], "discovered_on": "2024-03-05"}
    await desks.village.done(home.id, "clues", **CLUE | late)
    await desks.posted(home, "2024-03-05", "2024-03-06")
    await desks.approved(home, "2024-03-11", "2024-03-13")
    form = {"monitored_class": "UNSTABLE_FORMERLY_POOR", "confirmed_on": "2024-03-16"}
    await desks.office.done(home.id, "confirmation", **form)
    url = f"/v1/clues?household_id={home.id}"
    rows = (await app.get(url, headers=desks.village.headers)).json()
    status = {row["risk_types"][0]: row["status"] for row in rows}
    assert (status["ACCIDENT"], status["SCHOOLING"]) == ("TAKEN_UP", "OPEN")


async def test_T7_a_clue_that_joined_after_the_verification_is_open_after_the_village_s_no(
    app: httpx.AsyncClient, desks: Desks
) -> None:
    home = await desks.verified()
    await desks.judged(home)
    late = {"risk_types": ["SCHOOLING"], "discovered_on": "2024-03-05"}
    await desks.village.done(home.id, "clues", **CLUE | late)
    no = REVIEW | {"held_on": "2024-03-06", "votes_for": 1}
    await desks.village.done(home.id, "village-review", **no)
    headers = desks.village.headers
    clues = (await app.get(f"/v1/clues?household_id={home.id}", headers=headers)).json()
    (left,) = [row for row in clues if row["status"] == "OPEN"]
    assert (left["risk_types"], left["due_on"]) == (["SCHOOLING"], "2024-03-20")
    assert {row["status"] for row in clues if row is not left} == {"REJECTED"}
    cases = (await app.get(f"/v1/cases?household_id={home.id}", headers=headers)).json()
    stood = {row["case_id"]: (row["stage"], row["outcome"], row["due_on"]) for row in cases}
    assert stood.pop(left["clue_id"]) == ("CLUE_OPEN", None, "2024-03-20")
    assert [outcome for _, outcome, _ in stood.values()] == ["NOT_PASSED"]
    assert (await desks.village.get(home.id))["stage"] == "CLUE_OPEN"


async def test_T4_a_clue_that_joined_late_is_open_after_the_town_s_no(
    app: httpx.AsyncClient, desks: Desks
) -> None:
    home = await desks.verified()
    await desks.judged(home)
    late = {"risk_types": ["SCHOOLING"], "discovered_on": "2024-03-05"}
    await desks.village.done(home.id, "clues", **CLUE | late)
    no = {"reason_code": "SELF_ABLE", "text": "家庭自主应对能力足够,无需帮扶"}
    told = {"family_told_on": "2024-03-06", "rejected_on": "2024-03-06", "appeal_explained": True}
    await desks.town.done(home.id, "rejection", **no, **told)
    headers = desks.village.headers
    clues = (await app.get(f"/v1/clues?household_id={home.id}", headers=headers)).json()
    stood = {tuple(row["risk_types"]): (row["status"], row["due_on"]) for row in clues}
    assert stood.pop(("SCHOOLING",)) == ("OPEN", "2024-03-20")
    assert {status for status, _ in stood.values()} == {"REJECTED"}
    cases = (await app.get(f"/v1/cases?household_id={home.id}", headers=headers)).json()
    assert sorted(str(row["outcome"]) for row in cases) == ["None", "REJECTED"]


async def test_a_withdrawn_clue_ends_the_case(desks: Desks) -> None:
    home = await desks.opened()
    clue = (await desks.case(home))["case_id"]
    form = {"withdrawn_by": "HOUSEHOLD", "withdrawn_on": "2024-03-05", "clue_id": clue}
    await desks.town.done(home.id, "withdrawal", reason="农户来镇撤回本次申报", **form)
    assert (await desks.case(home))["outcome"] == "WITHDRAWN"


async def test_a_stale_if_match_is_refused_with_what_to_do(
    app: httpx.AsyncClient, desks: Desks
) -> None:
    home, village = await desks.opened(), desks.village
    seen = await app.get(f"/v1/households/{home.id}", headers=village.headers)
    tag = seen.headers["ETag"]
    officers = [str(new_id()), str(new_id())]
    form = {"recusal_declared": True, "started_on": "2024-03-02", "officers": officers}
    stale = await village.ask(home.id, "verification", headers={"If-Match": '"1"'}, **form)
    assert (stale.status_code, stale.json()["code"]) == (412, "version-moved-on")
    assert stale.json()["title"] != stale.json()["title_en"]
    assert (await desks.case(home))["stage"] == "CLUE_OPEN"
    await village.done(home.id, "verification", headers={"If-Match": tag}, **form)


async def test_lists_of_cases_fail_closed_and_lead_on(app: httpx.AsyncClient, desks: Desks) -> None:
    made = {(await desks.opened()).id for _ in range(3)}
    headers = desks.office.headers
    for path in ("cases", "clues"):
        seen: list[str] = []
        url: str | None = f"/v1/{path}?region={REGION}&limit=2"
        while url:
            answer = await app.get(url, headers=headers)
            seen += [row["household_id"] for row in answer.json()]
            url = answer.links["next"]["url"] if "next" in answer.links else None
        assert made <= set(seen)
        unknown = await app.get(f"/v1/{path}?village=x", headers=headers)
        assert (unknown.status_code, unknown.json()["code"]) == (400, "unknown-filter")
        for bad in ("limit=0", "limit=501", "due_by=yesterday"):
            assert (await app.get(f"/v1/{path}?{bad}", headers=headers)).status_code == 422
        elsewhere = await app.get(f"/v1/{path}?region=441625", headers=headers)
        assert elsewhere.status_code == 403
    assert (await app.get("/v1/cases?stage=LOST", headers=headers)).status_code == 422
    assert (await app.get("/v1/cases/ages?stage=x", headers=headers)).status_code == 400
    old = await app.get("/v1/cases?min_age_days=10&limit=500", headers=headers)
    assert made <= {row["household_id"] for row in old.json()}
    young = await app.get("/v1/cases?min_age_days=36500&limit=500", headers=headers)
    assert not made & {row["household_id"] for row in young.json()}


@pytest.mark.parametrize("path", ["/v1/clues", "/v1/cases"])
async def test_a_list_has_the_shape_that_the_document_tells(
    app: httpx.AsyncClient, desks: Desks, path: str
) -> None:
    """It is not made by the model that tells it."""
    await desks.opened()
    rows = (await app.get(f"{path}?limit=500", headers=desks.office.headers)).json()
    document = (await app.get("/openapi.json")).json()
    answer = document["paths"][path]["get"]["responses"]["200"]["content"]["application/json"]
    (item,) = re.findall(r"\w+$", answer["schema"]["items"]["$ref"])
    shape = document["components"]["schemas"][item]
    assert rows
    for row in rows:
        assert row.keys() == shape["properties"].keys()
        jsonschema.validate(row, shape | {"components": document["components"]})


async def test_the_ages_of_open_cases_are_told_by_stage(
    app: httpx.AsyncClient, desks: Desks
) -> None:
    await desks.opened()
    answer = await app.get("/v1/cases/ages", headers=desks.office.headers)
    by_stage = {row["stage"]: row for row in answer.json()}
    assert by_stage["CLUE_OPEN"]["cases"] >= 1
    ages = by_stage["CLUE_OPEN"]  # of every test's households, some of them opened today
    assert ages["oldest_days"] >= ages["median_days"] >= 0
    assert ages["oldest_days"] > 0


async def said(sql: asyncpg.Connection, home: Home, kind: str) -> list[asyncpg.Record]:
    rows: list[asyncpg.Record] = await sql.fetch(
        "select * from es.readable where stream = $1 and type = $2", f"household-{home.id}", kind
    )
    return rows


async def test_A6_the_deadline_is_missed_at_midnight_and_said_once(
    app: httpx.AsyncClient,
    desks: Desks,
    sql: asyncpg.Connection,
) -> None:
    home, headers = await desks.opened(), desks.office.headers
    for day in ("2024-03-10", "2024-03-16", "2024-03-16", "2024-03-20"):
        closed = await app.post("/v1/business-days", json={"closed_on": day}, headers=headers)
        assert closed.status_code == 200, closed.text
    (missed,) = await said(sql, home, "IdentificationDeadlineMissed")
    assert missed["occurred_at"].isoformat() == "2024-03-16T16:00:00+00:00"
    assert missed["actor"].count("clock") == 1
    (near,) = await said(sql, home, "IdentificationDeadlineApproaching")
    assert near["occurred_at"].isoformat() == "2024-03-10T16:00:00+00:00"
    assert (await desks.case(home))["missed"] is True
    late = await app.get("/v1/cases?missed=true&open=true&limit=500", headers=headers)
    assert home.id in {row["household_id"] for row in late.json()}


async def test_a_day_that_is_not_over_is_not_closed(app: httpx.AsyncClient, desks: Desks) -> None:
    form = {"closed_on": "2999-01-01"}
    answer = await app.post("/v1/business-days", json=form, headers=desks.office.headers)
    assert (answer.status_code, answer.json()["code"]) == (422, "day-not-over")


async def test_A21_help_without_a_case_is_told_and_taken_up_later(
    app: httpx.AsyncClient,
    register: Register,
    desks: Desks,
    sql: asyncpg.Connection,
) -> None:
    home, headers = await register.household(), desks.office.headers
    form = {
        "grant_id": str(new_id()),
        "cause": "NATURAL_DISASTER",
        "amount_fen": 500_000,
        "granted_on": "2024-06-17",
    }
    await desks.town.done(home.id, "emergency-assistance", **form)
    for day in ("2024-06-19", "2024-06-20", "2024-06-20"):
        await app.post("/v1/business-days", json={"closed_on": day}, headers=headers)
    (missing,) = await said(sql, home, "EmergencyCaseMissing")
    assert missing["occurred_at"].isoformat() == "2024-06-20T16:00:00+00:00"
    await desks.village.done(home.id, "clues", **CLUE | {"discovered_on": "2024-06-22"})
    taken = "select taken_up from read.emergency_grant where household_id = $1::text::uuid"
    assert await sql.fetchval(taken, home.id) is True
