"""The words of every service, read from the catalogue topic and kept in memory.

Nobody waits for it: an event whose words have not arrived is shown by the name of its type.
"""

import asyncio
from typing import Final

import msgspec
import structlog

from audit.sentences import Description, Words
from common.kafka import KafkaError, LogScan, Place
from common.topics import CATALOGUE

log = structlog.get_logger()

AGAIN: Final = 2.0  # seconds between attempts while Kafka is away

_description = msgspec.json.Decoder(Description)


class Vocabulary:
    """Descriptions by event type; the last one published counts."""

    def __init__(self) -> None:
        self._known: dict[str, Description] = {}

    def __len__(self) -> int:
        return len(self._known)

    def learn(self, key: str, value: bytes | None) -> None:
        """Take a record of the catalogue; without a body the type is forgotten."""
        if value is None:
            self._known.pop(key, None)
            return
        try:
            self._known[key] = _description.decode(value)
        except msgspec.MsgspecError as error:
            log.warning("description_not_understood", type=key, error=str(error))

    def description(self, service: str, type_: str, schema_version: int) -> Description | None:
        """What the service said of this type and major version, if it has yet."""
        return self._known.get(f"{service}.{type_}.v{schema_version}")

    def label(self, service: str, type_: str, schema_version: int) -> Words:
        """The name of the type for people; the name in code until it is known."""
        known = self.description(service, type_, schema_version)
        return known.label if known else Words(type_, type_)


async def follow(servers: str, vocabulary: Vocabulary) -> None:
    """Read the catalogue from its beginning, and go on reading, for ever."""
    while True:
        scan = LogScan(servers)
        try:
            await scan.start([Place(CATALOGUE, 0)])
            while True:
                for records in (await scan.fetch(500, 1.0)).values():
                    for record in records:
                        vocabulary.learn(
                            (record.key or b"").decode("utf-8", "replace"), record.value
                        )
        except (KafkaError, OSError, TimeoutError) as error:
            log.warning("catalogue_interrupted", error=repr(error))
        finally:
            await scan.close()
        await asyncio.sleep(AGAIN)
