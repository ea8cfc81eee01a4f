"""S4.0-01, S4.1-03: gaps are judged anew when the register changes or a restriction ends."""

from collections.abc import Awaitable, Callable, Sequence
from itertools import count

import asyncpg
import httpx
import pytest

from common.testing import eventually
from services.identification.tests.asking import Callers, household, person
from services.identification.tests.registrar import DAY, Home, Register, joining, leaving
from services.identification.tests.test_api_facts import by, events, heard_all, post
from services.identification.tests.test_api_facts import fact as told
from services.identification.tests.test_api_policies import assessment, line

numbers = count(3700)
Said = Callable[[Home], Awaitable[Sequence[tuple[str, str]]]]


@pytest.fixture
def said(sql: asyncpg.Connection) -> Said:
    """What was said of a household's gaps: detected or closed, and the kind."""

    async def of(home: Home) -> Sequence[tuple[str, str]]:
        types = ("ProtectionGapDetected", "ProtectionGapClosed")
        found = await events(sql, f"household-{home.id}", *types)
        return [(kind.removeprefix("ProtectionGap"), data["kind"]) for kind, data in found]

    return of


@pytest.fixture
async def elderly(app: httpx.AsyncClient, callers: Callers) -> Home:
    """Two elderly without labour capacity."""
    first, second = next(numbers), next(numbers)
    members = [person(n, labour_capacity="NONE") for n in (first, second)]
    members[1]["relation"] = "SPOUSE"
    body = household(first, members=members, co_living_count=2)
    answer = await app.post("/v1/households", json=body, headers=callers.registrar)
    assert answer.status_code == 201, answer.text
    return Home(str(body["household_id"]), [first, second])


async def earns(app: httpx.AsyncClient, callers: Callers, home: Home) -> None:
    """9,000 yuan a head: within the line."""
    seen = assessment(home.people[0], 1_800_000, ("2023-03-01", "2024-02-29"), "2024-03-04")
    seen["income"]["members"] = 2
    answer = await app.post("/v1/incomes", json=[seen], headers=callers.registrar)
    assert answer.json()["accepted"] == 1, answer.text


async def until(said: Said, home: Home, *expected: tuple[str, str]) -> None:
    async def heard() -> bool:
        return len(await said(home)) >= len(expected)

    await eventually(heard)
    assert await said(home) == list(expected)


FOUND, CLOSED = ("Detected", "MARGINAL_FAMILY"), ("Closed", "MARGINAL_FAMILY")


async def test_S401_labour_and_membership_are_judged_when_they_change(
    app: httpx.AsyncClient, callers: Callers, register: Register, elderly: Home, said: Said
) -> None:
    await earns(app, callers, elderly)
    await until(said, elderly, FOUND)
    able = {"capacity": "ORDINARY", "basis": "SEEN_AT_HOME", "assessed_on": DAY}
    await register.done(elderly.id, "labour", person_id=elderly.person(1), **able)
    await until(said, elderly, FOUND, CLOSED)
    await register.done(elderly.id, "departures", **leaving(elderly.person(1)))
    await until(said, elderly, FOUND, CLOSED, FOUND)
    await register.done(elderly.id, "members", **joining(next(numbers)))
    await until(said, elderly, FOUND, CLOSED, FOUND, CLOSED)


async def test_S401_a_household_that_was_merged_lacks_nothing(
    app: httpx.AsyncClient, callers: Callers, register: Register, elderly: Home, said: Said
) -> None:
    await earns(app, callers, elderly)
    await until(said, elderly, FOUND)
    survivor = await register.household()
    form = {"absorbed_ids": [elderly.id], "effective_on": DAY}
    await register.done(survivor.id, "merger", **form)
    await until(said, elderly, FOUND, CLOSED)
    assert await said(survivor) == []


async def test_S413_a_card_goes_with_the_person_into_another_household(
    app: httpx.AsyncClient, callers: Callers, register: Register, said: Said
) -> None:
    old, new = await register.household(2), await register.household()
    bride = old.people[1]
    data = {"decided_on": "2024-03-10", "level": "LEVEL_1", "change": "NEW_CARD"}
    answer = await post(
        app, by(callers, "canlian"), told(bride, "canlian", "DisabilityCard", **data)
    )
    assert answer.status_code == 201, answer.text
    opened, closed = ("Detected", "NURSING_ALLOWANCE"), ("Closed", "NURSING_ALLOWANCE")
    await until(said, old, opened)
    await register.done(old.id, "departures", **leaving(old.person(1)))
    await until(said, old, opened, closed)
    await register.done(new.id, "members", **joining(bride))
    await until(said, new, opened)


async def test_S401_what_a_restriction_withheld_is_judged_when_it_ends(
    app: httpx.AsyncClient, callers: Callers, elderly: Home, said: Said, sql: asyncpg.Connection
) -> None:
    officer = Register(app, callers.staff("members:rights", "officer", "441624"))
    ended = {"decided_on": "2024-01-10", "scheme": "SUBSISTENCE", "decision": "ENDED"}
    fact = told(elderly.people[0], "minzheng", "SocialProtection", **ended)
    assert (await post(app, by(callers, "minzheng"), fact)).status_code == 201
    who = f"members/{elderly.person(0)}"
    await officer.done(elderly.id, f"{who}/restriction", reason="CONTESTED", restricted_on=DAY)
    await earns(app, callers, elderly)
    await heard_all(sql, f"household-{elderly.id}")
    assert await said(elderly) == []
    await officer.done(elderly.id, f"{who}/restriction-end", lifted_on=DAY)
    await until(said, elderly, FOUND)


async def test_S401_a_new_version_of_the_policy_judges_gaps_anew(
    app: httpx.AsyncClient, callers: Callers, said: Said
) -> None:
    first, village = next(numbers), "441624108239"  # of its own, so that it concerns no other test
    idle = person(first, labour_capacity="NONE")
    body = household(first, members=[idle], region=village)
    answer = await app.post("/v1/households", json=body, headers=callers.registrar)
    assert answer.status_code == 201, answer.text
    home = Home(str(body["household_id"]), [first])
    seen = assessment(first, 1_100_000, ("2023-03-01", "2024-02-29"), "2024-03-04")
    answer = await app.post("/v1/incomes", json=[seen], headers=callers.registrar)
    assert answer.json()["accepted"] == 1, answer.text
    office = callers.staff("policies:publish", "office", "441624")
    for version, fen in (("gaps/1", 1_140_000), ("gaps/2", 1_090_000)):
        dated = {"published_on": f"2024-08-0{6 + int(version[-1])}"}
        answer = await app.post(
            "/v1/policies",
            json=line(version, fen, region=village, **dated),
            headers=office | {"Idempotency-Key": version},
        )
        assert answer.status_code == 201, answer.text
        await until(said, home, *[FOUND, CLOSED][: int(version[-1])])
