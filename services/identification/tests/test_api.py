"""Identification over HTTP: what is kept, what is refused and how, what is never said."""

import itertools
import json
from codecs import BOM_UTF8
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import asyncpg
import httpx
import pytest

from common.service import Runtime
from common.testing import eventually
from services.identification.tests.asking import (
    REGION,
    Callers,
    household,
    identity_number,
    lines,
    person,
    settlement,
)
from services.identification.tests.test_api_facts import retraction

numbers = itertools.count(1)
NDJSON = {"Content-Type": "application/x-ndjson"}
SINGLE = {"Content-Type": "application/cloudevents+json"}
BATCH = {"Content-Type": "application/cloudevents-batch+json"}


async def registered(app: httpx.AsyncClient, callers: Callers, **change: Any) -> tuple[int, str]:
    number = next(numbers)
    body = household(number, **change)
    answer = await app.post("/v1/households", json=body, headers=callers.registrar)
    assert answer.status_code == 201, answer.text
    return number, body["household_id"]


async def post(app: httpx.AsyncClient, callers: Callers, event: Any) -> httpx.Response:
    content = event if isinstance(event, bytes) else json.dumps(event)
    return await app.post("/v1/events", content=content, headers=callers.yibao | SINGLE)


async def test_a_household_is_registered_once_however_often_it_is_sent(
    app: httpx.AsyncClient, callers: Callers, sql: asyncpg.Connection
) -> None:
    number, household_id = await registered(app, callers)
    again = await app.post("/v1/households", json=household(number), headers=callers.registrar)
    assert again.status_code == 200
    assert again.json()["status"] == "replayed"
    stream = f"household-{household_id}"
    assert await sql.fetchval("select count(*) from es.events where stream = $1", stream) == 1


async def test_names_and_identity_numbers_are_in_the_vault_and_nowhere_else(
    app: httpx.AsyncClient, callers: Callers, sql: asyncpg.Connection
) -> None:
    number, household_id = await registered(app, callers)
    tables = await sql.fetch(
        "select table_schema || '.' || table_name as name from information_schema.tables "
        "where table_schema in ('es', 'read', 'vault') and table_type = 'BASE TABLE'"
    )
    for secret in (identity_number(number), "黄某某", "聚村3组"):
        for table in tables:
            found = await sql.fetchval(
                f"select count(*) from {table['name']} t where t::text like '%' || $1 || '%' "
                "or t::text like '%' || encode(convert_to($1, 'UTF8'), 'hex') || '%'",
                secret,
            )
            assert found == 0, f"{table['name']} shows personal data in the clear"
    assert await sql.fetchval(
        "select count(*) from vault.person where household_id = $1", UUID(household_id)
    )


async def test_two_households_cannot_claim_one_person(
    app: httpx.AsyncClient, callers: Callers
) -> None:
    number, _ = await registered(app, callers)
    other = next(numbers)
    claim = household(other, members=[person(other, identity_number=identity_number(number))])
    answer = await app.post("/v1/households", json=claim, headers=callers.registrar)
    assert answer.status_code == 409
    problem = answer.json()
    assert problem["code"] == "person-in-another-household"
    assert problem["errors"][0]["pointer"] == "/members/0/identity_number"
    assert identity_number(number) not in answer.text


async def test_two_households_of_one_batch_cannot_claim_one_person_either(
    app: httpx.AsyncClient, callers: Callers
) -> None:
    first, second = next(numbers), next(numbers)
    claim = household(second, members=[person(second, identity_number=identity_number(first))])
    answer = await app.post(
        "/v1/households/batch", json=[household(first), claim], headers=callers.registrar
    )
    assert answer.status_code == 207
    assert [item["status"] for item in answer.json()["items"]] == ["accepted", "refused"]


async def test_line_37_of_a_batch_is_broken_and_the_others_are_kept(
    app: httpx.AsyncClient, callers: Callers
) -> None:
    items: list[Any] = [household(next(numbers)) for _ in range(40)]
    items[36] = '{"household_id": '
    answer = await app.post(
        "/v1/households/batch", content=lines(*items), headers=callers.registrar | NDJSON
    )
    assert answer.status_code == 207
    body = answer.json()
    assert (body["accepted"], body["refused"]) == (39, 1)
    (refused,) = [item for item in body["items"] if item["status"] == "refused"]
    assert refused["line"] == 37
    assert refused["problem"]["code"] == "broken-json"
    assert refused["problem"]["details"]["line"] == 37


