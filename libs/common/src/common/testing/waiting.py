"""Waiting that looks, instead of sleeping."""

import asyncio
import time
from collections.abc import Awaitable, Callable
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
