"""Audit at work on a real Kafka and a real Postgres, for what cannot be shown without both."""

import base64
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import asyncpg
from fastapi import FastAPI

from audit.log import store
from audit.log.keeper import Keeper
from audit.log.store import Checkpoint
from audit.main import build
from audit.read_model.queries import Proof, whole_log
from audit.rebuild import Rebuilt, rebuild
from audit.rebuilding.refill import Servers
from audit.settings import AuditSettings
from audit.verify import key_of
from common.kafka import Log, LogScan, Place
from common.note import Signer, signer_of
from common.service import Runtime
from common.testing import NOON, STATEMENT_KEY, Database, Issuer, eventually, history, message_of
from common.topics import PARTITIONS, SERVICES, events_topic
from contracts.envelope import Envelope

SEED = bytes(32)
SIGNER = Signer("shouwang.cn/audit", SEED)
KEYS = [key_of(SIGNER.vkey)]
PRODUCERS = " ".join(signer_of(service, STATEMENT_KEY).vkey for service in SERVICES)


def told(length: int, **changes: Any) -> list[Envelope]:
    """A stream of a service that only audit hears: the other suites' services share the broker."""
    return history(length, **{"service": "assets", **changes})


@dataclass
class System:
    """Audit at work on a real Kafka and a real Postgres."""

    runtime: Runtime
    servers: Servers
    log: Log
    keeper: Keeper
    said: list[str]
    app: FastAPI

    async def publish(self, events: Sequence[Envelope]) -> None:
        await self.log.publish([message_of(e, events_topic(e.service)) for e in events])

    async def heard(self, events: Sequence[Envelope]) -> None:
        """Wait until all of these are in the timeline."""
        ids = [event.event_id for event in events]

        async def all_there() -> bool:
            query = "select count(*) from read.timeline where event_id = any($1)"
            try:
                found: int = await self.runtime.pool.fetchval(query, ids)
            except asyncpg.UndefinedTableError:
                return False
            return found == len(ids)

        await eventually(all_there, within=30)

    async def settled(self) -> None:
        """Wait until all has been read that is on the log now, whoever wrote it."""
        places = [
            Place(topic, n) for topic in map(events_topic, SERVICES) for n in range(PARTITIONS)
        ]
        scan = LogScan(self.servers.kafka)
        try:
            ends = {place: end for place, (_, end) in (await scan.start(places)).items() if end}
        finally:
            await scan.close()

        async def all_read() -> bool:
            query = "select topic, partition, next from es.offsets where consumer = 'audit'"
            rows = await self.runtime.pool.fetch(query)
            read = {Place(row["topic"], row["partition"]): row["next"] for row in rows}
            return all(read.get(place, 0) >= end for place, end in ends.items())

        await eventually(all_read, within=30)

    async def proof(self) -> Proof:
        async with self.runtime.pool.acquire() as connection:
            return await whole_log(connection)

    async def rebuild(self, **options: Any) -> Rebuilt:
        return await rebuild(self.servers, self.said.append, **options)

    async def signed(self) -> Checkpoint:
        """Wait until all that was heard is signed, and published: that checkpoint."""
        while await self.keeper.keep(NOON):
            pass

        async def published() -> bool:
            query = "select bool_and(published) from log.checkpoints"
            return bool(await self.runtime.pool.fetchval(query))

        await eventually(published)
        async with self.runtime.pool.acquire() as connection:
            last = await store.latest(connection)
        assert last
        return last


@asynccontextmanager
async def at_work(db: Database, kafka: str, tokens: Issuer) -> AsyncIterator[System]:
    """Audit as it runs, having read whatever was on the log."""
    app = build(
        AuditSettings(
            port=0,
            database_url=db.url,
            kafka_bootstrap_servers=kafka,
            issuer=tokens.url,
            jwks_url=tokens.jwks_url,
            statement_key=STATEMENT_KEY,
            statement_keys=PRODUCERS,
            log_key=base64.b64encode(SEED).decode(),
            topic_ahead="accept",  # the tests share a broker
        )
    )
    log = Log(kafka)
    try:
        async with app.router.lifespan_context(app):
            made = System(app.state.runtime, Servers(db.url, kafka), log, app.state.keeper, [], app)
            await made.settled()
            yield made
    finally:
        await log.close()
