"""The timeline is a function of the log: no arrival, batch or repetition can change it."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from hashlib import sha256
from uuid import UUID

import asyncpg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from audit.read_model import mend, whereabouts
from audit.read_model.queries import whole_log
from common.inbox import TRANSIENT
from common.testing import NOON, envelope, household
from contracts.envelope import ZERO_HASH, Envelope, chained

Hear = Callable[[Sequence[Envelope]], Awaitable[None]]

LIST = "select * from read.households order by household_id"


@st.composite
def logs(draw: st.DrawFn) -> list[list[Envelope]]:
    """Streams of several services and households, with times that often tie."""
    streams = []
    for n in range(draw(st.integers(1, 5))):
        of = draw(st.sampled_from([household(1), household(2), None]))
        service = draw(st.sampled_from(["identification", "visits", "assets"]))
        own = n == 0 and draw(st.booleans())
        events: list[Envelope] = []
        moment = NOON
        for version in range(1, draw(st.integers(1, 5)) + 1):
            moment += timedelta(minutes=draw(st.integers(0, 2)))
            one = envelope(
                b"{}",
                service=service,
                stream=f"household-{of}" if own else f"stream-{n}",
                version=version,
                household_id=of,
                recorded_at=moment,
                region=draw(st.sampled_from(["441624108201", "441624109202"])),
            )
            events.append(chained(one, events[-1].hash if events else ZERO_HASH))
        streams.append(events)
    return streams


@st.composite
def arrivals(draw: st.DrawFn) -> tuple[list[list[Envelope]], list[list[Envelope]]]:
    """A log, and batches in which it arrives: each stream in order, parts of it more than once."""
    streams = draw(logs())
    waiting = [list(stream) for stream in streams]
    batches: list[list[Envelope]] = [[]]
    arrived: list[Envelope] = []
    while any(waiting):
        stream = draw(st.sampled_from([w for w in waiting if w]))
        arrived.append(stream.pop(0))
        batches[-1].append(arrived[-1])
        if draw(st.booleans()):
            batches.append([])
        if draw(st.integers(0, 5)) == 0:
            batches[-1].append(draw(st.sampled_from(arrived)))
    return streams, batches


def expected(streams: list[list[Envelope]]) -> str:
    """The hash over the whole log, written down a second time."""
    events = sorted(
        (event for stream in streams for event in stream),
        key=lambda e: (e.key, e.recorded_at, e.service, e.stream, e.version),
    )
    of_key: dict[str, bytes] = {}
    for event in events:
        of_key[event.key] = of_key.get(event.key, b"") + event.hash
    whole = b"".join(k.encode() + b"\0" + sha256(of_key[k]).digest() for k in sorted(of_key))
    return sha256(whole).hexdigest()


@settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(arrivals())
async def test_any_order_of_arrival_gives_the_same_timeline(
    pool: asyncpg.Pool, hear: Hear, arrived: tuple[list[list[Envelope]], list[list[Envelope]]]
) -> None:
    streams, batches = arrived
    await pool.execute(
        "truncate read.timeline, read.households;delete from es.cursors; delete from es.parked"
    )
    for batch in batches:
        await hear(batch)
    async with pool.acquire() as connection:
        whole = await whole_log(connection)
        assert whole.hash == expected(streams)
        assert whole.count == sum(len(stream) for stream in streams)
        kept_up_to_date = await connection.fetch(LIST)
        await whereabouts.fill(connection, "read")
        assert kept_up_to_date == await connection.fetch(LIST)


async def test_where_a_record_lay_on_kafka_is_no_part_of_the_hash(
    pool: asyncpg.Pool, hear: Hear
) -> None:
    await hear([envelope()])
    async with pool.acquire() as connection:
        before = await whole_log(connection)
        await connection.execute(
            "update read.timeline set topic = 'x', partition = 7, \"offset\" = 9"
        )
        assert await whole_log(connection) == before


async def test_an_event_without_a_household_is_kept_under_its_stream(
    pool: asyncpg.Pool, hear: Hear
) -> None:
    await hear([envelope(stream="policy-441624", household_id=None)])
    assert await pool.fetchval("select key from read.timeline") == "policy-441624"
    assert await pool.fetchval("select count(*) from read.households") == 0


@pytest.mark.parametrize("services", [("identification", "visits"), ("visits", "identification")])
async def test_the_household_is_where_its_last_event_says(
    pool: asyncpg.Pool, hear: Hear, services: tuple[str, str]
) -> None:
    """The one that was recorded last, whatever its service is called and whenever it was heard."""
    first = envelope(service=services[0], household_id=household(1), region="441624108201")
    moved = envelope(
        service=services[1],
        household_id=household(1),
        region="441624109202",
        recorded_at=NOON + timedelta(days=1),
    )
    await hear([moved])
    await hear([first])
    query = "select region, events from read.households"
    assert [tuple(row) for row in await pool.fetch(query)] == [("441624109202", 2)]
    async with pool.acquire() as connection:
        await whereabouts.fill(connection, "read")
    assert [tuple(row) for row in await pool.fetch(query)] == [("441624109202", 2)]


async def test_whoever_hears_late_of_a_move_does_not_take_the_household_back(
    pool: asyncpg.Pool, hear: Hear
) -> None:
    """Its own stream says where it is; visits had not heard of the move, and recorded after it."""
    old, new = "441624108201", "441624109202"
    stream, one = f"household-{household(1)}", household(1)
    first = envelope(stream=stream, region=old, household_id=one)
    moved = envelope(prev=first, region=new, recorded_at=NOON + timedelta(hours=1))
    at = NOON + timedelta(hours=2)
    late = envelope(service="visits", region=old, recorded_at=at, household_id=one)
    for events in ([first, moved], [late]):
        await hear(events)
    row = await pool.fetchrow("select region, recorded_at from read.households")
    assert row is not None
    assert tuple(row) == (new, at)


async def test_an_unknown_type_of_an_unknown_service_is_kept(
    pool: asyncpg.Pool, hear: Hear
) -> None:
    await hear([envelope(b"\x00 not even JSON", service="assets", type="FromTheFuture")])
    assert await pool.fetchval("select type from read.timeline") == "FromTheFuture"


@pytest.mark.parametrize("lost", ["drop table read.timeline", "drop schema read cascade"])
async def test_a_missing_table_parks_nobody(pool: asyncpg.Pool, hear: Hear, lost: str) -> None:
    await pool.execute(lost)
    with pytest.raises(asyncpg.UndefinedTableError) as refused:
        await hear([envelope()])
    assert isinstance(refused.value, TRANSIENT)
    assert await pool.fetchval("select count(*) from es.parked") == 0


async def test_after_a_drop_the_log_is_read_again_from_its_beginning(
    pool: asyncpg.Pool, hear: Hear
) -> None:
    await hear([envelope()])
    await pool.execute(
        "insert into es.offsets (consumer, topic, partition, next) values ('audit', 't', 0, 1)"
    )
    async with pool.acquire() as connection:
        assert not await mend(connection, "audit")
        assert await pool.fetchval("select count(*) from es.offsets") == 1
        await pool.execute("truncate read.timeline")
        assert await mend(connection, "audit")
    for table in ("es.offsets", "es.cursors", "read.households"):
        assert await pool.fetchval(f"select count(*) from {table}") == 0


async def test_a_household_list_that_was_dropped_is_made_from_the_timeline(
    pool: asyncpg.Pool, hear: Hear
) -> None:
    await hear([envelope(household_id=household(1))])
    listed = await pool.fetch(LIST)
    await pool.execute("truncate read.households")
    async with pool.acquire() as connection:
        assert not await mend(connection, "audit")
    assert await pool.fetch(LIST) == listed


async def test_another_hash_of_the_same_version_parks_the_household(
    pool: asyncpg.Pool, hear: Hear
) -> None:
    one = envelope(household_id=household(1))
    await hear([one])
    await hear([chained(replace(one, data=b'{"other":1}'), ZERO_HASH)])
    parked = await pool.fetchrow("select key, reason from es.parked")
    assert parked is not None
    assert UUID(parked["key"]) == household(1)
    assert parked["reason"].startswith("fork")
    assert await pool.fetchval("select count(*) from read.timeline") == 1
