"""The log as others make it: vectors of golang.org/x/mod and transparency-dev, and what they accepted.

`foreign/main.go` wrote `vectors.json`, and accepted `ours.json`; how, says `foreign/README.md`.
"""

import base64
import json
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from audit.log.note import checkpoint, succession
from audit.log.tiles import WIDTH, Tile, grown, number, reading
from audit.log.tree import Node, consistency, inclusion, root
from audit.verify import Bad, Head, consistent, included, key_of, leaf_hash, signers
from common.note import WITNESS, Signer
from common.testing import NOON

HERE = Path(__file__).parent / "foreign"
LEAVES = 70_000
LOG = Signer("shouwang.example/audit", bytes([1]) * 32)
CITY = Signer("witness.example/city", bytes([2]) * 32, WITNESS)
NEW = Signer(LOG.name, bytes([3]) * 32)


def leaf(index: int) -> bytes:
    """The hash of leaf `index`, whose entry is the hash of its number as text."""
    return leaf_hash(sha256(str(index).encode()).digest())


@pytest.fixture(scope="module")
def vectors() -> Any:
    return json.loads((HERE / "vectors.json").read_text("utf-8"))


@pytest.fixture(scope="module")
def tiles() -> Mapping[Tile, bytes]:
    """Three levels of tiles, grown in two steps."""
    first = grown(0, {}, [leaf(n) for n in range(1_000)])
    return {**first, **grown(1_000, first, [leaf(n) for n in range(1_000, LEAVES)])}


@pytest.fixture(scope="module")
def node(tiles: Mapping[Tile, bytes]) -> Node:
    return reading(tiles)


def raw(texts: list[str]) -> list[bytes]:
    return [base64.b64decode(text) for text in texts]


def test_our_tiles_are_theirs(vectors: Any, tiles: Mapping[Tile, bytes]) -> None:
    ours = {}
    for tile, hashes in tiles.items():
        width = len(hashes) // 32
        path = f"{tile.level}{number(tile.n)}" + (f".p/{width}" if width < WIDTH else "")
        ours[path] = sha256(hashes).hexdigest()
    assert ours == vectors["tiles"]


def test_our_roots_are_theirs(vectors: Any, node: Node) -> None:
    for size, hash_ in vectors["roots"].items():
        assert [root(int(size), node)] == raw([hash_])


def test_our_proofs_are_theirs_and_theirs_hold(vectors: Any, node: Node) -> None:
    roots = {int(size): base64.b64decode(text) for size, text in vectors["roots"].items()}
    for one in vectors["inclusion"]:
        index, size, proof = one["index"], one["size"], raw(one["proof"])
        assert inclusion(index, size, node) == proof
        assert included(index, size, leaf(index), proof, roots[size])
    for one in vectors["consistency"]:
        old, new, proof = one["index"], one["size"], raw(one["proof"])
        assert consistency(old, new, node) == proof
        assert consistent(old, new, proof, root(old, node), root(new, node))


def test_our_notes_are_theirs_and_their_cosignature_is_verified(vectors: Any, node: Node) -> None:
    head = Head(LOG.name, LEAVES, root(LEAVES, node))
    assert LOG.vkey == vectors["log_key"]
    assert LOG.sign(checkpoint(head)) == vectors["note"]
    assert CITY.vkey.startswith(vectors["witness_key"])
    keys = [key_of(LOG.vkey), key_of(CITY.vkey)]
    assert signers(vectors["cosigned"], keys) == [LOG.name, CITY.name]
    with pytest.raises(Bad, match="forged"):
        signers(vectors["cosigned"].replace("\n70000\n", "\n70001\n"), keys)


def made(node: Node) -> dict[str, Any]:
    """What the foreign program is given to judge."""

    def text(hash_: bytes) -> str:
        return base64.b64encode(hash_).decode()

    head = Head(LOG.name, LEAVES, root(LEAVES, node))
    plain = f"{CITY.name}\n".encode() + b"\1" + key_of(CITY.vkey).public
    material = base64.b64encode(b"\1" + key_of(CITY.vkey).public).decode()
    return {
        "LogKey": LOG.vkey,
        "NewLogKey": NEW.vkey,
        "WitnessPlainKey": f"{CITY.name}+{sha256(plain).digest()[:4].hex()}+{material}",
        "Cosigned": CITY.cosign(LOG.sign(checkpoint(head)), NOON),
        "Succession": succession(LOG, NEW, LEAVES),
        "Inclusion": [
            {
                "Index": index,
                "Size": size,
                "Leaf": text(leaf(index)),
                "Root": text(root(size, node)),
                "Proof": [text(step) for step in inclusion(index, size, node)],
            }
            for size in (1, 2, 100, 256, 4_097, LEAVES)
            for index in (0, size // 2, size - 1)
        ],
        "Consistency": [
            {
                "Index": old,
                "Size": size,
                "OldRoot": text(root(old, node)),
                "Root": text(root(size, node)),
                "Proof": [text(step) for step in consistency(old, size, node)],
            }
            for size in (2, 100, 256, 4_097, LEAVES)
            for old in (1, size // 2, size - 1)
        ],
    }


def test_what_they_accepted_is_what_we_make(node: Node) -> None:
    assert json.loads((HERE / "ours.json").read_text("utf-8")) == made(node)
