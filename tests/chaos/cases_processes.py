"""A process dies, freezes or has a double: the writer, the relay, the consumer."""

import asyncio
import signal
from time import monotonic

from common.topics import PARTITIONS
from tests.chaos.arena import TOPIC, Arena, case
from tests.chaos.plant import PUBLISHED
from tests.chaos.waiting import Failed, until

FROZEN = 12.0  # seconds; the published list says 30 for the relay: shorter shows the same


async def _moment(arena: Arena, longest: float = 1.0) -> None:
    """A moment that nobody chose."""
    await asyncio.sleep(arena.chance.uniform(0.05, longest))


@case(1, "REST process killed: before the append, after it, with a full queue")
async def writer_killed(arena: Arena) -> None:
    for name in ("identification", "visits"):
        for table, mode in (("es.idempotency", "share"), ("es.events", "share")):
            async with arena.locked(name, table, mode):  # stands inside the append
                await arena.blocked(name, "insert into es.events")
                killed = await arena.plant[name].kill()
            await arena.recovered(killed)
        await _moment(arena)
        await arena.recovered(await arena.plant[name].kill())


@case(2, "relay killed: after the read, after the send, before and in the checkpoint")
async def relay_killed(arena: Arena) -> None:
    unit, line = arena.plant["identification"], arena.plant.lines["identification", "kafka"]
    again = arena.plant.topics.seen.again
    for name, fault in (("read, not sent", line.mute), ("sent, no acknowledgement", line.deafen)):
        fault()
        await asyncio.sleep(0.5)
        arena.note(f"{name}: {await arena.tickets('identification')} tickets at the kill")
        killed = await unit.kill()
        line.join()
        await arena.recovered(killed)
    # The checkpoint reads es.relay `for share`: nothing else of the service stops at this lock.
    async with arena.locked("identification", "es.relay", "exclusive"):
        await arena.blocked("identification", "delete from es.outbox")
        arena.note(f"before the checkpoint: {await arena.tickets('identification')} tickets")
        killed = await unit.kill()
    await arena.recovered(killed)
    for _ in range(2):
        await _moment(arena)
        await arena.recovered(await unit.kill())
    seen = await arena.plant.topics.read(PUBLISHED[:2], PARTITIONS)
    arena.note(f"{seen.again - again} records came twice and were dropped by every consumer")


@case(3, "consumer killed: before its transaction, inside it, after the commit")
async def consumer_killed(arena: Arena) -> None:
    for table, mode, query in (
        ("es.offsets", "exclusive", "update es.offsets"),
        ("read.timeline", "share", "COPY"),
    ):
        async with arena.locked("audit", table, mode):
            await arena.blocked("audit", query)
            killed = await arena.plant["audit"].kill()
        arena.note(f"killed at {query}: back after {await arena.recovered(killed):.1f} s")
    for name in ("audit", "visits", "identification"):
        await _moment(arena)
        killed = await arena.plant[name].kill()
        arena.note(f"{name} killed at random: {await arena.recovered(killed):.1f} s")


@case(4, f"relay's leader frozen for {FROZEN:.0f} s, another is there, then it wakes up")
async def leader_frozen(arena: Arena) -> None:
    other = await arena.plant.add("identification-2")
    await other.ready()
    arena.load.replica = True
    frozen = arena.plant["identification"]
    epoch = await arena.plant.fetchval("identification", "select epoch from es.relay")
    moment = monotonic()
    frozen.pause()

    async def taken_over() -> bool:
        now = await arena.plant.fetchval("identification", "select epoch from es.relay")
        return bool(now > epoch)

    led = True
    try:
        seconds = await until(taken_over, "another relay leads", FROZEN)
        arena.note(f"another relay led after {seconds:.1f} s")
    except Failed as failed:
        led = False
        arena.note(f"nobody published while the leader was frozen ({failed})")
    await asyncio.sleep(max(0.0, FROZEN - (monotonic() - moment)))
    arena.note(f"{await arena.tickets('identification')} tickets at the end of the freeze")
    frozen.resume()
    await arena.recovered(monotonic() if led else moment)
    arena.load.replica = False


@case(5, "consumer frozen past its session, its partitions move, it wakes up")
async def consumer_frozen(arena: Arena) -> None:
    other = await arena.plant.add("audit-2")
    await other.ready()
    zombie = arena.plant["audit"]
    owner = "select count(distinct owner) from es.offsets where consumer = 'audit' and topic = $1"

    async def shared() -> bool:
        return bool(await arena.plant.fetchval("audit", owner, TOPIC) == 2)

    await until(shared, "both replicas own partitions", 30)
    frozen = monotonic()
    zombie.pause()
    pid = f"%-{zombie.pid}"

    async def moved() -> bool:
        held = "select count(*) from es.offsets where consumer = 'audit' and owner like $1"
        return bool(await arena.plant.fetchval("audit", held, pid) == 0)

    seconds = await until(moved, "the partitions moved", 30)
    arena.note(f"partitions moved {seconds:.1f} s after the freeze")
    arena.recoveries.append(monotonic() - frozen)
    await asyncio.sleep(1)
    zombie.resume()
    await arena.recovered(monotonic())


@case(6, "the relay's lock is stolen under load")
async def lock_stolen(arena: Arena) -> None:
    await (await arena.plant.add("identification-2")).ready()
    for _ in range(3):
        await _moment(arena)
        epoch = await arena.plant.fetchval("identification", "select epoch from es.relay")
        stolen = monotonic()
        await arena.plant.fetchval("identification", _STEAL)

        async def led(before: int = epoch) -> bool:
            now = await arena.plant.fetchval("identification", "select epoch from es.relay")
            return bool(now > before)

        arena.note(f"led again after {await until(led, 'a relay leads'):.1f} s")
        await arena.recovered(stolen)


@case(27, "rebalance storm: a member comes or goes every 3 s; rolling deploy")
async def storm(arena: Arena) -> None:
    plant = arena.plant
    for turn in range(5):
        await plant.add("audit-2")
        await asyncio.sleep(3)
        if turn % 2 == 0:
            plant["audit-2"].wanted.clear()
            await plant["audit-2"].kill()
        await plant.remove("audit-2")
        await asyncio.sleep(1)
    for name in ("identification", "audit"):  # the new one is ready before the old one goes
        await (await plant.add(f"{name}-2")).ready()
        arena.load.replica = name == "identification"
        await plant[name].down(signal.SIGTERM)
        await plant[name].up()
        arena.load.replica = False
        await plant.remove(f"{name}-2")
    await arena.recovered(monotonic())


_STEAL = """
select count(pg_terminate_backend(pid)) from pg_locks where locktype = 'advisory' and granted
    and mode = 'ExclusiveLock' and objid = 7301001
    and database = (select oid from pg_database where datname = current_database())
"""
