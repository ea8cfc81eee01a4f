"""Policy parameters of visits, with region, effective interval and publication.

A decision stores the `version` it used; a later version never re-judges it.
"""

from dataclasses import dataclass
from datetime import date

from contracts.visits import ObligationType


@dataclass(frozen=True, kw_only=True)
class Policy:
    """The parameters of one region and interval, in calendar days.

    The numbers here are the defaults [D] of the work plan's county; a policy file may change them. A type of duty
    that is not asked for opens no more duties; those that were opened stay.
    """

    version: str
    region: str
    effective_from: date
    effective_to: date | None
    published_on: date
    min_days_in_population: int = 10  # of a month, for its duty to exist
    min_days_in_quarter: int = 30  # of a quarter, for its duty to exist
    backfill_free_days: int = 7  # between a visit and its upload; later, it is backfilled
    monthly_monitored: bool = True  # S1.1-05
    quarter_first_month: bool = True  # S1.1-04
    secretary_quarterly: bool = True  # S1.1-08

    def __post_init__(self) -> None:
        """Raises `TypeError` for a switch that is neither on nor off: any other word would be on."""
        for name in _SWITCHES.values():
            if not isinstance(getattr(self, name), bool):
                raise TypeError(f"{name} is true or false")

    def asks_for(self, kind: ObligationType) -> bool:
        """Whether duties of this type are opened."""
        return bool(getattr(self, _SWITCHES[kind]))

    def least_days(self, kind: ObligationType) -> int:
        """On how many days of its period a household must be monitored to have the duty."""
        if kind is ObligationType.SECRETARY_QUARTERLY_VISIT:
            return self.min_days_in_quarter
        return self.min_days_in_population


_SWITCHES = {
    ObligationType.MONTHLY_VISIT: "monthly_monitored",
    ObligationType.QUARTER_FIRST_MONTH_VISIT: "quarter_first_month",
    ObligationType.SECRETARY_QUARTERLY_VISIT: "secretary_quarterly",
}
