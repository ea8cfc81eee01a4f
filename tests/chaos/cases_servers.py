"""Kafka, Postgres or the network goes away, comes back, is slow, or is full."""

import asyncio
import shutil
import signal
from time import monotonic

from tests.chaos.arena import Arena, case
from tests.chaos.ledger import Entry
from tests.chaos.load import Request
from tests.chaos.small_disk import small_disk
from tests.chaos.unit import Unit
from tests.chaos.waiting import Failed, until

OUTAGE = 30.0  # seconds; the published list says ten minutes: nothing in us depends on which


async def _back(arena: Arena, unit: Unit) -> None:
    """The fault ends when the server itself answers again; ours to answer for is what follows."""
    await unit.ready()
    await arena.recovered(monotonic())


@case(13, "broker restarted, then killed (leader of every partition and controller at once)")
async def broker_killed(arena: Arena) -> None:
    broker = arena.plant["kafka"]
    await broker.down(signal.SIGTERM)
    broker.wanted.set()
    await _back(arena, broker)
    await broker.kill()
    await _back(arena, broker)


@case(14, f"all brokers down for {OUTAGE:.0f} s under load")
async def brokers_down(arena: Arena) -> None:
    broker = arena.plant["kafka"]
    await broker.down(signal.SIGKILL)
    began, accepted = monotonic(), sum(1 for _ in arena.ledger.acknowledged())
    told = arena.load.told.copy()
    await asyncio.sleep(OUTAGE)
    kept = sum(1 for _ in arena.ledger.acknowledged()) - accepted
    waiting = await arena.tickets("identification") + await arena.tickets("visits")
    refused = {
        code: n for code, n in (arena.load.told - told).items() if code not in ("200", "201")
    }
    arena.note(
        f"{kept} acknowledged in {monotonic() - began:.0f} s without a broker, {waiting} tickets "
        f"waited; other answers: {refused or 'none'}"
    )
    if not kept:
        raise Failed("REST did not go on without Kafka")
    broker.wanted.set()
    await _back(arena, broker)


@case(16, "network: cut, one-way loss both ways, 200 ms latency, dripping bytes")
async def network(arena: Arena) -> None:
    lines = arena.plant.lines
    for service, server in (
        ("identification", "kafka"),
        ("identification", "postgres"),
        ("audit", "kafka"),
        ("audit", "postgres"),
    ):
        line = lines[service, server]
        await line.cut()
        await asyncio.sleep(3)
        line.join()
        seconds = await arena.recovered(monotonic())
        arena.note(f"{service} cut from {server}: back after {seconds:.1f} s")
    for service, server, way in (
        ("identification", "kafka", "mute"),
        ("identification", "kafka", "deafen"),
        ("identification", "postgres", "mute"),
        ("audit", "kafka", "deafen"),
        ("audit", "postgres", "deafen"),
    ):
        line = lines[service, server]
        getattr(line, way)()
        await asyncio.sleep(8)
        line.join()
        seconds = await arena.recovered(monotonic())
        arena.note(f"{service} {way} {server} for 8 s: back after {seconds:.1f} s")
    for line in lines.values():
        line.slow(0.1)  # there and back: 200 ms
    seconds = await arena.recovered(monotonic())
    arena.recoveries.pop()  # that is how long it takes, not how long it took to come back
    arena.note(f"200 ms on every line: a request is everywhere after {seconds:.1f} s")
    for line in lines.values():
        line.join()
    lines["visits", "postgres"].drip()
    lines["audit", "kafka"].drip()
    await asyncio.sleep(5)
    for line in lines.values():
        line.join()
    await arena.recovered(monotonic())


@case(17, "Postgres: immediate restart, postmaster killed")
async def postgres_killed(arena: Arena) -> None:
    server = arena.plant["postgres"]
    for number in (signal.SIGQUIT, signal.SIGKILL):
        began, starts = monotonic(), server.starts
        server.send(number)

        async def restarted(before: int = starts) -> bool:
            return server.starts > before

        await until(restarted, "Postgres is started again")
        await server.ready()
        arena.note(f"{number.name}: Postgres itself needed {monotonic() - began:.1f} s")
        await arena.recovered(monotonic())


@case(20, "disk full: Postgres, then Kafka")
async def disk_full(arena: Arena) -> None:
    for name in ("postgres", "kafka"):
        unit = arena.plant[name]
        async with small_disk(arena.plant, name) as disk:
            await unit.ready()
            await arena.recovered(monotonic())
            arena.recoveries.pop()
            told = arena.load.told.copy()
            disk.fill()
            await asyncio.sleep(8)
            arena.note(f"{name} full: callers were told {dict(arena.load.told - told)}")
            disk.make_room()
            freed = monotonic()
            await unit.ready()
            arena.note(f"{name} itself was back {monotonic() - freed:.1f} s after there was room")
            await arena.recovered(monotonic())


SERVICES = ("identification", "visits", "audit")


@case(19, "restored from a cold copy of everything", callers=0)
async def restored(arena: Arena) -> None:
    data, copy = arena.plant.home / "postgres", arena.plant.home / "copy"
    await _down(arena)
    await asyncio.to_thread(shutil.copytree, data, copy)
    shutil.rmtree(data)
    copy.rename(data)
    await _up(arena)
    await arena.recovered(monotonic())
    arena.note("nothing to rebase")


@case(19, "restored from a backup that the topic is ahead of", callers=0, judged=False)
async def restored_too_old(arena: Arena) -> None:
    """Runs last: unless somebody notices, store and topic tell two histories from here on."""
    data, backup = arena.plant.home / "postgres", arena.plant.home / "backup"
    await _down(arena)
    await asyncio.to_thread(shutil.copytree, data, backup)
    await _up(arena)
    await _posted(arena, 5)
    await arena.plant.settled()
    await _down(arena)
    newer = data.rename(arena.plant.home / "newer")
    backup.rename(data)
    try:
        await _up(arena, ready=False)
        await arena.unready("identification", "ahead", 15)
    except Failed:
        forked = await _posted(arena, 3)
        await asyncio.sleep(3)
        told = await arena.plant.fetchval("audit", _TOLD, [entry.event_id for entry in forked])
        parked = len(await arena.parked("audit"))
        arena.lost += len(forked) - told
        arena.note(f"3 more were acknowledged: {told} in the timeline, {parked} parked")
        raise
    finally:
        await _down(arena)
        shutil.rmtree(data)
        newer.rename(data)
        await _up(arena)


_TOLD = "select count(*) from read.timeline where event_id = any($1::uuid[])"


async def _posted(arena: Arena, count: int) -> list[Entry]:
    """Facts about one household, acknowledged."""
    entries = [arena.load.fact(household=0, amount=1) for _ in range(count)]
    for entry in entries:
        request = arena.load.request(entry)

        async def kept(request: Request = request) -> bool:
            return await arena.load.attempt(request)

        await until(kept, "a fact is acknowledged")
    return entries


async def _down(arena: Arena) -> None:
    for name in (*SERVICES, "postgres"):
        await arena.plant[name].down()


async def _up(arena: Arena, *, ready: bool = True) -> None:
    for name in ("postgres", *SERVICES):
        unit = arena.plant[name]
        unit.wanted.set()
        if ready or name == "postgres":
            await unit.ready()
