"""What is in the store and not on the topic is found and published again; what is foreign is named."""

import asyncio
import os
import sys
from asyncio import create_subprocess_exec, subprocess
from collections.abc import Sequence
from contextlib import suppress

import asyncpg
import pytest

from common import completeness
from common.completeness import Compared, Foreign, Recorded, compare, republish
from common.eventstore import record
from common.intents import Connection
from common.kafka import Log, Message, Place
from common.outbox import publish_all
from common.testing import TALLIES, Database, adding, envelope, message_of
from common.topics import create_topics
from contracts.cloudevents import from_headers
from contracts.envelope import Envelope
from local.servers import Servers


@pytest.fixture
async def events(pool: asyncpg.Pool) -> list[Envelope]:
    """Five events of two streams, whose tickets are gone."""
    found: list[Envelope] = []

    async def keep(messages: Sequence[Message]) -> None:
        found.extend(from_headers(m.headers, m.value) for m in messages)

    async with pool.acquire() as connection:
        await record(connection, TALLIES, [adding("one", 1, 2, 3), adding("two", 4, 5)])
        await connection.execute("update es.relay set epoch = 1")
        await publish_all(connection, "identification", 1, keep)
    return found


async def compared(pool: asyncpg.Pool, servers: Servers, topic: str) -> Compared:
    async with pool.acquire() as connection:
        return await compare(connection, servers.kafka, [Place(topic, 0), Place(topic, 1)])


async def test_nothing_differs_when_all_was_published_however_often(
    pool: asyncpg.Pool, servers: Servers, log: Log, topic: str, events: list[Envelope]
) -> None:
    await log.publish([message_of(e, topic) for e in [*events, events[0]]])
    assert await compared(pool, servers, topic) == Compared(5, 5, 1, [], [])


async def test_what_was_lost_is_named_and_published_again_and_nobody_doubles_it(
    pool: asyncpg.Pool, servers: Servers, log: Log, topic: str, events: list[Envelope]
) -> None:
    lost = [e for e in events if (e.stream, e.version) in (("one", 2), ("two", 2))]
    await log.publish([message_of(e, topic) for e in events if e not in lost])
    found = await compared(pool, servers, topic)
    assert (found.stored, found.published) == (5, 3)
    assert [(e.stream, e.version) for e in found.lost] == [("one", 2), ("two", 2)]
    heard: list[Envelope] = []
    async with pool.acquire() as connection:
        await republish(connection, found.lost)
        on_the_way = await compare(connection, servers.kafka, [Place(topic, 0), Place(topic, 1)])
        assert (on_the_way.stored, on_the_way.lost) == (3, [])

        async def publish(messages: Sequence[Message]) -> None:
            heard.extend(from_headers(m.headers, m.value) for m in messages)

        await publish_all(connection, "identification", 1, publish)
    assert heard == lost
    await log.publish([message_of(e, topic) for e in heard])
    assert await compared(pool, servers, topic) == Compared(5, 5, 0, [], [])


async def test_what_waits_already_is_neither_published_twice_nor_made_younger(
    pool: asyncpg.Pool, events: list[Envelope]
) -> None:
    """Or asking often enough would hide how long it waits."""
    await pool.execute("insert into es.outbox select position from es.events")
    first = await pool.fetchval("select min(position) from es.outbox")
    asked = await pool.fetchval("select refilled from es.relay")
    async with pool.acquire() as connection:
        await republish(connection, [Recorded(first, "one", 1)])
    assert await pool.fetchval("select count(*) from es.outbox") == 5
    assert await pool.fetchval("select refilled from es.relay") == asked


async def test_what_is_on_the_topic_and_has_its_ticket_still_is_neither_lost_nor_foreign(
    pool: asyncpg.Pool, servers: Servers, log: Log, topic: str, events: list[Envelope]
) -> None:
    """So it is with whatever is recorded and published while the two are compared."""
    await log.publish([message_of(e, topic) for e in events])
    await pool.execute("insert into es.outbox select position from es.events where stream = 'two'")
    assert await compared(pool, servers, topic) == Compared(3, 3, 0, [], [])


async def test_T9_what_the_service_did_not_record_is_named(
    pool: asyncpg.Pool, servers: Servers, log: Log, topic: str, events: list[Envelope]
) -> None:
    last = next(e for e in events if (e.stream, e.version) == ("one", 3))
    forged = envelope(b'{"amount":9}', prev=last)
    broken = Message(topic, b"?", [], b"no event at all")
    await log.publish([*(message_of(e, topic) for e in [*events, forged]), broken])
    found = await compared(pool, servers, topic)
    assert found.lost == []
    assert {(f.stream, f.version) for f in found.foreign} == {("one", 4), ("?", 0)}


