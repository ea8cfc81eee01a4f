"""What other outbox designs must forbid, and ours need not: old transaction ids, long transactions."""

import asyncio
from time import monotonic

from tests.chaos.arena import Arena, case
from tests.chaos.rig import Heard, rig
from tests.chaos.waiting import Failed

LONG = 10.0  # seconds; the published list says 20 and 60


@case(7, "a writer whose transaction is older than the append of others", callers=0)
async def old_transaction(arena: Arena) -> None:
    """A watermark on transaction ids would send version 2 before version 1; tickets do not."""
    async with rig(arena.plant.postgres) as at:
        old = await at.connect()
        transaction = old.transaction()
        await transaction.start()
        await old.fetchval("select pg_current_xact_id()")  # its id is now older than all below
        topic = Heard()
        await at.append("a", 1)
        await at.published(topic)
        await at.append_in(old, "a", 2)
        await at.append("b", 1)
        await at.published(topic)  # the old transaction is still open: "b" does not wait for it
        if topic.versions("b") != [1]:
            raise Failed("an open transaction held up another household")
        await transaction.commit()
        await at.append("a", 3)
        await at.published(topic)
        if topic.versions("a") != [1, 2, 3]:
            raise Failed(f"published in the order {topic.versions('a')}")
    arena.note("no rule about the first write of a transaction is needed")


@case(8, f"a write transaction in another database stays open for {LONG:.0f} s")
async def long_transaction(arena: Arena) -> None:
    """A watermark below the oldest transaction of the cluster would stall; tickets do not."""
    other = await arena.plant.connect("postgres")
    try:
        await other.execute("create table if not exists long_one (n int)")
        transaction = other.transaction()
        await transaction.start()
        await other.execute("insert into long_one values (1)")
        began = monotonic()
        seconds = await arena.recovered(began)
        await asyncio.sleep(LONG - (monotonic() - began))
        arena.note(f"while it was open, a new request was everywhere after {seconds:.1f} s")
        await transaction.rollback()
    finally:
        await other.close()
    await arena.recovered(monotonic())
