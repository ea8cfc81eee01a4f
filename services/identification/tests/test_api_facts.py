"""Department facts over HTTP: versions, retractions, facts that wait, whole files, and A50."""

import asyncio
import json
from itertools import count
from typing import Any
from uuid import UUID

import asyncpg
import httpx
import pytest

from common.testing import eventually
from services.identification.tests.asking import Callers, household, identity_number, settlement

numbers = count(400)
SINGLE = {"Content-Type": "application/cloudevents+json"}
BATCH = {"Content-Type": "application/cloudevents-batch+json"}
NDJSON = {"Content-Type": "application/x-ndjson"}


async def registered(app: httpx.AsyncClient, callers: Callers, number: int | None = None) -> int:
    number = next(numbers) if number is None else number
    answer = await app.post("/v1/households", json=household(number), headers=callers.registrar)
    assert answer.status_code in (200, 201), answer.text
    return number


async def post(
    app: httpx.AsyncClient, headers: dict[str, str], event: dict[str, Any]
) -> httpx.Response:
    return await app.post("/v1/events", content=json.dumps(event), headers=headers | SINGLE)


def retraction(number: int, version: int, **change: Any) -> dict[str, Any]:
    """Of what `settlement(number)` said."""
    event = settlement(number, id=f"YB-{number}-v{version}")
    data = {
        "fact_type": "MedicalSettlement",
        "record_key": f"YB-{number}",
        "record_version": version,
        "reason": "WRONG_PERSON",
        **change,
    }
    return {**event, "type": "cn.shouwang.fact.Retraction.v1", "data": data}


def fact(
    number: int, department: str, kind: str, key: str | None = None, **data: Any
) -> dict[str, Any]:
    return {
        "specversion": "1.0",
        "id": f"{kind}-{key or number}",
        "source": f"urn:gov:441624:{department}",
        "type": f"cn.shouwang.fact.{kind}.v1",
        "time": "2024-03-01T10:00:00+08:00",
        "data": {"record_key": key or str(number), "identity_number": identity_number(number)}
        | data,
    }


def by(callers: Callers, department: str) -> dict[str, str]:
    return callers.of(department, "facts:write", department=department)


async def events(
    sql: asyncpg.Connection, stream: str, *types: str
) -> list[tuple[str, dict[str, Any]]]:
    rows = await sql.fetch(
        "select type, data from es.readable where stream = $1 order by version", stream
    )
    found = [(row["type"], json.loads(row["data"])) for row in rows]
    return [one for one in found if not types or one[0] in types]


async def heard_all(sql: asyncpg.Connection, stream: str) -> None:
    """Wait until identification has heard what it recorded in a stream."""

    async def heard() -> bool:
        return bool(
            await sql.fetchval(
                """select coalesce(max(c.version), 0) = max(e.version)
                from es.events e left join es.cursors c using (stream) where e.stream = $1""",
                stream,
            )
        )

    await eventually(heard)


def household_of(number: int) -> str:
    return str(household(number)["household_id"])


async def test_A59_a_record_is_known_by_key_and_version_whatever_its_event_id(
    app: httpx.AsyncClient, callers: Callers
) -> None:
    number = await registered(app, callers)
    first = await post(app, callers.yibao, settlement(number))
    other_id = settlement(number, id=f"again-{number}")
    again = await post(app, callers.yibao, other_id)
    assert (first.status_code, again.status_code) == (201, 200)
    assert again.json()["event_id"] == first.json()["event_id"]
    for event in (
        settlement(number, own_cost_fen=1),
        {**other_id, "data": {**other_id["data"], "total_fen": 3_000_000}},
    ):
        answer = await post(app, callers.yibao, event)
        assert (answer.status_code, answer.json()["code"]) == (409, "record-version-reused")


async def test_A59_one_event_id_is_never_used_for_two_records(
    app: httpx.AsyncClient, callers: Callers
) -> None:
    number = await registered(app, callers)
    await post(app, callers.yibao, settlement(number))
    answer = await post(app, callers.yibao, settlement(number, record_key="another"))
    assert (answer.status_code, answer.json()["code"]) == (409, "event-id-reused")


