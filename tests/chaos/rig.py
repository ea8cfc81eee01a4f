"""The real functions of `libs/common` on a database of their own, where a point in the code matters."""

from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

import asyncpg

from common.eventstore import record
from common.intents import Connection
from common.kafka import Message
from common.outbox import publish_all
from common.testing import TALLIES, Database, adding, database
from contracts.cloudevents import from_headers
from contracts.envelope import Envelope


class Heard(list[Envelope]):
    """What was published, in order."""

    async def publish(self, messages: Sequence[Message]) -> None:
        """Take all."""
        self.extend(from_headers(m.headers, m.value) for m in messages)

    def versions(self, stream: str) -> list[int]:
        """Of one stream, in the order of the topic."""
        return [event.version for event in self if event.stream == stream]


@dataclass(frozen=True)
class Rig:
    """A service's database, without the service."""

    db: Database
    stack: AsyncExitStack

    async def connect(self) -> asyncpg.Connection:
        """A session of the service's role, until the rig ends."""
        connection = await asyncpg.connect(self.db.url)
        self.stack.callback(connection.terminate)
        return connection

    async def append(self, stream: str, amount: int) -> None:
        """One event, in a transaction of its own."""
        connection = await self.connect()
        async with connection.transaction():
            await self.append_in(connection, stream, amount)
        await connection.close()

    async def append_in(self, connection: Connection, stream: str, amount: int) -> None:
        """One event, in the caller's transaction."""
        await record(connection, TALLIES, [adding(stream, amount)])

    async def published(self, topic: Heard) -> int:
        """What the relay publishes now."""
        connection = await self.connect()
        epoch = await connection.fetchval("select epoch from es.relay")
        count = await publish_all(connection, "identification", epoch, topic.publish)
        await connection.close()
        return count


@asynccontextmanager
async def rig(superuser_url: str) -> AsyncIterator[Rig]:
    """Until the block ends; the database goes with it."""
    async with database(superuser_url, "chaos") as db, AsyncExitStack() as stack:
        yield Rig(db, stack)
