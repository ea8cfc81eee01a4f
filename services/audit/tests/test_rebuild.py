"""From Kafka alone to the identical timeline, beside a service that runs, waits or is not there."""

import asyncio
import base64
import os
import re
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import asyncpg
import pytest

from audit.rebuild import Rebuilt, WouldLose, _missing, _note_unread, rebuild
from audit.rebuilding import roots
from audit.rebuilding.refill import NEXT, LogIncomplete, how_far
from audit.rebuilding.roots import Proved
from common.ids import new_id
from common.kafka import Log, LogScan, Message, Place
from common.testing import Database, Issuer, eventually, message_of
from common.topics import PARTITIONS, events_topic, parked_topic
from services.audit.tests.at_work import KEYS, SEED, SIGNER, System, at_work, told


@pytest.fixture
async def system(db: Database, kafka: str, tokens: Issuer) -> AsyncIterator[System]:
    """Audit at work on an empty database."""
    async with at_work(db, kafka, tokens) as made:
        yield made


async def test_the_same_timeline_after_a_drop_while_the_service_runs(system: System) -> None:
    """Story 5: with duplicates, a gap and a message that is no event, and what comes afterwards."""
    one, two, three = told(5), told(4, service="governance"), told(3)
    await system.publish([*one[:3], *two, *one[1:], three[0], three[2]])
    topic = events_topic("governance")
    await system.log.publish([Message(topic, str(new_id()).encode(), [], b"no event of ours")])
    await system.heard([*one, *two, three[0]])
    await system.settled()
    before = await system.proof()
    parked = await system.runtime.pool.fetch("select key, reason from es.parked order by key, id")
    await system.runtime.pool.execute("drop schema read cascade")
    rebuilt = await system.rebuild()
    assert rebuilt.proof == before
    assert rebuilt.parked["gap"] >= 1
    assert rebuilt.parked["malformed"] >= 1
    assert rebuilt.duplicates >= 2
    assert await system.proof() == before
    assert parked == await system.runtime.pool.fetch(
        "select key, reason from es.parked order by key, id"
    )
    await system.publish(three[1:2])
    await system.heard(three)
    more = told(2)
    await system.publish(more)
    await system.heard(more)
    # The gap is filled, and nothing came twice.
    await system.settled()
    assert (await system.rebuild()).proof == await system.proof()


async def test_what_comes_while_the_table_is_missing_waits_and_parks_nobody(
    system: System,
) -> None:
    parked = await system.runtime.pool.fetchval("select count(*) from es.parked")
    await system.runtime.pool.execute("drop table read.timeline")
    events = told(3)
    await system.publish(events)
    rebuilt = await system.rebuild()
    await system.heard(events)
    assert rebuilt.proof.count <= (await system.proof()).count
    assert await system.runtime.pool.fetchval("select count(*) from es.parked") == parked


async def test_a_service_with_nothing_to_read_sees_that_its_offsets_were_set_back(
    system: System,
) -> None:
    """As by a rebuild that had read less than the service."""
    events = told(20)
    await system.publish(events)
    await system.settled()
    whole = await system.proof()
    await system.runtime.pool.execute(_SET_BACK, events[0].key)
    await system.runtime.pool.execute("delete from es.cursors where stream = $1", events[0].stream)
    await system.heard(events)
    assert await system.proof() == whole


_SET_BACK = """
with gone as (
    delete from read.timeline where key = $1 returning topic, partition, "offset"
)
update es.offsets o set next = first, owner_epoch = owner_epoch + 1
from (select topic, partition, min("offset") as first from gone group by 1, 2) as g
where o.consumer = 'audit' and o.topic = g.topic and o.partition = g.partition
"""


