"""Policy parameters: every threshold, with region, effective interval, publication and source.

A decision stores the `version` it used; a later version never re-judges it.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal, Protocol


class Totals(Protocol):
    """An income assessment, as far as the line is concerned; totals of the household in fen."""

    @property
    def disposable_fen(self) -> int:
        """可支配收入."""

    @property
    def net_fen(self) -> int:
        """纯收入."""

    @property
    def reference_fen(self) -> int:
        """收入参考范围."""


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
    warn_at_day: int = 10
    income_fall_percent: int = 30
    emergency_case_days: int = 3
    income_basis: Literal["DISPOSABLE", "NET", "REFERENCE"] = "DISPOSABLE"
    line_property: Literal["IGNORED", "EXCLUDES"] = "IGNORED"
    income_scope: str = "FORMERLY_POOR_WITH_LABOUR,MARGINAL_2019"
    entrant_line_percent: int = 120
    schooling_cost_fen: int = 1_000_000
    school_age_from: int = 6
    school_age_to: int = 16
    relief_fen: int = 500_000
    claim_fen: int = 1_000_000
    crop_loss_percent: int = 30
    loan_overdue_days: int = 30
    water_test_years: int = 3
    water_warn_days: int = 90
    water_outage_days: int = 7
    water_litres: int = 35
    water_fetch_minutes: int = 20
    water_horizontal_m: int = 800
    water_vertical_m: int = 80
    water_supply_percent: int = 90
    housing_remedy_days: int = 30
    base_standard_fen: int = 720_000
    enrolment_days: int = 30
    elimination_stable_months: int = 6
    elimination_months_after: int = 2
    elimination_visit_days: int = 30
    elimination_propose_days: int = 30
    platform_entry_days: int = 5
    focus_elderly_age: int = 60
    focus_child_age: int = 18
    focus_illness_months: int = 12
    cohort_confirmed_by: date = date(2022, 12, 31)
    cohort_target: date = date(2024, 12, 31)
    review_pass_percent: int = 50
    stage_verify_days: int = 3
    stage_compare_days: int = 5
    stage_review_days: int = 6
    stage_town_days: int = 2
    stage_county_days: int = 2
    holiday_extension: Literal["NONE", "LAST_DAY"] = "NONE"
    holidays: str = ""

    def within_line(self, total_fen: int, members: int) -> bool:
        """S2-02: whether a household's income lies within the line, by multiplication.

        “以下” includes the number itself, so the default operator is `<=`.
        """
        line = self.income_line_fen * members
        return total_fen <= line if self.income_line_operator == "LTE" else total_fen < line

    def due_on(self, discovered_on: date) -> date:
        """S2-07: the last day of the clock. With LAST_DAY, one that is a statutory holiday gives way to
        the first day after it."""
        last = discovered_on + timedelta(days=self.deadline_days)
        if self.holiday_extension == "LAST_DAY":
            off = frozenset(self.holidays.split(","))
            while last.isoformat() in off:
                last += timedelta(days=1)
        return last

    def fell(self, before_fen: int | None, now_fen: int) -> bool:
        """Whether income fell sharply against the twelve months before, where those are known: of nothing, or
        less, nothing is lost."""
        if before_fen is None or before_fen <= 0:
            return False
        return (before_fen - now_fen) * 100 >= self.income_fall_percent * before_fen

    def basis_of(self, income: Totals) -> int:
        """The total that is compared with the line: disposable, net or reference income, in fen."""
        match self.income_basis:
            case "DISPOSABLE":
                return income.disposable_fen
            case "NET":
                return income.net_fen
            case "REFERENCE":
                return income.reference_fen

    def medical_threshold(self, *, at_risk_group: bool) -> int:
        """Own cost in twelve months that raises a clue, in fen; lower for 脱贫户 and monitored."""
        if at_risk_group:
            return self.medical_threshold_fen
        return self.medical_threshold_general_fen
