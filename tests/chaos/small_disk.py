"""A server on a disk that can be filled: a tmpfs of its own, in a mount namespace of its own.

Needs no privilege but user namespaces (`unshare`, `nsenter`), which most systems allow. The files of
the server are moved in and, at the end, out again.
"""

import asyncio
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from tests.chaos.plant import Plant
from tests.chaos.waiting import Failed

SPARE = 96 * 1024 * 1024  # bytes free at first


@dataclass(frozen=True)
class Disk:
    """Seen from outside, through the process that keeps the namespace."""

    inside: Path

    def fill(self) -> None:
        """Leave not a byte."""
        with open(self.inside / "ballast", "ab", buffering=0) as file:
            for size in (1 << 20, 1 << 12, 1):
                try:
                    while file.write(b"\0" * size):
                        pass
                except OSError:
                    continue

    def make_room(self) -> None:
        """As it was."""
        (self.inside / "ballast").unlink()


@asynccontextmanager
async def small_disk(plant: Plant, name: str) -> AsyncIterator[Disk]:
    """Runs the server `name` on such a disk until the block ends. Raises `Failed` where the system
    forbids user namespaces."""
    unit = plant[name]
    data = plant.home / ("postgres" if name == "postgres" else "kafka/data")
    await unit.down()
    used = sum(file.stat().st_blocks * 512 for file in data.rglob("*") if file.is_file())
    keeper = await asyncio.create_subprocess_exec(
        *("unshare", "--user", "--map-root-user", "--mount", "sh", "-c"),
        f"mount -t tmpfs -o size={used + SPARE},mode=700 none {data} && echo up && exec sleep 3600",
        stdout=asyncio.subprocess.PIPE,
        start_new_session=True,
    )
    assert keeper.stdout
    try:
        if await keeper.stdout.readline() != b"up\n":
            raise Failed("this system forbids user namespaces: no small disk can be made")
        inside = Path(f"/proc/{keeper.pid}/root{data}")
        await asyncio.to_thread(shutil.copytree, data, inside, dirs_exist_ok=True)
        enter = ("nsenter", f"--target={keeper.pid}", "--user", "--mount", "--preserve-credentials")
        plain = unit.program
        unit.program = replace(plain, command=(*enter, *plain.command))
        unit.wanted.set()
        try:
            yield Disk(inside)
        finally:
            await unit.down()
            unit.program = plain
            (inside / "ballast").unlink(missing_ok=True)
            # The folder itself stays: to remove it would undo the mount inside.
            await asyncio.to_thread(_emptied, data)
            await asyncio.to_thread(shutil.copytree, inside, data, dirs_exist_ok=True)
            unit.wanted.set()
            await unit.ready()
    finally:
        keeper.kill()
        await keeper.wait()


def _emptied(folder: Path) -> None:
    for one in folder.iterdir():
        if one.is_dir():
            shutil.rmtree(one)
        else:
            one.unlink()
