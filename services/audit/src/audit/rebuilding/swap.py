"""The new tables take the place of those that serve, under a service that may be at work."""

from collections.abc import Awaitable, Callable, Sequence

import asyncpg

from audit.read_model import SCHEMA
from audit.rebuilding import noting
from audit.rebuilding.refill import NEXT
from audit.rebuilding.roots import look_again
from common.swapping import PREVIOUS, Tell, drop_previous, patiently

CONSUMER = "audit"
BESIDE = "read_next"


async def swap(
    connection: asyncpg.Connection,
    tell: Tell,
    unlogged: Sequence[tuple[str, int, int]],
    catch_up: Callable[[], Awaitable[None]],
) -> None:
    """In one transaction. Waits for batches under way for two seconds, then lets them pass first.

    `unlogged` are the places from which the log has to look again (`audit.rebuilding.roots.unlogged`). `catch_up`
    reads the rest of the log into the new tables while nobody applies, so that no reader who saw an
    event in the old timeline misses it in the new one.
    """

    async def hand_over() -> None:
        # Nobody applies, retries or discards from here on, until this is committed.
        await connection.execute("select pg_advisory_xact_lock(hashtext($1))", CONSUMER)
        await catch_up()
        if await connection.fetchval(f"select to_regnamespace('{SCHEMA}')"):
            await connection.execute(f"alter schema {SCHEMA} rename to {PREVIOUS}")
        await connection.execute(f"alter schema {BESIDE} rename to {SCHEMA}")
        await connection.execute(_HAND_OVER, CONSUMER, NEXT)
        await connection.execute(_STILL_PARKED, CONSUMER, NEXT)
        for table in ("cursors", "parked"):
            await connection.execute(f"delete from es.{table} where consumer = $1", CONSUMER)
            await connection.execute(
                f"update es.{table} set consumer = $1 where consumer = $2", CONSUMER, NEXT
            )
        await connection.execute("delete from es.offsets where consumer = $1", NEXT)
        await noting.drop(connection, SCHEMA)
        await look_again(connection, unlogged)

    await patiently(connection, tell, hand_over)
    await drop_previous(connection)


# A new epoch fences whoever consumes now: it claims again, and finds the offset set here.
_HAND_OVER = """
insert into es.offsets as o (consumer, topic, partition, next, last, owner_epoch)
select $1, topic, partition, next, last, 1 from es.offsets where consumer = $2
on conflict (consumer, topic, partition) do update set
    next = excluded.next, last = excluded.last, owner_epoch = o.owner_epoch + 1, owner = null
"""
# What waited before waits as long, was tried as often, and is not told of again, unless for another reason.
_STILL_PARKED = """
update es.parked new
set attempts = old.attempts, parked_at = old.parked_at,
    announced = old.announced and old.reason = new.reason
from es.parked old
where new.consumer = $2 and old.consumer = $1 and (old.topic, old.partition, old."offset")
    = (new.topic, new.partition, new."offset")
    -- and not another record, in the same place of a topic that was made anew since
    and (old.key, old.headers, old.value) is not distinct from (new.key, new.headers, new.value)
"""
