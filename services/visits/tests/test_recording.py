"""An upload on its way onto the log: the policy of its day, and what a taken id is."""

from dataclasses import replace
from datetime import date
from types import SimpleNamespace
from typing import Any

import asyncpg
import pytest
from fastapi import FastAPI
from starlette.datastructures import State

from common.policies import Policies
from common.service import Runtime
from services.visits.tests.given import POLICY
from services.visits.tests.test_api import Desk, body, desk, problem
from services.visits.tests.test_screenings import form, post

__all__ = ["desk"]  # a fixture


@pytest.fixture
def wire(app: FastAPI, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Has the routes use something else, until the test ends."""

    def set_to(**change: Any) -> None:
        state = State({name: app.state[name] for name in app.state})
        state.wired = replace(app.state.wired, **change)
        monkeypatch.setattr(app, "state", state)

    return set_to


async def test_an_upload_is_judged_by_the_policy_of_its_own_day_and_not_of_the_visit_s(
    desk: Desk, runtime: Runtime, wire: Any
) -> None:
    """The clock stands at 30 April: the visit was eighteen days ago, when seven were allowed."""
    new = replace(POLICY, version="new", effective_from=date(2024, 4, 30), backfill_free_days=18)
    old = replace(POLICY, version="old", effective_to=date(2024, 4, 30))
    household = await desk.household()
    wire(policies=Policies((old, new)))
    answer = await desk.post(body(household))
    assert answer.status_code == 201, answer.text
    (event,) = answer.json()["events"]
    version = await runtime.pool.fetchval(
        "select policy_version from es.events where event_id = $1", event["event_id"]
    )
    assert version == "new"
    (visit,) = (await desk.visits(household)).json()
    assert not visit["backfilled"]


@pytest.mark.parametrize(
    ("table", "status", "code"),
    [("visit", 409, "visit-id-reused"), ("obligation", 500, "internal")],
)
async def test_only_a_visit_s_own_table_says_that_its_id_is_taken(
    desk: Desk, runtime: Runtime, wire: Any, *, table: str, status: int, code: str
) -> None:
    """Whatever else is there twice is a fault of ours, and nothing that another `visit_id` would mend."""
    household = await desk.household()

    async def execute(_: Any) -> None:
        error = asyncpg.UniqueViolationError("twice")
        error.table_name = table
        raise error

    writer: Any = SimpleNamespace(execute=execute)
    wire(runtime=replace(runtime, writer=writer))
    answer = await desk.post(body(household))
    assert (answer.status_code, problem(answer)["code"]) == (status, code)


@pytest.mark.parametrize("moment", [1_712_887_200, 1_712_887_200_000, "1712887200", None])
async def test_a_moment_is_written_as_one_and_not_as_a_number(desk: Desk, moment: Any) -> None:
    answer = await desk.post(body(await desk.household(), visited_at=moment))
    assert answer.status_code == 422
    (fault,) = problem(answer)["errors"]
    assert (fault["pointer"], fault["code"]) == ("/visited_at", "datetime")


@pytest.mark.parametrize("day", [1_711_929_600, "1711929600"])
async def test_a_day_is_written_as_one_and_not_as_a_number(desk: Desk, day: Any) -> None:
    answer = await post(desk, form(await desk.household(), screened_on=day))
    assert answer.status_code == 422
    (fault,) = problem(answer)["errors"]
    assert (fault["pointer"], fault["code"]) == ("/screened_on", "date")
