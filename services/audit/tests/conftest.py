"""A database emptied before each test, and audit's app on it; servers come from the root."""

import asyncio
import base64
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from typing import Any

import asyncpg
import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from audit.log.append import Logged
from audit.log.keeper import Keeper
from audit.log.tables import DURABLE
from audit.looks import STAFF
from audit.main import NAME, STORE, build
from audit.read_model import TABLES, taking
from audit.settings import AuditSettings
from common.catalogue import messages
from common.clock import Clock
from common.codec import Codec
from common.continuity import Continuity
from common.incoming import incoming
from common.note import Signer, signer_of
from common.rows import from_row
from common.service import Runtime
from common.testing import STATEMENT_KEY, Database, Issuer, database, empty, issuer, record_of
from common.topics import SERVICES, create_topics, events_topic
from common.writer import Writer
from contracts.envelope import Envelope
from contracts.identification import IdentificationEvent
from contracts.identification_meanings import IDENTIFICATION
from contracts.visits import VisitsEvent
from contracts.visits_meanings import VISITS

LOG_KEY = base64.b64encode(bytes(range(32))).decode()
SIGNER = Signer("shouwang.test/audit", bytes(range(32)))
PRODUCERS = " ".join(signer_of(service, STATEMENT_KEY).vkey for service in SERVICES)
Hear = Callable[[Sequence[Envelope]], Coroutine[Any, Any, None]]


@pytest.fixture(scope="session")
async def shared_database(servers: Any) -> AsyncIterator[Database]:
    """The suite's database."""
    async with database(servers.postgres, NAME) as made:
        yield made


@pytest.fixture(scope="session")
async def tokens() -> AsyncIterator[Issuer]:
    """An issuer of tokens."""
    async with issuer() as made:
        yield made


@pytest.fixture(scope="session")
async def kafka(servers: Any) -> str:
    """A broker with every topic."""
    await create_topics(servers.kafka, 1)
    return str(servers.kafka)


@pytest.fixture
async def db(shared_database: Database) -> Database:
    """The suite's database, without an event and without a table of audit."""
    await empty(shared_database.superuser_url)
    owner = await asyncpg.connect(shared_database.url)
    await owner.execute("drop schema if exists log, read, read_next, read_previous cascade")
    await owner.close()
    return shared_database


@pytest.fixture
async def pool(db: Database) -> AsyncIterator[asyncpg.Pool]:
    """Connections of the service's own role, to a database with audit's tables."""
    made = await asyncpg.create_pool(db.url, min_size=1, max_size=8)
    await made.execute("create schema read;" + DURABLE)
    engine = engine_of(db)
    async with engine.begin() as session:
        await session.run_sync(TABLES.create_all)
    await engine.dispose()
    yield made
    made.terminate()


@pytest.fixture
def hear(pool: asyncpg.Pool) -> Hear:
    """Events take effect as they do when they come from Kafka, in one batch a call."""
    inbox, heard = Logged(NAME, taking()), 0

    async def hear(events: Sequence[Envelope]) -> None:
        nonlocal heard
        items = [
            incoming(record_of(event, events_topic(event.service), heard + n))
            for n, event in enumerate(events)
        ]
        heard += len(events)
        async with pool.acquire() as connection, connection.transaction():
            await inbox.apply(connection, items)

    return hear


@pytest.fixture
def own(pool: asyncpg.Pool, hear: Hear) -> Callable[[], Coroutine[Any, Any, None]]:
    """Audit hears what it has recorded itself since the last time, as it does over Kafka."""
    position = 0

    async def own() -> None:
        nonlocal position
        rows = await pool.fetch(
            "select * from es.events where position > $1 order by position", position
        )
        if rows:
            position = rows[-1]["position"]
            await hear([from_row(NAME, row) for row in rows])

    return own


def engine_of(db: Database) -> AsyncEngine:
    """For read-model queries."""
    return create_async_engine(db.url.replace("://", "+asyncpg://", 1))


def settings_of(db: Database, tokens: Issuer, kafka: str = "127.0.0.1:1") -> AuditSettings:
    """Settings for tests; without `kafka`, none is there."""
    return AuditSettings(
        port=0,
        database_url=db.url,
        kafka_bootstrap_servers=kafka,
        issuer=tokens.url,
        jwks_url=tokens.jwks_url,
        statement_key=STATEMENT_KEY,
        statement_keys=PRODUCERS,
        profile="development",
        log_key=LOG_KEY,
        topic_ahead="accept",  # the tests share a broker
    )


@pytest.fixture
async def app(db: Database, pool: asyncpg.Pool, tokens: Issuer) -> AsyncIterator[FastAPI]:
    """The app with the words of identification, and without workers."""
    settings = settings_of(db, tokens)
    made, engine = build(settings), engine_of(db)
    made.state.runtime = Runtime(
        settings,
        Clock(),
        pool,
        engine,
        Writer(pool, STORE),
        None,
        Continuity("audit", settings.kafka_bootstrap_servers, pool, accept=True),
    )
    made.state.keeper = Keeper(pool, SIGNER, made.state.vocabulary.declared)
    for message in (
        *messages(NAME, STORE.codec),
        *messages("identification", Codec.of(IdentificationEvent, IDENTIFICATION)),
        *messages("visits", Codec.of(VisitsEvent, VISITS)),
    ):
        made.state.vocabulary.learn(message.key.decode(), message.value)
    writing = asyncio.create_task(made.state.runtime.writer.run())
    yield made
    writing.cancel()
    await asyncio.wait({writing})
    await engine.dispose()


@pytest.fixture
async def client(app: FastAPI, tokens: Issuer) -> AsyncIterator[httpx.AsyncClient]:
    """A supervisor of the whole county."""
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app, raise_app_exceptions=False),
        base_url="http://audit",
        headers={
            "Access-Purpose": "quarterly check",
            **tokens.bearer(
                "supervisor", "audit:read access:read", department=STAFF, post="SUPERVISOR"
            ),
        },
    ) as made:
        yield made
