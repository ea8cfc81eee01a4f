"""The tree as C2SP tlog-tiles: 256 hashes a tile, each the root of a full tree one level below. Pure.

A tile grows at its end and never changes before it, so a tree of any earlier size can still be read: its
proofs use the first hashes of the present tiles.
"""

import re
from collections.abc import Mapping, Sequence
from functools import cache
from typing import NamedTuple

from audit.log.tree import Node
from audit.verify import ZERO, node_hash

HEIGHT = 8
WIDTH = 1 << HEIGHT
HASH = 32  # bytes


class Tile(NamedTuple):
    """A place in the grid of tiles: `level` counts from the leaves, `n` from the left."""

    level: int
    n: int


def edges(size: int) -> list[Tile]:
    """The tiles at the right edge that are not full: what `grown` needs of a tree of this size."""
    found, level = [], 0
    while size:
        if size % WIDTH:
            found.append(Tile(level, size // WIDTH))
        size, level = size // WIDTH, level + 1
    return found


def grown(size: int, edge: Mapping[Tile, bytes], leaves: Sequence[bytes]) -> dict[Tile, bytes]:
    """The tiles that change when these leaf hashes are appended, each whole, as it is afterwards."""
    changed: dict[Tile, bytes] = {}
    level, fresh = 0, list(leaves)
    while fresh:
        above = list[bytes]()
        first, taken = size // WIDTH, 0
        held = edge.get(Tile(level, first), b"") if size % WIDTH else b""
        while taken < len(fresh):
            room = WIDTH - len(held) // HASH
            held += b"".join(fresh[taken : taken + room])
            taken += room
            changed[Tile(level, first)] = held
            if len(held) == WIDTH * HASH:
                above.append(folded(held))
                first, held = first + 1, b""
        size, level, fresh = size // WIDTH, level + 1, above
    return changed


def folded(hashes: bytes) -> bytes:
    """The root over a power of two of hashes."""
    level = [hashes[i : i + HASH] for i in range(0, len(hashes), HASH)]
    while len(level) > 1:
        level = [node_hash(level[i], level[i + 1]) for i in range(0, len(level), 2)]
    return level[0]


def reading(tiles: Mapping[Tile, bytes]) -> Node:
    """Reads subtrees from tiles. Each is folded once, since proofs of one tree share most of them.

    The node raises `KeyError` for a tile, or a part of one, that is not there.
    """

    @cache
    def node(level: int, index: int) -> bytes:
        tile, start, count = _where(level, index)
        part = tiles[tile][start * HASH : (start + count) * HASH]
        if len(part) != count * HASH:
            raise KeyError(tile)
        return folded(part)

    return node


class Wanted(set[Tile]):
    """Collects the tiles that a proof reads, so that one query gets them all."""

    def node(self, level: int, index: int) -> bytes:
        """Note the tile; the hash means nothing."""
        self.add(_where(level, index)[0])
        return ZERO


def _where(level: int, index: int) -> tuple[Tile, int, int]:
    """The tile of a subtree, the first of its hashes there, and how many."""
    high, low = divmod(level, HEIGHT)
    n, start = divmod(index << low, WIDTH)
    return Tile(high, n), start, 1 << low


_PATH = re.compile(r"(entries|0|[1-9]\d?)((?:/x\d{3}){0,6}/\d{3})(?:\.p/([1-9]\d{0,2}))?", re.ASCII)


class Asked(NamedTuple):
    """What a tile's path asks for. `level` is `None` for entries; `width` hashes or entries."""

    level: int | None
    n: int
    width: int


def asked(path: str) -> Asked | None:
    """Read `<L>/<N>[.p/<W>]`, such as `0/x001/x234/067.p/8`; `None` for anything else."""
    match = _PATH.fullmatch(path)
    if match is None:
        return None
    level, digits, width = match.groups()
    n = int(re.sub("[/x]", "", digits))
    found = Asked(None if level == "entries" else int(level), n, int(width or WIDTH))
    canonical = digits == number(n) and found.width <= (WIDTH - 1 if width else WIDTH)
    return found if canonical and (found.level or 0) < 64 else None


def number(n: int) -> str:
    """The index of a tile as path elements: 1234067 is `/x001/x234/067`."""
    digits = f"{n:03d}"
    digits = digits.zfill(-(-len(digits) // 3) * 3)
    groups = [digits[i : i + 3] for i in range(0, len(digits), 3)]
    return "".join(f"/x{group}" for group in groups[:-1]) + f"/{groups[-1]}"
