"""The timeline over HTTP: what is told, who may ask, and how it pages."""

import base64
import json
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from hashlib import sha256
from typing import Any

import asyncpg
import httpx
import pytest
from fastapi import FastAPI

from audit.access.looks import STAFF
from common.testing import NOON, Issuer, envelope, history, household
from contracts.envelope import Actor, Envelope, chained

Hear = Callable[[Sequence[Envelope]], Awaitable[None]]

APPROVER = Actor(
    person="p-1",
    post="COUNTY_APPROVER",
    organisation="和平县乡村振兴局",
    department="xiangzhen",
    region="441624",
)


def timeline(number: int = 1, **query: Any) -> httpx.URL:
    return httpx.URL(f"/v1/households/{household(number)}/timeline", params=query)


async def test_an_event_is_told_in_both_languages_with_who_and_both_times(
    client: httpx.AsyncClient, hear: Hear
) -> None:
    approved = envelope(
        b'{"approved_on":"2024-06-01","procedure":"IDENTIFICATION","visit_only":false}',
        type="TownReviewApproved",
        household_id=household(1),
        occurred_at=NOON - timedelta(days=2),
        actor=APPROVER,
    )
    await hear([approved])
    answer = (await client.get(timeline())).json()
    (item,) = answer["items"]
    assert item["label"] == {"zh": "乡镇审核通过", "en": "Town review approved"}
    assert item["sentence"] == {
        "zh": "乡镇于2024-06-01审核通过（识别认定），仅凭入户核实：否",
        "en": "Approved by the town on 2024-06-01 (identification), by the visit alone: no",
    }
    assert item["who"]["organisation"] == "和平县乡村振兴局"
    assert item["who"]["post"] == {
        "code": "COUNTY_APPROVER",
        "zh": "县级审定人员",
        "en": "county approver",
    }
    assert (item["occurred_at"], item["recorded_at"]) == (
        "2024-06-01T04:00:00Z",
        "2024-06-03T04:00:00Z",
    )
    assert (item["late"], item["late_days"]) == (True, 2)
    assert item["hash"] == approved.hash.hex()
    assert answer["count"] == 1
    assert answer["timeline_hash"] == sha256(approved.hash).hexdigest()


@pytest.mark.parametrize(
    ("hours", "late", "days"),
    [(0, False, 0), (13, False, 1), (35, False, 1), (37, True, 2), (-24, False, 0)],
)
async def test_late_is_counted_in_business_dates(
    client: httpx.AsyncClient, hear: Hear, hours: int, late: bool, days: int
) -> None:
    occurred = NOON - timedelta(hours=hours)
    await hear([envelope(household_id=household(1), occurred_at=occurred)])
    (item,) = (await client.get(timeline())).json()["items"]
    assert (item["late"], item["late_days"]) == (late, days)
    for asked in (True, False):
        items = (await client.get(timeline(late=asked))).json()["items"]
        assert len(items) == (asked == late)


async def test_a_type_without_words_is_still_told(client: httpx.AsyncClient, hear: Hear) -> None:
    await hear([envelope(b"{}", service="assets", type="AssetTitled", household_id=household(1))])
    (item,) = (await client.get(timeline())).json()["items"]
    assert "AssetTitled" in item["sentence"]["zh"]
    assert "AssetTitled" in item["sentence"]["en"]


async def test_pages_follow_one_another_and_the_hash_is_over_all_of_it(
    client: httpx.AsyncClient, hear: Hear
) -> None:
    """Recorded all at once, in the middle of a second."""
    at = NOON + timedelta(microseconds=1)
    events = history(7, household_id=household(1), recorded_at=at)
    await hear(events)
    seen: list[str] = []
    answer = await client.get(timeline(limit=3))
    whole = answer.json()["timeline_hash"]
    assert answer.headers["link"].endswith('; rel="next"')
    for _ in events:
        body = answer.json()
        assert (body["timeline_hash"], body["count"]) == (whole, 7)
        seen += [item["hash"] for item in body["items"]]
        if body["next"] is None:
            break
        answer = await client.get(answer.links["next"]["url"])
    assert seen == [event.hash.hex() for event in events]
    assert "link" not in answer.headers


async def test_a_cursor_stays_valid_when_something_is_recorded(
    client: httpx.AsyncClient, hear: Hear
) -> None:
    events = history(4, household_id=household(1))
    await hear(events[:3])
    first = (await client.get(timeline(limit=2))).json()
    await hear(events[3:])
    rest = (await client.get(timeline(limit=2, cursor=first["next"]))).json()
    assert [item["version"] for item in rest["items"]] == [3, 4]


async def test_filters_by_service_and_type(client: httpx.AsyncClient, hear: Hear) -> None:
    one = household(1)
    await hear(
        [
            envelope(b"{}", household_id=one, type="A"),
            envelope(b"{}", household_id=one, type="B"),
            envelope(b"{}", household_id=one, type="A", service="visits"),
        ]
    )
    assert len((await client.get(timeline(service="visits"))).json()["items"]) == 1
    assert len((await client.get(timeline(type="A"))).json()["items"]) == 2
    found = (await client.get(timeline(service="identification", type="B"))).json()
    assert [item["type"] for item in found["items"]] == ["B"]
    assert found["count"] == 3


def sealed(*parts: object) -> str:
    """A cursor that we did not hand out."""
    return base64.urlsafe_b64encode(json.dumps(parts).encode()).decode().rstrip("=")


