"""How many live together, and a member's health and schooling: told in the order of the days."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest

from contracts.circumstances import (
    CoLivingCounted,
    HealthRecorded,
    ResidenceConfirmed,
    SchoolingRecorded,
)
from contracts.codes import Health, Schooling
from identification.domain.household import HOUSEHOLD
from services.identification.tests.entries import (
    COUNT,
    DAY,
    DEREGISTER,
    ILL,
    PUPIL,
    RESIDENT,
    SECOND,
    after,
    refused,
)
from services.identification.tests.registrar import Register
from services.identification.tests.story import REGISTERED, TODAY, history


def test_so_many_of_the_members_live_together() -> None:
    (event,) = HOUSEHOLD.when(COUNT, given=history())
    assert isinstance(event, CoLivingCounted)
    assert after(COUNT).registered.co_living_count == 3
    for wrong in (0, len(REGISTERED.members) + 1):
        assert refused(replace(COUNT, co_living_count=wrong), history()).code == "co-living-count"


def test_the_health_and_the_schooling_of_one_member_change() -> None:
    (ill,) = HOUSEHOLD.when(ILL, given=history())
    (pupil,) = HOUSEHOLD.when(PUPIL, given=history())
    assert isinstance(ill, HealthRecorded)
    assert isinstance(pupil, SchoolingRecorded)
    told = {m.person_id: (m.health, m.schooling) for m in after(ILL, PUPIL).registered.members}
    assert told.pop(SECOND) == (Health.CHRONIC, Schooling.SENIOR)
    assert set(told.values()) == {(Health.HEALTHY, Schooling.NOT_IN_SCHOOL)}


@pytest.mark.parametrize(
    ("command", "day", "again"),
    [
        (COUNT, "effective_on", {"co_living_count": 4}),
        (ILL, "recorded_on", {"health": Health.HEALTHY}),
        (PUPIL, "recorded_on", {"schooling": Schooling.HIGHER}),
    ],
)
def test_what_is_told_is_told_in_the_order_of_the_days(
    command: Any, day: str, again: dict[str, Any]
) -> None:
    assert HOUSEHOLD.when(command, given=history(command)) == []
    earlier = replace(command, **again, **{day: DAY - timedelta(days=1)})
    assert refused(earlier, history(command)).code == "told-later"
    assert len(HOUSEHOLD.when(replace(command, **again), given=history(command))) == 1
    tomorrow = replace(command, **{day: TODAY + timedelta(days=1)})
    assert refused(tomorrow, history()).code == "date-in-future"
    before = replace(command, **{day: date(2020, 12, 31)})
    assert refused(before, history()).code == "date-before-previous-step"
    assert refused(command, history(DEREGISTER)).code == "household-ended"


def test_who_lives_here_still_is_told_once_and_nothing_of_the_entry_changes() -> None:
    (event,) = HOUSEHOLD.when(RESIDENT, given=history())
    assert isinstance(event, ResidenceConfirmed)
    assert after(RESIDENT).registered == after().registered
    assert HOUSEHOLD.when(RESIDENT, given=history(RESIDENT)) == []
    reported_anew = replace(RESIDENT, fact_event_id=UUID(int=95))
    assert len(HOUSEHOLD.when(reported_anew, given=history(RESIDENT))) == 1
    early = replace(RESIDENT, confirmed_on=DAY - timedelta(days=1))
    assert refused(early, history()).code == "date-before-previous-step"


@pytest.mark.parametrize("command", [ILL, PUPIL, RESIDENT])
def test_only_of_a_member(command: Any) -> None:
    stranger = replace(command, person_id=UUID(int=9))
    assert refused(stranger, history()).code == "not-a-member"


async def test_the_town_tells_how_a_household_lives(register: Register) -> None:
    home = await register.household(2)
    on = {"recorded_on": "2024-04-15"}
    await register.done(
        home.id, "co-living", co_living_count=1, reason="AWAY", effective_on="2024-04-15"
    )
    await register.done(home.id, "health", person_id=home.person(1), health="DISABLED", **on)
    await register.done(home.id, "schooling", person_id=home.person(1), schooling="HIGHER", **on)
    assert (await register.get(home.id))["persons"] == 1
    members = {m["person_id"]: m for m in await register.get(home.id, "/members")}
    told = members[home.person(1)]
    assert (told["health"], told["schooling"]) == ("DISABLED", "HIGHER")


async def test_what_cannot_be_is_refused_with_what_to_do(register: Register) -> None:
    home = await register.household(2)
    on = {"recorded_on": "2024-04-15"}
    wrong: list[tuple[str, dict[str, Any], int, str]] = [
        (
            "co-living",
            {"co_living_count": 3, "reason": "BACK", "effective_on": "2024-04-15"},
            422,
            "co-living-count",
        ),
        (
            "co-living",
            {"co_living_count": 1, "reason": "HUNCH", "effective_on": "2024-04-15"},
            422,
            "invalid",
        ),
        ("health", {"person_id": home.person(1), "health": "流感", **on}, 422, "invalid"),
        ("health", {"person_id": str(UUID(int=9)), "health": "CHRONIC", **on}, 422, "not-a-member"),
        ("schooling", {"person_id": home.person(1), "schooling": "HIGHER"}, 422, "invalid"),
    ]
    for path, form, status, code in wrong:
        answer: httpx.Response = await register.ask(home.id, path, **form)
        assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text
