"""The app that every service begins with, without a service in it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
from fastapi import FastAPI

from common.http import create_app
from common.settings import Settings


@asynccontextmanager
async def nothing(_: FastAPI) -> AsyncIterator[None]:
    """No start, no end."""
    yield


def bare(title: str = "test") -> FastAPI:
    """It has nothing to probe, and no refusals of its own."""
    made = Settings.model_construct(issuer="", jwks_url="")
    return create_app(title, made, lifespan=nothing, probes=lambda _: {}, refusals={})


def client_of(app: FastAPI) -> httpx.AsyncClient:
    """Asks the app, without a network."""
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test")
