"""What could not be applied is told to those outside, once it is parked."""

import asyncio
import os
from typing import Any

import asyncpg
import pytest

from common import outbox
from common.inbox import Inbox
from common.incoming import incoming
from common.kafka import Log, Message, Place, Record
from common.outbox import Relay, announce_parked
from common.testing import Database, at_work, envelope, eventually, record_of
from common.topics import create_topics, events_topic, parked_topic
from local.servers import Servers


async def _fail(_: Any, __: Any) -> None:
    raise ZeroDivisionError


async def test_a_parked_record_is_copied_as_it_came_with_reason_and_place(db: Database) -> None:
    event = envelope()
    topic = events_topic("identification")
    sent: list[Message] = []

    async def publish(messages: Any) -> None:
        sent.extend(messages)

    connection = await asyncpg.connect(db.url)
    try:
        for name in ("visits", "visits.next"):  # the other reads beside the service: a rebuild
            inbox = Inbox(name, _fail)
            await inbox.apply(connection, [incoming(record_of(event, topic, 7))], singly=True)
        assert await announce_parked(connection, "visits", publish) == 1
        assert await announce_parked(connection, "visits", publish) == 0
    finally:
        await connection.close()
    (message,) = sent
    headers = dict(message.headers)
    assert (message.topic, message.key, message.value) == (
        parked_topic("visits"),
        event.key.encode(),
        event.data,
    )
    assert headers["ce_id"] == str(event.event_id).encode()
    assert headers["parkedreason"].startswith(b"failed: ZeroDivisionError")
    assert headers["parkedfrom"] == f"{topic}/0/7".encode()


async def test_a_header_without_a_value_is_copied_as_an_empty_one(db: Database) -> None:
    """It is such a header for which the record was parked."""
    record, sent = record_of(envelope(), events_topic("identification"), 7), list[Message]()
    broken = record._replace(headers=[*record.headers, ("null", None)])

    async def publish(messages: Any) -> None:
        sent.extend(messages)

    connection = await asyncpg.connect(db.url)
    try:
        await Inbox("visits", _fail).apply(connection, [incoming(broken)])
        await announce_parked(connection, "visits", publish)
    finally:
        await connection.close()
    (message,) = sent
    assert dict(message.headers)["null"] == b""


async def test_of_many_only_some_are_copied_at_once_and_the_others_need_not_wait(
    db: Database, pool: asyncpg.Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A thousand of a megabyte each would be a gigabyte in memory, and events would wait for it."""
    monkeypatch.setattr(outbox, "ANNOUNCE", 20.0)
    topic, told = events_topic("identification"), list[int]()
    items = [incoming(record_of(envelope(), topic, n)) for n in range(50)]
    async with pool.acquire() as connection, connection.transaction():
        await Inbox("visits", _fail).apply(
            connection, [item._replace(fault="malformed") for item in items]
        )

    async def publish(messages: Any) -> None:
        told.append(len(messages))

    relay = Relay("visits", "one", lambda: asyncpg.connect(db.url), publish, asyncio.Event())
    async with at_work(relay.run()):
        await eventually(lambda: sum(told) == 50)
    assert told == [20, 20, 10]


async def test_of_a_record_as_large_as_a_broker_takes_reason_and_place_are_told(
    db: Database, servers: Servers, log: Log
) -> None:
    """With them it would be larger, and the relay would try for ever."""
    await create_topics(servers.kafka, 1)
    record = Record(
        Place(events_topic("identification"), 0), 7, b"somebody", [], os.urandom(1 << 20)
    )
    told: list[Message] = []

    async def publish(messages: Any) -> None:
        told.extend(messages)
        await log.publish(messages)

    connection = await asyncpg.connect(db.url)
    try:
        await Inbox("visits", _fail).apply(connection, [incoming(record)])
        assert await announce_parked(connection, "visits", publish) == 1
        assert await announce_parked(connection, "visits", publish) == 0
    finally:
        await connection.close()
    (message,) = told
    assert (message.key, message.value) == (b"somebody", b"")
    assert [name for name, _ in message.headers] == ["parkedreason", "parkedfrom"]
