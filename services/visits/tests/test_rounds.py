"""The duties of a quarter over HTTP: one visit for two of them, and the secretary's round for the third."""

from datetime import UTC, datetime
from uuid import UUID

from common.ids import new_id
from common.testing import eventually
from contracts.codes import Category
from services.visits.tests.test_api import Desk, body, desk, recorded

__all__ = ["desk"]  # a fixture

FIRST, SECRETARY = "QUARTER_FIRST_MONTH_VISIT", "SECRETARY_QUARTERLY_VISIT"
ROUND = {"purposes": ["SECRETARY_ROUND"]}


def went(post: str) -> list[dict[str, str]]:
    """One visitor in this post."""
    return [{"person_id": str(UUID(int=13)), "post": post}]


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
