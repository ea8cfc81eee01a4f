"""Waiting that looks, instead of sleeping; and what works in the meantime."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager, suppress
from inspect import isawaitable
from typing import Any, TypeVar, overload

T = TypeVar("T")


@overload
async def eventually(look: Callable[[], Awaitable[T]], within: float = 10) -> T: ...
@overload
async def eventually(look: Callable[[], T], within: float = 10) -> T: ...
async def eventually(look: Callable[[], Any], within: float = 10) -> Any:
    """What `look` returns once that is true; it is asked every 10 ms. Raises `AssertionError`."""
    deadline = time.monotonic() + within
    while True:
        seen = look()
        value = await seen if isawaitable(seen) else seen
        if value:
            return value
        assert time.monotonic() < deadline, f"still {value!r} after {within} s"
        await asyncio.sleep(0.01)


@asynccontextmanager
async def at_work(work: Coroutine[Any, Any, T]) -> AsyncIterator[asyncio.Task[T]]:
    """A worker that runs until the block ends, and ends as a service ends it. Raises what it died of."""
    task = asyncio.ensure_future(work)
    try:
        yield task
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
