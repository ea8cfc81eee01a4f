"""Databases of the bench: the product's own, filled beforehand, and bare copies of its tables."""

from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import asyncpg

from common.codec import encode
from common.ids import new_id
from common.testing import Database, database
from contracts.envelope import ZERO_HASH, Envelope
from tests.bench.events import envelope

COLUMNS = (
    "stream, version, event_id, type, schema_version, household_id, occurred_at, recorded_at, actor, "
    "region, policy_version, correlation_id, causation_id, classification, traceparent, data, "
    "prev_hash, hash"
)
TYPES = [
    "text",
    "bigint",
    "uuid",
    "text",
    "smallint",
    "uuid",
    "timestamptz",
    "timestamptz",
    "text",
    "text",
    "text",
    "uuid",
    "uuid",
    "text",
    "text",
    "bytea",
    "bytea",
    "bytea",
]
# The columns, checks and indexes of the product's own tables; no trigger, no ticket.
LAY = """
create schema if not exists bench;
drop table if exists bench.events;
create table bench.events (like es.events including all);
grant usage on schema bench to public;
grant all on all tables in schema bench to public
"""
ONE = f"insert into bench.events ({COLUMNS}) values ({', '.join(f'${n}' for n in range(1, 19))})"
MANY = (
    f"insert into bench.events ({COLUMNS}) select * from "
    f"unnest({', '.join(f'${n}::{t}[]' for n, t in enumerate(TYPES, 1))})"
)
FILL = """
insert into es.events (stream, version, event_id, type, schema_version, household_id, occurred_at,
    recorded_at, actor, region, policy_version, correlation_id, causation_id, classification,
    traceparent, data, prev_hash, hash)
select 'filler-' || n / 10, n % 10 + 1, gen_random_uuid(), 'DepartmentFactRecorded', 1,
    gen_random_uuid(), now(), now(), $2, '441624108201', null, gen_random_uuid(), null, 'INTERNAL',
    null, $3, sha256(n::text::bytea), sha256(n::text::bytea)
from generate_series(0, $1::int - 1) as n
"""


@asynccontextmanager
async def store(superuser_url: str, there: int) -> AsyncIterator[Database]:
    """A database with the durable tables, `there` events in `es.events`, and as many in `bench.events`."""
    async with database(superuser_url, "identification") as made:
        await fill(made.superuser_url, there)
        yield made


async def fill(superuser_url: str, there: int) -> None:
    """Lay `bench.events`; put the same events into it and into `es.events`."""
    connection = await asyncpg.connect(superuser_url)
    try:
        await connection.execute(LAY)
        one = envelope(0, "filler", new_id(), 1, ZERO_HASH)
        values = there, encode(one.actor).decode(), one.data
        await connection.execute(FILL, *values, timeout=600)
        await connection.execute(
            FILL.replace("into es.events", "into bench.events"), *values, timeout=600
        )
        await connection.execute("vacuum analyze es.events")
        await connection.execute("vacuum analyze bench.events")
    finally:
        await connection.close()
    await checkpoint(superuser_url)


async def checkpoint(superuser_url: str) -> None:
    """Leave the server log files to write over, as one has that has been running: making each new one,
    after so much was put in at once, would hold commits up for some 40 ms."""
    connection = await asyncpg.connect(superuser_url)
    await connection.execute("checkpoint", timeout=600)
    await connection.close()


def row(event: Envelope) -> tuple[Any, ...]:
    """In the order of `COLUMNS`."""
    return (
        event.stream,
        event.version,
        event.event_id,
        event.type,
        event.schema_version,
        event.household_id,
        event.occurred_at,
        event.recorded_at,
        encode(event.actor).decode(),
        event.region,
        event.policy_version,
        event.correlation_id,
        event.causation_id,
        event.classification,
        event.traceparent,
        event.data,
        event.prev_hash,
        event.hash,
    )


def rows(count: int) -> list[tuple[Any, ...]]:
    """The first event of `count` streams, as the product would write them."""
    made = []
    for number in range(count):
        household = new_id()
        made.append(
            row(envelope(number, f"facts-of-household-{household}", household, 1, ZERO_HASH))
        )
    return made


def columns(of: Sequence[Sequence[Any]], size: int = 500) -> Iterator[list[list[Any]]]:
    """Rows as the arguments of `MANY`, `size` a statement."""
    for first in range(0, len(of), size):
        yield [list(column) for column in zip(*of[first : first + size], strict=True)]
