"""Ledgers follow the household into a merger (A54), and know nothing that may not be used (PIPL 47)."""

from typing import Any
from uuid import uuid5

import asyncpg
import httpx
import pytest

from common.testing import eventually
from services.identification.tests.asking import NAMESPACE, Callers
from services.identification.tests.registrar import DAY, Home, Register
from services.identification.tests.test_api_facts import events, heard_all
from services.identification.tests.test_api_ledgers import (
    Area,
    child,
    housing,
    numbers,
    schools,
    town,
)

__all__ = ["housing", "schools", "town"]  # fixtures

RESTRICTION = {"reason": "CONTESTED", "restricted_on": DAY}


@pytest.fixture
def officer(app: httpx.AsyncClient, callers: Callers) -> Register:
    """The county's officer for persons' rights."""
    return Register(app, callers.staff("members:rights", "officer", "441624"))


async def home(area: Area, *members: dict[str, Any]) -> Home:
    """A household of the area, by its head's number."""
    number = await area.household(*members)
    return Home(str(uuid5(NAMESPACE, f"h{number}")), [number])


async def dangerous(area: Area, home: Home, grade: str = "GRADE_D", on: str = "2024-02-01") -> None:
    number = home.people[0]
    key, data = f"{number}{grade}", {"assessed_on": on, "grade": grade, "use": "LIVED_IN"}
    await area.told(number, "HousingSafety", key, **data)


async def entries(area: Area) -> list[dict[str, Any]]:
    return await area.listed("/v1/housing/ledger?on=2024-03-03&")


async def test_A54_the_survivor_of_a_merger_has_the_dangerous_house_with_its_day(
    housing: Area, register: Register, sql: asyncpg.Connection
) -> None:
    gone, survivor = await home(housing), await home(housing)
    await dangerous(housing, gone)
    (before,) = await eventually(lambda: entries(housing))
    await register.done(survivor.id, "merger", absorbed_ids=[gone.id], effective_on=DAY)

    async def moved() -> Any:
        rows = await entries(housing)
        return [row for row in rows if row["household_id"] == survivor.id]

    (entry,) = await eventually(moved)
    assert (entry["grade"], entry["due_on"]) == ("D", before["due_on"])
    assert len(await entries(housing)) == 1
    (house,) = await housing.listed("/v1/housing?on=2024-03-03&")
    assert (house["household_id"], house["entry_id"]) == (survivor.id, entry["entry_id"])
    said = await events(sql, f"housing-of-household-{gone.id}")
    assert [kind for kind, _ in said] == ["DangerousHousingLedgered", "DangerousHousingCleared"]
    assert said[-1][1]["reason"] == "OFF_REGISTER"
    await housing.told(
        gone.people[0],
        "HousingSafety",
        f"{gone.people[0]}new",
        assessed_on="2024-04-20",
        grade="GRADE_A",
        use="LIVED_IN",
    )

    async def cleared() -> bool:
        return [row["cleared_why"] for row in await entries(housing)] == ["SAFE"]

    assert await eventually(cleared)


async def test_S1303_a_house_reported_by_a_restricted_number_is_not_shown_until_that_ends(
    housing: Area, officer: Register
) -> None:
    living = await home(housing)
    await dangerous(housing, living)
    assert await eventually(lambda: entries(housing))
    who = f"members/{living.person(0)}"
    await officer.done(living.id, f"{who}/restriction", **RESTRICTION)
    assert await entries(housing) == []
    assert await housing.listed("/v1/housing?on=2024-03-03&") == []
    await housing.close("2024-03-02")
    figures = (await housing.shares("2024-03-03"))["S1.3-03"]
    assert figures["living_in_dangerous_houses"] == figures["overdue"] == 0
    await officer.done(living.id, f"{who}/restriction-end", lifted_on=DAY)
    (entry,) = await entries(housing)
    assert (entry["state"], entry["overdue"]) == ("OVERDUE", False)
    await housing.close("2024-03-02")
    assert (await entries(housing))[0]["overdue"] is True


async def test_S1302_a_restricted_child_is_no_dropout_and_is_missed_by_no_school(
    schools: Area, officer: Register, sql: asyncpg.Connection
) -> None:
    number, other = next(numbers), next(numbers)
    pupil = child(number)
    living = await home(schools, pupil)
    await schools.household(child(other))
    enrolled = {"checked_on": "2024-03-01", "term": "SPRING", "status": "ENROLLED"}
    await schools.told(other, "EnrolmentStatus", f"{other}", **enrolled)
    who = f"members/{pupil['person_id']}"
    await officer.done(living.id, f"{who}/restriction", **RESTRICTION)
    await schools.close("2024-03-31")
    stream = f"schooling-of-household-{living.id}"
    assert await events(sql, stream) == []
    await officer.done(living.id, f"{who}/restriction-end", lifted_on=DAY)
    out = {"checked_on": "2024-03-05", "term": "SPRING", "status": "DROPOUT", "cause": "BY_POVERTY"}
    await schools.told(number, "EnrolmentStatus", f"{number}", **out)

    async def dropouts() -> list[Any]:
        return await schools.listed("/v1/schooling/dropouts?")

    assert await eventually(dropouts)
    await officer.done(living.id, f"{who}/restriction", **RESTRICTION)
    assert await dropouts() == []
    assert (await schools.shares("2024-04-01"))["S1.3-02"]["out_of_school"] == 0
    await schools.retracted("EnrolmentStatus", f"{number}")
    await heard_all(sql, f"facts-of-household-{living.id}")
    await officer.done(living.id, f"{who}/restriction-end", lifted_on=DAY)

    async def ended() -> bool:
        return [row["ended_why"] for row in await dropouts()] == ["CORRECTED"]

    assert await eventually(ended)


async def test_S1303_what_was_reported_meanwhile_and_afterwards_counts_when_a_restriction_ended(
    housing: Area, officer: Register
) -> None:
    living = await home(housing)
    who = f"members/{living.person(0)}"
    await officer.done(living.id, f"{who}/restriction", **RESTRICTION)
    await dangerous(housing, living, grade="GRADE_C")
    assert await entries(housing) == []
    await officer.done(living.id, f"{who}/restriction-end", lifted_on=DAY)
    (entry,) = await eventually(lambda: entries(housing))
    assert (entry["household_id"], entry["grade"]) == (living.id, "C")
    await dangerous(housing, living, on="2024-02-20")  # grade D, after the end of the restriction

    async def graver() -> bool:
        return [row["grade"] for row in await entries(housing)] == ["D"]

    assert await eventually(graver)
    (again,) = await entries(housing)
    assert again["due_on"] == entry["due_on"]