async def test_a_fact_is_recorded_once_and_raises_one_clue_that_cites_it(
    app: httpx.AsyncClient, callers: Callers, sql: asyncpg.Connection
) -> None:
    number, household_id = await registered(app, callers)
    first = await post(app, callers, settlement(number))
    assert first.status_code == 201, first.text
    again = await post(app, callers, settlement(number))
    assert again.status_code == 200
    assert again.headers["Idempotency-Replayed"] == "true"
    assert again.json()["event_id"] == first.json()["event_id"]

    async def clue() -> Any:
        return await sql.fetchrow(
            "select * from es.readable where household_id = $1 and type = 'RiskDetected'",
            UUID(household_id),
        )

    row = await eventually(clue)
    data = json.loads(row["data"])
    assert data["evidence_event_ids"] == [first.json()["event_id"]]
    assert (data["rule_id"], data["rule_version"], data["severity"]) == (
        "MEDICAL-OWN-COST",
        1,
        "ORANGE",
    )
    assert row["policy_version"] == "44-16-24/2024/1"
    assert str(row["causation_id"]) == first.json()["event_id"]


async def test_binary_mode_is_accepted_too(app: httpx.AsyncClient, callers: Callers) -> None:
    number, _ = await registered(app, callers)
    event = settlement(number)
    headers = {f"ce-{name}": value for name, value in event.items() if name != "data"}
    answer = await app.post("/v1/events", json=event["data"], headers=callers.yibao | headers)
    assert answer.status_code == 201, answer.text


async def test_every_bad_fact_is_named_by_its_place_and_never_echoed(
    app: httpx.AsyncClient, callers: Callers
) -> None:
    number, _ = await registered(app, callers)
    wrong = identity_number(number)[:-1] + ("0" if identity_number(number)[-1] != "0" else "1")
    tomorrow = "2999-01-01"
    for event, status, code, pointer in [
        (settlement(number, unknown=1), 422, "extra_forbidden", "/data/unknown"),
        (settlement(number, total_fen="12"), 422, "int", "/data/total_fen"),
        (settlement(number, total_fen=-1), 422, "range", "/data/total_fen"),
        (settlement(number, total_fen=1), 422, "sum", "/data/total_fen"),
        (settlement(number, settled_on=tomorrow), 422, "future", "/data/settled_on"),
        (settlement(number, settled_on="28/02/2024"), 422, "date", "/data/settled_on"),
        (settlement(number, identity_number=wrong), 422, "checksum", "/data/identity_number"),
        (settlement(number, identity_number="4416241980"), 422, "pattern", "/data/identity_number"),
        (
            settlement(number, record_key=f"X{identity_number(number)}"),
            422,
            "personal",
            "/data/record_key",
        ),
        (settlement(number, id="a\x00b"), 422, "pattern", "/id"),
        (settlement(number, id="a\n"), 422, "pattern", "/id"),
        (settlement(number, id="a\ufe0f"), 422, "pattern", "/id"),
        (settlement(number, record_key="a\u202eb"), 422, "pattern", "/data/record_key"),
        (settlement(number, time="2024-03-01T10:00:00"), 422, "datetime", "/time"),
        (settlement(number, type="cn.shouwang.fact.Rumour.v1"), 422, "enum", "/type"),
    ]:
        answer = await post(app, callers, event)
        assert answer.status_code == status, (code, answer.text)
        assert answer.headers["Content-Type"] == "application/problem+json"
        (error,) = answer.json()["errors"]
        assert (error["code"], error["pointer"]) == (code, pointer)
        assert error["detail"] != error["detail_en"]
        assert event["data"]["identity_number"] not in answer.text


@pytest.mark.parametrize(
    ("event", "pointer", "codes"),
    [
        (settlement(901, specversion="0.3"), "/specversion", "1.0"),
        (settlement(901) | {"datacontenttype": "text/xml"}, "/datacontenttype", "application/json"),
        (
            retraction(901, 2, reason="SORRY"),
            "/data/reason",
            "ENTERED_IN_ERROR, WRONG_PERSON, DUPLICATE, ANNULLED",
        ),
    ],
)
async def test_whatever_is_one_of_a_few_is_answered_with_those(
    app: httpx.AsyncClient, callers: Callers, event: dict[str, Any], pointer: str, codes: str
) -> None:
    (error,) = (await post(app, callers, event)).json()["errors"]
    assert (error["pointer"], error["code"]) == (pointer, "enum")
    assert error["detail_en"] == f"not in the code list: use {codes}"


