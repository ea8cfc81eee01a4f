"""What a rebuild reads of a log on which transactions end, and on which records are gone meanwhile."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from secrets import token_bytes
from typing import Any, cast

import asyncpg
import pytest
from aiokafka.admin import AIOKafkaAdminClient, RecordsToDelete
from aiokafka.structs import TopicPartition
from fastapi import FastAPI

from audit.log import publishing
from audit.log.publishing import recover
from audit.read_model import taking
from audit.rebuilding import refill
from audit.rebuilding.refill import NEXT, LogIncomplete, Servers
from common import consumer
from common.inbox import Inbox
from common.incoming import Incoming
from common.intents import Connection
from common.kafka import Log, LogScan, Message, Place, Record
from common.testing import Database, Issuer, eventually, message_of
from common.topics import events_topic
from libs.common.tests.transactions import publish_together
from services.audit.tests.at_work import at_work, told


@pytest.fixture(autouse=True)
def hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(consumer, "HOUSEKEEPING", 0.1)
    monkeypatch.setattr(refill, "STUCK", 3.0)


@pytest.fixture
def alone(place: Place, monkeypatch: pytest.MonkeyPatch) -> Place:
    """A partition of its own, which is all that a refill reads."""
    monkeypatch.setattr(refill, "all_places", lambda _: [place])
    return place


async def publish(kafka: str, place: Place, count: int) -> None:
    """So many records, and the end of a transaction."""
    await publish_together(kafka, [Message(place.topic, b"k", [], b"{}")] * count)


class Taking(Inbox):
    """Notes offsets; something happens when it has taken the first batch."""

    def __init__(self, happens: Callable[[], Awaitable[object]] | None = None) -> None:
        super().__init__(NEXT, taking())
        self._happens = happens
        self.taken: list[int] = []

    async def apply(
        self, connection: Connection, items: Sequence[Incoming], *, singly: bool = False
    ) -> None:
        """Take everything."""
        if self._happens and not self.taken:
            await self._happens()
        self.taken += [item.offset for item in items]


async def test_a_log_that_ends_with_transactions_is_whole(
    db: Database, kafka: str, tokens: Issuer
) -> None:
    events = told(6)
    messages = [message_of(event, events_topic(event.service)) for event in events]
    async with at_work(db, kafka, tokens) as system:
        await publish_together(kafka, messages[:4])
        await publish_together(kafka, messages[4:], kept=False)
        await system.settled()
        whole = await system.proof()
        assert (await system.rebuild()).proof == whole
        await system.log.publish(messages[:1])  # the tests share a broker: others need not wait


@pytest.mark.parametrize("batch", [1, 3, 5_000])
async def test_a_batch_may_begin_behind_the_end_of_a_transaction(
    db: Database,
    kafka: str,
    pool: asyncpg.Pool,
    alone: Place,
    monkeypatch: pytest.MonkeyPatch,
    batch: int,
) -> None:
    for count in (2, 1, 3):
        await publish(kafka, alone, count)
    monkeypatch.setattr(refill, "BATCH", batch)
    inbox = Taking()
    for _ in range(2):  # the second time, there is nothing left to read
        await refill.refill(Servers(db.url, kafka), [0], inbox)
    assert inbox.taken == [0, 1, 3, 5, 6, 7]


async def test_what_failed_for_a_moment_is_read_again_and_nothing_twice(
    db: Database, kafka: str, pool: asyncpg.Pool, alone: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where it stands and what it took are one transaction."""
    await publish(kafka, alone, 3)
    monkeypatch.setattr(refill, "BATCH", 1)

    async def away() -> None:
        raise ConnectionError

    with pytest.raises(ConnectionError):
        await refill.refill(Servers(db.url, kafka), [0], Taking(away))
    inbox = Taking()
    await refill.refill(Servers(db.url, kafka), [0], inbox)
    assert inbox.taken == [0, 1, 2]


async def test_a_batch_that_fails_is_taken_one_by_one(
    db: Database, kafka: str, pool: asyncpg.Pool, alone: Place
) -> None:
    """As the service does: then only what fails by itself is parked."""
    await publish(kafka, alone, 3)

    class Singly(Taking):
        async def apply(
            self, connection: Connection, items: Sequence[Incoming], *, singly: bool = False
        ) -> None:
            if not singly:
                raise ValueError
            await super().apply(connection, items, singly=singly)

    inbox = Singly()
    await refill.refill(Servers(db.url, kafka), [0], inbox)
    assert inbox.taken == [0, 1, 2]


