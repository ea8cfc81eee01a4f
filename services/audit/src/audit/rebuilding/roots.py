"""What a rebuild proves: the log, derived from Kafka alone, is what was signed.

From the leaves that the new timeline has, or that are noted beside it (`audit.rebuilding.noting`), the trees and
the heads map are derived and compared with the last signed checkpoint (`proved`).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import msgspec

from audit.log import store
from audit.log.derived import Derived
from audit.log.publishing import Published
from audit.log.store import Checkpoint
from audit.log.tables import CHECKPOINTS as TREE
from audit.log.tiles import Wanted
from audit.log.tree import Frontier, inclusion
from audit.verify import Bad, Key, head_of, included, leaf_hash, signers, successors
from common.intents import Connection
from common.kafka import LogScan, Place
from common.topics import CHECKPOINTS

CHUNK = 2_000
SHOWN = 5  # of the trees that differ, how many are named


class Contradicted(Exception):
    """What was read from Kafka is not what was signed."""


@dataclass(frozen=True, slots=True)
class Proved:
    """What was read gives the trees and the heads map of the checkpoint of this size.

    `reordered` names trees whose leaves are all on the topic, but in another order than they were
    signed in: the topic was filled anew from the event stores.
    """

    checkpoint: int
    origin: str
    trees: int
    reordered: list[str]


async def signed(connection: Connection, servers: str, keys: Sequence[Key]) -> Checkpoint | None:
    """The last signed checkpoint: of the database, or of the topic if the database has none.

    Without `keys`, signatures are not checked. Raises `Contradicted` for a checkpoint that none of
    them signed, or whose state is not the one that was signed; and if there are checkpoints of their
    log on the topic, and none that they signed.
    """
    last = None
    if await _is_logged(connection):
        last = await store.latest(connection)
        keys = successors(list(keys), await store.successions(connection))
    if last is None:
        return await _on_topic(servers, keys)
    if keys and not _signed(last.note, keys):
        raise Contradicted(f"checkpoint {last.size} is not signed by the key of the log")
    wanted = Wanted()
    inclusion(last.size - 1, last.size, wanted.node)
    nodes = await store.nodes(connection, {TREE: wanted})
    proof = inclusion(last.size - 1, last.size, nodes[TREE])
    leaf = leaf_hash(last.state.encode())
    if not included(last.size - 1, last.size, leaf, proof, last.head.root):
        raise Contradicted(f"the state of checkpoint {last.size} is not the one that was signed")
    return last


async def _on_topic(servers: str, keys: Sequence[Key]) -> Checkpoint | None:
    """The last that the topic has in an unbroken row from the first."""
    log, last, others = Frontier(), None, False
    scan = LogScan(servers)
    try:
        async for _, records in scan.to_end([Place(CHECKPOINTS, 0)], CHUNK):
            for record in records:
                try:
                    found = msgspec.json.decode(record.value or b"", type=Published)
                    head = head_of(found.checkpoint)
                except (msgspec.MsgspecError, RecursionError, ValueError):
                    continue
                if keys and not _signed(found.checkpoint, keys):
                    others = others or head.origin in (key.name for key in keys)
                    continue
                if head.size != log.size + 1:
                    continue
                log.append(leaf_hash(found.state.encode()))
                if head.root != log.root():
                    raise Contradicted(f"checkpoint {head.size} on the topic is not the next one")
                last = found
    finally:
        await scan.close()
    if last is None:
        if others:
            raise Contradicted("the key of the log signed none of the checkpoints on the topic")
        return None
    made_at = datetime.fromisoformat(last.state.splitlines()[1])
    return Checkpoint(log.size, last.state, last.checkpoint, made_at)


def _signed(note: str, keys: Sequence[Key]) -> bool:
    try:
        return bool(signers(note, list(keys)))
    except (Bad, ValueError):
        return False


async def proved(connection: Connection, schema: str, last: Checkpoint) -> Proved:
    """Compare what `schema` has noted with a checkpoint from before the last record was read.

    A tree that comes out otherwise is taken in the order of the log itself, if each of its leaves
    was read. Raises `Contradicted`, naming what differs.
    """
    derived = await _derived(connection, last, _READ.format(schema=schema))
    reordered = derived.other_trees() if await _is_logged(connection) else []
    if reordered:
        await _all_read(connection, schema, last, reordered)
        again = _IN_SIGNED_ORDER.format(schema=schema)
        derived = await _derived(connection, last, again, reordered)
    wrong = [*derived.other_trees(), *([] if derived.same_heads() else ["heads"])]
    if wrong:
        raise Contradicted(
            f"what was read does not give the roots of checkpoint {last.size}: {_some(wrong)}"
        )
    return Proved(last.size, last.head.origin, len(last.trees) - 1, reordered)


async def _derived(
    connection: Connection, last: Checkpoint, query: str, *arguments: object
) -> Derived:
    derived = Derived(last.trees)
    async with connection.transaction():
        async for name, key, hash_ in connection.cursor(query, *arguments, prefetch=CHUNK):
            derived.add(name, key, hash_)
    return derived


async def _all_read(
    connection: Connection, schema: str, last: Checkpoint, names: Sequence[str]
) -> None:
    sizes = [last.trees[name][0] for name in names]
    rows = await connection.fetch(_LOST.format(schema=schema), list(names), sizes, timeout=600)
    if rows:
        told = [f"{r['name']} lacks {r['lost']:,} of {r['size']:,}" for r in rows]
        raise Contradicted(f"records of checkpoint {last.size} were not read: {_some(told)}")


async def _is_logged(connection: Connection) -> bool:
    return bool(await connection.fetchval("select to_regclass('log.leaves') is not null"))


def _some(names: Sequence[str]) -> str:
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return ", ".join(names[:SHOWN]) + more


async def unlogged(connection: Connection, schema: str) -> list[tuple[str, int, int]]:
    """Topic, partition and offset of the first record that was read and that the log has no leaf
    of, where the log believes that it is past it: the topic was made anew."""
    if not await _is_logged(connection):
        return []
    rows = await connection.fetch(_UNLOGGED.format(schema=schema), timeout=600)
    return [(row["topic"], row["partition"], row["first"]) for row in rows]


async def look_again(connection: Connection, places: Sequence[tuple[str, int, int]]) -> None:
    """Let the log take over the timeline from these places on, before it takes the next batch."""
    if places:
        await connection.execute(
            _LOOK_AGAIN, *(list(column) for column in zip(*places, strict=True))
        )


_FIRST = """
select split_part(topic, '.', 2) || '/' || partition as name, "offset" as place, key, hash
from (
    select distinct on (topic, partition, hash) * from {schema}.leaves
    order by topic, partition, hash, "offset"
) as once
"""
_READ = f"select name, key, hash from ({_FIRST}) as read order by name, place"
_IN_SIGNED_ORDER = f"""
select name, key, hash from (
    {_FIRST} where split_part(topic, '.', 2) || '/' || partition <> all($1::text[])
    union all
    select t.name, l.index, l.key, l.hash from log.leaves l join log.trees t on t.id = l.tree
    where t.name = any($1::text[])
) as leaves order by name, place
"""
_LOST = """
select name, w.size, count(*) as lost
from unnest($1::text[], $2::bigint[]) as w (name, size)
join log.trees t using (name) join log.leaves l on l.tree = t.id and l.index < w.size
where not exists (
    select from {schema}.leaves r
    where r.topic = t.topic and r.partition = t.partition and r.hash = l.hash
)
group by 1, 2 order by 1
"""
_UNLOGGED = """
select r.topic, r.partition, min(r."offset") as first
from {schema}.leaves r join log.trees t using (topic, partition)
where r."offset" < t.next and not exists (
    select from log.leaves l where l.key = r.key and l.tree = t.id and l.hash = r.hash
)
group by 1, 2
"""
_LOOK_AGAIN = """
update log.trees t set next = w.first
from unnest($1::text[], $2::int[], $3::bigint[]) as w (topic, partition, first)
where t.topic = w.topic and t.partition = w.partition and w.first < t.next
"""
