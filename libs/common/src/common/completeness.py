"""Is all that a service recorded on its topic, and nothing else?

`python -m common.completeness SERVICE [--republish] [--all]` compares the event store with the topic by
the hash of every event, and names what was lost on the way, and what somebody published who is not the
service: the first of each, or with `--all` every one. `--republish` gives tickets for what is lost: the
relay publishes it in its order, and whoever has it already drops it. Exit 0 if nothing differs, 1 if
something does.
"""

import argparse
import asyncio
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

import asyncpg

from common.incoming import incoming
from common.intents import Connection
from common.kafka import LogScan, Place
from common.settings import given
from common.topics import PARTITIONS, events_topic

FETCH = 5_000
SHOWN = 20  # of what differs, how many are named unless all are asked for
ONE_AT_A_TIME = 7_301_012  # advisory lock


@dataclass(frozen=True, slots=True)
class Recorded:
    """An event in the store."""

    position: int
    stream: str
    version: int


@dataclass(frozen=True, slots=True)
class Foreign:
    """A record on the topic that is no event of the store. `stream` is what it says of itself."""

    place: Place
    offset: int
    stream: str
    version: int


@dataclass(frozen=True, slots=True)
class Compared:
    """How many events the store has, how many of them are on the topic, and what differs."""

    stored: int
    published: int
    repeated: int
    lost: list[Recorded]
    foreign: list[Foreign]


async def compare(connection: Connection, servers: str, places: Sequence[Place]) -> Compared:
    """Compare; what still has a ticket is on its way, and counts as neither. Raises `KafkaError`."""
    stored = {row["hash"]: Recorded(*row[:3]) for row in await connection.fetch(_STORED)}
    seen: set[bytes] = set()
    repeated, strangers = 0, list[tuple[Foreign, UUID | None, bytes]]()
    scan = LogScan(servers)
    try:
        async for place, records in scan.to_end(places, FETCH):
            for item in map(incoming, records):
                event = None if item.fault else item.event  # under another key, nobody applies it
                if event and event.hash in stored:
                    repeated += event.hash in seen
                    seen.add(event.hash)
                elif event:
                    stranger = Foreign(place, item.offset, event.stream, event.version)
                    strangers.append((stranger, event.event_id, event.hash))
                else:
                    strangers.append((Foreign(place, item.offset, item.key, 0), None, b""))
    finally:
        await scan.close()
    lost = [event for hash_, event in stored.items() if hash_ not in seen]  # in order, as read
    return Compared(
        len(stored),
        len(seen),
        repeated,
        lost,
        await _foreign(connection, strangers),
    )


async def _foreign(
    connection: Connection, strangers: Sequence[tuple[Foreign, UUID | None, bytes]]
) -> list[Foreign]:
    """Those that were not recorded while we read, either."""
    ids = [event_id for _, event_id, _ in strangers if event_id]
    rows = await connection.fetch("select hash from es.events where event_id = any($1)", ids)
    since = {row["hash"] for row in rows}
    return [stranger for stranger, _, hash_ in strangers if hash_ not in since]


async def republish(connection: Connection, lost: Sequence[Recorded]) -> None:
    """Give each of these events a ticket, so that the relay publishes it."""
    await connection.execute(_AGAIN, [event.position for event in lost])


_AGAIN = """
with again as (
    insert into es.outbox select unnest($1::bigint[]) on conflict do nothing returning 1
)
update es.relay set refilled = clock_timestamp() where exists (select from again)
"""
_STORED = """
select e.position, e.stream, e.version, e.hash from es.events e
where not exists (select from es.outbox o where o.position = e.position) order by e.position
"""


async def _main(service: str, url: str, servers: str, again: bool, every: bool = False) -> int:
    places = [Place(events_topic(service), n) for n in range(PARTITIONS)]
    connection = await asyncpg.connect(url)
    try:
        if again:  # who compares before another gives tickets would give them once more
            await connection.execute("select pg_advisory_lock($1)", ONE_AT_A_TIME)
        found = await compare(connection, servers, places)
        if again:
            await republish(connection, found.lost)
    finally:
        await connection.close()
    say = sys.stdout.write
    say(
        f"{found.stored} recorded, {found.published} of them on the topic, {found.repeated} twice\n"
    )
    shown = None if every else SHOWN
    for event in found.lost[:shown]:
        what = "to be published" if again else "not on the topic"
        say(f"{event.stream} v{event.version} is {what}\n")
    for record in found.foreign[:shown]:
        where = f"{record.place.topic}/{record.place.partition}@{record.offset}"
        say(f"{where} ({record.stream} v{record.version}) was not recorded by {service}\n")
    for what, count in (("lost", len(found.lost)), ("foreign", len(found.foreign))):
        if shown and count > shown:
            say(f"{count} {what} in all: --all names each\n")
    return 1 if found.lost or found.foreign else 0


def main() -> None:
    """Compare, say what differs, and republish if asked."""
    asking = argparse.ArgumentParser(prog="python -m common.completeness", description=__doc__)
    asking.add_argument("service")
    asking.add_argument("--republish", action="store_true", help="publish again what is lost")
    asking.add_argument("--all", action="store_true", help="name all that differs, not the first")
    asked = asking.parse_args()
    url, servers = given("DATABASE_URL"), given("KAFKA_BOOTSTRAP_SERVERS")
    sys.exit(asyncio.run(_main(asked.service, url, servers, asked.republish, asked.all)))


if __name__ == "__main__":
    main()
