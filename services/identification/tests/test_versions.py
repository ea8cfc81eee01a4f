"""`ETag` on every answer about a household, and `If-Match` on every step (ADR 0021)."""

from typing import Any

import httpx
import pytest

from common.ids import new_id
from services.identification.tests.asking import Callers, household, identity_number
from services.identification.tests.promised import NOBODY, bodies, operations
from services.identification.tests.registrar import DAY, Register, leaving, numbers
from services.identification.tests.way import CLUE, Desks

STEPS = "/v1/households/{household_id}/"
SCOPES = (
    "households:write households:read households:county members:read members:rights "
    "episodes:village episodes:town episodes:county"
)


@pytest.fixture
def desks(app: httpx.AsyncClient, register: Register, callers: Callers) -> Desks:
    """Village, town and county at their desks."""
    return Desks.of(app, register, callers)


async def test_each_step_answers_with_the_version_that_the_next_one_may_expect(
    app: httpx.AsyncClient, register: Register, desks: Desks
) -> None:
    body = household(next(numbers))
    made = await app.post("/v1/households", json=body, headers=register.headers)
    officers = [str(new_id()), str(new_id())]
    start = {"recusal_declared": True, "started_on": "2024-03-02", "officers": officers}
    clue = await desks.village.done(
        body["household_id"], "clues", **CLUE, headers={"If-Match": made.headers["ETag"]}
    )
    started = await desks.village.done(
        body["household_id"], "verification", **start, headers={"If-Match": clue.headers["ETag"]}
    )
    seen = await app.get(f"/v1/households/{body['household_id']}", headers=register.headers)
    assert [a.headers["ETag"] for a in (made, clue, started, seen)] == ['"1"', '"2"', '"3"', '"3"']
    known = await app.post("/v1/households", json=body, headers=register.headers)
    assert (known.status_code, "ETag" in known.headers) == (200, False)


async def test_what_is_repeated_answers_with_the_version_of_the_first_time(
    register: Register,
) -> None:
    home = await register.household()
    key = {"Idempotency-Key": str(new_id())}
    lost = {"person_id": home.person(0), "capacity": "LOST", "basis": "MEDICAL_PROOF"}
    first = await register.done(home.id, "labour", **lost, assessed_on=DAY, headers=key)
    weak = {**lost, "capacity": "WEAK"}
    second = await register.done(home.id, "labour", **weak, assessed_on=DAY)
    again = await register.done(home.id, "labour", **lost, assessed_on=DAY, headers=key)
    assert again.headers["Idempotency-Replayed"] == "true"
    tags = [answer.headers["ETag"] for answer in (first, second, again)]
    assert tags == ['"2"', '"3"', '"2"']
    nothing = await register.done(home.id, "labour", **weak, assessed_on=DAY)
    assert (nothing.json()["events"], nothing.headers["ETag"]) == ([], '"3"')


async def test_every_step_is_refused_when_somebody_came_between(
    app: httpx.AsyncClient, register: Register, callers: Callers
) -> None:
    home, other = await register.household(2), await register.household()
    event = (await register.done(home.id, "labour", **_labour(home.person(0)))).json()["events"][0]
    await register.done(home.id, "departures", **leaving(home.person(1)))
    needed: dict[str, dict[str, Any]] = {  # looked up before the version is compared
        "/members": {"identity_number": identity_number(next(numbers))},
        "/merger": {"absorbed_ids": [other.id]},
        "/deregistration": {"duplicate_of": other.id},
        "/corrections": {
            "corrected_event_id": event["event_id"],
            "path": "/capacity",
            "new_value": "WEAK",
        },
    }
    places = {
        "household_id": home.id,
        "person_id": home.person(1),
        "objection_id": NOBODY,
        "risk_type": "ILLNESS",
    }
    headers = callers.staff(SCOPES, "county", "441624")
    document, asked = (await app.get("/openapi.json")).json(), set[str]()
    for method, path, operation in operations(document):
        if method != "POST" or not path.startswith(STEPS) or path.endswith("/reveal"):
            continue
        ((_, body),) = bodies(document, operation)
        change = needed.get(path.removeprefix(STEPS[:-1]), {})
        body = {**body, **change}
        if "member" in body:
            body["member"] = {**body["member"], **change, "person_id": None}
            del body["identity_number"]
        url = path.format(**places)
        answer = await app.post(
            url, json=body, headers=headers | {"Idempotency-Key": path, "If-Match": '"99"'}
        )
        assert (answer.status_code, answer.json()["code"]) == (412, "version-moved-on"), path
        asked.add(path)
    assert len(asked) > 35


def _labour(person: str) -> dict[str, str]:
    return {
        "person_id": person,
        "capacity": "LOST",
        "basis": "MEDICAL_PROOF",
        "assessed_on": DAY,
    }
