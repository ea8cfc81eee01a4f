"""Another version of the services (`--before`) works on the same databases: beside this one, alone, and no more.
Its tables must have the shape that ours have: otherwise the two cannot.
"""

import asyncio
import os
import shutil
from pathlib import Path
from time import monotonic

from local.places import ROOT
from tests.chaos.arena import Arena, case
from tests.chaos.plant import NAMES
from tests.chaos.waiting import Failed

MOMENT = 6.0  # seconds of each


@case(33, "a version before beside this one; it alone; this one again")
async def side_by_side(arena: Arena) -> None:
    plant, there = arena.plant, arena.plant.home / "before"
    await _unpack(arena.before, there)
    sources = [str(source) for source in sorted(there.glob("*/*/src"))]
    older = {
        "PYTHONPATH": os.pathsep.join(sources),
        "POLICY_FILE": str(there / "policies" / "heping-2024.toml"),
    }
    # In the development profile it would make the tables anew, under this version at work.
    for service in ("identification", "visits"):
        check = _OF_BEFORE.format(sources=sources, module=f"{service}.rebuild")
        code, said = await plant.run(service, "-c", check, "--check")
        if code:
            raise Failed(f"the tables are not those of {arena.before}: {said}")
    for name in NAMES:
        await (await plant.add(f"{name}-2", **older)).ready()
    arena.load.replica = True
    await asyncio.sleep(MOMENT)
    for name in NAMES:
        await plant[name].down()
    await asyncio.sleep(MOMENT)
    for name in NAMES:
        await plant[name].up()
    await asyncio.sleep(MOMENT)
    arena.load.replica = False
    for name in NAMES:
        await plant.remove(f"{name}-2")
    await arena.recovered(monotonic())
    for program in ("identification.rebuild", "visits.rebuild", "visits.relearn"):
        code, said = await plant.run(program.partition(".")[0], "-m", program, "--check")
        if code:
            raise Failed(f"{program} --check: {said}")


_OF_BEFORE = """
import runpy, sys
sys.path[:0] = {sources}
runpy.run_module({module!r}, run_name="__main__", alter_sys=True)
"""


async def _unpack(commit: str, folder: Path) -> None:
    packed = folder.with_suffix(".tar")
    archive = ("archive", f"--output={packed}", commit, "libs", "services", "policies")
    process = await asyncio.create_subprocess_exec("git", "-C", str(ROOT), *archive)
    if await process.wait():
        raise Failed(f"git has no {commit}")
    shutil.unpack_archive(packed, folder)
