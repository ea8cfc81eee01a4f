"""A `make run` of its own for tests: free ports, and its state in a folder of the test."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil

from local.places import ROOT
from local.ports import free_ports, variable

PATIENCE = 120.0  # seconds: the machine may be busy with other tests


class Run:
    """`python -m local.run`, to be started and stopped more than once on the same state."""

    def __init__(self, state: Path) -> None:
        self.state = state
        ports = {variable(name): str(port) for name, port in free_ports().items()}
        given = {"KAFKA_BOOTSTRAP_SERVERS", "DATABASE_URL"}  # here it is about servers of our own
        ours = {name: value for name, value in os.environ.items() if name not in given}
        self.environment = {**ours, **ports, "SHOUWANG_STATE": str(state)}
        self.output = state / "output.txt"
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def endpoints(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads((self.state / "endpoints.json").read_text("utf-8"))
        return found

    def start(self) -> float:
        """Start, wait until ready; how many seconds that took."""
        started = time.monotonic()
        (self.state / "endpoints.json").unlink(missing_ok=True)
        with open(self.output, "wb") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "local.run"],
                cwd=ROOT,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
            )
        until(lambda: (self.state / "endpoints.json").exists() or self.ended() is not None)
        assert self.ended() is None, self.said()
        return time.monotonic() - started

    def ended(self) -> int | None:
        assert self.process is not None
        return self.process.poll()

    def said(self) -> str:
        return self.output.read_text("utf-8")

    def children(self) -> dict[str, psutil.Process]:
        """The programs that it started, by the word that tells them apart."""
        assert self.process is not None
        found = {}
        for child in psutil.Process(self.process.pid).children():
            with suppress(psutil.Error):  # it has just ended
                words = child.cmdline()
                module = words[-1] if "-m" in words else "postgres"
                found["kafka" if "kafka.Kafka" in words else module] = child
        return found

    def stop(self, with_signal: signal.Signals = signal.SIGINT) -> int:
        """Stop as Ctrl-C does; the exit code."""
        assert self.process is not None
        self.process.send_signal(with_signal)
        return self.process.wait(PATIENCE)

    def make(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run a program of the package or a shell in the same environment."""
        return subprocess.run(
            words, cwd=ROOT, env=self.environment, capture_output=True, text=True, check=False
        )


def until(true: Callable[[], object]) -> None:
    """Poll until `true()` holds. Raises `AssertionError` after `PATIENCE` seconds."""
    deadline = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < deadline, "it did not come true in time"
        time.sleep(0.05)
