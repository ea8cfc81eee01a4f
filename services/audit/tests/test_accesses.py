"""Who looked at a household: of every service, the latest first, for those who oversee."""

import html
import json
import re
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

import asyncpg
import httpx
import pytest
from fastapi import FastAPI

from audit import verify
from audit.access.looks import BADGE, STAFF, TASK, USUAL
from audit.meaning.words import PURPOSES
from common.testing import NOON, Issuer, envelope, household
from contracts.envelope import Actor, Envelope
from services.audit.tests.test_pages import Checked

Hear = Callable[[Sequence[Envelope]], Awaitable[None]]
Own = Callable[[], Awaitable[None]]

ONE = f"/v1/households/{household(1)}"
LOG = f"{ONE}/accesses"
PAGE = f"/households/{household(1)}"
STREAM = f"access-to-household-{household(1)}"
BOTH = "audit:read access:read"


def elsewhere(payload: bytes, type_: str, version: int, minutes: int, **actor: str) -> Envelope:
    """A look that identification recorded, by somebody in the town."""
    who = {"person": "p1", "post": "TOWN_REVIEWER", "organisation": "彭寨镇人民政府"}
    at = NOON + timedelta(minutes=minutes)
    return envelope(
        payload,
        type=type_,
        stream=STREAM,
        version=version,
        household_id=household(1),
        occurred_at=at,
        recorded_at=at,
        actor=Actor(**{**who, "department": STAFF, "region": "441624108", **actor}),
    )


@pytest.fixture
async def looked(client: httpx.AsyncClient, hear: Hear, own: Own, tokens: Issuer) -> None:
    """A reveal and, when the day is just over, a refusal in identification; then a look and a refusal in
    audit."""
    reveal = elsewhere(b'{"purpose":"VISIT"}', "PersonalDataRevealed", 1, 0)
    refusal = elsewhere(b'{"denial":"NOT_ROUTED"}', "AccessRefused", 2, 720, department="yibao")
    await hear([envelope(household_id=household(1)), reveal])
    await hear([envelope(refusal.data, prev=reveal, **_changes(refusal))])
    await client.get(f"{ONE}/timeline", headers={"Access-Purpose": "complaint 17"})
    outside = tokens.bearer("elsewhere", BOTH, department=STAFF, region="441624109")
    await client.get(f"{ONE}/timeline", headers=outside)
    await own()


def _changes(event: Envelope) -> dict[str, Any]:
    names = ("type", "occurred_at", "recorded_at", "actor")
    return {name: getattr(event, name) for name in names}


def told(item: dict[str, Any]) -> tuple[str | None, str | None, bool, str | None]:
    """What was shown, what for, and whether and why it was refused, in English."""
    words = {n: item[n]["en"] if item[n] else None for n in ("shown", "purpose", "refusal")}
    return words["shown"], words["purpose"], item["refused"], words["refusal"]


async def test_purposes_that_nobody_stated_are_told_in_the_readers_language(
    client: httpx.AsyncClient, hear: Hear, own: Own, app: FastAPI, tokens: Issuer
) -> None:
    """And what a page takes to verify it is recorded alike, whatever the language of the page."""
    await hear(
        [envelope(b'{"risk_types":["ILLNESS"]}', type="RiskDetected", household_id=household(1))]
    )
    await app.state.keeper.keep(NOON)
    del client.headers["Access-Purpose"]
    page = (await client.get(f"{PAGE}?lang=en")).text
    file = re.search('data-dossier="([^"]+)"', page)
    assert file
    await client.get(html.unescape(file[1]))
    yibao = tokens.bearer("yibao", "audit:read", department="yibao")
    await client.get(f"{ONE}/timeline", headers=yibao)
    await own()
    purposes = [item["purpose"] for item in (await client.get(LOG)).json()["items"]]
    assert purposes == [
        {"zh": "办理本部门任务", "en": "a department's task"},
        {"zh": "浏览器自动核验", "en": "verified by the browser by itself"},
        {"zh": "监督检查", "en": "supervision"},
    ]
    assert (
        '<td data-label="Purpose">supervision</td>'
        in (await client.get(f"{PAGE}/accesses?lang=en")).text
    )
    assert {USUAL, TASK, BADGE} == PURPOSES.keys()


