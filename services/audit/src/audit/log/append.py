"""Every record that audit hears becomes a leaf, in the order of its topic and partition.

A leaf is the hash of a well-formed event, the first time that it comes. Whether the event is then applied,
parked or refused makes no difference, so the tree of a partition depends on nothing but the partition. One
statement for each batch, in its transaction.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from itertools import repeat
from typing import NamedTuple

from audit.log.contradictions import Remembering
from common.incoming import Incoming, unparked
from common.intents import Connection
from common.kafka import Place

CHUNK = 20_000  # rows of one statement, when much is taken over at once


class Leaf(NamedTuple):
    """A record as the log sees it."""

    topic: str
    partition: int
    offset: int
    key: str
    hash: bytes
    recorded_at: datetime


class Logged(Remembering):
    """The inbox of audit: what comes in is in the log before anything is decided about it."""

    async def apply(
        self, connection: Connection, items: Sequence[Incoming], *, singly: bool = False
    ) -> None:
        """As every inbox does, after the leaves."""
        await append(connection, self.name, items)
        await super().apply(connection, items, singly=singly)


async def append(connection: Connection, consumer: str, items: Sequence[Incoming]) -> None:
    """Add the leaves of a batch, in the caller's transaction, which owns its partitions.

    The log may end before the batch begins: it is new, or a rebuild of the timeline went ahead of it. Then
    the records between are added first, from the timeline and from what is parked.
    """
    places: dict[Place, tuple[int, int]] = {}
    for item in items:
        first, _ = places.get(item.place, (item.offset, 0))
        places[item.place] = first, item.offset + 1
    leaves = [leaf for item in items if (leaf := leaf_of(item))]
    if behind := await _add(connection, leaves, places):
        await _take_over(connection, consumer, behind)
        await _add(connection, leaves, places)


def leaf_of(item: Incoming) -> Leaf | None:
    """The leaf that a record is; `None` if it is no event, or is not under its own key."""
    if item.event is None or item.fault:
        return None
    place = item.place
    event = item.event
    return Leaf(place.topic, place.partition, item.offset, item.key, event.hash, event.recorded_at)


async def _add(
    connection: Connection, leaves: Sequence[Leaf], places: Mapping[Place, tuple[int, int]]
) -> dict[Place, tuple[int, int]]:
    """Add leaves where the log has reached the first offset of a place. For the other places, return the
    offsets that it lacks."""
    columns = zip(*leaves, strict=True) if leaves else repeat((), len(Leaf._fields))
    rows = await connection.fetch(
        _ADD,
        *columns,
        [place.topic for place in places],
        [place.partition for place in places],
        [first for first, _ in places.values()],
        [end for _, end in places.values()],
    )
    return {Place(r["topic"], r["partition"]): (r["next"], r["first"]) for r in rows}


async def _take_over(
    connection: Connection, consumer: str, behind: Mapping[Place, tuple[int, int]]
) -> None:
    wanted = (
        [place.topic for place in behind],
        [place.partition for place in behind],
        [start for start, _ in behind.values()],
        [end for _, end in behind.values()],
    )
    parked = [unparked(row) for row in await connection.fetch(_PARKED, *wanted, consumer)]
    found = [Leaf(*row) for row in await connection.fetch(_APPLIED, *wanted, timeout=600)]
    found += [leaf for item in parked if (leaf := leaf_of(item))]
    found.sort()
    for start in range(0, len(found), CHUNK):
        chunk = found[start : start + CHUNK]
        await _add(connection, chunk, _reached(chunk))
    await _add(connection, [], {place: (0, end) for place, (_, end) in behind.items()})


def _reached(leaves: Iterable[Leaf]) -> dict[Place, tuple[int, int]]:
    return {Place(leaf.topic, leaf.partition): (0, leaf.offset + 1) for leaf in leaves}


# Trees are locked by the offsets that the batch has moved already.
_ADD = """
with place as (
    select t.id as tree, t.topic, t.partition, t.next, t.size, p.first, p."end"
    from unnest($7::text[], $8::int[], $9::bigint[], $10::bigint[])
        as p (topic, partition, first, "end")
    join log.trees t using (topic, partition)
), fresh as (
    select distinct on (p.tree, l.hash) p.tree, p.size, l."offset", l.key, l.hash, l.recorded_at
    from unnest($1::text[], $2::int[], $3::bigint[], $4::text[], $5::bytea[], $6::timestamptz[])
        as l (topic, partition, "offset", key, hash, recorded_at)
    join place p using (topic, partition)
    where p.next >= p.first and not exists (
        select from log.leaves o where o.key = l.key and o.tree = p.tree and o.hash = l.hash
    )
    order by p.tree, l.hash, l."offset"
), added as (
    insert into log.leaves (tree, index, key, hash, recorded_at)
    select tree, size + row_number() over (partition by tree order by "offset") - 1, key, hash,
        recorded_at
    from fresh
), moved as (
    update log.trees t set
        next = greatest(t.next, p."end"),
        size = t.size + (select count(*) from fresh f where f.tree = t.id)
    from place p where t.id = p.tree and p.next >= p.first
)
select topic, partition, next, first from place where next < first
"""
_BETWEEN = """
join unnest($1::text[], $2::int[], $3::bigint[], $4::bigint[]) as w (topic, partition, start, "end")
    on w.topic = r.topic and w.partition = r.partition
    and r."offset" >= w.start and r."offset" < w."end"
"""
_APPLIED = f"""
select r.topic, r.partition, r."offset", r.key, r.hash, r.recorded_at from read.timeline r {_BETWEEN}
"""
_PARKED = f"select r.* from es.parked r {_BETWEEN} where r.consumer = $5"
