"""PIPL 46: a name or an identity number that was recorded wrongly is corrected; the person stays the same."""

import itertools
from typing import Any
from uuid import UUID

import asyncpg
import httpx
import pytest

from common.testing import eventually
from identification.seals import commitment
from services.identification.tests.asking import Callers, identity_number, person, settlement
from services.identification.tests.registrar import DAY, Home, Register, leaving
from services.identification.tests.test_api_facts import events, post
from services.identification.tests.test_newborns import newborn
from services.identification.tests.test_register_api import VAULT

WRONG = {"reason": "RECORDED_WRONGLY", "corrected_on": DAY}
DIFFERS = {"number_differs": "NUMBER_WRONG"}
OF_ANOTHER_DAY = itertools.count(40_000)  # seeds of numbers of 2020, which no other test takes


@pytest.fixture
async def home(register: Register) -> Home:
    return await register.household()


@pytest.fixture
def officer(app: httpx.AsyncClient, callers: Callers) -> Register:
    return Register(app, callers.staff("members:rights members:reveal", "officer", "441624"))


def identity(who: str) -> str:
    return f"members/{who}/identity"


def number_of(seed: int, home: Home) -> dict[str, str]:
    """The number, with a reason where it is of another day or sex than the head's."""
    head, other = person(home.people[0]), person(seed)
    alike = all(head[field] == other[field] for field in ("born_on", "sex"))
    return {"identity_number": identity_number(seed), **({} if alike else DIFFERS)}


async def shown(officer: Register, home: Home, who: str) -> tuple[str, str]:
    answer = await officer.ask(home.id, f"members/{who}/reveal", purpose="CORRECTION")
    return answer.json()["name"], answer.json()["identity_number"]


async def corrections(sql: asyncpg.Connection, home: Home) -> list[Any]:
    return [told for _, told in await events(sql, f"household-{home.id}", "IdentityCorrected")]


async def test_a_name_is_corrected_and_committed_to_anew(
    register: Register, officer: Register, sql: asyncpg.Connection, home: Home
) -> None:
    who = home.person(0)
    before, number = await shown(officer, home, who)
    await officer.done(home.id, identity(who), name=" 改正 ", **WRONG)
    assert await shown(officer, home, who) == ("改正", number)
    (told,) = await corrections(sql, home)
    assert (told["person_id"], told["corrected"]) == (who, ["NAME"])
    assert before not in str(told)
    assert "改正" not in str(told)
    row = await sql.fetchrow(
        "select salt, sealed from vault.person where person_id = $1", UUID(who)
    )
    assert row
    assert told["commitment"] == commitment(VAULT.open(UUID(who), row["sealed"]), row["salt"])
    again = await officer.done(home.id, identity(who), name="改正", **WRONG)
    assert again.json()["events"] == []
    assert len(await corrections(sql, home)) == 1


async def test_a_number_is_corrected_and_what_waited_under_it_is_the_persons(
    app: httpx.AsyncClient,
    callers: Callers,
    officer: Register,
    sql: asyncpg.Connection,
    home: Home,
) -> None:
    who, number = home.person(0), next(OF_ANOTHER_DAY)
    told = settlement(number)
    assert (await post(app, callers.yibao, told)).json()["waits"] == "NO_SUCH_PERSON"
    await officer.done(home.id, identity(who), **number_of(number, home), **WRONG)
    (corrected,) = await corrections(sql, home)
    assert corrected["corrected"] == ["IDENTITY_NUMBER"]
    assert corrected["number_differs"] == DIFFERS["number_differs"]
    assert identity_number(number) not in str(corrected)
    assert (await shown(officer, home, who))[1] == identity_number(number)

    async def matched() -> Any:
        return await events(sql, f"facts-of-household-{home.id}", "DepartmentFactRecorded")

    ((_, fact),) = await eventually(matched)
    assert fact["person_id"] == who
    finds = callers.staff("households:read", "finder", "441624")
    for one, found in ((number, 200), (home.people[0], 404)):  # by the new one, not by the old one
        body = {"identity_number": identity_number(one)}
        answer = await app.post("/v1/households/lookup", json=body, headers=finds)
        assert answer.status_code == found


async def test_a_number_that_is_not_of_the_birth_date_needs_a_reason(
    officer: Register, home: Home
) -> None:
    number = identity_number(next(OF_ANOTHER_DAY))
    form = {"identity_number": number, **WRONG}
    refused = await officer.ask(home.id, identity(home.person(0)), **form)
    assert refused.status_code == 422
    assert {e["code"] for e in refused.json()["errors"]} == {"not-of-number"}
    wrong = {**form, "identity_number": number[:-1] + "?"}
    refused = await officer.ask(home.id, identity(home.person(0)), **wrong)
    assert [e["pointer"] for e in refused.json()["errors"]] == ["/identity_number"]
    await officer.done(home.id, identity(home.person(0)), **form, **DIFFERS)


@pytest.mark.parametrize("form", [{}, {"name": "改正", **DIFFERS}, {"name": "  "}])
async def test_what_is_corrected_has_to_be_told(
    officer: Register, home: Home, form: dict[str, str]
) -> None:
    answer = await officer.ask(home.id, identity(home.person(0)), **form, **WRONG)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid")


async def test_nobody_is_given_the_number_of_another(
    register: Register, officer: Register, home: Home
) -> None:
    other = await register.household(2)
    for whose, code in ((0, "person-in-another-household"), (1, "person-has-another-id")):
        if whose:
            await register.done(other.id, "departures", **leaving(other.person(1)))
        form = number_of(other.people[whose], home)
        answer = await officer.ask(home.id, identity(home.person(0)), **form, **WRONG)
        assert (answer.status_code, answer.json()["code"]) == (409, code)
        assert form["identity_number"] not in answer.text


async def test_a_newborn_without_a_number_is_given_one_and_not_corrected(
    register: Register, officer: Register, home: Home
) -> None:
    child = await newborn(register, home)
    form = {"identity_number": identity_number(next(OF_ANOTHER_DAY)), **DIFFERS}
    answer = await officer.ask(home.id, identity(child), **form, **WRONG)
    assert (answer.status_code, answer.json()["code"]) == (409, "no-number-yet")
    await officer.done(home.id, identity(child), name="改正", **WRONG)


async def test_only_the_county_corrects_and_nobody_their_own_family(
    app: httpx.AsyncClient, register: Register, callers: Callers, home: Home
) -> None:
    who = home.person(0)
    refused = await register.ask(home.id, identity(who), name="改正", **WRONG)
    assert (refused.status_code, refused.json()["code"]) == (403, "forbidden")
    themselves = Register(app, callers.staff("members:rights", who, "441624"))
    refused = await themselves.ask(home.id, identity(who), name="改正", **WRONG)
    assert (refused.status_code, refused.json()["code"]) == (409, "officer-is-relative")
    stranger = identity(str(UUID(int=7)))
    officer = Register(app, callers.staff("members:rights", "officer", "441624"))
    refused = await officer.ask(home.id, stranger, name="改正", **WRONG)
    assert refused.json()["code"] == "not-a-member"


async def test_what_is_restricted_because_it_is_contested_is_corrected_all_the_same(
    officer: Register, home: Home
) -> None:
    who = home.person(0)
    restriction = {"reason": "CONTESTED", "restricted_on": DAY}
    await officer.done(home.id, f"members/{who}/restriction", **restriction)
    await officer.done(home.id, identity(who), name="改正", **WRONG)
    await officer.done(home.id, f"members/{who}/restriction-end", lifted_on=DAY)
    assert (await shown(officer, home, who))[0] == "改正"
