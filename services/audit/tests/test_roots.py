"""A rebuild proves, before it swaps, that what it read is what was signed."""

from collections.abc import AsyncIterator, Sequence
from datetime import timedelta

import asyncpg
import msgspec
import pytest
from fastapi import FastAPI

from audit.log import store
from audit.log.keeper import Keeper
from audit.log.note import succession
from audit.log.publishing import Published
from audit.rebuild import rebuild
from audit.rebuilding import roots
from audit.rebuilding.refill import Servers
from audit.rebuilding.roots import Contradicted
from audit.rebuilding.swap import BESIDE
from audit.succession import put_back
from audit.verify import key_of
from common.kafka import Log, Message, Place
from common.note import Signer
from common.testing import NOON, Database, Issuer, envelope
from services.audit.tests.at_work import KEYS, SIGNER, System, at_work, told
from services.audit.tests.conftest import SIGNER as OURS
from services.audit.tests.conftest import Hear


@pytest.fixture
async def stopped(db: Database, kafka: str, tokens: Issuer) -> AsyncIterator[System]:
    """A service that has heard and signed all, and is at rest: nothing of what follows is published."""
    async with at_work(db, kafka, tokens) as made:
        await made.publish([event for _ in range(30) for event in told(2)])
        await made.settled()
        await made.signed()
        pool = await asyncpg.create_pool(db.url, min_size=1, max_size=2)
        made.keeper = Keeper(pool, SIGNER)
    yield made
    pool.terminate()


async def sign_anew(system: System, harm: str) -> None:
    """Change the log, and sign it as it is then: what only the holder of the key can do."""
    pool = system.keeper.pool
    await pool.execute(
        "truncate log.tiles, log.chains, log.checkpoints; update log.trees set tiled = 0;" + harm
    )
    assert await system.keeper.keep(NOON)


async def test_what_was_signed_and_is_not_on_the_topics_stops_the_swap(stopped: System) -> None:
    await sign_anew(
        stopped,
        "with one as (update log.trees set size = size + 1 where name = 'assets/0' returning *)"
        "insert into log.leaves select id, size - 1, 'x', sha256('x') from one",
    )
    with pytest.raises(Contradicted, match="assets/0 lacks 1 of"):
        await stopped.rebuild(keys=KEYS)
    assert await stopped.keeper.pool.fetchval("select to_regclass('read_next.timeline')")
    swapped = await stopped.rebuild(lose=True, keys=KEYS)
    assert swapped.proved is None


async def test_what_was_changed_in_what_is_signed_stops_the_swap(stopped: System) -> None:
    pool = stopped.keeper.pool
    other = key_of(Signer(SIGNER.name, bytes([9]) * 32).vkey)
    with pytest.raises(Contradicted, match="not signed by the key of the log"):
        await stopped.rebuild(keys=[other])
    await sign_anew(
        stopped, "update log.leaves set key = 'x' where key = (select min(key) from log.leaves)"
    )
    with pytest.raises(Contradicted, match="does not give the roots of checkpoint 1: heads"):
        await stopped.rebuild()
    await pool.execute("update log.checkpoints set state = replace(state, 'heads ', 'heads 9')")
    with pytest.raises(Contradicted, match="not the one that was signed"):
        await stopped.rebuild()


async def test_a_topic_that_was_filled_anew_in_another_order_proves_the_same_leaves(
    stopped: System,
) -> None:
    """Two leaves of two households change places; those of one household never do. What the log has heard
    since, and the rebuild may not have read yet, does not matter."""
    pool = stopped.keeper.pool
    ((tree, name, index),) = await pool.fetch(
        "select a.tree, t.name, a.index from log.leaves a join log.trees t on t.id = a.tree "
        "join log.leaves b on b.tree = a.tree and b.index = a.index + 1 and b.key <> a.key limit 1"
    )
    swapping = [(index, -1), (index + 1, index), (-1, index + 1)]
    swapped = ";".join(
        f"update log.leaves set index = {now} where tree = {tree} and index = {was}"
        for was, now in swapping
    )
    await sign_anew(stopped, swapped)
    await pool.execute(_NOT_SIGNED_YET, tree)
    proved = (await stopped.rebuild()).proved
    assert proved
    assert proved.reordered == [name]
    await pool.execute(swapped)  # neither the topic nor the log has the order that was signed
    with pytest.raises(Contradicted, match=f"roots of checkpoint 1: {name}$"):
        await stopped.rebuild()
    async with pool.acquire() as connection:
        last = await store.latest(connection)
        assert last
        await connection.execute("drop schema log cascade")
        with pytest.raises(Contradicted, match=f"roots of checkpoint 1: {name}$"):
            await roots.proved(connection, BESIDE, last)


_NOT_SIGNED_YET = """
with one as (update log.trees set size = size + 1 where id = $1 returning *)
insert into log.leaves select id, size - 1, 'later', sha256('later') from one
"""


