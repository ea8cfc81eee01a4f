"""A database that was restored from a backup says what it cannot prove yet, and proves it later."""

from typing import Any

import asyncpg
import httpx
import msgspec
import pytest
from fastapi import FastAPI

from audit.log import publishing, store
from audit.log.growth import Inconsistent
from audit.log.keeper import Keeper
from audit.log.publishing import Published, publish, recover, take_back
from common.ids import new_id
from common.kafka import Log, Place, Record, Topic, ensure_topics
from common.testing import NOON, history, household
from common.topics import CHECKPOINTS
from contracts.envelope import Envelope
from services.audit.tests.conftest import SIGNER, Hear
from services.audit.tests.test_log_keeping import BACKUP, RESTORE

CONSISTENCY = "/v1/log/consistency?from=1&to=2"
TILES = "/v1/log/trees/{tree}/tile/"


@pytest.fixture
async def restored(
    app: FastAPI, client: httpx.AsyncClient, pool: asyncpg.Pool, hear: Hear
) -> tuple[dict[str, bytes], list[Envelope]]:
    """Answers of a log of two checkpoints; then its database is that of the first, and the second was
    taken back from Kafka. And the events that it has yet to hear again."""
    events = history(6, household_id=household(1))
    await hear(events[:2])
    first = await app.state.keeper.keep(NOON)
    await pool.execute(BACKUP)
    await hear(events[2:])
    newer = await app.state.keeper.keep(NOON)
    tree = next(name for name in first.trees if name != "heads")
    tiles = TILES.format(tree=tree)
    paths = (CONSISTENCY, f"{tiles}0/000.p/6", f"{tiles}entries/000.p/6", f"{tiles}0/000.p/2")
    told = {path: (await client.get(path)).content for path in paths}
    await pool.execute(RESTORE)
    app.state.keeper = Keeper(pool, SIGNER)
    value = msgspec.json.encode(Published(newer.note, newer.state))
    await take_back(app.state.keeper, [Record(Place(CHECKPOINTS, 0), 1, None, [], value)])
    return told, events[2:]


async def test_T12_what_a_restored_log_lacks_is_a_clear_answer_until_it_is_heard_again(
    client: httpx.AsyncClient, app: FastAPI, hear: Hear, restored: Any
) -> None:
    told, events = restored
    *lacking, had = told
    for path in lacking:
        answer = await client.get(path)
        assert (answer.status_code, answer.json()["code"]) == (503, "log-not-heard-yet"), path
        assert "retry-after" in answer.headers
    assert (await client.get(had)).content == told[had]
    await hear(events)
    assert await app.state.keeper.keep(NOON) is None
    for path, was in told.items():
        assert (await client.get(path)).content == was


async def test_T12_a_log_that_has_nothing_left_of_a_tree_does_not_leave_it_out_of_a_proof(
    client: httpx.AsyncClient, app: FastAPI, pool: asyncpg.Pool, hear: Hear
) -> None:
    """For a witness, a tree without a proof is one that was rewritten."""
    await pool.execute(BACKUP)
    records = []
    for n, event in enumerate(history(2, household_id=household(1))):
        await hear([event])
        made = await app.state.keeper.keep(NOON)
        value = msgspec.json.encode(Published(made.note, made.state))
        records.append(Record(Place(CHECKPOINTS, 0), n, None, [], value))
    await pool.execute(RESTORE)
    await take_back(Keeper(pool, SIGNER), records)
    tree = next(name for name in made.trees if name != "heads")
    for path in (CONSISTENCY, f"{TILES.format(tree=tree)}0/000.p/1"):
        answer = await client.get(path)
        assert (answer.status_code, answer.json()["code"]) == (503, "log-not-heard-yet"), path


@pytest.mark.parametrize("kept", [1, 2])
async def test_T12_nor_does_a_topic_that_was_made_anew_hide_what_was_forgotten(
    app: FastAPI,
    pool: asyncpg.Pool,
    hear: Hear,
    kafka: str,
    monkeypatch: pytest.MonkeyPatch,
    kept: int,
) -> None:
    """Two checkpoints were on the topic that was lost, the third is on the new one, at its beginning."""
    monkeypatch.setattr(publishing, "CHECKPOINTS", topic := f"checkpoints-{new_id()}")
    await ensure_topics(kafka, 1, [Topic(topic, 1)])
    for n, event in enumerate(history(3, household_id=household(1)), 1):
        await hear([event])
        assert await app.state.keeper.keep(NOON)
        await pool.execute("update log.checkpoints set published = size < 3")
        if n == kept:
            await pool.execute(BACKUP)
    log = Log(kafka)
    await publish(pool, log)
    await log.close()
    await pool.execute(RESTORE)
    restored = Keeper(pool, SIGNER)
    if kept == 1:
        with pytest.raises(Inconsistent, match="checkpoint 2 is neither here"):
            await recover(restored, kafka)
        return
    await recover(restored, kafka)
    async with pool.acquire() as connection:
        last = await store.latest(connection)
    assert last
    assert last.size == 3


async def test_T12_two_keepers_of_a_restored_log_sign_the_whole_heads_map(
    app: FastAPI, pool: asyncpg.Pool, hear: Hear
) -> None:
    """They take turns while it hears again what it forgot, and sign nothing until it has."""
    before, *others = [history(1, household_id=household(n))[0] for n in range(1, 7)]
    await hear([before])
    assert await app.state.keeper.keep(NOON)
    await pool.execute(BACKUP)
    await hear(others[:4])
    newer = await app.state.keeper.keep(NOON)
    await pool.execute(RESTORE)
    keepers = Keeper(pool, SIGNER), Keeper(pool, SIGNER)
    value = msgspec.json.encode(Published(newer.note, newer.state))
    await take_back(keepers[0], [Record(Place(CHECKPOINTS, 0), 1, None, [], value)])
    for n, event in enumerate(others[:4]):
        await hear([event])
        assert await keepers[n % 2].keep(NOON) is None
    await hear(others[4:])
    made = await keepers[1].keep(NOON)
    assert made
    fresh = Keeper(pool, SIGNER)
    async with fresh.busy, pool.acquire() as connection:
        await fresh.read_heads(connection)
    assert made.trees["heads"] == (6, fresh.heads.root())
