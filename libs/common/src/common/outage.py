"""What is raised while the database is away, or goes away in the middle of something."""

from typing import Final

import asyncpg

# A worker logs these and tries again; whatever else is raised is a bug of ours, and ends the process.
# asyncpg raises its internal error when a connection is lost between two statements.
AWAY: Final = (
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    OSError,
    TimeoutError,
)
