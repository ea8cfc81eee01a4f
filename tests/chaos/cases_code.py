"""The consumer's own code is at fault: wrong, or slow."""

import asyncio
from time import monotonic

from tests.chaos.arena import Arena, case
from tests.chaos.waiting import Failed, until

BUGGY = "tests.chaos.buggy"
SLOW = 20.0  # seconds; the published list says ten minutes


async def _deployed(arena: Arena, bug: str | None) -> None:
    """Another version of audit takes the place of the one that runs."""
    await arena.plant.remove("audit")
    if bug:
        await arena.plant.add("audit", module=BUGGY, CHAOS_BUG=bug)
    else:
        await (await arena.plant.add("audit")).ready(90)


async def _retried(arena: Arena) -> int:
    """What an operator's script does after the roll-back: retry every key until nothing is parked."""
    keys = 0

    async def none_left() -> bool:
        nonlocal keys
        parked = {key for key, _, _ in await arena.parked("audit")}
        keys = max(keys, len(parked))
        for key in parked:
            path = f"/v1/parked/{key}/retry"
            answer = await arena.plant.call("county-office", "POST", "audit", path, timeout=30)
            if answer.status_code != 200:
                raise Failed(f"the retry was refused: {answer.text[:200]}")
        return not parked

    await until(none_left, "nothing is parked any more", 60)
    return keys


@case(24, "a bug is deployed that fails for 30 % of events, and rolled back")
async def bug_deployed(arena: Arena) -> None:
    await _deployed(arena, "percent:30")
    arena.note(await arena.unready("audit", "too many households"))
    parked = {key for key, _, _ in await arena.parked("audit")}
    arena.note(f"{len(parked)} households were parked before it stopped")
    rolled_back = monotonic()
    await _deployed(arena, None)
    arena.note(f"retried {await _retried(arena)} households")
    await arena.recovered(rolled_back)


@case(25, "the busiest household is parked, mended and retried while its events go on coming")
async def mended_under_load(arena: Arena) -> None:
    household = str(arena.load.households[0][0])
    await _deployed(arena, f"key:{household}")

    async def many() -> bool:
        return len(await arena.parked("audit")) > 20

    await until(many, "events of the household wait behind the first that failed", 60)
    strangers = {key for key, _, _ in await arena.parked("audit")} - {household}
    if strangers:
        raise Failed(f"others were parked: {strangers}")
    rolled_back = monotonic()
    await _deployed(arena, None)
    count = len(await arena.parked("audit"))
    await _retried(arena)
    arena.note(f"{count} events waited, and were taken in order while others came")
    await arena.recovered(rolled_back)


@case(26, f"a consumer that needs a second for each batch, {SLOW:.0f} s at full load")
async def slow(arena: Arena) -> None:
    claims = "select sum(owner_epoch)::bigint from es.offsets where consumer = 'audit'"
    before = await arena.plant.fetchval("audit", claims)
    await _deployed(arena, "slow:1")

    async def claimed() -> bool:
        return bool(await arena.plant.fetchval("audit", claims) > before)

    await until(claimed, "the slow version owns its partitions", 60)
    await asyncio.sleep(3)
    epoch, memory = await arena.plant.fetchval("audit", claims), arena.plant["audit"].memory()
    await asyncio.sleep(SLOW)
    again = await arena.plant.fetchval("audit", claims) - epoch
    grown = (arena.plant["audit"].memory() - memory) >> 20
    arena.note(
        f"{again} claims meanwhile, memory grew by {grown} MiB, lag {await arena.plant.lags()}"
    )
    if again or grown > 64:
        raise Failed("it does not stay calm under a slow handler")
    replaced = monotonic()
    await _deployed(arena, None)
    await arena.recovered(replaced)
