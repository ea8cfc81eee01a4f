"""`/docs` is there in a network that reaches nothing else."""

import re
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


async def test_the_reference_of_an_api_fetches_nothing_from_elsewhere() -> None:
    made = Settings.model_construct(issuer="", jwks_url="")
    app = create_app("守望 · test", made, lifespan=nothing, probes=lambda _: {}, refusals={})
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
        page = (await client.get("/docs")).text
        assert "守望 · test" in page
        assert "://" not in re.sub("<!--.*?-->", "", page)
        fetched = re.findall(r'(?:src|href)="([^"]+)"', page)
        assert len(fetched) == 3  # style, icon, script
        for address in fetched:
            assert (await client.get(address)).status_code == 200
        assert (await client.get("/redoc")).status_code == 404
