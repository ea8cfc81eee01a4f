"""Households whose people may be on a focus list, and what is said of them (S2-03)."""

from collections.abc import Mapping
from datetime import date
from itertools import count
from typing import Any

import asyncpg
import httpx

from common.testing import eventually
from services.identification.tests.asking import Callers, household, person
from services.identification.tests.registrar import Home
from services.identification.tests.test_api_facts import by, events, fact, post

numbers = count(6_000)
Said = tuple[str, str, str | None]  # tagged or untagged; the group; the reason of an end


class Watch:
    """One town, the departments that report to it, and the events of its households."""

    def __init__(
        self, app: httpx.AsyncClient, callers: Callers, sql: asyncpg.Connection, town: str
    ) -> None:
        self._app, self._callers, self._sql, self.town = app, callers, sql, town
        self.staff = callers.staff("households:read", "town", town)

    async def household(self, *members: dict[str, Any]) -> Home:
        """A head, and these members as children of the household."""
        people = [next(numbers) for _ in range(len(members) + 1)]
        head, *others = people
        children = [
            person(n, **{"relation": "CHILD"} | m) for n, m in zip(others, members, strict=True)
        ]
        body = household(
            head,
            region=f"{self.town}201",
            members=[person(head), *children],
            co_living_count=len(people),
        )
        answer = await self._app.post("/v1/households", json=body, headers=self._callers.registrar)
        assert answer.status_code == 201, answer.text
        return Home(str(body["household_id"]), people)

    async def told(
        self,
        number: int,
        department: str,
        kind: str,
        data: Mapping[str, Any],
        key: str | None = None,
    ) -> None:
        """A department's word on a person."""
        event = fact(number, department, kind, key)
        event["data"] |= data
        event["id"] = f"{event['id']}-v{data.get('record_version', 1)}"
        answer = await post(self._app, by(self._callers, department), event)
        assert answer.status_code == 201, answer.text

    async def taken_back(self, number: int, department: str, kind: str) -> None:
        """The record is no more."""
        event = fact(number, department, kind)
        data = {
            "fact_type": kind,
            "record_key": str(number),
            "record_version": 2,
            "reason": "WRONG_PERSON",
        }
        gone = {"id": f"{event['id']}-gone", "type": "cn.shouwang.fact.Retraction.v1", "data": data}
        answer = await post(self._app, by(self._callers, department), event | gone)
        assert answer.status_code == 201, answer.text

    async def said(self, home: Home) -> list[Said]:
        """What was said of the household's groups."""
        types = ("FocusGroupTagged", "FocusGroupUntagged")
        found = await events(self._sql, f"household-{home.id}", *types)
        return [
            (kind.removeprefix("FocusGroup"), data["group"], data.get("reason"))
            for kind, data in found
        ]

    async def until(self, home: Home, *expected: Said) -> None:
        async def heard() -> bool:
            return len(await self.said(home)) >= len(expected)

        await eventually(heard)
        assert await self.said(home) == list(expected)

    async def listed(self, query: str = "") -> list[dict[str, Any]]:
        path = f"/v1/focus-households?region={self.town}{query}"
        answer = await self._app.get(path, headers=self.staff)
        assert answer.status_code == 200, answer.text
        rows: list[dict[str, Any]] = answer.json()
        return rows

    async def shown(self, home: Home) -> list[dict[str, Any]]:
        """The groups in the household's own view."""
        answer = await self._app.get(f"/v1/households/{home.id}", headers=self.staff)
        groups: list[dict[str, Any]] = answer.json()["focus_groups"]
        return groups

    async def counted(self) -> dict[str, int]:
        path = f"/v1/coverage?region={self.town}"
        answer = await self._app.get(path, headers=self.staff)
        found: dict[str, int] = answer.json()["S2-03"]["households"]
        return found


def years_before(day: date, years: int) -> str:
    """The same day of an earlier year; a leap day's is 28 February."""
    try:
        return day.replace(year=day.year - years).isoformat()
    except ValueError:
        return day.replace(year=day.year - years, day=28).isoformat()
