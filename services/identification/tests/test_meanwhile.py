"""What somebody else does between the look-up and the record of a step: the vault and the log agree."""

from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

import asyncpg
import httpx
import pytest

from common.ids import new_id
from common.testing import eventually
from identification import vault
from identification.seals import Sealed, commitment
from services.identification.tests.asking import Callers, identity_number, person
from services.identification.tests.registrar import (
    DAY,
    Home,
    Register,
    joining,
    leaving,
    numbers,
)
from services.identification.tests.test_newborns import newborn
from services.identification.tests.test_register_api import VAULT

MOVE = {"to_region": "441624109201", "address": "另一镇2组", "effective_on": DAY}


@pytest.fixture
def officer(app: httpx.AsyncClient, callers: Callers) -> Register:
    """The county's officer for persons' rights."""
    return Register(app, callers.staff("members:rights", "officer", "441624"))


async def shown(sql: asyncpg.Connection, home: Home, who: str) -> str:
    """The person's address, if the register commits to the record in the vault."""
    row = await sql.fetchrow(
        "select salt, sealed from vault.person where person_id = $1", UUID(who)
    )
    assert row is not None
    personal = VAULT.open(UUID(who), row["sealed"])
    data = await sql.fetch(
        "select convert_from(data, 'UTF8') from es.events where household_id = $1", UUID(home.id)
    )
    assert any(commitment(personal, row["salt"]) in one[0] for one in data)
    return personal.address


def interrupt(
    monkeypatch: pytest.MonkeyPatch, name: str, other: Callable[[], Awaitable[None]]
) -> None:
    """The vault is asked by this function once more, and before its answer is used, something else happens."""
    asked = getattr(vault, name)

    async def interrupted(*of: Any) -> Any:
        found = await asked(*of)
        monkeypatch.undo()
        await other()
        return found

    monkeypatch.setattr(vault, name, interrupted)


