"""A50 over HTTP once the county has decided: nobody is delisted, and people conclude a review."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import asyncpg
import httpx
import pytest

from common.ids import new_id
from common.service import Runtime
from common.testing import eventually
from services.identification.tests.asking import REGION, Callers, settlement
from services.identification.tests.registrar import Home, Register
from services.identification.tests.test_api_facts import events, post
from services.identification.tests.way import Desks


@pytest.fixture
def desks(app: httpx.AsyncClient, register: Register, callers: Callers) -> Desks:
    """Everybody whom a case needs."""
    return Desks.of(app, register, callers)


class Reviews:
    """The county's office, with the tasks before it."""

    def __init__(self, app: httpx.AsyncClient, callers: Callers) -> None:
        self._app = app
        scopes = "episodes:county households:read"
        self.office = callers.staff(scopes, "office", "441624")
        self.town = callers.staff("episodes:town households:read", "town", "441624108")
        self.elsewhere = callers.staff(scopes, "office", "441625")

    async def tasks(self, home: Home, kind: str = "CASE_REVIEW") -> list[dict[str, Any]]:
        url = f"/v1/tasks?region={REGION}&kind={kind}&limit=500"
        rows = (await self._app.get(url, headers=self.office)).json()
        return [row for row in rows if row["household_id"] == home.id]

    async def conclude(
        self, task_id: str, outcome: str, on: object, key: str = "", **headers: str
    ) -> httpx.Response:
        form = {"outcome": outcome, "reviewed_on": str(on)}
        asked = (headers or self.office) | {"Idempotency-Key": key or str(new_id())}
        return await self._app.post(f"/v1/tasks/{task_id}/review", json=form, headers=asked)


@pytest.fixture
def reviews(app: httpx.AsyncClient, callers: Callers) -> Reviews:
    return Reviews(app, callers)


async def corrected(app: httpx.AsyncClient, callers: Callers, home: Home) -> None:
    """医保 takes 32,000 yuan of own cost down to 3,200."""
    number = home.people[0]
    less = settlement(number, 320_000, id=f"{number}-2", record_version=2)
    assert (await post(app, callers.yibao, less)).status_code == 201


async def reported(
    app: httpx.AsyncClient, callers: Callers, sql: asyncpg.Connection, home: Home
) -> None:
    """医保 reports 32,000 yuan of own cost, and the clue has joined the open case."""
    cost = settlement(home.people[0], 3_200_000, total_fen=4_000_000)
    assert (await post(app, callers.yibao, cost)).status_code == 201

    async def joined() -> Any:
        found = await events(sql, f"household-{home.id}", "RiskDetected", "RiskClueAttached")
        return [e for _, e in found if e["rule_id"] == "MEDICAL-OWN-COST"]

    await eventually(joined)


@pytest.fixture
async def reviewed(
    app: httpx.AsyncClient,
    callers: Callers,
    sql: asyncpg.Connection,
    desks: Desks,
    reviews: Reviews,
) -> tuple[Home, dict[str, Any]]:
    """A household confirmed on evidence that was corrected afterwards, and its task."""
    home = await desks.opened()
    await reported(app, callers, sql, home)
    await desks.monitored(home)
    await corrected(app, callers, home)
    (task,) = await eventually(lambda: reviews.tasks(home))
    return home, task


async def test_A50_once_monitored_a_correction_delists_nobody_and_asks_for_a_review(
    reviewed: tuple[Home, dict[str, Any]], register: Register, sql: asyncpg.Connection
) -> None:
    home, task = reviewed
    assert (task["closed_on"], task["outcome"]) == (None, None)
    assert (await register.get(home.id))["stage"] == "MONITORED"
    ((kind, request),) = await events(sql, f"evidence-of-household-{home.id}")
    assert (kind, request["task_id"]) == ("CaseReviewRequested", task["task_id"])
    assert request["still_supported"] is False
    told = await events(sql, f"facts-of-household-{home.id}")
    costs = [fact["values"]["compliant_own_cost_fen"] for _, fact in told]
    assert costs == [3_200_000, 320_000]  # both values stay on the log
    assert await events(sql, f"household-{home.id}", "ClueWithdrawn", "MonitoringCancelled") == []


