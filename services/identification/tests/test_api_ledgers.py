"""The ledger of dangerous houses and the dropouts over HTTP: from a fact to the list and the figures."""

from itertools import count
from typing import Any

import httpx
import pytest

from common.testing import eventually
from services.identification.tests.asking import Callers, household, identity_number, person
from services.identification.tests.test_api_facts import fact, post

numbers = count(5_000)


@pytest.fixture
def town() -> str:
    """A town of its own, so that its figures are those of the test."""
    return f"4416242{next(numbers) % 100:02d}"


class Area:
    """One town, asked by its staff and by a department."""

    def __init__(
        self, app: httpx.AsyncClient, callers: Callers, town: str, department: str
    ) -> None:
        self._app, self._callers, self._town = app, callers, town
        scopes = "facts:write households:read"
        self._department = callers.of(department, scopes, department=department)
        self._name = department

    async def household(self, *members: dict[str, Any]) -> int:
        number = next(numbers)
        body = household(
            number,
            region=f"{self._town}201",
            members=[person(number), *members],
            co_living_count=1 + len(members),
        )
        headers = self._callers.registrar
        answer = await self._app.post("/v1/households", json=body, headers=headers)
        assert answer.status_code == 201, answer.text
        return number

    async def told(self, number: int, kind: str, key: str, **data: Any) -> None:
        await self._posted(fact(number, self._name, kind, key, **data))

    async def retracted(self, kind: str, key: str) -> None:
        event = fact(0, self._name, kind, key)
        data = {
            "fact_type": kind,
            "record_key": key,
            "record_version": 2,
            "reason": "WRONG_PERSON",
        }
        gone = {"id": f"{event['id']}-2", "type": "cn.shouwang.fact.Retraction.v1", "data": data}
        await self._posted(event | gone)

    async def _posted(self, event: dict[str, Any]) -> None:
        answer = await post(self._app, self._department, event)
        assert answer.status_code == 201, answer.text

    async def listed(self, path: str) -> list[dict[str, Any]]:
        answer = await self._app.get(f"{path}region={self._town}", headers=self._department)
        assert answer.status_code == 200, answer.text
        rows: list[dict[str, Any]] = answer.json()
        return rows

    async def shares(self, on: str) -> dict[str, Any]:
        headers = self._callers.staff("households:read", "town", self._town)
        path = f"/v1/coverage?region={self._town}&on={on}"
        found: dict[str, Any] = (await self._app.get(path, headers=headers)).json()
        return found

    async def close(self, day: str) -> None:
        headers = self._callers.staff("days:close", "office", "441624")
        body = {"closed_on": day}
        answer = await self._app.post("/v1/business-days", json=body, headers=headers)
        assert answer.status_code == 200, answer.text


@pytest.fixture
def housing(app: httpx.AsyncClient, callers: Callers, town: str) -> Area:
    """The town's houses, as 住建 reports them."""
    return Area(app, callers, town, "zhujian")


@pytest.fixture
def schools(app: httpx.AsyncClient, callers: Callers, town: str) -> Area:
    """The town's children, as 教育 reports them."""
    return Area(app, callers, town, "jiaoyu")