async def test_what_is_there_under_another_key_only_is_lost_and_its_copy_is_foreign(
    pool: asyncpg.Pool, servers: Servers, log: Log, topic: str, events: list[Envelope]
) -> None:
    """Consumers park it: it is not where its household is."""
    one, *others = events
    await log.publish([message_of(e, topic) for e in others])
    await log.publish([message_of(one, topic)._replace(key=b"another")])
    found = await compared(pool, servers, topic)
    assert [(e.stream, e.version) for e in found.lost] == [(one.stream, one.version)]
    assert [f.stream for f in found.foreign] == ["another"]


async def test_the_command_says_what_is_lost(
    events: list[Envelope], db: Database, servers: Servers, pool: asyncpg.Pool
) -> None:
    await create_topics(servers.kafka, 1)
    async with pool.acquire() as connection:
        await record(connection, TALLIES, [adding("three", *[1] * 20)])
        await connection.execute("delete from es.outbox")
    command = (sys.executable, "-m", "common.completeness", "identification", "--republish")
    environment = {
        **os.environ,
        "DATABASE_URL": db.url,
        "KAFKA_BOOTSTRAP_SERVERS": servers.kafka,
    }
    ran = await create_subprocess_exec(*command, "--all", env=environment, stdout=subprocess.PIPE)
    said, _ = await ran.communicate()
    assert ran.returncode == 1
    assert "25 recorded, 0 of them on the topic" in said.decode()
    assert "one v2 is to be published" in said.decode()
    assert "three v20 is to be published" in said.decode()
    assert await pool.fetchval("select count(*) from es.outbox") == 25


@pytest.mark.parametrize(
    ("lost", "foreign", "code"),
    [
        ([], [], 0),
        ([Recorded(2, "one", 2)], [], 1),
        ([], [Foreign(Place("t", 0), 7, "one", 4)], 1),
    ],
)
async def test_who_only_asks_changes_nothing_and_is_told_by_the_exit_code(
    events: list[Envelope],
    pool: asyncpg.Pool,
    db: Database,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    lost: list[Recorded],
    foreign: list[Foreign],
    code: int,
) -> None:
    async def found(*_: object) -> Compared:
        return Compared(5, 5 - len(lost), 0, lost, foreign)

    monkeypatch.setattr(completeness, "compare", found)
    assert await completeness._main("identification", db.url, "", False) == code
    told = ["one v2 is not on the topic"] if lost else []
    told += ["t/0@7 (one v4) was not recorded by identification"] if foreign else []
    assert capsys.readouterr().out.splitlines()[1:] == told
    assert await pool.fetchval("select count(*) from es.outbox") == 0


async def test_of_much_that_differs_the_first_is_named_and_all_if_that_is_asked_for(
    events: list[Envelope],
    db: Database,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    lost = [Recorded(n, "one", n) for n in range(1, 31)]
    foreign = [Foreign(Place("t", 0), n, "two", n) for n in range(1, 26)]

    async def found(*_: object) -> Compared:
        return Compared(30, 0, 0, lost, foreign)

    monkeypatch.setattr(completeness, "compare", found)
    ours = [f"one v{n} is not on the topic" for n in range(1, 31)]
    theirs = [f"t/0@{n} (two v{n}) was not recorded by identification" for n in range(1, 26)]
    counts = ["30 lost in all: --all names each", "25 foreign in all: --all names each"]
    for every, said in ((False, [*ours[:20], *theirs[:20], *counts]), (True, [*ours, *theirs])):
        assert await completeness._main("identification", db.url, "", False, every) == 1
        assert capsys.readouterr().out.splitlines()[1:] == said


async def test_two_who_ask_at_once_publish_what_is_lost_once(
    events: list[Envelope],
    db: Database,
    servers: Servers,
    log: Log,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    await create_topics(servers.kafka, 1)
    both, published, asked = asyncio.Barrier(2), list[Message](), list[int]()

    async def together(connection: Connection, kafka: str, places: Sequence[Place]) -> Compared:
        found = await compare(connection, kafka, places)
        with suppress(TimeoutError, asyncio.BrokenBarrierError):
            await asyncio.wait_for(both.wait(), 2)
        return found

    async def publish(messages: Sequence[Message]) -> None:
        await log.publish(messages)
        published.extend(messages)

    async def at_once(connection: Connection, lost: Sequence[Recorded]) -> None:
        asked.append(len(lost))
        await republish(connection, lost)
        await publish_all(connection, "identification", 1, publish)

    monkeypatch.setattr(completeness, "compare", together)
    monkeypatch.setattr(completeness, "republish", at_once)
    ask = ("identification", db.url, servers.kafka, True)
    await asyncio.gather(completeness._main(*ask), completeness._main(*ask))
    assert (sorted(asked), len(published)) == ([0, 5], 5)
