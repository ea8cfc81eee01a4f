"""What stands at the edge of what may be sent: times, filters, and the two modes of one event."""

import asyncio
import json
from typing import Any

import httpx
import pytest

from services.identification.tests.asking import Callers, household, person, settlement
from services.identification.tests.registrar import Register, leaving, numbers
from services.identification.tests.test_api_facts import post


@pytest.mark.parametrize(
    "time", ["0001-01-01T00:00:00+14:00", "1899-12-31T23:59:59Z", "0001-01-01T00:00:00-14:00"]
)
async def test_a_time_of_another_age_is_refused_with_the_first_that_is_taken(
    app: httpx.AsyncClient, callers: Callers, register: Register, time: str
) -> None:
    home = await register.household()
    answer = await post(app, callers.yibao, settlement(home.people[0], time=time))
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid")
    assert [(e["pointer"], e["detail"]) for e in answer.json()["errors"]] == [
        ("/time", "超出允许范围：至少 1900-01-01")
    ]


async def test_a_day_of_another_age_is_refused_with_those_that_are_taken(
    register: Register,
) -> None:
    home = await register.household(2)
    form = leaving(home.person(1), effective_on="0001-01-01")
    answer = await register.ask(home.id, "departures", **form)
    assert answer.json()["errors"][0]["detail"] == "超出允许范围：至少 1900-01-01，至多 2999-12-31"


@pytest.mark.parametrize("day", [0, 1_711_929_600, "1711929600", "-86400", True])
async def test_a_number_is_no_day(register: Register, day: object) -> None:
    home = await register.household(2)
    answer = await register.ask(home.id, "departures", **leaving(home.person(1), effective_on=day))
    assert [(e["pointer"], e["code"]) for e in answer.json()["errors"]] == [
        ("/effective_on", "date")
    ]


@pytest.mark.parametrize("blank", [" ", "\u3000", "\t"])
async def test_blanks_are_neither_a_name_nor_an_address(
    app: httpx.AsyncClient, register: Register, blank: str
) -> None:
    number = next(numbers)
    body = household(number, address=blank, members=[person(number, name=blank)])
    answer = await app.post("/v1/households", json=body, headers=register.headers)
    assert [e["pointer"] for e in answer.json()["errors"]] == ["/address", "/members/0/name"]


async def test_an_event_has_one_id_in_both_modes(
    app: httpx.AsyncClient, callers: Callers, register: Register
) -> None:
    home = await register.household()
    number = home.people[0]
    event = settlement(number, id=f"结算 {number}", record_key=f"first-{number}")
    headers = callers.yibao | {
        "Content-Type": "application/json",
        "ce-specversion": "1.0",
        "ce-id": f"%E7%BB%93%E7%AE%97%20{number}",
        "ce-source": event["source"],
        "ce-type": event["type"],
        "ce-time": event["time"],
    }

    async def binary(**change: Any) -> httpx.Response:
        return await app.post(
            "/v1/events", content=json.dumps(event["data"]), headers=headers | change
        )

    assert (await binary()).status_code == 201
    other = {**event, "data": {**event["data"], "record_key": f"second-{number}"}}
    answer = await post(app, callers.yibao, other)
    assert (answer.status_code, answer.json()["code"]) == (409, "event-id-reused")
    broken = await binary(**{"ce-id": "%FF"})
    assert (broken.status_code, broken.json()["errors"][0]["pointer"]) == (422, "/id")


async def test_the_same_household_posted_at_once_is_registered_once_and_known_to_the_others(
    app: httpx.AsyncClient, register: Register
) -> None:
    body = household(next(numbers))
    posts = (app.post("/v1/households", json=body, headers=register.headers) for _ in range(8))
    answers = await asyncio.gather(*posts)
    assert sorted(answer.status_code for answer in answers) == [*[200] * 7, 201]


async def test_of_households_that_claim_one_person_at_once_one_is_registered(
    app: httpx.AsyncClient, register: Register
) -> None:
    people = household(next(numbers))["members"]
    claims = [household(next(numbers), members=people) for _ in range(8)]
    posts = (app.post("/v1/households", json=claim, headers=register.headers) for claim in claims)
    answers = await asyncio.gather(*posts)
    refused = [answer.json() for answer in answers if answer.status_code != 201]
    assert [one["code"] for one in refused] == ["person-in-another-household"] * 7
    assert {one["details"]["member"] for one in refused} == {1}
