"""Waiting until a service has nothing left to do."""

from functools import partial

import asyncpg

from common.kafka import LogScan, Place
from common.testing import eventually
from common.topics import PARTITIONS, events_topic
from tests.integration.county import County

PATIENCE = 600.0  # seconds
IDENTIFICATION = [Place(events_topic("identification"), p) for p in range(PARTITIONS)]


async def drained(county: County, *readers: str) -> None:
    """Until every event of identification is on the topic, and `readers` have taken it from there."""
    databases = county.system.endpoints.databases
    connection = await asyncpg.connect(databases["identification"])
    empty = "select not exists (select from es.outbox)"
    await eventually(lambda: connection.fetchval(empty), within=PATIENCE)
    await connection.close()
    ends = await _ends(county.system.endpoints.kafka)
    for reader in readers:
        connection = await asyncpg.connect(databases[reader])
        await eventually(partial(_caught_up, connection, reader, ends), within=PATIENCE)
        await connection.close()


async def counted(county: County) -> None:
    """Until audit has counted, for its county page, all that it took: after very much it goes on for a while."""
    connection = await asyncpg.connect(county.system.endpoints.databases["audit"])
    await eventually(lambda: connection.fetchval(_COUNTED), within=PATIENCE)
    await connection.close()


_COUNTED = """
select not exists (
    select from read.households h left join read.counted c using (household_id)
    where c.events is distinct from h.events
)
"""


async def _caught_up(connection: asyncpg.Connection, reader: str, ends: dict[int, int]) -> bool:
    taken = await offsets(connection, reader)
    return all(taken.get(partition, 0) >= end for partition, end in ends.items())


async def offsets(connection: asyncpg.Connection, reader: str) -> dict[int, int]:
    """How far `reader` has taken the partitions of identification's topic."""
    rows = await connection.fetch(
        "select partition, next from es.offsets where consumer = $1 and topic = $2",
        reader,
        events_topic("identification"),
    )
    return {row["partition"]: row["next"] for row in rows}


async def _ends(kafka: str) -> dict[int, int]:
    scan = LogScan(kafka)
    bounds = await scan.start(IDENTIFICATION)
    await scan.close()
    return {place.partition: end for place, (_, end) in bounds.items()}
