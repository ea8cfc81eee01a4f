"""A household's dossier: every record of it that the log has, with the proofs of each and of the whole.

It is made in one snapshot, for the last checkpoint. The server checks none of the proofs: it only collects
them, and `verify.py`, on the reader's machine, says whether they hold. Slow steps run in a thread, so that
a long history keeps nobody else waiting.
"""

import asyncio
import base64
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import asyncpg
import msgspec

from audit.log import meanings, store
from audit.log.heads import HeadsMap, Shown
from audit.log.keeper import Keeper
from audit.log.store import Checkpoint
from audit.log.tables import CHECKPOINTS
from audit.log.tiles import Wanted
from audit.log.tree import Node, consistency, inclusion
from audit.meaning.deadlines import Deadline, deadlines
from audit.meaning.state import Happened, state
from audit.verify import FORMAT, payload
from common.clock import business_date
from common.incoming import unparked
from common.intents import Connection
from common.problems import Problem
from contracts.envelope import Actor, Envelope, canonical_header
from contracts.meaning import Meaning


@dataclass(frozen=True, slots=True)
class Leaf:
    """A record's place in the log, and its content if audit still has it."""

    tree: int
    name: str
    index: int
    hash: bytes
    event: Envelope | None
    parked: bool = False


async def dossier(keeper: Keeper, consumer: str, key: str, kept: int | None) -> dict[str, Any]:
    """The dossier of a household; if the log has nothing of it, the proof of that.

    `kept` is the size of a checkpoint that the reader kept. If the checkpoint signs what events mean, the
    dossier also shows the state and the deadlines by those meanings. Raises `Problem`: 503 before the first
    checkpoint, 404 if no checkpoint has the size `kept`.
    """
    async with (
        keeper.busy,
        keeper.pool.acquire() as connection,
        connection.transaction(isolation="repeatable_read", readonly=True),
    ):
        last = await store.latest(connection)
        await keeper.read_heads(connection)
        if last is None or last.trees["heads"] != (len(keeper.heads), keeper.heads.root()):
            raise Problem("not-signed-yet", headers={"Retry-After": "60"})
        meant = await meanings.kept(connection)
        if last.head.meanings not in (None, (len(meant), meant.root())):
            raise Problem("not-signed-yet", headers={"Retry-After": "60"})
        old = await store.checkpoint(connection, kept) if kept else None
        if kept and old is None:
            raise Problem("unknown-checkpoint")
        trees = {t.name: t.id for t in (await store.trees(connection)).values()}
        found = await _found(connection, consumer, key)
        leaves, applied = await asyncio.to_thread(_leaves, *found, last, trees)
        proofs = await _proofs(connection, last, old, trees, leaves)
        heads = _mapped(keeper.heads, key)  # here, where `busy` guards the map
        successions = await store.successions(connection)
        statements = await keeper.statements.of(connection, key)

    def put_together() -> dict[str, Any]:
        return {
            "format": FORMAT,
            "key": key,
            "checkpoint": last.note,
            "state": last.state,
            "state_proof": proofs.state,
            "heads": heads,
            "events": [
                _told(leaf, proof) for leaf, proof in zip(leaves, proofs.leaves, strict=True)
            ],
            "kept": proofs.kept,
            "successions": successions,
            "statements": statements,
            **(_meant(leaves, applied, last, meant) if last.head.meanings else {}),
        }

    return await asyncio.to_thread(put_together)


def written(made: Mapping[str, Any]) -> str:
    """A dossier as its file."""
    return json.dumps(made, ensure_ascii=False, indent=1)


def _meant(
    leaves: Sequence[Leaf], applied: Sequence[Envelope], last: Checkpoint, meant: HeadsMap
) -> dict[str, Any]:
    """State and deadlines as the timeline gives them at the moment when the state was signed; and the
    meaning of each type that occurs, with its proof."""
    moment = datetime.fromisoformat(last.state.split("\n")[1])
    shown = {_type(e) for e in (*applied, *(x.event for x in leaves if x.event))}
    declared = {name: _declared(meant, name) for name in sorted(shown)}
    means = {n: msgspec.convert(d.get("meaning", {}), Meaning) for n, d in declared.items()}
    happened = [
        Happened(
            e.event_id,
            e.service,
            e.type,
            e.stream,
            e.version,
            e.occurred_at,
            e.recorded_at,
            payload(e.data),
            means[_type(e)],
        )
        for e in applied
    ]
    fields = state(happened, moment, moment).fields
    due = deadlines(happened, business_date(moment))
    return {
        "shown": {name: value.value for name, value in fields.items()},
        "deadlines": sorted(map(_due, due), key=lambda d: (d[1] or "9999-12-31", d[0])),
        "meanings": declared,
    }


def _type(event: Envelope) -> str:
    return f"{event.service}.{event.type}.v{event.schema_version}"


def _declared(meant: HeadsMap, name: str) -> dict[str, Any]:
    """Label and meaning of a type with their proof, or the proof that nothing was declared of it."""
    told = _mapped(meant, name)
    entry = told.pop("entry", None)
    return {**json.loads(entry.partition("\n")[2]), **told} if entry else told


def _due(deadline: Deadline) -> list[str | None]:
    return [
        str(deadline.opened_by.event_id),
        deadline.due_on.isoformat() if deadline.due_on else None,
        deadline.closed_on.isoformat() if deadline.closed_on else None,
        deadline.outcome,
    ]


