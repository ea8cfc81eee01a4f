"""The topics that a service needs."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import KafkaError, TopicAlreadyExistsError, for_code

from common.kafka.access import access
from common.kafka.waiting import DEADLINE, within


@dataclass(frozen=True, slots=True)
class Topic:
    """What is wanted: for ever (`delete`, no retention), or only the last record of a key."""

    name: str
    partitions: int
    compacted: bool = False


async def ensure_topics(servers: str, replication: int, wanted: Sequence[Topic]) -> None:
    """Create what is missing.

    Raises `KafkaError`, also for a topic that exists with another number of partitions.
    """
    admin = AIOKafkaAdminClient(bootstrap_servers=servers, **access())
    try:
        async with asyncio.timeout(DEADLINE):
            await admin.start()
            existing = {t["topic"]: len(t["partitions"]) for t in await admin.describe_topics()}
            for topic in wanted:
                if existing.get(topic.name, topic.partitions) != topic.partitions:
                    raise KafkaError(
                        f"{topic.name} has {existing[topic.name]} partitions, not "
                        f"{topic.partitions}: keys would move. Use a new cluster or topic."
                    )
            missing = [_new(topic, replication) for topic in wanted if topic.name not in existing]
            answer = await admin.create_topics(missing)
        for name, code, *_ in answer.topic_errors:
            error = for_code(code)
            if code and error is not TopicAlreadyExistsError:
                raise error(name)
    finally:
        await within(5.0, admin.close())


def _new(topic: Topic, replication: int) -> NewTopic:
    kept = {"cleanup.policy": "compact"} if topic.compacted else {"retention.ms": "-1"}
    configs = {"cleanup.policy": "delete", **kept, "min.insync.replicas": str(min(2, replication))}
    return NewTopic(topic.name, topic.partitions, replication, topic_configs=configs)