@pytest.mark.parametrize("amount", ["1e400", "9" * 5_000])
async def test_an_amount_that_no_number_holds_is_told_by_its_place_in_every_mode(
    app: httpx.AsyncClient, callers: Callers, amount: str
) -> None:
    event = settlement(900, total_fen=7_711_771_177)
    whole, data = (json.dumps(one).replace("7711771177", amount) for one in (event, event["data"]))
    headers = {f"ce-{name}": value for name, value in event.items() if name != "data"}
    for content, kind, more in (
        (whole, "application/cloudevents+json", {}),
        (f"[{whole}]", "application/cloudevents-batch+json", {}),
        (whole, "application/x-ndjson", {}),
        (data, "application/json", headers),
    ):
        sent = callers.yibao | more | {"Content-Type": kind}
        answer = (await app.post("/v1/events", content=content, headers=sent)).json()
        problem = answer["items"][0]["problem"] if "items" in answer else answer
        (error,) = problem["errors"]
        assert (error["code"], error["pointer"]) == ("range", "/data/total_fen"), kind


async def test_an_amount_of_a_hundred_million_yuan_is_kept(
    app: httpx.AsyncClient, callers: Callers
) -> None:
    number, _ = await registered(app, callers)
    answer = await post(app, callers, settlement(number, own_cost_fen=10**10, total_fen=10**11))
    assert answer.status_code == 201, answer.text


async def test_a_fact_belongs_to_its_department(app: httpx.AsyncClient, callers: Callers) -> None:
    jiaoyu = callers.of("jiaoyu", "facts:write", department="jiaoyu")
    answer = await app.post("/v1/events", json=settlement(1), headers=jiaoyu | SINGLE)
    assert answer.status_code == 403
    assert answer.json()["code"] == "wrong-department"
    assert "医保部门" in answer.json()["title"]
    assert answer.json()["title_en"].endswith("medical settlement may only be posted by yibao")


async def test_broken_json_empty_large_and_strange_bodies_say_so(
    app: httpx.AsyncClient, callers: Callers
) -> None:
    for content, headers, status, code in [
        (b"{", SINGLE, 400, "broken-json"),
        (b"[", BATCH, 400, "broken-json"),
        (b"{}", BATCH, 400, "not-an-array"),
        (b"[]", BATCH, 400, "empty-batch"),
        (BOM_UTF8 + b"[]", BATCH, 400, "byte-order-mark"),
        (json.dumps([1] * 10_001).encode(), BATCH, 413, "batch-too-large"),
        (b"x" * 8_000_001, SINGLE, 413, "body-too-large"),
        (b"{}", {"Content-Type": "text/plain"}, 415, "unsupported-media-type"),
    ]:
        answer = await app.post("/v1/events", content=content, headers=callers.yibao | headers)
        assert (answer.status_code, answer.json()["code"]) == (status, code)


@pytest.mark.parametrize(
    ("content", "code", "details"),
    [
        (b'{"specversion":"1.0",\n"id":"a"', "broken-json", {"line": 2, "column": 9}),
        (b'{"specversion":"2.0","id":', "broken-json", {"line": 1, "column": 27}),
        (b'{"unknown":1} {', "broken-json", {"line": 1, "column": 15}),
        (b'{"id":"\xff"}', "broken-json", {"line": 1, "column": 8}),
        (b'{"a":' * 9_000, "broken-json", None),
        (b"", "broken-json", {"line": 1, "column": 1}),
        (BOM_UTF8 + json.dumps(settlement(1)).encode(), "byte-order-mark", None),
        (b"[]", "not-an-object", {"batch": BATCH["Content-Type"]}),
        (b"null", "not-an-object", {"batch": BATCH["Content-Type"]}),
    ],
)
async def test_what_is_cut_off_or_no_object_is_told_what_to_send(
    app: httpx.AsyncClient,
    callers: Callers,
    content: bytes,
    code: str,
    details: dict[str, object] | None,
) -> None:
    answer = await app.post("/v1/events", content=content, headers=callers.yibao | SINGLE)
    told = answer.json()
    assert (answer.status_code, told["code"]) == (400, code)
    assert details in (None, told.get("details"))
    assert "send" in told["title_en"]
    assert "提交" in told["title"]


