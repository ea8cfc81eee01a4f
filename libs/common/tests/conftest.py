"""One database for the suite, emptied before each test; the servers come from the root."""

from collections.abc import AsyncIterator

import asyncpg
import pytest
import structlog
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from common.auth import Verifier
from common.ids import new_id
from common.kafka import Log
from common.settings import Settings
from common.testing import STATEMENT_KEY, Database, Issuer, database, empty, issuer
from local.servers import Servers


@pytest.fixture(scope="session", autouse=True)
def plain_logs() -> None:
    """As a service writes them; structlog's own default draws each traceback for seconds."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.format_exc_info,
            structlog.processors.KeyValueRenderer(),
        ]
    )


@pytest.fixture(scope="session")
async def shared_database(servers: Servers) -> AsyncIterator[Database]:
    """The suite's database."""
    async with database(servers.postgres, "common") as made:
        yield made


@pytest.fixture(scope="session")
async def superuser(shared_database: Database) -> AsyncIterator[asyncpg.Connection]:
    """Who may empty it."""
    made = await asyncpg.connect(shared_database.superuser_url)
    yield made
    await made.close()


@pytest.fixture(scope="session")
async def shared_pool(shared_database: Database) -> AsyncIterator[asyncpg.Pool]:
    """Connections of the service's own role."""
    made = await asyncpg.create_pool(shared_database.url, min_size=4, max_size=16)
    yield made
    made.terminate()


@pytest.fixture
async def db(shared_database: Database, superuser: asyncpg.Connection) -> Database:
    """The suite's database, empty; what a test made of read models goes too."""
    await empty(superuser)
    await superuser.execute("drop schema if exists read, read_previous cascade")
    return shared_database


@pytest.fixture
def pool(db: Database, shared_pool: asyncpg.Pool) -> asyncpg.Pool:
    """Connections to the empty database."""
    return shared_pool


@pytest.fixture
async def tokens() -> AsyncIterator[Issuer]:
    """An issuer of tokens."""
    async with issuer() as made:
        yield made


@pytest.fixture
def settings(servers: Servers, db: Database, tokens: Issuer) -> Settings:
    """Of a service on the empty database."""
    return Settings(
        port=0,
        database_url=db.url,
        kafka_bootstrap_servers=servers.kafka,
        issuer=tokens.url,
        jwks_url=tokens.jwks_url,
        statement_key=STATEMENT_KEY,
    )


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


@pytest.fixture
async def issued() -> AsyncIterator[Issuer]:
    """An issuer of its own for each test, so that its keys are fetched anew."""
    async with issuer() as made:
        yield made


@pytest.fixture
def verifier(issued: Issuer) -> Verifier:
    """Of that issuer's tokens."""
    return Verifier(issued.jwks_url, issued.url, issued.audience)
