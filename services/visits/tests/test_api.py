"""The service over HTTP, with what it hears on Kafka: what is due, who went, and every no."""

from dataclasses import dataclass
from datetime import date, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

import visits.domain
from common.auth import unguarded
from common.http import PUBLIC
from common.ids import new_id
from common.service import Runtime
from common.testing import Issuer, eventually
from contracts.envelope import Envelope
from services.visits.tests.given import (
    MOVED,
    NOW,
    VILLAGE,
    Tell,
    confirmed,
    registered,
    told,
)
from visits.refusals import REFUSALS

PERSON = "00000000-0000-0000-0000-00000000000b"


@dataclass
class Desk:
    """Somebody at work: a client with a token, and what is known to the service."""

    client: httpx.AsyncClient
    tokens: Issuer
    tell: Tell

    def bearer(self, scopes: str, **claims: Any) -> dict[str, str]:
        staff = {"department": "xiangzhen", "post": "VILLAGE_CADRE", "region": "441624108"}
        return self.tokens.bearer("town-pengzhai", scopes, **{**staff, **claims})

    async def get(self, path: str, region: str = "441624108", **filters: Any) -> httpx.Response:
        bearer = self.bearer("visits:read", region=region)
        return await self.client.get(path, params=filters, headers=bearer)

    async def post(
        self, body: Any, key: str | None = None, scopes: str = "visits:write", **claims: Any
    ) -> httpx.Response:
        headers = self.bearer(scopes, **claims)
        headers["Idempotency-Key"] = key or str(new_id())
        return await self.client.post("/v1/visits", json=body, headers=headers)

    async def duties(self, of: Envelope, kind: str = "MONTHLY_VISIT", **by: Any) -> list[Any]:
        by |= {"household_id": of.household_id, "obligation": kind}
        answer = await self.get("/v1/obligations", **by)
        assert answer.status_code == 200, answer.text
        found: list[Any] = answer.json()
        return found

    async def visits(self, household: Envelope, **filters: Any) -> httpx.Response:
        return await self.get(f"/v1/households/{household.household_id}/visits", **filters)

    async def household(self, **changes: Any) -> Envelope:
        """A household that visits has heard of."""
        first = registered(**changes)
        await self.tell(first)
        await eventually(lambda: self.knows(first, first.region))
        return first

    async def knows(self, household: Envelope, region: str) -> bool:
        """Whether the household is one of the area."""
        return (await self.visits(household, region=region)).status_code == 200

    async def monitored(self, on: date = date(2024, 4, 8), **changes: Any) -> Envelope:
        """One that is due for a visit."""
        first = registered(**changes)
        await self.tell(first, confirmed(first, on))
        await eventually(lambda: self.duties(first))
        return first


@pytest.fixture
def desk(client: httpx.AsyncClient, tokens: Issuer, tell: Tell) -> Desk:
    """Town staff at work."""
    return Desk(client, tokens, tell)


def body(household: Envelope, **changes: Any) -> dict[str, Any]:
    """A village cadre's visit at home, on 12 April."""
    visit: dict[str, Any] = {
        "visit_id": str(new_id()),
        "household_id": str(household.household_id),
        "visited_at": "2024-04-12T10:00:00+08:00",
        "mode": "IN_PERSON_AT_HOME",
        "visitors": [{"person_id": PERSON, "post": "VILLAGE_CADRE"}],
        "purposes": ["ROUTINE"],
        "photo_hashes": ["0" * 64],
    }
    return {**visit, **changes}


def recorded(answer: httpx.Response) -> list[str]:
    """The types in a receipt."""
    assert answer.status_code == 201, answer.text
    return [event["type"] for event in answer.json()["events"]]


def problem(answer: httpx.Response) -> dict[str, Any]:
    """A refusal, in both languages and with every blank filled."""
    assert answer.headers["content-type"] == "application/problem+json"
    found: dict[str, Any] = answer.json()
    assert "{" not in found["title"] + found["title_en"]
    return found


