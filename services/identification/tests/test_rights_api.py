"""Looks at persons and the refusal of them, restriction and erasure, over HTTP."""

from itertools import pairwise
from typing import Any
from uuid import UUID

import asyncpg
import httpx
import pytest
from msgspec.structs import replace

from common.ids import new_id
from common.intents import Conflict
from common.rows import from_row
from common.testing import OFFICER
from contracts.envelope import chain_hash
from identification import vault
from identification.seals import Sealed
from services.identification.tests.asking import Callers, identity_number
from services.identification.tests.registrar import DAY, Home, Register, joining, leaving, numbers


@pytest.fixture
def officer(app: httpx.AsyncClient, callers: Callers) -> Register:
    """The county's officer for persons' rights."""
    scopes = "members:rights members:reveal households:read"
    return Register(app, callers.staff(scopes, "officer", "441624"))


@pytest.fixture
def supervisor(callers: Callers) -> dict[str, str]:
    """Reads who looked."""
    return callers.staff("access:read", "supervisor", "441624")


async def looks(
    app: httpx.AsyncClient, supervisor: dict[str, str], home: Home
) -> list[dict[str, Any]]:
    answer = await app.get(f"/v1/access?household_id={home.id}", headers=supervisor)
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()
    return found


def restricted(person: str) -> str:
    return f"members/{person}/restriction"


RESTRICTION = {"reason": "CONTESTED", "restricted_on": DAY}
ERASURE = {"reason": "PURPOSE_ENDED", "erased_on": DAY}


async def test_a_look_at_a_person_has_a_purpose_and_is_recorded_before_it_is_answered(
    app: httpx.AsyncClient, register: Register, officer: Register, supervisor: dict[str, str]
) -> None:
    home = await register.household()
    reveal = f"members/{home.person(0)}/reveal"
    idle = await officer.ask(home.id, reveal, purpose="CURIOSITY")
    assert (idle.status_code, idle.json()["errors"][0]["pointer"]) == (422, "/purpose")
    answer = await officer.ask(home.id, reveal, purpose="VISIT")
    assert answer.status_code == 200
    assert answer.json()["identity_number"] == identity_number(home.people[0])
    assert answer.headers["Cache-Control"] == "no-store"
    (look,) = await looks(app, supervisor, home)
    assert (look["granted"], look["why"], look["looked_by"]) == (True, "VISIT", "officer")
    assert look["person_id"] == home.person(0)


async def test_who_may_register_may_not_reveal_restrict_or_read_who_looked(
    app: httpx.AsyncClient, register: Register, callers: Callers
) -> None:
    home = await register.household()
    for path, form, scope in [
        (f"members/{home.person(0)}/reveal", {"purpose": "VISIT"}, "members:reveal"),
        (restricted(home.person(0)), RESTRICTION, "members:rights"),
        (f"members/{home.person(0)}/erasure", ERASURE, "members:rights"),
    ]:
        answer = await register.ask(home.id, path, **form)
        assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")
        assert scope in answer.json()["title"]
    answer = await app.get("/v1/access", headers=callers.registrar)
    assert answer.status_code == 403


async def test_restricted_data_is_shown_to_nobody_and_the_refusal_says_why(
    app: httpx.AsyncClient, register: Register, officer: Register, supervisor: dict[str, str]
) -> None:
    home = await register.household(2)
    reveal = f"members/{home.person(1)}/reveal"
    await officer.done(home.id, restricted(home.person(1)), **RESTRICTION)
    answer = await officer.ask(home.id, reveal, purpose="VISIT")
    assert (answer.status_code, answer.json()["code"]) == (409, "processing-restricted")
    (look,) = await looks(app, supervisor, home)
    assert (look["granted"], look["why"]) == (False, "RESTRICTED")
    other = await officer.ask(home.id, f"members/{home.person(0)}/reveal", purpose="VISIT")
    assert other.status_code == 200
    await officer.done(home.id, f"members/{home.person(1)}/restriction-end", lifted_on=DAY)
    assert (await officer.ask(home.id, reveal, purpose="VISIT")).status_code == 200


async def test_a_restriction_goes_with_the_person_to_another_household(
    register: Register, officer: Register
) -> None:
    old, new = await register.household(2), await register.household()
    bride = old.person(1)
    await officer.done(old.id, restricted(bride), **RESTRICTION)
    await register.done(old.id, "departures", **leaving(bride))
    await register.done(new.id, "members", **joining(old.people[1]))
    answer = await officer.ask(new.id, f"members/{bride}/reveal", purpose="VISIT")
    assert (answer.status_code, answer.json()["code"]) == (409, "processing-restricted")
    await officer.done(new.id, f"members/{bride}/restriction-end", lifted_on=DAY)
    assert (
        await officer.ask(new.id, f"members/{bride}/reveal", purpose="VISIT")
    ).status_code == 200


