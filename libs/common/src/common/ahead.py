"""Reading one batch ahead: while Postgres takes a batch, the next is fetched and its headers are read."""

import asyncio
from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Protocol

from common.incoming import Incoming, incoming
from common.kafka import Place, Record

Batch = dict[Place, list[Incoming]]


class Source(Protocol):
    """Whatever records come from: a group member, or a scan of given partitions."""

    async def fetch(self, limit: int, wait: float) -> Mapping[Place, Sequence[Record]]:
        """Up to `limit` records, or nothing after `wait` seconds."""

    def reached(self) -> Mapping[Place, int]:
        """The offset that is fetched next, of each place."""


class Ahead:
    """Batches of a reader. What was read ahead has no effect: it may be dropped at any time, and the
    reader set back to where its records came from. `reached` says what comes next in each place
    after the last batch that was given, as long as nothing was dropped."""

    def __init__(self, source: Source, limit: int, wait: float) -> None:
        self._source = source
        self._limit = limit
        self._wait = wait
        self._next: asyncio.Task[tuple[Batch, Mapping[Place, int]]] | None = None
        self.reached: Mapping[Place, int] = {}

    async def batch(self) -> Batch:
        """The batch that was begun, or the next. Raises what reading it raised."""
        begun, self._next = self._next, None
        batch, self.reached = await (begun or self._read())
        return batch

    def begin(self) -> None:
        """Read the next batch while the caller waits for something else."""
        self._next = self._next or asyncio.ensure_future(self._read())

    async def drop(self) -> None:
        """Forget what was read ahead."""
        begun, self._next = self._next, None
        self.reached = {}
        if begun:
            begun.cancel()
            await asyncio.wait({begun})  # to await it would swallow our own cancellation with its
            if not begun.cancelled():
                begun.exception()  # seen

    async def __aenter__(self) -> "Ahead":
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.drop()

    async def _read(self) -> tuple[Batch, Mapping[Place, int]]:
        found = await self._source.fetch(self._limit, self._wait)
        reached = self._source.reached()
        return {place: [incoming(r) for r in records] for place, records in found.items()}, reached
