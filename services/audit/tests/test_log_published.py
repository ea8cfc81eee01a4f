"""Audit at work on a real broker: what is heard is signed, published, and had again from Kafka."""

import base64
import os
import sys
from asyncio.subprocess import PIPE, create_subprocess_exec
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from secrets import token_bytes

import asyncpg
import msgspec
import pytest
from fastapi import FastAPI

from audit.fsck import from_kafka, fsck
from audit.log import publishing, store
from audit.log.publishing import Published
from audit.log.store import Checkpoint
from audit.main import NAME, build
from audit.settings import AuditSettings
from audit.verify import head_of, key_of, signers
from common.ids import new_id
from common.kafka import Log, LogScan, Place, Topic, ensure_topics
from common.note import Signer
from common.testing import STATEMENT_KEY, Database, Issuer, eventually, history, message_of
from common.topics import PARTITIONS, events_topic

TOPIC = events_topic("assets")
CHECKPOINTS = f"checkpoints-{new_id()}"


@pytest.fixture
async def settings(
    db: Database, kafka: str, tokens: Issuer, monkeypatch: pytest.MonkeyPatch
) -> AuditSettings:
    """Of a log with a key of its own: the checkpoints of others are on the topic too, which is not the one that
    rebuilds of other tests read when their log has none."""
    monkeypatch.setattr(publishing, "CHECKPOINTS", CHECKPOINTS)
    await ensure_topics(kafka, 1, [Topic(CHECKPOINTS, 1)])
    return AuditSettings(
        port=0,
        database_url=db.url,
        kafka_bootstrap_servers=kafka,
        issuer=tokens.url,
        jwks_url=tokens.jwks_url,
        statement_key=STATEMENT_KEY,
        # Of nobody: other suites' services state of stores whose records this log has in part.
        statement_keys=Signer("shouwang.cn/nobody", bytes(32)).vkey,
        log_key=base64.b64encode(token_bytes(32)).decode(),
        topic_ahead="accept",  # the tests share a broker, and others look at households
    )


@asynccontextmanager
async def at_work(settings: AuditSettings) -> AsyncIterator[FastAPI]:
    """The service, from its start to its end."""
    app = build(settings)
    async with app.router.lifespan_context(app):
        yield app


async def told(kafka: str, length: int) -> None:
    """Somebody's events, on the topic."""
    log = Log(kafka)
    events = history(length, service="assets")
    await log.publish([message_of(e, TOPIC) for e in [*events, events[0]]])
    await log.close()


async def signed(app: FastAPI, kafka: str) -> Checkpoint:
    """The last checkpoint, once everything that was told is in it."""
    pool = app.state.runtime.pool
    found: Checkpoint | None = None
    scan, partitions = LogScan(kafka), [Place(TOPIC, n) for n in range(PARTITIONS)]
    ends = {place: end for place, (_, end) in (await scan.start(partitions)).items()}
    await scan.close()

    async def all_of_it() -> bool:
        nonlocal found
        owned = app.state.runtime.consumer.owned
        async with pool.acquire() as connection:
            found = await store.latest(connection)
            now = {name: t.size for name, t in (await store.trees(connection)).items()}
        have = {n: size for n, (size, _) in found.trees.items()} if found else {}
        have.pop("heads", None)
        heard = all(place in owned and owned[place].next >= end for place, end in ends.items())
        return heard and have == now

    await eventually(all_of_it, within=90)
    assert found
    return found


async def published(kafka: str, vkey: str) -> list[Published]:
    """The checkpoints of this key on the topic."""
    scan, place = LogScan(kafka), Place(CHECKPOINTS, 0)
    try:
        first, end = (await scan.start([place]))[place]
        values: list[bytes] = []
        while len(values) < end - first:
            values += [r.value or b"" for r in (await scan.fetch(500, 1.0)).get(place, [])]
    finally:
        await scan.close()
    found = [msgspec.json.decode(value, type=Published) for value in values]
    return [one for one in found if signers(one.checkpoint, [key_of(vkey)])]


async def test_what_is_heard_is_signed_and_published_and_follows_from_kafka_alone(
    settings: AuditSettings, kafka: str, db: Database
) -> None:
    await told(kafka, 3)
    async with at_work(settings) as app:
        last = await signed(app, kafka)
        vkey = app.state.keeper.signer.vkey

        async def all_there() -> bool:
            return [head_of(p.checkpoint).size for p in await published(kafka, vkey)] == list(
                range(1, last.size + 1)
            )

        await eventually(all_there, within=30)
    trees = {name: tree for name, tree in last.trees.items() if name != "heads"}
    assert await from_kafka(kafka, trees) == []
    name = next(name for name in trees if name.startswith("assets"))
    size, root = trees[name]
    for wrong in ((size, bytes(32)), (size + 1, root)):
        (said,) = await from_kafka(kafka, {**trees, name: wrong})
        assert said.startswith(f"{name}: the topic does not give")
    command = (sys.executable, "-m", "audit.fsck", "--kafka", "--key", vkey)
    environment = {**os.environ, "DATABASE_URL": db.url, "KAFKA_BOOTSTRAP_SERVERS": kafka}
    checked = await create_subprocess_exec(*command, env=environment, stdout=PIPE, stderr=PIPE)
    told_of, complaint = await checked.communicate()
    assert (checked.returncode, complaint) == (0, b"")
    assert told_of.decode().startswith(
        f"{last.size} checkpoints hold, and every tree; each is signed"
    )


async def test_a_log_whose_tables_are_gone_goes_on_from_what_was_published(
    settings: AuditSettings, kafka: str, db: Database
) -> None:
    await told(kafka, 3)
    async with at_work(settings) as app:
        first = await signed(app, kafka)
        await eventually(lambda: _published(app), within=30)
    owner = await asyncpg.connect(db.url)
    await owner.execute("drop schema log, read cascade")
    await owner.close()
    await told(kafka, 2)
    async with at_work(settings) as app:
        second = await signed(app, kafka)
        async with app.state.runtime.pool.acquire() as connection:
            assert await fsck(connection, NAME, app.state.keeper.signer.vkey) == []
            again = await store.checkpoint(connection, first.size)
    assert again
    assert replace(again, made_at=first.made_at) == first
    assert second.size > first.size


async def _published(app: FastAPI) -> bool:
    query = "select not exists (select from log.checkpoints where not published)"
    done: bool = await app.state.runtime.pool.fetchval(query)
    return done
