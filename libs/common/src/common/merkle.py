"""An RFC 6962 tree whose leaves are all at hand: its root, and what proves a leaf. Pure."""

from collections.abc import Sequence
from hashlib import sha256

EMPTY = sha256().digest()  # the root of no leaves


def levels(leaves: Sequence[bytes]) -> list[list[bytes]]:
    """Every level, from the leaf hashes to the root; a last node without a sibling goes up as it is."""
    level = list(leaves)
    found = [level]
    while len(level) > 1:
        above = [
            sha256(b"\1" + level[n] + level[n + 1]).digest() for n in range(0, len(level) - 1, 2)
        ]
        level = above + level[len(above) * 2 :]
        found.append(level)
    return found


def root(tree: Sequence[Sequence[bytes]]) -> bytes:
    """The root of a tree that is given as its levels, 32 bytes."""
    return tree[-1][0] if tree[-1] else EMPTY


def proof(tree: Sequence[Sequence[bytes]], index: int) -> list[bytes]:
    """The inclusion proof of leaf `index` of a tree that is given as its levels."""
    found = []
    for level in tree[:-1]:
        if (beside := index ^ 1) < len(level):
            found.append(level[beside])
        index >>= 1
    return found
