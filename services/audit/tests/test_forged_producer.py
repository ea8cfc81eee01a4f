"""T9 on the real path: a record that another has produced to a service's topic, in its name."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import asyncpg
import pytest

from audit.api.reconciliation import DIFFERING, Difference
from audit.log.dossier import dossier
from audit.verify import INVALID, VERIFIED
from common import statements
from common.codec import Codec
from common.eventstore import record
from common.ids import new_id
from common.intents import Store
from common.note import signer_of
from common.outbox import publish_all
from common.rows import from_row
from common.statements import state
from common.testing import (
    STATEMENT_KEY,
    Added,
    Database,
    Issuer,
    adding,
    database,
    envelope,
    eventually,
)
from common.testing.tally import forget
from contracts.envelope import Envelope
from services.audit.tests.at_work import SIGNER, System, at_work
from services.audit.tests.test_producers import row

SERVICE = "governance"  # some others that speak for it on the same broker say that it is 2024
STORE = Store(SERVICE, Codec.of(Added), forget)
HOUSEHOLD = new_id()


@dataclass
class Producer:
    """A service with its event store, and audit that hears it."""

    pool: asyncpg.Pool
    system: System

    async def records(self, *amounts: int) -> Envelope:
        """It records, and publishes; its last event, as soon as audit has heard of it."""
        async with self.pool.acquire() as connection:
            intent = replace(adding("tally-1", *amounts), household_id=HOUSEHOLD)
            await record(connection, STORE, [intent])
            epoch = await connection.fetchval("select epoch from es.relay")
            await publish_all(connection, SERVICE, epoch, self.system.log.publish)
        await self.system.settled()
        rows = await self.pool.fetch("select * from es.events order by position desc limit 1")
        return from_row(SERVICE, rows[0])

    async def states(self, since: datetime | None = None) -> datetime:
        """It states its store; until when, as soon as audit has kept that."""
        servers, signer = self.system.servers.kafka, signer_of(SERVICE, STATEMENT_KEY)
        until = await state(self.pool, SERVICE, servers, self.system.log, signer, since)
        assert until
        await self.system.signed()

        async def kept() -> bool:
            query = "select until from log.statements where service = $1"
            return bool(await self.system.runtime.pool.fetchval(query, SERVICE) == until)

        await eventually(kept, within=30)
        return until

    async def judged(self) -> tuple[int, str, str]:
        await self.system.signed()
        raw: Any = await dossier(self.system.keeper, "audit", str(HOUSEHOLD), None)
        return row(raw, signer=SIGNER)


@pytest.fixture
async def producer(
    servers: Any,
    db: Database,
    kafka: str,
    tokens: Issuer,
    monkeypatch: pytest.MonkeyPatch,
) -> AsyncIterator[Producer]:
    monkeypatch.setattr(statements, "EVERY", 0.0)
    async with database(servers.postgres, SERVICE) as own, at_work(db, kafka, tokens) as system:
        pool = await asyncpg.create_pool(own.url, min_size=1, max_size=3)
        yield Producer(pool, system)
        await pool.close()


def differing(producer: Producer, month: str) -> list[Difference]:
    """Of what differs, that of a month."""
    return [
        d for d in producer.system.app.state.reconciled[SERVICE].differences if d.month == month
    ]


async def test_T9_the_next_statement_contradicts_a_record_that_another_produced(
    producer: Producer,
) -> None:
    """Heard and applied, since it fits the chain; then alarmed, and named in the file."""
    true = await producer.records(1, 2)
    until = await producer.states()
    assert await producer.judged() == (VERIFIED, "和平县医疗保障局 2, signatures valid", "OK")

    now = await producer.pool.fetchval("select clock_timestamp()")
    forged = envelope(b'{"amount":900}', prev=true, type="Added", recorded_at=now)
    await producer.system.publish([forged])
    await producer.system.heard([forged])
    told = "和平县医疗保障局 3, signatures valid, not yet stated: 1"
    assert await producer.judged() == (VERIFIED, told, "NOTE")
    month = f"{now:%Y-%m}"
    assert differing(producer, month) == []
    figure = DIFFERING.labels(SERVICE)._value.get()

    until = await producer.states(until)
    code, found, _ = await producer.judged()
    assert code == INVALID
    assert "Added governance/tally-1 v3): governance says that it did not record this" in found
    assert DIFFERING.labels(SERVICE)._value.get() == figure + 1
    assert differing(producer, month) == [Difference(month, 2, 3)]
    named = producer.system.app.state.reconciled[SERVICE].contradicted
    assert [c.event_id for c in named if c.key == str(HOUSEHOLD)] == [str(forged.event_id)]

    parked = await producer.records(3)
    assert parked.version == forged.version
    await producer.states(until)
    code, found, _ = await producer.judged()
    assert code == INVALID
    assert "did not record this" in found
    place = await producer.system.runtime.pool.fetchval(
        "select index from log.leaves where hash = $1", forged.hash
    )
    assert f"#{place} Added" in found
