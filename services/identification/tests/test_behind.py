"""ADR 0016: started on a store that has lost what its topic tells, the service stands still and says so."""

from typing import Any

import asyncpg
import httpx

from common.service import Runtime
from common.testing import database, eventually
from identification.main import NAME, build
from identification.settings import IdentificationSettings


async def test_a_store_behind_its_topic_is_served_unready(servers: Any, runtime: Runtime) -> None:
    async def published() -> bool:
        return bool(await runtime.pool.fetchval("select not exists (select from es.outbox)"))

    await eventually(published)  # its policies, at least
    async with database(servers.postgres, NAME) as empty:
        changes = {"database_url": empty.url, "topic_ahead": "refuse"}
        app = build(IdentificationSettings(**(runtime.settings.model_dump() | changes)))
        async with (
            app.router.lifespan_context(app),
            httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test") as client,
        ):
            ready = await client.get("/health/ready")
            assert ready.status_code == 503
            assert "ahead of this store" in ready.text
        connection = await asyncpg.connect(empty.url)
        assert await connection.fetchval("select count(*) from es.events") == 0
        await connection.close()
