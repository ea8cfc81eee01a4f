"""Reading ahead: it overlaps, it loses nothing, and its errors are not swallowed."""

import asyncio
from collections.abc import Mapping, Sequence

import pytest

from common.ahead import Ahead
from common.kafka import KafkaError, Place, Record
from common.testing import envelope, record_of

PLACE = Place("shouwang.visits.events.v1", 0)


class Numbered:
    """Records in order; `fetched` is set by each fetch. Fails when `failing`."""

    def __init__(self) -> None:
        self.offset = 0
        self.failing = False
        self.fetched = asyncio.Event()

    async def fetch(self, limit: int, wait: float) -> Mapping[Place, Sequence[Record]]:
        """The next `limit` records."""
        self.fetched.set()
        if self.failing:
            raise KafkaError
        offsets = range(self.offset, self.offset + limit)
        self.offset += limit
        return {PLACE: [record_of(envelope(), PLACE.topic, offset) for offset in offsets]}

    def reached(self) -> Mapping[Place, int]:
        """The record after the last that was fetched."""
        return {PLACE: self.offset}


async def offsets(ahead: Ahead) -> list[int]:
    """Of the records of the next batch."""
    return [item.offset for item in (await ahead.batch())[PLACE]]


async def test_the_next_batch_is_read_while_the_caller_waits_for_something_else() -> None:
    source = Numbered()
    async with Ahead(source, 2, 0.5) as ahead:
        assert await offsets(ahead) == [0, 1]
        source.fetched.clear()
        ahead.begin()
        ahead.begin()  # once is enough
        await asyncio.wait_for(source.fetched.wait(), 5)
        assert ahead.reached == {PLACE: 2}  # of what was given, not of what was read ahead
        assert await offsets(ahead) == [2, 3]
        assert await offsets(ahead) == [4, 5]
        assert ahead.reached == {PLACE: 6}


async def test_what_was_read_ahead_can_be_dropped_and_read_again() -> None:
    source = Numbered()
    async with Ahead(source, 2, 0.5) as ahead:
        assert await offsets(ahead) == [0, 1]
        source.fetched.clear()
        ahead.begin()
        await asyncio.wait_for(source.fetched.wait(), 5)
        await ahead.drop()
        assert ahead.reached == {}
        source.offset = 0  # as a claim seeks
        assert await offsets(ahead) == [0, 1]


async def test_what_went_wrong_ahead_is_raised_when_its_turn_comes() -> None:
    source = Numbered()
    async with Ahead(source, 2, 0.5) as ahead:
        assert await offsets(ahead) == [0, 1]
        source.failing = True
        ahead.begin()
        await asyncio.wait_for(source.fetched.wait(), 5)
        with pytest.raises(KafkaError):
            await ahead.batch()


async def test_who_is_cancelled_while_it_drops_what_was_read_stays_cancelled() -> None:
    class Slow(Numbered):
        async def fetch(self, limit: int, wait: float) -> Mapping[Place, Sequence[Record]]:
            """Takes a moment to stop."""
            self.fetched.set()
            try:
                await asyncio.sleep(60)
            except asyncio.CancelledError:
                await asyncio.sleep(0.1)
                raise
            return {}

    source, went_on = Slow(), False

    async def reading() -> None:
        nonlocal went_on
        ahead = Ahead(source, 2, 0.5)
        ahead.begin()
        await source.fetched.wait()
        await ahead.drop()
        went_on = True

    task = asyncio.ensure_future(reading())
    await source.fetched.wait()
    await asyncio.sleep(0.02)
    task.cancel()
    await asyncio.wait({task})
    assert (task.cancelled(), went_on) == (True, False)