async def test_what_a_rebuild_read_and_the_log_passed_by_is_logged_with_the_next_batch(
    db: Database, kafka: str, tokens: Issuer
) -> None:
    """As after a topic was made anew: its offsets begin again, and the log stands far beyond them."""
    passed_by, heard = told(3), told(3)
    async with at_work(db, kafka, tokens) as system:
        await system.publish([*passed_by, *heard])
        await system.settled()
    async with asyncpg.create_pool(db.url, min_size=1, max_size=2) as pool:
        await pool.execute("update log.trees set next = next + 1000")
        await pool.execute(_FORGOTTEN, passed_by[0].key)
        await rebuild(Servers(db.url, kafka), lambda _: None)
    async with at_work(db, kafka, tokens) as system:
        more = told(1, household_id=passed_by[0].household_id)
        await system.publish(more)
        await system.heard(more)
        logged = await system.runtime.pool.fetchval(
            "select count(*) from log.leaves where key = $1", more[0].key
        )
        assert logged == 4


_FORGOTTEN = """
with first as (select tree, min(index) as index from log.leaves where key = $1 group by tree),
gone as (delete from log.leaves l using first f where l.tree = f.tree and l.index >= f.index)
update log.trees t set size = f.index from first f where t.id = f.tree
"""


async def test_without_its_database_the_log_is_proved_by_the_topic_of_checkpoints(
    stopped: System,
) -> None:
    pool = stopped.keeper.pool
    size = await pool.fetchval("select max(size) from log.checkpoints")
    await pool.execute("drop schema log cascade; drop schema read cascade")
    proved = (await stopped.rebuild(keys=KEYS)).proved
    assert proved
    assert (proved.checkpoint, proved.origin, proved.reordered) == (size, SIGNER.name, [])


@pytest.fixture
async def signed_by_hand(
    app: FastAPI, hear: Hear, pool: asyncpg.Pool, place: Place, monkeypatch: pytest.MonkeyPatch
) -> list[Published]:
    """Three checkpoints that the database has lost, and a topic that has none of them yet."""
    monkeypatch.setattr(roots, "CHECKPOINTS", place.topic)
    for n in range(3):
        await hear([envelope()])
        assert await app.state.keeper.keep(NOON + timedelta(days=n))
    rows = await pool.fetch("delete from log.checkpoints returning size, note, state")
    return [Published(row["note"], row["state"]) for row in sorted(rows, key=lambda r: r["size"])]


async def test_of_the_topic_only_what_the_key_signed_counts_and_only_in_its_turn(
    signed_by_hand: list[Published], pool: asyncpg.Pool, kafka: str, place: Place
) -> None:
    """Whoever can write to it can put there what looks like a checkpoint of ours."""
    one, two, three = signed_by_hand
    stranger = Signer(OURS.name, bytes([9]) * 32)
    forged = Published(stranger.sign(two.checkpoint.rpartition("\n\n")[0] + "\n"), two.state)
    keys = [key_of(OURS.vkey)]
    async with pool.acquire() as connection:
        assert await roots.signed(connection, kafka, keys) is None
        await put(kafka, place, [b"junk", Published("junk", ""), of_another_log(one)])
        assert await roots.signed(connection, kafka, keys) is None
        await put(kafka, place, [forged])
        with pytest.raises(Contradicted, match="signed none of the checkpoints"):
            await roots.signed(connection, kafka, keys)
        await put(kafka, place, [one, forged, three, two, one])
        last = await roots.signed(connection, kafka, keys)
        assert last
        assert (last.size, last.note, last.state) == (2, two.checkpoint, two.state)
        new = Signer(OURS.name, bytes([8]) * 32)
        await put_back(connection, succession(OURS, new, 3))
        assert await roots.signed(connection, kafka, [key_of(new.vkey)]) == last
        await put(kafka, place, [Published(three.checkpoint, two.state)])
        with pytest.raises(Contradicted, match="checkpoint 3 on the topic is not the next one"):
            await roots.signed(connection, kafka, keys)


async def test_without_a_key_the_topic_is_taken_at_its_word(
    signed_by_hand: list[Published], pool: asyncpg.Pool, kafka: str, place: Place
) -> None:
    one, two, _ = signed_by_hand
    await put(kafka, place, [one, two])
    async with pool.acquire() as connection:
        last = await roots.signed(connection, kafka, [])
    assert last
    assert (last.size, last.note, last.state) == (2, two.checkpoint, two.state)


def of_another_log(one: Published) -> Published:
    """The same, as another log would say it, under a key of its own."""
    other = Signer("elsewhere.test/audit", bytes([9]) * 32)
    text = one.checkpoint.rpartition("\n\n")[0] + "\n"
    return Published(other.sign(text.replace(OURS.name, other.name)), one.state)


async def put(kafka: str, place: Place, records: Sequence[Published | bytes]) -> None:
    """Put these on the topic."""
    log = Log(kafka)
    values = [r if isinstance(r, bytes) else msgspec.json.encode(r) for r in records]
    await log.publish([Message(place.topic, b"", [], value) for value in values])
    await log.close()
