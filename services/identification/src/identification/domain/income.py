"""A household's income over twelve whole months, in fen (S2-02, domain of `IncomeAssessed`)."""

from dataclasses import dataclass
from datetime import date, timedelta


@dataclass(frozen=True, kw_only=True)
class Income:
    """Totals of the household in the window; none is negative. `members` is at least 1."""

    window_from: date
    window_to: date
    members: int
    wage_fen: int
    operating_fen: int
    operating_cost_fen: int
    property_fen: int
    transfer_fen: int
    claims_fen: int
    compliant_own_cost_fen: int

    @property
    def disposable_fen(self) -> int:
        """wage + net operating + property + transfer."""
        return (
            self.wage_fen
            + self.operating_fen
            - self.operating_cost_fen
            + self.property_fen
            + self.transfer_fen
        )

    @property
    def reference_fen(self) -> int:
        """disposable + insurance claims − compliant own cost (收入参考范围)."""
        return self.disposable_fen + self.claims_fen - self.compliant_own_cost_fen


def window_before(day: date) -> tuple[date, date]:
    """The twelve whole months that end with the last day of the previous month (T3)."""
    last = day.replace(day=1) - timedelta(days=1)
    return last.replace(day=1, year=last.year - (last.month != 12), month=last.month % 12 + 1), last
