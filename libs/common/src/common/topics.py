"""The topics, and who is on them: `python -m common.topics` creates what is missing.

Every events topic has the same partition count, key and partitioner, so that partition *p* of every
topic holds the same households. The count is fixed for the life of v1: raising it would move keys.
"""

import asyncio
import os
import sys

from common.kafka import Topic, ensure_topics

PARTITIONS = 12
SERVICES = (
    "identification",
    "visits",
    "employment",
    "assistance",
    "assets",
    "governance",
    "audit",
)
CATALOGUE = "shouwang.catalogue.v1"
CHECKPOINTS = "shouwang.audit.checkpoints.v1"
STATEMENTS = "shouwang.statements.v1"


def events_topic(service: str) -> str:
    """Where a service publishes."""
    return f"shouwang.{service}.events.v1"


def parked_topic(service: str) -> str:
    """Where a service copies what it could not apply, for people to see."""
    return f"shouwang.{service}.parked.v1"


async def create_topics(servers: str, replication: int) -> None:
    """Create what is missing: events and parked topics of every service, and those of all together.

    Raises `KafkaError`, also for a topic that exists with another number of partitions.
    """
    wanted = [Topic(events_topic(service), PARTITIONS) for service in SERVICES]
    wanted += [Topic(parked_topic(service), PARTITIONS) for service in SERVICES]
    wanted += [Topic(CHECKPOINTS, 1)]
    wanted += [Topic(name, 1, compacted=True) for name in (CATALOGUE, STATEMENTS)]
    await ensure_topics(servers, replication, wanted)


def main() -> None:
    """Create the topics on `KAFKA_BOOTSTRAP_SERVERS`; those that exist are left as they are."""
    servers = os.environ.get("KAFKA_BOOTSTRAP_SERVERS") or sys.exit(
        "KAFKA_BOOTSTRAP_SERVERS is not set: give host:port of the broker."
    )
    asyncio.run(create_topics(servers, int(os.environ.get("REPLICATION_FACTOR", "1"))))


if __name__ == "__main__":
    main()
