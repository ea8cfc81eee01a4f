"""The duties of a quarter over HTTP: one visit for two of them, the secretary's rounds, and how many were visited."""

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import httpx
import pytest

from common.ids import new_id
from common.service import Runtime
from common.testing import eventually
from contracts.codes import Category
from contracts.envelope import Envelope
from services.visits.tests.given import MOVED, confirmed, registered, told
from services.visits.tests.test_api import Desk, body, desk, problem, recorded
from visits import figures

__all__ = ["desk"]  # a fixture

FIRST, SECRETARY = "QUARTER_FIRST_MONTH_VISIT", "SECRETARY_QUARTERLY_VISIT"
ROUND = {"purposes": ["SECRETARY_ROUND"]}


def went(post: str) -> list[dict[str, str]]:
    """One visitor in this post."""
    return [{"person_id": str(UUID(int=13)), "post": post}]


async def covered(desk: Desk, region: str, obligation: str, on: str) -> dict[str, Any]:
    answer = await desk.get("/v1/obligations/coverage", region=region, obligation=obligation, on=on)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def test_A23_one_visit_fulfils_the_month_and_the_first_month_and_the_secretary_is_still_to_come(
    desk: Desk,
) -> None:
    household = await desk.monitored()
    visit = body(household)
    assert recorded(await desk.post(visit)) == ["HouseholdVisited", *["ObligationFulfilled"] * 2]
    for kind in ("MONTHLY_VISIT", FIRST):
        (duty,) = await desk.duties(household, kind)
        assert (duty["obligation"], duty["fulfilled_by"]) == (kind, visit["visit_id"])
        assert (duty["period_from"], duty["due_on"]) == ("2024-04-01", "2024-04-30")
    (duty,) = await desk.duties(household, SECRETARY)
    assert (duty["status"], duty["period_from"], duty["due_on"]) == (
        *("OPEN", "2024-04-01", "2024-06-30"),
    )
    sent = body(household, visitors=went("TOWN_PARTY_SECRETARY"), **ROUND)
    assert recorded(await desk.post(sent)) == ["HouseholdVisited", "ObligationFulfilled"]
    (duty,) = await desk.duties(household, SECRETARY)
    assert (duty["status"], duty["fulfilled_by"]) == ("FULFILLED", sent["visit_id"])


async def test_S1104_a_formerly_poor_household_is_due_as_the_quarter_begins_and_visited_in_its_month(
    desk: Desk,
) -> None:
    recorded_at = datetime(2024, 3, 5, 4, tzinfo=UTC)
    household = await desk.household(category=Category.FORMERLY_POOR, recorded_at=recorded_at)
    (duty,) = await eventually(lambda: desk.duties(household, FIRST), within=20)
    assert (duty["status"], duty["due_on"]) == ("OPEN", "2024-04-30")
    by_phone = body(household, mode="PHONE")
    assert recorded(await desk.post(by_phone)) == ["HouseholdVisited"]
    from_the_county = body(household, visitors=went("COUNTY_OFFICER"))
    assert recorded(await desk.post(from_the_county)) == ["HouseholdVisited"]
    assert recorded(await desk.post(body(household)))[1:] == ["ObligationFulfilled"]
    assert await desk.duties(household) == await desk.duties(household, SECRETARY) == []


async def test_A25_S1108_the_secretary_visited_nine_of_ten_and_the_deputy_the_tenth(
    desk: Desk,
) -> None:
    """The first quarter of 2024; on the last day of April it is over."""
    area = f"441624121{new_id().int % 900 + 100}"
    households = [registered(region=area) for _ in range(10)]
    late = registered(region=area)  # 27 days of the quarter: not due
    monitored = [confirmed(one, date(2024, 1, 10)) for one in households]
    await desk.tell(*households, *monitored, late, confirmed(late, date(2024, 3, 5)))

    async def all_ten() -> bool:
        return bool((await covered(desk, area, SECRETARY, "2024-02-01"))["due"] == 10)

    await eventually(all_ten, within=20)
    said = await covered(desk, area, SECRETARY, "2024-03-31")
    assert (said["fulfilled"], said["breached"], said["percent"]) == (0, 10, "0.00")
    for number, household in enumerate(households):
        post = "TOWN_PARTY_SECRETARY" if number < 9 else "TOWN_CADRE"
        for day in ("2024-02-20", "2024-03-30"):  # a second round counts once
            sent = body(household, visitors=went(post), visited_at=f"{day}T10:00:00+08:00")
            assert (await desk.post(sent, region=area)).status_code == 201
    assert await covered(desk, area, SECRETARY, "2024-03-31") == {
        "obligation": SECRETARY,
        "region": area,
        "period_from": "2024-01-01",
        "period_to": "2024-03-31",
        "due": 10,
        "fulfilled": 9,
        "breached": 1,
        "percent": "90.00",
    }
    now = await covered(desk, area, SECRETARY, "2024-04-30")
    assert (now["period_to"], now["breached"]) == ("2024-06-30", 0)  # it is not over
    answer = await desk.get(
        "/v1/obligations", region=area, obligation=SECRETARY, status="OPEN", due_by="2024-03-31"
    )
    assert [duty["household_id"] for duty in answer.json()] == [str(households[9].household_id)]


