"""Group commit: the writer takes what is waiting, so a busy service makes few, large commits.

One commit at a time, no timer: a batch is whatever arrived while the previous one was being committed. Forms and
files take turns, so that a department's daily file delays a form by one commit and no more.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass

import asyncpg
import structlog
from asyncpg.pool import PoolConnectionProxy

from common.eventstore import record
from common.intents import Conflict, Intent, Outcome, Recorded, Store

log = structlog.get_logger()

BATCH = 500  # intents in one transaction
FEW = 20  # intents of one request for which somebody waits, as for a form; more is a file
WAITING = 20_000  # intents that may wait; beyond that a caller is told to come back
ATTEMPTS = 5  # times an intent that lost a race goes round again


# After these nobody knows whether the commit took place, so nothing may be repeated here; a caller
# repeats with its idempotency key and gets the answer that was stored, or a first one.
LOST = (
    asyncpg.PostgresConnectionError,
    asyncpg.OperatorInterventionError,
    asyncpg.InternalClientError,  # we were frozen, and the server ended the transaction
    asyncpg.InsufficientResourcesError,  # disk full, too many connections: not ours to answer for
    asyncpg.ReadOnlySQLTransactionError,  # we were left on a standby by a failover
    asyncpg.InterfaceError,
    OSError,
    TimeoutError,
)
RACE = (Conflict, asyncpg.UniqueViolationError, asyncpg.DeadlockDetectedError)


class Unavailable(Exception):
    """The database cannot be reached, went away during the commit, or has lost events."""


class Busy(Exception):
    """The queue is full: try again in a moment. Nothing of the request was recorded."""


@dataclass(slots=True)
class _Waiting:
    intent: Intent
    future: asyncio.Future[Outcome | Exception]
    attempts: int = 0


class Writer:
    """Records intents in batches. `committed` is set after each commit, which wakes the relay.

    A caller that goes away does not take its command with it: the append is finished, and the
    caller can learn the outcome by repeating the request with its idempotency key.
    """

    def __init__(
        self, pool: asyncpg.Pool, store: Store, closed: Callable[[], object] = lambda: None
    ) -> None:
        self._closed = closed
        self.committed = asyncio.Event()
        self._pool = pool
        self._store = store
        self._forms: deque[_Waiting] = deque()
        self._files: deque[_Waiting] = deque()
        self._turns = [self._forms, self._files]
        self._arrived = asyncio.Event()
        self._own: PoolConnectionProxy | None = None  # kept, so that no reader stands before it

    async def execute(self, intent: Intent) -> Recorded:
        """Record one intent. Raises `Refused`, `KeyReused`, `Conflict` (after five losses),
        `Busy`, `Unavailable`."""
        (outcome,) = await self.execute_all([intent])
        if isinstance(outcome, Recorded):
            return outcome
        raise outcome

    async def execute_all(self, intents: Sequence[Intent]) -> list[Outcome | Exception]:
        """Record many intents, an outcome or error for each, in order.

        Raises `Busy` or, while the writer is closed, `Unavailable` before any is taken.
        """
        if self._closed():
            raise Unavailable
        if self.depth + len(intents) > WAITING:
            raise Busy
        loop = asyncio.get_running_loop()
        waiting = [_Waiting(intent, loop.create_future()) for intent in intents]
        (self._forms if len(intents) <= FEW else self._files).extend(waiting)
        self._arrived.set()
        return [await item.future for item in waiting]

    @property
    def depth(self) -> int:
        """How many intents wait."""
        return len(self._forms) + len(self._files)

    async def run(self) -> None:
        """Commit batches until cancelled; then finish the one in hand and what waits."""
        committing: asyncio.Future[None] | None = None
        try:
            while True:
                await self._arrived.wait()
                self._arrived.clear()
                while self.depth:
                    committing = asyncio.ensure_future(self._commit(self._take()))
                    await asyncio.shield(committing)
        except asyncio.CancelledError:
            if committing:
                await committing
            while self.depth:
                await self._commit(self._take())
            await self._let_go()
            raise

    def _take(self) -> list[_Waiting]:
        if not self._turns[0]:
            self._turns.reverse()
        queue = self._turns[0]
        self._turns.reverse()
        return [queue.popleft() for _ in range(min(BATCH, len(queue)))]

    async def _commit(self, batch: list[_Waiting]) -> None:
        try:
            outcomes = await self._transact(batch)
        except LOST as error:
            log.warning("commit_outcome_unknown", size=len(batch), error=repr(error))
            for item in batch:
                _resolve(item, Unavailable())
            return
        except Exception as error:
            if len(batch) > 1:  # one of them may be to blame; its neighbours must not pay
                log.warning("batch_retried_singly", size=len(batch), error=repr(error))
                for item in batch:
                    await self._commit([item])
                return
            await self._again_or_fail(batch[0], error)
            return
        self.committed.set()
        for item, outcome in zip(batch, outcomes, strict=True):
            if isinstance(outcome, Conflict):
                await self._again_or_fail(item, outcome)
            else:
                _resolve(item, outcome)

    async def _again_or_fail(self, item: _Waiting, error: Exception) -> None:
        """Go round again alone where a repetition can help; else tell the caller."""
        item.attempts += 1
        if isinstance(error, RACE) and item.attempts < ATTEMPTS:
            await self._commit([item])
        else:
            _resolve(item, error)

    async def _transact(self, batch: list[_Waiting]) -> list[Outcome]:
        try:
            own = await self._connection()
            async with own.transaction():
                return await record(own, self._store, [item.intent for item in batch])
        except LOST:
            await self._let_go()
            raise

    async def _connection(self) -> PoolConnectionProxy:
        """Our own, or another where it was lost while nobody wrote: the pool has then let it go."""
        if self._own is not None:
            with suppress(asyncpg.InterfaceError):
                if not self._own.is_closed():
                    return self._own
            await self._let_go()
        self._own = await self._pool.acquire()
        return self._own

    async def _let_go(self) -> None:
        own, self._own = self._own, None
        if own is not None:
            with suppress(*LOST):
                await self._pool.release(own)


def _resolve(item: _Waiting, outcome: Outcome | Exception) -> None:
    if not item.future.done():
        item.future.set_result(outcome)
