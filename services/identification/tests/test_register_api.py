"""Changing the register over HTTP: the vault moves along, and other households follow."""

import asyncio
import json
from base64 import b64encode
from typing import Any
from uuid import UUID

import asyncpg
import httpx
import pytest

from common.ids import new_id
from common.testing import eventually
from identification.seals import Vault, commitment
from services.identification.tests.asking import (
    REGION,
    Callers,
    identity_number,
)
from services.identification.tests.registrar import DAY, Home, Register, joining, leaving, numbers

HASH = "0" * 64
VAULT = Vault(b64encode(b"v" * 32).decode(), b64encode(b"i" * 32).decode())


async def test_who_left_one_household_joins_another_and_is_the_same_person(
    register: Register,
) -> None:
    old, new = await register.household(2), await register.household()
    bride = old.people[1]
    refused = await register.ask(new.id, "members", **joining(bride, person_id=None))
    assert (refused.status_code, refused.json()["code"]) == (409, "person-in-another-household")
    assert refused.json()["errors"][0]["pointer"] == "/member/identity_number"
    assert identity_number(bride) not in refused.text
    await register.done(old.id, "departures", **leaving(old.person(1)))
    await register.done(new.id, "members", **joining(bride, person_id=None))
    assert await register.members(old.id) == {old.person(0)}
    assert await register.members(new.id) == {new.person(0), old.person(1)}


async def test_a_person_keeps_one_id_for_life(register: Register) -> None:
    old, new = await register.household(2), await register.household()
    await register.done(old.id, "departures", **leaving(old.person(1)))
    answer = await register.ask(
        new.id, "members", **joining(old.people[1], person_id=str(new_id()))
    )
    assert (answer.status_code, answer.json()["code"]) == (409, "person-has-another-id")


async def test_the_id_of_a_former_member_is_never_given_to_another_person(
    register: Register, sql: asyncpg.Connection
) -> None:
    old, new = await register.household(2), await register.household()
    await register.done(old.id, "departures", **leaving(old.person(1)))
    kept = "select sealed from vault.person where person_id = $1"
    before = await sql.fetchval(kept, UUID(old.person(1)))
    stranger = joining(next(numbers), person_id=old.person(1))
    answer = await register.ask(new.id, "members", **stranger)
    assert (answer.status_code, answer.json()["code"]) == (409, "person-id-of-another")
    assert answer.json()["errors"][0]["pointer"] == "/member/person_id"
    assert await sql.fetchval(kept, UUID(old.person(1))) == before


async def test_the_head_dies_and_the_household_has_a_new_head_at_once(register: Register) -> None:
    home = await register.household(2)
    death = leaving(home.person(0), reason="DEATH")
    answer = await register.ask(home.id, "departures", **death)
    assert (answer.status_code, answer.json()["code"]) == (422, "new-head-needed")
    head = {"head_id": home.person(1), "relations": []}
    await register.done(home.id, "departures", **death, new_head=head)
    (left,) = await register.get(home.id, "/members")
    assert (left["person_id"], left["relation"]) == (home.person(1), "HEAD")


async def test_with_its_last_member_the_household_is_off_the_register(register: Register) -> None:
    home, other = await register.household(), await register.household()
    await register.done(home.id, "departures", **leaving(home.person(0), reason="EMIGRATION"))
    assert (await register.get(home.id))["status"] == "MOVED_OUT"
    answer = await register.ask(home.id, "members", **joining(next(numbers)))
    assert (answer.status_code, answer.json()["code"]) == (409, "household-ended")
    await register.done(other.id, "members", **joining(home.people[0]))


async def test_a_change_that_did_not_see_the_last_one_is_refused_with_what_to_do(
    app: httpx.AsyncClient, register: Register, county: dict[str, str]
) -> None:
    home = await register.household()
    labour = {
        "person_id": home.person(0),
        "capacity": "LOST",
        "basis": "MEDICAL_PROOF",
        "assessed_on": DAY,
    }
    seen = (await app.get(f"/v1/households/{home.id}", headers=county)).headers["ETag"]
    await register.done(home.id, "labour", **labour, headers={"If-Match": seen})
    labour["capacity"] = "WEAK"
    stale = await register.ask(home.id, "labour", **labour, headers={"If-Match": seen})
    assert (stale.status_code, stale.json()["code"]) == (412, "version-moved-on")
    assert "重新读取" in stale.json()["title"]
    fresh = (await app.get(f"/v1/households/{home.id}", headers=county)).headers["ETag"]
    await register.done(home.id, "labour", **labour, headers={"If-Match": fresh})


async def test_T19_a_move_inside_the_county_takes_the_household_to_another_town(
    app: httpx.AsyncClient, register: Register, callers: Callers
) -> None:
    home = await register.household()
    move = {"to_region": "441624109201", "address": "另一镇2组", "effective_on": DAY}
    no_address = await register.ask(home.id, "relocation", **{**move, "address": None})
    assert no_address.json()["errors"][0]["pointer"] == "/address"
    await register.done(home.id, "relocation", **move)
    assert (await register.get(home.id))["region"] == "441624109201"
    before = callers.staff("households:read", "town", "441624108")
    answer = await app.get(f"/v1/households/{home.id}", headers=before)
    assert (answer.status_code, answer.json()["code"]) == (403, "outside-region")


