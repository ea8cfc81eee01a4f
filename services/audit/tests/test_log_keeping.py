"""The log in the database: leaves with their batch, checkpoints after it, nothing signed twice."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from hashlib import sha256
from typing import Any

import asyncpg
import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from audit.log import store
from audit.log.append import Logged
from audit.log.growth import Inconsistent, share
from audit.log.keeper import EVERY, Keeper
from audit.log.publishing import Published, publish, take_back
from audit.log.tiles import Tile, reading
from audit.log.tree import consistency, root
from audit.main import NAME
from audit.read_model import taking
from audit.read_model.queries import forked, unkept
from audit.rebuilding.noting import Noting, Rereading, lay
from audit.verify import consistent, head_of, key_of, leaf_hash, next_head, signers
from common.inbox import Inbox
from common.incoming import Incoming, incoming
from common.kafka import Message, Place, Record
from common.note import Signer
from common.testing import NOON, envelope, history, household, record_of
from common.topics import CHECKPOINTS, events_topic
from contracts.envelope import Envelope, chained

Hear = Callable[[Sequence[Envelope]], Awaitable[None]]
SIGNER = Signer("shouwang.test/audit", bytes(range(32)))


@pytest.fixture
def keeper(pool: asyncpg.Pool) -> Keeper:
    """The keeper of a log in an empty database."""
    return Keeper(pool, SIGNER)


async def roots(pool: asyncpg.Pool) -> dict[str, tuple[int, bytes]]:
    """Every tree by the definition, from its leaves alone."""
    rows = await pool.fetch(
        "select name, hash from log.leaves join log.trees on id = tree order by tree, index"
    )
    by_name: dict[str, list[bytes]] = {}
    for row in rows:
        by_name.setdefault(row["name"], []).append(leaf_hash(row["hash"]))
    return {name: (len(found), naive(found)) for name, found in by_name.items()}


def naive(leaves: Sequence[bytes]) -> bytes:
    """A tree whose every leaf is a tile of its own."""
    if len(leaves) == 1:
        return leaves[0]
    split = 1 << (len(leaves) - 1).bit_length() - 1
    return sha256(b"\1" + naive(leaves[:split]) + naive(leaves[split:])).digest()


def items(events: Sequence[Envelope], start: int = 0) -> list[Incoming]:
    """Records of one partition, with offsets that follow one another."""
    topic = events_topic(events[0].service)
    return [incoming(record_of(e, topic, start + n)) for n, e in enumerate(events)]


async def take(pool: asyncpg.Pool, batch: Sequence[Incoming]) -> None:
    """A batch takes effect."""
    async with pool.acquire() as connection, connection.transaction():
        await Logged(NAME, taking()).apply(connection, batch)


async def test_a_checkpoint_states_every_tree_and_where_each_household_ends(
    pool: asyncpg.Pool, hear: Hear, keeper: Keeper
) -> None:
    own = history(3, household_id=household(1))
    await hear([*own, *history(2, service="visits", household_id=household(1))])
    made = await keeper.keep(NOON)
    assert made
    assert signers(made.note, [key_of(SIGNER.vkey)]) == [SIGNER.name]
    assert (made.head.size, made.head.root) == (1, leaf_hash(made.state.encode()))
    trees = made.trees
    assert trees.pop("heads") == (1, keeper.heads.root())
    assert trees == await roots(pool)
    assert sorted(size for size, _ in trees.values()) == [2, 3]
    head = bytes(32)
    for event in own:
        head = next_head(head, event.hash)
    shown = keeper.heads.find(str(household(1)))
    assert shown
    assert f"identification/0 3 {head.hex()}\n" in shown.entry


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.data())
async def test_the_trees_do_not_depend_on_batches_repetitions_or_checkpoints(
    pool: asyncpg.Pool, data: st.DataObject
) -> None:
    await pool.execute(
        "truncate log.leaves, log.tiles, log.chains, log.checkpoints, read.timeline,"
        " read.households; update log.trees set next = 0, size = 0, tiled = 0;"
        "delete from es.cursors"
    )
    keeper = Keeper(pool, SIGNER)
    events = history(30, household_id=household(1))
    repeated = data.draw(st.lists(st.sampled_from(events), max_size=5))
    records = items([*events, *repeated])
    at, last = 0, None
    while at < len(records):
        step = data.draw(st.integers(1, 12))
        await take(pool, records[at : at + step])
        at += step
        if data.draw(st.booleans()):
            keeper = data.draw(st.sampled_from([keeper, Keeper(pool, SIGNER)]))
            last = await keeper.keep(NOON) or last
    last = await keeper.keep(NOON) or last
    assert last
    assert last.trees["identification/0"] == (30, naive([leaf_hash(e.hash) for e in events]))
    fresh = Keeper(pool, SIGNER)
    async with pool.acquire() as connection:
        await fresh.read_heads(connection)
    assert last.trees["heads"] == (1, fresh.heads.root())


async def test_a_checkpoint_extends_the_one_before(
    pool: asyncpg.Pool, hear: Hear, keeper: Keeper
) -> None:
    events = history(300, household_id=household(1))
    await hear(events[:100])
    first = await keeper.keep(NOON)
    await hear(events[100:])
    second = await keeper.keep(NOON)
    assert first
    assert second
    (old, was), (new, now) = (c.trees["identification/0"] for c in (first, second))
    assert (old, new) == (100, 300)
    async with pool.acquire() as connection:
        held = await store.tiles(
            connection, {1: [Tile(0, 0), Tile(0, 1), Tile(1, 0)], 0: [Tile(0, 0)]}
        )
    assert consistent(old, new, consistency(old, new, reading(held[1])), was, now)
    own = reading(held[0])
    assert consistent(1, 2, consistency(1, 2, own), first.head.root, second.head.root)
    assert root(2, own) == second.head.root


async def test_nothing_is_signed_when_nothing_came_or_before_it_is_due(
    hear: Hear, keeper: Keeper
) -> None:
    assert await keeper.keep(NOON) is None
    await hear([envelope()])
    assert await keeper.keep(NOON, due=False) is None
    assert await keeper.keep(NOON)
    assert await keeper.keep(NOON) is None


async def test_ten_thousand_records_are_signed_before_it_is_due(
    pool: asyncpg.Pool, keeper: Keeper
) -> None:
    await pool.execute(MORE, EVERY - 1)
    assert await keeper.keep(NOON, due=False) is None
    await pool.execute(MORE, 1)
    made = await keeper.keep(NOON, due=False)
    assert made
    assert made.trees["identification/0"] == (await roots(pool))["identification/0"]
    assert made.trees["identification/0"][0] == EVERY == 10_000


def test_a_checkpoint_takes_so_many_leaves_of_all_trees_together() -> None:
    assert share({1: 5, 2: 7, 3: 1}, 8) == {1: 5, 2: 3}
    assert share({1: 0, 2: 7, 3: 1}, 8) == {2: 7, 3: 1}


MORE = """
with tree as (update log.trees set size = size + $1 where name = 'identification/0' returning *)
insert into log.leaves (tree, index, key, hash)
    select id, n, 'somebody', sha256(n::text::bytea) from tree, generate_series(size - $1, size - 1) n
