"""Programs that are kept running: started, watched, started again, stopped.

Each is a session of its own, so that Ctrl-C reaches only us and we stop them in order. On Linux the
system stops them too if we are killed.
"""

import asyncio
import ctypes
import signal
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from local.places import ROOT
from local.steps import Trouble, last_lines

RESTARTS = 3  # in a row, before a program is given up
STEADY = 10.0  # seconds after which a program's earlier deaths are forgotten
POLL = 0.05  # seconds between two looks whether it is ready
PR_SET_PDEATHSIG = 1  # prctl(2)

Tell = Callable[[str], None]


@dataclass(frozen=True)
class Program:
    """What to start, and how to see that it is ready: `ready` gives None, or why it is not."""

    name: str
    command: tuple[str, ...]
    log: Path
    ready: Callable[[], Awaitable[str | None]]
    environment: Mapping[str, str] | None = None
    stop_with: signal.Signals = signal.SIGTERM
    start_patience: float = 60.0  # seconds until it must be ready
    stop_patience: float = 20.0  # seconds until it is killed


@dataclass
class Kept:
    """A program at work. `watch` ends only if the program is given up: then it raises `Trouble`."""

    program: Program
    tell: Tell
    was_ready: bool = False
    process: asyncio.subprocess.Process | None = None
    watch: asyncio.Task[None] = field(init=False)

    async def until_ready(self) -> None:
        """Wait until the program answers. Raises `Trouble` if it ends or takes too long."""
        deadline = time.monotonic() + self.program.start_patience
        while reason := await self.program.ready():
            if self.watch.done():
                await self.watch
            if time.monotonic() > deadline:
                raise Trouble(
                    f"{self.program.name} is not ready after {self.program.start_patience:.0f} s: "
                    f"{reason}\n{last_lines(self.program.log)}"
                )
            await asyncio.sleep(POLL)
        self.was_ready = True

    async def keep(self) -> None:
        """Run the program, again and again. One that never was ready gets no second chance."""
        deaths = 0
        while True:
            started = time.monotonic()
            self.process = await start(self.program)
            ended = _in_words(await self.process.wait())
            deaths = 1 if time.monotonic() - started > STEADY else deaths + 1
            if deaths > RESTARTS or not self.was_ready:
                often = f" {deaths} times in a row; it is given up" if self.was_ready else ""
                log = last_lines(self.program.log)
                raise Trouble(f"{self.program.name} {ended}{often}.\n{log}")
            delay = 0.25 * 2**deaths
            self.tell(f"{self.program.name} {ended}; starting it again in {delay} s")
            await asyncio.sleep(delay)

    async def stop(self) -> None:
        """End the program: politely, then by force."""
        self.watch.cancel()
        with suppress(asyncio.CancelledError, Trouble):
            await self.watch
        if self.process is None or self.process.returncode is not None:
            return
        with suppress(ProcessLookupError):
            self.process.send_signal(self.program.stop_with)
        try:
            await asyncio.wait_for(self.process.wait(), self.program.stop_patience)
        except TimeoutError:
            self.tell(f"{self.program.name} does not stop; killing it")
            self.process.kill()
            await self.process.wait()


@asynccontextmanager
async def kept(program: Program, tell: Tell) -> AsyncIterator[Kept]:
    """Keep a program running until the block ends. It is not ready yet: see `until_ready`."""
    program.log.parent.mkdir(parents=True, exist_ok=True)
    with suppress(FileNotFoundError):
        program.log.replace(program.log.with_suffix(".log.old"))
    one = Kept(program, tell)
    one.watch = asyncio.create_task(one.keep())
    try:
        yield one
    finally:
        await one.stop()


async def finished(
    command: Sequence[str],
    log: Path,
    otherwise: str,
    environment: Mapping[str, str] | None = None,
) -> None:
    """Run a program to its end, as `local.steps.run_quietly` does, while others are kept running."""
    with _end_of(log) as output:
        process = await asyncio.create_subprocess_exec(
            *command,
            cwd=ROOT,
            env=environment,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    try:
        code = await process.wait()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if code:
        raise Trouble(f"{otherwise}\n\n{last_lines(log)}")


async def start(program: Program) -> asyncio.subprocess.Process:
    """Start a program with its output at the end of its log."""
    with _end_of(program.log) as log:
        return await asyncio.create_subprocess_exec(
            *program.command,
            cwd=ROOT,
            env=program.environment,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
            preexec_fn=_tied(program.stop_with) if sys.platform == "linux" else None,
        )


def _end_of(log: Path) -> BinaryIO:
    return open(log, "ab")


def _tied(signal_number: int) -> Callable[[], None]:
    """For a new process: the signal that the system sends it when we end without stopping it."""
    libc = ctypes.CDLL(None)

    def tie() -> None:
        libc.prctl(PR_SET_PDEATHSIG, signal_number)

    return tie


def _in_words(code: int) -> str:
    return f"was ended by {signal.Signals(-code).name}" if code < 0 else f"ended with code {code}"
