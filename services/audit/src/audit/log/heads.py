"""The heads map: where the records of each household end, so that none can be left out. Pure.

An RFC 6962 tree over entries in the byte order of their keys. For each tree that has records of the
household, an entry says how many, and the head of their chain (`next_head`). An entry proves that a file is
complete; two entries side by side prove that there is none between them.
"""

from bisect import bisect_left
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from audit.verify import leaf_hash
from common import merkle

Chain = tuple[int, bytes]  # how many records, and the head over their hashes


def entry(key: str, chains: Mapping[str, Chain]) -> str:
    """The text of an entry: the key, then `<tree> <count> <hex head>` for each tree, by name."""
    lines = [f"{tree} {count} {head.hex()}\n" for tree, (count, head) in sorted(chains.items())]
    return f"{key}\n{''.join(lines)}"


@dataclass(frozen=True, slots=True)
class Shown:
    """An entry of the map with what proves it."""

    index: int
    entry: str
    proof: list[bytes]


class HeadsMap:
    """A sorted map in memory: some 100,000 entries. Not for use from two threads."""

    def __init__(self) -> None:
        self._entries: dict[bytes, str] = {}
        self._keys: list[bytes] = []
        self._hashes: dict[bytes, bytes] = {}
        self._levels: list[list[bytes]] | None = [[]]

    def __len__(self) -> int:
        return len(self._keys)

    def put(self, entries: Iterable[str]) -> None:
        """Add or replace entries."""
        before = len(self._entries)
        for text in entries:
            key = text.partition("\n")[0].encode()
            self._entries[key] = text
            self._hashes[key] = leaf_hash(text.encode())
        if len(self._entries) != before:
            self._keys = sorted(self._entries)
        self._levels = None

    def root(self) -> bytes:
        """The root over all entries."""
        return merkle.root(self._tree())

    def find(self, key: str) -> Shown | None:
        """The entry of a key, or `None` if the map has none."""
        place = bisect_left(self._keys, key.encode())
        if place < len(self._keys) and self._keys[place] == key.encode():
            return self._shown(place)
        return None

    def around(self, key: str) -> tuple[int, list[Shown]]:
        """For a key that is not there: where it would be, and the entries on both sides."""
        gap = bisect_left(self._keys, key.encode())
        return gap, [self._shown(at) for at in (gap - 1, gap) if 0 <= at < len(self._keys)]

    def _shown(self, index: int) -> Shown:
        return Shown(index, self._entries[self._keys[index]], merkle.proof(self._tree(), index))

    def _tree(self) -> list[list[bytes]]:
        if self._levels is None:
            self._levels = merkle.levels([self._hashes[key] for key in self._keys])
        return self._levels
