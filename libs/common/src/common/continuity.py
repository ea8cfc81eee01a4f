"""Whether a store holds all that it has ever published: the answer is no after an older backup.

Such a store would append other events under versions that its topic has already told, and every
consumer would keep the other history. So nobody writes, publishes or consumes until it holds, for
each partition of its own topic, the last record there. See docs/decisions/0016.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping

import asyncpg
import structlog

from common.incoming import incoming
from common.kafka import KafkaError, LogScan, Place
from common.outage import AWAY
from common.topics import PARTITIONS, events_topic
from contracts.envelope import Envelope

log = structlog.get_logger()

AGAIN = 2.0  # seconds between attempts, also while the store is behind: it may be restored
START_PATIENCE = 5.0  # seconds that a start waits for the answer; without Kafka it goes on


class Continuity:
    """What is known of one service's store and topic. `ahead` says what the store has lost."""

    def __init__(self, service: str, kafka: str, pool: asyncpg.Pool, *, accept: bool) -> None:
        self.ahead: str | None = None
        self._service = service
        self._kafka = kafka
        self._pool = pool
        self._accept = accept
        self._looked = asyncio.Event()
        self._whole = asyncio.Event()

    async def run(self) -> None:
        """Compare until the store holds what the topic holds."""
        while True:
            try:
                ahead = await self._compared()
                self.ahead = None if self._accept else ahead
                self._looked.set()
                if self.ahead is None:
                    self._whole.set()
                    return
            except (KafkaError, *AWAY) as error:
                log.warning("continuity_unknown", error=repr(error))
            await asyncio.sleep(AGAIN)

    async def settled(self) -> None:
        """Wait for an answer, but not long: a service starts, and takes commands, without Kafka."""
        try:
            await asyncio.wait_for(self._looked.wait(), START_PATIENCE)
        except TimeoutError:
            log.warning("continuity_unknown", error="Kafka does not answer")

    async def then(self, work: Callable[[], Awaitable[None]]) -> None:
        """Do `work` once the store is known to be whole."""
        await self._whole.wait()
        await work()

    async def _compared(self) -> str | None:
        last = await _last(self._kafka, events_topic(self._service))
        if not last:
            return None
        rows = await self._pool.fetch(
            _HELD, [e.stream for e in last.values()], [e.version for e in last.values()]
        )
        held = {(row["stream"], row["version"]): row["hash"] for row in rows}
        missing = [p for p, e in last.items() if held.get((e.stream, e.version)) != e.hash]
        if not missing:
            return None
        event = last[missing[0]]
        log.critical("topic_ahead", partitions=[p.partition for p in missing], stream=event.stream)
        return (
            f"the topic is ahead of this store in {len(missing)} partitions, such as by version "
            f"{event.version} of {event.stream}: restore a backup that has it"
        )


async def _last(kafka: str, topic: str) -> Mapping[Place, Envelope]:
    """The last record of each partition, where it is an event of ours."""
    scan = LogScan(kafka)
    try:
        last = await scan.last([Place(topic, n) for n in range(PARTITIONS)])
    finally:
        await scan.close()
    read = {place: incoming(record) for place, record in last.items()}
    return {place: item.event for place, item in read.items() if item.event and not item.fault}


_HELD = """
select stream, version, hash from es.events
join unnest($1::text[], $2::bigint[]) as asked (stream, version) using (stream, version)
"""
