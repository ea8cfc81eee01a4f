"""Finding households by a masked number: what fits it, who is told, and of whom."""

from typing import Any

import asyncpg
import httpx
import pytest

from common.testing import eventually
from identification.masked import shown
from services.identification.tests.asking import Callers, identity_number
from services.identification.tests.registrar import DAY, Register, leaving

LOOKUP = "/v1/households/lookup/masked"


def mask(number: str) -> str:
    return f"{number[:6]}********{number[14:]}"


@pytest.fixture
def supervisor(callers: Callers) -> dict[str, str]:
    """Oversees the county."""
    return callers.staff("households:read", "supervisor", "441624")


@pytest.fixture
def indexed(sql: asyncpg.Connection) -> Any:
    """Wait until the worker has indexed everybody."""

    async def all_indexed() -> bool:
        query = "select count(*) from vault.person where masked_index is null"
        return not await sql.fetchval(query)

    async def wait() -> None:
        await eventually(all_indexed, within=30)

    return wait


async def ids(app: httpx.AsyncClient, headers: dict[str, str], number: str, **more: str) -> Any:
    """The households of the answer, or its code."""
    body = {"masked_number": number, **more}
    answer = await app.post(LOOKUP, json=body, headers=headers)
    if answer.status_code != 200:
        return answer.json()["code"]
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.json()["more"] is False
    return {found["household_id"] for found in answer.json()["households"]}


async def test_a_masked_number_finds_the_households_of_those_who_may_have_it(
    app: httpx.AsyncClient, register: Register, supervisor: dict[str, str], indexed: Any
) -> None:
    home, other = await register.household(2), await register.household()
    await indexed()
    number = identity_number(home.people[1])
    for said in (mask(number), f" {mask(number).lower()} ", mask(number).replace("*", "\uff0a")):
        found = await ids(app, supervisor, said)
        assert home.id in found
        assert other.id not in found


async def test_only_households_of_the_area_and_the_routing_are_told(
    app: httpx.AsyncClient,
    register: Register,
    callers: Callers,
    supervisor: dict[str, str],
    indexed: Any,
) -> None:
    home = await register.household()
    await indexed()
    number = mask(identity_number(home.people[0]))
    elsewhere = callers.staff("households:read", "nosy", "441624109")
    assert home.id in await ids(app, supervisor, number, region="441624108")
    for headers, more in (
        (elsewhere, {}),
        (callers.yibao, {}),
        (supervisor, {"region": "441624109"}),
    ):
        assert home.id not in await ids(app, headers, number, **more)
    assert await ids(app, elsewhere, number, region="441624108") == "outside-region"


async def test_who_may_not_be_looked_at_or_has_left_is_not_found(
    app: httpx.AsyncClient,
    register: Register,
    callers: Callers,
    supervisor: dict[str, str],
    indexed: Any,
) -> None:
    home = await register.household(3)
    await indexed()
    first, second, third = (mask(identity_number(person)) for person in home.people)
    officer = Register(app, callers.staff("members:rights", "officer", "441624"))
    restriction = f"members/{home.person(0)}/restriction"
    await officer.done(home.id, restriction, reason="CONTESTED", restricted_on=DAY)
    await register.done(home.id, "departures", **leaving(home.person(2), co_living_count=2))
    for gone in (first, third):
        assert home.id not in await ids(app, supervisor, gone)
    assert home.id in await ids(app, supervisor, second)


@pytest.mark.parametrize(
    "number",
    ["", "990000", "990000198001010118", "990000***0118", "99000*********0118", "********"],
)
async def test_what_is_no_masked_number_is_refused(
    app: httpx.AsyncClient, supervisor: dict[str, str], number: str
) -> None:
    assert await ids(app, supervisor, number) == "invalid"
    assert shown(number) is None


async def test_nobody_is_found_by_what_nobody_has(
    app: httpx.AsyncClient, supervisor: dict[str, str]
) -> None:
    assert await ids(app, supervisor, "111111********111X") == "nobody-by-this-number"


async def test_a_record_that_cannot_be_opened_stands_in_nobodys_way(
    register: Register, sql: asyncpg.Connection, indexed: Any
) -> None:
    home = await register.household(2)
    await indexed()
    person = home.person(0)
    await sql.execute(
        "update vault.person set sealed = set_byte(sealed, 20, 255 - get_byte(sealed, 20)), masked_index = null where person_id = $1",
        person,
    )
    await indexed()
    query = "select masked_index from vault.person where person_id = $1"
    assert await sql.fetchval(query, person) == b""
