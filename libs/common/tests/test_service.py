"""What a process of a service does, and what it leaves to another."""

import asyncio
from contextlib import AbstractAsyncContextManager

import asyncpg
from sqlalchemy import MetaData

from common.ids import new_id
from common.service import Runtime, running
from common.settings import Settings
from common.testing import TALLIES, Database, adding, eventually
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
