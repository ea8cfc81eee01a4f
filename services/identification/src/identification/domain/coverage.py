"""Shares that the work plan wants at 100 %, or at none, so that one household is never rounded away."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Share:
    """`part` of `whole`. Of nobody, nothing is missing: the share is then 100 %."""

    part: int
    whole: int

    @property
    def percent(self) -> str:
        """With two decimals, rounded down: 100.00 only if nobody is missing."""
        hundredths = 10_000 if self.whole == 0 else self.part * 10_000 // self.whole
        return f"{hundredths // 100}.{hundredths % 100:02d}"

    @property
    def missing(self) -> int:
        """How many are not part of it."""
        return self.whole - self.part

    def as_told(self) -> dict[str, object]:
        """As answers show it."""
        return {
            "part": self.part,
            "whole": self.whole,
            "missing": self.missing,
            "percent": self.percent,
        }


@dataclass(frozen=True)
class Fault:
    """`part` of `whole` that there should be none of. Of nobody, nothing is at fault."""

    part: int
    whole: int

    @property
    def percent(self) -> str:
        """With two decimals, rounded up: 0.00 only if there is none."""
        hundredths = 0 if self.whole == 0 else -(-self.part * 10_000 // self.whole)
        return f"{hundredths // 100}.{hundredths % 100:02d}"

    def as_told(self) -> dict[str, object]:
        """As answers show it."""
        return {"part": self.part, "whole": self.whole, "percent": self.percent}
