"""Whatever stands on a foreign topic harms its own household at most."""

import asyncio
import os
import sys
from collections.abc import Sequence
from hashlib import sha256
from typing import Any

import asyncpg
import pytest

from common.consumer import Consumer
from common.inbox import Inbox
from common.incoming import incoming, storable
from common.kafka import Log, LogReader, Message, Record
from common.testing import (
    Heard,
    Reader,
    at_work,
    envelope,
    eventually,
    history,
    message_of,
    record_of,
)
from contracts.envelope import Envelope
from local.servers import Servers

MEGABYTE = b'"' + b"x" * 1_000_000 + b'"'
ENDLESS = "".join(sha256(str(n).encode()).hexdigest() for n in range(200))  # no index packs it
DEEP = b"[" * 100_000 + b"]" * 100_000


@pytest.fixture
def heard() -> Heard:
    """Nothing, yet."""
    return Heard()


@pytest.fixture
def reader(pool: asyncpg.Pool, heard: Heard) -> Reader:
    """The consumer `visits`."""
    return Reader(pool, "visits", heard.handle)


def with_header(event: Envelope, name: str, value: bytes | None) -> Record:
    """The event's record with one header changed, or left out (None)."""
    record = record_of(event, "shouwang.identification.events.v1", 0)
    headers = [(n, v) for n, v in record.headers if n != name]
    return record._replace(headers=headers + ([(name, value)] if value is not None else []))


def broken(event: Envelope) -> dict[str, Record]:
    """One record for each way in which the event's record can be wrong."""
    good = record_of(event, "shouwang.identification.events.v1", 0)
    nul = envelope(household_id=event.household_id, stream="household-\0")
    return {
        "null value": good._replace(value=None),
        "changed body": good._replace(value=b'{"amount":1}'),
        "no headers": good._replace(headers=[]),
        "missing header": with_header(event, "ce_stream", None),
        "null header": good._replace(headers=[*good.headers, ("ce_extra", None)]),
        "empty header": with_header(event, "ce_region", b""),
        "header not UTF-8": with_header(event, "ce_region", b"\xff\xfe"),
        "NUL in a header": with_header(event, "ce_region", b"44\0"),
        "NUL in the name of a header": good._replace(
            value=b"", headers=[*good.headers, ("a\0b", b"1")]
        ),
        "NUL in the stream, hash right": record_of(nul, "t", 0),
        "another specversion": with_header(event, "ce_specversion", b"0.3"),
        "type of somebody else": with_header(event, "ce_type", b"com.example.thing"),
        "type of another service": with_header(event, "ce_type", b"cn.shouwang.visits.X.v1"),
        "major version a superscript": with_header(
            event, "ce_type", "cn.shouwang.identification.X.v²".encode()
        ),
        "major version endless": with_header(
            event, "ce_type", b"cn.shouwang.identification.X.v" + b"9" * 5_000
        ),
        "sequence of superscripts": with_header(event, "ce_sequence", ("²" * 19).encode()),
        "sequence zero": with_header(event, "ce_sequence", b"0" * 19),
        "sequence beyond int64": with_header(event, "ce_sequence", b"9" * 19),
        "time before time": with_header(event, "ce_time", b"0001-01-01T00:00:00+14:00"),
        "time without zone": with_header(event, "ce_time", b"2024-01-01T00:00:00"),
        "id no UUID": with_header(event, "ce_id", b"1"),
        "hash too short": with_header(event, "ce_hash", b"ab"),
        "hash not hexadecimal": with_header(event, "ce_hash", b"zz"),
        "another key": good._replace(key=b"somebody-else"),
        "no key": good._replace(key=None),
        "key not UTF-8": good._replace(key=b"\xff\xfe", headers=[]),
        "stream longer than an index takes": record_of(envelope(stream=ENDLESS), "t", 0),
        "and without a household": record_of(envelope(stream=ENDLESS, household_id=None), "t", 0),
        "key longer than an index takes": good._replace(key=ENDLESS.encode(), headers=[]),
        "key with NUL": good._replace(key=b"a\0b", headers=[]),
    }


@pytest.mark.parametrize("kind", sorted(broken(envelope())))
async def test_a_malformed_record_parks_and_the_neighbours_in_its_batch_flow(
    reader: Reader, heard: Heard, kind: str
) -> None:
    before, after = history(1), history(1)
    await reader.hears(*before, broken(envelope())[kind], *after)

    assert heard == [(before[0].stream, 1), (after[0].stream, 1)]
    ((key, reason),) = await reader.parked()
    assert key
    another = kind in {"another key", "no key"}  # "the key is not ce_partitionkey"
    assert reason == ("the" if another else "malformed")


@pytest.mark.parametrize("kind", sorted(broken(envelope())))
async def test_a_malformed_record_is_parked_as_it_came_and_can_be_tried_again(
    reader: Reader, pool: asyncpg.Pool, kind: str
) -> None:
    await reader.hears(broken(envelope())[kind])
    ((key, _),) = await reader.parked()
    before = await pool.fetch(
        'select topic, partition, "offset", headers, value, reason from es.parked'
    )

    assert await reader.inbox.retry(pool, key) == 1
    assert before == await pool.fetch(
        'select topic, partition, "offset", headers, value, reason from es.parked'
    )


