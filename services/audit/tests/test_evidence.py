"""The log over HTTP: what everybody may fetch is enough to check it without asking us."""

import asyncio
import base64
import subprocess
import sys
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from audit import verify
from audit.log.keeper import Keeper
from audit.log.tiles import Tile, edges, number, reading
from audit.log.tree import root
from audit.verify import consistent, head_of, key_of, leaf_hash, signers, state_of
from common.note import Signer
from common.testing import NOON, envelope, history, household
from contracts.envelope import Envelope
from services.audit.tests.conftest import PRODUCERS

Hear = Callable[[Sequence[Envelope]], Awaitable[None]]
SIGNER = Signer("shouwang.test/audit", bytes(range(32)))


@pytest.fixture
async def stranger(app: FastAPI, client: httpx.AsyncClient) -> httpx.AsyncClient:
    """Somebody without a token."""
    del client.headers["authorization"]
    return client


async def keep(app: FastAPI) -> None:
    """Sign what has come."""
    keeper: Keeper = app.state.keeper
    assert await keeper.keep(NOON)


async def fetched(client: httpx.AsyncClient, prefix: str, size: int) -> dict[Tile, bytes]:
    """The right edge of a tree, as a witness fetches it."""
    found = {}
    for tile in edges(size):
        width = (size >> 8 * tile.level) % 256
        answer = await client.get(f"{prefix}/tile/{tile.level}{number(tile.n)}.p/{width}")
        assert len(answer.content) == width * 32
        found[tile] = answer.content
    return found


async def test_before_the_first_checkpoint_it_says_so(stranger: httpx.AsyncClient) -> None:
    answer = await stranger.get("/v1/log/checkpoint")
    assert (answer.status_code, answer.json()["code"]) == (503, "not-signed-yet")
    assert answer.headers["retry-after"] == "60"


async def test_a_stranger_checks_the_log_from_its_tiles_alone(
    app: FastAPI, stranger: httpx.AsyncClient, hear: Hear
) -> None:
    events = history(300, household_id=household(1))
    for start in (0, 260):
        await hear(events[start : start + 260])
        await keep(app)
    note = (await stranger.get("/v1/log/checkpoint")).text
    trusted = key_of((await stranger.get("/v1/log/key")).text)
    assert signers(note, [trusted]) == [SIGNER.name]
    head = head_of(note)
    assert root(head.size, reading(await fetched(stranger, "/v1/log", head.size))) == head.root

    bundle = (await stranger.get("/v1/log/tile/entries/000.p/2")).content
    length = int.from_bytes(bundle[:2], "big")
    second = bundle[2 + length + 2 :]
    size, top = state_of(second.decode())["identification/0"]
    prefix = "/v1/log/trees/identification/0"
    assert root(size, reading(await fetched(stranger, prefix, size))) == top
    told = await stranger.get(f"{prefix}/tile/0/000")
    assert told.content == b"".join(leaf_hash(e.hash) for e in events[:256])
    part = await stranger.get(f"{prefix}/tile/0/000.p/3")  # as it was
    assert part.content == told.content[:96]
    assert "immutable" in told.headers["cache-control"]
    assert told.headers["content-type"] == "application/octet-stream"
    for path in ("/v1/log/checkpoint", "/v1/log/key", "/verify.py", "/witness.py"):
        assert (await stranger.get(path)).headers["cache-control"] == "no-cache"
    entries = (await stranger.get(f"{prefix}/tile/entries/000")).content
    assert entries == b"".join(b"\0\x20" + e.hash for e in events[:256])


@pytest.mark.parametrize(
    "path",
    [
        *("0/001", "0/001.p/1", "0/000", "0/000.p/4", "entries/000.p/4", "1/000.p/1"),
        *("nonsense", "0/000.p/3/.."),
    ],
)
async def test_a_tile_that_was_not_signed_is_not_served(
    app: FastAPI, stranger: httpx.AsyncClient, hear: Hear, path: str
) -> None:
    events = history(5, household_id=household(1))
    await hear(events[:3])
    await keep(app)
    await hear(events[3:])
    prefix = "/v1/log/trees/identification/0/tile"
    assert (await stranger.get(f"{prefix}/0/000.p/3")).status_code == 200
    for tree in (prefix, "/v1/log/tile"):
        assert (await stranger.get(f"{tree}/{path}")).status_code == 404
    assert (await stranger.get("/v1/log/trees/nobody/0/tile/0/000.p/1")).status_code == 404


async def test_a_checkpoint_is_proved_to_extend_an_earlier_one(
    app: FastAPI, stranger: httpx.AsyncClient, hear: Hear
) -> None:
    events = history(9, household_id=household(1))
    for start in (0, 3, 6):
        await hear(events[start : start + 3])
        await keep(app)
    old, new = [(await stranger.get(f"/v1/log/checkpoints/{size}")).json() for size in (1, 3)]
    answer = (await stranger.get("/v1/log/consistency", params={"from": 1, "to": 3})).json()

    def proof(steps: Any) -> list[bytes]:
        return [base64.b64decode(step) for step in steps]

    assert (answer["from"], answer["to"], list(answer["trees"])) == (1, 3, ["identification/0"])
    roots = [head_of(one["checkpoint"]).root for one in (old, new)]
    assert consistent(1, 3, proof(answer["proof"]), *roots)
    (before, was), (after, now) = (state_of(one["state"])["identification/0"] for one in (old, new))
    assert consistent(before, after, proof(answer["trees"]["identification/0"]), was, now)
    for query in ({"from": 3, "to": 1}, {"from": 1, "to": 4}):
        refused = await stranger.get("/v1/log/consistency", params=query)
        assert (refused.status_code, refused.json()["code"]) == (404, "unknown-checkpoint")


async def test_the_verifier_that_is_served_is_that_of_the_source_with_the_keys(
    stranger: httpx.AsyncClient,
) -> None:
    served = (await stranger.get("/verify.py")).text.splitlines()
    kept = Path(verify.__file__).read_text("utf-8").splitlines()
    told = {"LOG_KEYS": [SIGNER.vkey], "PRODUCER_KEYS": sorted(PRODUCERS.split())}
    differing = [(a, b) for a, b in zip(kept, served, strict=True) if a != b]
    assert len(differing) == 2
    assert (await stranger.get("/v1/log/keys")).json()["producers"] == told["PRODUCER_KEYS"]
    for (mine, theirs), (name, keys) in zip(differing, told.items(), strict=True):
        assert mine.startswith(f"{name}: list[str] = []  #")
        assert theirs == mine.replace("[]", repr(keys))


async def test_the_verifier_runs_alone_with_nothing_but_the_standard_library(
    app: FastAPI, client: httpx.AsyncClient, hear: Hear, tmp_path: Path
) -> None:
    await hear([envelope(household_id=household(1)), envelope(household_id=household(2))])
    await keep(app)
    program, dossier = tmp_path / "verify.py", tmp_path / "dossier.json"
    program.write_text((await client.get("/verify.py")).text, "utf-8")
    answer = await client.get(f"/v1/households/{household(1)}/dossier")
    assert f'filename="household-{household(1)}-1.json"' in answer.headers["content-disposition"]
    dossier.write_bytes(answer.content)
    alone = [sys.executable, "-I", "-S", str(program), str(dossier)]
    ran = await asyncio.to_thread(subprocess.run, alone, capture_output=True, encoding="utf-8")
    assert (ran.returncode, ran.stderr) == (10, "")
    assert "已验证, 无见证" in ran.stdout
