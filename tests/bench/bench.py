"""One run: how large, how often, on which servers, and what it has found so far."""

import gc
import shutil
import statistics
from collections.abc import AsyncIterator, Awaitable, Callable, Collection
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from local.ports import free_ports
from local.servers import Servers, servers
from local.setup import forget_state
from tests.bench.figures import Figure

Side = Callable[[], Awaitable[float]]


@dataclass(frozen=True)
class Sizes:
    """How much of everything, each round. `there` events are in every store before anything starts."""

    there: int = 100_000
    commands: int = 4_000
    facts: int = 30_000
    append: int = 20_000
    peers: int = 5_000
    relay: int = 30_000
    seconds: int = 10  # of load at RATE, for latencies
    consumer: int = 50_000
    rebuild: int = 1_000_000
    long_streams: int = 20  # households with 500 events
    register: int = 110_000  # households that a what-if looks at

    @property
    def households(self) -> int:
        """Registered over HTTP: a fresh one for each command of all rounds."""
        return self.commands * ROUNDS


ROUNDS = 3
FULL = Sizes()
QUICK = Sizes(
    there=5_000,
    commands=500,
    facts=4_000,
    append=3_000,
    peers=1_000,
    relay=4_000,
    seconds=3,
    consumer=6_000,
    rebuild=30_000,
    long_streams=5,
    register=10_000,
)


@dataclass
class Bench:
    """What every section gets. `home` holds the servers' files while they run."""

    home: Path
    sizes: Sizes
    only: Collection[str]
    figures: list[Figure] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def wants(self, *names: str) -> bool:
        """Whether any of these figures was asked for."""
        return not self.only or any(name in self.only for name in names)

    def found(self, figure: Figure) -> None:
        """A figure is known."""
        self.figures.append(figure)
        beside = f" (limit {figure.limit:,.2f}, ratio {figure.ratio:.2f})" if figure.limit else ""
        print(f"  → {figure.name}: {figure.value:,.2f} {figure.unit}{beside}", flush=True)

    async def compare(self, what: str, **sides: Side) -> dict[str, float]:
        """The median of each side. A round runs every side once, so that a machine that slows down
        slows all of them."""
        found: dict[str, list[float]] = {name: [] for name in sides}
        print(f"  {what}:", flush=True)
        for number in range(1, ROUNDS + 1):
            print(f"    round {number} of {ROUNDS}", end="", flush=True)
            for name, side in sides.items():
                gc.collect()  # what one side leaves behind, no other side pays for
                found[name].append(await side())
                print(f" · {name} {found[name][-1]:,.1f}", end="", flush=True)
            print(flush=True)
        return {name: statistics.median(values) for name, values in found.items()}

    @asynccontextmanager
    async def servers(self, section: str) -> AsyncIterator[tuple[Servers, Path, dict[str, int]]]:
        """Fresh servers that keep what they acknowledge (`fsync` on), their home, and free ports."""
        home, ports = self.home / section, free_ports()
        _forget(home)
        try:
            async with servers(home, ports, durable=True) as started:
                yield started, home, ports
        finally:
            _forget(home)


def _forget(home: Path) -> None:
    if home.exists():
        forget_state(home)
        shutil.rmtree(home)
