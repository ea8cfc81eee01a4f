"""Is the log what was signed? `python -m audit.fsck [--kafka] [--key VKEY]`, beside the service or not.

Derives everything again from the leaves: the log of checkpoints, every tree, every household's chain,
the heads map, the map of meanings; and each leaf's hash from the record that the timeline has of it.
Every checkpoint is to be signed by the key of its time: by `--key`, else by that of LOG_KEY, or by one
that a note of the log joins to it. With `--kafka`, the trees from the topics alone. Reads only.

Exit 0 if all of it holds, and says what it was, and by which key it was signed; 1 if not, with a line for
each thing that does not; 2 if it could not look.
"""

import argparse
import asyncio
import sys
from collections.abc import AsyncIterator, Mapping

import asyncpg

from audit.log import meanings, store
from audit.log.derived import Derived
from audit.log.dossier import envelope
from audit.log.store import Checkpoint
from audit.log.tree import Frontier
from audit.settings import own_key
from audit.verify import Bad, head_of, key_of, leaf_hash, signers, successors
from common.incoming import incoming, unparked
from common.intents import Connection
from common.kafka import KafkaError, LogScan, Place
from common.outage import AWAY
from common.settings import given
from common.topics import events_topic
from contracts.envelope import chain_hash

CHUNK = 2_000


async def fsck(connection: Connection, consumer: str, vkey: str | None) -> list[str]:
    """What does not hold, a sentence each; [] if all does. Without a key, signatures are not checked."""
    async with connection.transaction(isolation="repeatable_read", readonly=True):
        last = await store.latest(connection)
        if last is None:
            return []
        return [
            *[line async for line in _checkpoints(connection)],
            *[line async for line in _signatures(connection, vkey)],
            *await _meanings(connection, last),
            *[line async for line in _trees(connection, consumer, last)],
        ]


async def _signatures(connection: Connection, vkey: str | None) -> AsyncIterator[str]:
    """The first that is not as it should be: of another key, each would be."""
    if vkey is None:
        return
    what = "successions"
    try:
        keys = successors([key_of(vkey)], await store.successions(connection))
        async for row in connection.cursor(_CHECKPOINTS, prefetch=CHUNK):
            what = f"checkpoint {row['size']}"
            if not signers(row["note"], keys):
                yield f"{what} is not signed by this key"
                return
    except (Bad, ValueError) as error:
        yield f"{what}: {error}"


async def _meanings(connection: Connection, last: Checkpoint) -> list[str]:
    kept = await meanings.kept(connection)
    if last.head.meanings in (None, (len(kept), kept.root())):
        return []
    return ["meanings: not what was signed that events mean"]


async def _checkpoints(connection: Connection) -> AsyncIterator[str]:
    log = Frontier()
    async for row in connection.cursor(_CHECKPOINTS, prefetch=CHUNK):
        log.append(leaf_hash(row["state"].encode()))
        head = head_of(row["note"])
        if (row["size"], head.size, head.root) != (log.size, log.size, log.root()):
            yield f"checkpoint {row['size']} does not go on from the one before"
            return


async def _trees(connection: Connection, consumer: str, last: Checkpoint) -> AsyncIterator[str]:
    waiting = {
        item.event.hash: item.event
        for row in await connection.fetch("select * from es.parked where consumer = $1", consumer)
        if (item := unparked(row)).event
    }
    signed, bad = last.trees, set[str]()
    derived = Derived(signed)
    async for row in connection.cursor(_LEAVES, prefetch=CHUNK):
        name, hash_, place = row["name"], row["leaf"], f"{row['name']}#{row['index']}"
        expected = derived.next(name)
        if expected is None or row["index"] >= signed[name][0]:
            continue
        if row["index"] != expected and name not in bad:
            bad.add(name)
            yield f"{name}: leaf {expected} is gone"
        derived.add(name, row["leaf_key"], hash_)
        event = envelope(row) if row["hash"] else waiting.get(hash_)
        if event is None:
            yield f"{place}: the record is gone"
        elif chain_hash(event) != hash_:
            yield f"{place}: the record was changed ({event.type} {event.stream} v{event.version})"
    for name in derived.other_trees():
        if name not in bad:
            yield f"{name}: not the {signed[name][0]} leaves that were signed"
    if not derived.same_heads():
        yield "heads: not the households, or not their records, that were signed"


_CHECKPOINTS = "select size, state, note from log.checkpoints order by size"
_LEAVES = """
select n.name, l.index, l.key as leaf_key, l.hash as leaf, t.*
from log.leaves l join log.trees n on n.id = l.tree
left join read.timeline t on t.key = l.key and t.hash = l.hash
order by l.tree, l.index
"""


async def from_kafka(servers: str, signed: Mapping[str, tuple[int, bytes]]) -> list[str]:
    """The trees whose signed roots do not follow from their topics alone, a sentence each."""
    names = {Place(events_topic(n.split("/")[0]), int(n.split("/")[1])): n for n in signed}
    seen: dict[Place, set[bytes]] = {place: set() for place in names}
    derived = Derived(signed)
    scan = LogScan(servers)
    try:
        async for place, records in scan.to_end(names, CHUNK):
            for item in map(incoming, records):
                if item.event and not item.fault and item.event.hash not in seen[place]:
                    seen[place].add(item.event.hash)
                    derived.add(names[place], item.key, item.event.hash)
    finally:
        await scan.close()
    return [
        f"{name}: the topic does not give the {signed[name][0]} leaves that were signed"
        for name in derived.other_trees()
    ]


async def _main(
    url: str, vkey: str | None, kafka: str | None
) -> tuple[list[str], Checkpoint | None]:
    connection = await asyncpg.connect(url)
    try:
        found = await fsck(connection, "audit", vkey)
        last = await store.latest(connection)
    finally:
        await connection.close()
    if kafka and last:
        found += await from_kafka(kafka, {n: t for n, t in last.trees.items() if n != "heads"})
    return found, last


def main() -> None:
    """Check, and say what does not hold, or what does."""
    asking = argparse.ArgumentParser(prog="python -m audit.fsck", description=__doc__)
    asking.add_argument("--key", help="the log's verifier key; without it, that of LOG_KEY")
    asking.add_argument("--kafka", action="store_true", help="derive the trees from Kafka as well")
    asked = asking.parse_args()
    url, kafka = given("DATABASE_URL"), given("KAFKA_BOOTSTRAP_SERVERS") if asked.kafka else None
    try:
        if vkey := asked.key or own_key():
            key_of(vkey)
    except ValueError as error:
        asking.error(f"the key of the log: {error}")
    try:
        found, last = asyncio.run(_main(url, vkey, kafka))
    except (KafkaError, *AWAY) as error:
        asking.exit(2, f"Could not look: {error!r}\n")
    if found:
        sys.exit("\n".join(found))
    sys.stdout.write(_held(last, vkey))


def _held(last: Checkpoint | None, vkey: str | None) -> str:
    if last is None:
        return "nothing is signed yet\n"
    told = f"{last.size} checkpoints hold, and every tree"
    if vkey is None:
        return f"{told}; signatures were not checked: neither --key nor LOG_KEY is given\n"
    return f"{told}; each is signed by {vkey}, or by a key that a note joins to it\n"


if __name__ == "__main__":
    main()
