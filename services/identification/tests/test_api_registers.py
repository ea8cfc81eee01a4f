"""Registers over HTTP: water to the clue, houses and schools from facts, and A32 in the county's figures."""

import json
from datetime import date, timedelta
from itertools import count
from typing import Any
from uuid import UUID, uuid5

import asyncpg
import httpx
import pytest

from common.service import Runtime
from common.shares import Share
from common.testing import eventually
from identification.read_model import coverage
from services.identification.tests.asking import Callers, household, person
from services.identification.tests.registrar import Register
from services.identification.tests.test_api_facts import fact, post

numbers = count(800)
VILLAGE = "441624108229"
NAMESPACE = UUID(int=32)


async def registered(app: httpx.AsyncClient, callers: Callers, **change: Any) -> int:
    number = next(numbers)
    body = household(number, region=VILLAGE, **change)
    answer = await app.post("/v1/households", json=body, headers=callers.registrar)
    assert answer.status_code == 201, answer.text
    return number


def id_of(number: int) -> str:
    return str(household(number)["household_id"])


def water(callers: Callers, key: str = "") -> dict[str, str]:
    caller = callers.of("shuiwu", "facts:write households:read", department="shuiwu")
    return caller | ({"Idempotency-Key": key} if key else {})


def source(number: int, *served: int) -> dict[str, Any]:
    return {
        "source_id": str(uuid5(NAMESPACE, f"s{number}")),
        "label": "聚村集中供水",
        "kind": "CENTRAL",
        "region": VILLAGE,
        "served": [id_of(one) for one in served],
        "registered_on": "2021-01-01",
    }


def report(number: int, **change: Any) -> dict[str, Any]:
    return {
        "test_id": str(uuid5(NAMESPACE, f"t{number}")),
        "laboratory": "和平县疾控中心",
        "tested_on": "2024-06-30",
        "quality_passed": True,
        "litres_per_person_day": 60,
        "fetch_minutes": 0,
        "horizontal_m": 0,
        "vertical_m": 0,
        "supply_percent": 95,
        "report_hash": "0" * 64,
        **change,
    }


async def clues(sql: asyncpg.Connection, number: int) -> list[str]:
    rows = await sql.fetch(
        "select data from es.readable where stream = $1 and type = 'RiskDetected'",
        f"household-{id_of(number)}",
    )
    return [json.loads(row["data"])["rule_id"] for row in rows]


async def test_S1305_a_failed_test_is_a_clue_for_the_two_groups_that_the_source_serves(
    app: httpx.AsyncClient, callers: Callers, sql: asyncpg.Connection, runtime: Runtime
) -> None:
    poor = await registered(app, callers)
    general = await registered(app, callers, category="GENERAL")
    body = source(poor, poor, general)
    url = f"/v1/water-sources/{body['source_id']}"
    answer = await app.post("/v1/water-sources", json=body, headers=water(callers, f"r{poor}"))
    assert answer.status_code == 201, answer.text
    today = runtime.clock.today()
    failed = report(poor, quality_passed=False, tested_on=str(today))
    answer = await app.post(f"{url}/tests", json=failed, headers=water(callers, f"t{poor}"))
    assert answer.status_code == 201, answer.text

    async def opened() -> Any:
        return await clues(sql, poor)

    assert await eventually(opened) == ["WATER-TEST-FAILED"]
    assert await clues(sql, general) == []
    listed = await app.get(
        f"/v1/water-sources?region={VILLAGE}&state=FAILED&on={today}", headers=water(callers)
    )
    assert body["source_id"] in [row["source_id"] for row in listed.json()]
    later = today + timedelta(days=4 * 365)
    stale = await app.get(
        f"/v1/water-sources?region={VILLAGE}&state=STALE&on={later}", headers=water(callers)
    )
    assert body["source_id"] in [row["source_id"] for row in stale.json()]


async def test_S1307_a_source_serves_households_that_are_on_the_register(
    app: httpx.AsyncClient, callers: Callers
) -> None:
    """A wrong id would leave the household that was meant without a source, and nobody would know."""
    number = await registered(app, callers)
    body = source(number, number) | {"served": [id_of(number), str(UUID(int=7)), str(UUID(int=8))]}
    answer = await app.post("/v1/water-sources", json=body, headers=water(callers, f"u{number}"))
    problem = answer.json()
    assert (answer.status_code, problem["code"]) == (422, "water-served-unknown")
    assert [error["pointer"] for error in problem["errors"]] == ["/served/1", "/served/2"]
    assert "2 户未登记" in problem["title"]
    body["served"] = []
    answer = await app.post("/v1/water-sources", json=body, headers=water(callers, f"v{number}"))
    assert answer.status_code == 201, answer.text
    url = f"/v1/water-sources/{body['source_id']}/served"
    form = {"effective_on": "2024-03-01", "connected": [str(UUID(int=7))]}
    answer = await app.post(url, json=form, headers=water(callers, f"w{number}"))
    assert answer.json()["errors"][0]["pointer"] == "/connected/0"
    both = {**form, "connected": [id_of(number)], "disconnected": [id_of(number)]}
    answer = await app.post(url, json=both, headers=water(callers, f"x{number}"))
    assert (answer.status_code, answer.json()["code"]) == (422, "water-served-both")


