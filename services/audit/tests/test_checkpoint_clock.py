"""When a checkpoint is made: at once after a pause, and then not before a minute is over."""

import asyncio
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, cast

import pytest

from audit.log import publishing
from common.clock import Clock


def test_a_checkpoint_is_due_after_a_minute() -> None:
    assert publishing.DUE == 60.0
    assert publishing.LOOK == 1.0


@dataclass
class Made:
    """A checkpoint, as far as its publisher looks."""

    size: int


@dataclass
class Busy:
    """A keeper to whom something comes all the time, and who signs it when it is due."""

    pool: None = None
    signed: list[float] = field(default_factory=list)
    enough: asyncio.Event = field(default_factory=asyncio.Event)
    looks: int = 0

    async def keep(self, now: datetime, *, due: bool) -> Made | None:
        self.looks += 1
        if not due:
            return None
        self.signed.append(asyncio.get_running_loop().time())
        if len(self.signed) == 3:
            self.enough.set()
        return Made(len(self.signed))


async def test_what_comes_meanwhile_waits_for_the_next_checkpoint(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def nothing(*_: Any) -> None:
        return None

    monkeypatch.setattr(publishing, "DUE", 0.4)
    monkeypatch.setattr(publishing, "LOOK", 0.02)
    monkeypatch.setattr(publishing, "recover", nothing)
    monkeypatch.setattr(publishing, "publish", nothing)
    keeper = Busy()
    running = asyncio.create_task(publishing.run(cast("Any", keeper), Clock(), "127.0.0.1:1"))
    try:
        await asyncio.wait_for(keeper.enough.wait(), 20)
    finally:
        running.cancel()
        await asyncio.wait({running})
    spans = [
        later - earlier for earlier, later in zip(keeper.signed, keeper.signed[1:], strict=False)
    ]
    assert all(span >= 0.39 for span in spans), spans
    assert keeper.looks > len(keeper.signed)
