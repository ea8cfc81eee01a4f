"""The loop between Kafka and the inbox: it cannot lose, double or reorder.

Our offset lives in our own database and moves in the transaction of the effect, by compare-and-set
on `(next, owner_epoch)`. Whoever finds no row to move has been replaced, and drops its batch; so a
rebalance, a zombie or two owners at once can do no harm.
"""

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

import asyncpg
import structlog
from opentelemetry import trace

from common import metrics, ownership
from common.ahead import Ahead
from common.inbox import TRANSIENT, Inbox, TooManyParked
from common.incoming import Incoming
from common.intents import Conflict
from common.kafka import KafkaError, LogReader, Place, Unreadable
from common.ownership import Owned
from common.tracing import creation_links

log = structlog.get_logger()
tracer = trace.get_tracer("shouwang.consumer")

BATCH = 1_000  # records in one transaction; fewer than that, when fewer are there
WAIT = 0.5  # seconds a fetch may wait for records
HOUSEKEEPING = 5.0  # seconds between looks at lag, parked records and stopped partitions
RETRY = (0.1, 0.5, 1.0)  # seconds between attempts while Kafka or Postgres is away
STUCK = 60.0  # seconds without progress, while there is something to read
HALTED = (
    "stopped because too many households fail ({why}), which is a bug of this version: run the one "
    "before, or a mended one, and it goes on from here; what was parked until then is listed by GET "
    "/v1/parked, and POST /v1/parked/{{key}}/retry applies it, key by key (scope parked:manage)"
)


class Fenced(Exception):
    """Another owner moved one of our partitions: drop the batch and claim anew."""


