"""An RFC 6962 tree: its root, and what proves its leaves and its growth. Pure.

A tree is given as a function from `(level, index)` to the hash of a complete subtree: that of leaves
`[index * 2**level, (index + 1) * 2**level)`. Any store of subtrees will do; ours are tiles.
"""

from collections.abc import Callable
from hashlib import sha256

from audit.verify import node_hash

Node = Callable[[int, int], bytes]
EMPTY = sha256().digest()


def root(size: int, node: Node) -> bytes:
    """The root of the first `size` leaves, 32 bytes."""
    return _subtree(0, size, node) if size else EMPTY


def inclusion(index: int, size: int, node: Node) -> list[bytes]:
    """What `included` needs for leaf `index` of the first `size`. Raises `ValueError` outside them."""
    if not 0 <= index < size:
        raise ValueError(f"leaf {index} of {size}")
    low, high, steps = 0, size, list[bytes]()
    while high - low > 1:
        middle = low + _split(high - low)
        if index < middle:
            steps.append(_subtree(middle, high, node))
            high = middle
        else:
            steps.append(_subtree(low, middle, node))
            low = middle
    return steps[::-1]


def consistency(old: int, new: int, node: Node) -> list[bytes]:
    """What `consistent` needs for `old` and `new` leaves. Raises `ValueError` unless 0 < old <= new."""
    if not 0 < old <= new:
        raise ValueError(f"{old} leaves are not the beginning of {new}")
    low, high, steps = 0, new, list[bytes]()
    while high != old:
        middle = low + _split(high - low)
        if old <= middle:
            steps.append(_subtree(middle, high, node))
            high = middle
        else:
            steps.append(_subtree(low, middle, node))
            low = middle
    if low:  # otherwise the old root is a subtree, and the verifier has it
        steps.append(_subtree(low, high, node))
    return steps[::-1]


class Frontier:
    """A tree that is only appended to: its complete subtrees from left to right (a compact range)."""

    def __init__(self) -> None:
        self.size = 0
        self._subtrees: list[bytes] = []

    def append(self, leaf: bytes) -> None:
        """Add a leaf hash."""
        self._subtrees.append(leaf)
        size = self.size
        while size & 1:
            right = self._subtrees.pop()
            self._subtrees[-1] = node_hash(self._subtrees[-1], right)
            size >>= 1
        self.size += 1

    def root(self) -> bytes:
        """The root of what was appended."""
        if not self._subtrees:
            return EMPTY
        found = self._subtrees[-1]
        for left in reversed(self._subtrees[:-1]):
            found = node_hash(left, found)
        return found


def _split(width: int) -> int:
    """The greatest power of two below `width`."""
    return 1 << (width - 1).bit_length() - 1


def _subtree(low: int, high: int, node: Node) -> bytes:
    width = high - low
    if width & (width - 1) == 0:
        level = width.bit_length() - 1
        return node(level, low >> level)
    middle = low + _split(width)
    return node_hash(_subtree(low, middle, node), _subtree(middle, high, node))
