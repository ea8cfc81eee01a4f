"""Whose a partition is, and that its offset moves alone and apart from a person's retry."""

import asyncio

import asyncpg
import pytest

from common.kafka import Place
from common.ownership import claim, held, move
from common.testing import Reader, envelope

PLACES = [Place("a", 0), Place("a", 1), Place("b", 0)]
OFFSETS = 'select consumer, topic, partition, "next" from es.offsets where "next" > 0'


async def test_each_claim_is_above_the_one_before(pool: asyncpg.Pool) -> None:
    await claim(pool, "other", "x", PLACES)
    first = await claim(pool, "one", "x", PLACES)
    again = await claim(pool, "one", "y", PLACES[:1])
    assert {place: owned.epoch for place, owned in (first | again).items()} == {
        PLACES[0]: 2,
        PLACES[1]: 1,
        PLACES[2]: 1,
    }
    assert not await held(pool, "one", {PLACES[0]: 1})
    assert await held(pool, "one", {PLACES[0]: 2, PLACES[2]: 1})


async def test_an_offset_moves_and_those_beside_it_stay(pool: asyncpg.Pool) -> None:
    """Of another consumer, topic or partition, though it stands at the same offset and epoch."""
    owned = await claim(pool, "one", "x", PLACES)
    await claim(pool, "other", "x", PLACES)
    async with pool.acquire() as connection:
        assert await move(connection, "one", {PLACES[0]: (owned[PLACES[0]], 7, None)})
    assert [tuple(row) for row in await pool.fetch(OFFSETS)] == [("one", "a", 0, 7)]


async def test_nothing_is_ours_of_which_one_partition_is_not(pool: asyncpg.Pool) -> None:
    """Or what is taken of that one would have its effect twice."""
    owned = await claim(pool, "one", "x", PLACES)
    await claim(pool, "one", "y", PLACES[:1])
    assert not await held(pool, "one", {place: mine.epoch for place, mine in owned.items()})
    async with pool.acquire() as connection:
        assert not await move(connection, "one", {p: (owned[p], 7, None) for p in PLACES})


@pytest.mark.parametrize("stands", [2, 4])
async def test_an_offset_moves_from_where_it_is_believed_to_stand(
    pool: asyncpg.Pool, stands: int
) -> None:
    owned = await claim(pool, "one", "x", PLACES[:1])
    owned[PLACES[0]].next = 3
    await pool.execute("update es.offsets set next = $1", stands)
    async with pool.acquire() as connection:
        assert not await move(connection, "one", {PLACES[0]: (owned[PLACES[0]], 7, None)})


async def test_a_batch_and_a_persons_retry_wait_for_one_another(pool: asyncpg.Pool) -> None:
    """Or a retry would put events in their places while a batch decides by those from before."""
    reader = Reader(pool, "visits", _nothing)
    owned = await claim(pool, "visits", "x", PLACES)
    step = {PLACES[0]: (owned[PLACES[0]], 1, None)}
    async with pool.acquire() as connection:
        async with connection.transaction():
            assert await move(connection, "visits", step)
            retry = asyncio.ensure_future(reader.retry(envelope()))
            given_up = asyncio.ensure_future(reader.inbox.discard(pool, "nobody", 1, "who"))
            await asyncio.sleep(0.3)
            assert not retry.done()
            assert not given_up.done()
        assert (await retry, await given_up) == (0, False)

        async with pool.acquire() as retrying:
            async with retrying.transaction():
                await retrying.execute("select pg_advisory_xact_lock(hashtext('visits'))")
                owned[PLACES[0]].next = 1
                step = {PLACES[0]: (owned[PLACES[0]], 2, None)}
                moving = asyncio.ensure_future(move(connection, "visits", step))
                await asyncio.sleep(0.3)
                assert not moving.done()
            assert await moving


async def _nothing(*_: object) -> None:
    """No effect."""
