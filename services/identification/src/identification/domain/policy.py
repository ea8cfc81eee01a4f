"""Policy parameters: every threshold, with region, effective interval, publication and source.

A decision stores the `version` it used; a later version never re-judges it.
"""

from dataclasses import dataclass
from datetime import date
from typing import Literal


@dataclass(frozen=True, kw_only=True)
class Policy:
    """The parameters of one region and interval. Money in fen, periods in calendar days."""

    version: str
    region: str
    effective_from: date
    effective_to: date | None
    published_on: date
    income_line_fen: int
    income_line_operator: Literal["LTE", "LT"]
    deadline_days: int
    publicity_min_days: int
    min_officers: int
    medical_threshold_fen: int
    medical_threshold_general_fen: int
    clue_dedupe_days: int

    def within_line(self, total_fen: int, members: int) -> bool:
        """S2-02: whether a household's income lies within the line, by multiplication.

        “以下” includes the number itself, so the default operator is `<=`.
        """
        line = self.income_line_fen * members
        return total_fen <= line if self.income_line_operator == "LTE" else total_fen < line

    def medical_threshold(self, *, at_risk_group: bool) -> int:
        """Own cost in twelve months that raises a clue, in fen; lower for 脱贫户 and monitored."""
        if at_risk_group:
            return self.medical_threshold_fen
        return self.medical_threshold_general_fen


@dataclass(frozen=True)
class Policies:
    """All versions read from a file."""

    versions: tuple[Policy, ...]

    def of(self, region: str, on: date) -> Policy:
        """The version in force for the smallest enclosing region on a business date.

        A version counts only from its publication; before the first publication the earliest
        version is used, so that a late entry still has parameters. Raises `LookupError` for a
        region that no version covers.
        """
        covering = [p for p in self.versions if region.startswith(p.region)]
        if not covering:
            raise LookupError(f"no policy covers region {region}")
        in_force = [
            p
            for p in covering
            if p.effective_from <= on
            and (p.effective_to is None or on < p.effective_to)
            and p.published_on <= on
        ]
        if in_force:
            return max(in_force, key=lambda p: (len(p.region), p.published_on))
        return min(covering, key=lambda p: (-len(p.region), p.effective_from))