async def test_A23_a_confirmation_heard_on_kafka_opens_a_duty_and_a_posted_visit_fulfils_it(
    desk: Desk, runtime: Runtime
) -> None:
    household = await desk.monitored()
    (duty,) = await desk.duties(household, status="OPEN")
    assert (duty["obligation"], duty["due_on"]) == ("MONTHLY_VISIT", "2024-04-30")
    assert (duty["fulfilled_by"], duty["fulfilled_on"]) == (None, None)

    visit = body(household)
    assert recorded(await desk.post(visit)) == ["HouseholdVisited", *["ObligationFulfilled"] * 2]
    assert await desk.duties(household, status="OPEN") == []
    (duty,) = await desk.duties(household, status="FULFILLED")
    assert (duty["fulfilled_by"], duty["fulfilled_on"]) == (visit["visit_id"], "2024-04-12")
    (shown,) = (await desk.visits(household)).json()
    assert shown == {
        **visit,
        "visited_at": "2024-04-12T02:00:00Z",
        "visited_on": "2024-04-12",
        "backfilled": True,
    }

    async def published() -> bool:
        return not await runtime.pool.fetchval("select count(*) from es.outbox")

    await eventually(published)


async def test_the_verification_visit_fulfils_the_duty_of_a_later_confirmation(desk: Desk) -> None:
    household = await desk.household()
    visit = body(household, purposes=["VERIFICATION"], visited_at="2024-04-03T10:00:00+08:00")
    assert recorded(await desk.post(visit)) == ["HouseholdVisited"]
    await desk.tell(confirmed(household))
    (duty,) = await eventually(lambda: desk.duties(household))
    assert (duty["status"], duty["fulfilled_by"]) == ("FULFILLED", visit["visit_id"])


async def test_A27_a_phone_call_is_recorded_and_fulfils_nothing(desk: Desk) -> None:
    household = await desk.monitored()
    assert recorded(await desk.post(body(household, mode="PHONE"))) == ["HouseholdVisited"]
    assert len(await desk.duties(household, status="OPEN")) == 1


async def test_S1_1_04_a_household_that_is_not_monitored_may_be_visited(desk: Desk) -> None:
    household = await desk.household()
    assert recorded(await desk.post(body(household))) == ["HouseholdVisited"]
    assert await desk.duties(household) == []


async def test_the_same_upload_twice_has_the_same_answer(desk: Desk) -> None:
    visit, key = body(await desk.monitored()), str(new_id())
    first, second = await desk.post(visit, key), await desk.post(visit, key)
    assert (first.status_code, first.content) == (second.status_code, second.content)
    assert "idempotency-replayed" not in first.headers
    assert second.headers["idempotency-replayed"] == "true"
    other = await desk.post({**visit, "mode": "PHONE"}, key)
    assert (other.status_code, problem(other)["code"]) == (422, "idempotency-key-reused")


async def test_the_same_visit_under_another_key_records_nothing(desk: Desk) -> None:
    household = await desk.monitored()
    visit = body(household)
    await desk.post(visit)
    assert recorded(await desk.post(visit)) == []
    assert len((await desk.visits(household)).json()) == 1


async def test_an_id_names_one_visit_in_one_household(desk: Desk) -> None:
    visit, elsewhere = body(await desk.household()), await desk.household()
    await desk.post(visit)
    for change in ({"mode": "VIDEO"}, {"household_id": str(elsewhere.household_id)}):
        answer = await desk.post({**visit, **change})
        assert (answer.status_code, problem(answer)["code"]) == (409, "visit-id-reused")
    assert (await desk.visits(elsewhere)).json() == []


async def test_a_household_that_was_never_registered_cannot_be_visited(desk: Desk) -> None:
    for answer in (await desk.post(body(registered())), await desk.visits(registered())):
        assert (answer.status_code, problem(answer)["code"]) == (404, "household-not-known")


@pytest.mark.parametrize(
    ("change", "status", "code", "pointer"),
    [
        ({"weather": "rain"}, 422, "invalid", "/weather"),
        ({"visited_at": "2024-04-12T10:00:00"}, 422, "invalid", "/visited_at"),
        ({"visited_at": "0001-01-01T00:00:00+14:00"}, 422, "invalid", "/visited_at"),
        ({"visited_at": "9999-12-31T23:59:59-12:00"}, 422, "invalid", "/visited_at"),
        ({"mode": "TELEPATHY"}, 422, "invalid", "/mode"),
        ({"purposes": []}, 422, "invalid", "/purposes"),
        ({"photo_hashes": ["a,b"]}, 422, "invalid", "/photo_hashes/0"),
        ({"visit_id": "first"}, 422, "invalid", "/visit_id"),
        ({"visitors": [{"person_id": PERSON}]}, 422, "invalid", "/visitors/0/post"),
        ({"visitors": []}, 422, "visitor-needed", None),
        ({"visited_at": "2024-05-01T10:00:00+08:00"}, 422, "visit-in-future", None),
    ],
)
async def test_bad_input_is_named_where_it_is(
    desk: Desk, change: dict[str, Any], status: int, code: str, pointer: str | None
) -> None:
    answer = await desk.post({**body(await desk.household()), **change})
    found = problem(answer)
    assert (answer.status_code, found["code"]) == (status, code)
    assert [e["pointer"] for e in found.get("errors", [])] == ([pointer] if pointer else [])