async def test_S1305_a_household_that_is_connected_to_a_failed_source_gets_the_same_clue_once(
    app: httpx.AsyncClient, callers: Callers, sql: asyncpg.Connection, runtime: Runtime
) -> None:
    """Where the report has run out meanwhile, there is a test to arrange, and no clue (A32)."""
    first, second, third = [await registered(app, callers) for _ in range(3)]
    today = runtime.clock.today()
    urls = []
    for number, tested_on in ((first, today), (third, today - timedelta(days=4 * 365))):
        body = source(number, number)
        urls.append(f"/v1/water-sources/{body['source_id']}")
        await app.post("/v1/water-sources", json=body, headers=water(callers, f"r{number}"))
        failed = report(number, quality_passed=False, tested_on=str(tested_on))
        answer = await app.post(
            f"{urls[-1]}/tests", json=failed, headers=water(callers, f"t{number}")
        )
        assert answer.status_code == 201, answer.text

    async def serve(url: str, key: str, **change: list[str]) -> None:
        body = {"effective_on": str(today), **change}
        answer = await app.post(f"{url}/served", json=body, headers=water(callers, key))
        assert answer.status_code == 201, answer.text

    async def said(number: int) -> list[tuple[str, str]]:
        rows = await sql.fetch(
            "select data from es.readable where stream = $1 and type in ('RiskDetected', "
            "'RiskClueAttached')",
            f"household-{id_of(number)}",
        )
        told = [json.loads(row["data"]) for row in rows]
        return [(one["rule_id"], one["summary_zh"]) for one in told]

    fresh, run_out = urls
    await serve(run_out, f"o{second}", connected=[id_of(second)])
    await serve(fresh, f"a{second}", connected=[id_of(second)])
    clue = [("WATER-TEST-FAILED", "所用水源检测不合格（水质）")]
    assert await eventually(lambda: said(second)) == clue
    await serve(fresh, f"b{second}", connected=[], disconnected=[id_of(second)])
    await serve(fresh, f"c{second}", connected=[id_of(second), id_of(third)])
    assert await eventually(lambda: said(third)) == clue  # in the order of the source's events
    assert await said(second) == clue


async def test_S1306_a_report_that_has_run_out_is_a_task_until_the_next_test(
    app: httpx.AsyncClient, callers: Callers, sql: asyncpg.Connection
) -> None:
    number = await registered(app, callers)
    body = source(number, number)
    url = f"/v1/water-sources/{body['source_id']}/tests"
    await app.post("/v1/water-sources", json=body, headers=water(callers, f"r{number}"))
    old = report(number, tested_on="2021-06-30")
    await app.post(url, json=old, headers=water(callers, f"t{number}"))

    closer = callers.staff("days:close", "office", "441624")
    answer = await app.post("/v1/business-days", json={"closed_on": "2024-06-30"}, headers=closer)
    assert answer.status_code == 200, answer.text

    async def tasks(is_open: str) -> list[dict[str, Any]]:
        path = f"/v1/tasks?region={VILLAGE}&kind=WATER_TEST&open={is_open}&limit=500"
        rows = (await app.get(path, headers=water(callers))).json()
        return [row for row in rows if row["source_id"] == body["source_id"]]

    (task,) = await tasks("true")
    assert task["due_on"] == "2024-06-30"
    older = report(number, test_id=str(uuid5(NAMESPACE, f"o{number}")), tested_on="2020-06-30")
    await app.post(
        url, json=older, headers=water(callers, f"o{number}")
    )  # comes late, and says nothing
    assert await tasks("true") == [task]
    assert await clues(sql, number) == []
    new = report(number, test_id=str(uuid5(NAMESPACE, f"n{number}")), tested_on="2024-07-02")
    await app.post(url, json=new, headers=water(callers, f"n{number}"))
    assert await tasks("true") == []
    (task,) = await tasks("false")
    assert (task["closed_on"], task["outcome"]) == ("2024-07-02", "TESTED")