async def test_a_malformed_record_under_a_households_key_holds_that_household(
    reader: Reader, heard: Heard
) -> None:
    one, two = history(2)
    await reader.hears(one, broken(two)["changed body"])
    await reader.hears(two)

    assert heard.versions(one) == [1]
    assert [reason for _, reason in await reader.parked()] == ["malformed", "behind"]


async def test_records_without_a_key_do_not_hold_one_another(reader: Reader, heard: Heard) -> None:
    await reader.hears(*(broken(envelope())["no key"] for _ in range(3)))

    assert len({key for key, _ in await reader.parked()}) == 3


@pytest.mark.parametrize(
    "data",
    [
        b"no JSON",
        b"",
        b"NaN",
        b'{"amount":NaN}',
        b'{"name":"a\\u0000b"}',
        b'"\xff"',
        DEEP,
        MEGABYTE,
    ],
    ids=["no JSON", "empty", "NaN", "NaN inside", "NUL", "not UTF-8", "deep", "1 MB"],
)
async def test_a_body_is_nobodys_business_but_the_handlers(
    reader: Reader, heard: Heard, data: bytes
) -> None:
    """The envelope is whole, so the log is; what the payload means, its reader decides."""
    one = envelope(data)
    await reader.hears(one)

    assert heard.versions(one) == [1]


def test_reading_a_record_raises_nothing_and_never_tells_a_value() -> None:
    for kind, record in broken(envelope()).items():
        found = incoming(record)
        assert found.fault, kind
        assert storable(found.key) == found.key
        for told in ("somebody-else", "²", "99999", "ab b", "0001-01-01"):
            assert told not in found.fault


def test_what_is_storable_has_no_nul_and_no_half_character() -> None:
    assert storable("村\0\udcff") == "村\ufffd?"


async def test_on_a_real_topic_only_the_sick_households_wait(
    servers: Servers, pool: asyncpg.Pool, topic: str, log: Log, heard: Heard
) -> None:
    well = [history(4) for _ in range(5)]
    sick = [envelope() for _ in range(12)]
    records = [record for event in sick for record in [broken(event)["changed body"]]]
    await log.publish([message_of(events[n], topic) for n in (0, 1) for events in well])
    await log.publish([_sent(record, topic) for record in records])
    await log.publish([_sent(record, topic) for record in broken(envelope()).values()])
    await log.publish([message_of(envelope(MEGABYTE), topic)])
    await log.publish([message_of(events[n], topic) for n in (2, 3) for events in well])
    sent = 10 + 12 + len(broken(envelope())) + 1 + 10
    read = "select sum(next) >= $1 from es.offsets"
    await _consumed(servers, pool, topic, heard, until=lambda: pool.fetchval(read, sent))

    assert all(heard.versions(events[0]) == [1, 2, 3, 4] for events in well)
    rows = await pool.fetch("select distinct key from es.parked")
    assert {event.key for event in sick} <= {row["key"] for row in rows}


async def test_a_header_name_that_cannot_be_decoded_stops_its_partition_and_says_so(
    servers: Servers, pool: asyncpg.Pool, topic: str, log: Log, heard: Heard
) -> None:
    """No client in Java or Python can write one; those in C can, and aiokafka cannot pass it by."""
    others = [envelope() for _ in range(12)]
    await _publish_raw(servers, topic)
    await log.publish([message_of(event, topic) for event in others])
    consumer = await _consumed(servers, pool, topic, heard, until=lambda: heard)

    assert "test." in str(consumer.unready())
    assert "/0: a record from 0 on cannot be decoded" in str(consumer.unready())
    assert 0 < len(heard) < 12  # the other partition flows
    assert await pool.fetchval("select next from es.offsets where partition = 0") == 0


async def _consumed(
    servers: Servers, pool: asyncpg.Pool, topic: str, heard: Heard, until: Any
) -> Consumer:
    """A consumer that has read `topic` until something is true, and whose verdict we want."""
    inbox = Inbox("visits", heard.handle)
    consumer = Consumer(inbox, "one", pool, lambda: LogReader(servers.kafka, topic, [topic]))
    async with at_work(consumer.run()):
        await eventually(until)
    return consumer


def _sent(record: Record, topic: str) -> Message:
    headers: Sequence[tuple[str, Any]] = record.headers
    value: Any = record.value
    return Message(topic, record.key or b"", headers, value)


RAW = """
import asyncio, sys
from aiokafka import AIOKafkaProducer

class Raw(str):
    def encode(self, *_):
        return b"\\xff"

async def main():
    producer = AIOKafkaProducer(bootstrap_servers=sys.argv[1])
    await producer.start()
    await producer.send_and_wait(sys.argv[2], b"{}", b"k", partition=0, headers=[(Raw("x"), b"v")])
    await producer.stop()

asyncio.run(main())
"""


async def _publish_raw(servers: Servers, topic: str) -> None:
    """A record on partition 0 with a header named 0xFF; only aiokafka's Python half writes one."""
    raw = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", RAW, servers.kafka, topic),
        env={**os.environ, "AIOKAFKA_NO_EXTENSIONS": "1"},
    )
    assert await raw.wait() == 0
