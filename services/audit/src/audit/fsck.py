"""Is the log what was signed? `python -m audit.fsck [--kafka] [--key VKEY]`, beside the service or not.

Derives everything again from the leaves: the log of checkpoints, every tree, every household's chain,
the heads map, the map of meanings; and each leaf's hash from the record that the timeline has of it.
Every checkpoint is to be signed by the key of its time: by `--key`, else by that of LOG_KEY, or by one
that a note of the log joins to it; and cosigned by who is said to have cosigned it, of those of
LOG_WITNESSES. The last statement of each service is to be signed by its key (STATEMENT_KEYS), with where
its streams end, and to agree with the log. With `--kafka`, the trees from the topics alone. Reads only.

Exit 0 if all of it holds, and says what it was, and by whose keys it was signed; 1 if not, with a line for
each thing that does not; 2 if it could not look.
"""

import argparse
import asyncio
import os
import sys
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence

import asyncpg

from audit.api.reconciliation import compared
from audit.log import meanings, stated, store
from audit.log.derived import Derived
from audit.log.dossier import envelope
from audit.log.store import Checkpoint
from audit.log.tree import Frontier
from audit.settings import keys_in, own_key
from audit.verify import BROKEN, Bad, Key, head_of, key_of, leaf_hash, signers, successors
from common.incoming import incoming, unparked
from common.intents import Connection
from common.kafka import KafkaError, LogScan, Place
from common.outage import AWAY
from common.settings import given
from common.statements import statement_of
from common.topics import events_topic
from contracts.envelope import chain_hash

CHUNK = 2_000


async def fsck(
    connection: Connection,
    consumer: str,
    vkey: str | None,
    witnesses: Sequence[Key] = (),
    services: Sequence[Key] = (),
) -> list[str]:
    """What does not hold, a sentence each; [] if all does. Signatures are checked of whom a key is given:
    of the log (`vkey`), of witnesses, and of all services or of none."""
    async with connection.transaction(isolation="repeatable_read", readonly=True):
        last = await store.latest(connection)
        if last is None:
            return []
        found = [line async for line in _checkpoints(connection, vkey, witnesses)]
        found += [line async for line in _statements(connection, services)]
        try:
            signed, meant = last.trees, last.head.meanings
        except ValueError as error:
            return [*found, f"checkpoint {last.size}: {error}"]
        found += await _meanings(connection, meant)
        return found + [line async for line in _trees(connection, consumer, signed)]


async def _checkpoints(
    connection: Connection, vkey: str | None, witnesses: Sequence[Key]
) -> AsyncIterator[str]:
    """The first checkpoint that is wrong; of signatures, the first wrong one of each signer, since with
    another key every one of them would be wrong."""
    log, told, keys = Frontier(), set[str](), list[Key]()
    try:
        if vkey:
            keys = successors([key_of(vkey)], await store.successions(connection))
    except (Bad, ValueError) as error:
        yield f"successions: {error}"
    async for row in connection.cursor(_CHECKPOINTS, prefetch=CHUNK):
        for what, said in _faults(row, log, keys, list(witnesses)):
            if what not in told:
                told.add(what)
                yield f"checkpoint {row['size']}{said}"


def _faults(
    row: asyncpg.Record, log: Frontier, keys: list[Key], witnesses: list[Key]
) -> Iterator[tuple[str, str]]:
    """What is wrong with a checkpoint: what of it, and a sentence."""
    if row["note"] is None:
        yield "gone", " is gone, and was cosigned"
        return
    log.append(leaf_hash(row["state"].encode()))
    try:
        head = head_of(row["note"])
        if (row["size"], head.size, head.root) != (log.size, log.size, log.root()):
            yield "place", " does not go on from the one before"
        if keys and not signers(row["note"], keys):
            yield "signature", " is not signed by this key"
    except (Bad, ValueError) as error:
        yield "signature", f": {error}"
    text = row["note"].rpartition("\n\n")[0]
    for name, line in zip(row["names"], row["lines"], strict=True):
        try:
            if line.split(" ")[1:2] != [name]:
                yield name, f": the cosignature of {name} is in another name"
            signers(f"{text}\n\n{line}\n", witnesses)
        except (Bad, ValueError) as error:
            yield name, f": the cosignature of {name}: {error}"


