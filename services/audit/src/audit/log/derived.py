"""The log computed again from its leaves alone, to be compared with what was signed. Pure."""

from collections.abc import Mapping

from audit.log.heads import Chain, HeadsMap, entry
from audit.log.tree import Frontier
from audit.verify import ZERO, leaf_hash, next_head

HEADS = "heads"
Trees = dict[str, tuple[int, bytes]]  # size and root by name


class Derived:
    """Trees and heads map computed from leaves, as far as `signed` covers them.

    `signed` is what a checkpoint states: the size and root of every tree by name, `heads` among them.
    Leaves are added tree by tree, in the order of the tree.
    """

    def __init__(self, signed: Mapping[str, tuple[int, bytes]]) -> None:
        self._signed = {name: tree for name, tree in signed.items() if name != HEADS}
        self._heads = signed.get(HEADS)
        self._trees = {name: Frontier() for name in self._signed}
        self._chains: dict[str, dict[str, Chain]] = {}

    def next(self, name: str) -> int | None:
        """The index of the leaf that the tree takes next; `None` if it takes no more."""
        size = self._trees[name].size if name in self._trees else 0
        return size if name in self._signed and size < self._signed[name][0] else None

    def add(self, name: str, key: str, hash_: bytes) -> None:
        """Take the next leaf of a tree: its household (or stream), and the hash of its event."""
        if self.next(name) is None:
            return
        self._trees[name].append(leaf_hash(hash_))
        mine = self._chains.setdefault(key, {})
        count, head = mine.get(name, (0, ZERO))
        mine[name] = count + 1, next_head(head, hash_)

    def trees(self) -> Trees:
        """Every tree as far as it came, without the heads map."""
        return {name: (tree.size, tree.root()) for name, tree in self._trees.items()}

    def other_trees(self) -> list[str]:
        """The names of the trees that differ from what was signed, in order."""
        return sorted(n for n, tree in self.trees().items() if tree != self._signed[n])

    def same_heads(self) -> bool:
        """Whether the heads map is what was signed; true if none was signed."""
        heads = HeadsMap()
        heads.put(entry(key, chains) for key, chains in self._chains.items())
        return self._heads in (None, (len(heads), heads.root()))
