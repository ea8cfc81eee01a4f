"""Audit dies while it appends to the signed log, and while it signs (T19): nothing is lost or forked."""

import base64
import json
from collections import defaultdict
from time import monotonic
from typing import Any

from aiokafka import TopicPartition

from audit.verify import consistent, head_of
from common.topics import CHECKPOINTS
from tests.chaos.arena import Arena, case
from tests.chaos.waiting import Failed, until


@case(41, "audit killed while it appends to the log, and while it signs a checkpoint", callers=4)
async def keeper_killed(arena: Arena) -> None:
    await _signed(arena, 1)
    known, kept = await _complaints(arena), await _checkpoint(arena)
    for table in ("log.leaves", "log.tiles", "log.checkpoints"):
        async with arena.locked("audit", table, "share"):
            await arena.plant["audit"].kill()  # once it is back, what has come is due to be signed
            await arena.blocked("audit", f"insert into {table}", 60)
            killed = await arena.plant["audit"].kill()
        seconds = await arena.recovered(killed)
        arena.note(f"killed at its insert into {table}: back after {seconds:.1f} s")
    await _signed(arena, head_of(kept).size + 1)
    if fresh := await _complaints(arena) - known:
        raise Failed(f"the log does not hold: {sorted(fresh)[:5]}")
    await _extends(arena, kept)
    await _one_head_a_size(arena)
    await arena.recovered(monotonic())


async def _signed(arena: Arena, size: int) -> None:
    """Wait until so many checkpoints are signed and published."""
    done = "select count(*) >= $1 and bool_and(published) from log.checkpoints"

    async def there() -> bool:
        return bool(await arena.plant.fetchval("audit", done, size))

    await until(there, f"{size} checkpoints are signed and published", 90)


async def _complaints(arena: Arena) -> set[str]:
    """What `audit.fsck` says; of what earlier cases had given up it says that it is gone."""
    code, told = await arena.plant.run("audit", "-m", "audit.fsck", "--kafka")
    if not told:
        raise Failed(f"audit.fsck: exit {code}, and says nothing")
    return set(told.splitlines()) if code else set()


async def _get(arena: Arena, path: str) -> Any:
    answer = await arena.plant.call("supervisor", "GET", "audit", path)
    if answer.status_code != 200:
        raise Failed(f"{path}: {answer.text[:200]}")
    return answer


async def _checkpoint(arena: Arena) -> str:
    return str((await _get(arena, "/v1/log/checkpoint")).text)


async def _extends(arena: Arena, kept: str) -> None:
    """The last checkpoint continues the one from before the first kill."""
    old, new = head_of(kept), head_of(await _checkpoint(arena))
    path = f"/v1/log/consistency?from={old.size}&to={new.size}"
    proof = [base64.b64decode(step) for step in (await _get(arena, path)).json()["proof"]]
    if not consistent(old.size, new.size, proof, old.root, new.root):
        raise Failed(f"checkpoint {new.size} does not continue {old.size}")
    arena.note(f"checkpoint {new.size} continues {old.size}, from before the kills")


async def _one_head_a_size(arena: Arena) -> None:
    """On the topic, as anybody reads it: no two checkpoints of one size, and none left out."""
    consumer = await arena.plant.topics.consumer()
    place, roots, read = TopicPartition(CHECKPOINTS, 0), defaultdict[int, set[bytes]](set), 0
    try:
        consumer.assign([place])
        end = (await consumer.end_offsets([place]))[place]
        consumer.seek(place, 0)  # seek_to_beginning may lose to the reset to the latest, by default
        while read < end:
            for records in (await consumer.getmany(timeout_ms=500)).values():
                for record in records:
                    head = head_of(json.loads(record.value)["checkpoint"])
                    roots[head.size].add(head.root)
                    read = record.offset + 1
    finally:
        await consumer.stop()
    forked = [size for size, found in roots.items() if len(found) > 1]
    missing = sorted(set(range(1, max(roots) + 1)) - roots.keys())
    if forked or missing:
        raise Failed(f"checkpoints forked at {forked[:5]}, missing {missing[:5]}")
