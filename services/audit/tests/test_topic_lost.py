"""A topic that is lost and filled again from its service's store changes nothing of what audit signed."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
import pytest
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from audit.fsck import from_kafka, fsck
from audit.log.dossier import dossier
from audit.log.store import Checkpoint
from audit.verify import VERIFIED, Dossier, key_of, verify
from common import completeness, consumer, statements
from common.codec import Codec
from common.eventstore import record
from common.ids import new_id
from common.intents import Store
from common.kafka import Place
from common.note import signer_of
from common.outbox import publish_all
from common.rewind import rewind
from common.statements import state
from common.testing import (
    STATEMENT_KEY,
    Added,
    Database,
    Issuer,
    adding,
    database,
    eventually,
)
from common.testing.tally import forget
from common.topics import PARTITIONS, create_topics, events_topic
from local import kafka as broker
from local.ports import free_ports
from local.programs import kept
from services.audit.tests.at_work import KEYS, PRODUCERS, System, at_work

SERVICE = "employment"
TOPIC = events_topic(SERVICE)
STORE = Store(SERVICE, Codec.of(Added), forget)
HOUSEHOLDS = [new_id() for _ in range(8)]


@pytest.fixture
async def kafka(tmp_path: Path) -> AsyncIterator[str]:
    """A broker of the test's own: of the one that all share, no topic may be lost."""
    ports = free_ports()
    program, address = broker.program(
        tmp_path, tmp_path / "logs", ports["kafka"], ports["kafka_controller"]
    )
    async with kept(program, print) as started:
        await started.until_ready()
        await create_topics(address, 1)
        yield address


async def tell(pool: asyncpg.Pool, system: System) -> None:
    """Record an event of each household, and publish what has a ticket."""
    async with pool.acquire() as connection:
        for n, household in enumerate(HOUSEHOLDS):
            intent = replace(adding(f"tally-{n}", 1), household_id=household)
            await record(connection, STORE, [intent])
        epoch = await connection.fetchval("select epoch from es.relay")
        await publish_all(connection, SERVICE, epoch, system.log.publish)


async def made_anew(admin: AIOKafkaAdminClient) -> None:
    await admin.delete_topics([TOPIC])

    async def created() -> bool:
        answer = await admin.create_topics([NewTopic(TOPIC, PARTITIONS, 1)])
        return not any(code for _, code, *_ in answer.topic_errors)

    await eventually(created)


async def judged(system: System, household: UUID, since: Checkpoint) -> tuple[int, int, Any]:
    """The verdict on the household's file, and what it says of the service."""
    raw = await dossier(system.keeper, "audit", str(household), since.size)
    producers = [key_of(key) for key in PRODUCERS.split()]
    code, _, rows = verify(Dossier(raw, KEYS, [], since.note, producers))
    return code, len(raw["events"]), next(r[3:] for r in rows if r[1] == "producers")


async def complete(pool: asyncpg.Pool, system: System) -> bool:
    """What audit says once the service has stated its store anew."""
    servers, signer = system.servers.kafka, signer_of(SERVICE, STATEMENT_KEY)
    until = await state(pool, SERVICE, servers, system.log, signer)
    found = system.app.state.reconciled

    async def compared() -> bool:
        return SERVICE in found and found[SERVICE].until == until

    await eventually(compared, within=30)
    await system.signed()

    async def kept() -> bool:
        query = "select until from log.statements where service = $1"
        return bool(await system.runtime.pool.fetchval(query, SERVICE) == until)

    await eventually(kept, within=30)
    return bool(found[SERVICE].complete)


async def test_what_was_signed_before_a_topic_was_lost_is_so_after_it_is_filled_again(
    servers: Any,
    db: Database,
    kafka: str,
    tokens: Issuer,
    admin: AIOKafkaAdminClient,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(statements, "EVERY", 0.0)
    monkeypatch.setattr(consumer, "HOUSEKEEPING", 0.2)
    async with database(servers.postgres, SERVICE) as own, at_work(db, kafka, tokens) as system:
        pool = await asyncpg.create_pool(own.url, min_size=1, max_size=3)
        for _ in range(3):
            await tell(pool, system)
        await system.settled()
        assert await complete(pool, system)
        before = await system.signed()

        await made_anew(admin)
        await tell(pool, system)  # the service is at work: its newest is first on the new topic
        reader = system.runtime.consumer
        assert reader
        await eventually(lambda: reader.unready() is not None, within=30)
        await completeness._main(SERVICE, own.url, kafka, True)
        await tell(pool, system)
        async with system.runtime.pool.acquire() as connection:
            places = [Place(TOPIC, n) for n in range(PARTITIONS)]
            await rewind(connection, kafka, "audit", places)
        await eventually(lambda: reader.unready() is None, within=30)
        await system.settled()

        assert await complete(pool, system)
        after = await system.signed()
        assert await system.runtime.pool.fetchval("select count(*) from es.parked") == 0
        said = ("和平县医疗保障局 5, signatures valid", "OK")
        for household in HOUSEHOLDS:
            found = await judged(system, household, before)
            assert found == (VERIFIED, 5, said)
        async with system.runtime.pool.acquire() as connection:
            assert await fsck(connection, "audit", None) == []
        trees = {n: t for n, t in after.trees.items() if n.startswith(SERVICE)}
        assert sum(size for size, _ in trees.values()) == 5 * len(HOUSEHOLDS)
        assert len(await from_kafka(kafka, trees)) == len(trees)  # the order is another
        whole = await system.proof()
        rebuilt = await system.rebuild()
        assert (rebuilt.proof, await system.proof()) == (whole, whole)
        await pool.close()
