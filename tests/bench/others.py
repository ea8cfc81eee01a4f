"""What others have built, on the same server: installed for the bench alone, in exact versions."""

import asyncio
import json
import shutil
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import asyncpg

from common.codec import encode
from common.ids import new_id
from local.services import without_proxy
from local.steps import Trouble, run_quietly
from tests.bench.bench import Bench, Side
from tests.bench.events import fact

HERE = Path(__file__).parent / "peers"
EMMETT, EVENTSOURCING = "emmett-postgresql 0.42", "eventsourcing 9.5"
NAMES = (EMMETT, EVENTSOURCING)
WRITERS = 32


@dataclass(frozen=True)
class Peers:
    """How to run each that could be installed: the words before batch size and count."""

    commands: dict[str, list[str]] = field(default_factory=dict)

    def sides(self, batch: int, count: int) -> dict[str, Side]:
        """To append `count` events, `batch` a call: by 32 writers if it is one, else by one."""
        return {name: _side(words, batch, count) for name, words in self.commands.items()}


@asynccontextmanager
async def installed(bench: Bench, superuser_url: str) -> AsyncIterator[Peers]:
    """Both, each with a database of its own. One that cannot be had is named in the notes."""
    found = Peers()
    for name, install in ((EMMETT, _emmett), (EVENTSOURCING, _eventsourcing)):
        try:
            words = await asyncio.to_thread(install, bench.home / "peers")
        except (Trouble, OSError) as reason:
            first = str(reason).partition("\n")[0]
            bench.notes.append(f"{name} was not measured: {first}")
            print(f"  {name} is left out: {first}")
            continue
        database = f"peer_{new_id().hex[-12:]}"
        server = await asyncpg.connect(superuser_url)
        await server.execute(f"create database {database}")
        await server.close()
        parts = urlsplit(superuser_url)
        found.commands[name] = [*words, urlunsplit((*parts[:2], f"/{database}", "", ""))]
    yield found


def _emmett(home: Path) -> list[str]:
    node, npm = shutil.which("node"), shutil.which("npm")
    if not node or not npm:
        raise Trouble("npm and Node.js are missing. On Debian: apt install nodejs npm")
    place = home / "emmett"
    if not (place / "installed").exists():
        print("  installing emmett-postgresql", flush=True)
        shutil.rmtree(place, ignore_errors=True)
        shutil.copytree(HERE / "emmett", place)
        install: list[str | Path] = [
            npm,
            "install",
            "--prefix",
            place,
            "--no-package-lock",
            "--no-audit",
            "--no-fund",
        ]
        run_quietly(install, home / "install.log", "npm could not install it.")
        (place / "installed").touch()
    shutil.copy(HERE / "emmett" / "append.mjs", place)
    return [node, str(place / "append.mjs")]


def _eventsourcing(home: Path) -> list[str]:
    place, needed = home / "eventsourcing", HERE / "eventsourcing" / "requirements.txt"
    python = place / "bin" / "python"
    if not (place / "installed").exists():
        print("  installing eventsourcing", flush=True)
        log = home / "install.log"
        run_quietly([sys.executable, "-m", "venv", "--clear", place], log, "venv failed.")
        install: list[str | Path] = [
            python,
            "-m",
            "pip",
            "install",
            "--no-input",
            "--no-deps",
            "-r",
            needed,
        ]
        run_quietly(install, log, "pip could not install it.")
        (place / "installed").touch()
    return [str(python), str(HERE / "eventsourcing" / "append.py")]


def _side(words: Sequence[str], batch: int, count: int) -> Side:
    payload = encode(fact(1, new_id())).decode()

    async def measured() -> float:
        program = await asyncio.create_subprocess_exec(
            *words,
            json.dumps({"writers": WRITERS if batch == 1 else 1, "batch": batch, "count": count}),
            payload,
            env=without_proxy(),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        printed, complaint = await program.communicate()
        assert program.returncode == 0, complaint.decode()[-2000:]
        return float(printed)

    return measured