"""


async def test_what_is_parked_or_forked_is_in_the_log_and_what_is_malformed_is_not(
    pool: asyncpg.Pool,
) -> None:
    one, two, three = history(3, household_id=household(1))
    fork = chained(replace(two, data=b'{"other":1}'), one.hash)
    broken = record_of(three, events_topic("identification"), 4)
    broken = broken._replace(value=b"changed on the way")
    await take(pool, [*items([one, three, two, fork]), incoming(broken)])
    logged = await pool.fetch("select hash from log.leaves order by index")
    assert [row["hash"] for row in logged] == [e.hash for e in (one, three, two, fork)]
    assert await pool.fetchval("select next from log.trees where size > 0") == 5


@pytest.mark.parametrize("kind", [Logged, Noting, Rereading])
@pytest.mark.parametrize("at_once", [False, True])
async def test_another_content_for_a_place_of_the_past_is_kept_where_it_can_be_seen(
    pool: asyncpg.Pool, at_once: bool, kind: type[Inbox]
) -> None:
    one, two, three, four = history(4, household_id=household(1))
    later = one.recorded_at + timedelta(days=400)
    fork = chained(replace(one, data=b'{"other":1}', recorded_at=later), one.prev_hash)
    records = items([one, two, three, one, fork, four])
    beside = {Noting: ("read",), Rereading: ("read", 0)}.get(kind, ())
    inbox = kind(NAME, taking(), *beside)
    if beside:
        async with pool.acquire() as connection:
            await lay(connection, "read")
    for batch in [records] if at_once else [records[:3], records[3:4], records[4:5], records[5:]]:
        async with pool.acquire() as connection, connection.transaction():
            await inbox.apply(connection, batch)
    parked = await pool.fetch("select value, reason from es.parked order by id")
    assert [row["reason"][:4] for row in parked] == ["fork", "behi"]
    assert parked[0]["value"] == fork.data
    assert await pool.fetchval("select count(*) from read.timeline") == 3
    assert await forked(pool, NAME, [household(1)]) == {household(1)}
    assert await unkept(pool, NAME, str(household(1))) == 0


async def test_the_log_catches_up_with_a_timeline_that_a_rebuild_took_ahead(
    pool: asyncpg.Pool,
) -> None:
    events = history(6, household_id=household(1))
    gapped = history(3, household_id=household(2), stream="household-2")
    records = items([*events[:4], gapped[0], gapped[2], *events[4:]])
    await take(pool, records[:2])
    async with pool.acquire() as connection, connection.transaction():
        await super(Logged, Logged(NAME, taking())).apply(connection, records[2:7])
    await take(pool, records[7:])
    logged = await pool.fetch("select hash from log.leaves order by index")
    assert [row["hash"] for row in logged] == [r.event.hash for r in records if r.event]


async def test_reading_the_topic_again_from_its_beginning_changes_nothing(
    pool: asyncpg.Pool, keeper: Keeper
) -> None:
    records = items(history(5, household_id=household(1)))
    await take(pool, records)
    await keeper.keep(NOON)
    await pool.execute("truncate read.timeline; delete from es.cursors")
    await take(pool, records)
    assert await keeper.keep(NOON) is None
    assert await pool.fetchval("select count(*) from read.timeline") == 5


async def test_what_is_signed_while_others_are_on_their_way_is_published_too(
    pool: asyncpg.Pool, keeper: Keeper
) -> None:
    sent: list[str] = []

    class Sending:
        async def publish(self, messages: Sequence[Message]) -> None:
            if not sent:
                await take(pool, items(history(1, household_id=household(2)), 1))
                assert await keeper.keep(NOON)
            sent.extend(msgspec.json.decode(m.value, type=Published).checkpoint for m in messages)

    await take(pool, items(history(1, household_id=household(1))))
    assert await keeper.keep(NOON)
    log: Any = Sending()
    await publish(pool, log)
    assert [head_of(note).size for note in sent] == [1, 2]


@pytest.mark.parametrize(
    "harm",
    [
        "update log.tiles set hashes = set_byte(hashes, 0, 255 - get_byte(hashes, 0)) where tree = 1",
        "delete from log.tiles where tree = 1",
        "update log.tiles set hashes = set_byte(hashes, 0, 255 - get_byte(hashes, 0)) where tree = 0",
        "update log.checkpoints set state = replace(state, 'identification/0 3', 'identification/0 2')",
        "update log.chains set count = count - 1",
        "delete from log.chains",
    ],
)
async def test_nothing_is_signed_on_top_of_what_was_changed(
    pool: asyncpg.Pool, keeper: Keeper, harm: str
) -> None:
    events = history(5, household_id=household(1))
    await take(pool, items(events[:3]))
    await keeper.keep(NOON)
    await pool.execute(harm)
    await take(pool, items(events[3:], 3))
    with pytest.raises(Inconsistent, match=r"identification/0|checkpoints|heads"):
        await Keeper(pool, SIGNER).keep(NOON)
    assert await pool.fetchval("select count(*) from log.checkpoints") == 1


async def test_T12_a_restored_backup_signs_nothing_that_contradicts_what_it_forgot(
    pool: asyncpg.Pool, keeper: Keeper
) -> None:
    events = history(6, household_id=household(1))
    await take(pool, items(events[:2]))
    await keeper.keep(NOON)
    await pool.execute(BACKUP)
    await take(pool, items(events[2:], 2))
    newer = await keeper.keep(NOON)
    assert newer
    await pool.execute(RESTORE)

    restored = Keeper(pool, SIGNER)
    value = msgspec.json.encode(Published(newer.note, newer.state))
    place = Place(CHECKPOINTS, 0)
    await take_back(restored, [Record(place, 1, None, [], v) for v in (b"?", DEEP, value, value)])
    assert await pool.fetchval("select count(*) from log.checkpoints") == 2
    await take(pool, items(events[2:3], 2))
    assert await restored.keep(NOON) is None  # it has not heard yet what was signed
    rewritten = chained(replace(events[3], data=b'{"other":1}'), events[2].hash)
    await pool.execute(BACKUP)
    await take(pool, items([rewritten, *events[4:]], 3))
    with pytest.raises(Inconsistent, match="not those that were signed"):
        await restored.keep(NOON)
    await pool.execute(RESTORE)
    seventh = envelope(prev=events[5])
    await take(pool, items([*events[3:], seventh], 3))
    made = await restored.keep(NOON)
    assert made
    assert (made.size, made.trees["identification/0"][0]) == (3, 7)


async def test_a_checkpoint_between_what_is_here_and_what_is_published_must_not_be_missing(
    pool: asyncpg.Pool, keeper: Keeper
) -> None:
    events = history(2, household_id=household(1))
    for n, event in enumerate(events):
        await take(pool, items([event], n))
        made = await keeper.keep(NOON)
    assert made
    await pool.execute("delete from log.checkpoints")
    value = msgspec.json.encode(Published(made.note, made.state))
    with pytest.raises(Inconsistent, match="checkpoint 1 is neither here"):
        await take_back(keeper, [Record(Place(CHECKPOINTS, 0), 0, None, [], value)])


DEEP = b'{"more":' + b"[" * 100_000
TABLES = ("log.trees", "log.leaves", "log.tiles", "log.chains", "log.checkpoints", "es.cursors")
BACKUP = "drop schema if exists saved cascade; create schema saved;" + "".join(
    f"create table saved.{table.split('.')[1]} as select * from {table};" for table in TABLES
)
RESTORE = "truncate read.timeline, read.households; delete from es.parked;" + "".join(
    f"delete from {table};"
    f"insert into {table} overriding system value select * from saved.{table.split('.')[1]};"
    for table in TABLES
)
