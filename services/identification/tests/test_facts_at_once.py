"""What several clerks of a department post at the same moment, or in another order than they made it."""

import asyncio
from itertools import count
from typing import Any
from uuid import UUID

import asyncpg
import httpx
import pytest

from common.testing import eventually
from identification.read_model import facts
from services.identification.tests.asking import Callers, settlement
from services.identification.tests.test_api_facts import (
    events,
    household_of,
    post,
    registered,
    retraction,
)

numbers = count(17_000)


def told(answer: httpx.Response) -> tuple[int, str]:
    body = answer.json()
    return answer.status_code, body.get("code") or body["status"]


async def test_A59_of_two_contents_for_a_stranger_one_waits_and_the_other_is_refused(
    app: httpx.AsyncClient, callers: Callers
) -> None:
    number = next(numbers)
    posts = [settlement(number, 1_000 + n, id=f"{number}-{n}") for n in range(8)]
    answers = await asyncio.gather(*(post(app, callers.yibao, one) for one in posts))
    assert sorted(map(told, answers)) == [(201, "accepted"), *[(409, "record-version-reused")] * 7]


async def test_A59_one_content_for_a_stranger_is_answered_with_its_one_event(
    app: httpx.AsyncClient, callers: Callers
) -> None:
    number = next(numbers)
    posts = [settlement(number, id=f"{number}-{n}") for n in range(8)]
    answers = await asyncio.gather(*(post(app, callers.yibao, one) for one in posts))
    assert sorted(map(told, answers)) == [*[(200, "replayed")] * 7, (201, "accepted")]
    assert len({answer.json()["event_id"] for answer in answers}) == 1
    assert {answer.json()["waits"] for answer in answers} == {"NO_SUCH_PERSON"}


async def test_A59_of_versions_posted_at_once_the_highest_counts_and_no_other(
    app: httpx.AsyncClient, callers: Callers, sql: asyncpg.Connection
) -> None:
    number, last = await registered(app, callers, next(numbers)), 12
    posts = [
        settlement(number, 1_000, id=f"{number}-{version}", record_version=version)
        for version in range(last, 0, -1)
    ]
    answers = await asyncio.gather(*(post(app, callers.yibao, one) for one in posts))
    for one, answer in zip(posts, answers, strict=True):
        while answer.status_code == 503:  # as the department is told
            assert answer.headers["Retry-After"] == "1"
            answer = await post(app, callers.yibao, one)
        assert told(answer) in [(201, "accepted"), (409, "record-version-passed")]
    rows = await sql.fetch(
        "select record_version from read.fact where household_id = $1 and current",
        UUID(household_of(number)),
    )
    assert [row["record_version"] for row in rows] == [last]
    said = await events(sql, f"facts-of-household-{household_of(number)}")
    kinds = [kind for kind, _ in said]
    assert kinds == ["DepartmentFactRecorded", *["DepartmentFactCorrected"] * (len(kinds) - 1)]
    versions = [fact["record_version"] for _, fact in said]
    assert (
        [fact["previous_version"] for _, fact in said[1:]] == versions[:-1] == sorted(versions)[:-1]
    )


async def test_A59_what_was_retracted_while_it_waited_is_not_told_anew_by_a_version_that_comes_late(
    app: httpx.AsyncClient, callers: Callers
) -> None:
    number = next(numbers)
    await post(app, callers.yibao, settlement(number))
    retracted = await post(app, callers.yibao, retraction(number, 3))
    assert told(retracted) == (201, "accepted")
    late = settlement(number, 5, id=f"{number}-2", record_version=2)
    assert told(await post(app, callers.yibao, late)) == (409, "record-version-passed")
    same = settlement(number, 5, id=f"{number}-3", record_version=3)
    assert told(await post(app, callers.yibao, same)) == (409, "record-version-reused")
    again = await post(app, callers.yibao, {**retraction(number, 3), "id": f"{number}-again"})
    assert told(again) == (200, "replayed")
    assert again.json()["event_id"] == retracted.json()["event_id"]
    more = await post(app, callers.yibao, retraction(number, 4))
    assert told(more) == (200, "replayed")
    anew = settlement(number, 5, id=f"{number}-5", record_version=5)
    assert told(await post(app, callers.yibao, anew)) == (201, "accepted")


async def test_of_several_versions_that_wait_the_latest_waits_alone(
    app: httpx.AsyncClient, callers: Callers, sql: asyncpg.Connection
) -> None:
    number = next(numbers)
    first = (await post(app, callers.yibao, settlement(number))).json()["event_id"]
    second = settlement(number, 5, id=f"{number}-2", record_version=2)
    latest = (await post(app, callers.yibao, second)).json()["event_id"]

    async def outcomes() -> Any:
        rows = await sql.fetch(
            "select outcome from read.unmatched where event_id = any($1::uuid[]) "
            "order by record_version",
            [UUID(first), UUID(latest)],
        )
        found = [row["outcome"] for row in rows]
        return found if found[0] else None

    assert await eventually(outcomes) == ["SUPERSEDED", None]
    kept = await sql.fetchval(
        "select count(*) from vault.unmatched join read.unmatched using (fact_id) "
        "where event_id = $1",
        UUID(first),
    )
    assert kept == 0


async def test_a_retraction_whose_fact_is_matched_meanwhile_takes_it_back_there(
    app: httpx.AsyncClient,
    callers: Callers,
    sql: asyncpg.Connection,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    number, look = next(numbers), facts.versions
    await post(app, callers.yibao, settlement(number))
    stream, held = f"facts-of-household-{household_of(number)}", [True]

    async def slowly(*asked: Any) -> Any:
        """Between the look and the retraction the town registers the person."""
        found = await look(*asked)
        if held and held.pop():
            await registered(app, callers, number)
            await eventually(lambda: events(sql, stream))
        return found

    monkeypatch.setattr(facts, "versions", slowly)
    assert told(await post(app, callers.yibao, retraction(number, 2))) == (201, "accepted")
    kinds = [kind for kind, _ in await events(sql, stream)]
    assert kinds == ["DepartmentFactRecorded", "DepartmentFactRetracted"]
