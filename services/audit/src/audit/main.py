"""How audit is wired. It has no domain: it hears every service, by envelope, and shows what it heard."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager

import asyncpg
import structlog
from fastapi import FastAPI

from audit import api, pages
from audit.read_model import TABLES, mend, taking
from audit.settings import AuditSettings
from audit.vocabulary import Vocabulary, follow
from common import service
from common.codec import Codec
from common.http import Probe, create_app, default_deny
from common.intents import Connection, Fresh, Store
from common.operations import operations
from common.service import Runtime, running, serve
from common.topics import SERVICES

log = structlog.get_logger()


async def _nothing(connection: Connection, fresh: Sequence[Fresh]) -> None:
    """Audit records no events of its own."""


NAME = "audit"
STORE = Store(NAME, Codec({}, {}), _nothing)


def build(settings: AuditSettings) -> FastAPI:
    """The app; it starts to work when uvicorn starts it."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with running(
            settings,
            STORE,
            TABLES,
            hears=SERVICES,
            handle=taking(),
            also=[lambda: follow(settings.kafka_bootstrap_servers, app.state.vocabulary)],
        ) as runtime:
            async with runtime.pool.acquire() as connection:
                if await mend(connection, NAME):
                    log.warning("timeline_was_dropped", now="reading the log from its beginning")
            app.state.runtime = runtime
            yield

    app = create_app(
        "守望 · 监督 (audit)",
        settings,
        lifespan=lifespan,
        probes=probes,
        refusals={},
    )
    app.state.vocabulary = Vocabulary()
    app.include_router(api.router)
    app.include_router(operations(NAME, STORE.codec, settings))
    pages.install(app)
    return default_deny(app)


def probes(app: FastAPI) -> Mapping[str, Probe]:
    """Those of every service, and whether there is a timeline to write to."""
    runtime: Runtime = app.state.runtime

    async def timeline() -> str | None:
        try:
            laid = await runtime.pool.fetchval("select to_regclass('read.timeline')", timeout=2)
        except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError, TimeoutError):
            return None  # the probe of the database says it
        return None if laid else "read.timeline is gone: run make rebuild SERVICE=audit"

    return {**service.probes(app), "timeline": timeline}


def main() -> None:
    """Run the service."""
    settings = AuditSettings()
    serve(NAME, settings, lambda: build(settings))