async def test_looks_of_every_service_are_told_with_what_was_shown_what_for_and_the_outcome(
    client: httpx.AsyncClient, looked: None
) -> None:
    answer = (await client.get(LOG)).json()
    assert [told(item) for item in answer["items"]] == [
        ("the timeline", None, True, "outside the caller's area"),
        ("the timeline", "complaint 17", False, None),
        (None, None, True, "not routed to the department"),
        (None, "visit", False, None),
    ]
    look, reveal = answer["items"][1], answer["items"][3]
    assert (look["service"], look["who"]["post"]["en"]) == ("audit", "supervisor")
    assert look["region"] == "441624108201"
    assert reveal["label"]["zh"] == "查看个人信息"
    assert reveal["who"]["organisation"] == "彭寨镇人民政府"
    assert reveal["who"]["area"]["zh"] == "彭寨镇"
    assert datetime.fromisoformat(reveal["looked_at"]) == NOON
    assert answer["next"] is None


async def test_pages_follow_one_another(
    client: httpx.AsyncClient, hear: Hear, looked: None
) -> None:
    """Also between two looks of one moment."""
    await hear([envelope(service="visits", stream=STREAM, household_id=household(1))])
    every = [item["event_id"] for item in (await client.get(LOG)).json()["items"]]
    found, address = [], f"{LOG}?limit=4"
    for length in (4, 1):
        answer = await client.get(address)
        found += [item["event_id"] for item in answer.json()["items"]]
        assert len(answer.json()["items"]) == length
        address = f"{LOG}?limit=4&cursor={answer.json()['next']}"
    assert found == every
    assert (await client.get(f"{LOG}?limit=5")).json()["next"] is None


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("refused=true", [0, 2]),
        ("refused=false", [1, 3]),
        ("department=yibao", [2]),
        ("department=yibao&refused=false", []),
        ("until=2024-06-03", [3]),
        ("since=2024-06-04", [0, 1, 2]),
        ("since=2024-06-03&until=2024-06-04", [2, 3]),
        ("until=2024-06-03T04:00:00Z", [3]),
        ("since=2024-06-03T16:00:00Z", [0, 1, 2]),
        ("since=&until=&department=", [0, 1, 2, 3]),
    ],
)
async def test_filters_leave_what_was_asked_for(
    client: httpx.AsyncClient, looked: None, query: str, found: list[int]
) -> None:
    every = [item["event_id"] for item in (await client.get(LOG)).json()["items"]]
    some = [item["event_id"] for item in (await client.get(f"{LOG}?{query}")).json()["items"]]
    assert some == [every[n] for n in found]


@pytest.mark.parametrize("query", ["colour=red", "cursor=x", "since=yesterday"])
async def test_filters_fail_closed(client: httpx.AsyncClient, looked: None, query: str) -> None:
    answer = await client.get(f"{LOG}?{query}")
    assert answer.status_code == 400
    assert "items" not in answer.json()


async def test_whoever_reads_who_looked_is_recorded_too(
    client: httpx.AsyncClient, looked: None, own: Own
) -> None:
    await client.get(LOG, headers={"Access-Purpose": "who asked"})
    await own()
    first = (await client.get(LOG)).json()["items"][0]
    assert told(first) == ("the access log", "who asked", False, None)


@pytest.mark.parametrize(
    ("scopes", "department", "region", "code"),
    [
        ("audit:read", STAFF, "441624", "forbidden"),
        (BOTH, STAFF, "441624109", "outside-region"),
        (BOTH, "jiaoyu", "441624", "not-routed"),
    ],
)
async def test_who_looked_is_for_those_who_oversee(
    client: httpx.AsyncClient,
    looked: None,
    pool: asyncpg.Pool,
    tokens: Issuer,
    scopes: str,
    department: str,
    region: str,
    code: str,
) -> None:
    asking = tokens.bearer("somebody", scopes, department=department, region=region)
    answer = await client.get(LOG, headers=asking)
    assert (answer.status_code, answer.json()["code"]) == (403, code)
    last = await pool.fetchval("select data from es.events order by position desc limit 1")
    assert json.loads(last)["shown"] == "ACCESSES"
    for other in (f"{PAGE}/accesses", f"{LOG}/dossier"):
        assert (await client.get(other, headers=asking)).status_code == 403


