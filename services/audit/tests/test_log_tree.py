"""RFC 6962 trees: the public vectors, and laws against a naive tree."""

import base64
import json
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audit.log.tiles import Tile, Wanted, asked, edges, grown, number, reading
from audit.log.tree import EMPTY, Frontier, consistency, inclusion, root
from audit.verify import consistent, included, leaf_hash, node_hash

VECTORS = json.loads(Path(__file__).with_name("rfc6962").joinpath("vectors.json").read_text())
LEAVES = [leaf_hash(n.to_bytes(2, "big")) for n in range(1_100)]


def naive(leaves: Sequence[bytes]) -> bytes:
    """The definition of RFC 6962, 2.1, word for word."""
    if not leaves:
        return sha256().digest()
    if len(leaves) == 1:
        return leaves[0]
    k = 1
    while k * 2 < len(leaves):
        k *= 2
    return node_hash(naive(leaves[:k]), naive(leaves[k:]))


def tiles(count: int, step: int = 1_100) -> dict[Tile, bytes]:
    """The tiles of a tree that grew by `step` leaves at a time."""
    made: dict[Tile, bytes] = {}
    for size in range(0, count, step):
        edge = {tile: made[tile] for tile in edges(size)}
        made |= grown(size, edge, LEAVES[size : min(size + step, count)])
    return made


def _bytes(text: str | None) -> bytes:
    return base64.b64decode(text or "")


def _proof(vector: Any) -> list[bytes]:
    return [_bytes(step) for step in vector["proof"] or []]


@pytest.mark.parametrize("vector", VECTORS["inclusion"], ids=lambda v: v["name"])
def test_T14_a_public_inclusion_vector_is_judged_as_it_says(vector: Any) -> None:
    found = included(
        vector["leafIdx"],
        vector["treeSize"],
        _bytes(vector["leafHash"]),
        _proof(vector),
        _bytes(vector["root"]),
    )
    assert found is not vector["wantErr"]


@pytest.mark.parametrize("vector", VECTORS["consistency"], ids=lambda v: v["name"])
def test_T14_a_public_consistency_vector_is_judged_as_it_says(vector: Any) -> None:
    found = consistent(
        vector["size1"],
        vector["size2"],
        _proof(vector),
        _bytes(vector["root1"]),
        _bytes(vector["root2"]),
    )
    assert found is not vector["wantErr"]


@pytest.mark.parametrize("length", [0, 31, 33])
def test_what_is_no_hash_proves_nothing(length: int) -> None:
    """Also where the sum is right: of 64 bytes, nobody could say where one hash ends."""
    leaf, step = LEAVES[0], bytes(length)
    top = node_hash(leaf, step)
    assert not included(0, 2, leaf, [step], top)
    assert not consistent(1, 2, [step], leaf, top)


def test_there_are_as_many_vectors_as_were_published() -> None:
    for kind in ("inclusion", "consistency"):
        assert [len(VECTORS[kind]), sum(v["wantErr"] for v in VECTORS[kind])] == [98, 92]


def test_the_root_is_that_of_a_naive_tree_at_every_size() -> None:
    node, frontier = reading(tiles(1_100)), Frontier()
    assert root(0, node) == frontier.root() == EMPTY
    for size in range(1, 1_101):
        frontier.append(LEAVES[size - 1])
        assert root(size, node) == frontier.root() == naive(LEAVES[:size]), size


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_every_leaf_is_included_and_no_other_is(data: st.DataObject) -> None:
    size = data.draw(st.integers(1, 1_100))
    index, other = data.draw(st.integers(0, size - 1)), data.draw(st.integers(0, size - 1))
    top, node = naive(LEAVES[:size]), reading(tiles(size))
    proof = inclusion(index, size, node)
    assert included(index, size, LEAVES[index], proof, top)
    assert included(other, size, LEAVES[other], proof, top) is (other == index)
    assert included(index, size, LEAVES[index], proof[1:], top) is False or not proof
    assert not included(index, size, LEAVES[index], [*proof, LEAVES[0]], top)


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_a_tree_extends_each_of_its_beginnings_and_no_other_tree(data: st.DataObject) -> None:
    new = data.draw(st.integers(1, 1_100))
    old = data.draw(st.integers(1, new))
    node = reading(tiles(new))
    before, now = naive(LEAVES[:old]), naive(LEAVES[:new])
    proof = consistency(old, new, node)
    assert consistent(old, new, proof, before, now)
    other = [leaf_hash(b"rewritten"), *LEAVES[1:new]]
    assert not consistent(old, new, proof, naive(other[:old]), now)
    assert not consistent(old, new, proof, before, naive(other))
    wrong = [*proof, LEAVES[0]]
    assert not consistent(old, new, wrong, before, now)


@pytest.mark.parametrize("step", [1, 7, 255, 256, 257, 1_100])
def test_tiles_do_not_depend_on_how_a_tree_grew(step: int) -> None:
    assert tiles(1_100, step) == tiles(1_100)


def test_tiles_are_those_of_the_specification() -> None:
    made = tiles(600)
    assert {tile: len(held) // 32 for tile, held in made.items()} == {
        Tile(0, 0): 256,
        Tile(0, 1): 256,
        Tile(0, 2): 88,
        Tile(1, 0): 2,
    }
    assert made[Tile(1, 0)] == naive(LEAVES[:256]) + naive(LEAVES[256:512])


def test_a_proof_for_an_old_size_is_read_from_the_tiles_of_today() -> None:
    node = reading(tiles(1_100))
    assert inclusion(3, 300, node) == inclusion(3, 300, reading(tiles(300)))


def test_the_tiles_that_a_proof_reads_are_known_before_it_is_made() -> None:
    wanted, every = Wanted(), tiles(1_100)
    inclusion(700, 1_100, wanted.node)
    consistency(333, 1_100, wanted.node)
    node = reading({tile: every[tile] for tile in wanted})
    assert inclusion(700, 1_100, node)
    assert consistency(333, 1_100, node)


def test_a_proof_about_leaves_that_are_not_there_is_refused() -> None:
    node = reading(tiles(5))
    for index in (-1, 5):
        with pytest.raises(ValueError, match="of 5"):
            inclusion(index, 5, node)
    with pytest.raises(ValueError, match="not the beginning"):
        consistency(6, 5, node)
    with pytest.raises(ValueError, match="not the beginning"):
        consistency(0, 5, node)
    with pytest.raises(KeyError):
        root(6, node)


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("0/000", (0, 0, 256)),
        ("0/x001/x234/067", (0, 1234067, 256)),
        ("1/999.p/255", (1, 999, 255)),
        ("entries/x001/000.p/1", (None, 1000, 1)),
        ("63/000", (63, 0, 256)),
    ],
)
def test_the_path_of_a_tile_is_read(path: str, found: tuple[int | None, int, int]) -> None:
    assert asked(path) == found
    assert number(found[1]) in f"/{path}"


@pytest.mark.parametrize(
    "path",
    [
        *("0/0", "00/000", "0/x000/001", "0/000.p/0", "0/000.p/256", "0/000.p/01", "64/000"),
        *(
            "0/x123" + 1_600 * "/x123" + "/123",
            "0/001/234",
            "0/x001",
            "-1/000",
            "0/000/",
            "entries",
            "0/٠٠٠",
            "0/000.p/8\n",
            "99/000",
        ),
    ],
)
def test_what_is_not_the_path_of_a_tile_is_refused(path: str) -> None:
    assert asked(path) is None
