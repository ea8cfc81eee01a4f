"""What visits keeps of what it heard, folded anew from Kafka: `python -m visits.relearn [--check]`.

For tables that somebody has damaged, or that a version before did not keep, or kept in another shape. All that
visits has heard of identification goes once more through `reactions.learn`, in the order of recording, into
emptied tables: readers see the old rows until that is committed, and hearing waits. A table of another shape is
made anew; nobody is at work on it, since no version starts on it. Nothing else happens: no duty opens, and nothing
is published. What is parked comes when it is retried. What was given up because nobody could read it stays out.
How far the months and quarters of a household were asked for is not heard, and stays; of one that was not
asked for a quarter yet, the service asks for the current one.

Needs DATABASE_URL and KAFKA_BOOTSTRAP_SERVERS. `--check` changes nothing, and exits with 1 if a table
comes out otherwise.
"""

import argparse
import sys
from collections.abc import Collection, Iterable
from typing import Any

import asyncpg
import msgspec
import uvloop
from sqlalchemy import Table

from common.codec import UnknownType
from common.engine import engine_of
from common.incoming import Incoming, incoming
from common.intents import Connection
from common.kafka import KafkaError, LogScan, Place, Record
from common.outage import AWAY
from common.refold import ONE_AT_A_TIME, differences, say_compared, say_reshaped
from common.settings import given
from common.shape import make, make_missing, other_shapes
from common.swapping import PREVIOUS, say
from common.topics import PARTITIONS, events_topic
from contracts.envelope import Envelope
from visits import read_model
from visits.reactions import HEARD, learn

CONSUMER = "visits"
PLACES = [Place(events_topic("identification"), n) for n in range(PARTITIONS)]
TABLES = [table for table in read_model.TABLES.sorted_tables if table.name in read_model.HEARD]
FETCH, BATCH = 5_000, 1_000  # records, events


class Gone(Exception):
    """The topic has not all that was heard."""


async def relearn(
    connection: Connection, servers: str, reshaped: Collection[str]
) -> dict[str, tuple[int, int]]:
    """Fold, in the caller's transaction; the tables that come out otherwise: how many rows only the old
    one had, and how many only the new one has. Those of another shape are `reshaped`. Raises `Gone`,
    `KafkaError`."""
    scan = LogScan(servers)
    try:
        found = [item async for _, some in scan.to_end(PLACES, FETCH) for item in _wanted(some)]
        await connection.execute("select pg_advisory_xact_lock($1)", ONE_AT_A_TIME)
        await connection.execute("select pg_advisory_xact_lock(hashtext($1))", CONSUMER)
        rows = await connection.fetch(_OFFSETS, CONSUMER, PLACES[0].topic)
        heard = {Place(row["topic"], row["partition"]): row["next"] for row in rows}
        ends = await scan.bounds(PLACES)
        if any(ends[place][0] > 0 or ends[place][1] < heard.get(place, 0) for place in PLACES):
            raise Gone(f"{PLACES[0].topic} has not all that was heard: fill it again first")
        async for _, some in scan.until(heard, FETCH):  # what came meanwhile
            found += _wanted(some)
    finally:
        await scan.close()
    parked = await connection.fetch(_PARKED, CONSUMER)
    waiting = {(Place(row["topic"], row["partition"]), row["offset"]) for row in parked}
    told = [
        (item.event, payload)
        for item in found
        if item.event and item.offset < heard.get(item.place, 0)
        if (item.place, item.offset) not in waiting
        if (payload := _payload(item.event))
    ]
    told.sort(key=lambda one: (one[0].recorded_at, one[0].stream, one[0].version))
    await connection.execute(f"drop schema if exists {PREVIOUS} cascade; create schema {PREVIOUS}")
    await make_missing(connection, TABLES)
    for table in TABLES:
        await _empty(connection, table, table.name in reshaped)
    for n in range(0, len(told), BATCH):
        await learn(connection, told[n : n + BATCH])
    await connection.execute(_ASKED_THROUGH)
    await connection.execute(_ASKED_QUARTER)
    differs = await differences(connection, TABLES)
    await connection.execute(f"drop schema {PREVIOUS} cascade")
    return differs


async def _empty(connection: Connection, table: Table, reshaped: bool) -> None:
    """The rows that served are in `PREVIOUS` afterwards, and the table has none."""
    if reshaped:
        await connection.execute(f"alter table {table.fullname} set schema {PREVIOUS}")
        await make(connection, table)
    else:
        await connection.execute(_EMPTIED.format(table=table.name))


def _wanted(records: Iterable[Record]) -> list[Incoming]:
    """What `learn` may want of these."""
    items = (item for item in map(incoming, records) if not item.fault)
    return [item for item in items if item.event and item.event.type in HEARD.types]


def _payload(event: Envelope) -> Any:
    try:
        return HEARD.decode(event.type, event.schema_version, event.data)
    except (msgspec.MsgspecError, UnknownType):
        return None


_OFFSETS = "select topic, partition, next from es.offsets where consumer = $1 and topic = $2"
_PARKED = 'select topic, partition, "offset" from es.parked where consumer = $1'
_EMPTIED = f"""
create table {PREVIOUS}.{{table}} as table read.{{table}}; delete from read.{{table}}
"""
_ASKED_THROUGH = f"""
update read.monitored m set through = p.through
from {PREVIOUS}.monitored p where p.household_id = m.household_id and p.through > m.through
"""
_ASKED_QUARTER = f"""
with served as (
    delete from read.asked_quarter a where not exists (
        select from {PREVIOUS}.asked_quarter p where p.household_id = a.household_id
    )
)
update read.asked_quarter a set through = p.through
from {PREVIOUS}.asked_quarter p where p.household_id = a.household_id
"""


async def _main(
    url: str, servers: str, check: bool
) -> tuple[dict[str, tuple[int, int]], list[str]]:
    engine = engine_of(url)
    try:
        others = await other_shapes(engine, read_model.TABLES)
    finally:
        await engine.dispose()
    reshaped = [name for name in others if name in read_model.HEARD]
    connection = await asyncpg.connect(url, timeout=10)
    try:
        transaction = connection.transaction()
        await transaction.start()
        found = await relearn(connection, servers, reshaped)
        await (transaction.rollback() if check else transaction.commit())
        return found, reshaped
    finally:
        await connection.close()


def main() -> None:
    """Fold, and say how it went."""
    asking = argparse.ArgumentParser(prog="python -m visits.relearn", description=__doc__)
    asking.add_argument("--check", action="store_true", help="compare only, and change nothing")
    check = asking.parse_args().check
    try:
        servers = given("KAFKA_BOOTSTRAP_SERVERS")
        found, reshaped = uvloop.run(_main(given("DATABASE_URL"), servers, check))
    except (Gone, KafkaError, *AWAY) as error:
        sys.exit(f"The tables are as they were: {error}")
    say_compared(found)
    say_reshaped(reshaped)
    if not found:
        say(f"{len(TABLES)} tables of what was heard, row for row as they served")
    if check and (found or reshaped):
        sys.exit("Nothing was changed: run it without --check to let the new rows serve")


if __name__ == "__main__":
    main()
