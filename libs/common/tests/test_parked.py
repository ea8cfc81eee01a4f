"""What is parked can be seen, tried again and given up; and it is never lost without a word."""

import asyncpg
import pytest

from common.inbox import PARK_LIMIT
from common.testing import Heard, Reader, envelope, history, record_of
from contracts.envelope import Envelope


@pytest.fixture
def heard() -> Heard:
    """Nothing, yet."""
    return Heard()


@pytest.fixture
def reader(pool: asyncpg.Pool, heard: Heard) -> Reader:
    """The consumer `visits`."""
    return Reader(pool, "visits", heard.handle)


async def sick(reader: Reader, heard: Heard, length: int = 1) -> list[Envelope]:
    """A household whose first event fails; all of it is parked."""
    events = history(length)
    heard.failing.add((events[0].stream, 1))
    await reader.hears(*events, singly=True)
    return events


async def discard(reader: Reader, pool: asyncpg.Pool, event: Envelope) -> bool:
    """Give the event up, by its place among the parked records of its household."""
    rows = await pool.fetch(
        "select id from es.parked where value = $1 and key = $2", event.data, event.key
    )
    ids = {row["id"] for row in rows}
    headers = await pool.fetch("select id, headers::text as h from es.parked")
    wanted = f"{event.version:019d}".encode().hex()
    (found,) = [row["id"] for row in headers if row["id"] in ids and wanted in row["h"]]
    return await reader.inbox.discard(pool, event.key, found, "supervisor")


async def test_a_retry_applies_everything_in_order_once_the_fault_is_mended(
    reader: Reader, heard: Heard
) -> None:
    events = await sick(reader, heard, 3)
    heard.failing.clear()

    assert await reader.retry(events[0]) == 0
    assert heard.versions(events[0]) == [1, 2, 3]
    assert await reader.parked() == []


async def test_a_retry_that_fails_changes_nothing_but_the_count(
    reader: Reader, heard: Heard, pool: asyncpg.Pool
) -> None:
    (event, *_) = await sick(reader, heard, 2)
    await sick(reader, heard)
    await pool.execute("update es.parked set announced = true")
    seen = 'select id, key, reason, parked_at, announced, "offset" from es.parked order by id'
    before = await pool.fetch(seen)

    assert await reader.retry(event) == 2
    assert await reader.retry(event) == 2
    assert before == await pool.fetch(seen)
    tried = await pool.fetch("select attempts from es.parked order by id")
    assert [row["attempts"] for row in tried] == [2, 2, 0]


async def test_what_arrives_while_parked_waits_its_turn(reader: Reader, heard: Heard) -> None:
    one, two, three = history(3)
    heard.failing = {(one.stream, 1)}
    await reader.hears(one, two, singly=True)
    heard.failing.clear()
    await reader.hears(three)
    assert heard == []

    await reader.retry(one)
    assert heard.versions(one) == [1, 2, 3]


async def test_retrying_one_household_leaves_the_others_parked(
    reader: Reader, heard: Heard
) -> None:
    (one,) = await sick(reader, heard)
    (two,) = await sick(reader, heard)
    heard.failing.clear()
    await reader.retry(one)

    assert await reader.parked() == [(two.key, "failed")]


async def test_retrying_when_many_are_parked_raises_no_alarm(
    reader: Reader, heard: Heard, pool: asyncpg.Pool
) -> None:
    """A person is at work on them; the alarm is for what comes from the topic."""
    for _ in range(PARK_LIMIT):
        await sick(reader, heard)
    await pool.execute("update es.parked set parked_at = parked_at - interval '1 hour'")
    (event,) = await sick(reader, heard)
    await pool.execute("update es.parked set parked_at = clock_timestamp()")

    assert await reader.retry(event) == 1


async def test_a_retry_of_nothing_is_nothing(reader: Reader) -> None:
    assert await reader.retry(envelope()) == 0


async def test_the_next_of_a_stream_can_be_given_up(
    reader: Reader, heard: Heard, pool: asyncpg.Pool
) -> None:
    one, two = await sick(reader, heard, 2)

    assert await discard(reader, pool, one)
    assert await reader.retry(one) == 0
    assert heard.versions(one) == [2]
    assert two.version == 2


async def test_what_has_others_before_it_cannot_be_given_up(
    reader: Reader, heard: Heard, pool: asyncpg.Pool
) -> None:
    """The cursor would move past them, and they would be dropped as duplicates."""
    one, two, three = await sick(reader, heard, 3)

    assert not await discard(reader, pool, two)
    assert not await discard(reader, pool, three)
    heard.failing.clear()
    assert await reader.retry(one) == 0
    assert heard.versions(one) == [1, 2, 3]


async def test_what_is_behind_a_gap_cannot_be_given_up_either(
    reader: Reader, heard: Heard, pool: asyncpg.Pool
) -> None:
    one, two, three = history(3)
    await reader.hears(one, three)

    assert not await discard(reader, pool, three)
    await reader.hears(two)
    assert heard.versions(one) == [1, 2, 3]


