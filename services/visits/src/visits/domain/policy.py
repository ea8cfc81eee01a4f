"""Policy parameters of visits, with region, effective interval and publication.

A decision stores the `version` it used; a later version never re-judges it.
"""

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, kw_only=True)
class Policy:
    """The parameters of one region and interval, in calendar days.

    The numbers here are the defaults [D] of the work plan's county; a policy file may change them.
    """

    version: str
    region: str
    effective_from: date
    effective_to: date | None
    published_on: date
    min_days_in_population: int = 10  # of a month, for the monthly duty to exist
    backfill_free_days: int = 7  # between a visit and its upload; later, it is backfilled