async def test_who_belongs_to_another_household_is_restricted_there(
    register: Register, officer: Register
) -> None:
    old, new = await register.household(2), await register.household()
    bride = old.person(1)
    await register.done(old.id, "departures", **leaving(bride))
    await officer.done(old.id, restricted(bride), **RESTRICTION)
    await register.done(new.id, "members", **joining(old.people[1]))
    for path, form in [
        (restricted(bride), RESTRICTION),
        (f"members/{bride}/restriction-end", {"lifted_on": DAY}),
    ]:
        answer = await officer.ask(old.id, path, **form)
        assert (answer.status_code, answer.json()["code"]) == (409, "person-elsewhere")
    await officer.done(new.id, f"members/{bride}/restriction-end", lifted_on=DAY)


async def test_erasure_takes_name_and_number_and_leaves_a_history_that_verifies(
    register: Register, officer: Register, sql: asyncpg.Connection
) -> None:
    home = await register.household(3)
    person, erasure = home.person(1), f"members/{home.person(1)}/erasure"
    refused = await officer.ask(home.id, erasure, **ERASURE)
    assert (refused.status_code, refused.json()["code"]) == (409, "purpose-continues")
    for who in (person, home.person(2)):
        await register.done(home.id, "departures", **leaving(who))
    await officer.done(home.id, erasure, **ERASURE)
    assert not await sql.fetchval(
        "select exists (select from vault.person where person_id = $1)", UUID(person)
    )
    other = await officer.ask(home.id, f"members/{home.person(2)}/reveal", purpose="VISIT")
    assert other.status_code == 200
    gone = await officer.ask(home.id, f"members/{person}/reveal", purpose="VISIT")
    assert (gone.status_code, gone.json()["code"]) == (404, "not-in-vault")
    rows = await sql.fetch(
        "select * from es.events where stream = $1 order by version", f"household-{home.id}"
    )
    events = [from_row("identification", row) for row in rows]
    assert [e.type for e in events][-2:] == ["HouseholdMemberRemoved", "PersonalDataErased"]
    assert all(chain_hash(e) == e.hash for e in events)
    assert all(later.prev_hash == before.hash for before, later in pairwise(events))
    assert person.encode() in events[0].data
    assert b'"commitment"' in events[0].data
    assert chain_hash(replace(events[0], data=events[0].data + b" ")) != events[0].hash


async def test_the_id_of_somebody_who_was_erased_is_given_to_nobody(
    register: Register, officer: Register
) -> None:
    """To them as little as to others: what was erased would go on under their name."""
    home = await register.household(2)
    person, number = home.person(1), home.people[1]
    await register.done(home.id, "departures", **leaving(person))
    await officer.done(home.id, f"members/{person}/erasure", **ERASURE)
    for whose in (number, next(numbers)):
        answer = await register.ask(home.id, "members", **joining(whose, person_id=person))
        assert (answer.status_code, answer.json()["code"]) == (409, "person-id-erased")
    await register.done(home.id, "members", **joining(number, person_id=None))
    assert person not in await register.members(home.id)


async def test_who_was_erased_at_this_moment_is_not_kept_under_the_same_id(
    register: Register, officer: Register, sql: asyncpg.Connection
) -> None:
    home = await register.household(2)
    person = UUID(home.person(1))
    kept = await sql.fetchrow("select * from vault.person where person_id = $1", person)
    assert kept
    await register.done(home.id, "departures", **leaving(str(person)))
    await officer.done(home.id, f"members/{person}/erasure", **ERASURE)
    row = Sealed(person, UUID(home.id), kept["blind_index"], kept["salt"], kept["sealed"])
    with pytest.raises(Conflict):
        await vault.keep(sql, [row])
    assert not await sql.fetchval(
        "select exists (select from vault.person where person_id = $1)", person
    )


async def test_who_was_erased_before_the_vault_kept_their_ids_is_known_to_it_too(
    register: Register, officer: Register, sql: asyncpg.Connection
) -> None:
    home = await register.household(3)
    person = home.person(1)
    for who in (person, home.person(2)):
        await register.done(home.id, "departures", **leaving(who))
    await officer.done(home.id, f"members/{person}/erasure", **ERASURE)
    upgrade = sql.transaction()
    await upgrade.start()
    await sql.execute("drop table vault.erased; " + vault.TABLES)
    rows = await sql.fetch("select person_id from vault.erased")
    await upgrade.rollback()
    erased = {str(row["person_id"]) for row in rows}
    assert person in erased
    assert home.person(2) not in erased


