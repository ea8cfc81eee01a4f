"""Who asks for a household with a long history keeps nobody else waiting."""

import asyncio
import threading
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from common.testing import household
from contracts.envelope import Envelope

PAGE = f"/households/{household(1)}"
FILE = f"/v1{PAGE}/dossier"
PATIENCE = 5.0  # seconds


class Held:
    """Work that waits, in whatever thread it is done, until somebody else has been answered."""

    def __init__(self, work: Callable[..., Any]) -> None:
        self.work, self.loop = work, asyncio.get_running_loop()
        self.begun, self.answered, self.kept_waiting = asyncio.Event(), threading.Event(), False

    def __call__(self, *args: Any, **named: Any) -> Any:
        self.loop.call_soon_threadsafe(self.begun.set)
        self.kept_waiting |= not self.answered.wait(PATIENCE)
        return self.work(*args, **named)


@pytest.mark.parametrize(
    ("path", "work"),
    [
        (FILE, "audit.log.dossier.envelope"),
        (FILE, "audit.log.dossier.inclusion"),
        (FILE, "audit.log.dossier.state"),
        (FILE, "audit.log.dossier.canonical_header"),
        (FILE, "audit.api.evidence.written"),
        (f"{PAGE}/raw", "audit.pages.household.page"),
        (PAGE, "audit.read_model.happened.happened"),
        (PAGE, "audit.pages.household.stands"),
        (PAGE, "audit.pages.related._named"),
        (PAGE, "audit.pages.household.page"),
        (f"/v1{PAGE}/state", "audit.api.history.state"),
        (f"/v1{PAGE}/diff?from=2024-06-03", "audit.api.history.state"),
    ],
)
async def test_others_are_answered_while_it_is_made(
    client: httpx.AsyncClient,
    story: list[Envelope],
    monkeypatch: pytest.MonkeyPatch,
    path: str,
    work: str,
) -> None:
    module, _, name = work.rpartition(".")
    held = Held(getattr(__import__(module, fromlist=[name]), name))
    monkeypatch.setattr(work, held)
    asking = asyncio.create_task(client.get(path))
    await asyncio.wait_for(held.begun.wait(), 2 * PATIENCE)
    assert (await client.get("/v1/log/key")).status_code == 200
    held.answered.set()
    assert (await asking).status_code == 200
    assert not held.kept_waiting