async def test_S1104_of_a_later_month_the_first_month_of_its_quarter_is_told(desk: Desk) -> None:
    said = await covered(desk, "441624108201", FIRST, "2023-12-31")
    assert (said["period_from"], said["period_to"]) == ("2023-10-01", "2023-10-31")
    assert (said["due"], said["percent"]) == (0, "100.00")


async def test_T19_S1108_a_household_that_moved_is_counted_where_it_was_when_it_was_visited(
    desk: Desk,
) -> None:
    old = f"441624122{new_id().int % 900 + 100}"
    first = registered(region=old)
    monitored = confirmed(first)
    await desk.tell(first, monitored)
    await eventually(lambda: desk.duties(first, SECRETARY, region=old))
    sent = body(first, visitors=went("TOWN_PARTY_SECRETARY"))
    assert (await desk.post(sent, region=old)).status_code == 201
    await desk.tell(told(replace(MOVED, from_region=old), monitored))
    await eventually(lambda: desk.knows(first, MOVED.to_region))
    said = await covered(desk, old, SECRETARY, "2024-04-30")
    assert (said["due"], said["fulfilled"]) == (1, 1)


async def test_A30_a_visit_that_had_fulfilled_every_type_is_voided_and_all_are_due_again(
    desk: Desk,
) -> None:
    household = await desk.monitored()
    made = body(household, visitors=went("TOWN_PARTY_SECRETARY"))
    assert recorded(await desk.post(made))[1:] == ["ObligationFulfilled"] * 3
    form = {
        "household_id": str(household.household_id),
        "reason": "FABRICATED",
        "requested_by": str(UUID(int=12)),
    }
    done = await desk.client.post(
        f"/v1/visits/{made['visit_id']}/voiding",
        json=form,
        headers={**desk.bearer("visits:void"), "Idempotency-Key": str(new_id())},
    )
    assert recorded(done) == ["VisitVoided", *["ObligationOpened"] * 3]
    for kind in ("MONTHLY_VISIT", FIRST, SECRETARY):
        (duty,) = await desk.duties(household, kind)
        assert (duty["status"], duty["fulfilled_by"]) == ("OPEN", None)


async def test_S1108_the_coverage_is_for_who_reads_visits_of_its_area(desk: Desk) -> None:
    path = f"/v1/obligations/coverage?obligation={SECRETARY}"

    async def ask(query: str, scopes: str = "visits:read") -> httpx.Response:
        return await desk.client.get(path + query, headers=desk.bearer(scopes))

    answers = [
        (await desk.client.get(path), 401, "unauthenticated"),
        (await ask("", "visits:write"), 403, "forbidden"),
        (await ask("&region=441624109"), 403, "outside-region"),
        (await ask("&on=soon"), 422, "invalid"),
        (await ask("&until=2024-04-30"), 400, "unknown-filter"),
    ]
    for answer, status, code in answers:
        assert (answer.status_code, problem(answer)["code"]) == (status, code)
    none = await desk.get("/v1/obligations/coverage")
    assert (none.status_code, problem(none)["code"]) == (422, "invalid")


@pytest.mark.parametrize("status", ["OPEN", "FULFILLED"])
async def test_S1104_S1108_the_duties_of_each_type_are_figures(
    desk: Desk, runtime: Runtime, status: str
) -> None:
    async def told_now() -> dict[str, float]:
        await figures.measure(runtime.pool, date(2024, 4, 30))
        kinds = ("MONTHLY_VISIT", FIRST, SECRETARY)
        return {kind: figures.DUTIES.labels(kind, status)._value.get() for kind in kinds}

    before = await told_now()
    household: Envelope = await desk.monitored()
    if status == "FULFILLED":
        await desk.post(body(household, visitors=went("TOWN_PARTY_SECRETARY")))
    assert all(value > before[kind] for kind, value in (await told_now()).items())