async def test_data_that_is_cut_off_or_not_utf_8_is_told_so_in_either_mode(
    app: httpx.AsyncClient, callers: Callers
) -> None:
    event = settlement(1)
    whole = json.dumps(event["data"]).encode()
    binary = {f"ce-{name}": value for name, value in event.items() if name != "data"}
    for data in (whole[:-1], whole.replace(b"990000", b"99\xff000"), b""):
        before = json.dumps({name: event[name] for name in event if name != "data"}).encode()
        for content, headers in (
            (before[:-1] + b',"data":' + data + b"}", SINGLE),
            (data, binary | {"Content-Type": "application/json"}),
        ):
            answer = await app.post("/v1/events", content=content, headers=callers.yibao | headers)
            assert (answer.status_code, answer.json()["code"]) == (400, "broken-json")


async def test_a_line_that_is_no_event_costs_only_itself(
    app: httpx.AsyncClient, callers: Callers
) -> None:
    event = json.dumps(settlement(next(numbers))).encode()
    lines = [BOM_UTF8 + event, b'{"id":"\xff"}', b"[]", event, b'{"id":5,']
    headers = callers.yibao | {"Content-Type": "application/x-ndjson"}
    answer = await app.post("/v1/events", content=b"\n".join(lines), headers=headers)
    assert answer.status_code == 207
    codes = [item.get("problem", {}).get("code") for item in answer.json()["items"]]
    assert codes == ["byte-order-mark", "broken-json", "not-an-object", None, "broken-json"]


async def test_without_a_valid_token_nothing_is_told(
    app: httpx.AsyncClient, callers: Callers
) -> None:
    expired = callers.of("yibao", "facts:write", exp=1)
    for headers, code in [({}, "unauthenticated"), (expired, "token-expired")]:
        answer = await app.post("/v1/events", json=settlement(1), headers=headers | SINGLE)
        assert (answer.status_code, answer.json()["code"]) == (401, code)


async def test_staff_act_in_their_area_only(app: httpx.AsyncClient, callers: Callers) -> None:
    _, household_id = await registered(app, callers)
    elsewhere = callers.staff("households:read households:write", "other", "441624109")
    answer = await app.get(f"/v1/households/{household_id}", headers=elsewhere)
    assert (answer.status_code, answer.json()["code"]) == (403, "outside-region")
    answer = await app.get("/v1/households?region=441624108", headers=elsewhere)
    assert answer.status_code == 403
    other = household(next(numbers))
    answer = await app.post("/v1/households", json=other, headers=elsewhere)
    assert answer.status_code == 403


async def test_A75_a_department_reads_what_is_routed_to_it(
    app: httpx.AsyncClient, callers: Callers
) -> None:
    number, household_id = await registered(app, callers)
    answer = await app.get(f"/v1/households/{household_id}", headers=callers.yibao)
    assert (answer.status_code, answer.json()["code"]) == (403, "not-routed")
    await post(app, callers, settlement(number))

    async def routed() -> bool:
        answer = await app.get(f"/v1/households/{household_id}", headers=callers.yibao)
        return answer.status_code == 200

    await eventually(routed)
    listed = await app.get("/v1/households?limit=500", headers=callers.yibao)
    assert household_id in [row["household_id"] for row in listed.json()]
    jiaoyu = callers.of("jiaoyu", "households:read", department="jiaoyu")
    assert (await app.get(f"/v1/households/{household_id}", headers=jiaoyu)).status_code == 403


async def test_lists_page_through_everything_and_fail_closed(
    app: httpx.AsyncClient, callers: Callers
) -> None:
    made = {(await registered(app, callers))[1] for _ in range(5)}
    seen: list[str] = []
    url: str | None = f"/v1/households?region={REGION}&limit=2"
    while url:
        answer = await app.get(url, headers=callers.registrar)
        seen += [row["household_id"] for row in answer.json()]
        url = answer.links["next"]["url"] if "next" in answer.links else None
    assert made <= set(seen)
    assert len(seen) == len(set(seen))
    answer = await app.get("/v1/households?village=x", headers=callers.registrar)
    assert (answer.status_code, answer.json()["code"]) == (400, "unknown-filter")
    answer = await app.get("/v1/households?stage=LOST", headers=callers.registrar)
    assert answer.status_code == 422


async def test_the_clock_can_be_set_where_that_is_allowed(
    app: httpx.AsyncClient, callers: Callers, runtime: Runtime
) -> None:
    setter = callers.staff("clock:set", "tester")
    moment = datetime(2031, 5, 1, tzinfo=UTC)
    try:
        answer = await app.put("/v1/clock", json={"now": moment.isoformat()}, headers=setter)
        assert answer.status_code == 200
        assert runtime.clock.now().year == 2031
    finally:
        await app.put("/v1/clock", json={"now": None}, headers=setter)
    assert runtime.clock.now().year != 2031