@pytest.mark.parametrize(
    ("to", "told"),
    [("441624109201", "441624109201"), ("441625100201", "441624108201")],
    ids=["inside the county", "out of it"],
)
async def test_T19_a_move_is_told_to_the_area_that_answers_for_the_household_from_now_on(
    register: Register, sql: asyncpg.Connection, to: str, told: str
) -> None:
    """Its envelope says which: the old area, if the household leaves the county."""
    home = await register.household()
    move = {"to_region": to, "address": "另一镇2组", "handover_hash": HASH, "effective_on": DAY}
    await register.done(home.id, "relocation", **move)
    rows = await sql.fetch(
        "select region from es.readable where household_id = $1 and version > 1", UUID(home.id)
    )
    assert {row["region"] for row in rows} == {told}


async def test_T19_the_commitments_of_a_move_are_to_the_records_with_the_new_address(
    register: Register, sql: asyncpg.Connection
) -> None:
    home = await register.household()
    move = {"to_region": "441624109201", "address": "另一镇2组", "effective_on": DAY}
    await register.done(home.id, "relocation", **move)
    data = await sql.fetchval(
        "select data from es.readable where household_id = $1 and type = 'HouseholdRelocated'",
        UUID(home.id),
    )
    (committed,) = json.loads(data)["commitments"]
    row = await sql.fetchrow(
        "select salt, sealed from vault.person where person_id = $1", UUID(home.person(0))
    )
    assert row is not None
    personal = VAULT.open(UUID(home.person(0)), row["sealed"])
    assert personal.address == "另一镇2组"
    assert commitment(personal, row["salt"]) == committed["commitment"]


async def test_T19_only_the_county_lets_a_household_go_to_another_county(
    app: httpx.AsyncClient, register: Register, callers: Callers
) -> None:
    home = await register.household()
    out = {"to_region": "441625100201", "handover_hash": HASH, "effective_on": DAY}
    town = Register(app, callers.staff("households:write", "town"))
    answer = await town.ask(home.id, "relocation", **out)
    assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")
    await register.done(home.id, "relocation", **out)
    assert (await register.get(home.id))["status"] == "MOVED_OUT"


def splitting(home: Home, **change: Any) -> dict[str, Any]:
    return {
        "register_number": f"T-{home.people[0]}-2",
        "moved": [{"person_id": home.person(1), "relation": "HEAD"}],
        "co_living_count": 1,
        "new_co_living_count": 1,
        "effective_on": DAY,
        "reason": "MARRIAGE",
        **change,
    }


async def test_A53_a_split_registers_the_new_household_and_its_people_are_found_there(
    register: Register, sql: asyncpg.Connection
) -> None:
    home = await register.household(2)
    answer = await register.done(home.id, "split", **splitting(home))
    new = answer.headers["Location"].rpartition("/")[2]

    async def registered() -> bool:
        found = await register.get(new)
        return bool(found and found["version"] == 1)

    await eventually(registered)
    assert await register.members(home.id) == {home.person(0)}
    assert await register.members(new) == {home.person(1)}
    vault = "select household_id from vault.person where person_id = $1 and active"
    assert await sql.fetchval(vault, UUID(home.person(1))) == UUID(new)
    cause = await sql.fetchval(
        "select c.type from es.events e join es.events c on c.event_id = e.causation_id "
        "where e.household_id = $1 and e.version = 1",
        UUID(new),
    )
    assert cause == "HouseholdSplit"


async def test_A53_a_split_repeated_with_its_key_is_the_same_split(register: Register) -> None:
    home = await register.household(2)
    key = {"Idempotency-Key": str(new_id())}
    first = await register.done(home.id, "split", **splitting(home), headers=key)
    again = await register.done(home.id, "split", **splitting(home), headers=key)
    assert again.headers["Idempotency-Replayed"] == "true"
    assert again.headers["Location"] == first.headers["Location"]


async def test_A53_the_register_number_of_a_split_must_be_free(register: Register) -> None:
    home, other = await register.household(2), await register.household()
    taken = (await register.get(other.id))["register_number"]
    answer = await register.ask(home.id, "split", **splitting(home, register_number=taken))
    assert (answer.status_code, answer.json()["code"]) == (409, "register-number-in-use")
    assert await register.members(home.id) == {home.person(0), home.person(1)}


