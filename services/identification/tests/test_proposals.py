"""Members of whom a department says that they died: the village confirms, no fact changes a household."""

from itertools import count
from typing import Any

import httpx

from common.ids import new_id
from services.identification.tests.asking import Callers, household, person
from services.identification.tests.registrar import Register
from services.identification.tests.test_api_facts import fact, post

numbers = count(7_400)
TOWN, ELSEWHERE = "441624231", "441624232"  # of their own


async def test_a_death_that_a_department_reports_waits_for_the_village_until_the_member_has_left(
    app: httpx.AsyncClient, register: Register, callers: Callers
) -> None:
    head, *others = [next(numbers) for _ in range(5)]
    members = [person(head), *(person(n, relation="CHILD") for n in others)]
    body = household(head, members=members, co_living_count=5, region=f"{TOWN}201")
    answer = await app.post("/v1/households", json=body, headers=register.headers)
    assert answer.status_code == 201, answer.text
    home, town = str(body["household_id"]), callers.staff("households:read", "town", TOWN)
    rights = Register(app, callers.staff("members:rights", "rights", "441624"))

    async def listed(filters: str = "") -> list[str]:
        answer = await app.get(f"/v1/register-proposals?limit=100{filters}", headers=town)
        assert answer.status_code == 200, answer.text
        rows: list[dict[str, Any]] = answer.json()
        assert {row["household_id"] for row in rows} <= {home}
        return [row["person_id"] for row in rows]

    def id_of(number: int) -> str:
        return str(person(number)["person_id"])

    died, gone, wrong, hidden = others
    told = [
        ("minzheng", fact(died, "minzheng", "Death", died_on="2024-03-01")),
        (
            "gongan",
            fact(gone, "gongan", "RegisterChange", changed_on="2024-03-01", change="CANCELLED"),
        ),
        (
            "gongan",
            fact(head, "gongan", "RegisterChange", changed_on="2024-03-01", change="MOVED_IN"),
        ),
        ("gongan", fact(wrong, "gongan", "Death", died_on="2024-03-01")),
        ("minzheng", fact(hidden, "minzheng", "Death", died_on="2024-03-01")),
    ]
    for department, said in told:
        headers = callers.of(department, "facts:write", department=department)
        assert (await post(app, headers, said)).status_code == 201
    assert sorted(await listed()) == sorted(map(id_of, others))
    assert await listed("&fact_type=RegisterChange") == [id_of(gone)]
    await rights.done(
        home, f"members/{id_of(hidden)}/restriction", reason="CONTESTED", restricted_on="2024-04-15"
    )
    record = {"fact_type": "Death", "record_key": str(wrong), "record_version": 2}
    data = record | {"reason": "WRONG_PERSON"}
    back = told[3][1] | {
        "id": str(new_id()),
        "type": "cn.shouwang.fact.Retraction.v1",
        "data": data,
    }
    headers = callers.of("gongan", "facts:write", department="gongan")
    assert (await post(app, headers, back)).status_code == 201
    leaving = {"reason": "DEATH", "effective_on": "2024-03-01", "co_living_count": 4}
    await register.done(home, "departures", person_id=id_of(died), **leaving)
    assert await listed() == [id_of(gone)]


async def test_who_moved_out_or_split_off_by_the_household_register_alone_lives_here_still(
    app: httpx.AsyncClient, register: Register, callers: Callers
) -> None:
    head, stays, splits = [next(numbers) for _ in range(3)]
    members = [person(head), *(person(n, relation="CHILD") for n in (stays, splits))]
    body = household(head, members=members, co_living_count=3, region=f"{ELSEWHERE}202")
    answer = await app.post("/v1/households", json=body, headers=register.headers)
    assert answer.status_code == 201, answer.text
    home, town = str(body["household_id"]), callers.staff("households:read", "town", ELSEWHERE)
    police = callers.of("gongan", "facts:write", department="gongan")

    async def listed() -> dict[str, dict[str, Any]]:
        answer = await app.get(f"/v1/register-proposals?region={ELSEWHERE}202", headers=town)
        assert answer.status_code == 200, answer.text
        return {row["person_id"]: row for row in answer.json()}

    def id_of(number: int) -> str:
        return str(person(number)["person_id"])

    async def said(number: int, change: str, version: int = 1) -> None:
        told: dict[str, Any] = {"changed_on": "2024-03-01", "change": change}
        event = fact(number, "gongan", "RegisterChange", **told, record_version=version)
        event |= {"id": f"residence-{number}-{version}"}
        answer = await post(app, police, event)
        assert answer.status_code == 201, answer.text

    await said(stays, "MOVED_OUT")
    await said(splits, "SPLIT")
    rows = await listed()
    changes = {who: row["change"] for who, row in rows.items()}
    assert changes == {id_of(stays): "MOVED_OUT", id_of(splits): "SPLIT"}
    answers = {"proposal_id": rows[id_of(stays)]["proposal_id"], "confirmed_on": "2024-03-10"}
    for _ in range(2):  # the same again is nothing new
        await register.done(home, "residence", **answers)
    assert list(await listed()) == [id_of(splits)]
    early = {"proposal_id": rows[id_of(splits)]["proposal_id"], "confirmed_on": "2024-02-29"}
    refused = (await register.ask(home, "residence", **early)).json()
    assert refused["code"] == "date-before-previous-step"
    unknown = await register.ask(home, "residence", **answers | {"proposal_id": str(new_id())})
    assert (unknown.status_code, unknown.json()["code"]) == (404, "proposal-unknown")
    await said(stays, "SPLIT", version=2)
    assert sorted(await listed()) == sorted([id_of(stays), id_of(splits)]), "it was said anew"
    await register.done(
        home,
        "split",
        register_number=f"S-{splits}",
        moved=[{"person_id": id_of(splits), "relation": "HEAD"}],
        co_living_count=2,
        new_co_living_count=1,
        effective_on="2024-03-12",
        reason="MARRIAGE",
    )
    assert list(await listed()) == [id_of(stays)], "who lives elsewhere is no longer asked for"


async def test_proposals_are_for_staff_and_fail_closed(
    app: httpx.AsyncClient, callers: Callers
) -> None:
    town = callers.staff("households:read", "town", TOWN)
    department = callers.of("gongan", "households:read", department="gongan")
    for headers, query, status, code in [
        (department, "", 403, "not-routed"),
        (town, "?kind=Death", 400, "unknown-filter"),
        (town, "?fact_type=Birth", 422, "invalid"),
        (town, "?region=441624108", 403, "outside-region"),
        (callers.staff("episodes:read", "town", TOWN), "", 403, "forbidden"),
    ]:
        answer = await app.get(f"/v1/register-proposals{query}", headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text