@pytest.mark.parametrize("lost", ["drop table read.timeline", "drop schema read cascade"])
async def test_a_service_that_starts_without_its_table_reads_the_log_again(
    db: Database, kafka: str, tokens: Issuer, lost: str
) -> None:
    async with at_work(db, kafka, tokens) as first:
        events = told(3)
        await first.publish(events)
        await first.heard(events)
        await first.runtime.pool.execute(lost)
    async with at_work(db, kafka, tokens) as second:
        await second.heard(events)
        await second.settled()
        assert (await second.rebuild()).proof == await second.proof()


async def test_any_number_of_workers_builds_the_same_and_proves_the_same(system: System) -> None:
    """Of several services; of the others, tests elsewhere count all that is on their topics."""
    several = ("identification", "visits", "assets", "governance")
    await system.publish([e for service in several * 6 for e in told(3, service=service)])
    await system.settled()
    whole, last = await system.proof(), await system.signed()
    for workers in (1, 2, 8):
        rebuilt = await system.rebuild(workers=workers, keys=KEYS)
        assert rebuilt.proof == whole
        assert rebuilt.proved == Proved(last.size, SIGNER.name, len(last.trees) - 1, [])


@pytest.mark.parametrize("stage", ["indexing", "the key", "proving"])
async def test_an_interrupted_rebuild_goes_on_and_the_old_timeline_serves_meanwhile(
    system: System, monkeypatch: pytest.MonkeyPatch, stage: str
) -> None:
    """With what has come since of the streams that it had read, and as one that was not begun."""
    events = told(3)
    await system.publish(events[:2])
    await system.settled()
    whole = await system.proof()

    class Interrupted(Exception):
        pass

    def interrupt(line: str) -> None:
        if line == stage:
            raise Interrupted

    async def no_key(_: object) -> None:
        raise Interrupted

    with monkeypatch.context() as broken:
        if stage == "the key":
            broken.setattr("audit.rebuild._key", no_key)
        with pytest.raises(Interrupted):
            await rebuild(system.servers, interrupt)
    assert await system.proof() == whole
    await system.publish(events[2:])
    await system.heard(events)
    whole = await system.proof()
    for _ in range(2):  # the second time there is nothing to go on with
        assert (await system.rebuild(resume=True)).proof == whole
        assert await system.proof() == whole


async def test_after_a_rebuild_the_tables_are_as_a_service_lays_them_and_nothing_is_left_over(
    system: System,
) -> None:
    await system.publish(told(2))
    await system.settled()
    laid = await system.runtime.pool.fetch(_LAID)
    await system.rebuild()
    assert await system.runtime.pool.fetch(_LAID) == laid
    for table in ("offsets", "cursors", "parked"):
        query = f"select count(*) from es.{table} where consumer = $1"
        assert await system.runtime.pool.fetchval(query, NEXT) == 0


_LAID = """
select nspname, relname, relkind::text, coalesce(pg_get_indexdef(i.indexrelid), (
    select string_agg(concat_ws(' ', attname, attcollation::regcollation, attnotnull,
        format_type(atttypid, atttypmod)), ', ' order by attnum)
    from pg_attribute where attrelid = c.oid and attnum > 0 and not attisdropped
)) as made
from pg_class c join pg_namespace n on n.oid = relnamespace
left join pg_index i on i.indexrelid = c.oid
where nspname like 'read%' order by 1, 2
"""


