"""A consumer's own place in each partition, and whose it is: `es.offsets`.

An offset moves in the transaction of the effect, by whoever claimed the partition last (a higher
epoch) and from where it believes to stand; anybody else moves nothing, and knows it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import asyncpg

from common.intents import Connection
from common.kafka import Place


@dataclass(slots=True)
class Owned:
    """A partition of ours: the offset that comes next, and the epoch of our claim."""

    next: int
    epoch: int
    last: bytes | None = None  # the fingerprint of the last record that was taken
    looks_back: bool = False  # what is fetched begins with that record

    def before(self) -> int:
        """The offset of that record; `next` if there is none. Offsets between the two are no records, such
        as the end of a transaction. If it is not below `next`, somebody has set our offset back."""
        return int.from_bytes(self.last[:8], "big") if self.last else self.next

    def begins(self) -> int:
        """Where reading begins."""
        return self.before() if self.looks_back else self.next


async def claim(
    pool: asyncpg.Pool, consumer: str, holder: str, places: Sequence[Place]
) -> dict[Place, Owned]:
    """Become the owner of `places`, each under an epoch higher than any before."""
    rows = await pool.fetch(
        _CLAIM, consumer, [p.topic for p in places], [p.partition for p in places], holder
    )
    return {
        Place(r["topic"], r["partition"]): Owned(r["next"], r["owner_epoch"], r["last"])
        for r in rows
    }


async def held(pool: asyncpg.Pool, consumer: str, epochs: Mapping[Place, int]) -> bool:
    """Whether every one of these claims is the last one."""
    count: int = await pool.fetchval(
        _HELD,
        consumer,
        [p.topic for p in epochs],
        [p.partition for p in epochs],
        list(epochs.values()),
    )
    return count == len(epochs)


async def move(
    connection: Connection, consumer: str, steps: Mapping[Place, tuple[Owned, int, bytes | None]]
) -> bool:
    """Move offsets on, in the caller's transaction: from where each `Owned` stands to the offset
    given, where the last record before has the fingerprint given. False if any is no longer ours."""
    moved: int = await connection.fetchval(
        _MOVE,
        consumer,
        [p.topic for p in steps],
        [p.partition for p in steps],
        [owned.next for owned, _, _ in steps.values()],
        [end for _, end, _ in steps.values()],
        [owned.epoch for owned, _, _ in steps.values()],
        [last for _, _, last in steps.values()],
    )
    return moved == len(steps)


_CLAIM = """
insert into es.offsets as o (consumer, topic, partition, owner, owner_epoch)
select $1, topic, partition, $4, 1 from unnest($2::text[], $3::int[]) as t (topic, partition)
on conflict (consumer, topic, partition)
    do update set owner = excluded.owner, owner_epoch = o.owner_epoch + 1
returning topic, partition, next, owner_epoch, last
"""
_HELD = """
select count(*) from es.offsets o
join unnest($2::text[], $3::int[], $4::bigint[]) as t (topic, partition, epoch)
    using (topic, partition)
where o.consumer = $1 and o.owner_epoch = t.epoch
"""
# The shared lock keeps a person's retry of a parked household apart from running batches.
_MOVE = """
with calm as (select pg_advisory_xact_lock_shared(hashtext($1)) as held),
moved as (
    update es.offsets o set next = t."end", last = t.last
    from unnest($2::text[], $3::int[], $4::bigint[], $5::bigint[], $6::bigint[], $7::bytea[])
        as t (topic, partition, start, "end", epoch, last)
    where o.consumer = $1 and o.topic = t.topic and o.partition = t.partition
        and o.next = t.start and o.owner_epoch = t.epoch
    returning 1
)
select (select count(*) from moved) from calm
"""
