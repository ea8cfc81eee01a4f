"""Read a topic again from its beginning: `python -m common.rewind SERVICE TOPIC`.

For a topic that was made anew, or whose beginning was removed before it was read: SERVICE stands still
there and says so. Run in the environment of SERVICE, once the topic is filled again
(`common.completeness --republish` of the service that publishes it). What SERVICE has, it drops; what it
has not, takes effect, in order. SERVICE goes on by itself within seconds.
"""

import argparse
import asyncio
import sys
from collections.abc import Sequence

import asyncpg

from common.intents import Connection
from common.kafka import LogScan, Place
from common.settings import given
from common.topics import PARTITIONS


async def rewind(
    connection: Connection, servers: str, consumer: str, places: Sequence[Place]
) -> dict[Place, int]:
    """Set the offsets of `consumer` to where these places begin, under a new epoch; those that it has.

    Raises `KafkaError`, also for a topic that is not there.
    """
    scan = LogScan(servers)
    try:
        bounds = await scan.start(places)
    finally:
        await scan.close()
    rows = await connection.fetch(
        _REWIND,
        consumer,
        [place.topic for place in bounds],
        [place.partition for place in bounds],
        [first for first, _ in bounds.values()],
    )
    return {Place(row["topic"], row["partition"]): row["next"] for row in rows}


# Kept apart from batches under way, as a retry is. A new epoch fences whoever consumes now.
_REWIND = """
with calm as (select pg_advisory_xact_lock(hashtext($1)) as held)
update es.offsets o set next = t.first, last = null, owner_epoch = o.owner_epoch + 1
from calm, unnest($2::text[], $3::int[], $4::bigint[]) as t (topic, partition, first)
where o.consumer = $1 and o.topic = t.topic and o.partition = t.partition
returning o.topic, o.partition, o.next
"""


async def _main(consumer: str, topic: str, url: str, servers: str) -> int:
    connection = await asyncpg.connect(url)
    try:
        places = [Place(topic, n) for n in range(PARTITIONS)]
        return len(await rewind(connection, servers, consumer, places))
    finally:
        await connection.close()


def main() -> None:
    """Rewind, and say of how many partitions."""
    asking = argparse.ArgumentParser(prog="python -m common.rewind", description=__doc__)
    asking.add_argument("service")
    asking.add_argument("topic")
    asked = asking.parse_args()
    url, servers = given("DATABASE_URL"), given("KAFKA_BOOTSTRAP_SERVERS")
    count = asyncio.run(_main(asked.service, asked.topic, url, servers))
    sys.stdout.write(f"{asked.service} reads {count} partitions of {asked.topic} again\n")
    sys.exit(0 if count else f"{asked.service} has never read {asked.topic}")


if __name__ == "__main__":
    main()
