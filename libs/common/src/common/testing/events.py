"""Events as a foreign service would have published them, and somebody who hears them."""

import base64
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import asyncpg
from msgspec.structs import replace

from common.codec import encode
from common.ids import new_id
from common.inbox import Handle, Inbox
from common.incoming import Incoming, incoming
from common.intents import Connection
from common.kafka import Message, Place, Record
from contracts.cloudevents import to_headers
from contracts.envelope import ZERO_HASH, Actor, Envelope, chained

OFFICER = Actor(
    person="3f1c7d0e-0000-7000-8000-000000000001",
    post="DEPARTMENT_OFFICER",
    organisation="和平县医疗保障局",
    department="yibao",
    region="441624",
)
STATEMENT_KEY = base64.b64encode(bytes(range(32, 64))).decode()
NOON = datetime(2024, 6, 3, 4, 0, tzinfo=UTC)  # noon of a Monday in Shanghai


def envelope(payload: object = None, *, prev: Envelope | None = None, **changes: Any) -> Envelope:
    """An event as a foreign service would have published it: chained to `prev`, in its stream.

    `payload` is an event dataclass, or bytes to be taken as they are; `changes` are attributes.
    """
    data = payload if isinstance(payload, bytes) else encode(payload if payload else {})
    household = new_id()
    first = Envelope(
        event_id=new_id(),
        service="identification",
        type=type(payload).__name__ if payload and data is not payload else "Anything",
        schema_version=1,
        stream=f"household-{household}",
        version=1,
        household_id=household,
        occurred_at=NOON,
        recorded_at=NOON,
        actor=OFFICER,
        region="441624108201",
        policy_version=None,
        correlation_id=new_id(),
        causation_id=None,
        classification="INTERNAL",
        traceparent=None,
        data=data,
    )
    if prev:
        first = replace(
            first,
            service=prev.service,
            stream=prev.stream,
            household_id=prev.household_id,
            version=prev.version + 1,
        )
    return chained(replace(first, **changes), prev.hash if prev else ZERO_HASH)


def history(length: int, **changes: Any) -> list[Envelope]:
    """The first `length` events of one stream."""
    events: list[Envelope] = []
    for _ in range(length):
        events.append(envelope(prev=events[-1] if events else None, **changes))
    return events


def record_of(event: Envelope, topic: str, offset: int) -> Record:
    """The event as Kafka would hand it over, from the first partition."""
    headers: list[tuple[str, bytes | None]] = list(to_headers(event))
    return Record(Place(topic, 0), offset, event.key.encode(), headers, event.data)


def message_of(event: Envelope, topic: str) -> Message:
    """The event as it is sent to a topic of the test's own."""
    return Message(topic, event.key.encode(), to_headers(event), event.data)


def household(number: int) -> UUID:
    """A household id that a reader of a failed test can tell from another."""
    return UUID(int=0x0192_0000_0000_7000_8000_0000_0000_0000 + number)


class Reader:
    """An inbox that hears what it is told, as if from one partition of one topic."""

    def __init__(self, pool: asyncpg.Pool, name: str, handle: Handle) -> None:
        self.inbox = Inbox(name, handle)
        self._pool = pool
        self._offset = -1

    async def hears(self, *events: Envelope | Record, singly: bool = False) -> None:
        """One batch, in one transaction; `singly` as the consumer does once a batch has failed."""
        items = [self.next(event) for event in events]
        async with self._pool.acquire() as connection, connection.transaction():
            await self.inbox.apply(connection, items, singly=singly)

    def next(self, event: Envelope | Record) -> Incoming:
        """The event, or a record of any kind, at the next offset."""
        self._offset += 1
        if isinstance(event, Record):
            return incoming(event._replace(offset=self._offset))
        return incoming(record_of(event, f"shouwang.{event.service}.events.v1", self._offset))

    def anew(self) -> None:
        """The topic is deleted and made anew: what comes next is its first record."""
        self._offset = -1

    async def retry(self, event: Envelope) -> int:
        """Try again what is parked of the event's household; how many records still are."""
        return await self.inbox.retry(self._pool, event.key)

    async def parked(self) -> list[tuple[str, str]]:
        """The key and the first word of the reason of what is parked, in order."""
        rows = await self._pool.fetch("select key, reason from es.parked order by id")
        return [(row["key"], row["reason"].split()[0].strip(":")) for row in rows]


class Heard(list[tuple[str, int]]):
    """A handler: which versions of which streams had their effect, in order.

    Fails with `error` where `failing` says so, and then takes its whole call with it.
    """

    def __init__(self) -> None:
        super().__init__()
        self.failing: set[tuple[str, int]] = set()
        self.error: Exception = ZeroDivisionError("a bug in a handler")

    async def handle(self, _: Connection, items: Sequence[Incoming]) -> None:
        """Take a batch."""
        called = [(item.event.stream, item.event.version) for item in items if item.event]
        if self.failing & set(called):
            raise self.error
        self.extend(called)

    def versions(self, event: Envelope) -> list[int]:
        """What was heard of the event's stream."""
        return [version for stream, version in self if stream == event.stream]
