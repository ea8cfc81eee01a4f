"""Shares that the work plan wants at 100 %, or at none, so that one household is never rounded away."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ShareTold:
    """How many of how many, and how many are missing; `percent` such as `99.87`, rounded down."""

    part: int
    whole: int
    missing: int
    percent: str


@dataclass(frozen=True, slots=True)
class FaultTold:
    """How many of how many; `percent` such as `0.13`, rounded up."""

    part: int
    whole: int
    percent: str


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

    def as_told(self) -> ShareTold:
        """As answers show it."""
        return ShareTold(self.part, self.whole, self.missing, self.percent)


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

    def as_told(self) -> FaultTold:
        """As answers show it."""
        return FaultTold(self.part, self.whole, self.percent)
