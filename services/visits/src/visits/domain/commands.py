"""What may be asked. Every command tells the time and the business date; none asks for it."""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from contracts.visits import VisitMode, Visitor, VisitPurpose
from visits.domain.policy import Policy


@dataclass(frozen=True, kw_only=True)
class OpenMonthlyObligation:
    """A household was confirmed as monitored: it may be due for a visit in that month (S1.1-05)."""

    household_id: UUID
    obligation_id: UUID
    confirmed_on: date
    responsible_region: str
    policy: Policy


@dataclass(frozen=True, kw_only=True)
class RecordVisit:
    """Somebody visited a household, in whatever way.

    `visited_on` is the Shanghai date of `visited_at`; `now` and `today` are those of the upload.
    """

    household_id: UUID
    visit_id: UUID
    visited_at: datetime
    visited_on: date
    mode: VisitMode
    visitors: tuple[Visitor, ...]
    purposes: tuple[VisitPurpose, ...]
    photo_hashes: tuple[str, ...]
    policy: Policy
    now: datetime
    today: date


Command = OpenMonthlyObligation | RecordVisit