async def _statements(connection: Connection, services: Sequence[Key]) -> AsyncIterator[str]:
    for service, until, note in await connection.fetch(_STATEMENTS):
        what = f"statement of {service}"
        if note is None:
            yield f"{what}: it is gone, and where the streams end that it signed is there"
            continue
        try:
            statement = statement_of(note)
            keys = [key for key in services if key.name.rpartition("/")[2] == service]
            if services and not signers(note, keys):
                yield f"{what}: it is not signed by a key of {service}"
        except (Bad, *BROKEN) as error:
            yield f"{what}: {error}"
            continue
        if (statement.service, statement.until) != (service, until):
            yield f"{what}: it is kept as another than it is"
        if await stated.heads_of(connection, service) != statement.heads:
            yield f"{what}: the streams do not end where it signed"
            continue
        for differs in (await compared(connection, statement, until)).differences:
            yield f"{what}: what it recorded in {differs.month} is not what the log has"
        for record in await stated.contradicted(connection, service):
            yield f"{what}: it did not record {record.stream} v{record.version} ({record.key})"


async def _meanings(connection: Connection, signed: tuple[int, bytes] | None) -> list[str]:
    kept = await meanings.kept(connection)
    if signed in (None, (len(kept), kept.root())):
        return []
    return ["meanings: not what was signed that events mean"]


async def _trees(
    connection: Connection, consumer: str, signed: Mapping[str, tuple[int, bytes]]
) -> AsyncIterator[str]:
    waiting = {
        item.event.hash: item.event
        for row in await connection.fetch("select * from es.parked where consumer = $1", consumer)
        if (item := unparked(row)).event
    }
    bad = set[str]()
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


_CHECKPOINTS = """
select size, k.state, k.note, coalesce(c.names, '{}') as names, coalesce(c.lines, '{}') as lines
from log.checkpoints k full join (
    select size, array_agg(name order by name) as names, array_agg(line order by name) as lines
    from log.cosignatures group by size
) c using (size) order by size
"""
_STATEMENTS = """
select service, s.until, s.note
from log.statements s full join (select distinct service from log.stated) e using (service)
order by service
"""
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
    url: str, vkey: str | None, witnesses: list[Key], services: list[Key], kafka: str | None
) -> tuple[list[str], Checkpoint | None]:
    connection = await asyncpg.connect(url)
    try:
        found = await fsck(connection, "audit", vkey, witnesses, services)
        last = await store.latest(connection)
    finally:
        await connection.close()
    if kafka and last:
        try:
            signed = {name: tree for name, tree in last.trees.items() if name != "heads"}
        except ValueError:
            return found, last  # and it is named: what was signed cannot be read
        found += await from_kafka(kafka, signed)
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
        witnesses, services = (
            keys_in(os.environ.get(name, "")) for name in ("LOG_WITNESSES", "STATEMENT_KEYS")
        )
    except ValueError as error:
        asking.error(f"the keys of witnesses and services: {error}")
    try:
        found, last = asyncio.run(_main(url, vkey, witnesses, services, kafka))
    except (KafkaError, *AWAY) as error:
        asking.exit(2, f"Could not look: {error!r}\n")
    if found:
        sys.exit("\n".join(found))
    sys.stdout.write(_held(last, vkey, witnesses, services))


def _held(
    last: Checkpoint | None, vkey: str | None, witnesses: Sequence[Key], services: Sequence[Key]
) -> str:
    if last is None:
        return "nothing is signed yet\n"
    told = [f"{last.size} checkpoints hold, and every tree; "]
    if vkey:
        told[0] += f"each is signed by {vkey}, or by a key that a note joins to it"
    else:
        told[0] += "signatures were not checked: neither --key nor LOG_KEY is given"
    if witnesses:
        told.append(f"cosignatures of {_names(witnesses)} hold; others were not checked")
    else:
        told.append("cosignatures were not checked: LOG_WITNESSES is not given")
    if services:
        told.append(f"statements agree with the log, and are signed by {_names(services)}")
    else:
        told.append(
            "statements agree with the log; signatures were not checked: STATEMENT_KEYS is not given"
        )
    return "\n".join([*told, ""])


def _names(keys: Sequence[Key]) -> str:
    return ", ".join(key.name for key in keys)


if __name__ == "__main__":
    main()
