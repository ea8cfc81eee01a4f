"""Farmers declare themselves (A13)."""

import itertools
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import asyncpg
import httpx
import pytest

from common.ids import new_id
from common.service import Runtime
from contracts.codes import Channel, DeclarationMedium
from contracts.episodes import RiskClueAttached, RiskDetected
from identification.domain.household import HOUSEHOLD
from identification.identity import check_digit
from services.identification.tests.asking import REGION, Callers, identity_number
from services.identification.tests.registrar import Register
from services.identification.tests.story import RISK, history, refused

serials = itertools.count(1)


def unknown_number() -> str:
    """A number that nobody on the register has."""
    body = f"99000019850505{next(serials):03d}"
    return body + check_digit(body)


def declaration(**change: Any) -> dict[str, Any]:
    form = {
        "medium": "QR_CODE",
        "region": REGION,
        "name": "黄某某",
        "identity_number": unknown_number(),
        "address": "彭寨镇聚村5组",
        "risk_types": ["LOW_INCOME"],
        "summary": "今年收入明显减少",
    }
    return {**form, **change}


class Page:
    """The county's QR page."""

    def __init__(self, app: httpx.AsyncClient, callers: Callers) -> None:
        self._app = app
        self._headers = callers.of("qr-page", "declarations:write", department="qr-page")

    async def declare(self, form: dict[str, Any], key: str | None = None) -> httpx.Response:
        headers = self._headers | {"Idempotency-Key": key or str(new_id())}
        return await self._app.post("/v1/declarations", json=form, headers=headers)


@pytest.fixture
def page(app: httpx.AsyncClient, callers: Callers) -> Page:
    return Page(app, callers)


async def stub_of(app: httpx.AsyncClient, county: dict[str, str]) -> list[dict[str, Any]]:
    url = f"/v1/households?region={REGION}&origin=SELF_DECLARATION&limit=500"
    found: list[dict[str, Any]] = (await app.get(url, headers=county)).json()
    return found


async def test_no_key_is_an_identity_number_which_would_be_kept_and_name_the_household(
    page: Page, sql: asyncpg.Connection
) -> None:
    form = declaration()
    number = form["identity_number"]
    answer = await page.declare(form, key=f"qr-{number}")
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == "/Idempotency-Key"
    assert number not in answer.text
    kept = "select exists (select from es.idempotency where strpos(key, $1) > 0)"
    assert not await sql.fetchval(kept, number)
    assert (await page.declare(form)).status_code == 201


async def test_A13_a_household_not_on_the_register_declares_itself_and_the_clock_starts_today(
    app: httpx.AsyncClient, page: Page, county: dict[str, str], runtime: Runtime
) -> None:
    before = {row["household_id"] for row in await stub_of(app, county)}
    answer = await page.declare(declaration())
    today = runtime.clock.today()
    assert answer.status_code == 201, answer.text
    due = str(today + timedelta(days=15))
    assert answer.json() == {"received_on": str(today), "answer_by": due}
    (row,) = [r for r in await stub_of(app, county) if r["household_id"] not in before]
    assert (row["category"], row["stage"], row["persons"]) == ("GENERAL", "CLUE_OPEN", 1)
    assert (row["discovered_on"], row["due_on"]) == (str(today), due)


async def test_A13_the_same_declaration_again_is_one_stub_and_one_clue(
    page: Page, sql: asyncpg.Connection
) -> None:
    form, key = declaration(), str(new_id())
    count = "select count(*) from es.events where type in ('HouseholdRegistered', 'RiskDetected')"
    before = await sql.fetchval(count)
    first = await page.declare(form, key)
    assert (await page.declare(form, key)).json() == first.json()
    assert (await page.declare(form)).json() == first.json()
    assert await sql.fetchval(count) == before + 2


async def test_A13_a_declaration_sent_again_the_next_day_is_answered_as_the_first_time(
    register: Register, page: Page, runtime: Runtime
) -> None:
    home = await register.household()
    known = declaration(identity_number=identity_number(home.people[0]))
    for form, key in ((declaration(), str(new_id())), (known, str(new_id()))):
        first = await page.declare(form, key)
        runtime.clock.set(runtime.clock.now() + timedelta(days=1))
        try:
            again = await page.declare(form, key)
        finally:
            runtime.clock.set(None)
        assert (again.status_code, again.json()) == (201, first.json())


