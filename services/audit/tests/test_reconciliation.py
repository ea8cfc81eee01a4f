"""What a service states of its store is compared with the log: what is missing, foreign or other is found."""

import dataclasses
import json
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from functools import partial

import asyncpg
import httpx
import msgspec
import pytest
from fastapi import FastAPI
from msgspec.structs import replace

from audit.access.looks import STAFF
from audit.api import reconciliation
from audit.api.reconciliation import Difference, reconcile
from audit.log.stated import Contradicted
from common import consumer
from common.kafka import Message, Place
from common.statements import Statement
from common.testing import NOON, Database, Issuer, eventually, history, household, message_of
from common.topics import PARTITIONS, STATEMENTS, events_topic
from contracts.envelope import Envelope, chained
from libs.common.tests.transactions import publish_together
from services.audit.tests.at_work import at_work, told
from services.audit.tests.stating import signed
from services.audit.tests.stating import stating as stated_by

Hear = Callable[[Sequence[Envelope]], Awaitable[None]]
LATER = NOON + timedelta(days=400)


def stating(events: Sequence[Envelope], ends: Sequence[int] = ()) -> Statement:
    """What the service that recorded these events states."""
    return stated_by(events, LATER, ends)


async def differing(pool: asyncpg.Pool, statement: Statement) -> list[Difference]:
    async with pool.acquire() as connection:
        found = await reconcile(connection, statement, NOON)
    assert found
    assert found.complete is not bool(found.differences)
    return found.differences


@pytest.fixture
def recorded() -> list[Envelope]:
    """Four events, the last of them a month later."""
    *three, last = history(4, household_id=household(1))
    return [*three, chained(replace(last, recorded_at=NOON + timedelta(days=40)), three[-1].hash)]


async def test_what_is_in_both_is_complete_even_if_it_is_parked_or_was_given_up(
    pool: asyncpg.Pool, hear: Hear, recorded: list[Envelope]
) -> None:
    await hear([recorded[0], *recorded[2:]])  # a gap: the rest is parked
    assert await pool.execute("delete from es.parked where id = (select min(id) from es.parked)")
    await hear([recorded[1]])
    assert await differing(pool, stating(recorded)) == []


async def test_what_is_missing_foreign_or_other_is_found_in_its_month(
    pool: asyncpg.Pool, hear: Hear, recorded: list[Envelope]
) -> None:
    other = chained(replace(recorded[1], data=b'{"n":9}'), recorded[0].hash)
    await hear(recorded[:3])
    assert await differing(pool, stating(recorded)) == [Difference("2024-07", 1, 0)]
    assert await differing(pool, stating(recorded[:2])) == [Difference("2024-06", 2, 3)]
    forked = [recorded[0], other, recorded[2]]
    assert await differing(pool, stating(forked)) == [Difference("2024-06", 3, 3)]


async def test_what_comes_after_the_statement_is_of_no_concern_to_it(
    pool: asyncpg.Pool, hear: Hear, recorded: list[Envelope]
) -> None:
    await hear(recorded)
    earlier = msgspec.structs.replace(stating(recorded[:3]), until=recorded[3].recorded_at)
    assert await differing(pool, earlier) == []


async def test_nothing_is_said_before_all_was_heard_that_the_topic_held(
    pool: asyncpg.Pool, hear: Hear, recorded: list[Envelope]
) -> None:
    await hear(recorded)
    await pool.execute(
        "insert into es.offsets (consumer, topic, partition, next) values ('audit', $1, 3, 4)",
        events_topic("identification"),
    )
    for end, compared in ((5, False), (4, True)):
        async with pool.acquire() as connection:
            statement = stating(recorded, [0, 0, 0, end])
            assert bool(await reconcile(connection, statement, NOON)) is compared


def shown(differing: int) -> bool:
    """Whether something was compared, and so many months differ."""
    figures = (reconciliation.STATED, reconciliation.DIFFERING)
    stated, found = (figure.labels("assistance")._value.get() for figure in figures)
    return bool(stated) and found == differing


async def test_the_last_comparison_is_told_and_counted(
    db: Database, kafka: str, tokens: Issuer, place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From the topic of statements to the figure that an alarm reads; all topics end with transactions."""
    monkeypatch.setattr(consumer, "HOUSEKEEPING", 0.1)
    events = told(3, service="assistance")
    messages = [message_of(event, events_topic("assistance")) for event in events]
    reached = await publish_together(kafka, messages)
    ends = [reached.get(Place(events_topic("assistance"), n), 0) for n in range(PARTITIONS)]

    def message(months: Sequence[Envelope], topic: str) -> Message:
        return Message(topic, b"assistance", [], signed(stating(months, ends)).encode())

    with monkeypatch.context() as elsewhere:
        elsewhere.setattr(reconciliation, "STATEMENTS", place.topic)
        await publish_together(kafka, [message(events[:2], place.topic)])
        async with at_work(db, kafka, tokens):  # begins on a topic that ends so
            await eventually(partial(shown, 1))
    async with at_work(db, kafka, tokens) as system:
        for months, wanted in ((events, 0), (events[:2], 1)):
            await publish_together(kafka, [message(months, STATEMENTS)])
            await eventually(partial(shown, wanted))
        await system.log.publish(messages[:1])  # the tests share a broker: others need not wait


async def test_supervisors_are_told_and_nobody_else(
    app: FastAPI,
    client: httpx.AsyncClient,
    pool: asyncpg.Pool,
    hear: Hear,
    recorded: list[Envelope],
    tokens: Issuer,
) -> None:
    assert (await client.get("/v1/completeness")).json() == {"services": []}
    await hear(recorded[:3])
    async with pool.acquire() as connection:
        found = await reconcile(connection, stating(recorded), NOON)
    app.state.reconciled["identification"] = found
    (told,) = (await client.get("/v1/completeness")).json()["services"]
    assert (told["service"], told["recorded"], told["logged"]) == ("identification", 4, 3)
    assert told["complete"] is False
    assert told["differences"] == [{"month": "2024-07", "recorded": 1, "logged": 0}]
    assert (await client.get("/v1/completeness?x=1")).status_code == 400

    here, there = (Contradicted("k", "s", 1, "e", area) for area in ("441624108201", "441624109"))
    assert found is not None
    app.state.reconciled["identification"] = dataclasses.replace(found, contradicted=[here, there])
    town = tokens.bearer("town", "audit:read", department=STAFF, region="441624108")
    (told,) = (await client.get("/v1/completeness", headers=town)).json()["services"]
    assert [c["region"] for c in told["contradicted"]] == [here.region]
    looks = await pool.fetch("select data from es.readable where type = 'ListLookedAt'")
    (look,) = (json.loads(row["data"]) for row in looks)  # who was shown counts alone saw nobody
    assert (look["shown"], look["area"], look["households"]) == ("COMPLETENESS", "441624108", 1)
    del client.headers["authorization"]
    assert (await client.get("/v1/completeness")).status_code == 401
