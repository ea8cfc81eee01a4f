"""The only package that speaks to Kafka. aiokafka's defaults lose or reorder; ours do not.

Changed on purpose: `acks=all` and an idempotent producer (its default is `acks=1`), no automatic
commit and no automatic offset reset (its defaults are a 5 s commit and `latest`). Every await has a
deadline, because a producer that failed may never answer again (aiokafka issues 1017, 1101).
"""

from aiokafka.errors import KafkaError

from common.kafka.access import Access
from common.kafka.admin import Topic, ensure_topics
from common.kafka.producer import Log
from common.kafka.reader import LogReader, LogScan, Unreadable
from common.kafka.records import Message, Place, Record

__all__ = [
    "Access",
    "KafkaError",
    "Log",
    "LogReader",
    "LogScan",
    "Message",
    "Place",
    "Record",
    "Topic",
    "Unreadable",
    "ensure_topics",
]