async def test_a_key_is_needed(desk: Desk) -> None:
    answer = await desk.client.post(
        "/v1/visits", json=body(await desk.household()), headers=desk.bearer("visits:write")
    )
    assert (answer.status_code, problem(answer)["code"]) == (400, "idempotency-key-missing")


async def test_who_may_write_and_read(desk: Desk) -> None:
    household = await desk.household()
    path = f"/v1/households/{household.household_id}/visits"
    answers = [
        (await desk.client.post("/v1/visits", json=body(household)), 401, "unauthenticated"),
        (await desk.post(body(household), scopes="visits:read"), 403, "forbidden"),
        (await desk.post(body(household), region="441624108202"), 403, "outside-region"),
        (await desk.post(body(household), region=""), 403, "outside-region"),
        (await desk.get(path, region="441624109"), 403, "outside-region"),
        (await desk.get("/v1/obligations", region=""), 403, "outside-region"),
        (await desk.client.get(path, headers=desk.bearer("visits:write")), 403, "forbidden"),
    ]
    for answer, status, code in answers:
        assert (answer.status_code, problem(answer)["code"]) == (status, code)
    assert (await desk.visits(household)).json() == []


async def test_a_village_sees_its_own_duties(desk: Desk) -> None:
    household = await desk.monitored()
    by = {"household_id": household.household_id, "obligation": "MONTHLY_VISIT"}
    assert len((await desk.get("/v1/obligations", region="441624108201", **by)).json()) == 1
    assert (await desk.get("/v1/obligations", region="441624108202", **by)).json() == []


@pytest.mark.parametrize("went", [False, True])
async def test_T19_an_open_duty_moves_with_its_household_and_one_that_was_fulfilled_stays(
    desk: Desk, went: bool
) -> None:
    first = registered()
    monitored = confirmed(first)
    await desk.tell(first, monitored)
    await eventually(lambda: desk.duties(first))
    if went:
        await desk.post(body(first))
    await desk.tell(told(MOVED, monitored))
    await eventually(lambda: desk.knows(first, MOVED.to_region))
    old, new = [await desk.duties(first, region=area) for area in (VILLAGE, MOVED.to_region)]
    assert [duty["responsible_region"] for duty in old] == [VILLAGE] * went
    assert [duty["responsible_region"] for duty in new] == [MOVED.to_region] * (not went)
    if not went:  # then the new town does, and says so of a day before, too
        await desk.post(body(first, visited_at="2024-04-15T00:00:00+08:00"), region=MOVED.to_region)
        for area, found in ((VILLAGE, 0), (MOVED.to_region, 1)):
            assert len(await desk.duties(first, region=area, status="FULFILLED")) == found


async def test_T19_a_month_that_was_over_stays_with_the_town_that_had_to_go(desk: Desk) -> None:
    """It may still tell of a visit that it made until then (3.4: a visit counts by its day)."""
    first = registered()
    monitored = confirmed(first, date(2024, 3, 5))
    await desk.tell(first, monitored)
    await eventually(lambda: desk.duties(first))
    await desk.tell(told(MOVED, monitored))
    await eventually(lambda: desk.knows(first, MOVED.to_region))
    late = {"due_by": "2024-03-31"}
    assert await desk.duties(first, region=MOVED.to_region, **late) == []
    (duty,) = await desk.duties(first, region=VILLAGE, **late)
    assert (duty["responsible_region"], duty["status"]) == (VILLAGE, "OPEN")
    for at, status in (
        ("2024-04-15T00:00", 403),
        ("2024-04-14T23:59", 201),
        ("2024-03-30T09:00", 201),
    ):
        sent = body(first, visited_at=f"{at}:00+08:00")
        assert (await desk.post(sent, region=VILLAGE)).status_code == status
    (duty,) = await desk.duties(first, region=VILLAGE, **late)
    assert (duty["responsible_region"], duty["status"]) == (VILLAGE, "FULFILLED")