async def test_A54_a_merger_brings_members_and_open_clue_and_counts_nobody_twice(
    register: Register, sql: asyncpg.Connection
) -> None:
    survivor, absorbed = await register.household(), await register.household(2)
    await register.done(
        absorbed.id,
        "clues",
        channel="CADRE_SCREENING",
        risk_types=["LOW_INCOME"],
        discovered_on="2024-06-01",
        summary="收入明显下降",
    )
    await register.done(
        survivor.id, "merger", absorbed_ids=[absorbed.id], effective_on="2024-06-10"
    )

    async def merged() -> bool:
        return bool((await register.get(survivor.id))["stage"] == "CLUE_OPEN")

    await eventually(merged)
    row = await register.get(survivor.id)
    assert (row["persons"], row["discovered_on"], row["due_on"]) == (3, "2024-06-01", "2024-06-16")
    assert len(await register.members(survivor.id)) == 3
    gone = await register.get(absorbed.id)
    assert (gone["status"], gone["stage"]) == ("MERGED", "NONE")
    vault = "select count(*) from vault.person where household_id = $1 and active"
    assert await sql.fetchval(vault, UUID(survivor.id)) == 3
    again = await register.ask(
        survivor.id, "merger", absorbed_ids=[absorbed.id], effective_on="2024-06-10"
    )
    assert (again.status_code, again.json()["code"]) == (409, "household-ended")


async def test_A54_a_merger_repeated_with_its_key_has_its_answer_once_it_is_done(
    register: Register,
) -> None:
    survivor, absorbed = await register.household(), await register.household()
    form = {"absorbed_ids": [absorbed.id], "effective_on": "2024-06-10"}
    key = {"Idempotency-Key": str(new_id())}
    first = await register.done(survivor.id, "merger", **form, headers=key)

    async def merged() -> bool:
        return bool((await register.get(absorbed.id))["status"] == "MERGED")

    await eventually(merged)
    again = await register.done(survivor.id, "merger", **form, headers=key)
    assert (again.content, again.headers["Idempotency-Replayed"]) == (first.content, "true")
    assert again.headers["ETag"] == first.headers["ETag"]
    other = await register.ask(survivor.id, "merger", **form)
    assert (other.status_code, other.json()["code"]) == (409, "household-ended")
    other = await register.ask(
        survivor.id, "merger", **form | {"effective_on": "2024-06-11"}, headers=key
    )
    assert (other.status_code, other.json()["code"]) == (409, "household-ended")


async def test_A54_of_two_mergers_of_one_household_one_is_forgone(
    register: Register, sql: asyncpg.Connection
) -> None:
    one, two, wanted = [await register.household() for _ in range(3)]
    asked = {"absorbed_ids": [wanted.id], "effective_on": "2024-06-10"}
    answers = await asyncio.gather(*(register.ask(h.id, "merger", **asked) for h in (one, two)))
    took = [a for a in answers if a.status_code == 201]

    async def ends() -> list[str]:
        rows = await sql.fetch(
            "select type from es.events where household_id = any($1::uuid[]) "
            "and type in ('MergerCompleted', 'MergerForgone') order by type",
            [UUID(one.id), UUID(two.id)],
        )
        return [r["type"] for r in rows] if len(rows) == len(took) else []

    assert await eventually(ends) == ["MergerCompleted", "MergerForgone"][: len(took)]


async def test_staff_without_the_countys_scope_do_not_merge_or_strike_out(
    app: httpx.AsyncClient, register: Register, callers: Callers
) -> None:
    home, other = await register.household(), await register.household()
    town = Register(app, callers.staff("households:write households:read", "town"))
    forms: list[tuple[str, dict[str, Any]]] = [
        ("merger", {"absorbed_ids": [other.id], "effective_on": DAY}),
        ("deregistration", {"duplicate_of": other.id, "effective_on": DAY}),
        ("category", {"category": "GENERAL", "marginal_2019": False, "document_hash": HASH,
                      "reason": "PROVINCIAL_LIST", "corrected_on": DAY}),
    ]  # fmt: skip
    for path, form in forms:
        answer = await town.ask(home.id, path, **form)
        assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")
        assert (await register.ask(home.id, path, **form)).status_code == 201, path
        home = await register.household()


async def test_lists_are_filtered_by_what_the_register_knows_and_fail_closed(
    app: httpx.AsyncClient, register: Register, county: dict[str, str]
) -> None:
    home = await register.household(marginal_2019=True)
    number = (await register.get(home.id))["register_number"]
    url = f"/v1/households?region={REGION}&register_number={number}"
    for filters, found in [
        ("&status=ACTIVE", 1),
        ("&status=MERGED", 0),
        ("&category=FORMERLY_POOR&marginal_2019=true&has_labour=true", 1),
        ("&category=GENERAL", 0),
        ("&marginal_2019=false", 0),
        ("&has_labour=false", 0),
    ]:
        answer = await app.get(url + filters, headers=county)
        assert len(answer.json()) == found, filters
    answer = await app.get(url + "&village=x", headers=county)
    assert (answer.status_code, answer.json()["code"]) == (400, "unknown-filter")
    assert "register_number" in answer.json()["title"]
    assert (await app.get(url + "&status=GONE", headers=county)).status_code == 422