@pytest.mark.parametrize("path", ["/v1/accesses", "/accesses"])
async def test_who_looked_at_lists_takes_a_scope_of_its_own(
    client: httpx.AsyncClient, tokens: Issuer, path: str
) -> None:
    for scopes, status in (("audit:read", 403), ("access:read", 200)):
        reader = tokens.bearer("somebody", scopes, department=STAFF)
        assert (await client.get(path, headers=reader)).status_code == status


async def test_people_read_it_on_a_page_of_its_own_and_find_it_from_the_households(
    client: httpx.AsyncClient, looked: None
) -> None:
    home = (await client.get(PAGE)).text
    assert f'hx-get="{PAGE}/accesses"' in home
    page = (await client.get(f"{PAGE}/accesses")).text
    for said in (
        "谁看过",
        "complaint 17",
        "被拒绝",
        "不在负责区域内",
        "入户走访",
        "彭寨镇人民政府",
    ):
        assert said in page
    english = (await client.get(f"{PAGE}/accesses?lang=en&refused=true")).text
    assert "Who looked" in english
    assert "complaint 17" not in english
    assert "没有符合条件" in (await client.get(f"{PAGE}/accesses?department=canlian")).text


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("", None),
        ("department=&since=&until=", None),
        ("refused=true&department=yibao", "部门：医疗保障部门；被拒绝的"),
        ("refused=false", "未被拒绝的"),
        ("since=2024-06-03&until=2024-06-04", "自（含当日）：2024-06-03；至（含当日）：2024-06-04"),
        ("since=2024-06-03T04:00:00Z&lang=en", "From: 2024-06-03 12:00"),
        ("department=<b>&lang=en", "Department: <b>"),
    ],
)
@pytest.mark.parametrize("path", [f"{PAGE}/accesses", "/accesses"])
async def test_the_page_says_in_words_what_it_is_narrowed_to(
    client: httpx.AsyncClient, looked: None, path: str, query: str, said: str | None
) -> None:
    page = (await client.get(f"{path}?{query}")).text
    Checked(page)
    found = re.search('<p class="narrowed">(.*?) <a href="([^"]+)"', page)
    if said is None:
        assert not found
        assert 'type="checkbox" value="true" checked' not in page
        return
    assert found
    words = html.unescape(re.sub("<[^>]+>", "", found[1]))
    assert words.partition("：" if "lang=en" not in query else ": ")[2] == said
    assert found[2] == path + ("?lang=en" if "lang=en" in query else "")
    assert ("checked" in page) == ("refused=true" in query)


async def test_the_area_is_said_where_it_is_not_the_callers_own(
    client: httpx.AsyncClient, looked: None
) -> None:
    page = (await client.get("/accesses?region=441624108&department=canlian")).text
    assert "仅显示：名单区域：<strong>彭寨镇</strong>；部门：<strong>残疾人联合会</strong>" in page
    assert "没有符合条件的查看记录" in page


async def test_the_log_of_looks_is_a_file_that_the_verifier_verifies(
    client: httpx.AsyncClient, looked: None, app: FastAPI, pool: asyncpg.Pool
) -> None:
    await app.state.keeper.keep(NOON)
    assert (await client.get(f"{LOG}/dossier", headers={"Access-Purpose": ""})).status_code == 422
    answer = await client.get(f"{LOG}/dossier")
    dossier = answer.json()
    assert dossier["key"] == STREAM
    assert [json.loads(event["data"])["shown"] for event in dossier["events"]] == ["TIMELINE"] * 2
    keys = [verify.key_of(app.state.keeper.signer.vkey)]
    assert verify.verify(verify.Dossier(dossier, keys, [], None))[0] == verify.VERIFIED
    dossier["events"][0]["data"] = dossier["events"][1]["data"]
    assert verify.verify(verify.Dossier(dossier, keys, [], None))[0] == verify.INVALID
    last = await pool.fetchval("select type from es.events order by position desc limit 1")
    assert last == "HouseholdExported"


