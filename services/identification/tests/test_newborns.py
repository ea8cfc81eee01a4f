"""A newborn is registered before it has an identity number, and is the same person when it has one."""

from typing import Any
from uuid import UUID

import asyncpg
import httpx
import pytest

from common.testing import eventually
from services.identification.tests.asking import Callers, identity_number, person, settlement
from services.identification.tests.registrar import Home, Register, joining, leaving, numbers
from services.identification.tests.test_api_facts import events, post

BORN = "2024-04-10"


def birth(**change: Any) -> dict[str, Any]:
    member = {
        "person_id": None,
        "identity_number": None,
        "number_differs": None,
        "relation": "CHILD",
        "sex": "FEMALE",
        "born_on": BORN,
        "labour_capacity": "NONE",
    }
    form = joining(next(numbers))
    return {
        **form,
        "reason": "BIRTH",
        "member": {**form["member"], **member, **change.pop("member", {})},
        **change,
    }


@pytest.fixture
async def home(register: Register) -> Home:
    return await register.household()


async def newborn(register: Register, home: Home) -> str:
    """The id of a child that was born there."""
    await register.done(home.id, "members", **birth())
    (child,) = await register.members(home.id) - {home.person(0)}
    return child


async def test_a_newborn_is_registered_without_a_number_and_given_one_later(
    app: httpx.AsyncClient,
    register: Register,
    callers: Callers,
    sql: asyncpg.Connection,
    home: Home,
) -> None:
    child, number = await newborn(register, home), next(numbers)
    stream = f"household-{home.id}"
    ((_, joined),) = await events(sql, stream, "HouseholdMemberAdded")
    assert (joined["member"]["without_number"], joined["member"]["born_on"]) == (True, BORN)
    officer = Register(app, callers.staff("members:reveal", "officer", "441624"))
    shown = await officer.ask(home.id, f"members/{child}/reveal", purpose="VISIT")
    assert (shown.status_code, shown.json()["identity_number"]) == (200, None)

    told = settlement(number)
    assert (await post(app, callers.yibao, told)).json()["waits"] == "NO_SUCH_PERSON"
    form = {"identity_number": identity_number(number), "given_on": "2024-05-20"}
    url = f"members/{child}/identity-number"
    contradicts = await register.ask(home.id, url, **form)
    assert contradicts.status_code == 422  # another birthday
    assert {e["code"] for e in contradicts.json()["errors"]} == {"not-of-number"}
    await register.done(home.id, url, **form, number_differs="NUMBER_WRONG")
    ((_, given),) = await events(sql, stream, "IdentityNumberGiven")
    assert (given["person_id"], given["number_differs"]) == (child, "NUMBER_WRONG")
    assert given["commitment"] != joined["member"]["commitment"]
    assert identity_number(number) not in str(given)
    shown = await officer.ask(home.id, f"members/{child}/reveal", purpose="VISIT")
    assert shown.json()["identity_number"] == identity_number(number)
    assert await register.members(home.id) == {home.person(0), child}

    async def matched() -> Any:
        return await events(sql, f"facts-of-household-{home.id}", "DepartmentFactRecorded")

    ((_, fact),) = await eventually(matched)
    assert fact["person_id"] == child
    again = await register.ask(home.id, url, **form, number_differs="NUMBER_WRONG")
    assert (again.status_code, again.json()["code"]) == (409, "number-known")


async def test_two_newborns_of_a_household_wait_for_their_numbers(
    register: Register, home: Home
) -> None:
    await register.done(home.id, "members", **birth())
    await register.done(home.id, "members", **birth())
    assert len(await register.members(home.id)) == 3


async def test_only_a_newborn_waits_for_a_number(register: Register, home: Home) -> None:
    for change in (
        {"reason": "MARRIAGE_IN"},
        {"member": {"born_on": "2023-04-15"}},  # a year old on the day of joining
    ):
        answer = await register.ask(home.id, "members", **birth(**change))
        assert (answer.status_code, answer.json()["code"]) == (422, "number-needed")
    await register.done(home.id, "members", **birth(member={"born_on": "2023-04-16"}))


async def test_a_household_is_not_registered_with_members_without_numbers(
    app: httpx.AsyncClient, register: Register, callers: Callers
) -> None:
    head = person(next(numbers)) | {"identity_number": None}
    body = {
        "household_id": str(UUID(int=next(numbers))),
        "register_number": f"N-{next(numbers):05d}",
        "category": "GENERAL",
        "marginal_2019": False,
        "region": "441624108201",
        "address": "彭寨镇聚村3组",
        "registered_on": "2021-01-01",
        "co_living_count": 1,
        "members": [head],
    }
    answer = await app.post("/v1/households", json=body, headers=callers.registrar)
    (error,) = answer.json()["errors"]
    assert (error["pointer"], error["code"]) == ("/members/0/identity_number", "missing")