async def test_A50_a_review_is_concluded_once_and_monitoring_goes_on(
    reviewed: tuple[Home, dict[str, Any]], reviews: Reviews, register: Register, runtime: Runtime
) -> None:
    home, task = reviewed
    today, key = runtime.clock.today(), str(new_id())
    done = await reviews.conclude(task["task_id"], "TO_BE_CANCELLED", today, key)
    assert done.status_code == 201, done.text
    assert [event["type"] for event in done.json()["events"]] == ["CaseReviewed"]
    again = await reviews.conclude(task["task_id"], "TO_BE_CANCELLED", today, key)
    assert (again.content, again.headers["Idempotency-Replayed"]) == (done.content, "true")
    (closed,) = await reviews.tasks(home)
    assert (closed["closed_on"], closed["outcome"]) == (str(today), "TO_BE_CANCELLED")
    assert (await register.get(home.id))["stage"] == "MONITORED"
    other = await reviews.conclude(task["task_id"], "STANDS", today)
    assert (other.status_code, other.json()["code"]) == (409, "review-closed")


async def test_A50_a_review_of_evidence_that_moved_on_is_refused(
    reviewed: tuple[Home, dict[str, Any]], reviews: Reviews, runtime: Runtime
) -> None:
    """ADR 0020: the task shows the version of the evidence, and the answer the one after it."""
    _, task = reviewed
    today = runtime.clock.today()
    assert task["version"] == 1
    stale = reviews.office | {"If-Match": '"99"'}
    answer = await reviews.conclude(task["task_id"], "STANDS", today, **stale)
    assert (answer.status_code, answer.json()["code"]) == (412, "version-moved-on")
    seen = reviews.office | {"If-Match": f'"{task["version"]}"'}
    answer = await reviews.conclude(task["task_id"], "STANDS", today, **seen)
    assert (answer.status_code, answer.headers["ETag"]) == (201, '"2"')


async def test_A50_a_review_that_cannot_be_concluded_is_refused_with_what_to_do(
    reviewed: tuple[Home, dict[str, Any]], reviews: Reviews, runtime: Runtime
) -> None:
    home, task = reviewed
    today, known = runtime.clock.today(), str(task["task_id"])
    early = today - timedelta(days=1)
    for task_id, outcome, on, headers, status, code in [
        (known, "STANDS", early, reviews.office, 422, "review-date"),
        (known, "STANDS", today + timedelta(days=1), reviews.office, 422, "review-date"),
        (known, "PERHAPS", today, reviews.office, 422, "invalid"),
        (known, "STANDS", today, reviews.town, 403, "forbidden"),
        (known, "STANDS", today, reviews.elsewhere, 403, "outside-region"),
        (str(UUID(int=1)), "STANDS", today, reviews.office, 404, "review-unknown"),
    ]:
        answer = await reviews.conclude(task_id, outcome, on, **headers)
        assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text
    (task,) = await reviews.tasks(home)
    assert task["closed_on"] is None


async def test_A50_a_proposed_withdrawal_is_a_step_of_the_town_and_no_review(
    app: httpx.AsyncClient,
    callers: Callers,
    sql: asyncpg.Connection,
    register: Register,
    reviews: Reviews,
    runtime: Runtime,
) -> None:
    home = await register.household()
    await reported(app, callers, sql, home)
    await corrected(app, callers, home)
    (task,) = await eventually(lambda: reviews.tasks(home, "CLUE_WITHDRAWAL"))
    answer = await reviews.conclude(task["task_id"], "STANDS", runtime.clock.today())
    assert (answer.status_code, answer.json()["code"]) == (404, "review-unknown")
