"""Waiting that looks, and what a case says when it has waited in vain."""

import asyncio
import sys
import time
from collections.abc import Awaitable, Callable

LOOK = 0.05  # seconds between two looks


class Failed(Exception):
    """What was expected did not come. The text is for people."""


async def until(
    look: Callable[[], Awaitable[object]], what: str, within: float = 30.0, every: float = LOOK
) -> float:
    """Wait until `look` gives something true; how many seconds that took. Raises `Failed`."""
    started = time.monotonic()
    while not await look():
        if time.monotonic() - started > within:
            raise Failed(f"not within {within:.0f} s: {what}")
        await asyncio.sleep(every)
    return time.monotonic() - started


def say(line: str) -> None:
    """A line for whoever watches."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()
