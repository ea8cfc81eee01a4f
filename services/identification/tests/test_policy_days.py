"""A48: a version that is published ahead is screened by on its own day, and judged by likewise."""

from dataclasses import replace
from datetime import date, timedelta
from itertools import count
from typing import Any

import asyncpg
import httpx

from common.service import Runtime
from common.testing import eventually
from contracts.policies import PolicyInForceChanged
from identification import closing
from identification.domain.publishing import PUBLISHED, NoteInForce, PublishVersion
from identification.read_model import policies
from identification.read_model.policies import as_book, in_file
from services.identification.tests.asking import Callers, household, person
from services.identification.tests.registrar import Home
from services.identification.tests.test_api_facts import events, heard_all
from services.identification.tests.test_api_policies import assessment, line
from services.identification.tests.test_policies import POLICY_FILE, TODAY, publish
from services.identification.tests.test_protection_anew import CLOSED, FOUND, Said, said, until

__all__ = ["said"]  # fixture
numbers = count(7_300)
VILLAGE = "441624108241"  # of its own, so that it concerns no other test
BEGINS, ENDS = date(2024, 9, 1), date(2024, 10, 1)


def ahead(**change: Any) -> PublishVersion:
    """Published on 6 August for September."""
    dated: dict[str, Any] = {"effective_from": BEGINS, "effective_to": ENDS, **change}
    return replace(publish(income_line_fen=1), **dated)


def noting(on: date) -> NoteInForce:
    return NoteInForce(version="v", today=on)


def changed(on: date, *, ended: bool, noted_on: date) -> PolicyInForceChanged:
    return PolicyInForceChanged(
        version="v", region="441624", changed_on=on, ended=ended, noted_on=noted_on
    )


def test_A48_the_day_on_which_a_version_comes_into_force_says_so_once() -> None:
    given = PUBLISHED.when(ahead(), given=[])
    assert PUBLISHED.when(noting(BEGINS - timedelta(days=1)), given=given) == []
    begun = PUBLISHED.when(noting(BEGINS), given=given)
    assert begun == [changed(BEGINS, ended=False, noted_on=BEGINS)]
    assert PUBLISHED.when(noting(BEGINS), given=[*given, *begun]) == []


def test_A48_the_day_after_its_last_says_so_too_and_a_day_that_was_missed_is_made_up() -> None:
    given = PUBLISHED.when(ahead(), given=[])
    late = ENDS + timedelta(days=9)
    begun, ended = PUBLISHED.when(noting(late), given=given)
    assert begun == changed(BEGINS, ended=False, noted_on=late)
    assert ended == changed(ENDS, ended=True, noted_on=late)
    assert PUBLISHED.when(noting(late), given=[*given, begun, ended]) == []


def test_A48_what_was_in_force_when_it_was_published_was_screened_then() -> None:
    for begins in (TODAY, date(2024, 1, 1)):
        given = PUBLISHED.when(ahead(effective_from=begins, effective_to=None), given=[])
        assert PUBLISHED.when(noting(ENDS), given=given) == []
    assert PUBLISHED.when(noting(ENDS), given=[]) == []


async def test_A48_a_version_published_ahead_is_screened_by_and_judged_by_on_its_day(
    app: httpx.AsyncClient,
    callers: Callers,
    said: Said,
    sql: asyncpg.Connection,
    runtime: Runtime,
) -> None:
    """Two households at 11,000 yuan: one able to work, one without labour. The line of 11,400 holds
    from tomorrow, for a day."""
    homes = []
    for labour in ("ORDINARY", "NONE"):
        first = next(numbers)
        members = [person(first, labour_capacity=labour)]
        body = household(first, members=members, region=VILLAGE)
        answer = await app.post("/v1/households", json=body, headers=callers.registrar)
        assert answer.status_code == 201, answer.text
        homes.append(Home(str(body["household_id"]), [first]))
    window = ("2023-03-01", "2024-02-29")
    seen = [assessment(home.people[0], 1_100_000, window, "2024-03-04") for home in homes]
    answer = await app.post("/v1/incomes", json=seen, headers=callers.registrar)
    assert answer.json()["accepted"] == 2, answer.text
    able, idle = homes
    today, day = runtime.clock.today(), timedelta(days=1)
    interval = {"effective_from": str(today + day), "effective_to": str(today + 2 * day)}
    office = callers.staff("policies:publish", "office", "441624")
    answer = await app.post(
        "/v1/policies",
        json=line("ahead/1", 1_140_000, region=VILLAGE, **interval),
        headers=office | {"Idempotency-Key": "ahead/1"},
    )
    assert answer.status_code == 201, answer.text
    stream = f"policy-{VILLAGE}"

    async def clues() -> list[dict[str, Any]]:
        return [clue for _, clue in await events(sql, f"household-{able.id}", "RiskDetected")]

    book = as_book(in_file(POLICY_FILE, today))
    await policies.refresh(book, runtime.pool)
    await closing.close(runtime, book, today - day)
    await heard_all(sql, stream)
    assert (await clues(), await said(idle)) == ([], [])
    for _ in range(2):  # closed twice, said once
        await closing.close(runtime, book, today)
        await heard_all(sql, stream)
        (clue,) = await eventually(clues)
        assert (clue["rule_id"], clue["discovered_on"]) == ("INCOME-LINE", str(today + day))
        await until(said, idle, FOUND)
    await closing.close(runtime, book, today + day)
    await until(said, idle, FOUND, CLOSED)
    assert await clues() == [clue]  # it is for people to decide
    told = await events(sql, stream, "PolicyInForceChanged")
    assert [(t["changed_on"], t["ended"]) for _, t in told] == [
        (interval["effective_from"], False),
        (interval["effective_to"], True),
    ]
