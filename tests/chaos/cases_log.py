"""The log tells something twice, in another order, or wrongly; or it, or the store, was changed."""

import asyncio
from time import monotonic

from aiokafka.admin import NewTopic, RecordsToDelete
from aiokafka.structs import TopicPartition

from common.topics import PARTITIONS, events_topic
from contracts.cloudevents import to_headers
from contracts.envelope import Envelope
from tests.chaos.arena import TOPIC, Arena, case
from tests.chaos.foreign import Sent, history, record, spoiled
from tests.chaos.plant import FOREIGN, NAMES
from tests.chaos.waiting import Failed, until

THERE = events_topic(FOREIGN)


@case(21, "the whole of every topic is published again from the stores", callers=0)
async def republished(arena: Arena) -> None:
    before = await _digests(arena)
    started, count = monotonic(), 0
    for service in ("identification", "visits"):
        count += int(await arena.plant.fetchval(service, _AGAIN))
    await arena.plant.settled()
    arena.note(f"{count} events again in {monotonic() - started:.1f} s")
    if await _digests(arena) != before:
        raise Failed("a read model changed")
    await arena.recovered(monotonic())


_AGAIN = """
with again as (insert into es.outbox select position from es.events on conflict do nothing returning 1)
select count(*) from again
"""
_SHOWN = {
    "identification": ("read.household", "read.fact"),
    "visits": ("read.visit", "read.obligation", "read.known_household"),
    "audit": ("read.timeline", "read.households", "es.cursors"),
}


async def _digests(arena: Arena) -> dict[str, str]:
    """Every byte of every read model."""
    return {
        table: await arena.plant.fetchval(
            service, f"select md5(string_agg(t::text, '|' order by t::text)) from {table} t"
        )
        for service, tables in _SHOWN.items()
        for table in tables
    }


@case(22, "records of one household are swapped and delayed")
async def reordered(arena: Arena) -> None:
    first, *rest = history(6)
    late = rest.pop(0)
    await arena.plant.topics.send(THERE, [record(event) for event in (first, *rest[::-1])])

    async def waiting() -> bool:
        return len(await arena.parked("audit")) == len(rest)

    await until(waiting, "what is behind the gap is parked")
    arena.note(f"{len(rest)} parked: {(await arena.parked('audit'))[0][2]}")
    started = monotonic()
    await arena.plant.topics.send(THERE, [record(late)])
    await _complete(arena, [first, late, *rest])
    await arena.recovered(started)


async def _complete(arena: Arena, events: list[Envelope]) -> None:
    """Wait until exactly these are told of their household, and nothing of it is parked."""
    key = events[0].key
    versions = "select array_agg(version order by version) from read.timeline where key = $1 and service = $2"

    async def all_there() -> bool:
        told = await arena.plant.fetchval("audit", versions, key, events[0].service)
        waits = {name for name, _, _ in await arena.parked("audit")}
        return told == [event.version for event in events] and key not in waits

    await until(all_there, f"the {len(events)} events of a household are told")


@case(23, "poison of eleven kinds, each for a household of its own")
async def poison(arena: Arena) -> None:
    records = _poison()
    keys = {key.decode() for key, _, _ in records.values() if key}
    calm = await arena.p99(asyncio.sleep(4))
    await arena.plant.topics.send(TOPIC, records.values())
    stirred = await arena.p99(asyncio.sleep(4))
    await arena.recovered(monotonic())

    async def isolated() -> bool:
        return {key for key, _, _ in await arena.parked("identification")} == keys

    try:
        await until(isolated, "all of the poison waits in identification, and nothing else")
        arena.note(f"p99 of others {calm:.2f} s before, {stirred:.2f} s meanwhile")
        for service in NAMES:
            parked = await arena.parked(service)
            if strangers := {key for key, _, _ in parked} - keys:
                raise Failed(f"{service} parked others: {strangers}")
            arena.note(f"{service} parked {len(parked)}")
    finally:
        for service in NAMES:
            await arena.given_up(service)
    for name, (key, _, _) in records.items():  # what audit took, by its envelope, it also shows
        path = f"/v1/households/{(key or b'').decode()}/timeline"
        answer = await arena.plant.call("supervisor", "GET", "audit", path)
        if answer.status_code not in (200, 404):
            raise Failed(f"audit cannot show the household with {name}: {answer.text[:200]}")


