"""Finding a household by the identity number of a member: who may, and what is told of it."""

from typing import Any

import asyncpg
import httpx
import pytest

from services.identification.tests.asking import Callers, identity_number
from services.identification.tests.registrar import DAY, Register

LOOKUP = "/v1/households/lookup"
NOBODY = 999_999


@pytest.fixture
def supervisor(callers: Callers) -> dict[str, str]:
    """Oversees the county."""
    return callers.staff("households:read access:read", "supervisor", "441624")


async def asked(
    app: httpx.AsyncClient, headers: dict[str, str], number: str
) -> tuple[int, dict[str, Any]]:
    """The answer, which never has the number in it."""
    answer = await app.post(LOOKUP, json={"identity_number": number}, headers=headers)
    assert number.strip().upper()[:18] not in answer.text.upper()
    return answer.status_code, answer.json()


async def test_a_member_is_found_by_identity_card_or_disability_card(
    app: httpx.AsyncClient, register: Register, supervisor: dict[str, str]
) -> None:
    home = await register.household(2)
    number = identity_number(home.people[1])
    found = {"household_id": home.id, "region": "441624108201"}
    for said in (number, f" {number.lower()}\n", f"{number}43"):
        assert await asked(app, supervisor, said) == (200, found)


async def test_the_answer_is_kept_by_nobody(
    app: httpx.AsyncClient, register: Register, supervisor: dict[str, str]
) -> None:
    home = await register.household()
    body = {"identity_number": identity_number(home.people[0])}
    answer = await app.post(LOOKUP, json=body, headers=supervisor)
    assert answer.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize(
    ("number", "status", "code"),
    [
        (identity_number(NOBODY), 404, "nobody-by-this-number"),
        (identity_number(NOBODY)[:17], 422, "invalid"),
        ("990000198001010001", 422, "invalid"),
        ("", 422, "invalid"),
    ],
)
async def test_a_number_that_is_none_or_that_nobody_has_is_refused(
    app: httpx.AsyncClient, supervisor: dict[str, str], number: str, status: int, code: str
) -> None:
    answer = await app.post(LOOKUP, json={"identity_number": number}, headers=supervisor)
    assert (answer.status_code, answer.json()["code"]) == (status, code)


async def test_A75_a_look_up_outside_area_or_routing_is_refused_and_supervisors_see_it(
    app: httpx.AsyncClient, register: Register, callers: Callers, supervisor: dict[str, str]
) -> None:
    home = await register.household()
    number = identity_number(home.people[0])
    elsewhere = callers.staff("households:read", "nosy", "441624109")
    for headers, code in ((elsewhere, "outside-region"), (callers.yibao, "not-routed")):
        status, told = await asked(app, headers, number)
        assert (status, told["code"]) == (403, code)
    looks = await app.get(f"/v1/access?household_id={home.id}", headers=supervisor)
    assert [look["why"] for look in looks.json()] == ["NOT_ROUTED", "OUTSIDE_REGION"]


async def test_who_may_not_be_looked_at_is_not_found_by_number(
    app: httpx.AsyncClient, register: Register, callers: Callers, supervisor: dict[str, str]
) -> None:
    home = await register.household()
    officer = Register(app, callers.staff("members:rights", "officer", "441624"))
    restriction = f"members/{home.person(0)}/restriction"
    await officer.done(home.id, restriction, reason="CONTESTED", restricted_on=DAY)
    status, told = await asked(app, supervisor, identity_number(home.people[0]))
    assert (status, told["code"]) == (409, "processing-restricted")


async def test_the_number_is_on_no_event(
    app: httpx.AsyncClient,
    register: Register,
    callers: Callers,
    supervisor: dict[str, str],
    sql: asyncpg.Connection,
) -> None:
    home = await register.household()
    number = identity_number(home.people[0])
    await asked(app, callers.yibao, number)
    await asked(app, supervisor, number)
    holds = "select count(*) from es.events where position($1::bytea in data) > 0"
    assert await sql.fetchval(holds, number.encode()) == 0
