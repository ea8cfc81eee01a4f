"""What a checkpoint adds: tiles, chains, roots. Pure; one leaf or fifty thousand are added in the same way."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from audit.log.heads import Chain
from audit.log.tiles import Tile, Wanted, grown, reading
from audit.log.tree import root
from audit.verify import ZERO, leaf_hash, next_head


class Inconsistent(Exception):
    """What is stored does not begin with what was signed. Nothing is signed until somebody has looked at it."""


@dataclass(frozen=True, slots=True)
class Part:
    """The leaves that are added to a tree: from `start` on, each with its key and event hash."""

    tree: int
    name: str
    start: int
    leaves: Sequence[tuple[str, bytes]]

    @property
    def end(self) -> int:
        """The size of the tree with them."""
        return self.start + len(self.leaves)


@dataclass
class Grown:
    """What changes: tiles by tree, chains by key and tree."""

    tiles: dict[int, dict[Tile, bytes]] = field(default_factory=dict)
    chains: dict[str, dict[int, Chain]] = field(default_factory=dict)


def grow(
    parts: Iterable[Part],
    held: Mapping[int, Mapping[Tile, bytes]],
    chains: Mapping[str, Mapping[int, Chain]],
) -> Grown:
    """Add the parts to tiles and chains as they are held."""
    found = Grown()
    for part in parts:
        hashes = [leaf_hash(hash_) for _, hash_ in part.leaves]
        found.tiles[part.tree] = grown(part.start, held.get(part.tree, {}), hashes)
        for key, hash_ in part.leaves:
            mine = found.chains.setdefault(key, {})
            if part.tree not in mine:
                mine[part.tree] = chains.get(key, {}).get(part.tree, (0, ZERO))
            count, head = mine[part.tree]
            mine[part.tree] = count + 1, next_head(head, hash_)
    return found


def share(pending: Mapping[int, int], most: int) -> dict[int, int]:
    """How many leaves of each tree to take, `most` in all. The others are taken the next time."""
    taken, left = {}, most
    for tree, count in pending.items():
        taken[tree] = min(count, left)
        left -= taken[tree]
    return {tree: count for tree, count in taken.items() if count}


def root_tiles(size: int) -> Wanted:
    """The tiles that the root of this size reads."""
    wanted = Wanted()
    root(size, wanted.node)
    return wanted


def compare(name: str, size: int, signed: bytes, tiles: Mapping[Tile, bytes]) -> None:
    """Raises `Inconsistent` unless the first `size` leaves have the root that was signed."""
    try:
        now = root(size, reading(tiles))
    except KeyError as error:
        raise Inconsistent(
            f"{name}: {error.args[0]} is gone, of {size} leaves that were signed"
        ) from error
    if now != signed:
        raise Inconsistent(f"{name}: the first {size} leaves are not those that were signed")
