"""One running service for the suite, on a real database and a real broker.

Each test takes households of its own, so nothing is emptied in between. The service's clock stands
at the end of April 2024.
"""

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI

from common.intents import Connection
from common.kafka import Log
from common.service import Runtime
from common.testing import STATEMENT_KEY, Issuer, database, folds, issuer, message_of
from common.testing.answers import told_in
from common.topics import create_topics, events_topic
from contracts.envelope import Envelope
from local.servers import Servers
from services.visits.tests.given import NOW, Tell
from visits.main import NAME, build
from visits.rebuild import MODEL
from visits.settings import VisitsSettings

POLICY_FILE = Path(__file__).parents[3] / "policies" / "heping-2024.toml"


@pytest.fixture(scope="session")
async def tokens() -> AsyncIterator[Issuer]:
    """Issues tokens that the service accepts."""
    async with issuer() as made:
        yield made


@pytest.fixture(scope="session")
async def app(servers: Servers, tokens: Issuer) -> AsyncIterator[FastAPI]:
    """The service at work: HTTP, relay and consumer."""
    await create_topics(servers.kafka, 1)
    async with database(servers.postgres, NAME) as made:
        settings = VisitsSettings(
            port=0,
            database_url=made.url,
            kafka_bootstrap_servers=servers.kafka,
            issuer=tokens.url,
            jwks_url=tokens.jwks_url,
            statement_key=STATEMENT_KEY,
            profile="development",
            topic_ahead="accept",  # the suites share a broker
            policy_file=POLICY_FILE,
        )
        app = build(settings)
        async with app.router.lifespan_context(app):
            app.state.runtime.clock.set(NOW)
            yield app
        await folds(made.url, MODEL)


@pytest.fixture
def runtime(app: FastAPI) -> Runtime:
    """What the service runs on."""
    found: Runtime = app.state.runtime
    return found


@pytest.fixture
async def client(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    """A client without a token."""
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(
        transport=transport,
        base_url="http://visits",
        event_hooks={"response": [told_in(app.openapi)]},
    ) as made:
        yield made


@pytest.fixture(scope="session")
async def tell(servers: Servers) -> AsyncIterator[Tell]:
    """Publishes events on identification's topic, as its relay would."""
    kafka = Log(servers.kafka)

    async def publish(*events: Envelope) -> None:
        topic = events_topic("identification")
        await kafka.publish([message_of(event, topic) for event in events])

    yield publish
    await kafka.close()


@pytest.fixture
async def connection(runtime: Runtime) -> AsyncIterator[Connection]:
    """A transaction that leaves nothing behind."""
    async with runtime.pool.acquire() as made:
        transaction = made.transaction()
        await transaction.start()
        yield made
        await transaction.rollback()