async def test_a_topic_that_was_made_anew_since_is_not_gone_on_with(
    db: Database, kafka: str, pool: asyncpg.Pool, alone: Place
) -> None:
    await publish(kafka, alone, 2)
    await refill.refill(Servers(db.url, kafka), [0], Taking())
    await pool.execute("update es.offsets set next = 9 where consumer = $1", NEXT)
    with pytest.raises(LogIncomplete, match="holds records 0 to 2, but 9 is needed next"):
        await refill.refill(Servers(db.url, kafka), [0], Taking())


async def test_a_topic_that_is_made_anew_while_it_is_read_is_not_read_twice(
    db: Database, kafka: str, pool: asyncpg.Pool, alone: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Kafka's client then begins anew without a word."""
    await publish(kafka, alone, 3)
    monkeypatch.setattr(refill, "BATCH", 1)

    class Anew(LogScan):
        made = False

        async def fetch(self, limit: int, wait: float) -> dict[Place, list[Record]]:
            if self.reached()[alone] == 2 and not self.made:
                self.made = True
                self.seek(alone, 0)
            return await super().fetch(limit, wait)

    monkeypatch.setattr(refill, "LogScan", Anew)
    inbox = Taking()
    with pytest.raises(LogIncomplete, match="gave 0, not 2"):
        await refill.refill(Servers(db.url, kafka), [0], inbox)
    assert inbox.taken == [0, 1]


async def test_a_broker_that_gives_nothing_is_not_waited_for_for_ever(
    db: Database, kafka: str, pool: asyncpg.Pool, alone: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    await publish(kafka, alone, 1)

    class Silent(LogScan):
        async def fetch(self, limit: int, wait: float) -> dict[Place, list[Record]]:
            await asyncio.sleep(0.01)
            return {}

    monkeypatch.setattr(refill, "LogScan", Silent)
    async with asyncio.timeout(10):
        with pytest.raises(LogIncomplete, match="no record came for 3 s"):
            await refill.refill(Servers(db.url, kafka), [0], Taking())


@pytest.mark.parametrize(("further", "why"), [(0, "made anew"), (1_000, "before our offset")])
async def test_a_service_that_stopped_before_a_topic_made_anew_goes_on_after_a_rebuild(
    db: Database, kafka: str, tokens: Issuer, further: int, why: str
) -> None:
    """With the last record as it is on the topic now, and without a restart."""
    events = told(5)
    async with at_work(db, kafka, tokens) as system:
        await system.publish(events[:3])
        await system.settled()
        await system.runtime.pool.execute(ANOTHER, further)
        reader = system.runtime.consumer
        assert reader
        await eventually(lambda: why in (reader.unready() or ""), within=30)
        await system.rebuild()
        await eventually(lambda: reader.unready() is None, within=30)
        await system.publish(events[3:])
        await system.heard(events)


ANOTHER = """
update es.offsets set next = next + $1, last = substr(last, 1, 8) || sha256('another'),
    owner_epoch = owner_epoch + 1
where consumer = 'audit' and last is not null
"""


@pytest.mark.parametrize("before", [15, 20])
async def test_what_is_gone_while_it_is_read_is_not_taken_for_the_end_of_a_transaction(
    db: Database,
    kafka: str,
    pool: asyncpg.Pool,
    admin: AIOKafkaAdminClient,
    alone: Place,
    monkeypatch: pytest.MonkeyPatch,
    before: int,
) -> None:
    """Twenty records, of which an answer of the broker holds eight."""
    log = Log(kafka)
    for _ in range(20):
        await log.publish([Message(alone.topic, b"k", [], token_bytes(500_000))])
    await log.close()
    monkeypatch.setattr(refill, "BATCH", 1)
    gone = {TopicPartition(*alone): RecordsToDelete(before_offset=before)}
    inbox = Taking(lambda: admin.delete_records(gone))
    with pytest.raises(LogIncomplete, match=f"holds records {before} to 19"):
        await refill.refill(Servers(db.url, kafka), [0], inbox)
    assert inbox.taken == list(range(len(inbox.taken)))
    assert len(inbox.taken) < before


async def test_a_single_record_that_is_gone_is_missed(place: Place) -> None:
    class Scan:
        async def bounds(self, places: Sequence[Place]) -> dict[Place, tuple[int, int]]:
            return dict.fromkeys(places, (5, 9))

    with pytest.raises(LogIncomplete, match="holds records 5 to 8, but 4 is needed next"):
        await refill._must_follow(cast("Any", Scan()), {place: 5}, {place: 4})


async def test_checkpoints_are_had_again_from_a_topic_that_ends_with_a_transaction(
    app: FastAPI, kafka: str, place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(publishing, "CHECKPOINTS", place.topic)
    await publish_together(kafka, [Message(place.topic, b"", [], b"not ours")])
    await asyncio.wait_for(recover(app.state.keeper, kafka), 10)
