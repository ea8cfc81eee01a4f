"""Somebody with every right changes history: in the store, where the guards can be set aside."""

import asyncpg

from common.codec import encode
from common.testing import OFFICER
from contracts.envelope import Envelope
from tests.chaos.arena import Arena, case
from tests.chaos.foreign import history, spoiled
from tests.chaos.plant import NAMES
from tests.chaos.waiting import until


@case(38, "somebody with every right changes a byte of history, and swaps an event", callers=0)
async def tampered(arena: Arena) -> None:
    one, two = history(2, service="identification", type="PublicityPosted")
    connection = await arena.plant.connect("identification")
    try:
        await _put(connection, one)
        await _put(connection, two)
        await arena.plant.settled()
        changed = spoiled(two, data=b'{"n":9}')
        await _unguarded(
            connection,
            "update es.events set data = $2 where event_id = $1",
            two.event_id,
            changed.data,
        )
        await connection.execute(_TICKET, two.event_id)
        await _found(arena, two.key, "ce_hash does not match")
        await _unguarded(connection, "delete from es.events where event_id = $1", two.event_id)
        await _put(connection, changed)
        await _found(arena, two.key, "fork")
        await _unguarded(connection, "delete from es.events where event_id = $1", two.event_id)
        await _put(connection, two)
    finally:
        await connection.close()
    await arena.plant.settled()


async def _found(arena: Arena, key: str, sign: str) -> None:
    """Every consumer refuses it, and says why; then a person gives the forgery up."""
    for service in NAMES:

        async def refused(service: str = service) -> bool:
            return any(k == key and sign in why for k, _, why in await arena.parked(service))

        await until(refused, f"{service} finds: {sign}")
        await arena.given_up(service)
    arena.note(f"found by every consumer: {sign}")


async def _unguarded(connection: asyncpg.Connection, statement: str, *arguments: object) -> None:
    """Only a superuser or the owner can set the guard aside."""
    async with connection.transaction():
        await connection.execute("alter table es.events disable trigger events_append_only")
        await connection.execute(statement, *arguments)
        await connection.execute("alter table es.events enable always trigger events_append_only")


async def _put(connection: asyncpg.Connection, event: Envelope) -> None:
    await connection.execute(
        _PUT,
        event.stream,
        event.version,
        event.event_id,
        event.type,
        event.household_id,
        event.occurred_at,
        event.recorded_at,
        _ACTOR,
        event.region,
        event.correlation_id,
        event.classification,
        event.data,
        event.prev_hash,
        event.hash,
    )
    await connection.execute(_TICKET, event.event_id)


_ACTOR = encode(OFFICER).decode()
_PUT = """
insert into es.events (stream, version, event_id, type, schema_version, household_id, occurred_at,
    recorded_at, actor, region, correlation_id, classification, data, prev_hash, hash)
values ($1, $2, $3, $4, 1, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
"""
_TICKET = "insert into es.outbox select position from es.events where event_id = $1"