async def test_two_versions_posted_at_once_by_two_clerks_are_one(
    app: httpx.AsyncClient, callers: Callers, sql: asyncpg.Connection
) -> None:
    number = await registered(app, callers)
    posts = (post(app, callers.yibao, settlement(number, id=f"{number}-{n}")) for n in range(8))
    answers = await asyncio.gather(*posts)
    assert sorted({answer.status_code for answer in answers}) == [200, 201]
    assert len({answer.json()["event_id"] for answer in answers}) == 1
    stream = f"facts-of-household-{household_of(number)}"
    assert len(await events(sql, stream)) == 1


async def test_a_correction_names_what_it_replaces_and_may_follow_in_the_same_file(
    app: httpx.AsyncClient, callers: Callers, sql: asyncpg.Connection
) -> None:
    number = await registered(app, callers)
    second = settlement(number, 320_000, id=f"{number}-2", record_version=2)
    answer = await app.post(
        "/v1/events", json=[settlement(number), second], headers=callers.yibao | BATCH
    )
    first_id, second_id = (item["event_id"] for item in answer.json()["items"])
    stream = f"facts-of-household-{household_of(number)}"
    (_, recorded), (kind, corrected) = await events(sql, stream)
    assert kind == "DepartmentFactCorrected"
    assert corrected["previous_event_id"] == first_id != second_id
    assert recorded["values"]["compliant_own_cost_fen"] == 1_200_000
    late = await post(
        app, callers.yibao, settlement(number, id="late", record_version=1, total_fen=10**9)
    )
    assert late.json()["code"] == "record-version-reused"


async def test_a_retraction_takes_a_record_back_and_leaves_it_on_the_log(
    app: httpx.AsyncClient, callers: Callers, sql: asyncpg.Connection
) -> None:
    number = await registered(app, callers)
    await post(app, callers.yibao, settlement(number))
    answer = await post(app, callers.yibao, retraction(number, 2))
    assert answer.status_code == 201, answer.text
    assert (await post(app, callers.yibao, retraction(number, 2))).status_code == 200
    stream = f"facts-of-household-{household_of(number)}"
    assert [kind for kind, _ in await events(sql, stream)] == [
        "DepartmentFactRecorded",
        "DepartmentFactRetracted",
    ]
    for event, code in [
        (retraction(number, 3, record_key="never-posted"), "record-unknown"),
        (retraction(number, 3, reason="BECAUSE"), "invalid"),
    ]:
        refused = await post(app, callers.yibao, {**event, "id": code})
        assert (refused.status_code, refused.json()["code"]) == (422, code)
    other = await post(app, by(callers, "jiaoyu"), retraction(number, 3))
    assert (other.status_code, other.json()["code"]) == (403, "wrong-department")


async def matches_counted(app: httpx.AsyncClient) -> float:
    """Of how many facts the service has told how long they waited for their person."""
    shown = (await app.get("/metrics")).text
    return float(shown.split("shouwang_facts_waited_days_count ")[1].split()[0])


async def test_a_fact_about_a_stranger_waits_and_is_matched_on_registration(
    app: httpx.AsyncClient, callers: Callers, sql: asyncpg.Connection
) -> None:
    number = next(numbers)
    answer = await post(app, callers.yibao, settlement(number))
    assert (answer.status_code, answer.json()["waits"]) == (201, "NO_SUCH_PERSON")
    again = await post(app, callers.yibao, settlement(number))
    assert (again.status_code, again.json()["event_id"]) == (200, answer.json()["event_id"])
    second = settlement(number, 1_500_000, id=f"{number}-2", record_version=2)
    assert (await post(app, callers.yibao, second)).json()["waits"]
    before = await matches_counted(app)
    await registered(app, callers, number)
    stream = f"facts-of-household-{household_of(number)}"

    async def matched() -> Any:
        return await events(sql, stream)

    ((kind, recorded),) = await eventually(matched)
    assert (kind, recorded["record_version"]) == ("DepartmentFactRecorded", 2)
    assert recorded["detected_on"] == "2024-02-28"

    async def resolved() -> Any:
        rows = await sql.fetch(
            "select record_version, outcome, waited_days from read.unmatched where fact_key = "
            "(select fact_key from read.fact where household_id = $1) order by record_version",
            UUID(household_of(number)),
        )
        return [tuple(row) for row in rows] if all(row["outcome"] for row in rows) else None

    assert await eventually(resolved) == [(1, "SUPERSEDED", 0), (2, "MATCHED", 0)]
    assert await matches_counted(app) > before
    left = await sql.fetchval(
        "select count(*) from vault.unmatched join read.unmatched using (fact_id) where fact_key = "
        "(select fact_key from read.fact where household_id = $1)",
        UUID(household_of(number)),
    )
    assert left == 0