async def test_S1303_a_house_is_shown_by_its_latest_grade_and_a_correction(
    app: httpx.AsyncClient, callers: Callers
) -> None:
    number = await registered(app, callers)
    zhujian = callers.of("zhujian", "facts:write households:read", department="zhujian")
    assessed = fact(
        number,
        "zhujian",
        "HousingSafety",
        assessed_on="2024-02-01",
        grade="GRADE_D",
        use="LIVED_IN",
    )
    assert (await post(app, zhujian, assessed)).status_code == 201

    async def entry(on: str) -> tuple[str, str] | None:
        path = f"/v1/housing?region={VILLAGE}&on={on}&limit=500"
        rows = (await app.get(path, headers=zhujian)).json()
        found = [row for row in rows if row["household_id"] == id_of(number)]
        return (found[0]["grade"], found[0]["remedy"]) if found else None

    assert await entry("2024-03-02") == ("D", "OPEN")
    assert await entry("2024-03-03") == ("D", "OVERDUE")
    wrong = {**assessed, "id": f"{assessed['id']}-2"}
    wrong["data"] = {**assessed["data"], "grade": "GRADE_B", "record_version": 2}
    await post(app, zhujian, wrong)
    assert await entry("2024-03-03") == ("B", "NONE")


async def test_S1302_each_child_of_school_age_is_known_by_term(
    app: httpx.AsyncClient, callers: Callers
) -> None:
    number = next(numbers)
    change = {"labour_capacity": "NONE", "born_on": "2015-05-05"}
    child = person(number + 100, relation="CHILD", **change)
    body = household(number, region=VILLAGE, members=[person(number), child], co_living_count=2)
    answer = await app.post("/v1/households", json=body, headers=callers.registrar)
    assert answer.status_code == 201, answer.text
    jiaoyu = callers.of("jiaoyu", "facts:write households:read", department="jiaoyu")

    async def status(term: str) -> str:
        path = f"/v1/schooling?region={VILLAGE}&term={term}&limit=500"
        rows = (await app.get(path, headers=jiaoyu)).json()
        return str(next(r["status"] for r in rows if r["person_id"] == child["person_id"]))

    assert await status("2024-SPRING") == "UNKNOWN"
    told = {"checked_on": "2024-03-01", "term": "SPRING", "status": "SUSPECTED_DROPOUT"}
    said = fact(number + 100, "jiaoyu", "EnrolmentStatus", **told)
    answer = await post(app, jiaoyu, said)
    assert answer.status_code == 201, answer.text
    assert (await status("2024-SPRING"), await status("2023-AUTUMN")) == (
        "SUSPECTED_DROPOUT",
        "UNKNOWN",
    )
    staff = callers.staff("households:read", "town", "441624108")
    path = f"/v1/coverage?region={VILLAGE}&term=2024-SPRING"
    told_shares = (await app.get(path, headers=staff)).json()
    assert told_shares["S1.3-02"]["screened"]["missing"] == 0
    assert told_shares["S1.3-02"]["dropouts_for_poverty"] == 0
    assert told_shares["S1.3-07"]["qualified"]["whole"] >= 1
    assert told_shares["S1.1-06"]["reidentified_within_12_months"]["part"] == 0
    assert {"median_days", "p90_days", "late"} <= set(told_shares["S2-06"])


async def test_S1302_what_a_school_said_of_a_child_goes_with_the_child_into_another_household(
    app: httpx.AsyncClient, callers: Callers
) -> None:
    register = Register(app, callers.registrar)
    head, mother, number = next(numbers), next(numbers), next(numbers) + 100
    child = person(number, relation="CHILD", labour_capacity="NONE", born_on="2015-05-05")
    members = [person(head), person(mother, relation="SPOUSE"), child]
    body = household(head, region=VILLAGE, members=members, co_living_count=3)
    answer = await app.post("/v1/households", json=body, headers=callers.registrar)
    assert answer.status_code == 201, answer.text
    jiaoyu = callers.of("jiaoyu", "facts:write households:read", department="jiaoyu")
    told = {"checked_on": "2024-03-01", "term": "SPRING", "status": "ENROLLED"}
    assert (await post(app, jiaoyu, fact(number, "jiaoyu", "EnrolmentStatus", **told))).is_success
    split = await register.done(
        str(body["household_id"]),
        "split",
        register_number=f"S-{number}",
        moved=[
            {"person_id": members[1]["person_id"], "relation": "HEAD"},
            {"person_id": child["person_id"], "relation": "CHILD"},
        ],
        co_living_count=1,
        new_co_living_count=2,
        effective_on="2024-04-15",
        reason="DIVORCE",
    )
    new = split.headers["Location"].rpartition("/")[2]

    async def found() -> Any:
        path = f"/v1/schooling?region={VILLAGE}&term=2024-SPRING&limit=500"
        rows = (await app.get(path, headers=jiaoyu)).json()
        return [r["status"] for r in rows if r["household_id"] == new]

    assert await eventually(found) == ["ENROLLED"]