async def test_S1303_a_dangerous_house_is_in_the_ledger_until_it_is_assessed_as_safe(
    housing: Area,
) -> None:
    number = await housing.household()
    key = str(number)
    lived_in = {"use": "LIVED_IN"}
    await housing.told(
        number, "HousingSafety", key, assessed_on="2024-02-01", grade="GRADE_D", **lived_in
    )

    async def entry(state: str, on: str = "2024-03-03") -> Any:
        rows = await housing.listed(f"/v1/housing/ledger?state={state}&on={on}&")
        return rows[0] if rows else None

    opened = await eventually(lambda: entry("OVERDUE"))
    assert (opened["grade"], opened["due_on"]) == ("D", "2024-03-02")
    assert (await entry("OPEN", "2024-03-02"))["entry_id"] == opened["entry_id"]
    await housing.close("2024-03-02")
    assert (await entry("OVERDUE"))["overdue"] is True
    figures = (await housing.shares("2024-03-03"))["S1.3-03"]
    assert (figures["without_started_remedy"], figures["overdue"]) == (1, 1)

    await housing.told(
        number, "HousingRenovation", f"{key}s", changed_on="2024-03-04", state="STARTED"
    )
    started = await eventually(lambda: entry("STARTED"))
    assert started["started_on"] == "2024-03-04"
    figures = (await housing.shares("2024-03-05"))["S1.3-03"]
    assert (figures["living_in_dangerous_houses"], figures["without_started_remedy"]) == (1, 0)
    (house,) = await housing.listed("/v1/housing?on=2024-03-05&")
    assert (house["remedy"], house["entry_id"]) == ("STARTED", opened["entry_id"])

    await housing.told(
        number, "HousingRenovation", f"{key}f", changed_on="2024-03-20", state="FINISHED"
    )
    assert await eventually(lambda: entry("FINISHED"))
    await housing.told(
        number, "HousingSafety", f"{key}n", assessed_on="2024-03-28", grade="GRADE_A", **lived_in
    )
    cleared = await eventually(lambda: entry("CLEARED"))
    assert (cleared["entry_id"], cleared["cleared_why"]) == (opened["entry_id"], "SAFE")
    assert (await housing.shares("2024-03-29"))["S1.3-03"]["living_in_dangerous_houses"] == 0


def child(number: int) -> dict[str, Any]:
    """A pupil of compulsory age; the number of the identity is `number`."""
    change = {"relation": "CHILD", "labour_capacity": "NONE", "born_on": "2012-05-05"}
    return person(number, **change) | {"identity_number": identity_number(number)}


async def test_S1302_a_dropout_is_listed_and_counted_until_the_child_is_back(schools: Area) -> None:
    pupil = next(numbers)
    await schools.household(child(pupil))
    out = {"checked_on": "2024-03-01", "term": "SPRING", "status": "DROPOUT", "cause": "BY_POVERTY"}
    await schools.told(pupil, "EnrolmentStatus", f"{pupil}a", **out)

    async def dropout(is_open: str) -> Any:
        rows = await schools.listed(f"/v1/schooling/dropouts?open={is_open}&")
        return rows[0] if rows else None

    found = await eventually(lambda: dropout("true"))
    assert (found["term"], found["basis"], found["cause"]) == ("2024-SPRING", "REPORTED", "POVERTY")
    figures = (await schools.shares("2024-03-02"))["S1.3-02"]
    assert (figures["out_of_school"], figures["out_of_school_for_poverty"]) == (1, 1)
    back = {"checked_on": "2024-03-20", "term": "SPRING", "status": "ENROLLED"}
    await schools.told(pupil, "EnrolmentStatus", f"{pupil}b", **back)
    ended = await eventually(lambda: dropout("false"))
    assert (ended["dropout_id"], ended["ended_why"]) == (found["dropout_id"], "ENROLLED")
    assert (await schools.shares("2024-03-21"))["S1.3-02"]["out_of_school"] == 0


async def test_S1302_a_child_that_no_school_reported_is_found_where_others_were_reported(
    schools: Area,
) -> None:
    silent, reported = next(numbers), next(numbers)
    await schools.household(child(silent))
    await schools.close("2024-06-29")
    assert await schools.listed("/v1/schooling/dropouts?") == []  # no school has reported at all

    await schools.household(child(reported))
    enrolled = {"checked_on": "2024-03-20", "term": "SPRING", "status": "ENROLLED"}
    await schools.told(reported, "EnrolmentStatus", f"{reported}", **enrolled)
    await schools.close("2024-03-30")
    assert await schools.listed("/v1/schooling/dropouts?") == []  # the schools have 30 days
    await schools.close("2024-03-31")
    (missed,) = await schools.listed("/v1/schooling/dropouts?basis=NOT_ENROLLED&open=true&")
    assert missed["person_id"] == child(silent)["person_id"]
    assert (await schools.shares("2024-04-01"))["S1.3-02"]["without_enrolment"] == 1

    await schools.told(silent, "EnrolmentStatus", f"{silent}", **enrolled)

    async def gone() -> bool:
        return not await schools.listed("/v1/schooling/dropouts?open=true&")

    assert await eventually(gone)