@pytest.mark.parametrize(
    ("query", "status", "code"),
    [
        ("?servce=visits", 400, "unknown-filter"),
        ("?limit=501", 422, "invalid"),
        ("?limit=0", 422, "invalid"),
        ("?cursor=nonsense", 400, "invalid-cursor"),
        ("?cursor=WyJhIl0", 400, "invalid-cursor"),
        ("?cursor=bnVsbA", 400, "invalid-cursor"),
        ("?cursor=%FF%00", 400, "invalid-cursor"),
        (f"?cursor={sealed('0001-01-01T00:00:00+14:00', 's', 's', 1)}", 400, "invalid-cursor"),
        (
            f"?cursor={sealed('2024-06-03T00:00:00+00:00', chr(0xD800), 's', 1)}",
            400,
            "invalid-cursor",
        ),
        ("?service=%00", 422, "invalid"),
        ("?department=a%00", 422, "invalid"),
    ],
)
async def test_a_wrong_question_is_refused(
    client: httpx.AsyncClient, hear: Hear, query: str, status: int, code: str
) -> None:
    await hear([envelope(household_id=household(1))])
    answer = await client.get(f"{timeline()}{query}")
    assert (answer.status_code, answer.json()["code"]) == (status, code)


async def test_access_needs_a_token_the_scope_and_the_area(
    client: httpx.AsyncClient, hear: Hear, tokens: Issuer
) -> None:
    await hear([envelope(household_id=household(1), region="441624108201")])
    for given, status in [
        ({"Authorization": ""}, 401),
        (tokens.bearer("yibao", "facts:write"), 403),
        (tokens.bearer("supervisor", "audit:read", department=STAFF, region="441624109"), 403),
        (tokens.bearer("supervisor", "audit:read", department=STAFF, region=""), 403),
        (tokens.bearer("supervisor", "audit:read", department=STAFF, region="441624108"), 200),
    ]:
        assert (await client.get(timeline(), headers=given)).status_code == status
    assert (await client.get(timeline(2))).status_code == 404
    assert (await client.get("/v1/households/17/timeline")).status_code == 422


async def test_a_household_that_moved_away_is_seen_by_its_new_area_only(
    client: httpx.AsyncClient, hear: Hear, tokens: Issuer
) -> None:
    first = envelope(household_id=household(1), region="441624108201")
    moved = chained(
        envelope(b"{}", prev=first, region="441624109201", recorded_at=NOON + timedelta(days=1)),
        first.hash,
    )
    await hear([first, moved])
    old = tokens.bearer("supervisor", "audit:read", department=STAFF, region="441624108")
    new = tokens.bearer("supervisor", "audit:read", department=STAFF, region="441624109")
    assert (await client.get(timeline(), headers=old)).status_code == 403
    assert (await client.get(timeline(), headers=new)).json()["count"] == 2


async def test_households_are_listed_by_area_within_the_callers_own(
    client: httpx.AsyncClient, hear: Hear, tokens: Issuer
) -> None:
    regions = {1: "441624108201", 2: "441624108202", 3: "441624109201", 4: "441625100200"}
    await hear(
        [envelope(household_id=household(n), region=region) for n, region in regions.items()]
    )
    everything = (await client.get("/v1/households")).json()
    assert [item["region"] for item in everything["items"]] == list(regions.values())[:3]
    town = (await client.get("/v1/households?region=441624108&limit=1")).json()
    assert [item["household_id"] for item in town["items"]] == [str(household(1))]
    rest = (await client.get(f"/v1/households?region=441624108&cursor={town['next']}")).json()
    assert [item["household_id"] for item in rest["items"]] == [str(household(2))]
    assert rest["next"] is None
    assert (await client.get("/v1/households?region=441625")).status_code == 403
    assert (await client.get("/v1/households?region=44%25")).status_code == 422
    assert (await client.get("/v1/households?cursor=WyJhIl0")).status_code == 400


async def test_what_is_parked_of_a_household_is_counted(
    client: httpx.AsyncClient, hear: Hear, pool: asyncpg.Pool
) -> None:
    events = history(4, household_id=household(1))
    await hear([events[0], events[2], events[3]])
    answer = (await client.get(timeline())).json()
    assert (answer["count"], answer["parked"]) == (1, 2)
    await hear([events[1]])
    answer = (await client.get(timeline())).json()
    assert (answer["count"], answer["parked"]) == (4, 0)


async def test_the_hash_over_all_households_changes_with_every_event(
    client: httpx.AsyncClient, hear: Hear
) -> None:
    empty = (await client.get("/v1/timeline/hash")).json()
    assert empty == {"count": 0, "hash": sha256().hexdigest()}
    event = envelope(household_id=household(1))
    await hear([event])
    one = sha256(str(household(1)).encode() + b"\0" + sha256(event.hash).digest())
    assert (await client.get("/v1/timeline/hash")).json() == {"count": 1, "hash": one.hexdigest()}


async def test_readiness_says_that_the_timeline_is_gone(
    client: httpx.AsyncClient, app: FastAPI, pool: asyncpg.Pool
) -> None:
    assert (await client.get("/health/ready")).status_code == 200
    await pool.execute("drop table read.timeline")
    answer = await client.get("/health/ready")
    assert answer.status_code == 503
    assert "make rebuild" in answer.json()["why"]["timeline"]