async def test_a_newborn_is_not_given_the_number_of_another(
    register: Register, home: Home, sql: asyncpg.Connection
) -> None:
    child, other = await newborn(register, home), await register.household(2)
    url = f"members/{child}/identity-number"
    form = {"given_on": "2024-05-20", "number_differs": "NUMBER_WRONG"}
    for whose, code in ((0, "person-in-another-household"), (1, "person-has-another-id")):
        if whose:
            await register.done(other.id, "departures", **leaving(other.person(1)))
        number = identity_number(other.people[whose])
        answer = await register.ask(home.id, url, identity_number=number, **form)
        assert (answer.status_code, answer.json()["code"]) == (409, code)
        assert number not in answer.text


async def test_a_newborn_leaves_and_moves_as_anybody(register: Register, home: Home) -> None:
    child = await newborn(register, home)
    await register.done(home.id, "departures", **leaving(child, reason="DEATH"))
    assert await register.members(home.id) == {home.person(0)}


async def test_a_village_works_off_the_newborns_without_numbers(
    app: httpx.AsyncClient, callers: Callers, register: Register
) -> None:
    village = "441624233201"  # of its own
    home, other = [await register.household(region=village) for _ in range(2)]
    first, second = await newborn(register, home), await newborn(register, other)
    await newborn(register, await register.household(region="441624234201"))
    staff = callers.staff("members:read", "village", village)

    async def listed(query: str = "") -> Any:
        answer = await app.get(f"/v1/newborns{query}", headers=staff)
        return answer.json() if answer.status_code == 200 else answer.json()["code"]

    rows = await listed()
    assert [row["person_id"] for row in rows] == sorted([first, second])
    (row,) = [row for row in rows if row["person_id"] == first]
    assert (row["household_id"], row["region"], row["born_on"]) == (home.id, village, BORN)
    page = await app.get("/v1/newborns?limit=1", headers=staff)
    rest = await app.get(page.links["next"]["url"], headers=staff)
    assert [*page.json(), *rest.json()] == rows
    number = {"identity_number": identity_number(next(numbers)), "given_on": "2024-05-20"}
    given = {**number, "number_differs": "NUMBER_WRONG"}
    await register.done(home.id, f"members/{first}/identity-number", **given)
    rights = Register(app, callers.staff("members:rights", "rights", "441624"))
    restriction = {"reason": "CONTESTED", "restricted_on": "2024-05-20"}
    await rights.done(other.id, f"members/{second}/restriction", **restriction)
    assert await listed() == []
    assert await listed("?born_on=2024-04-10") == "unknown-filter"
    assert await listed("?region=441624234") == "outside-region"
    health = callers.of("weijian", "members:read", department="weijian")
    answer = await app.get("/v1/newborns", headers=health)
    assert (answer.status_code, answer.json()["code"]) == (403, "not-routed")


async def test_T20_a_newborn_whose_sex_was_recorded_wrongly_is_given_its_number(
    app: httpx.AsyncClient,
    register: Register,
    callers: Callers,
    sql: asyncpg.Connection,
    home: Home,
) -> None:
    number = identity_number(44_001)  # of a boy, born on 1 January 2024
    await register.done(home.id, "members", **birth(member={"born_on": "2024-01-01"}))
    (child,) = await register.members(home.id) - {home.person(0)}
    given = {"identity_number": number, "given_on": "2024-05-20"}
    refused = await register.ask(home.id, f"members/{child}/identity-number", **given)
    assert [e["pointer"] for e in refused.json()["errors"]] == ["/sex"]
    office = Register(app, callers.staff("episodes:county", "county", "441624"))
    joined = await sql.fetchval(
        "select event_id from es.events where stream = $1 and type = 'HouseholdMemberAdded'",
        f"household-{home.id}",
    )
    correction = {"path": "/member/sex", "old_value": "FEMALE", "new_value": "MALE"}
    corrected = await office.done(
        home.id,
        "corrections",
        corrected_event_id=str(joined),
        effective_on="2024-04-15",
        reason="与出生医学证明核对,录入有误",
        requested_by="village",
        **correction,
    )
    assert [e["type"] for e in corrected.json()["events"]] == ["RecordCorrected", "SexCorrected"]
    await register.done(home.id, f"members/{child}/identity-number", **given)
    sexes = {m["person_id"]: m["sex"] for m in await register.get(home.id, "/members")}
    assert sexes[child] == "MALE"
