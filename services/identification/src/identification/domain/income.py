"""A household's income over twelve whole months, in fen (domain 4.2, S2-02)."""

from dataclasses import dataclass
from datetime import date, timedelta


@dataclass(frozen=True, kw_only=True)
class Income:
    """Totals of the household in the window; none is negative. `members` is at least 1.

    `property_cost_fen` is what property cost (rent, interest), `transfer_paid_fen` what the household
    had to pay over (social insurance, support of others).
    """

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
    property_cost_fen: int = 0
    transfer_paid_fen: int = 0

    @property
    def disposable_fen(self) -> int:
        """可支配收入: wage + net operating + net property + net transfer."""
        return self.net_fen - self.property_cost_fen - self.transfer_paid_fen

    @property
    def net_fen(self) -> int:
        """纯收入: wage + operating + property + transfer − operating cost."""
        gross = self.wage_fen + self.operating_fen + self.property_fen + self.transfer_fen
        return gross - self.operating_cost_fen

    @property
    def reference_fen(self) -> int:
        """收入参考范围: net + insurance claims − compliant own cost."""
        return self.net_fen + self.claims_fen - self.compliant_own_cost_fen


def window_before(day: date) -> tuple[date, date]:
    """The twelve whole months that end with the last day of the previous month (T3)."""
    last = day.replace(day=1) - timedelta(days=1)
    return last.replace(day=1, year=last.year - (last.month != 12), month=last.month % 12 + 1), last
