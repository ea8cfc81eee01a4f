"""Another address of the same village, where the household moved inside it or was recorded wrongly (PIPL 46)."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import asyncpg
import httpx
import pytest

from common.testing import eventually
from contracts.circumstances import AddressChanged, Committed
from identification.domain.household import HOUSEHOLD
from services.identification.tests.asking import Callers, person
from services.identification.tests.entries import (
    ADDRESS,
    DAY,
    DEREGISTER,
    MOVE,
    SECOND,
    after,
    refused,
)
from services.identification.tests.registrar import Home, Register, numbers
from services.identification.tests.story import TODAY, history
from services.identification.tests.test_api_facts import events
from services.identification.tests.test_meanwhile import interrupt, shown

NEW = "彭寨镇聚村7组12号"
FORM: dict[str, Any] = {"address": NEW, "reason": "MOVED", "effective_on": str(DAY)}


def test_the_members_are_committed_to_anew_and_the_same_again_is_nothing_new() -> None:
    (event,) = HOUSEHOLD.when(ADDRESS, given=history())
    assert isinstance(event, AddressChanged)
    told = {m.person_id: m.commitment for m in after(ADDRESS).registered.members}
    assert told[SECOND] == "a" * 64
    assert [who for who, was in told.items() if was == "a" * 64] == [SECOND]
    assert HOUSEHOLD.when(ADDRESS, given=history(ADDRESS)) == []
    assert HOUSEHOLD.when(replace(ADDRESS, commitments=()), given=history()) == []


def test_an_address_is_told_in_the_order_of_the_days_with_the_moves() -> None:
    other = replace(ADDRESS, commitments=(Committed(person_id=SECOND, commitment="b" * 64),))
    early = replace(other, effective_on=DAY - timedelta(days=1))
    for given in (history(ADDRESS), history(MOVE)):
        assert refused(early, given).code == "told-later"
        assert HOUSEHOLD.when(other, given=given)
    tomorrow = replace(ADDRESS, effective_on=TODAY + timedelta(days=1))
    assert refused(tomorrow, history()).code == "date-in-future"
    assert refused(ADDRESS, history(DEREGISTER)).code == "household-ended"


async def changes(sql: asyncpg.Connection, home: Home) -> list[Any]:
    return [told for _, told in await events(sql, f"household-{home.id}", "AddressChanged")]


async def test_an_address_is_in_the_vault_and_in_no_event(
    register: Register, sql: asyncpg.Connection
) -> None:
    home = await register.household(2)
    await register.done(home.id, "address", **{**FORM, "address": f"  {NEW} "})
    for who in (home.person(0), home.person(1)):
        assert await shown(sql, home, who) == NEW
    (told,) = await changes(sql, home)
    assert (told["reason"], len(told["commitments"])) == ("MOVED", 2)
    log = await sql.fetchval("select string_agg(convert_from(data, 'UTF8'), ' ') from es.events")
    assert NEW not in log
    again = await register.done(home.id, "address", **FORM)
    assert again.json()["events"] == []
    assert len(await changes(sql, home)) == 1


async def test_who_came_with_a_merger_has_the_address_of_the_household_when_it_is_told(
    register: Register, sql: asyncpg.Connection
) -> None:
    survivor, absorbed = await register.household(), await register.household(address="旧宅5组")
    merger = {"absorbed_ids": [absorbed.id], "effective_on": str(DAY)}
    await register.done(survivor.id, "merger", **merger)

    async def arrived() -> bool:
        return len(await register.members(survivor.id)) == 2

    await eventually(arrived)
    of_the_head = await shown(sql, survivor, survivor.person(0))
    form = {**FORM, "address": of_the_head, "reason": "RECORDED_WRONGLY"}
    await register.done(survivor.id, "address", **form)
    assert await shown(sql, survivor, absorbed.person(0)) == of_the_head


async def test_who_comes_while_the_address_changes_has_the_new_one(
    register: Register, sql: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = await register.household()
    child = person(next(numbers), relation="CHILD")
    form = {"member": child, "reason": "RETURN", "effective_on": str(DAY), "co_living_count": 2}

    async def other() -> None:
        await register.done(home.id, "address", **FORM)

    interrupt(monkeypatch, "of_household", other)
    answer = await register.ask(home.id, "members", **form)
    assert (answer.status_code, answer.json()["code"]) == (503, "conflict")
    await register.done(home.id, "members", **form)
    for who in (home.person(0), child["person_id"]):
        assert await shown(sql, home, who) == NEW


async def test_a_town_tells_the_addresses_of_its_own_households(
    app: httpx.AsyncClient, register: Register, callers: Callers
) -> None:
    home = await register.household()
    for scopes, region, code in (
        ("households:read", "441624", "forbidden"),
        ("households:write", "441624109", "outside-region"),
    ):
        other = Register(app, callers.staff(scopes, "other", region))
        answer = await other.ask(home.id, "address", **FORM)
        assert (answer.status_code, answer.json()["code"]) == (403, code)
    for wrong in ({"address": "  "}, {"reason": "HUNCH"}, {"address": "路" * 201}):
        answer = await register.ask(home.id, "address", **{**FORM, **wrong})
        assert (answer.status_code, answer.json()["code"]) == (422, "invalid")


async def test_a_move_to_the_same_village_is_refused_with_the_step_that_there_is(
    register: Register,
) -> None:
    home = await register.household()
    same = {"to_region": (await register.get(home.id))["region"], "address": NEW}
    answer = await register.ask(home.id, "relocation", **same, effective_on=str(DAY))
    assert (answer.status_code, answer.json()["code"]) == (422, "same-area")
    assert "变更住址" in answer.json()["title"]