async def test_duties_are_found_by_deadline_page_by_page(desk: Desk) -> None:
    area = f"441624120{new_id().int % 900 + 100}"
    of_months = partial(desk.get, "/v1/obligations", region=area, obligation="MONTHLY_VISIT")
    for on in (date(2024, 3, 5), date(2024, 4, 5), date(2024, 4, 6)):
        await desk.tell(first := registered(region=area), confirmed(first, on))

    async def all_three() -> list[dict[str, Any]]:
        found: list[Any] = (await of_months()).json()
        return found if len(found) == 3 else []

    everything = await eventually(all_three)
    march = await of_months(due_by="2024-03-31")
    assert [duty["due_on"] for duty in march.json()] == ["2024-03-31"]
    seen: list[dict[str, Any]] = []
    path = "/v1/obligations?limit=2&obligation=MONTHLY_VISIT"
    for _ in range(2):
        answer = await desk.client.get(path, headers=desk.bearer("visits:read", region=area))
        seen += answer.json()
        path = answer.headers.get("link", "<>").partition(">")[0][1:]
    assert (seen, path) == (everything, "")


async def test_visits_are_read_latest_first_page_by_page(desk: Desk) -> None:
    household = await desk.household()
    days = ["2024-04-12", "2024-04-20", "2024-04-16", "2024-04-20", "2024-03-30"]
    for day in days:
        await desk.post(body(household, visited_at=f"{day}T07:00:00+08:00"))
    seen: list[str] = []
    path = f"/v1/households/{household.household_id}/visits?limit=2"
    while path:
        answer = await desk.client.get(path, headers=desk.bearer("visits:read"))
        seen += [visit["visited_on"] for visit in answer.json()]
        path = answer.headers.get("link", "<>").partition(">")[0][1:]
    assert seen == sorted(days, reverse=True)


@pytest.mark.parametrize(
    ("filters", "status", "code"),
    [
        ({"due_before": "2024-04-30"}, 400, "unknown-filter"),
        ({"status": "LATE"}, 422, "invalid"),
        ({"obligation": "YEARLY_VISIT"}, 422, "invalid"),
        ({"due_by": "soon"}, 422, "invalid"),
        ({"limit": 0}, 422, "invalid"),
        ({"limit": 501}, 422, "invalid"),
        ({"cursor": "next"}, 422, "invalid"),
        ({"region": "441624109"}, 403, "outside-region"),
    ],
)
async def test_filters_fail_closed(
    desk: Desk, filters: dict[str, Any], status: int, code: str
) -> None:
    answer = await desk.client.get(
        "/v1/obligations", params=filters, headers=desk.bearer("visits:read")
    )
    assert (answer.status_code, problem(answer)["code"]) == (status, code)


async def test_the_pages_of_one_household_do_not_lead_into_another(desk: Desk) -> None:
    household, other = await desk.household(), await desk.household()
    visit = body(other)
    await desk.post(visit)
    for cursor in (visit["visit_id"], new_id()):
        answer = await desk.visits(household, cursor=cursor)
        assert (answer.status_code, problem(answer)["code"]) == (400, "invalid-cursor")
    answer = await desk.visits(household, since="2024-04-01")
    assert (answer.status_code, problem(answer)["code"]) == (400, "unknown-filter")


async def test_a_visit_of_today_is_not_backfilled(desk: Desk) -> None:
    household = await desk.household()
    await desk.post(body(household, visited_at=(NOW - timedelta(hours=1)).isoformat()))
    (shown,) = (await desk.visits(household)).json()
    assert shown["backfilled"] is False


async def test_the_service_is_ready_and_describes_itself(
    client: httpx.AsyncClient, app: FastAPI
) -> None:
    assert (await client.get("/health/live")).status_code == 200
    assert (await client.get("/health/ready")).json() == {"status": "ready"}
    assert set((await client.get("/v1/catalogue")).json()) == {
        "visits.HouseholdScreened.v1",
        "visits.HouseholdVisited.v1",
        "visits.ObligationCancelled.v1",
        "visits.ObligationFulfilled.v1",
        "visits.ObligationOpened.v1",
        "visits.ScreeningVoided.v1",
        "visits.VisitVoided.v1",
    }
    assert unguarded(app, PUBLIC) == []
    described = (await client.get("/openapi.json")).json()
    assert {"/v1/visits", "/v1/obligations"} <= set(described["paths"])


def test_every_refusal_has_its_words() -> None:
    found = set[str]()
    for source in Path(visits.domain.__path__[0]).glob("*.py"):
        parts = source.read_text("utf-8").split('Refused("')[1:]
        found |= {part.partition('"')[0] for part in parts}
    assert found <= set(REFUSALS)
