"""The inbox: an event takes effect once and in order, or parks its household."""

from collections.abc import Sequence

import asyncpg
import pytest
from msgspec.structs import replace
from prometheus_client import REGISTRY

from common.inbox import PARK_LIMIT, TooManyParked
from common.incoming import Incoming
from common.intents import Conflict, Connection
from common.testing import Heard, Reader, envelope, history, household


@pytest.fixture
def heard() -> Heard:
    """Nothing, yet."""
    return Heard()


@pytest.fixture
def reader(pool: asyncpg.Pool, heard: Heard) -> Reader:
    """The consumer `visits`."""
    return Reader(pool, "visits", heard.handle)


async def test_a_duplicate_has_no_second_effect(reader: Reader, heard: Heard) -> None:
    one, two = history(2)
    known, applied = figure("duplicates"), figure("applied", service="visits")
    await reader.hears(one, two)
    await reader.hears(one, two)
    await reader.hears(two)

    assert heard.versions(one) == [1, 2]
    assert await reader.parked() == []
    assert figure("duplicates") == known + 3
    assert figure("applied", service="visits") == applied + 2


def figure(name: str, **labels: str) -> float:
    """How many events the consumers of this process have dropped, or applied."""
    return REGISTRY.get_sample_value(f"shouwang_consumer_{name}_total", labels) or 0


async def test_a_duplicate_inside_one_batch_has_no_second_effect(
    reader: Reader, heard: Heard
) -> None:
    one, two = history(2)
    await reader.hears(one, two, one, two)

    assert heard.versions(one) == [1, 2]


async def test_republishing_everything_changes_nothing(
    reader: Reader, heard: Heard, pool: asyncpg.Pool
) -> None:
    events = [e for n in range(5) for e in history(4, household_id=household(n), stream=f"h{n}")]
    await reader.hears(*events)
    before = list(heard), await pool.fetch("select * from es.cursors order by stream")
    await reader.hears(*events)

    assert (
        list(heard),
        await pool.fetch("select * from es.cursors order by stream"),
    ) == before


# Gaps


@pytest.mark.parametrize(
    "arrival",
    [[1, 3, 2], [2, 1], [3, 2, 1], [2, 3, 1], [1, 4, 3, 2], [4, 2, 3, 1], [3, 1, 4, 2]],
)
@pytest.mark.parametrize("together", [True, False])
async def test_a_gap_waits_and_is_filled_in_any_order_of_arrival(
    reader: Reader, heard: Heard, arrival: list[int], together: bool
) -> None:
    events = history(4)
    batches = [arrival] if together else [[version] for version in arrival]
    for batch in batches:
        await reader.hears(*(events[version - 1] for version in batch))

    assert heard.versions(events[0]) == list(range(1, len(arrival) + 1))
    assert await reader.parked() == []


async def test_a_gap_is_parked_and_others_flow(reader: Reader, heard: Heard) -> None:
    late, other = history(3), history(2)
    await reader.hears(late[0], late[2], *other)

    assert heard.versions(late[0]) == [1]
    assert heard.versions(other[0]) == [1, 2]
    assert await reader.parked() == [(late[0].key, "gap")]


async def test_a_gap_is_released_in_the_transaction_that_fills_it(
    reader: Reader, heard: Heard, pool: asyncpg.Pool
) -> None:
    """A crash right after it cannot leave the household waiting for an event that has come."""
    one, two, three = history(3)
    await reader.hears(one, three)
    async with pool.acquire() as connection, connection.transaction():
        await reader.inbox.apply(connection, [reader.next(two)])
        assert await connection.fetchval("select count(*) from es.parked") == 0

    assert heard.versions(one) == [1, 2, 3]


async def test_an_event_behind_a_gap_survives_a_transaction_that_fails(
    reader: Reader, heard: Heard
) -> None:
    one, two, three = history(3)
    await reader.hears(one, three)
    heard.failing, heard.error = {(three.stream, 3)}, TimeoutError()
    with pytest.raises(TimeoutError):
        await reader.hears(two)
    assert await reader.parked() == [(one.key, "gap")]

    heard.failing.clear()
    heard.remove((two.stream, 2))  # its transaction was rolled back
    await reader.hears(two)
    assert heard.versions(one) == [1, 2, 3]


# Changed history


async def test_a_second_version_of_the_past_is_a_fork(reader: Reader, heard: Heard) -> None:
    one, two = history(2)
    other = envelope(b'{"another":1}', prev=one)
    await reader.hears(one, two, other)

    assert heard.versions(one) == [1, 2]
    assert await reader.parked() == [(one.key, "fork")]


async def test_an_event_that_does_not_follow_its_predecessor_breaks_the_chain(
    reader: Reader,
    heard: Heard,
) -> None:
    one, two = history(2)
    three = envelope(prev=replace(two, hash=bytes(32)))
    await reader.hears(one, two, three)

    assert heard.versions(one) == [1, 2]
    assert await reader.parked() == [(one.key, "broken")]


async def test_a_stream_that_does_not_begin_with_nothing_breaks_the_chain(reader: Reader) -> None:
    event = envelope(prev=replace(envelope(), version=0, hash=b"x" * 32))
    await reader.hears(event)

    assert await reader.parked() == [(event.key, "broken")]


# Poison


