"""A store that has lost what its topic tells must not go on as if it had not."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from functools import partial

import asyncpg
import pytest

from common import continuity
from common.continuity import Continuity
from common.eventstore import record
from common.kafka import Log, Message
from common.outbox import publish_all
from common.testing import TALLIES, Database, adding, at_work, database, eventually
from common.topics import create_topics, events_topic
from common.writer import Unavailable, Writer
from libs.common.tests.transactions import publish_together
from local.servers import Servers

SERVICE = "employment"  # nobody else speaks for it on the broker that the suites share
STORE = replace(TALLIES, service=SERVICE)


@pytest.fixture(autouse=True)
def hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(continuity, "AGAIN", 0.1)


@pytest.fixture
async def db(servers: Servers) -> AsyncIterator[Database]:
    """Of its own, since its tables are replaced."""
    async with database(servers.postgres, SERVICE) as made:
        yield made


@pytest.fixture
async def pool(db: Database) -> AsyncIterator[asyncpg.Pool]:
    async with asyncpg.create_pool(db.url, min_size=1, max_size=4) as made:
        yield made


async def published(servers: Servers, pool: asyncpg.Pool, stream: str) -> None:
    """An event of the store, on the topic."""
    log = Log(servers.kafka)
    async with pool.acquire() as connection:
        async with connection.transaction():
            await record(connection, STORE, [adding(stream, 1)])
        epoch = await connection.fetchval("select epoch from es.relay")
        await publish_all(connection, SERVICE, epoch, log.publish)
    await log.close()


@asynccontextmanager
async def comparing(
    servers: Servers, pool: asyncpg.Pool, *, accept: bool = False
) -> AsyncIterator[Continuity]:
    made = Continuity(SERVICE, servers.kafka, pool, accept=accept)
    async with at_work(made.run()):
        await made.settled()
        yield made


async def superuser(db: Database, statements: str) -> None:
    connection = await asyncpg.connect(db.superuser_url)
    await connection.execute(statements)
    await connection.close()


# As an older backup would have it: the same tables, without what came last.
OLDER = """
alter table es.events rename to newer;
create table es.events (like es.newer including all);
grant select, insert on es.events to public
"""
NEWER = "drop table es.events; alter table es.newer rename to events"


async def went_on(compared: Continuity) -> bool:
    done = asyncio.Event()

    async def work() -> None:
        done.set()

    with suppress(TimeoutError):
        await asyncio.wait_for(compared.then(work), 0.5)
    return done.is_set()


async def test_a_store_behind_its_topic_takes_no_command_until_it_is_restored(
    servers: Servers, db: Database, pool: asyncpg.Pool
) -> None:
    await create_topics(servers.kafka, 1)
    await published(servers, pool, "told")
    async with comparing(servers, pool) as compared:
        assert compared.ahead is None
        assert await went_on(compared)

    await superuser(db, OLDER)
    writer = Writer(pool, STORE, lambda: compared.ahead)
    async with comparing(servers, pool) as compared:
        assert "ahead of this store" in str(compared.ahead)
        assert not await went_on(compared)
        with pytest.raises(Unavailable):
            await asyncio.wait_for(writer.execute(adding("told", 1)), 1)

        await superuser(db, NEWER)
        await eventually(lambda: compared.ahead is None)
        assert await went_on(compared)

    await superuser(db, OLDER)
    async with comparing(servers, pool, accept=True) as compared:
        assert await went_on(compared)


async def test_a_store_that_went_on_without_what_its_topic_tells_is_behind_it_too(
    servers: Servers, db: Database, pool: asyncpg.Pool
) -> None:
    """As one may that starts from an older backup while Kafka is away: another event has that version."""
    await create_topics(servers.kafka, 1)
    await published(servers, pool, "told")
    await superuser(db, OLDER)
    async with pool.acquire() as connection, connection.transaction():
        await record(connection, STORE, [adding("told", 2)])
    async with comparing(servers, pool) as compared:
        assert "version 1 of told" in str(compared.ahead)
    await superuser(db, NEWER)
    async with comparing(servers, pool) as compared:
        assert compared.ahead is None


async def test_a_record_that_is_no_event_says_nothing_about_the_store(
    servers: Servers, pool: asyncpg.Pool
) -> None:
    """Nor does the end of a transaction, behind which there is none."""
    await create_topics(servers.kafka, 1)
    log = Log(servers.kafka)
    everywhere = [Message(events_topic(SERVICE), str(n).encode(), [], b"?") for n in range(99)]
    for publish in (partial(publish_together, servers.kafka), log.publish):
        await publish(everywhere)
        async with comparing(servers, pool) as compared:
            assert compared.ahead is None
            assert await went_on(compared)
    await log.close()
