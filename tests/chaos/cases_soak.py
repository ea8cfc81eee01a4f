"""Mixed load with faults drawn at random from a seed, for as long as is asked."""

import asyncio
import statistics
from collections.abc import Awaitable, Callable
from time import monotonic

from tests.chaos.arena import Arena, case
from tests.chaos.plant import NAMES


async def _kill(arena: Arena) -> str:
    name = arena.chance.choice(NAMES)
    await arena.plant[name].kill()
    return f"kill {name}"


async def _freeze(arena: Arena) -> str:
    name = arena.chance.choice(NAMES)
    unit = arena.plant[name]
    unit.pause()
    await asyncio.sleep(arena.chance.uniform(0.5, 4))
    unit.resume()
    return f"freeze {name}"


async def _cut(arena: Arena) -> str:
    place = arena.chance.choice(sorted(arena.plant.lines))
    line = arena.plant.lines[place]
    await line.cut()
    await asyncio.sleep(arena.chance.uniform(0.2, 3))
    line.join()
    return f"cut {place[0]} from {place[1]}"


async def _one_way(arena: Arena) -> str:
    place = arena.chance.choice(sorted(arena.plant.lines))
    line = arena.plant.lines[place]
    arena.chance.choice((line.mute, line.deafen))()
    await asyncio.sleep(arena.chance.uniform(0.2, 3))
    line.join()
    return f"one-way loss between {place[0]} and {place[1]}"


async def _server(arena: Arena) -> str:
    name = arena.chance.choice(("postgres", "kafka"))
    await arena.plant[name].kill()
    await arena.plant[name].ready()
    return f"kill {name}"


FAULTS: tuple[Callable[[Arena], Awaitable[str]], ...] = (
    _kill,
    _kill,
    _freeze,
    _cut,
    _one_way,
    _server,
)


@case(39, "soak: mixed load, random faults from a seed")
async def soak(arena: Arena) -> None:
    end, done = monotonic() + arena.soak, list[str]()
    memory = {name: [arena.plant[name].memory()] for name in NAMES}
    arena.load.waits.clear()
    while monotonic() < end:
        fault = await arena.chance.choice(FAULTS)(arena)
        done.append(f"{fault} (back after {await arena.recovered(monotonic()):.1f} s)")
        for name in NAMES:
            memory[name].append(arena.plant[name].memory())
    waits = arena.load.waits
    if len(waits) > 100:
        percentiles = statistics.quantiles(waits, n=100)
        arena.note(
            f"{len(waits)} requests, p50 {percentiles[49]:.2f} s, p99 {percentiles[98]:.2f} s"
        )
    grown = {name: f"{seen[0] >> 20}→{seen[-1] >> 20} MiB" for name, seen in memory.items()}
    arena.note(f"{len(done)} faults: {', '.join(done)}")
    arena.note(f"memory: {grown}")
