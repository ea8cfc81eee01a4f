"""Look-ups that arrive together are one query: what group commit is for writing, this is for reading."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Generic, TypeVar

Key = TypeVar("Key")
Value = TypeVar("Value")


class Lookups(Generic[Key, Value]):
    """Asks `fetch` for all keys that came while it was busy with the last ones; no timer.

    Every answer is from a query that began after the question, so it is never stale.
    """

    def __init__(self, fetch: Callable[[Sequence[Key]], Awaitable[Mapping[Key, Value]]]) -> None:
        self._fetch = fetch
        self._waiting: dict[Key, asyncio.Future[Value | None]] = {}
        self._asking: asyncio.Future[None] | None = None

    async def get(self, key: Key) -> Value | None:
        """The value, or `None` if there is none. Raises what `fetch` raises."""
        loop = asyncio.get_running_loop()
        found = self._waiting.setdefault(key, loop.create_future())
        if self._asking is None:
            self._asking = asyncio.ensure_future(self._ask())
        return await asyncio.shield(found)  # a caller that leaves takes nobody's answer with it

    async def _ask(self) -> None:
        try:
            while self._waiting:
                asked, self._waiting = self._waiting, {}
                try:
                    found = await self._fetch(list(asked))
                except Exception as error:
                    for future in asked.values():
                        future.set_exception(error)
                        future.exception()  # seen, should every caller have left
                    continue
                for key, future in asked.items():
                    future.set_result(found.get(key))
        finally:
            self._asking = None
