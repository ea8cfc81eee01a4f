"""The verifiable log over HTTP: checkpoints, tiles, keys, and what witnesses give.

It has no personal data and no secret, and so is open to everybody, witnesses among them: that it can be
checked without asking us is the point of it.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Path, Query, Request, Response
from fastapi.responses import PlainTextResponse
from pydantic import Field

from audit import verify
from audit.log import store
from audit.log.dossier import texts
from audit.log.keeper import Keeper
from audit.log.note import plain
from audit.log.store import Checkpoint
from audit.log.tables import CHECKPOINTS
from audit.log.tiles import WIDTH, Tile, Wanted, asked
from audit.log.tree import consistency, inclusion
from common.intents import Connection
from common.openapi import taking
from common.problems import Problem

router = APIRouter(tags=["evidence"])

PUBLIC = frozenset(
    {
        "/v1/log/key",
        "/v1/log/keys",
        "/v1/log/cosignatures",
        "/v1/log/checkpoint",
        "/v1/log/checkpoints/{size}",
        "/v1/log/consistency",
        "/v1/log/tile/{path:path}",
        "/v1/log/trees/{service}/{partition}/tile/{path:path}",
    }
)
FOR_EVER = {"Cache-Control": "public, max-age=31536000, immutable"}
NOTE_LIMIT = 16_384  # bytes of a note with its cosignatures
AT_ONCE = {"Cache-Control": "no-cache"}
NOTE = {
    "type": "string",
    "description": "a C2SP signed note",
    "examples": [
        "shouwang.example/audit\n70000\nkJk5ankBjHbUHvauIcHBamhl7/3mqNeP403z42+UR2Y=\n\n"
        "— shouwang.example/audit 3dfma5I3ipBOS/6lY1ijN3aflwG9UZzt5AsOrZeYqZliDwUGxsf8YVETcxHqeSJyphGh87e5hfR0Y2Ckr81qK2ZbWA8=\n"
        "— witness.example/city C84OSwAAAABmXT/Arvg917OuQjxMlZWEBgGL7Cfg9PYeGqymPKcBxLFQ1PmeKps1uluAK1gjB63u9Y3ANtsVdS3/MpzraYpJIkyyBA==\n"
    ],
}


class Octets(Response):
    """Bytes as they are signed."""

    media_type = "application/octet-stream"


@dataclass(frozen=True, slots=True)
class Keys:
    """The vkey; the notes, signed by both keys, by which one key followed another; and the vkeys of the
    services that sign what they recorded."""

    key: str
    successions: list[str]
    producers: list[str]


@dataclass(frozen=True, slots=True)
class Signed:
    """The signed note, and its last entry: the size and root of every tree and of the heads map, with
    the proof (base64) that it is the last entry."""

    size: int
    made_at: datetime
    checkpoint: str
    state: str
    state_proof: list[str]


@dataclass(frozen=True, slots=True)
class Extends:
    """RFC 6962 consistency proofs (base64): of the log of checkpoints, and of each tree between its
    states."""

    from_: Annotated[int, Field(serialization_alias="from")]
    to: int
    proof: list[str]
    trees: dict[str, list[str]]


@router.get("/v1/log/key", summary="The verifier key of the log", response_class=PlainTextResponse)
async def key(request: Request) -> PlainTextResponse:
    """A C2SP vkey. Keep it, and compare it with what others were told."""
    return PlainTextResponse(keeper_of(request).signer.vkey + "\n", headers=AT_ONCE)


@router.get("/v1/log/keys", summary="The verifier key of the log, and how it came after others")
async def keys(request: Request) -> Keys:
    """Nobody is to believe them unasked: compare them with what others were told."""
    keeper = keeper_of(request)
    async with keeper.pool.acquire() as connection:
        notes = await store.successions(connection)
    return Keys(keeper.signer.vkey, notes, sorted(producers_of(request)))


@router.get(
    "/v1/log/checkpoint", summary="The last signed checkpoint", response_class=PlainTextResponse
)
async def checkpoint(request: Request) -> PlainTextResponse:
    """A C2SP tlog-checkpoint of the log of checkpoints."""
    async with keeper_of(request).pool.acquire() as connection:
        return PlainTextResponse((await _last(connection)).note, headers=AT_ONCE)


@router.get("/v1/log/checkpoints/{size}", summary="A checkpoint, with the state that it signs")
async def checkpoint_of_size(
    request: Request, size: Annotated[int, Path(ge=1, le=2**63 - 1)]
) -> Signed:
    """Checkpoints are numbered from 1; the state is what this one adds to the log of checkpoints."""
    async with keeper_of(request).pool.acquire() as connection:
        found = await _known(connection, size)
        wanted = Wanted()
        inclusion(size - 1, size, wanted.node)
        nodes = await store.nodes(connection, {CHECKPOINTS: wanted})
    proof = texts(inclusion(size - 1, size, nodes[CHECKPOINTS]))
    return Signed(size, found.made_at, found.note, found.state, proof)


@router.post(
    "/v1/log/cosignatures",
    summary="A witness gives its cosignature",
    status_code=204,
    response_class=Response,
    openapi_extra=taking({"text/plain": NOTE}),
)
async def cosigned(request: Request) -> None:
    """A checkpoint of this log with the lines of witnesses, as `witness.py` makes it.

    Taken from witnesses that this log is told of (`LOG_WITNESSES`); their signature is their right.
    """
    body = await request.body()
    try:
        note = body.decode() if len(body) <= NOTE_LIMIT else ""
        text, _, lines = note.rpartition("\n\n")
        head, witnesses = verify.head_of(note), request.app.state.witnesses
        signed = verify.signers(note, witnesses)
    except (ValueError, verify.Bad):
        raise Problem("not-a-cosignature") from None
    async with keeper_of(request).pool.acquire() as connection:
        known = await _known(connection, head.size)
        if not signed or known.note.rpartition("\n\n")[0] != text:
            raise Problem("not-a-cosignature")
        theirs = {
            name: plain(line)
            for line in lines.splitlines()
            for name in verify.signers(f"{text}\n\n{line}\n", witnesses)
        }
        await store.cosign(connection, head.size, theirs)


@router.get("/v1/log/consistency", summary="That a checkpoint extends an earlier one")
async def consistent(
    request: Request,
    earlier: Annotated[int, Query(alias="from", ge=1, le=2**63 - 1)],
    later: Annotated[int, Query(alias="to", ge=1, le=2**63 - 1)],
) -> Extends:
    """`from` and `to` are sizes of checkpoints, the earlier one first."""
    async with keeper_of(request).pool.acquire() as connection:
        old, new = await _known(connection, earlier), await _known(connection, later)
        if old.size > new.size:
            raise Problem("unknown-checkpoint")
        trees = await store.trees(connection)
        now = {name: size for name, (size, _) in new.trees.items()}
        spans = {
            trees[name].id: (name, size, now[name])
            for name, (size, _) in old.trees.items()
            if name in trees
        }
        spans[CHECKPOINTS] = ("", old.size, new.size)
        wanted = {tree: Wanted() for tree in spans}
        for tree, (_, first, last) in spans.items():
            consistency(first, last, wanted[tree].node)
        nodes = await store.nodes(connection, wanted)
    if old.trees.keys() - trees.keys() - {"heads"}:
        raise _not_heard()
    try:
        proofs = {
            name: texts(consistency(first, last, nodes[tree]))
            for tree, (name, first, last) in spans.items()
        }
    except KeyError:  # of a tile
        raise _not_heard() from None
    return Extends(earlier, later, proofs.pop(""), proofs)


@router.get(
    "/v1/log/tile/{path:path}", summary="A tile of the log of checkpoints", response_class=Octets
)
async def tile(request: Request, path: str) -> Response:
    """C2SP tlog-tiles: `<L>/<N>[.p/<W>]` for hashes, `entries/<N>[.p/<W>]` for states."""
    async with keeper_of(request).pool.acquire() as connection:
        size = (await _last(connection)).size
        return await _tile(connection, CHECKPOINTS, size, path)


@router.get(
    "/v1/log/trees/{service}/{partition}/tile/{path:path}",
    summary="A tile of the tree of a topic and partition",
    response_class=Octets,
)
async def tile_of_tree(request: Request, service: str, partition: str, path: str) -> Response:
    """As of the log of checkpoints; an entry is the hash of an event, 32 bytes."""
    name = f"{service}/{partition}"
    async with keeper_of(request).pool.acquire() as connection:
        size, _ = (await _last(connection)).trees.get(name, (0, b""))
        standing = (await store.trees(connection)).get(name)
        if standing is None:
            raise _not_heard() if size else Problem("not-found")
        return await _tile(connection, standing.id, size, path)


def keeper_of(request: Request) -> Keeper:
    """The keeper of the log."""
    keeper: Keeper = request.app.state.keeper
    return keeper


def producers_of(request: Request) -> list[str]:
    """The vkeys of the services."""
    found: list[str] = request.app.state.producers
    return found


async def _last(connection: Connection) -> Checkpoint:
    last = await store.latest(connection)
    if last is None:
        raise Problem("not-signed-yet", headers={"Retry-After": "60"})
    return last


async def _known(connection: Connection, size: int) -> Checkpoint:
    found = await store.checkpoint(connection, size)
    if found is None:
        raise Problem("unknown-checkpoint")
    return found


async def _tile(connection: Connection, tree: int, size: int, path: str) -> Response:
    wanted = asked(path)
    if wanted is None:
        raise Problem("not-found")
    level, n, width = wanted
    if n * WIDTH + width > size >> 8 * (level or 0):
        raise Problem("not-found")  # not signed yet, or never to be
    if level is None:
        found = await store.entries(connection, tree, n * WIDTH, width)
        body = b"".join(len(entry).to_bytes(2, "big") + entry for entry in found)
        whole = len(found) == width
    else:
        held = (await store.tiles(connection, {tree: {Tile(level, n)}}))[tree]
        body = held.get(Tile(level, n), b"")[: width * 32]
        whole = len(body) == width * 32
    if not whole:
        raise _not_heard()
    return Octets(body, headers=FOR_EVER)


def _not_heard() -> Problem:
    """The database lacks what was signed: it was restored from a backup."""
    return Problem("log-not-heard-yet", headers={"Retry-After": "60"})