async def test_lists_and_shares_fail_closed(app: httpx.AsyncClient, callers: Callers) -> None:
    staff = callers.staff("households:read", "town", "441624108")
    jiaoyu = callers.of("jiaoyu", "households:read", department="jiaoyu")
    for path, headers, status, code in [
        ("/v1/housing?village=x", staff, 400, "unknown-filter"),
        ("/v1/schooling?year=2024", staff, 400, "unknown-filter"),
        ("/v1/tasks?state=open", staff, 400, "unknown-filter"),
        ("/v1/coverage?county=x", staff, 400, "unknown-filter"),
        ("/v1/water-sources?kind=CENTRAL", staff, 400, "unknown-filter"),
        ("/v1/housing?grade=E", staff, 422, "invalid"),
        ("/v1/housing/ledger?grade=D", staff, 400, "unknown-filter"),
        ("/v1/housing/ledger?state=X", staff, 422, "invalid"),
        ("/v1/housing/ledger", jiaoyu, 403, "not-routed"),
        ("/v1/schooling/dropouts?term=2024", staff, 400, "unknown-filter"),
        ("/v1/schooling/dropouts?basis=X", staff, 422, "invalid"),
        ("/v1/schooling?term=2024", staff, 422, "invalid"),
        ("/v1/schooling?term=0000-SPRING", staff, 422, "invalid"),
        ("/v1/schooling?term=9999-AUTUMN", staff, 422, "invalid"),
        ("/v1/schooling?term=２０２４-SPRING", staff, 422, "invalid"),
        ("/v1/coverage?term=0010-AUTUMN", staff, 422, "invalid"),
        ("/v1/housing?grade=C&grade=D", staff, 400, "filter-twice"),
        ("/v1/tasks?limit=501", staff, 422, "invalid"),
        ("/v1/water-sources?state=WET", staff, 422, "invalid"),
        ("/v1/housing?region=441624109", staff, 403, "outside-region"),
        ("/v1/housing", jiaoyu, 403, "not-routed"),
        ("/v1/coverage", jiaoyu, 403, "not-routed"),
    ]:
        answer = await app.get(path, headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (status, code), path
    elsewhere = callers.of("yibao", "facts:write", department="yibao")
    body = source(1)
    answer = await app.post(
        "/v1/water-sources", json=body, headers=elsewhere | {"Idempotency-Key": "y"}
    )
    assert (answer.status_code, answer.json()["code"]) == (403, "wrong-department")
    lost = f"/v1/water-sources/{UUID(int=1)}/tests"
    answer = await app.post(lost, json=report(1), headers=water(callers, "lost"))
    assert (answer.status_code, answer.json()["code"]) == (404, "water-source-unknown")


@pytest.fixture
async def county(read: asyncpg.Connection) -> asyncpg.Connection:
    """11,400 households of the two groups; one source serves 42, of whom 12 are in the groups."""
    await read.execute(
        """
        insert into read.household (household_id, register_number, region, category,
            marginal_2019, persons, has_labour, status, origin, stage, risk_types, version)
        select md5('h' || n)::uuid, 'C-' || n, '441624108201',
            case when n <= 11000 then 'FORMERLY_POOR' else 'GENERAL' end, false, 3, true,
            'ACTIVE', 'TOWN', case when n between 11001 and 11400 then 'MONITORED' else 'NONE' end,
            '{}', 1
        from generate_series(1, 11430) as n;
        insert into read.water_source (source_id, label, kind, region, served_count, test_id,
            tested_on, valid_to, qualified, faults, due, expired, version)
        values (md5('old')::uuid, 'a', 'CENTRAL', '441624108201', 42, md5('t')::uuid,
            '2021-06-30', '2024-06-30', true, '', false, false, 1),
            (md5('new')::uuid, 'b', 'CENTRAL', '441624108201', 11388, md5('u')::uuid,
            '2024-01-01', '2027-01-01', true, '', false, false, 1);
        insert into read.water_served (source_id, household_id)
        select md5(case when n <= 12 or n > 11400 then 'old' else 'new' end)::uuid,
            md5('h' || n)::uuid from generate_series(1, 11430) as n;
        """
    )
    return read


async def test_A32_twelve_of_11400_households_are_missing_the_day_after(
    county: asyncpg.Connection,
) -> None:
    for on, fit, percent in [
        (date(2024, 6, 30), 11_400, "100.00"),
        (date(2024, 7, 1), 11_388, "99.89"),
    ]:
        households, counted = await coverage.water(county, "441624", on)
        share = Share(counted, households)
        assert (share.part, share.whole, share.percent) == (fit, 11_400, percent)
    await county.execute("delete from read.water_served where household_id = md5('h100')::uuid")
    assert (await coverage.water(county, "441624", date(2024, 6, 30)))[1] == 11_399
