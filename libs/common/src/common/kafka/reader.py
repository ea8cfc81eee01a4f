"""Reading: as a member of a group, or given partitions from their beginning."""

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping

from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener, TopicPartition
from aiokafka.coordinator.assignors.range import RangePartitionAssignor
from aiokafka.errors import KafkaError

from common.kafka.access import access
from common.kafka.records import Place, Record
from common.kafka.waiting import DEADLINE, within


class Unreadable(KafkaError):  # type: ignore[misc] # aiokafka is untyped
    """A partition holds a record that the client cannot decode, nor anything behind it."""

    def __init__(self, place: Place | None) -> None:
        super().__init__(f"unreadable: {place}")
        self.place = place


class _Reader:
    """What every reader does."""

    def __init__(self, servers: str, group: str | None, instance: str | None = None) -> None:
        self._consumer = _consumer(servers, group, instance)

    async def bounds(self, places: Iterable[Place]) -> dict[Place, tuple[int, int]]:
        """The first offset kept and the next offset to be written, for each place."""
        asked = [TopicPartition(p.topic, p.partition) for p in places]
        if not asked:
            return {}
        async with asyncio.timeout(DEADLINE):
            first = await self._consumer.beginning_offsets(asked)
            end = await self._consumer.end_offsets(asked)
        return {Place(tp.topic, tp.partition): (first[tp], end[tp]) for tp in asked}

    def seek(self, place: Place, offset: int) -> None:
        """Read on from `offset`, also where reading was paused."""
        partition = TopicPartition(place.topic, place.partition)
        self._consumer.seek(partition, offset)
        self._consumer.resume(partition)

    async def fetch(self, limit: int, wait: float) -> dict[Place, list[Record]]:
        """Up to `limit` records, or nothing after `wait` seconds. Raises `Unreadable` (a header's
        name is not UTF-8, and aiokafka cannot pass it by)."""
        try:
            found = await self._consumer.getmany(timeout_ms=int(wait * 1000), max_records=limit)
        except UnicodeDecodeError as error:
            raise Unreadable(await self._unreadable()) from error
        return {
            place: [Record(place, r.offset, r.key, r.headers, r.value) for r in records]
            for place, records in (
                (Place(tp.topic, tp.partition), records) for tp, records in found.items()
            )
        }

    def reached(self) -> dict[Place, int]:
        """The offset that is fetched next, of each place that has one. It passes by what is no record:
        the end of a transaction takes an offset too, and there may be nothing behind it."""
        positions = self._consumer._subscription
        states = {tp: positions._assigned_state(tp) for tp in self._consumer.assignment()}
        return {
            Place(tp.topic, tp.partition): state.position
            for tp, state in states.items()
            if state.has_valid_position
        }

    async def _unreadable(self) -> Place | None:
        for tp in self._consumer.assignment():
            try:
                await self._consumer.getmany(tp, timeout_ms=500)
            except UnicodeDecodeError:
                return Place(tp.topic, tp.partition)
        return None

    async def close(self) -> None:
        """Disconnect."""
        await within(10.0, self._consumer.stop())


class LogReader(_Reader):
    """A member of a consumer group that only hands out partitions; offsets are kept by the caller.

    `generation` changes whenever partitions come or go; then the caller claims and seeks. With an
    `instance` (a name that outlives the process) a replica that crashed and comes back has its
    partitions at once; without one, they wait for the session of the dead member to end. Inside one
    process a reader that takes the `member` of the reader before, which could not say goodbye, is
    that member come back.
    """

    def __init__(
        self, servers: str, group: str, topics: Iterable[str], instance: str | None = None
    ) -> None:
        super().__init__(servers, group, instance)
        self._topics = list(topics)
        self.generation = 0
        self.member = ""

    async def start(self) -> None:
        """Join the group. Raises `KafkaError` or `TimeoutError` when the broker cannot be reached."""
        reader = self

        class Listener(ConsumerRebalanceListener):  # type: ignore[misc] # aiokafka is untyped
            async def on_partitions_revoked(self, revoked: object) -> None:
                reader.generation += 1

            async def on_partitions_assigned(self, assigned: object) -> None:
                reader.generation += 1

        async with asyncio.timeout(DEADLINE):
            await self._consumer.start()
            self._consumer._coordinator.member_id = self.member  # "" makes a new one
            self._consumer.subscribe(self._topics, listener=Listener())
            await self._consumer._subscription.wait_for_assignment()

    async def close(self) -> None:
        """Disconnect, and leave the group if it can be reached."""
        if self._consumer._coordinator is not None:
            self.member = self._consumer._coordinator.member_id
        await super().close()

    def places(self) -> set[Place]:
        """What the group has given us."""
        return {Place(tp.topic, tp.partition) for tp in self._consumer.assignment()}

    def pause(self, place: Place) -> None:
        """Read no more of this partition."""
        self._consumer.pause(TopicPartition(place.topic, place.partition))

    async def commit(self, offsets: Mapping[Place, int]) -> None:
        """Tell the group where we are, only so that the broker's own lag tools work."""
        async with asyncio.timeout(DEADLINE):
            await self._consumer.commit(
                {TopicPartition(p.topic, p.partition): offset for p, offset in offsets.items()}
            )


