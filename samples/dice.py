"""Reproducible chance: the same seed gives the same draws on every machine and Python version."""

from collections.abc import Sequence
from hashlib import blake2b
from typing import TypeVar

Item = TypeVar("Item")

DRAW_BYTES = 8


class Dice:
    """A stream of draws made from BLAKE2b(seed, counter): no global state, no floating point."""

    def __init__(self, seed: str) -> None:
        self._seed = seed.encode()
        self._blocks = 0
        self._unused = b""

    def below(self, bound: int) -> int:
        """An integer in [0, bound)."""
        if not self._unused:
            counter = self._blocks.to_bytes(8, "big")
            self._unused = blake2b(self._seed + counter).digest()
            self._blocks += 1
        drawn, self._unused = self._unused[:DRAW_BYTES], self._unused[DRAW_BYTES:]
        return int.from_bytes(drawn, "big") % bound

    def between(self, low: int, high: int) -> int:
        """An integer in [low, high], both included."""
        return low + self.below(high - low + 1)

    def chance(self, per_mille: int) -> bool:
        """True in `per_mille` of 1,000 draws."""
        return self.below(1000) < per_mille

    def pick(self, items: Sequence[Item]) -> Item:
        return items[self.below(len(items))]

    def weighted(self, choices: Sequence[tuple[Item, int]]) -> Item:
        """One item of `(item, weight)` pairs; weights are non-negative integers, not all zero."""
        left = self.below(sum(weight for _, weight in choices))
        for item, weight in choices:
            if left < weight:
                return item
            left -= weight
        raise AssertionError("unreachable: the draw is below the sum of the weights")