async def test_a_fact_that_is_retracted_while_it_waits_is_never_matched(
    app: httpx.AsyncClient, callers: Callers, sql: asyncpg.Connection
) -> None:
    number = next(numbers)
    await post(app, callers.yibao, settlement(number))
    answer = await post(app, callers.yibao, retraction(number, 2))
    assert answer.status_code == 201, answer.text
    await registered(app, callers, number)
    await post(app, callers.yibao, settlement(number, record_key="other", id=f"o-{number}"))
    stream = f"facts-of-household-{household_of(number)}"

    async def heard() -> Any:
        return await events(sql, f"household-{household_of(number)}", "RiskDetected")

    await eventually(heard)
    assert [data["record_key"] for _, data in await events(sql, stream)] == ["other"]


@pytest.mark.parametrize(
    ("department", "kind", "data", "rule"),
    [
        (
            "zhujian",
            "HousingSafety",
            {"assessed_on": "2024-02-20", "grade": "GRADE_D", "use": "LIVED_IN"},
            "HOUSING-GRADE",
        ),
        (
            "canlian",
            "DisabilityCard",
            {"decided_on": "2024-02-20", "level": "LEVEL_1", "change": "NEW_CARD"},
            "DISABILITY-CARD",
        ),
        ("renshe", "UnemploymentRegistration", {"registered_on": "2024-02-20"}, "UNEMPLOYMENT"),
        (
            "gongan",
            "TrafficAccident",
            {"happened_on": "2024-02-20", "outcome": "DIED"},
            "ACCIDENT",
        ),
    ],
)
async def test_a_fact_of_each_department_becomes_a_clue(
    app: httpx.AsyncClient,
    callers: Callers,
    sql: asyncpg.Connection,
    department: str,
    kind: str,
    data: dict[str, str],
    rule: str,
) -> None:
    number = await registered(app, callers)
    answer = await post(app, by(callers, department), fact(number, department, kind, **data))
    assert answer.status_code == 201, answer.text

    async def clue() -> Any:
        return await events(sql, f"household-{household_of(number)}", "RiskDetected")

    ((_, detected),) = await eventually(clue)
    assert detected["rule_id"] == rule


async def test_A50_a_corrected_fact_while_verifying_proposes_to_withdraw_the_clue(
    app: httpx.AsyncClient, callers: Callers, sql: asyncpg.Connection
) -> None:
    number = await registered(app, callers)
    await post(app, callers.yibao, settlement(number, 3_200_000, total_fen=4_000_000))
    home = f"household-{household_of(number)}"

    async def clue() -> Any:
        return await events(sql, home, "RiskDetected")

    ((_, detected),) = await eventually(clue)
    corrected = settlement(number, 320_000, id=f"{number}-2", record_version=2)
    await post(app, callers.yibao, corrected)

    async def replaced() -> Any:
        return await events(sql, f"evidence-of-{home}")

    ((kind, event),) = await eventually(replaced)
    assert (kind, event["clue_id"]) == ("ClueEvidenceReplaced", detected["clue_id"])
    assert event["withdrawal_proposed"]
    assert len(await events(sql, home, "ClueWithdrawn")) == 0