async def test_who_left_while_a_move_was_written_does_not_move(
    register: Register, sql: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    old, new = await register.household(2), await register.household()
    bride = old.person(1)

    async def other() -> None:
        await register.done(old.id, "departures", **leaving(bride))
        await register.done(new.id, "members", **joining(old.people[1]))

    interrupt(monkeypatch, "of_household", other)
    answer = await register.ask(old.id, "relocation", **MOVE)
    assert (answer.status_code, answer.json()["code"]) == (503, "conflict")
    assert await shown(sql, new, bride) == "彭寨镇聚村3组"
    await register.done(old.id, "relocation", **MOVE)
    assert await shown(sql, old, old.person(0)) == "另一镇2组"
    assert await shown(sql, new, bride) == "彭寨镇聚村3组"


async def test_who_came_while_a_move_was_written_moves_too(
    register: Register, sql: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = await register.household()
    child = person(next(numbers), relation="CHILD")

    async def other() -> None:
        form = {"member": child, "reason": "RETURN", "effective_on": DAY, "co_living_count": 2}
        await register.done(home.id, "members", **form)

    interrupt(monkeypatch, "of_household", other)
    answer = await register.ask(home.id, "relocation", **MOVE)
    assert (answer.status_code, answer.json()["code"]) == (503, "conflict")
    await register.done(home.id, "relocation", **MOVE)
    for who in (home.person(0), child["person_id"]):
        assert await shown(sql, home, who) == "另一镇2组"


async def test_who_comes_while_the_household_moves_has_the_new_address(
    register: Register, sql: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = await register.household()
    child = person(next(numbers), relation="CHILD")
    form = {"member": child, "reason": "RETURN", "effective_on": DAY, "co_living_count": 2}

    async def other() -> None:
        await register.done(home.id, "relocation", **MOVE)

    interrupt(monkeypatch, "of_household", other)
    answer = await register.ask(home.id, "members", **form)
    assert (answer.status_code, answer.json()["code"]) == (503, "conflict")
    await register.done(home.id, "members", **form)
    for who in (home.person(0), child["person_id"]):
        assert await shown(sql, home, who) == "另一镇2组"


async def test_a_newborn_that_is_given_a_number_while_the_household_moves_has_the_new_address(
    register: Register, sql: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = await register.household()
    child, number = await newborn(register, home), identity_number(next(numbers))
    given = {"identity_number": number, "given_on": "2024-05-20", "number_differs": "NUMBER_WRONG"}

    async def other() -> None:
        await register.done(home.id, "relocation", **MOVE)

    interrupt(monkeypatch, "kept", other)
    answer = await register.ask(home.id, f"members/{child}/identity-number", **given)
    assert (answer.status_code, answer.json()["code"]) == (503, "conflict")
    await register.done(home.id, f"members/{child}/identity-number", **given)
    assert await shown(sql, home, child) == "另一镇2组"


async def test_who_joins_after_a_merger_lives_where_the_head_does(
    register: Register, sql: asyncpg.Connection
) -> None:
    survivor, absorbed = await register.household(), await register.household(address="旧宅5组")
    merger = {"absorbed_ids": [absorbed.id], "effective_on": DAY}
    await register.done(survivor.id, "merger", **merger)

    async def arrived() -> bool:
        return len(await register.members(survivor.id)) == 2

    await eventually(arrived)
    head = UUID(survivor.person(0))
    await sql.execute("update vault.person set salt = salt where person_id = $1", head)  # moves it
    child = person(next(numbers), relation="CHILD")
    form = {"member": child, "reason": "RETURN", "effective_on": DAY, "co_living_count": 3}
    await register.done(survivor.id, "members", **form)
    assert await shown(sql, survivor, child["person_id"]) == "彭寨镇聚村3组"
    assert await shown(sql, absorbed, absorbed.person(0)) == "旧宅5组"


async def test_who_is_a_member_since_the_look_up_is_kept_in_one_household_only(
    register: Register, sql: asyncpg.Connection
) -> None:
    """Of a former member under another id, too, the record stays."""
    home, other = await register.household(2), await register.household()
    await register.done(home.id, "departures", **leaving(home.person(1)))
    for place, again in ((0, UUID(home.person(0))), (0, new_id()), (1, new_id())):
        was = await sql.fetchrow(
            "select * from vault.person where person_id = $1", UUID(home.person(place))
        )
        assert was
        row = Sealed(again, UUID(other.id), was["blind_index"], was["salt"], was["sealed"])
        keeping = sql.transaction()
        await keeping.start()
        if place == 0:
            with pytest.raises(asyncpg.UniqueViolationError):
                await vault.keep(sql, [row])
        else:
            await vault.keep(sql, [row])
            assert await vault.kept(sql, UUID(home.id), UUID(home.person(place)))
        await keeping.rollback()


async def test_who_is_restricted_while_a_look_is_recorded_is_not_shown(
    app: httpx.AsyncClient,
    callers: Callers,
    register: Register,
    officer: Register,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    home = await register.household()
    nosy = Register(app, callers.staff("members:reveal", "nosy", "441624"))

    async def other() -> None:
        restriction = {"reason": "CONTESTED", "restricted_on": DAY}
        await officer.done(home.id, f"members/{home.person(0)}/restriction", **restriction)

    interrupt(monkeypatch, "kept", other)
    answer = await nosy.ask(home.id, f"members/{home.person(0)}/reveal", purpose="VISIT")
    assert (answer.status_code, answer.json()["code"]) == (409, "processing-restricted")


async def test_nobody_is_called_erased_who_joined_another_household_at_that_moment(
    register: Register,
    officer: Register,
    sql: asyncpg.Connection,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    old, new = await register.household(2), await register.household()
    bride = old.person(1)
    await register.done(old.id, "departures", **leaving(bride))

    async def other() -> None:
        await register.done(new.id, "members", **joining(old.people[1]))

    interrupt(monkeypatch, "home", other)
    erasure = {"reason": "PURPOSE_ENDED", "erased_on": DAY}
    answer = await officer.ask(old.id, f"members/{bride}/erasure", **erasure)
    assert (answer.status_code, answer.json()["code"]) == (409, "purpose-continues")
    assert not await sql.fetchval(
        "select exists (select from es.events where household_id = $1 and type = 'PersonalDataErased')",
        UUID(old.id),
    )
    assert await shown(sql, new, bride)


async def test_a_number_that_a_newborn_was_given_while_a_move_was_written_is_not_lost(
    register: Register, sql: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = await register.household()
    child, number = await newborn(register, home), identity_number(next(numbers))
    given = {"identity_number": number, "given_on": "2024-05-20", "number_differs": "NUMBER_WRONG"}

    async def other() -> None:
        await register.done(home.id, f"members/{child}/identity-number", **given)

    interrupt(monkeypatch, "of_household", other)
    answer = await register.ask(home.id, "relocation", **MOVE)
    assert (answer.status_code, answer.json()["code"]) == (503, "conflict")
    await register.done(home.id, "relocation", **MOVE)
    assert await shown(sql, home, child) == "另一镇2组"
    sealed = await sql.fetchval("select sealed from vault.person where person_id = $1", UUID(child))
    assert VAULT.open(UUID(child), sealed).identity_number == number


async def test_a_name_that_was_corrected_while_a_move_was_written_is_not_lost(
    register: Register, officer: Register, sql: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = await register.household()
    who = home.person(0)

    async def other() -> None:
        correction = {"name": "更正后", "reason": "RECORDED_WRONGLY", "corrected_on": DAY}
        await officer.done(home.id, f"members/{who}/identity", **correction)

    interrupt(monkeypatch, "of_household", other)
    answer = await register.ask(home.id, "relocation", **MOVE)
    assert (answer.status_code, answer.json()["code"]) == (503, "conflict")
    await register.done(home.id, "relocation", **MOVE)
    assert await shown(sql, home, who) == "另一镇2组"
    sealed = await sql.fetchval("select sealed from vault.person where person_id = $1", UUID(who))
    assert VAULT.open(UUID(who), sealed).name == "更正后"
