"""The app that every service begins with, without a service in it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg
import httpx
from fastapi import FastAPI

from common.clock import Clock
from common.consumer import Consumer
from common.continuity import Continuity
from common.engine import engine_of
from common.http import create_app
from common.operations import operations
from common.service import Runtime, probes
from common.settings import Settings
from common.testing import TALLIES
from common.writer import Writer


@asynccontextmanager
async def nothing(_: FastAPI) -> AsyncIterator[None]:
    """No start, no end."""
    yield


def bare(title: str = "test") -> FastAPI:
    """It has nothing to probe, and no refusals of its own."""
    made = Settings.model_construct(issuer="", jwks_url="")
    return create_app(title, made, lifespan=nothing, probes=lambda _: {}, refusals={})


def operated(settings: Settings, pool: asyncpg.Pool, consumer: Consumer | None) -> FastAPI:
    """The tallies' service without workers: its readiness, and the routes that every service has."""
    app = create_app("test", settings, lifespan=nothing, probes=probes, refusals={})
    app.include_router(operations(TALLIES.service, TALLIES.codec, settings))
    app.state.runtime = Runtime(
        settings,
        Clock(),
        pool,
        engine_of(settings.database_url),
        Writer(pool, TALLIES),
        consumer,
        Continuity(TALLIES.service, settings.kafka_bootstrap_servers, pool, accept=True),
    )
    return app


def client_of(app: FastAPI) -> httpx.AsyncClient:
    """Asks the app, without a network."""
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test")
