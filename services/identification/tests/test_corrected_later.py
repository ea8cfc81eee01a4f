"""Records that are posted again when their person has left the register, or under a number that nobody has."""

import asyncpg
import httpx
import pytest

from common.testing import eventually
from services.identification.tests.asking import Callers, household, identity_number, settlement
from services.identification.tests.registrar import Home, Register, leaving, numbers
from services.identification.tests.test_api_facts import events, post
from services.identification.tests.test_rights_api import ERASURE


@pytest.fixture
async def home(register: Register) -> Home:
    """A household of two."""
    return await register.household(2)


@pytest.fixture
def officer(app: httpx.AsyncClient, callers: Callers) -> Register:
    """The county's officer for persons' rights."""
    return Register(app, callers.staff("members:rights households:read", "officer", "441624"))


async def test_A50_what_was_told_of_somebody_who_died_is_corrected_all_the_same(
    app: httpx.AsyncClient,
    register: Register,
    callers: Callers,
    sql: asyncpg.Connection,
    home: Home,
) -> None:
    ill, yibao = home.people[1], callers.yibao
    await post(app, yibao, settlement(ill, 3_200_000, total_fen=4_000_000))
    await eventually(lambda: events(sql, f"household-{home.id}", "RiskDetected"))
    await register.done(home.id, "departures", **leaving(home.person(1), reason="DEATH"))
    corrected = settlement(ill, 320_000, id=f"{ill}-2", record_version=2)
    answer = await post(app, yibao, corrected)
    assert (answer.status_code, answer.json().get("waits")) == (201, None)
    ((kind, replaced),) = await eventually(lambda: events(sql, f"evidence-of-household-{home.id}"))
    assert (kind, replaced["withdrawal_proposed"]) == ("ClueEvidenceReplaced", True)
    news = settlement(ill, id=f"{ill}-3", record_key=f"{ill}-3")
    assert (await post(app, yibao, news)).json()["waits"] == "NO_SUCH_PERSON"


async def test_a_record_is_corrected_under_no_number_that_nobody_has(
    app: httpx.AsyncClient, callers: Callers, home: Home
) -> None:
    whose, nobody = home.people[0], identity_number(next(numbers))
    await post(app, callers.yibao, settlement(whose))
    for version in (1, 2):
        other = settlement(
            whose, id=f"{whose}-n{version}", record_version=version, identity_number=nobody
        )
        answer = await post(app, callers.yibao, other)
        assert (answer.status_code, answer.json()["code"]) == (409, "record-of-another-person")


async def test_a_record_of_somebody_who_was_erased_is_answered_as_before(
    app: httpx.AsyncClient, register: Register, officer: Register, callers: Callers, home: Home
) -> None:
    whose = home.people[1]
    first = await post(app, callers.yibao, settlement(whose))
    await register.done(home.id, "departures", **leaving(home.person(1)))
    await officer.done(home.id, f"members/{home.person(1)}/erasure", **ERASURE)
    again = await post(app, callers.yibao, settlement(whose, id=f"{whose}-again"))
    assert (again.status_code, again.json()["event_id"]) == (200, first.json()["event_id"])


async def test_A59_a_record_that_waited_is_answered_with_the_first_event_for_ever(
    app: httpx.AsyncClient, callers: Callers, sql: asyncpg.Connection
) -> None:
    yibao, stranger = callers.yibao, next(numbers)
    first = await post(app, yibao, settlement(stranger))
    assert first.json()["waits"]
    body = household(stranger)
    await app.post("/v1/households", json=body, headers=callers.registrar)
    await eventually(lambda: events(sql, f"facts-of-household-{body['household_id']}"))
    again = await post(app, yibao, settlement(stranger))
    assert again.json() == {"status": "replayed", "event_id": first.json()["event_id"]}
