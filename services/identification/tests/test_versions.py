"""`ETag` on every answer about a household, and `If-Match` on every step (ADR 0020)."""

import json
import re
from typing import Any

import httpx
import pytest

from common.ids import new_id
from common.testing.promised import NOBODY, bodies, operations
from services.identification.tests.asking import Callers, household, identity_number
from services.identification.tests.registrar import DAY, Register, leaving, numbers
from services.identification.tests.test_api_facts import fact, post
from services.identification.tests.test_api_registers import report
from services.identification.tests.way import CLUE, Desks

STEPS = "/v1/households/{household_id}/"
VILLAGE = "441624108208"  # of its own, so that its policy concerns no other test
TEST = report(0, test_id=str(new_id()), tested_on=DAY)
KEY = ("idempotency-key-missing",)
# What is looked at before the key.
EARLIER = ("invalid", "review-unknown", "water-source-unknown", "water-served-both")
OTHERS = (
    " members:reveal days:close declarations:write facts:write policies:publish policies:simulate"
)
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
    moved = {"changed_on": "2024-03-01", "change": "MOVED_OUT"}
    police = callers.of("gongan", "facts:write", department="gongan")
    reported = await post(app, police, fact(home.people[0], "gongan", "RegisterChange", **moved))
    its_own = {"identity_number": identity_number(home.people[0]), "number_differs": None}
    needed: dict[str, dict[str, Any]] = {  # looked up before the version is compared
        "/members": {"identity_number": identity_number(next(numbers))},
        "/members/{person_id}/identity": its_own,
        "/members/{person_id}/identity-number": its_own,
        "/merger": {"absorbed_ids": [other.id]},
        "/deregistration": {"duplicate_of": other.id},
        "/residence": {"proposal_id": reported.json()["event_id"]},
        "/corrections": {
            "corrected_event_id": event["event_id"],
            "path": "/capacity",
            "new_value": "WEAK",
            "number_differs": None,
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
        if not path.startswith(STEPS) or method != "POST":
            continue
        if "If-Match" not in headers_of(operation):
            continue
        ((_, body),) = bodies(document, operation)
        change = needed.get(path.removeprefix(STEPS[:-1]), {})
        body = {**body, **change}
        if "member" in body:
            body["member"] = {**body["member"], **change, "person_id": None}
            del body["identity_number"]
        url = path.format(**places)
        if path.endswith(("/identity", "/identity-number")):  # of a member
            url = url.replace(home.person(1), home.person(0))
        answer = await app.post(
            url, json=body, headers=headers | {"Idempotency-Key": path, "If-Match": '"99"'}
        )
        assert (answer.status_code, answer.json()["code"]) == (412, "version-moved-on"), path
        asked.add(path)
    assert len(asked) > 35


async def test_S1304_a_source_answers_with_its_version_and_a_stale_one_is_refused(
    app: httpx.AsyncClient, register: Register, callers: Callers
) -> None:
    home, source_id = await register.household(region=VILLAGE), str(new_id())
    office = callers.of(
        "shuiwu", "facts:write households:read", department="shuiwu", region=VILLAGE
    )

    async def take(path: str, form: dict[str, Any], seen: str) -> httpx.Response:
        headers = office | {"Idempotency-Key": str(new_id()), "If-Match": seen}
        return await app.post(f"/v1/water-sources{path}", json=form, headers=headers)

    source = {"source_id": source_id, "label": "聚村水厂", "kind": "CENTRAL", "region": VILLAGE}
    served = {"connected": [home.id], "effective_on": DAY}
    cut = {"outage_id": str(new_id()), "began_on": DAY, "days": 1, "over": False}
    for path, form in (
        ("", {**source, "served": [], "registered_on": DAY}),
        (f"/{source_id}/served", served),
        (f"/{source_id}/outages", cut),
        (f"/{source_id}/tests", TEST),
    ):
        (row,) = await _source(app, office, source_id) or [{"version": 0}]
        stale = await take(path, form, f'"{row["version"] + 7}"')
        assert (stale.status_code, stale.json()["code"]) == (412, "version-moved-on"), path
        taken = await take(path, form, f'"{row["version"]}"')
        assert taken.status_code == 201, taken.text
        (seen,) = await _source(app, office, source_id)
        assert taken.headers["ETag"] == f'"{seen["version"]}"'
        assert seen["version"] > row["version"]


async def _source(
    app: httpx.AsyncClient, office: dict[str, str], source_id: str
) -> list[dict[str, Any]]:
    rows = (await app.get(f"/v1/water-sources?region={VILLAGE}&limit=500", headers=office)).json()
    return [row for row in rows if row["source_id"] == source_id]


async def test_A48_the_policy_of_a_region_has_the_version_that_its_next_publication_may_expect(
    app: httpx.AsyncClient, callers: Callers
) -> None:
    office = callers.staff("policies:publish households:read", "county", VILLAGE)

    async def publish(number: int, seen: str) -> httpx.Response:
        version = {
            "version": f"{VILLAGE}/versions/{number}",
            "region": VILLAGE,
            "effective_from": "2024-01-01",
            "published_on": "2024-01-01",
            "parameters": [
                {"key": "publicity_min_days", "value": 5, "kind": "default", "source": "试验"}
            ],
        }
        headers = office | {"Idempotency-Key": str(new_id()), "If-Match": seen}
        return await app.post("/v1/policies", json=version, headers=headers)

    async def shown() -> httpx.Response:
        return await app.get(f"/v1/policies?region={VILLAGE}", headers=office)

    nothing = await shown()
    assert (nothing.json(), nothing.headers["ETag"]) == ([], '"0"')
    first = await publish(11, nothing.headers["ETag"])
    assert first.status_code == 201, first.text
    late = await publish(12, nothing.headers["ETag"])
    assert (late.status_code, late.json()["code"]) == (412, "version-moved-on")
    seen = await shown()
    assert first.headers["ETag"] == seen.headers["ETag"] == '"2"'
    assert [v["version"] for v in seen.json()] == [f"{VILLAGE}/versions/11"]
    second = await publish(12, seen.headers["ETag"])
    assert (second.status_code, second.headers["ETag"]) == (201, '"4"')
    every = await app.get("/v1/policies", headers=office)
    assert len(every.json()) > 2
    assert "ETag" not in every.headers  # of many regions, each with a version of its own


async def test_a_key_is_asked_for_where_the_document_says_so(
    app: httpx.AsyncClient, register: Register, callers: Callers
) -> None:
    home, everything = await register.household(), SCOPES + OTHERS
    places = {"household_id": home.id, "risk_type": "ILLNESS"}
    document, said, missing = (await app.get("/openapi.json")).json(), dict[str, bool](), 0
    for method, path, operation in operations(document):
        if method != "POST":
            continue
        media, body = next(bodies(document, operation), ("application/json", {}))
        url = re.sub(r"{(\w+)}", lambda name: places.get(name[1], NOBODY), path)
        headers = callers.of("county", everything, department="shuiwu", region="441624")
        answer = await app.post(
            url, content=json.dumps(body), headers={**headers, "Content-Type": media}
        )
        code = answer.json().get("code") if answer.status_code >= 400 else None
        said[path] = "Idempotency-Key" in headers_of(operation)
        assert (code in KEY + EARLIER) if said[path] else (code not in KEY), path
        missing += code in KEY
    assert missing > 40
    assert sum(said.values()) - missing < 8


def headers_of(operation: Any) -> set[str]:
    """The headers that an operation says it takes."""
    return {one["name"] for one in operation.get("parameters", []) if one["in"] == "header"}


def _labour(person: str) -> dict[str, str]:
    return {
        "person_id": person,
        "capacity": "LOST",
        "basis": "MEDICAL_PROOF",
        "assessed_on": DAY,
    }
