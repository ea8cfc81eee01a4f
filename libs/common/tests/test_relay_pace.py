"""How often the relay tries, and how often it looks: neither in a loop that only burns the processor."""

import asyncio
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from types import ModuleType, SimpleNamespace
from typing import Any

import asyncpg
import pytest

from common import outbox
from common.kafka import Message
from common.outbox import POLL, RETRY, STANDBY, WELL, Relay
from common.testing import Database, at_work, eventually


async def nothing(messages: Sequence[Message]) -> None:
    """There is nothing to publish."""


def here(module: ModuleType, **instead: Callable[..., Any]) -> SimpleNamespace:
    """The module with these functions instead of its own, for the task of the test: relays of services that
    are at work meanwhile have it as it is."""
    mine = asyncio.current_task()

    def choose(name: str, other: Callable[..., Any]) -> Callable[..., Any]:
        own = getattr(module, name)
        return lambda *given: (other if asyncio.current_task() is mine else own)(*given)

    chosen = {name: choose(name, other) for name, other in instead.items()}
    return SimpleNamespace(**vars(module) | chosen)


async def test_attempts_grow_apart_and_begin_anew_once_it_was_well(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now, waited, well = 0.0, list[float](), 5

    async def refused() -> asyncpg.Connection:
        nonlocal now
        now += WELL + 1 if len(waited) == well else 0
        raise OSError

    async def sleep(seconds: float) -> None:
        waited.append(seconds)
        if len(waited) == well + 3:
            raise asyncio.CancelledError

    monkeypatch.setattr(outbox, "time", here(time, monotonic=lambda: now))
    monkeypatch.setattr(outbox, "asyncio", here(asyncio, sleep=sleep))
    with suppress(asyncio.CancelledError):
        await Relay("identification", "one", refused, nothing, asyncio.Event()).run()
    assert waited == [*RETRY, RETRY[-1], RETRY[-1], *RETRY]


async def test_a_replica_that_does_not_lead_tries_again_in_its_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    waited = list[float]()

    class Standby(Relay):
        async def _lead(self) -> None:
            """Another leads."""

    async def sleep(seconds: float) -> None:
        waited.append(seconds)
        if len(waited) == 3:
            raise asyncio.CancelledError

    monkeypatch.setattr(outbox, "asyncio", here(asyncio, sleep=sleep))
    with suppress(asyncio.CancelledError):
        await Standby("identification", "two", asyncpg.connect, nothing, asyncio.Event()).run()
    assert waited == [STANDBY] * 3


async def test_a_leader_that_was_woken_once_looks_again_in_its_time(db: Database) -> None:
    asked = list[object]()

    async def connect() -> asyncpg.Connection:
        made = await asyncpg.connect(db.url)
        made.add_query_logger(asked.append)
        return made

    woken = asyncio.Event()
    async with at_work(Relay("identification", "one", connect, nothing, woken).run()):
        await eventually(lambda: asked)
        woken.set()
        before = len(asked)
        await asyncio.sleep(10 * POLL)
        assert 0 < len(asked) - before < 60  # a look asks twice, and now and then for more
