"""SQLAlchemy's way to a database, for read models."""

from typing import Any

import asyncpg
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine


def engine_of(url: str, **options: Any) -> AsyncEngine:
    """For a URL as libpq takes it, with `sslmode`, several hosts and whatever else.

    asyncpg reads it, as it does for every other connection: SQLAlchemy knows none of its parameters.
    """
    return create_async_engine(
        "postgresql+asyncpg://", async_creator=lambda: asyncpg.connect(url, timeout=10), **options
    )