async def test_a_malformed_record_can_be_given_up(
    reader: Reader, heard: Heard, pool: asyncpg.Pool
) -> None:
    record = reader.next(envelope())
    async with pool.acquire() as connection, connection.transaction():
        broken = record.__class__(
            record.place, 99, record.key, record.headers[1:], record.value, None, "malformed: x"
        )
        await reader.inbox.apply(connection, [broken])
    (row,) = await pool.fetch("select id, key from es.parked")

    assert await reader.inbox.discard(pool, row["key"], row["id"], "supervisor")
    assert await reader.parked() == []


async def test_what_came_under_another_key_can_be_given_up_whatever_it_says_of_its_stream(
    reader: Reader, pool: asyncpg.Pool
) -> None:
    forged = record_of(history(5)[4], "t", 0)._replace(key=b"somebody-else")
    await reader.hears(forged)
    (row,) = await pool.fetch("select id, key from es.parked")

    assert await reader.inbox.discard(pool, row["key"], row["id"], "supervisor")
    assert await pool.fetch("select from es.cursors") == []


async def test_giving_up_what_is_not_there_says_so(
    reader: Reader, heard: Heard, pool: asyncpg.Pool
) -> None:
    """Such as what waits under another key, or for another consumer."""
    assert not await reader.inbox.discard(pool, "nobody", 1, "supervisor")
    (event,) = await sick(reader, heard)
    (row,) = await pool.fetch("select id from es.parked")
    other = Reader(pool, "audit", heard.handle).inbox
    assert not await reader.inbox.discard(pool, "nobody", row["id"], "supervisor")
    assert not await other.discard(pool, event.key, row["id"], "supervisor")
    assert await reader.parked() == [(event.key, "failed")]


async def test_a_stream_stays_where_it_is_when_a_fork_of_it_is_given_up(
    reader: Reader, heard: Heard, pool: asyncpg.Pool
) -> None:
    """Moved back, it would take what comes next for a gap, or what came for new."""
    one, two, three = history(3)
    await reader.hears(one, two, envelope(b'{"another":1}', prev=one))
    (row,) = await pool.fetch("select id, key from es.parked")

    assert await reader.inbox.discard(pool, row["key"], row["id"], "supervisor")
    await reader.hears(three)
    assert await reader.parked() == []
    assert heard.versions(one) == [1, 2, 3]


async def test_two_consumers_in_one_database_do_not_meet(
    reader: Reader, heard: Heard, pool: asyncpg.Pool
) -> None:
    elsewhere = Heard()
    other = Reader(pool, "audit", elsewhere.handle)
    (event,) = await sick(reader, heard)
    await other.hears(event)

    assert elsewhere.versions(event) == [1]
    assert await other.inbox.retry(pool, event.key) == 0
    assert await reader.parked() == [(event.key, "failed")]


async def test_what_is_parked_stays_apart_from_what_a_topic_made_anew_has_in_its_place(
    reader: Reader, heard: Heard
) -> None:
    mine, (other,) = history(2), history(1)
    heard.failing = {(mine[0].stream, 1), (other.stream, 1)}
    await reader.hears(*mine, singly=True)
    reader.anew()
    await reader.hears(other, singly=True)
    await reader.hears(*mine)
    assert {key for key, _ in await reader.parked()} == {mine[0].key, other.key}

    assert await reader.retry(mine[0]) == 4  # each twice, since it came twice
    heard.failing.clear()
    assert await reader.retry(other) == 0
    assert await reader.retry(mine[0]) == 0
    assert sorted(heard) == sorted([(other.stream, 1), (mine[0].stream, 1), (mine[0].stream, 2)])


async def test_another_record_of_the_same_household_in_its_place_is_parked_too(
    reader: Reader, heard: Heard, pool: asyncpg.Pool
) -> None:
    one, two, three = history(3)
    heard.failing = {(one.stream, 1)}
    await reader.hears(one, singly=True)
    reader.anew()
    await reader.hears(two)
    await reader.hears(three)
    seen = "select id, attempts, value from es.parked order by id"
    before = await pool.fetch(seen)

    assert await reader.retry(one) == 3
    assert [(r["id"], r["attempts"] - 1, r["value"]) for r in await pool.fetch(seen)] == [
        tuple(row) for row in before
    ]
    heard.failing.clear()
    assert await reader.retry(one) == 0
    assert heard.versions(one) == [1, 2, 3]


async def test_what_comes_again_in_its_own_place_is_parked_once(
    reader: Reader, heard: Heard, pool: asyncpg.Pool
) -> None:
    events = await sick(reader, heard, 2)
    before = await pool.fetch("select * from es.parked order by id")
    reader.anew()
    await reader.hears(*events, singly=True)
    assert await pool.fetch("select * from es.parked order by id") == before
