"""T20 over HTTP: what follows, by itself, from an assessment that was corrected."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import asyncpg
import httpx
import pytest

from common.service import Runtime
from common.testing import eventually
from contracts.episodes import RiskDetected
from identification.read_model import cases, evidence, register
from services.identification.tests.asking import Callers
from services.identification.tests.ending import ENDING, monitored
from services.identification.tests.registrar import Home, Register
from services.identification.tests.test_api_facts import by, events, fact, heard_all, post
from services.identification.tests.test_api_policies import assessment
from services.identification.tests.test_eligibility_due import as_household
from services.identification.tests.test_protection_anew import (
    CLOSED,
    FOUND,
    Said,
    earns,
    elderly,
    said,
    until,
)
from services.identification.tests.way import Desks

__all__ = ["elderly", "said"]  # fixtures
WINDOW, DAY = ("2023-03-01", "2024-02-29"), "2024-03-04"
CLUES = ("RiskDetected", "RiskClueAttached")


@dataclass
class Office:
    """Assesses, and corrects what was assessed, of one household."""

    app: httpx.AsyncClient
    desks: Desks
    sql: asyncpg.Connection
    callers: Callers

    async def assessed(self, home: Home, wage_fen: int) -> None:
        body = [assessment(home.people[0], wage_fen, WINDOW, DAY)]
        answer = await self.app.post("/v1/incomes", json=body, headers=self.callers.registrar)
        assert answer.json()["accepted"] == 1, answer.text
        await heard_all(self.sql, f"household-{home.id}")

    async def lost(self, home: Home, on: str, place: int = 0) -> str:
        """The event of a crop loss of 4,000 yuan that was reported of a person, once it was heard."""
        loss = fact(home.people[place], "nongye", "CropLoss", happened_on=on, loss_fen=400_000)
        answer = await post(self.app, by(self.callers, "nongye"), loss)
        assert answer.status_code == 201, answer.text
        await heard_all(self.sql, f"facts-of-household-{home.id}")
        return str(answer.json()["event_id"])

    async def correct(self, home: Home, field: str, value: int) -> UUID:
        """In the latest version of the assessment; the id of the event that stands since."""
        record = await self.sql.fetchrow(_LATEST, f"household-{home.id}", "IncomeAssessed", field)
        assert record
        form = {
            "corrected_event_id": str(record["event_id"]),
            "path": f"/{field}",
            "old_value": int(record["value"]),
            "new_value": value,
            "effective_on": DAY,
            "reason": "经核对原始凭证,录入有误",
            "requested_by": "village",
        }
        done = await self.desks.office.done(home.id, "corrections", **form)
        corrected, now = done.json()["events"]
        assert (corrected["type"], now["type"]) == ("RecordCorrected", "IncomeAssessed")
        await heard_all(self.sql, f"household-{home.id}")
        return UUID(now["event_id"])

    async def clues(self, home: Home) -> list[dict[str, Any]]:
        return [e for _, e in await events(self.sql, f"household-{home.id}", *CLUES)]

    async def evidence(self, home: Home) -> Sequence[tuple[str, dict[str, Any]]]:
        return await events(self.sql, f"evidence-of-household-{home.id}")


_LATEST = """
select event_id, convert_from(data, 'UTF8')::jsonb ->> $3 as value from es.events
where stream = $1 and type = $2 order by version desc limit 1
"""


@pytest.fixture
def desks(app: httpx.AsyncClient, register: Register, callers: Callers) -> Desks:
    return Desks.of(app, register, callers)


@pytest.fixture
def office(
    app: httpx.AsyncClient, desks: Desks, sql: asyncpg.Connection, callers: Callers
) -> Office:
    return Office(app, desks, sql, callers)


async def test_T20_a_corrected_income_opens_the_clue_that_it_should_have_opened(
    office: Office, register: Register, runtime: Runtime
) -> None:
    home = await register.household()
    await office.assessed(home, 9_000_000)
    assert await office.clues(home) == []
    now = await office.correct(home, "wage_fen", 900_000)
    (clue,) = await eventually(lambda: office.clues(home))
    assert (clue["rule_id"], clue["evidence_event_ids"]) == ("INCOME-LINE", [str(now)])
    assert clue["discovered_on"] == str(runtime.clock.today())  # before it nobody could act


async def test_T20_what_was_found_before_the_correction_is_not_found_again(
    office: Office, register: Register
) -> None:
    """History is not judged again: the clue was taken back, and nothing that it rests on changed."""
    home = await register.household()
    await office.assessed(home, 900_000)
    (clue,) = await eventually(lambda: office.clues(home))
    taken_back = {"clue_id": clue["clue_id"], "withdrawn_by": "REPORTER"}
    taken_back |= {"reason": "收入核算有误,已经重新核算", "withdrawn_on": clue["discovered_on"]}
    await office.desks.town.done(home.id, "withdrawal", **taken_back)
    await office.correct(home, "wage_fen", 800_000)
    assert await office.clues(home) == [clue]
    await office.correct(home, "wage_fen", 9_000_000)
    await office.correct(home, "wage_fen", 700_000)

    async def again() -> bool:
        return len(await office.clues(home)) == 2

    await eventually(again)


async def test_T20_a_clue_that_the_corrected_income_does_not_bear_out_is_proposed_for_withdrawal(
    office: Office, register: Register, sql: asyncpg.Connection
) -> None:
    home = await register.household()
    await office.assessed(home, 900_000)
    (clue,) = await eventually(lambda: office.clues(home))
    first = await office.correct(home, "wage_fen", 800_000)
    second = await office.correct(home, "wage_fen", 9_000_000)

    async def replaced() -> Any:
        told = await office.evidence(home)
        return told if len(told) == 2 else None

    (_, still), (_, gone) = await eventually(replaced)
    assert (still["still_supported"], still["event_id"]) == (True, str(first))
    assert (gone["withdrawal_proposed"], gone["previous_event_id"]) == (True, str(first))
    rests_on = "select fact_event_id from read.clue_evidence where clue_id = $1"
    assert await sql.fetchval(rests_on, UUID(clue["clue_id"])) == second
    assert (await register.get(home.id))["stage"] == "CLUE_OPEN"


async def test_T20_protection_is_judged_anew(
    app: httpx.AsyncClient, callers: Callers, office: Office, elderly: Home, said: Said
) -> None:
    await earns(app, callers, elderly)
    await until(said, elderly, FOUND)
    await office.correct(elderly, "wage_fen", 9_000_000)
    await until(said, elderly, FOUND, CLOSED)


async def test_T20_a_confirmation_is_reviewed_and_monitoring_goes_on(
    office: Office, desks: Desks, register: Register
) -> None:
    home = await desks.monitored()
    await office.correct(home, "wage_fen", 9_000_000)
    ((kind, review),) = await eventually(lambda: office.evidence(home))
    assert (kind, review["still_supported"]) == ("CaseReviewRequested", False)
    assert (await register.get(home.id))["stage"] == "MONITORED"


async def test_T20_so_is_one_that_no_clue_of_a_rule_rests_on(
    office: Office, desks: Desks, register: Register
) -> None:
    """Of a general household: the automatic rule on income does not look at it (S2-02)."""
    home = await register.household(category="GENERAL")
    await desks.village.done(home.id, "clues", **_CLUE)
    await desks.verified(home)
    await desks.posted(home, "2024-03-05", "2024-03-06")
    await desks.approved(home, "2024-03-11", "2024-03-13")
    form = {"monitored_class": "MARGINAL", "confirmed_on": "2024-03-15"}
    await desks.office.done(home.id, "confirmation", **form)
    await office.correct(home, "wage_fen", 9_000_000)
    ((kind, review),) = await eventually(lambda: office.evidence(home))
    case = await desks.case(home)
    assert (kind, review["clue_id"]) == ("CaseReviewRequested", case["case_id"])
    assert (case["stage"], review["still_supported"]) == ("MONITORED", False)


_CLUE = {
    "channel": "CADRE_SCREENING",
    "risk_types": ["ACCIDENT"],
    "discovered_on": "2024-03-01",
    "summary": "排查发现收入下降",
}


async def test_A50_the_evidence_of_an_eliminated_household_is_followed_too(
    pool: asyncpg.Pool,
) -> None:
    told = monitored(*ENDING)
    clue = next(e for e in told if isinstance(e, RiskDetected))
    for n in range(1, len(told) + 1):
        await cases.put(pool, [as_household(told[:n], 1, "441624108201")])  # type: ignore[arg-type]
    last = as_household(told, 1, "441624108201")
    await register.put(pool, [last])  # type: ignore[arg-type]
    await evidence.put(pool, [as_household([*told[:1], clue], 1, "441624108201")])  # type: ignore[arg-type]
    (fact,) = clue.evidence_event_ids
    (cited,) = (await evidence.citing(pool, [fact]))[fact]  # type: ignore[arg-type]
    assert cited.clue_id == clue.clue_id