async def test_what_is_heard_and_signed_while_it_reads_is_proved_and_not_lost(
    system: System, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The service goes on, and is ahead of a rebuild that has not read the last records yet: in the end
    in every partition, also in those that had nothing."""
    await system.publish(told(2))
    await system.settled()
    before = await system.signed()

    def later(streams: int, work: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
        async def worked(*given: Any) -> Any:
            more = [event for _ in range(streams) for event in told(2)]
            await system.publish(more)
            await system.heard(more)
            await system.signed()
            return await work(*given)

        return worked

    monkeypatch.setattr(roots, "signed", later(1, roots.signed))
    monkeypatch.setattr("audit.rebuild._note_unread", later(1, _note_unread))
    monkeypatch.setattr("audit.rebuild._missing", later(60, _missing))
    proved = (await system.rebuild(keys=KEYS)).proved
    assert proved
    assert (proved.checkpoint > before.size, proved.reordered) == (True, [])


@pytest.mark.parametrize("attempts", [1, 2])
async def test_what_comes_while_the_swap_waits_is_in_the_new_timeline(
    db: Database, kafka: str, tokens: Issuer, attempts: int
) -> None:
    """Nobody misses in the new timeline what the old one has shown."""
    async with at_work(db, kafka, tokens) as stopped:
        pass
    log, waiting = Log(kafka), asyncio.Event()
    connection = await asyncpg.connect(db.url)

    def waits(line: str) -> None:
        if "waiting to swap" in line:
            waiting.set()

    try:
        async with connection.transaction():
            # As the service does while it applies a batch.
            await connection.execute("select pg_advisory_xact_lock(hashtext('audit'))")
            swapping = asyncio.ensure_future(rebuild(stopped.servers, waits))
            await eventually(lambda: connection.fetchval(_WAITS), within=60)
            if attempts > 1:
                await asyncio.wait_for(waiting.wait(), 60)
            event = told(1)[0]
            await log.publish([message_of(event, events_topic(event.service))])
        await swapping
        query = "select exists (select from read.timeline where event_id = $1)"
        assert await connection.fetchval(query, event.event_id)
    finally:
        await connection.close()
        await log.close()


_WAITS = "select exists (select from pg_locks where not granted and objid = hashtext('audit')::oid)"


@pytest.mark.parametrize("workers", ["1", "2"])
@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM])
async def test_a_rebuild_that_is_cancelled_changes_nothing_and_goes_on_later(
    system: System, kafka: str, workers: str, sent: signal.Signals
) -> None:
    await system.publish([event for _ in range(10) for event in told(3)])
    await system.settled()
    whole = await system.proof()
    async with system.runtime.pool.acquire() as connection, connection.transaction():
        # As the service does while it applies a batch: however fast it reads, it does not get to swap.
        await connection.execute("select pg_advisory_xact_lock(hashtext('audit'))")
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "audit.rebuild", "--workers", workers),
            env={
                **os.environ,
                "DATABASE_URL": system.servers.database_url,
                "KAFKA_BOOTSTRAP_SERVERS": kafka,
            },
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        assert process.stdout
        first = await asyncio.wait_for(process.stdout.readline(), 30)
        assert re.fullmatch(rb"read [\d,]+ of [\d,]+ records, .*/s.*\n", first)
        process.send_signal(sent)
        _, complaint = await asyncio.wait_for(process.communicate(), 30)
    assert (process.returncode, b"go on with --resume" in complaint) == (1, True), complaint
    assert await system.proof() == whole
    assert (await system.rebuild(resume=True)).proof == whole


async def test_what_is_parked_still_is_not_told_of_again_unless_for_another_reason(
    system: System,
) -> None:
    """And waits since as long as before."""
    topic, outside = events_topic("governance"), LogScan(system.servers.kafka)

    async def publish(key: bytes) -> None:
        await system.log.publish([Message(topic, key, [], b"no event of ours")])

    otherwise = str(new_id())
    for key in (str(new_id()), otherwise):
        await publish(key.encode())
    await system.settled()
    await eventually(lambda: system.runtime.pool.fetchval(_ALL_TOLD))
    parked = await system.runtime.pool.fetch(_WAITING)
    await system.runtime.pool.execute(_FAILED, otherwise)
    try:
        places = [Place(parked_topic("audit"), n) for n in range(PARTITIONS)]
        for place, (_, end) in (await outside.start(places)).items():
            outside.seek(place, end)
        await system.rebuild()
        assert await system.runtime.pool.fetch(_WAITING) == parked
        last, told = str(new_id()).encode(), list[bytes | None]()
        await eventually(lambda: system.runtime.pool.fetchval(_ALL_TOLD))
        await publish(last)
        while last not in told:
            told += [r.key for rs in (await outside.fetch(500, 1.0)).values() for r in rs]
    finally:
        await outside.close()
    assert told == [otherwise.encode(), last]


_FAILED = "update es.parked set reason = 'failed: by an earlier version' where key = $1"


async def test_what_is_parked_in_the_place_of_another_waits_since_now(system: System) -> None:
    """The topic was made anew after that other was parked."""
    topic, key = events_topic("governance"), str(new_id()).encode()
    await system.log.publish([Message(topic, key, [], b"no event of ours")])
    await system.settled()
    await system.runtime.pool.execute("update es.parked set value = 'another', attempts = 7")
    await system.rebuild()
    assert await system.runtime.pool.fetchval("select max(attempts) from es.parked") == 0


_ALL_TOLD = "select bool_and(announced) from es.parked where consumer = 'audit'"
_WAITING = """
select key, reason, parked_at, attempts from es.parked where consumer = 'audit' order by key, "offset"
"""


def test_progress_says_how_long_it_will_take() -> None:
    assert how_far(0, 1_000, 0) == "read 0 of 1,000 records, 0/s"
    assert how_far(400, 1_000, 200) == "read 400 of 1,000 records, 200/s, about 3 s left"


@pytest.mark.parametrize(
    "place", ["'partition', partition", "'partition', 99", "'offset', 1000000"]
)
async def test_events_that_the_log_has_lost_are_not_thrown_away(system: System, place: str) -> None:
    """Also those of a partition that has nothing any more, or begins anew. What was read before it stopped
    is read anew."""
    await system.publish(one := told(1))
    bad = Message(events_topic("assets"), one[0].key.encode(), [], b"no event of ours")
    await system.log.publish([bad])
    await system.settled()
    whole = await system.proof()
    await system.runtime.pool.execute(
        "insert into read.timeline select (jsonb_populate_record(t, "
        f"jsonb_build_object('version', 1000, 'hash', sha256('lost'), {place}))).* "
        "from read.timeline t where service = 'assets' limit 1"
    )

    async def kept() -> int:
        """Of that event alone: other suites' services may publish meanwhile."""
        lost = "select count(*) from read.timeline where hash = sha256('lost')"
        found: int = await system.runtime.pool.fetchval(lost)
        return found

    with pytest.raises(WouldLose, match="1 events"):
        await system.rebuild()
    assert await kept() == 1
    await system.runtime.pool.execute("truncate read_next.timeline")
    assert (await system.rebuild(lose=True)).proof.count >= whole.count
    assert await kept() == 0


async def test_two_rebuilds_do_not_run_at_once(system: System) -> None:
    done = await asyncio.gather(system.rebuild(), system.rebuild(), return_exceptions=True)
    assert {type(outcome) for outcome in done} == {LogIncomplete, Rebuilt}


async def test_the_command_says_the_hash_and_what_it_needs(system: System, kafka: str) -> None:
    await system.publish(told(2))
    await system.settled()
    last = await system.signed()
    command = (sys.executable, "-m", "audit.rebuild")
    environment = {
        **os.environ,
        "DATABASE_URL": system.servers.database_url,
        "KAFKA_BOOTSTRAP_SERVERS": kafka,
        "LOG_KEY": base64.b64encode(SEED).decode(),
    }
    process = await asyncio.create_subprocess_exec(
        *command, env=environment, stdout=asyncio.subprocess.PIPE
    )
    said, _ = await process.communicate()
    assert process.returncode == 0
    assert f"timeline hash {(await system.proof()).hash}" in said.decode()
    assert f"heads map are those of checkpoint {last.size} of {SIGNER.name}" in said.decode()
    assert "signature checked" in said.decode()
    del environment["DATABASE_URL"]
    process = await asyncio.create_subprocess_exec(
        *command, env=environment, stderr=asyncio.subprocess.PIPE
    )
    _, complaint = await process.communicate()
    assert process.returncode == 2
    assert b"DATABASE_URL is not set" in complaint
