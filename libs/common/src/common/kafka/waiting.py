"""No await without a deadline."""

import asyncio

DEADLINE = 15.0  # seconds for any single answer of the broker


async def within(seconds: float, stopping: object) -> None:
    """Wait for a client to stop, but not for ever: a broken one may hang (aiokafka 1101)."""
    task = asyncio.ensure_future(stopping)  # type: ignore[call-overload] # a coroutine of aiokafka
    await asyncio.wait({task}, timeout=seconds)
    if not task.done():
        task.cancel()
    elif not task.cancelled():
        task.exception()  # seen; a client that is thrown away has nothing more to tell