class LogScan(_Reader):
    """Reads given partitions from their beginning, without a group (rebuilds, catalogue)."""

    def __init__(self, servers: str) -> None:
        super().__init__(servers, None)

    async def start(self, places: Iterable[Place]) -> dict[Place, tuple[int, int]]:
        """Assign `places`, go to their beginning; returns their bounds as of now."""
        async with asyncio.timeout(DEADLINE):
            await self._consumer.start()
        self._consumer.assign([TopicPartition(p.topic, p.partition) for p in places])
        bounds = await self.bounds(places)
        for place, (first, _) in bounds.items():
            self.seek(place, first)
        return bounds

    async def to_end(
        self, places: Iterable[Place], limit: int
    ) -> AsyncIterator[tuple[Place, list[Record]]]:
        """Start, and give all that `places` hold as of now, up to `limit` records at a time; what
        arrives meanwhile may come along."""
        bounds = await self.start(places)
        async for some in self.until({place: end for place, (_, end) in bounds.items()}, limit):
            yield some

    async def until(
        self, ends: Mapping[Place, int], limit: int
    ) -> AsyncIterator[tuple[Place, list[Record]]]:
        """What comes next up to these offsets, up to `limit` records at a time; what is behind them may
        come along."""
        left = self._left(ends)
        while left:
            found = await self.fetch(limit, 1.0)
            left = self._left(left)
            for place, records in found.items():
                yield place, records

    async def last(self, places: Iterable[Place]) -> dict[Place, Record]:
        """Start, and give the last record of each of `places` that has one as of now, or one that
        arrived meanwhile. Looks further back where the last offsets have none."""
        bounds = {p: b for p, b in (await self.start(places)).items() if b[0] < b[1]}
        found: dict[Place, Record] = {}
        back = 1
        while bounds:
            for place, (first, end) in bounds.items():
                self.seek(place, max(first, end - back))
            left = {place: end for place, (_, end) in bounds.items()}
            while left:
                some = await self.fetch(10 * len(bounds), 0.5)
                found |= {place: records[-1] for place, records in some.items() if place in bounds}
                left = self._left(left)
            bounds = {
                place: (first, end)
                for place, (first, end) in bounds.items()
                if place not in found and first < end - back
            }
            back *= 10
        return found

    def _left(self, ends: Mapping[Place, int]) -> dict[Place, int]:
        """Those that are not reached yet."""
        reached = self.reached()
        return {place: end for place, end in ends.items() if reached.get(place, 0) < end}


def _consumer(servers: str, group: str | None, instance: str | None) -> AIOKafkaConsumer:
    return AIOKafkaConsumer(
        bootstrap_servers=servers,
        group_id=group,
        group_instance_id=instance,
        enable_auto_commit=False,
        auto_offset_reset="earliest",  # never used silently: the reader compares offsets itself
        partition_assignment_strategy=[RangePartitionAssignor],  # keeps p of every topic together
        session_timeout_ms=6_000,
        heartbeat_interval_ms=2_000,
        max_poll_interval_ms=300_000,
        max_partition_fetch_bytes=4 * 1024 * 1024,
        fetch_max_wait_ms=250,
        retry_backoff_ms=100,
        # A topic that is deleted leaves the group, and joins it again when the client looks for it.
        metadata_max_age_ms=5_000,
        **access(),
    )
