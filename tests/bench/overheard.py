"""Counting what is asked of a database: machine-independent, and so fit for a gate."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import asyncpg


@asynccontextmanager
async def overheard(url: str) -> AsyncIterator[tuple[asyncpg.Pool, list[str]]]:
    """A pool, and every statement that went through it. A COPY is one statement."""
    said: list[str] = []

    class Connection(asyncpg.Connection):
        async def copy_records_to_table(self, table_name: str, **options: Any) -> str:
            said.append(f"copy {table_name}")  # asyncpg's own loggers are not told of a COPY
            return await super().copy_records_to_table(table_name, **options)

    async def listen(connection: Any) -> None:
        connection.add_query_logger(lambda logged: said.append(logged.query))

    pool = await asyncpg.create_pool(
        url, min_size=1, max_size=4, init=listen, connection_class=Connection
    )
    try:
        yield pool, said
    finally:
        pool.terminate()
