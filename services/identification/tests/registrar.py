"""Somebody who keeps the register over HTTP, and the made-up households they keep."""

import itertools
from dataclasses import dataclass
from typing import Any
from uuid import uuid5

import httpx

from common.ids import new_id
from services.identification.tests.asking import NAMESPACE, household, person

numbers = itertools.count(2000)  # seeds of persons that no other test takes
DAY = "2024-04-15"


@dataclass
class Home:
    """A household that was registered, and the seeds of its people, the head first."""

    id: str
    people: list[int]

    def person(self, place: int) -> str:
        return str(uuid5(NAMESPACE, f"p{self.people[place]}"))


class Register:
    """Asks as one caller, with a key of its own each time."""

    def __init__(self, app: httpx.AsyncClient, headers: dict[str, str]) -> None:
        self._app, self.headers = app, headers

    async def household(self, size: int = 1, **change: Any) -> Home:
        people = [next(numbers) for _ in range(size)]
        members = [
            person(n, relation="CHILD" if place else "HEAD") for place, n in enumerate(people)
        ]
        body = household(people[0], members=members, co_living_count=size, **change)
        answer = await self._app.post("/v1/households", json=body, headers=self.headers)
        assert answer.status_code == 201, answer.text
        return Home(str(body["household_id"]), people)

    async def ask(self, home: str, path: str, /, **form: Any) -> httpx.Response:
        headers = {"Idempotency-Key": str(new_id())} | form.pop("headers", {})
        url = f"/v1/households/{home}/{path}"
        return await self._app.post(url, json=form, headers=self.headers | headers)

    async def done(self, home: str, path: str, /, **form: Any) -> httpx.Response:
        answer = await self.ask(home, path, **form)
        assert answer.status_code == 201, answer.text
        return answer

    async def get(self, home: str, path: str = "") -> Any:
        answer = await self._app.get(f"/v1/households/{home}{path}", headers=self.headers)
        return answer.json() if answer.status_code == 200 else None

    async def members(self, home: str) -> set[str]:
        return {m["person_id"] for m in await self.get(home, "/members")}


def leaving(person_id: str, **change: Any) -> dict[str, Any]:
    form = {"person_id": person_id, "reason": "MARRIAGE_OUT", "effective_on": DAY}
    return {**form, "co_living_count": 1, **change}


def joining(number: int, **change: Any) -> dict[str, Any]:
    member = person(number, relation="SPOUSE", **change)
    return {"member": member, "reason": "MARRIAGE_IN", "effective_on": DAY, "co_living_count": 2}
