"""What a process of a service does, and what it leaves to another."""

import asyncio
from contextlib import AbstractAsyncContextManager, suppress

import asyncpg
import pytest
from sqlalchemy import MetaData

from common import service
from common.ids import new_id
from common.service import Runtime, running
from common.settings import Settings
from common.testing import STATEMENT_KEY, TALLIES, Database, adding, eventually
from common.topics import create_topics
from local.servers import Servers

NOWHERE = "http://127.0.0.1:9"  # nobody asks for a token here


def process(
    servers: Servers, db: Database, *, background: bool
) -> AbstractAsyncContextManager[Runtime]:
    """A process of the tallies' service."""
    settings = Settings(
        port=0,
        database_url=db.url,
        kafka_bootstrap_servers=servers.kafka,
        issuer=NOWHERE,
        jwks_url=NOWHERE,
        statement_key=STATEMENT_KEY,
        topic_ahead="accept",  # the suites share a broker
        background=background,
    )
    return running(settings, TALLIES, MetaData())


async def test_one_process_answers_and_another_publishes(
    servers: Servers, db: Database, pool: asyncpg.Pool
) -> None:
    await create_topics(servers.kafka, 1)
    stream = f"tally-{new_id()}"

    async def unpublished() -> int:
        found: int = await pool.fetchval("select count(*) from es.outbox")
        return found

    async with process(servers, db, background=False) as answering:
        await answering.writer.execute(adding(stream, 1))
        await asyncio.sleep(0.3)  # six times as long as a relay waits
        assert await unpublished() == 1

        async with process(servers, db, background=True):

            async def published() -> bool:
                return await unpublished() == 0

            await eventually(published)
            await answering.writer.execute(adding(stream, 1))
            await eventually(published)


async def test_a_process_that_is_frozen_in_a_transaction_gives_its_locks_back(
    servers: Servers, db: Database, pool: asyncpg.Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else its successor would wait for a row of `es.offsets` until somebody kills the frozen one."""
    monkeypatch.setattr(service, "FROZEN", 1)
    lock = "select pg_advisory_xact_lock(1)"
    async with process(servers, db, background=False) as frozen:
        connection = await frozen.pool.acquire()
        await connection.transaction().start()
        await connection.execute(lock)
        await asyncio.wait_for(pool.execute(lock), 15)
        with suppress(
            asyncpg.InterfaceError
        ):  # the server ended it, which it may have heard by now
            connection.terminate()


async def test_regular_work_goes_on_after_a_connection_was_lost_and_ends_with_a_bug() -> None:
    raised: list[Exception] = [
        asyncpg.InternalClientError("cannot switch to state 11"),
        asyncpg.ConnectionDoesNotExistError("closed in the middle of operation"),
        ZeroDivisionError(),
    ]

    async def work() -> None:
        raise raised.pop(0)

    with pytest.raises(ZeroDivisionError):
        await service.regularly(0, work)