async def test_looks_at_lists_are_told_by_area(
    client: httpx.AsyncClient, looked: None, own: Own, tokens: Issuer
) -> None:
    await client.get("/?region=441624108")
    await client.get("/v1/households?region=441624109")
    yibao = tokens.bearer("yibao", BOTH, department="yibao")
    assert (await client.get("/v1/households", headers=yibao)).status_code == 403
    await own()
    every = (await client.get("/v1/accesses")).json()
    assert [(told(item)[0], item["region"], item["refused"]) for item in every["items"]] == [
        ("the list of households", "441624", True),
        ("the list of households", "441624109", False),
        ("the villages and their households", "441624108", False),
    ]
    town = (await client.get("/v1/accesses?region=441624108")).json()
    assert [item["region"] for item in town["items"]] == ["441624108"]
    refused = (await client.get("/v1/accesses?refused=true&limit=1")).json()
    assert [item["who"]["department"]["code"] for item in refused["items"]] == ["yibao"]
    assert (await client.get("/v1/accesses", headers=yibao)).status_code == 403
    assert (await client.get("/v1/accesses?region=441625")).status_code == 403
    assert (await client.get("/v1/accesses?colour=red")).status_code == 400
    await own()
    last = (await client.get("/v1/accesses?refused=false&limit=1")).json()["items"]
    assert told(last[0])[0] == "the access log"


async def test_people_read_who_looked_at_lists_on_a_page_that_the_overview_leads_to(
    client: httpx.AsyncClient, looked: None, own: Own, tokens: Issuer
) -> None:
    await client.get("/?region=441624108", headers={"Access-Purpose": "spring check"})
    town = tokens.bearer("town", BOTH, department=STAFF, region="441624109")
    assert (await client.get("/county", headers=town)).status_code == 200
    assert (await client.get("/county", headers=tokens.bearer("yibao", BOTH))).status_code == 403
    await own()
    assert 'href="/accesses?region=441624"' in (await client.get("/county")).text
    reader = tokens.bearer("supervisor", "audit:read", department=STAFF)
    assert "/accesses" not in (await client.get("/county", headers=reader)).text
    page = (await client.get("/accesses")).text
    Checked(page)
    for said in ("谁看过名单", "spring check", "全域总览", "被拒绝", "合水镇"):
        assert said in page
    english = (await client.get("/accesses?lang=en&refused=true")).text
    assert "Who looked at lists" in english
    assert "spring check" not in english
    ours = (await client.get("/accesses", headers=town)).text
    assert ours.count("<tr>") == 2
    assert "spring check" not in ours
    assert "彭寨镇" not in ours
    assert (await client.get("/accesses?region=441624108", headers=town)).status_code == 403


async def test_who_looked_at_lists_goes_on_behind_a_link(
    client: httpx.AsyncClient, own: Own
) -> None:
    for n in range(103):
        await client.get("/v1/households", headers={"Access-Purpose": f"look {n:03d}"})
    await own()
    first = (await client.get("/accesses?refused=false")).text
    following = re.search(r'rel="next" href="([^"]+)"', first)
    assert following
    assert "refused=false" in html.unescape(following[1])
    rest = (await client.get(html.unescape(following[1]))).text
    found = re.findall(r"look \d{3}", first + rest)
    assert found == [f"look {n:03d}" for n in reversed(range(103))]
    assert len(re.findall(r"look \d{3}", rest)) == 3


async def test_erasing_a_person_leaves_who_looked_as_it_was(
    client: httpx.AsyncClient, looked: None, hear: Hear
) -> None:
    before = (await client.get(LOG)).json()["items"]
    erased = {"household_id": str(household(1)), "person_id": str(household(7))}
    event = envelope(
        json.dumps({**erased, "reason": "PURPOSE_ENDED", "erased_on": "2024-06-04"}).encode(),
        type="PersonalDataErased",
        household_id=household(1),
    )
    await hear([event])
    assert (await client.get(LOG)).json()["items"] == before
