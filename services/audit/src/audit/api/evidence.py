"""The verifiable log over HTTP, and the dossier of a household.

What has no personal data and no secret (checkpoints, tiles of hashes, the verifier) is open to
everybody, witnesses among them: that it can be checked without asking us is the point of it.
"""

import asyncio
from functools import cache
from pathlib import Path as File
from types import ModuleType
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Path, Query, Request, Response
from fastapi.responses import PlainTextResponse

from audit import verify, witness
from audit.access.looks import READ, Looker, looking, stream_of
from audit.log import store
from audit.log.dossier import dossier, texts, written
from audit.log.keeper import Keeper
from audit.log.note import plain
from audit.log.store import Checkpoint
from audit.log.tables import CHECKPOINTS
from audit.log.tiles import WIDTH, Tile, Wanted, asked
from audit.log.tree import consistency, inclusion
from common.http import only_filters
from common.intents import Connection
from common.problems import Problem
from contracts.access import Shown

router = APIRouter(tags=["evidence"])

PUBLIC = frozenset(
    {
        "/verify.py",
        "/witness.py",
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
Kept = Annotated[
    int | None, Query(ge=1, lt=2**63, description="size of the checkpoint that you kept")
]
Size = Annotated[int, Query(ge=1, lt=2**63, description="size of a checkpoint")]


@router.get("/verify.py", summary="The verifier: one file that needs nothing but Python")
async def verifier(request: Request) -> PlainTextResponse:
    """The file as it is in the source, with the keys of this log, and of the services, written into it."""
    text = _source(verify).replace(
        _UNKEYED, f"LOG_KEYS: list[str] = {[keeper_of(request).signer.vkey]!r}"
    )
    services = sorted(producers_of(request))
    text = text.replace(_NO_PRODUCERS, f"PRODUCER_KEYS: list[str] = {services!r}")
    return PlainTextResponse(text, headers=AT_ONCE, media_type="text/x-python")


@router.get("/witness.py", summary="The program of a witness; beside the verifier")
async def witness_program() -> PlainTextResponse:
    """The file as it is in the source."""
    return PlainTextResponse(_source(witness), headers=AT_ONCE, media_type="text/x-python")


@router.get("/v1/log/key", summary="The verifier key of the log")
async def key(request: Request) -> PlainTextResponse:
    """A C2SP vkey. Keep it, and compare it with what others were told."""
    return PlainTextResponse(keeper_of(request).signer.vkey + "\n", headers=AT_ONCE)


@router.get("/v1/log/keys", summary="The verifier key of the log, and how it came after others")
async def keys(request: Request) -> dict[str, Any]:
    """The vkey; the notes, signed by both keys, by which one key followed another; and the vkeys of the
    services that sign what they recorded."""
    keeper = keeper_of(request)
    async with keeper.pool.acquire() as connection:
        notes = await store.successions(connection)
    return {
        "key": keeper.signer.vkey,
        "successions": notes,
        "producers": sorted(producers_of(request)),
    }


@router.get("/v1/log/checkpoint", summary="The last signed checkpoint")
async def checkpoint(request: Request) -> PlainTextResponse:
    """A C2SP tlog-checkpoint of the log of checkpoints."""
    async with keeper_of(request).pool.acquire() as connection:
        return PlainTextResponse((await _last(connection)).note, headers=AT_ONCE)


@router.get("/v1/log/checkpoints/{size}", summary="A checkpoint, with the state that it signs")
async def checkpoint_of_size(
    request: Request, size: Annotated[int, Path(ge=1, lt=2**63)]
) -> dict[str, Any]:
    """The signed note, and its last entry: the size and root of every tree and of the heads map, with
    the proof that it is the last entry."""
    async with keeper_of(request).pool.acquire() as connection:
        found = await _known(connection, size)
        wanted = Wanted()
        inclusion(size - 1, size, wanted.node)
        nodes = await store.nodes(connection, {CHECKPOINTS: wanted})
    return {
        "size": size,
        "made_at": found.made_at,
        "checkpoint": found.note,
        "state": found.state,
        "state_proof": texts(inclusion(size - 1, size, nodes[CHECKPOINTS])),
    }


@router.post("/v1/log/cosignatures", summary="A witness gives its cosignature", status_code=204)
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
    earlier: Annotated[int, Query(alias="from", ge=1, lt=2**63)],
    later: Annotated[int, Query(alias="to", ge=1, lt=2**63)],
) -> dict[str, Any]:
    """RFC 6962 consistency proofs: of the log of checkpoints, and of each tree between its states."""
    only_filters(request, ("from", "to"))
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
    return {"from": earlier, "to": later, "proof": proofs.pop(""), "trees": proofs}


@router.get("/v1/log/tile/{path:path}", summary="A tile of the log of checkpoints")
async def tile(request: Request, path: str) -> Response:
    """C2SP tlog-tiles: `<L>/<N>[.p/<W>]` for hashes, `entries/<N>[.p/<W>]` for states."""
    async with keeper_of(request).pool.acquire() as connection:
        size = (await _last(connection)).size
        return await _tile(connection, CHECKPOINTS, size, path)


@router.get(
    "/v1/log/trees/{service}/{partition}/tile/{path:path}",
    summary="A tile of the tree of a topic and partition",
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


@router.get("/v1/households/{household_id}/dossier", summary="A household's file, with its proofs")
async def download(
    household_id: UUID,
    request: Request,
    caller: Annotated[Looker, looking(Shown.DOSSIER, export=True, absent=True, staff=True)],
    kept: Kept = None,
) -> Response:
    """To be verified with `verify.py`. Of a household that no event named, the proof of that."""
    return await _file(request, str(household_id), "household", kept)


@router.get(
    "/v1/households/{household_id}/accesses/dossier",
    summary="The log of looks at a household that audit recorded, with its proofs",
)
async def download_looks(
    household_id: UUID,
    request: Request,
    caller: Annotated[Looker, looking(Shown.ACCESSES, scope=READ, export=True, staff=True)],
    kept: Kept = None,
) -> Response:
    """As the dossier. The reveals of identification are in the household's own."""
    return await _file(request, stream_of(household_id), "accesses", kept)


def keeper_of(request: Request) -> Keeper:
    """The keeper of the log."""
    keeper: Keeper = request.app.state.keeper
    return keeper


def producers_of(request: Request) -> list[str]:
    """The vkeys of the services."""
    found: list[str] = request.app.state.producers
    return found


async def _file(request: Request, key: str, kind: str, kept: int | None) -> Response:
    only_filters(request, ("kept", "lang", "purpose"))
    made = await dossier(keeper_of(request), "audit", key, kept)
    size = verify.head_of(made["checkpoint"]).size
    name = f"{kind}-{request.path_params['household_id']}-{size}.json"
    return Response(
        await asyncio.to_thread(written, made),
        media_type="application/json",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


@cache
def _source(module: ModuleType) -> str:
    return File(str(module.__file__)).read_text("utf-8")


_UNKEYED = "LOG_KEYS: list[str] = []"
_NO_PRODUCERS = "PRODUCER_KEYS: list[str] = []"


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
    return Response(body, media_type="application/octet-stream", headers=FOR_EVER)


def _not_heard() -> Problem:
    """The database lacks what was signed: it was restored from a backup."""
    return Problem("log-not-heard-yet", headers={"Retry-After": "60"})
