"""How audit is wired. It hears every service, itself too, by envelope, and shows what it heard.

Of its own it records one thing: who looked (`looks`).
"""

import base64
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager

import structlog
from fastapi import FastAPI

from audit.api import accesses, checkpoints, evidence, history, households, reconciliation
from audit.log.append import Logged
from audit.log.keeper import Keeper
from audit.log.publishing import run
from audit.log.tables import DURABLE
from audit.meaning.vocabulary import Vocabulary, follow
from audit.pages import live, site
from audit.pages.lookup import asking
from audit.read_model import TABLES, mend, taking
from audit.read_model.counting import keep_counted
from audit.refusals import REFUSALS
from audit.settings import AuditSettings, keys_in
from common import service
from common.codec import Codec
from common.http import Probe, create_app, default_deny
from common.intents import Connection, Fresh, Store
from common.note import Signer
from common.openapi import described
from common.operations import operations
from common.outage import AWAY
from common.service import Runtime, running, serve
from common.topics import SERVICES
from contracts.access import AuditEvent
from contracts.access_meanings import ACCESS

log = structlog.get_logger()


async def _nothing(connection: Connection, fresh: Sequence[Fresh]) -> None:
    """What audit records, it shows when it has heard it, like any other event."""


NAME = "audit"
UNVOUCHED = (
    "STATEMENT_KEYS is empty, so that no service vouches for its records: give the public key of each, "
    "with a space between (python -m common.statements SERVICE, where its STATEMENT_KEY is)"
)
STORE = Store(NAME, Codec.of(AuditEvent, ACCESS), _nothing)


def build(settings: AuditSettings) -> FastAPI:
    """The app; it starts to work when uvicorn starts it. Raises `ValueError` for a bad key, and in
    production if no service has one."""
    signer = Signer(settings.log_origin, base64.b64decode(settings.log_key, validate=True))
    producers = settings.statement_keys.split()
    if settings.profile == "production" and not producers:
        raise ValueError(UNVOUCHED)
    keys = keys_in(settings.statement_keys)

    async def keep(runtime: Runtime) -> None:
        app.state.keeper = Keeper(runtime.pool, signer, app.state.vocabulary.declared)
        await run(app.state.keeper, runtime.clock, settings.kafka_bootstrap_servers)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with running(
            settings,
            STORE,
            TABLES,
            hears=SERVICES,
            handle=taking(),
            inbox=Logged,
            durable=DURABLE,
            also=[
                lambda _: follow(settings.kafka_bootstrap_servers, app.state.vocabulary),
                lambda runtime: keep_counted(runtime, app.state.vocabulary),
                keep,
                lambda runtime: reconciliation.follow(runtime, app.state.reconciled, keys),
            ],
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
        refusals=REFUSALS,
    )
    app.state.vocabulary = Vocabulary()
    app.state.reconciled, app.state.producers = {}, producers
    app.state.witnesses = keys_in(settings.log_witnesses)
    url = settings.identification_url
    app.state.lookup = asking(url) if url else None
    app.include_router(accesses.router)
    app.include_router(households.router)
    app.include_router(evidence.router)
    app.include_router(checkpoints.router)
    app.include_router(history.router)
    app.include_router(reconciliation.router)
    app.include_router(operations(NAME, STORE.codec, settings))
    site.install(app)
    described(app, keyed=_none, versioned=_none)
    return default_deny(app, checkpoints.PUBLIC | evidence.PUBLIC | live.PUBLIC)


def _none(_: str) -> bool:
    """What is sent to audit changes no household: a repetition does no harm."""
    return False


def probes(app: FastAPI) -> Mapping[str, Probe]:
    """Those of every service, and whether there is a timeline to write to."""
    runtime: Runtime = app.state.runtime

    async def timeline() -> str | None:
        try:
            laid = await runtime.pool.fetchval("select to_regclass('read.timeline')", timeout=2)
        except AWAY:
            return None  # the probe of the database says it
        return None if laid else "read.timeline is gone: run make rebuild SERVICE=audit"

    return {**service.probes(app), "timeline": timeline}


def main() -> None:
    """Run the service."""
    settings = AuditSettings()
    serve(NAME, settings, lambda: build(settings))
