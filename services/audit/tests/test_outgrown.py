"""A log that has outgrown its first tiles, checked by a stranger from what everybody may fetch."""

import base64
from dataclasses import replace
from hashlib import sha256
from typing import Any

import asyncpg
import httpx
from fastapi import FastAPI

from audit import verify
from audit.log import store
from audit.log.note import checkpoint
from audit.log.tables import CHECKPOINTS
from audit.log.tiles import edges, grown, number, reading
from audit.log.tree import root
from audit.verify import (
    VERIFIED,
    Dossier,
    Head,
    consistent,
    head_of,
    included,
    key_of,
    leaf_hash,
    state_of,
)
from common.testing import NOON, envelope, household
from services.audit.tests.conftest import SIGNER, Hear
from services.audit.tests.test_log_tree import naive

TREE = "/v1/log/trees/identification/0"
LEAVES = 66_000  # three levels: 257 full tiles, one full tile above them, and one hash above that
FIRST = 50_000  # as many as one checkpoint takes
ENTRIES = [sha256(str(n).encode()).digest() for n in range(LEAVES)]
FILL = """
insert into log.leaves (tree, index, key, hash)
select t.id, n, 'x', sha256(n::text::bytea) from log.trees t, generate_series(0, $1 - 1) n
where t.name = 'identification/0'
"""
FILLED = "update log.trees set size = $1, next = $1 where name = 'identification/0'"


async def fetched(client: httpx.AsyncClient, prefix: str, path: str) -> bytes:
    answer = await client.get(f"{prefix}/tile/{path}")
    assert answer.status_code == 200, path
    return answer.content


async def root_of(client: httpx.AsyncClient, prefix: str, size: int) -> bytes:
    """The root of a tree as a witness finds it, from the tiles at its right edge."""
    held = {}
    for tile in edges(size):
        width = (size >> 8 * tile.level) % 256
        path = f"{tile.level}{number(tile.n)}.p/{width}"
        held[tile] = await fetched(client, prefix, path)
        assert len(held[tile]) == 32 * width
    return root(size, reading(held))


async def told_of(client: httpx.AsyncClient, size: int) -> tuple[Head, str]:
    """A signed head, and the state that is proved to be its last entry."""
    told = (await client.get(f"/v1/log/checkpoints/{size}")).json()
    head = head_of(told["checkpoint"])
    proof = [base64.b64decode(step) for step in told["state_proof"]]
    assert head.size == size
    assert included(size - 1, size, leaf_hash(told["state"].encode()), proof, head.root)
    return head, told["state"]


def bundle(entries: list[bytes]) -> bytes:
    return b"".join(len(entry).to_bytes(2, "big") + entry for entry in entries)


async def test_every_level_of_a_tree_is_served_at_each_size_that_was_signed(
    app: FastAPI, client: httpx.AsyncClient, hear: Hear, pool: asyncpg.Pool
) -> None:
    await pool.execute(FILL, LEAVES)
    await pool.execute(FILLED, LEAVES)
    assert await app.state.keeper.keep(NOON)
    await hear([event := envelope(household_id=household(1))])
    assert await app.state.keeper.keep(NOON)
    entries = [*ENTRIES, event.hash]
    leaves = [leaf_hash(entry) for entry in entries]
    signed = {}
    for number_, size in ((1, FIRST), (2, LEAVES + 1)):
        _, state = await told_of(client, number_)
        signed[size] = state_of(state)["identification/0"]
        assert signed[size] == (size, await root_of(client, TREE, size))
        assert signed[size][1] == naive(leaves[:size])
    assert await fetched(client, TREE, "0/256") == b"".join(leaves[65_536:65_792])
    assert await fetched(client, TREE, "2/000.p/1") == naive(leaves[:65_536])
    last = f"p/{LEAVES + 1 - 257 * 256}"
    assert await fetched(client, TREE, f"entries/257.{last}") == bundle(entries[257 * 256 :])
    assert await fetched(client, TREE, "entries/001") == bundle(entries[256:512])
    for path in (
        "0/257",
        "0/257.p/210",
        "entries/257.p/210",
        "0/258.p/1",
        "1/001.p/2",
        "2/000.p/2",
    ):
        assert (await client.get(f"{TREE}/tile/{path}")).status_code == 404, path

    told = (await client.get("/v1/log/consistency", params={"from": 1, "to": 2})).json()
    proof = [base64.b64decode(step) for step in told["trees"]["identification/0"]]
    assert consistent(FIRST, LEAVES + 1, proof, signed[FIRST][1], signed[LEAVES + 1][1])
    raw = (await client.get(f"/v1/households/{household(1)}/dossier")).json()
    assert verify.verify(Dossier(raw, [key_of(SIGNER.vkey)], [], None))[0] == VERIFIED


async def test_more_checkpoints_than_a_tile_holds_are_served_and_proved(
    app: FastAPI, client: httpx.AsyncClient, hear: Hear, pool: asyncpg.Pool
) -> None:
    """The first of them signed the same state again and again; the keeper went on behind them."""
    await hear([envelope(household_id=household(1))])
    made: list[Any] = [await app.state.keeper.keep(NOON)] * 254
    leaves = [leaf_hash(made[0].state.encode())] * 254
    async with pool.acquire() as connection:
        for size in range(2, 255):
            head = Head(SIGNER.name, size, naive(leaves[:size]), made[0].head.meanings)
            made[size - 1] = replace(made[0], size=size, note=SIGNER.sign(checkpoint(head)))
        await connection.executemany(
            "insert into log.checkpoints (size, state, note, made_at) values ($1, $2, $3, $4)",
            [(one.size, one.state, one.note, one.made_at) for one in made[1:]],
        )
        await store.write_tiles(connection, {CHECKPOINTS: grown(0, {}, leaves)})
    for _ in range(4):
        await hear([envelope(household_id=household(1))])
        made.append(await app.state.keeper.keep(NOON))
    last, leaves = len(made), [leaf_hash(one.state.encode()) for one in made]
    assert last == 258
    for size in (1, 2, 255, 256, 257, last):
        head, state = await told_of(client, size)
        assert (head.root, state) == (naive(leaves[:size]), made[size - 1].state)
        assert await root_of(client, "/v1/log", size) == head.root
    states = [one.state.encode() for one in made]
    assert await fetched(client, "/v1/log", "entries/000") == bundle(states[:256])
    assert await fetched(client, "/v1/log", "entries/001.p/2") == bundle(states[256:])
    assert await fetched(client, "/v1/log", "1/000.p/1") == naive(leaves[:256])
    for path in ("0/001.p/3", "entries/001.p/3", "1/000.p/2", "0/001"):
        assert (await client.get(f"/v1/log/tile/{path}")).status_code == 404, path
    for earlier in (1, 255, 256, 257):
        asked = {"from": earlier, "to": last}
        told = (await client.get("/v1/log/consistency", params=asked)).json()
        proof = [base64.b64decode(step) for step in told["proof"]]
        assert consistent(earlier, last, proof, made[earlier - 1].head.root, made[-1].head.root)
