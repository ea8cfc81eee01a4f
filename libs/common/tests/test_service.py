"""What a process of a service does, and what it leaves to another."""

import asyncio
from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager, suppress
from dataclasses import replace

import asyncpg
import pytest
from fastapi import FastAPI
from prometheus_client import REGISTRY
from sqlalchemy import MetaData, text

from common import service
from common.completeness import Recorded, republish
from common.ids import new_id
from common.inbox import Handle
from common.incoming import Incoming
from common.intents import Connection
from common.service import Runtime, probes, running
from common.settings import Settings
from common.testing import STATEMENT_KEY, TALLIES, Database, adding, eventually
from common.topics import create_topics
from local.servers import Servers

NOWHERE = "http://127.0.0.1:9"  # nobody asks for a token here


def process(
    servers: Servers, db: Database, *, background: bool, handle: Handle | None = None
) -> AbstractAsyncContextManager[Runtime]:
    """A process of the tallies' service; with `handle` it has a consumer, of no topic."""
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
    return running(settings, TALLIES, MetaData(), handle=handle)


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


async def test_a_database_url_may_say_all_that_libpq_takes(servers: Servers, db: Database) -> None:
    """Such as `sslmode`, without which many a county's database lets nobody in."""
    told = replace(db, url=f"{db.url}?sslmode=prefer&application_name=tallies")
    async with process(servers, told, background=False) as one, one.engine.connect() as connection:
        assert await connection.scalar(text("show application_name")) == "tallies"
        assert await one.pool.fetchval("show application_name") == "tallies"


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
        # The server ended it, which it may have heard by now.
        with suppress(asyncpg.InterfaceError):
            connection.terminate()


async def test_who_watches_is_told_that_nothing_is_consumed(servers: Servers, db: Database) -> None:
    """Lag and stopped partitions stay as they were last seen while a consumer fails or has halted."""

    async def handle(_: Connection, __: Sequence[Incoming]) -> None: ...

    def unready() -> float | None:
        return REGISTRY.get_sample_value("shouwang_consumer_unready")

    async with process(servers, db, background=False, handle=handle) as one:
        assert one.consumer
        one.consumer.halted = "stopped because too many households fail"
        await eventually(lambda: unready() == 1)
        one.consumer.halted = None
        await eventually(lambda: unready() == 0)


async def test_readiness_tells_the_age_of_what_waits_longest_to_be_published(
    servers: Servers, db: Database
) -> None:
    await create_topics(servers.kafka, 1)
    async with process(servers, db, background=False) as one:
        await one.writer.execute(adding(f"tally-{new_id()}", 1))
        await asyncio.sleep(3)  # longer than between two looks
        await one.writer.execute(adding(f"tally-{new_id()}", 1))
        await eventually(lambda: REGISTRY.get_sample_value("shouwang_outbox_tickets") == 2)
        assert one.unpublished_age >= 3

        app = FastAPI()
        app.state.runtime = one
        outbox = probes(app)["outbox"]
        assert await outbox() is None
        one.settings.unpublished_limit_seconds = 0
        assert await outbox() == f"the oldest unpublished event is {one.unpublished_age:.0f} s old"


async def test_what_is_published_again_waits_since_it_was_asked_for(
    servers: Servers, db: Database
) -> None:
    """Or a service that fills its topic again would call itself unready, however fast it is at it."""
    await create_topics(servers.kafka, 1)
    async with process(servers, db, background=False) as one:
        await one.writer.execute(adding(f"tally-{new_id()}", 1))
        await asyncio.sleep(3)
        tickets = await one.pool.fetch("delete from es.outbox returning position")
        await eventually(lambda: one.unpublished_age == 0)
        async with one.pool.acquire() as connection:
            await republish(connection, [Recorded(row["position"], "", 1) for row in tickets])
        await eventually(lambda: 0 < one.unpublished_age < 3)


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