async def test_A13_a_known_household_gets_the_clue_and_the_answer_does_not_tell(
    register: Register, page: Page, sql: asyncpg.Connection
) -> None:
    home = await register.household()
    known = await page.declare(declaration(identity_number=identity_number(home.people[0])))
    unknown = await page.declare(declaration())
    assert known.json() == unknown.json()
    channel = await sql.fetchval(
        "select data->>'channel' from es.readable "
        "where household_id = $1 and type = 'RiskDetected'",
        UUID(home.id),
    )
    assert channel == "SELF_DECLARATION"
    assert (await register.get(home.id))["stage"] == "CLUE_OPEN"


async def test_A13_a_declaration_says_its_medium_which_is_listed_and_counted(
    app: httpx.AsyncClient, callers: Callers, page: Page, runtime: Runtime
) -> None:
    town = "441624116"
    staff = callers.staff("episodes:read episodes:village", "clerk", town)
    today = runtime.clock.today()

    async def counted() -> dict[str, int]:
        url = f"/v1/clues/declared?region={town}&since={today}&until={today}"
        rows = (await app.get(url, headers=staff)).json()
        return {row["medium"]: row["declarations"] for row in rows}

    before = await counted()
    for medium in ("APP", "TELEPHONE", "TELEPHONE"):
        answer = await page.declare(declaration(medium=medium, region=f"{town}201"))
        assert answer.status_code == 201, answer.text
    after = await counted()
    assert {m: after[m] - before[m] for m in after} == {
        "APP": 1,
        "QR_CODE": 0,
        "TELEPHONE": 2,
        "PAPER": 0,
        "IN_PERSON": 0,
    }
    url = f"/v1/clues?region={town}&medium=APP"
    assert {row["medium"] for row in (await app.get(url, headers=staff)).json()} == {"APP"}
    unknown = await app.get("/v1/clues/declared?year=2024", headers=staff)
    assert (unknown.status_code, unknown.json()["code"]) == (400, "unknown-filter")


def test_only_a_declaration_has_a_medium_and_each_has_one() -> None:
    declared = replace(
        RISK, channel=Channel.SELF_DECLARATION, rule_id=None, medium=DeclarationMedium.TELEPHONE
    )
    (event,) = HOUSEHOLD.when(declared, given=history())
    assert isinstance(event, RiskDetected)
    assert event.medium is DeclarationMedium.TELEPHONE
    (attached,) = HOUSEHOLD.when(replace(declared, clue_id=UUID(int=9)), given=history(RISK))
    assert isinstance(attached, RiskClueAttached)
    assert attached.medium is DeclarationMedium.TELEPHONE
    assert refused(replace(declared, medium=None), history()).code == "declaration-medium"
    assert refused(replace(RISK, medium=DeclarationMedium.APP), history()).code == (
        "declaration-medium"
    )


async def test_A13_what_a_farmer_writes_wrong_is_named_and_never_echoed(page: Page) -> None:
    number = unknown_number()
    wrong = number[:17] + ("0" if number[17] != "0" else "1")
    changes: list[tuple[dict[str, Any], int, str]] = [
        ({"identity_number": wrong}, 422, "invalid"),
        ({"risk_types": []}, 422, "invalid"),
        ({"medium": "PIGEON"}, 422, "invalid"),
        ({"medium": None}, 422, "invalid"),
        ({"summary": "电话13800000000请联系"}, 422, "personal-data-in-text"),
        ({"region": "441625100201"}, 403, "outside-region"),
    ]
    for change, status, code in changes:
        answer = await page.declare(declaration(**change))
        assert (answer.status_code, answer.json()["code"]) == (status, code)
        assert wrong not in answer.text
        assert "1380" not in answer.text


async def test_A13_the_page_may_declare_and_nothing_else(
    app: httpx.AsyncClient, callers: Callers
) -> None:
    headers = callers.of("qr-page", "declarations:write", department="qr-page")
    assert (await app.get("/v1/households", headers=headers)).status_code == 403
    staff = callers.registrar | {"Idempotency-Key": str(new_id())}
    answer = await app.post("/v1/declarations", json=declaration(), headers=staff)
    assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")
