"""A consumer that stopped because our own code fails: what readiness says to do makes it go on."""

import asyncio
import re
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import asyncpg
import httpx
import pytest

from common import consumer
from common.consumer import Consumer
from common.inbox import PARK_LIMIT, Inbox
from common.kafka import Log, LogReader, LogScan, Place
from common.settings import Settings
from common.testing import (
    TALLIES,
    Heard,
    Issuer,
    at_work,
    eventually,
    history,
    message_of,
)
from contracts.envelope import Envelope
from libs.common.tests.bare import client_of, operated
from local.servers import Servers


@pytest.fixture(autouse=True)
def hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(consumer, "HOUSEKEEPING", 0.1)
    monkeypatch.setattr(consumer, "RETRY", (0.1, 0.5))


class Versions:
    """One after the other, versions of a service that hears a topic."""

    def __init__(self, servers: Servers, settings: Settings, topic: str, tokens: Issuer) -> None:
        self.servers, self.settings, self.topic, self.tokens = servers, settings, topic, tokens

    @asynccontextmanager
    async def running(
        self, pool: asyncpg.Pool, heard: Heard, name: str = "one"
    ) -> AsyncIterator[tuple[Consumer, httpx.AsyncClient]]:
        """Its consumer, and who manages it."""
        made = Consumer(
            Inbox(TALLIES.service, heard.handle),
            name,
            pool,
            lambda: LogReader(self.servers.kafka, self.topic, [self.topic]),
        )
        app = operated(self.settings, pool, made)
        async with at_work(made.run()), client_of(app) as client:
            client.headers.update(self.tokens.bearer("county-office", "parked:manage"))
            yield made, client

    async def all_read(self, pool: asyncpg.Pool) -> bool:
        """Whether somebody has taken, or parked, all that is there."""
        scan = LogScan(self.servers.kafka)
        try:
            bounds = await scan.start([Place(self.topic, 0), Place(self.topic, 1)])
        finally:
            await scan.close()
        read: int = await pool.fetchval("select coalesce(sum(next), 0) from es.offsets")
        return read == sum(end for _, end in bounds.values())


@pytest.fixture
def versions(servers: Servers, settings: Settings, topic: str, tokens: Issuer) -> Versions:
    return Versions(servers, settings, topic, tokens)


@pytest.fixture
def buggy() -> Heard:
    return Heard()


@pytest.fixture
async def households(topic: str, log: Log, buggy: Heard) -> Sequence[Sequence[Envelope]]:
    """More of them than may fail, with two events each on the topic; the first fails by a bug."""
    made = [history(2) for _ in range((PARK_LIMIT + 1) * 2)]
    buggy.failing = {(events[0].stream, 1) for events in made}
    await log.publish([message_of(events[n], topic) for n in range(2) for events in made])
    return made


async def test_after_what_readiness_says_and_a_restart_it_goes_on(
    versions: Versions,
    pool: asyncpg.Pool,
    buggy: Heard,
    households: Sequence[Sequence[Envelope]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(consumer, "BATCH", 8)  # so that some were parked before it was too much
    async with versions.running(pool, buggy) as (one, client):
        await eventually(lambda: one.halted)
        answer = await client.get("/health/ready")
        assert answer.status_code == 503
        said = answer.json()["why"]["consumer"]
        assert "run the one before, or a mended one" in said
        listing, retrying = re.findall("(?:GET|POST) (/[^ ,]+)", said)

    mended = Heard()
    async with versions.running(pool, mended) as (two, client):
        await eventually(lambda: versions.all_read(pool))
        await eventually(lambda: two.unready() is None)
        parked = {row["key"] for row in (await client.get(listing)).json()}
        assert 0 < len(parked) <= PARK_LIMIT
        for key in parked:
            answer = await client.post(retrying.format(key=key))
            assert answer.json() == {"still_parked": 0}
        assert (await client.get(listing)).json() == []
        assert (await client.get("/health/ready")).status_code == 200
    assert all(mended.versions(events[0]) == [1, 2] for events in households)


async def test_it_is_ready_again_when_another_has_taken_what_it_could_not(
    versions: Versions,
    pool: asyncpg.Pool,
    buggy: Heard,
    households: Sequence[Sequence[Envelope]],
) -> None:
    """Else it would stand among those that are not until something new comes, and cry alarm."""
    async with versions.running(pool, buggy) as (one, _):
        await eventually(lambda: one.halted)
        async with versions.running(pool, Heard(), "two"):
            await eventually(lambda: versions.all_read(pool), within=30)
        await eventually(lambda: one.unready() is None)


async def test_a_new_claim_alone_makes_it_no_readier(
    versions: Versions,
    pool: asyncpg.Pool,
    buggy: Heard,
    households: Sequence[Sequence[Envelope]],
) -> None:
    """It claims each time that it tries again, and would be ready for as long as that takes."""
    async with versions.running(pool, buggy) as (one, _):
        await eventually(lambda: one.halted)
        epochs = "select max(owner_epoch) from es.offsets"
        claimed = await pool.fetchval(epochs)
        while await pool.fetchval(epochs) < claimed + 3:
            assert one.halted
            await asyncio.sleep(0.01)