def _told(leaf: Leaf, proof: list[str]) -> dict[str, Any]:
    told: dict[str, Any] = {
        "tree": leaf.name,
        "index": leaf.index,
        "hash": leaf.hash.hex(),
        "proof": proof,
    }
    if leaf.event is None:  # given up by a person, or gone: said by saying nothing of it
        return told
    try:
        data: str | dict[str, str] = leaf.event.data.decode()
    except UnicodeDecodeError:
        data = {"base64": base64.b64encode(leaf.event.data).decode()}
    header = canonical_header(leaf.event).decode()
    told |= {"prev_hash": leaf.event.prev_hash.hex(), "header": header, "data": data}
    return {**told, "parked": True} if leaf.parked else told


def _mapped(entries: HeadsMap, key: str) -> dict[str, Any]:
    if shown := entries.find(key):
        return _shown(shown)
    gap, beside = entries.around(key)
    return {"gap": gap, "neighbours": [_shown(shown) for shown in beside]}


def _shown(shown: Shown) -> dict[str, Any]:
    return {"index": shown.index, "entry": shown.entry, "proof": texts(shown.proof)}


def texts(hashes: Sequence[bytes]) -> list[str]:
    """Hashes in base64."""
    return [base64.b64encode(one).decode() for one in hashes]


Rows = Sequence[asyncpg.Record]


async def _found(connection: Connection, consumer: str, key: str) -> tuple[Rows, Rows, Rows]:
    """What there is of a household: its leaves, what the timeline shows, and what waits."""
    return (
        await connection.fetch(_LEAVES, key),
        await connection.fetch(_APPLIED, key),
        await connection.fetch(_PARKED, consumer, key),
    )


def _leaves(
    rows: Rows, shown: Rows, waiting: Rows, last: Checkpoint, trees: Mapping[str, int]
) -> tuple[list[Leaf], list[Envelope]]:
    """The signed leaves; and what the timeline shows, without what is not signed yet."""
    names = {number: name for name, number in trees.items()}
    applied = {row["hash"]: envelope(row) for row in shown}
    parked = {
        item.event.hash: item.event
        for row in waiting
        if (item := unparked(row)).event and item.event.hash not in applied
    }
    found = applied | parked
    sizes = {name: size for name, (size, _) in last.trees.items()}
    signed = [r for r in rows if r["index"] < sizes.get(names[r["tree"]], 0)]
    unsigned = {r["hash"] for r in rows} - {r["hash"] for r in signed}
    return (
        [
            Leaf(
                r["tree"],
                names[r["tree"]],
                r["index"],
                r["hash"],
                found.get(r["hash"]),
                r["hash"] in parked,
            )
            for r in signed
        ],
        [event for hash_, event in applied.items() if hash_ not in unsigned],
    )


def envelope(row: asyncpg.Record) -> Envelope:
    """A row of the timeline as the event that was recorded."""
    actor = Actor(
        person=row["actor_person"],
        post=row["actor_post"],
        organisation=row["actor_organisation"],
        department=row["actor_department"],
        region=row["actor_region"],
    )
    own = {name: row[name] for name in Envelope.__struct_fields__ if name in row}
    return Envelope(**own, actor=actor, traceparent=None)


@dataclass(frozen=True, slots=True)
class _Proofs:
    state: list[str]
    leaves: list[list[str]]
    kept: dict[str, Any] | None


async def _proofs(
    connection: Connection,
    last: Checkpoint,
    old: Checkpoint | None,
    trees: Mapping[str, int],
    leaves: Sequence[Leaf],
) -> _Proofs:
    """All proofs. They are made twice: first to know which tiles they read, then from those tiles."""
    every = [CHECKPOINTS, *trees.values()]
    wanted = {tree: Wanted() for tree in every}
    asked = {tree: each.node for tree, each in wanted.items()}
    await asyncio.to_thread(_made, asked, last, old, trees, leaves)
    held = await store.nodes(connection, wanted)
    return await asyncio.to_thread(_made, held, last, old, trees, leaves)


def _made(
    nodes: Mapping[int, Node],
    last: Checkpoint,
    old: Checkpoint | None,
    trees: Mapping[str, int],
    leaves: Sequence[Leaf],
) -> _Proofs:
    sizes = {name: size for name, (size, _) in last.trees.items()}
    own = nodes[CHECKPOINTS]
    each = [texts(inclusion(x.index, sizes[x.name], nodes[x.tree])) for x in leaves]
    kept = None
    if old:
        grew = {name: size for name, (size, _) in old.trees.items() if name != "heads"}
        kept = {
            "size": old.size,
            "state": old.state,
            "state_proof": texts(inclusion(old.size - 1, old.size, own)),
            "consistency": texts(consistency(old.size, last.size, own)),
            "trees": {
                name: texts(consistency(size, sizes[name], nodes[trees[name]]))
                for name, size in grew.items()
            },
        }
    return _Proofs(texts(inclusion(last.size - 1, last.size, own)), each, kept)


_LEAVES = "select tree, index, hash from log.leaves where key = $1 order by tree, index"
_APPLIED = "select * from read.timeline where key = $1"
_PARKED = "select * from es.parked where consumer = $1 and key = $2"
