"""Programs that are kept running, tried on small real ones."""

import asyncio
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from local.programs import RESTARTS, Kept, Program, finished, kept
from local.steps import Trouble


def program(tmp_path: Path, code: str) -> Program:
    """A Python program that is ready as soon as it has made the file `ready`."""
    mark = tmp_path / "ready"

    async def ready() -> str | None:
        return None if mark.exists() else "there is no mark"

    command = (sys.executable, "-c", f"mark = {str(mark)!r}; {code}")
    return Program("clock", command, tmp_path / "clock.log", ready, start_patience=20)


WAITS = "import time; open(mark, 'w').close(); time.sleep(600)"


async def test_one_that_ends_before_it_is_ready_is_not_tried_again(tmp_path: Path) -> None:
    said: list[str] = []
    async with kept(program(tmp_path, "raise SystemExit('no clock here')"), said.append) as clock:
        with pytest.raises(Trouble, match=r"clock ended with code 1(.|\n)*no clock here"):
            await clock.until_ready()
    assert not said


async def test_one_that_is_not_ready_in_time_says_why(tmp_path: Path) -> None:
    slow = Program(
        **{**vars(program(tmp_path, "import time; time.sleep(60)")), "start_patience": 0.2}
    )
    async with kept(slow, lambda _: None) as clock:
        with pytest.raises(Trouble, match="there is no mark"):
            await clock.until_ready()
    assert has_ended(clock)


async def test_one_that_is_killed_is_started_again(tmp_path: Path) -> None:
    said: list[str] = []
    async with kept(program(tmp_path, WAITS), said.append) as clock:
        await clock.until_ready()
        assert clock.process
        first = clock.process.pid
        clock.process.kill()
        await eventually(lambda: clock.process is not None and clock.process.pid != first)
    assert said == ["clock was ended by SIGKILL; starting it again in 0.5 s"]
    assert has_ended(clock)


async def test_one_that_dies_again_and_again_is_given_up(tmp_path: Path) -> None:
    said: list[str] = []
    dies = program(
        tmp_path, "import time; open(mark, 'w').close(); time.sleep(0.2); raise SystemExit(3)"
    )
    async with kept(dies, said.append) as clock:
        await clock.until_ready()
        with pytest.raises(
            Trouble, match="clock ended with code 3 4 times in a row; it is given up"
        ):
            await asyncio.wait_for(asyncio.shield(clock.watch), 20)
    assert len(said) == RESTARTS


async def test_one_that_will_not_stop_is_killed(tmp_path: Path) -> None:
    deaf = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); " + WAITS
    said: list[str] = []
    stubborn = Program(**{**vars(program(tmp_path, deaf)), "stop_patience": 0.2})
    async with kept(stubborn, said.append) as clock:
        await clock.until_ready()
    assert said == ["clock does not stop; killing it"]
    assert has_ended(clock)


async def test_a_failure_of_one_that_should_end_shows_the_end_of_its_log(tmp_path: Path) -> None:
    log = tmp_path / "work.log"
    await finished((sys.executable, "-c", "print('done')"), log, "It failed.")
    with pytest.raises(Trouble, match=r"It failed\.(.|\n)*done\n    disk full"):
        await finished((sys.executable, "-c", "raise SystemExit('disk full')"), log, "It failed.")


async def eventually(true: Callable[[], bool]) -> None:
    """Wait until `true()` holds. Raises `TimeoutError` after ten seconds."""
    async with asyncio.timeout(10):
        while not true():  # noqa: ASYNC110 — it is about a program, which sets no event
            await asyncio.sleep(0.02)


def has_ended(clock: Kept) -> bool:
    return clock.process is not None and clock.process.returncode is not None