async def test_A10_a_second_settlement_is_evidence_of_the_clue_and_is_corrected_with_it(
    app: httpx.AsyncClient, callers: Callers, sql: asyncpg.Connection
) -> None:
    number = await registered(app, callers)
    await post(app, callers.yibao, settlement(number))
    home = f"household-{household_of(number)}"

    async def clue() -> Any:
        return await events(sql, home, "RiskDetected")

    ((_, detected),) = await eventually(clue)
    second = settlement(number, 100_000, id=f"{number}-b", record_key=f"{number}-b")
    piece = (await post(app, callers.yibao, second)).json()["event_id"]

    async def added() -> Any:
        return await events(sql, home, "ClueEvidenceAdded")

    ((_, event),) = await eventually(added)
    assert (event["clue_id"], event["evidence_event_ids"]) == (detected["clue_id"], [piece])
    assert len(await events(sql, home, "RiskDetected", "RiskClueAttached")) == 1
    less = settlement(number, 1, id=f"{number}-c", record_key=f"{number}-b", record_version=2)
    await post(app, callers.yibao, less)

    async def replaced() -> Any:
        return await events(sql, f"evidence-of-{home}")

    ((_, change),) = await eventually(replaced)
    assert (change["clue_id"], change["previous_event_id"]) == (detected["clue_id"], piece)


async def test_A60_ten_thousand_rows_with_37_bad_ones_and_the_whole_file_again(
    app: httpx.AsyncClient, callers: Callers
) -> None:
    number = await registered(app, callers)
    rows = []
    for n in range(10_000):
        event = settlement(number, 1, id=f"F-{n}", record_key=f"F-{n}")
        if n % 271 == 5:
            event["data"]["settled_on"] = "2024-02-30"
        rows.append(json.dumps(event))
    content = "\n".join(rows).encode()
    answer = await app.post("/v1/events", content=content, headers=callers.yibao | NDJSON)
    body = answer.json()
    assert (answer.status_code, body["accepted"], body["refused"]) == (207, 9_963, 37)
    refused = [item for item in body["items"] if item["status"] == "refused"]
    assert refused[0]["line"] == 6
    assert refused[0]["problem"]["errors"][0]["pointer"] == "/data/settled_on"
    again = (await app.post("/v1/events", content=content, headers=callers.yibao | NDJSON)).json()
    assert (again["accepted"], again["replayed"], again["refused"]) == (0, 9_963, 37)


async def test_every_type_of_fact_lists_the_departments_that_may_post_it(
    app: httpx.AsyncClient, callers: Callers
) -> None:
    types = (await app.get("/v1/fact-types", headers=callers.yibao)).json()
    listed = {one["type"]: one["departments"] for one in types}
    assert listed["cn.shouwang.fact.MedicalSettlement.v1"] == ["yibao"]
    retracting = listed.pop("cn.shouwang.fact.Retraction.v1")
    assert retracting == sorted({one for departments in listed.values() for one in departments})


async def test_a_fact_that_waits_is_told_where_its_person_may_be(
    app: httpx.AsyncClient, callers: Callers
) -> None:
    async def waiting(area: str) -> tuple[int, int]:
        reader = callers.staff("households:read", "reader", area)
        answer = await app.get("/v1/coverage", headers=reader)
        assert answer.status_code == 200, answer.text
        told = answer.json()["facts"]
        return told["waiting"], told["of_wider_areas"]

    areas = ("441624", "441624108")
    before = [await waiting(area) for area in areas]
    for region in ("44", "441624"):
        of = callers.of(f"yibao-{region}", "facts:write", department="yibao", region=region)
        assert (await post(app, of, settlement(next(numbers)))).json()["waits"]
    after = [await waiting(area) for area in areas]
    changes = [(a - b, c - d) for (a, c), (b, d) in zip(after, before, strict=True)]
    assert changes == [(1, 1), (0, 2)]


async def test_a_department_that_answers_for_no_area_can_post_of_nobody(
    app: httpx.AsyncClient, callers: Callers
) -> None:
    nowhere = callers.of("yibao-nowhere", "facts:write", department="yibao", region="")
    known, waits = await registered(app, callers), settlement(next(numbers))
    await post(app, callers.yibao, waits)
    retracted = retraction(int(waits["id"].removeprefix("YB-")), 2)
    for event in (settlement(known), settlement(next(numbers)), retracted):
        answer = await post(app, nowhere, event)
        assert (answer.status_code, answer.json()["code"]) == (403, "outside-region")
