"""Birthday and sex are those in the identity number, or somebody says why not; never without a word."""

import json
from typing import Any

import asyncpg
import httpx
import pytest

from common.ids import new_id
from services.identification.tests.asking import Callers, household, person
from services.identification.tests.registrar import Home, Register, joining, numbers
from services.identification.tests.test_imports import Clerk, reasons, row

DIFFERS = "证件不符原因"
BORN = {"born_on": "1979-12-31"}
UNEXPLAINED: dict[str, Any] = {**BORN, "number_differs": None}


def other_sex(number: int) -> str:
    return "FEMALE" if person(number)["sex"] == "MALE" else "MALE"


@pytest.fixture
def clerk(app: httpx.AsyncClient, callers: Callers) -> Clerk:
    return Clerk(app, callers.registrar)


async def refused(answer: httpx.Response, pointer: str, code: str = "not-of-number") -> None:
    assert answer.status_code == 422, answer.text
    (error,) = answer.json()["errors"]
    assert (error["pointer"], error["code"]) == (pointer, code)


async def test_a_birthday_or_a_sex_that_is_not_the_number_s_needs_a_reason(
    app: httpx.AsyncClient, callers: Callers, sql: asyncpg.Connection
) -> None:
    number = next(numbers)

    async def ask(**change: Any) -> httpx.Response:
        body = household(number, members=[person(number, **change)])
        return await app.post("/v1/households", json=body, headers=callers.registrar)

    contradicts = await ask(**UNEXPLAINED)
    await refused(contradicts, "/members/0/born_on")
    assert "number_differs" in contradicts.json()["errors"][0]["detail"]
    sex = {"sex": other_sex(number)}
    await refused(await ask(**sex, number_differs=None), "/members/0/sex")
    unneeded = await ask(number_differs="NUMBER_WRONG")
    await refused(unneeded, "/members/0/number_differs", "as-in-number")
    assert (await ask(**BORN, number_differs="NUMBER_WRONG")).status_code == 201
    said = await sql.fetchval(
        "select data from es.events where stream = $1",
        f"household-{household(number)['household_id']}",
    )
    (member,) = json.loads(said)["members"]
    assert (member["born_on"], member["number_differs"]) == (BORN["born_on"], "NUMBER_WRONG")


async def test_the_number_on_a_disability_card_is_compared_too(
    app: httpx.AsyncClient, callers: Callers
) -> None:
    number = next(numbers)
    card = person(number)["identity_number"] + "4312"
    change = {**UNEXPLAINED, "identity_number": card}
    body = household(number, members=[person(number, **change)])
    answer = await app.post("/v1/households", json=body, headers=callers.registrar)
    await refused(answer, "/members/0/born_on")


async def test_who_joins_is_compared_with_the_number(register: Register) -> None:
    home = await register.household()
    change = {"born_on": "1979-12-31", "number_differs": None}
    answer = await register.ask(home.id, "members", **joining(next(numbers), **change))
    await refused(answer, "/member/born_on")
    change["number_differs"] = "OTHER_PAPERS"
    await register.done(home.id, "members", **joining(next(numbers), **change))


async def test_a_row_of_an_import_is_compared_with_the_number(clerk: Clerk) -> None:
    home, whose = next(numbers), next(numbers)
    cells = row(home, whose, 性别="女" if whose % 2 else "男")
    ((column, detail),) = reasons(await clerk.told([cells]))[0]
    assert (column, "证件不符原因" in detail) == ("性别", True)
    cells[DIFFERS] = "号码有误"
    ((column, _),) = reasons(await clerk.told([cells]))[0]
    assert column == DIFFERS
    cells[DIFFERS] = "证件号码编制有误，尚未更换"
    assert (await clerk.told([cells]))["accepted"] == 1
    assert (await clerk.told([cells]))["replayed"] == 1


@pytest.fixture
def office(app: httpx.AsyncClient, callers: Callers) -> Register:
    return Register(app, callers.staff("episodes:county households:read", "county", "441624"))


async def birth(office: Register, sql: asyncpg.Connection, home: Home, **change: Any) -> Any:
    event = await sql.fetchval(
        "select event_id from es.events where stream = $1 and version = 1", f"household-{home.id}"
    )
    form = {
        "corrected_event_id": str(event),
        "path": "/members/0/born_on",
        "old_value": person(home.people[0])["born_on"],
        "new_value": "1979-12-31",
        "effective_on": "2024-03-04",
        "reason": "与户口簿核对,录入有误",
        "requested_by": f"village-{new_id()}",
    }
    return await office.ask(home.id, "corrections", **form | change)


async def test_T20_a_corrected_birth_date_is_compared_with_the_number(
    register: Register, office: Register, sql: asyncpg.Connection
) -> None:
    home = await register.household()
    await refused(await birth(office, sql, home), "/new_value")
    sex = {"path": "/members/0/sex", "old_value": person(home.people[0])["sex"]}
    other = await birth(office, sql, home, **sex, new_value=other_sex(home.people[0]))
    await refused(other, "/new_value")
    done = await birth(office, sql, home, number_differs="OTHER_PAPERS")
    assert done.status_code == 201, done.text
    back = {"old_value": "1979-12-31", "new_value": person(home.people[0])["born_on"]}
    as_told = await birth(office, sql, home, **back, number_differs="OTHER_PAPERS")
    await refused(as_told, "/number_differs", "as-in-number")
    assert (await birth(office, sql, home, **back)).status_code == 201


async def test_T20_a_field_has_one_address_or_it_would_be_corrected_twice_from_the_same_value(
    register: Register, office: Register, sql: asyncpg.Connection
) -> None:
    home = await register.household(11)
    for path in ("/members/00/born_on", "/members/1_0/born_on", "/members/0_0/born_on"):
        answer = await birth(office, sql, home, path=path, number_differs="OTHER_PAPERS")
        assert (answer.status_code, answer.json()["code"]) == (422, "no-such-field")


async def test_only_a_birth_date_or_a_sex_differs_from_the_number(
    register: Register, office: Register, sql: asyncpg.Connection
) -> None:
    home = await register.household()
    change = {"path": "/register_number", "number_differs": "OTHER_PAPERS"}
    answer = await birth(office, sql, home, **change)
    await refused(answer, "/number_differs", "value")