async def test_the_data_of_a_former_member_who_belongs_elsewhere_is_not_erased(
    register: Register, officer: Register
) -> None:
    old, new = await register.household(2), await register.household()
    await register.done(old.id, "departures", **leaving(old.person(1)))
    await register.done(new.id, "members", **joining(old.people[1]))
    answer = await officer.ask(old.id, f"members/{old.person(1)}/erasure", **ERASURE)
    assert (answer.status_code, answer.json()["code"]) == (409, "purpose-continues")
    reveal = f"members/{old.person(1)}/reveal"
    assert (await officer.ask(new.id, reveal, purpose="VISIT")).status_code == 200


async def test_A75_a_department_is_refused_what_is_not_routed_to_it_and_supervisors_see_it(
    app: httpx.AsyncClient, register: Register, callers: Callers, supervisor: dict[str, str]
) -> None:
    home = await register.household()
    answer = await app.get(f"/v1/households/{home.id}", headers=callers.yibao)
    assert (answer.status_code, answer.json()["code"]) == (403, "not-routed")
    (look,) = await looks(app, supervisor, home)
    assert (look["granted"], look["why"]) == (False, "NOT_ROUTED")
    assert (look["department"], look["looked_by"]) == ("yibao", OFFICER.person)


async def test_A75_staff_of_another_town_are_refused_and_supervisors_see_it(
    app: httpx.AsyncClient, register: Register, callers: Callers, supervisor: dict[str, str]
) -> None:
    home = await register.household()
    town = callers.staff("households:read members:reveal", "nosy", "441624109")
    answer = await app.get(f"/v1/households/{home.id}", headers=town)
    assert (answer.status_code, answer.json()["code"]) == (403, "outside-region")
    reveal = f"members/{home.person(0)}/reveal"
    assert (await Register(app, town).ask(home.id, reveal, purpose="VISIT")).status_code == 403
    assert [look["why"] for look in await looks(app, supervisor, home)] == ["OUTSIDE_REGION"] * 2


async def test_nobody_is_shown_in_a_household_that_is_not_theirs(
    app: httpx.AsyncClient, register: Register, callers: Callers
) -> None:
    """Or who answers for one household could look at everybody through it."""
    theirs = await register.household()
    home = await register.household(region="441624109201")
    town = Register(app, callers.staff("members:reveal", "nosy", "441624108"))
    answer = await town.ask(theirs.id, f"members/{home.person(0)}/reveal", purpose="VISIT")
    assert (answer.status_code, answer.json()["code"]) == (404, "not-in-vault")
    answer = await town.ask(str(new_id()), f"members/{home.person(0)}/reveal", purpose="VISIT")
    assert (answer.status_code, answer.json()["code"]) == (404, "not-registered")


async def test_A75_each_filter_leaves_out_the_looks_that_are_others(
    app: httpx.AsyncClient, register: Register, callers: Callers, supervisor: dict[str, str]
) -> None:
    home = await register.household()
    person = f"members/{home.person(0)}/reveal"
    staff = Register(app, callers.staff("members:reveal", "officer", "441624"))
    department = Register(app, callers.of("yibao", "members:reveal households:read"))
    for caller in (staff, department):
        assert (await caller.ask(home.id, person, purpose="VISIT")).status_code == 200
    assert await department.get(home.id) is None
    looked = await looks(app, supervisor, home)
    assert [(look["department"], look["granted"]) for look in looked] == [
        ("yibao", False),
        ("yibao", True),
        ("xiangzhen", True),
    ]
    for chosen, found in (
        ("department=xiangzhen", looked[2:]),
        ("granted=false", looked[:1]),
        ("region=441624108", looked),
        ("region=441624109", []),
    ):
        answer = await app.get(f"/v1/access?household_id={home.id}&{chosen}", headers=supervisor)
        assert answer.json() == found
    latest = (await app.get("/v1/access", headers=supervisor)).json()
    assert [look for look in latest if look["household_id"] == home.id] == looked


async def test_A75_supervisors_filter_and_page_through_the_looks_of_their_area(
    app: httpx.AsyncClient, register: Register, callers: Callers, supervisor: dict[str, str]
) -> None:
    home = await register.household()
    for _ in range(3):
        await app.get(f"/v1/households/{home.id}", headers=callers.yibao)
    url: str | None = f"/v1/access?household_id={home.id}&department=yibao&granted=false&limit=2"
    seen: list[str] = []
    while url:
        answer = await app.get(url, headers=supervisor)
        seen += [look["event_id"] for look in answer.json()]
        url = answer.links["next"]["url"] if "next" in answer.links else None
    assert len(seen) == len(set(seen)) == 3
    assert seen == sorted(seen, reverse=True)
    answer = await app.get("/v1/access?who=me", headers=supervisor)
    assert (answer.status_code, answer.json()["code"]) == (400, "unknown-filter")
    elsewhere = callers.staff("access:read", "other", "441625")
    answer = await app.get(f"/v1/access?household_id={home.id}", headers=elsewhere)
    assert answer.json() == []
