"""Kill -9 between any two statements, then look whether the log is what it would have been."""

from collections.abc import Sequence
from typing import Any, cast

import asyncpg
import pytest

from audit.log.append import Logged
from audit.log.keeper import Keeper
from audit.log.publishing import publish
from audit.main import NAME
from audit.read_model import taking
from common.incoming import incoming
from common.kafka import Log, Message
from common.note import Signer
from common.testing import NOON, history, household, record_of
from common.topics import events_topic

SIGNER = Signer("shouwang.test/audit", bytes(range(32)))
OWN = history(4, household_id=household(1))


class Killed(BaseException):
    """The process is gone: what its transaction had written is rolled back by the server."""


class Dying:
    """A connection whose process dies before its statement number `at`."""

    def __init__(self, connection: Any, at: int) -> None:
        self._connection, self.left = connection, at

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._connection, name)
        if name not in ("fetch", "fetchrow", "fetchval", "execute", "copy_records_to_table"):
            return found

        async def counted(*arguments: Any, **options: Any) -> Any:
            if self.left == 0:
                raise Killed
            self.left -= 1
            return await found(*arguments, **options)

        return counted


class DyingPool:
    """A pool of such connections."""

    def __init__(self, pool: asyncpg.Pool, at: int) -> None:
        self.pool, self.at, self.given = pool, at, list[Dying]()

    def acquire(self) -> "DyingPool":
        """To be entered, as a pool's own."""
        return self

    async def __aenter__(self) -> Any:
        self.held = await self.pool.acquire()
        self.given.append(Dying(self.held, self.at))
        return self.given[-1]

    async def __aexit__(self, *_: object) -> None:
        await self.pool.release(self.held)


async def take(pool: Any, start: int, count: int) -> None:
    """Some records take effect."""
    topic = events_topic("identification")
    batch = [incoming(record_of(OWN[n], topic, n)) for n in range(start, start + count)]
    async with pool.acquire() as connection, connection.transaction():
        await Logged(NAME, taking()).apply(connection, batch)


async def everything(pool: asyncpg.Pool) -> list[Sequence[Any]]:
    """All that the log and the timeline hold."""
    tables = ("log.leaves", "log.tiles", "log.chains", "log.checkpoints", "read.timeline")
    return [
        sorted(map(tuple, await pool.fetch(f"select * from {table}")), key=repr) for table in tables
    ]


async def empty(pool: asyncpg.Pool) -> None:
    """Begin again."""
    await pool.execute(
        "truncate log.leaves, log.tiles, log.chains, log.checkpoints, read.timeline,"
        " read.households; update log.trees set next = 0, size = 0, tiled = 0;"
        "delete from es.cursors"
    )


@pytest.mark.parametrize("step", ["take", "keep"])
async def test_T19_killed_between_accepting_and_signing_nothing_is_lost_or_doubled(
    pool: asyncpg.Pool, step: str
) -> None:
    await take(pool, 0, 2)
    await Keeper(pool, SIGNER).keep(NOON)
    await take(pool, 2, 2)
    await Keeper(pool, SIGNER).keep(NOON)
    expected = await everything(pool)

    at, deaths = 0, 0
    while True:
        await empty(pool)
        await take(pool, 0, 2)
        keeper = Keeper(pool, SIGNER)
        await keeper.keep(NOON)
        dying = DyingPool(pool, at)
        try:
            if step == "take":
                await take(dying, 2, 2)
            else:
                await take(pool, 2, 2)
                keeper.pool = cast(asyncpg.Pool, dying)
                await keeper.keep(NOON)
        except Killed:
            deaths += 1
            if step == "take":
                await take(pool, 2, 2)
        await Keeper(pool, SIGNER).keep(NOON)
        assert await everything(pool) == expected
        if dying.given[0].left > 0:
            break
        at += 1
    assert deaths >= 5


async def test_T19_killed_between_publishing_and_noting_it_a_checkpoint_is_published_again(
    pool: asyncpg.Pool,
) -> None:
    await take(pool, 0, 2)
    made = await Keeper(pool, SIGNER).keep(NOON)
    assert made
    sent: list[Message] = []

    class Kafka(Log):
        async def publish(self, messages: Sequence[Message]) -> None:
            sent.extend(messages)
            if len(sent) == 1:
                raise Killed

    kafka = Kafka("nowhere")
    with pytest.raises(Killed):
        await publish(pool, kafka)
    await publish(pool, kafka)
    await publish(pool, kafka)
    assert [m.value for m in sent] == [sent[0].value] * 2
    assert made.note.encode() in sent[0].value.replace(b"\\n", b"\n")