async def test_poison_parks_only_its_household_in_order(reader: Reader, heard: Heard) -> None:
    sick, well = history(3), history(3)
    heard.failing = {(sick[0].stream, 2)}
    with pytest.raises(ZeroDivisionError):
        await reader.hears(*sick, *well)
    await reader.hears(*sick, *well, singly=True)

    assert heard.versions(sick[0]) == [1]
    assert heard.versions(well[0]) == [1, 2, 3]
    assert await reader.parked() == [(sick[0].key, "failed"), (sick[0].key, "behind")]


async def test_an_error_of_the_database_in_one_event_spoils_no_neighbour(
    pool: asyncpg.Pool,
) -> None:
    """Without a savepoint it would end the transaction for all of them."""
    (before,), (sick,), (after,) = history(1), history(1), history(1)

    async def handle(connection: Connection, items: Sequence[Incoming]) -> None:
        for item in items:
            assert item.event
            if item.event.stream == sick.stream:
                await connection.execute("select 1 / 0")

    reader = Reader(pool, "visits", handle)
    await reader.hears(before, sick, after, singly=True)

    assert await reader.parked() == [(sick.key, "failed")]
    rows = await pool.fetch("select stream from es.cursors")
    assert {row["stream"] for row in rows} == {before.stream, after.stream}


async def test_everything_of_a_parked_household_waits_behind_whatever_its_stream(
    reader: Reader,
    heard: Heard,
) -> None:
    home = household(1)
    sick, visits = (
        history(1, household_id=home, stream="household-1"),
        history(2, household_id=home, stream="visits-1", service="visits"),
    )
    heard.failing = {("household-1", 1)}
    await reader.hears(*sick, singly=True)
    await reader.hears(*visits)
    assert heard.versions(visits[0]) == []

    heard.failing.clear()
    assert await reader.retry(sick[0]) == 0
    assert heard == [("household-1", 1), ("visits-1", 1), ("visits-1", 2)]


@pytest.mark.parametrize("together", [True, False])
async def test_poison_behind_a_gap_holds_the_household_too(
    reader: Reader, heard: Heard, together: bool
) -> None:
    """A gap lets the household's other streams pass; something that failed does not."""
    home = household(1)
    gap = history(2, household_id=home, stream="household-1")
    sick = history(1, household_id=home, stream="visits-1")
    behind = history(1, household_id=home, stream="work-1")
    heard.failing = {("visits-1", 1)}
    arrive = (gap[1], *sick, *behind)
    for batch in [arrive] if together else [[one] for one in arrive]:
        await reader.hears(*batch, singly=True)

    assert heard == []
    assert [reason for _, reason in await reader.parked()] == ["gap", "failed", "behind"]


async def test_no_event_is_to_blame_for_a_column_that_is_missing(pool: asyncpg.Pool) -> None:
    """The tables are another version's: every household would be parked, one after the other."""
    await pool.execute("create schema read; create table read.seen (stream text)")

    async def handle(connection: Connection, _: Sequence[Incoming]) -> None:
        await connection.execute("insert into read.seen (key) values (1)")

    reader = Reader(pool, "visits", handle)
    with pytest.raises(asyncpg.UndefinedColumnError):
        await reader.hears(*history(1), singly=True)
    assert await reader.parked() == []


@pytest.mark.parametrize(
    "error",
    [
        TimeoutError(),
        OSError(),
        Conflict("s"),
        asyncpg.ConnectionDoesNotExistError(),
        asyncpg.AdminShutdownError(),
        asyncpg.DiskFullError(),
        asyncpg.DeadlockDetectedError(),
        asyncpg.InternalClientError(),
        asyncpg.LockNotAvailableError(),
        asyncpg.InterfaceError(""),
        asyncpg.UndefinedTableError(),
        asyncpg.InsufficientPrivilegeError(),
        asyncpg.InvalidSchemaNameError(),
    ],
)
async def test_a_fault_of_the_moment_parks_nothing(
    reader: Reader, heard: Heard, error: Exception
) -> None:
    (event,) = history(1)
    heard.failing, heard.error = {(event.stream, 1)}, error
    with pytest.raises(type(error)):
        await reader.hears(event, singly=True)

    assert await reader.parked() == []


async def test_many_failing_households_are_a_bug_of_ours_and_stop_everything(
    reader: Reader,
    heard: Heard,
) -> None:
    sick = [envelope() for _ in range(PARK_LIMIT + 1)]
    heard.failing = {(event.stream, 1) for event in sick}
    await reader.hears(*sick[:PARK_LIMIT], singly=True)
    with pytest.raises(TooManyParked):
        await reader.hears(sick[PARK_LIMIT], singly=True)

    assert len(await reader.parked()) == PARK_LIMIT  # the last one was not taken


async def test_many_gaps_are_no_bug_of_ours(reader: Reader) -> None:
    for _ in range(PARK_LIMIT + 5):
        await reader.hears(history(2)[1])

    assert len(await reader.parked()) == PARK_LIMIT + 5


async def test_an_error_text_that_postgres_cannot_store_is_parked_all_the_same(
    reader: Reader,
    heard: Heard,
) -> None:
    (event,) = history(1)
    heard.failing = {(event.stream, 1)}
    heard.error = ValueError("bad \0 and \udcff")
    await reader.hears(event, singly=True)

    assert await reader.parked() == [(event.key, "failed")]