@dataclass
class Consumer:
    """One service's reader of foreign topics. `reader` makes a new group member each time."""

    inbox: Inbox
    holder: str
    pool: asyncpg.Pool
    reader: Callable[[], LogReader]
    owned: dict[Place, Owned] = field(default_factory=dict)
    stopped: dict[Place, str] = field(default_factory=dict)
    epochs: dict[Place, int] = field(default_factory=dict)  # of what we own, and of what we stopped
    unreadable: set[Place] = field(default_factory=set)
    halted: str | None = None
    lag: int = 0
    progress: float = field(default_factory=time.monotonic)
    failures: int = 0  # in a row, since something last worked
    interrupted: str = ""

    def unready(self) -> str | None:
        """Why this consumer is not doing its work, or `None` if it is."""
        if self.halted:
            return self.halted
        if self.stopped:
            return "; ".join(f"{p.topic}/{p.partition}: {why}" for p, why in self.stopped.items())
        if self.failures and time.monotonic() - self.progress > STUCK:
            return f"no progress for {STUCK:.0f} s: {self.interrupted}"
        if self.lag and time.monotonic() - self.progress > STUCK:
            return f"no progress for {STUCK:.0f} s with {self.lag} records to read"
        return None

    async def run(self) -> None:
        """Consume for ever; survive any failure of Kafka or Postgres."""
        member = ""
        while True:
            reader = self.reader()
            reader.member = member
            try:
                await reader.start()
                await self._consume(reader)
            except (KafkaError, *TRANSIENT) as error:
                self.failures += 1
                self.interrupted = repr(error)
                log.warning("consumer_interrupted", error=repr(error), attempt=self.failures)
            except TooManyParked as error:
                self.halted = HALTED.format(why=error)
                log.critical("consumer_halted", error=str(error))
                self.failures = len(RETRY)
            finally:
                self.owned.clear()
                await reader.close()
                member = reader.member
            await asyncio.sleep(RETRY[min(self.failures, len(RETRY)) - 1])

    async def _consume(self, reader: LogReader) -> None:
        generation, looked = -1, 0.0
        async with Ahead(reader, BATCH, WAIT) as ahead:
            while True:
                if reader.generation != generation:
                    generation = reader.generation
                    await self._claim(reader, ahead)
                try:
                    items = await ahead.batch()
                except Unreadable as error:
                    if error.place is None:
                        raise
                    self.unreadable.add(error.place)
                    await self._claim(reader, ahead)
                    continue
                if reader.generation != generation:
                    continue  # partitions moved while we read; what is still ours is read again
                mine = {
                    place: following
                    for place, some in items.items()
                    if (following := await self._following(reader, place, some))
                }
                if mine:
                    ahead.begin()
                    try:
                        await self._take(mine)
                    except Fenced:
                        metrics.FENCED.inc()
                        log.warning("fenced", places=[f"{p.topic}/{p.partition}" for p in mine])
                        await self._claim(reader, ahead)
                        continue
                    self.progress, self.halted, self.failures = time.monotonic(), None, 0
                if time.monotonic() - looked > HOUSEKEEPING:
                    looked = time.monotonic()
                    # A rebuild or `common.rewind` raises epochs, and may set an offset back, while
                    # there is nothing to read that would tell us.
                    if not await ownership.held(self.pool, self.inbox.name, self.epochs):
                        log.warning("fenced_while_idle")
                        await self._claim(reader, ahead)
                    refused = {place for place, some in items.items() if some} - mine.keys()
                    reached = {p: at for p, at in ahead.reached.items() if p not in refused}
                    await self._look_around(reader, reached)

    async def _claim(self, reader: LogReader, ahead: Ahead) -> None:
        """Become the owner of what the group gave us: raise the epoch, then seek to our own offset."""
        await ahead.drop()
        places = sorted(reader.places(), key=lambda p: (p.topic, p.partition))
        self.owned = await ownership.claim(self.pool, self.inbox.name, self.holder, places)
        self.epochs = {place: owned.epoch for place, owned in self.owned.items()}
        self.stopped.clear()
        for place, (first, end) in (await reader.bounds(places)).items():
            owned = self.owned[place]
            if owned.next < first:
                self._stop(
                    reader, place, f"records {owned.next}..{first - 1} are gone from the topic"
                )
            elif owned.next > end:
                self._stop(
                    reader, place, f"the topic ends at {end}, before our offset {owned.next}"
                )
            elif place in self.unreadable:
                self._stop(reader, place, f"a record from {owned.next} on cannot be decoded")
            else:
                owned.looks_back = first <= owned.before() < owned.next
                reader.seek(place, owned.begins())
        log.info("claimed", places=len(places), stopped=len(self.stopped))

    async def _following(
        self, reader: LogReader, place: Place, items: Sequence[Incoming]
    ) -> Sequence[Incoming]:
        """The records from our offset on. None if other records came: the partition is then claimed again,
        or stopped."""
        owned = self.owned.get(place)
        if owned is None or not items:
            return ()
        if not await self._joins(reader, place, items[0].offset):
            log.warning("offset_mismatch", topic=place.topic, partition=place.partition)
            reader.generation += 1  # claims again, and with it looks whether records are gone
            return ()
        if not owned.looks_back:
            return items
        if items[0].fingerprint() != owned.last:
            why = f"the topic was made anew: the record before our offset {owned.next} is another"
            self._stop(reader, place, why)
            return ()
        owned.looks_back = False
        if items[0].offset + 1 < owned.next:
            reader.seek(place, owned.next)
            return ()
        return items[1:]

    async def _joins(self, reader: LogReader, place: Place, offset: int) -> bool:
        """Whether the record at `offset` is the next one for us. An offset that is passed over may be no
        record (the end of a transaction), but no record that is gone."""
        expected = self.owned[place].begins()
        if offset <= expected:
            return offset == expected
        first, _ = (await reader.bounds([place]))[place]
        return first <= expected

    def _stop(self, reader: LogReader, place: Place, why: str) -> None:
        """Read no further: silence here would be silent loss."""
        reader.seek(place, 0)
        reader.pause(place)
        del self.owned[place]
        self.stopped[place] = why
        log.critical("partition_stopped", topic=place.topic, partition=place.partition, reason=why)

    async def _take(self, batch: Mapping[Place, Sequence[Incoming]]) -> None:
        """Apply a batch: all of it at once, or, if an event fails, one by one."""
        steps = {
            place: (self.owned[place], some[-1].offset + 1, some[-1].fingerprint())
            for place, some in batch.items()
        }
        items = [item for some in batch.values() for item in some]
        links = creation_links(item.event.traceparent for item in items if item.event)
        with tracer.start_as_current_span("process", links=links):
            try:
                try:
                    await self._transact(steps, items, singly=False)
                except Conflict:  # a command came in between: decide again, on what is there now
                    await self._transact(steps, items, singly=False)
            except (Fenced, TooManyParked, *TRANSIENT):
                raise
            except Exception as error:
                log.warning("batch_retried_singly", size=len(items), error=repr(error))
                await self._transact(steps, items, singly=True)

    async def _transact(
        self,
        steps: Mapping[Place, tuple[Owned, int, bytes | None]],
        items: Sequence[Incoming],
        *,
        singly: bool,
    ) -> None:
        async with self.pool.acquire() as connection, connection.transaction():
            if not await ownership.move(connection, self.inbox.name, steps):
                raise Fenced
            await self.inbox.apply(connection, items, singly=singly)
        for owned, next_, last in steps.values():
            owned.next, owned.last = next_, last

    async def _look_around(self, reader: LogReader, reached: Mapping[Place, int]) -> None:
        """Measure our lag behind the broker's end offsets, count parked records, and commit to the group as
        a courtesy.

        A topic that now ends before our offset, or begins behind it, is claimed again, which stops it:
        otherwise the client would silently go on from its beginning, once anything is there. Our offset
        moves past what is no record, as far as reading has `reached`: otherwise it would lag for ever
        behind a topic that ends with a transaction, and nobody could tell that we have heard all of it.
        """
        bounds = await reader.bounds(self.owned)
        passed = {
            place: (owned, reached[place], owned.last)
            for place, owned in self.owned.items()
            if not owned.looks_back
            and bounds[place][0] <= owned.next < reached.get(place, 0) <= bounds[place][1]
        }
        if passed:
            try:
                await self._transact(passed, (), singly=False)
            except Fenced:
                reader.generation += 1
        self.lag = 0
        for place, owned in self.owned.items():
            first, end = bounds[place]
            if not first <= owned.next <= end:
                reader.generation += 1
            lag = max(0, end - owned.next)
            self.lag += lag
            metrics.LAG.labels(place.topic, str(place.partition)).set(lag)
        if not self.lag:  # also of what failed, if others have taken it
            self.progress, self.halted, self.failures = time.monotonic(), None, 0
        metrics.STOPPED_PARTITIONS.set(len(self.stopped))
        (parked,) = await self.pool.fetch(
            "select count(*) as records, count(distinct key) as keys from es.parked where consumer = $1",
            self.inbox.name,
        )
        metrics.PARKED.set(parked["records"])
        metrics.PARKED_HOUSEHOLDS.set(parked["keys"])
        if self.owned:
            # A courtesy, refused while partitions move: no reason to leave the group.
            with suppress(KafkaError, TimeoutError):
                await reader.commit({place: owned.next for place, owned in self.owned.items()})
