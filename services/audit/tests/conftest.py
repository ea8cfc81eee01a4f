"""A database emptied before each test, and audit's app on it, on servers of this suite's own."""

import asyncio
import base64
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Sequence
from datetime import timedelta
from typing import Any

import asyncpg
import httpx
import pytest
import uvicorn
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from fastapi import FastAPI
from playwright.async_api import Browser, BrowserContext, ConsoleMessage, Page, async_playwright

from audit.access.looks import STAFF
from audit.access.signing_in import COOKIE
from audit.log.append import Logged
from audit.log.keeper import Keeper
from audit.log.tables import DURABLE
from audit.main import NAME, STORE, build
from audit.read_model import TABLES, taking
from audit.settings import AuditSettings
from common.catalogue import messages
from common.clock import Clock
from common.codec import Codec
from common.continuity import Continuity
from common.engine import engine_of
from common.ids import new_id
from common.incoming import incoming
from common.kafka import Place
from common.note import Signer, signer_of
from common.rows import from_row
from common.service import Runtime
from common.testing import (
    NOON,
    STATEMENT_KEY,
    Database,
    Issuer,
    database,
    empty,
    envelope,
    eventually,
    household,
    issuer,
    laid,
    record_of,
)
from common.testing.answers import told_in
from common.topics import SERVICES, create_topics, events_topic
from common.writer import Writer
from contracts.envelope import Envelope
from contracts.identification import IdentificationEvent
from contracts.identification_meanings import IDENTIFICATION
from contracts.visits import VisitsEvent
from contracts.visits_meanings import VISITS
from local.fixtures import servers_for_tests
from local.servers import Servers

LOG_KEY = base64.b64encode(bytes(range(32))).decode()
SIGNER = Signer("shouwang.test/audit", bytes(range(32)))
PRODUCERS = " ".join(signer_of(service, STATEMENT_KEY).vkey for service in SERVICES)
Hear = Callable[[Sequence[Envelope]], Coroutine[Any, Any, None]]
Open = Callable[..., Awaitable[Page]]
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser"))), None)
needs_chromium = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium: apt install chromium")


@pytest.fixture(scope="session")
async def servers(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Servers]:
    """Not those that the other suites share, unless the environment gives them: audit hears every service,
    and theirs publish when they like, also between two readings of the whole log."""
    async with servers_for_tests(tmp_path_factory.mktemp("audit")) as own:
        yield own


@pytest.fixture(scope="session")
async def shared_database(servers: Servers) -> AsyncIterator[Database]:
    """The suite's database."""
    async with database(servers.postgres, NAME) as made:
        yield made


@pytest.fixture(scope="session")
async def tokens() -> AsyncIterator[Issuer]:
    """An issuer of tokens."""
    async with issuer() as made:
        yield made


@pytest.fixture(scope="session")
async def kafka(servers: Servers) -> str:
    """A broker with every topic."""
    await create_topics(servers.kafka, 1)
    return servers.kafka


@pytest.fixture
async def admin(kafka: str) -> AsyncIterator[AIOKafkaAdminClient]:
    """Who may change topics."""
    made = AIOKafkaAdminClient(bootstrap_servers=kafka)
    await made.start()
    yield made
    await made.close()


@pytest.fixture
async def place(admin: AIOKafkaAdminClient) -> Place:
    """The only partition of a topic of the test's own."""
    made = Place(f"test.{new_id()}", 0)
    await admin.create_topics([NewTopic(made.topic, 1, 1)])
    return made


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
    await laid(made, db.url, TABLES, DURABLE)
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


def settings_of(db: Database, tokens: Issuer) -> AuditSettings:
    """Settings for tests, of a service without Kafka."""
    return AuditSettings(
        port=0,
        database_url=db.url,
        kafka_bootstrap_servers="127.0.0.1:1",
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
    made, engine = build(settings), engine_of(db.url)
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
        event_hooks={"response": [told_in(app.openapi)]},
        headers={
            "Access-Purpose": "quarterly check",
            **tokens.bearer(
                "supervisor", "audit:read access:read", department=STAFF, post="SUPERVISOR"
            ),
        },
    ) as made:
        yield made


@pytest.fixture(scope="session")
async def browser() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        made = await playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"]
        )
        yield made
        await made.close()


@pytest.fixture
async def url(app: FastAPI) -> AsyncIterator[str]:
    """The app behind a port of its own."""
    server = uvicorn.Server(
        uvicorn.Config(app, port=0, lifespan="off", log_level="error", timeout_graceful_shutdown=0)
    )
    running = asyncio.create_task(server.serve())
    await eventually(lambda: server.started)
    yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    server.should_exit = True
    await running


@pytest.fixture
def faults() -> list[str]:
    """Faults of scripts, and errors on the console, as of the content policy. A test takes those away
    that it means to make."""
    return []


@pytest.fixture
async def open_(
    browser: Browser, url: str, tokens: Issuer, faults: list[str]
) -> AsyncIterator[Open]:
    """A page, for a supervisor who is signed in. Faults fail the test."""
    contexts: list[BrowserContext] = []

    def heard(said: ConsoleMessage) -> None:
        if said.type == "error":
            faults.append(said.text)

    async def opened(path: str, **options: Any) -> Page:
        context = await browser.new_context(**options)
        contexts.append(context)
        token = tokens.token("supervisor", "audit:read access:read", department=STAFF)
        await context.add_cookies([{"name": COOKIE, "value": token, "url": url}])
        page = await context.new_page()
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.on("console", heard)
        await page.goto(url + path)
        return page

    yield opened
    for context in contexts:
        await context.close()
    assert faults == []


@pytest.fixture
async def story(hear: Hear, app: FastAPI) -> list[Envelope]:
    """A household with a gap, a late record and a duty, under a signed checkpoint."""
    at: dict[str, Any] = {"household_id": household(1)}
    first = envelope(b'{"risk_types":["ILLNESS"],"due_on":"2024-06-18"}', type="RiskDetected", **at)
    verified = envelope(
        b'{"risk_types":["ILLNESS"]}',
        type="HouseholdVerified",
        prev=first,
        recorded_at=NOON + timedelta(days=4),
    )
    later = NOON + timedelta(days=100)
    confirmed = envelope(
        b'{"monitored_class":"SEVERE_HARDSHIP","confirmed_on":"2024-09-11","risk_types":["ILLNESS"]}',
        type="MonitoringConfirmed",
        prev=verified,
        occurred_at=later,
        recorded_at=later,
    )
    await hear([first, verified, confirmed])
    keeper: Keeper = app.state.keeper
    assert await keeper.keep(later + timedelta(minutes=1))
    return [first, verified, confirmed]
