"""Identification's app at work on a database of its own; servers come from the root."""

from base64 import b64encode
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import pytest

from common.intents import Connection
from common.service import Runtime
from common.testing import STATEMENT_KEY, Database, Issuer, database, folds, issuer, read_model
from common.testing.answers import told_in
from common.topics import create_topics
from identification import vault
from identification.main import NAME, build
from identification.read_model import TABLES
from identification.rebuild import MODEL
from identification.settings import IdentificationSettings
from services.identification.tests.asking import Callers
from services.identification.tests.registrar import Register

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="session")
async def tokens() -> AsyncIterator[Issuer]:
    """An issuer of tokens."""
    async with issuer() as made:
        yield made


@pytest.fixture(scope="session")
async def db(servers: Any) -> AsyncIterator[Database]:
    """The suite's database; tests take households of their own."""
    async with database(servers.postgres, NAME) as made:
        yield made


@pytest.fixture(scope="session")
async def app(servers: Any, db: Database, tokens: Issuer) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the app, with its relay and consumer running."""
    await create_topics(servers.kafka, 1)
    settings = IdentificationSettings(
        port=0,
        database_url=db.url,
        kafka_bootstrap_servers=servers.kafka,
        issuer=tokens.url,
        jwks_url=tokens.jwks_url,
        statement_key=STATEMENT_KEY,
        profile="development",
        topic_ahead="accept",  # the suites share a broker
        vault_key=b64encode(b"v" * 32).decode(),
        blind_index_key=b64encode(b"i" * 32).decode(),
        policy_file=ROOT / "policies" / "heping-2024.toml",
        body_limit_bytes=8_000_000,
    )
    made = build(settings)
    async with made.router.lifespan_context(made):
        transport = httpx.ASGITransport(made, raise_app_exceptions=False)
        async with httpx.AsyncClient(
            transport=transport,
            base_url="http://test",
            event_hooks={"response": [told_in(made.openapi)]},
        ) as client:
            client.runtime = made.state.runtime  # type: ignore[attr-defined]
            yield client
    await folds(db.url, MODEL)


@pytest.fixture
def runtime(app: httpx.AsyncClient) -> Runtime:
    """The running service behind the client."""
    found: Runtime = app.runtime  # type: ignore[attr-defined]
    return found


@pytest.fixture
async def sql(db: Database) -> AsyncIterator[asyncpg.Connection]:
    """A connection as the service's role."""
    connection = await asyncpg.connect(db.url)
    yield connection
    await connection.close()


@pytest.fixture
async def pool(servers: Any) -> AsyncIterator[asyncpg.Pool]:
    """The tables of the read model and the vault, empty, in a database of the test's own."""
    async with read_model(servers.postgres, NAME, TABLES, vault.TABLES) as made:
        yield made


@pytest.fixture
async def read(pool: asyncpg.Pool) -> AsyncIterator[Connection]:
    """A connection to them."""
    async with pool.acquire() as connection:
        yield connection


@pytest.fixture
def callers(tokens: Issuer) -> Callers:
    """Headers of the callers that the tests know."""
    return Callers(tokens)


@pytest.fixture
def county(callers: Callers) -> dict[str, str]:
    """The county's office: all of the register, and the episodes."""
    scopes = (
        "households:write households:read households:county members:read "
        "episodes:village episodes:town episodes:county"
    )
    return callers.staff(scopes, "county", "441624")


@pytest.fixture
def register(app: httpx.AsyncClient, county: dict[str, str]) -> Register:
    """The county's office at its desk."""
    return Register(app, county)