def _poison() -> dict[str, Sent]:
    def one(data: bytes = b"{}", **changes: object) -> Envelope:
        kind = {"type": "DepartmentFactRecorded", **changes}
        return spoiled(history(1, service="identification")[0], data=data, **kind)

    def headed(name: str, value: bytes | None) -> Sent:
        event = one()
        headers = [(n, v) for n, v in to_headers(event) if n != name]
        return event.key.encode(), event.data, [*headers, *([(name, value)] if value else [])]

    empty = one()
    return {
        "null": (empty.key.encode(), None, to_headers(empty)),
        "broken JSON": record(one(b'{"a":')),
        "a megabyte": record(one(b'{"a":"%s"}' % (b"x" * 1_000_000))),
        "NaN": record(one(b'{"a":NaN}')),
        "deep": record(one(b"[" * 100_000)),
        "NUL in the body": record(one(b'{"a":"\\u0000"}')),
        "unknown type": record(one(type="NeverHeardOf")),
        "unknown major": record(one(schema_version=9)),
        "bad UTF-8": headed("ce_region", b"\xff\xfe"),
        "NUL in a header": headed("ce_region", b"44\x00"),
        "no sequence": headed("ce_sequence", None),
    }


@case(31, "retention cut what a consumer has not read")
async def cut_off(arena: Arena) -> None:
    plant, events = arena.plant, history(5)
    await plant["audit"].down()
    await plant.topics.send(THERE, [record(event) for event in events], partition=3)
    end = (await plant.topics.ends([THERE], PARTITIONS))[THERE, 3]
    admin = await plant.topics.admin()
    await admin.delete_records({TopicPartition(THERE, 3): RecordsToDelete(before_offset=end)})
    await admin.close()
    plant["audit"].wanted.set()
    arena.note(await arena.unready("audit", "are gone from the topic"))
    # What a person does: accept where the topic begins, and publish again from the event store.
    await _rewound(arena)
    await plant.topics.send(THERE, [record(event) for event in events], partition=3)
    await _complete(arena, events)
    await arena.recovered(monotonic())


async def _rewound(arena: Arena) -> None:
    """Audit reads the topic from where it begins, without a restart."""
    code, told = await arena.plant.run("audit", "-m", "common.rewind", "audit", THERE)
    if code:
        raise Failed(f"rewind: exit {code}, {told[-300:]}")


@case(32, "a topic is deleted and made anew: empty, then filled past our offset")
async def made_anew(arena: Arena) -> None:
    plant = arena.plant
    old = history(6)
    await plant.topics.send(THERE, [record(event) for event in old], partition=5)
    await _complete(arena, old)
    unseen = list[str]()
    await _anew(arena)
    try:
        arena.note(await arena.unready("audit", "before our offset", 15))
    except Failed as failed:
        unseen.append(f"emptied while audit ran: {failed}")
    await _rewound(arena)
    await plant.topics.send(THERE, [record(event) for event in old], partition=5)
    await _taken(arena, len(old))
    await _complete(arena, old)  # known already: dropped
    await arena.recovered(monotonic())

    # While nobody reads, another topic takes its place, longer than our offset.
    await plant["audit"].down()
    await _anew(arena)
    others = [history(1)[0] for _ in range(8)]
    await plant.topics.send(THERE, [record(event) for event in others], partition=5)
    plant["audit"].wanted.set()
    try:
        arena.note(await arena.unready("audit", "was made anew", 15))
    except Failed as failed:
        unseen.append(f"refilled while audit was down: {failed}")
        told = await plant.fetchval(
            "audit",
            "select count(*) from read.timeline where key = any($1::text[])",
            [event.key for event in others],
        )
        arena.lost += len(others) - told
    await _rewound(arena)
    for event in others:
        await _complete(arena, [event])
    if unseen:
        raise Failed("; ".join(unseen))


async def _taken(arena: Arena, records: int) -> None:
    """Wait until audit has read so many records of the new topic."""
    query = (
        "select next = $2 from es.offsets where consumer = 'audit' and topic = $1 and partition = 5"
    )

    async def read() -> bool:
        return bool(await arena.plant.fetchval("audit", query, THERE, records))

    await until(read, f"audit has read the {records} records again")


async def _anew(arena: Arena) -> None:
    admin = await arena.plant.topics.admin()
    try:
        await admin.delete_topics([THERE])

        async def created() -> bool:
            topic = NewTopic(THERE, PARTITIONS, 1, topic_configs={"retention.ms": "-1"})
            answer = await admin.create_topics([topic])
            return not any(code for _, code, *_ in answer.topic_errors)

        await until(created, "the topic is made anew")
    finally:
        await admin.close()
