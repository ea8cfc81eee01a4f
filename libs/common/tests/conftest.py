"""One database for the suite, emptied before each test; the servers come from the root."""

from collections.abc import AsyncIterator

import asyncpg
import pytest
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from common.ids import new_id
from common.kafka import Log
from common.testing import Database, database, empty
from local.servers import Servers


@pytest.fixture(scope="session")
async def shared_database(servers: Servers) -> AsyncIterator[Database]:
    """The suite's database."""
    async with database(servers.postgres, "common") as made:
        yield made


@pytest.fixture
async def db(shared_database: Database) -> Database:
    """The suite's database, empty."""
    await empty(shared_database.superuser_url)
    return shared_database


@pytest.fixture
async def pool(db: Database) -> AsyncIterator[asyncpg.Pool]:
    """Connections of the service's own role."""
    made = await asyncpg.create_pool(db.url, min_size=1, max_size=16)
    yield made
    made.terminate()


@pytest.fixture
async def topic(servers: Servers) -> str:
    """A topic of the test's own, with two partitions."""
    name = f"test.{new_id()}"
    admin = AIOKafkaAdminClient(bootstrap_servers=servers.kafka)
    await admin.start()
    try:
        await admin.create_topics([NewTopic(name, 2, 1)])
    finally:
        await admin.close()
    return name


@pytest.fixture
async def log(servers: Servers) -> AsyncIterator[Log]:
    """A producer as the relay uses it."""
    made = Log(servers.kafka)
    yield made
    await made.close()
