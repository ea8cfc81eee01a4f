"""Tables take the place of those that serve, under a service that may be at work."""

import asyncio
import sys
from collections.abc import Awaitable, Callable
from contextlib import suppress

import asyncpg

from common.intents import Connection

PREVIOUS = "read_previous"  # the schema of those that served before
ATTEMPTS = 30
LOCK_TIMEOUT = "set local lock_timeout = '2s'"

Tell = Callable[[str], None]


def say(line: str) -> None:
    """On standard output, at once."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


async def patiently(
    connection: Connection, tell: Tell, work: Callable[[], Awaitable[None]]
) -> None:
    """Do `work` in a transaction, or a part of one, that waits two seconds for a lock and then lets those
    who hold it pass first. Raises after the last attempt what the lock raised."""
    for attempt in range(1, ATTEMPTS + 1):
        try:
            async with connection.transaction():
                await connection.execute(LOCK_TIMEOUT)
                await work()
            return
        except (asyncpg.LockNotAvailableError, asyncpg.DeadlockDetectedError) as error:
            if attempt == ATTEMPTS:
                raise
            tell(f"waiting to swap ({type(error).__name__}, attempt {attempt})")
            await asyncio.sleep(0.5)


async def drop_previous(connection: Connection) -> None:
    """Unless somebody reads it still: then the next rebuild will."""
    with suppress(asyncpg.LockNotAvailableError):
        async with connection.transaction():
            await connection.execute(LOCK_TIMEOUT)
            await connection.execute(f"drop schema if exists {PREVIOUS} cascade")
