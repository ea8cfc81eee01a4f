"""S2-02: a household assessed twice in a month, by a survey and on a visit, say, has one latest assessment."""

from dataclasses import dataclass
from typing import Any

import asyncpg
import httpx
import pytest

from services.identification.tests.asking import REGION, Callers
from services.identification.tests.registrar import Home, Register
from services.identification.tests.test_api_facts import events, heard_all
from services.identification.tests.test_api_policies import assessment

WINDOW = ("2023-03-01", "2024-02-29")  # of every visit in March
ON_THE_LINE, ABOVE = 1_080_000, 5_000_000


@dataclass
class Surveyor:
    app: httpx.AsyncClient
    sql: asyncpg.Connection
    callers: Callers

    async def assessed(self, home: Home, wage_fen: int, on: str) -> None:
        body = [assessment(home.people[0], wage_fen, WINDOW, on)]
        answer = await self.app.post("/v1/incomes", json=body, headers=self.callers.registrar)
        assert answer.json()["accepted"] == 1, answer.text
        await heard_all(self.sql, f"household-{home.id}")

    async def rules(self, home: Home) -> list[str]:
        told = await events(self.sql, f"household-{home.id}", "RiskDetected", "RiskClueAttached")
        return [clue["rule_id"] for _, clue in told]

    async def leaves(self, home: Home) -> int:
        """How many would leave by a line that nobody is within: 1 as long as the household is."""
        office = self.callers.staff("policies:simulate", "office", "441624")
        form: dict[str, Any] = {
            "region": REGION,
            "household_id": str(home.id),
            "parameters": {"income_line_fen": 1},
        }
        answer = await self.app.post("/v1/what-if", json=form, headers=office)
        found: int = answer.json()["leaving"]["households"]
        return found


@pytest.fixture
def surveyor(app: httpx.AsyncClient, sql: asyncpg.Connection, callers: Callers) -> Surveyor:
    return Surveyor(app, sql, callers)


async def test_S202_of_two_assessments_in_a_month_the_later_day_is_judged(
    surveyor: Surveyor, register: Register
) -> None:
    home = await register.household()
    await surveyor.assessed(home, ABOVE, "2024-03-04")
    await surveyor.assessed(home, ON_THE_LINE, "2024-03-06")
    assert await surveyor.rules(home) == ["INCOME-LINE"]
    assert await surveyor.leaves(home) == 1


async def test_S202_an_earlier_day_that_is_recorded_afterwards_says_nothing_of_today(
    surveyor: Surveyor, register: Register
) -> None:
    home = await register.household()
    await surveyor.assessed(home, ABOVE, "2024-03-06")
    await surveyor.assessed(home, ON_THE_LINE, "2024-03-04")
    assert await surveyor.rules(home) == []
    assert await surveyor.leaves(home) == 0


async def test_S202_of_two_assessments_of_a_day_the_last_word_is_judged(
    surveyor: Surveyor, register: Register
) -> None:
    home = await register.household()
    await surveyor.assessed(home, ABOVE, "2024-03-06")
    await surveyor.assessed(home, ON_THE_LINE, "2024-03-06")
    assert await surveyor.rules(home) == ["INCOME-LINE"]
