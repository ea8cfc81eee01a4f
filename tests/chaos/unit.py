"""A program under fire: started again whenever it ends, as an orchestrator would, unless held."""

import asyncio
import os
import signal
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import psutil

from local.programs import Kept, start
from tests.chaos.waiting import until

AGAIN = 0.25  # seconds until it is started again
STOPPED = 30.0  # seconds that a polite end may take


@dataclass
class Unit(Kept):
    """`watch` runs `keep` in the background, from `launch` to `stop`."""

    wanted: asyncio.Event = field(default_factory=asyncio.Event)
    starts: int = 0

    def launch(self) -> None:
        """Begin to keep it running."""
        self.wanted.set()
        self.watch = asyncio.create_task(self.keep())

    async def keep(self) -> None:
        """Start it while it is wanted, again and again."""
        while True:
            await self.wanted.wait()
            self.process = await start(self.program)
            self.starts += 1
            await self.process.wait()
            await asyncio.sleep(AGAIN)

    @property
    def pid(self) -> int:
        """Of the process that runs now."""
        assert self.process, f"{self.program.name} was never started"
        assert self.process.returncode is None, f"{self.program.name} is down"
        return self.process.pid

    @property
    def is_up(self) -> bool:
        """Whether a process runs."""
        return self.process is not None and self.process.returncode is None

    def send(self, number: signal.Signals) -> None:
        """Send a signal to the process."""
        os.kill(self.pid, number)

    async def kill(self) -> float:
        """SIGKILL; the moment at which it was sent, by `time.monotonic`."""
        process = self.process
        moment = time.monotonic()
        self.send(signal.SIGKILL)
        assert process
        await process.wait()
        return moment

    def pause(self) -> None:
        """SIGSTOP: it hears and says nothing, and its connections stay open."""
        self.send(signal.SIGSTOP)

    def resume(self) -> None:
        """SIGCONT."""
        self.send(signal.SIGCONT)

    async def down(self, number: signal.Signals | None = None) -> None:
        """End it, politely unless told otherwise, and leave it down."""
        self.wanted.clear()
        process = self.process
        if process is None or process.returncode is not None:
            return
        self.send(number or self.program.stop_with)
        try:
            await asyncio.wait_for(process.wait(), STOPPED)
        except TimeoutError:
            process.kill()
            await process.wait()

    async def up(self, **changes: str) -> None:
        """Start it, with these changes to its environment, and wait until it is ready."""
        environment: Mapping[str, str] = self.program.environment or {}
        self.program = replace(self.program, environment={**environment, **changes})
        self.wanted.set()
        await self.ready()

    async def ready(self, within: float = 60.0) -> None:
        """Wait until it says that it is ready."""

        async def asked() -> bool:
            return self.is_up and await self.program.ready() is None

        await until(asked, f"{self.program.name} is ready", within)

    def memory(self) -> int:
        """Resident bytes."""
        return int(psutil.Process(self.pid).memory_info().rss) if self.is_up else 0
