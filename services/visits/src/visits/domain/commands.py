"""What may be asked. Every command tells the time and the business date; none asks for it."""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from contracts.visits import (
    HouseholdScreened,
    HouseholdVisited,
    ScreeningVoidReason,
    VisitMode,
    Visitor,
    VisitPurpose,
    VoidReason,
)
from visits.domain.policy import Policy


@dataclass(frozen=True, kw_only=True)
class OpenMonthlyObligation:
    """A household is monitored from a day on: it may be due for a visit in that month (S1.1-05).

    The day is that of its confirmation, or of the revocation of its elimination (A47). On `days_before` of that
    month it was monitored before, and had left. Of an episode taken over from another household (A54),
    `visits` are those made there until the merger.
    """

    household_id: UUID
    obligation_id: UUID
    monitored_from: date
    responsible_region: str
    policy: Policy
    visits: tuple[HouseholdVisited, ...] = ()
    days_before: int = 0


@dataclass(frozen=True, kw_only=True)
class CountVisit:
    """A visit to a household that was absorbed was uploaded after the merger (A54)."""

    household_id: UUID
    visit: HouseholdVisited


@dataclass(frozen=True, kw_only=True)
class CountRecorded:
    """A visit was recorded before a duty of its period was opened: it fulfils it on its own day."""

    household_id: UUID
    visit_id: UUID


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


@dataclass(frozen=True, kw_only=True)
class VoidVisit:
    """A30: a record of a visit does not stand; somebody asked for it, somebody else (`by`) approves.

    `event_id` is the event of that visit, which is looked up (`api.recording`); of one that there is not, `None`.
    """

    household_id: UUID
    visit_id: UUID
    reason: VoidReason
    requested_by: UUID
    by: str
    today: date
    event_id: UUID | None = None


@dataclass(frozen=True, kw_only=True)
class DiscountVisit:
    """A visit to a household that was absorbed was voided (A54, A30); `visits` are those made there, and
    in others that were absorbed, which still stand."""

    household_id: UUID
    visit_id: UUID
    visits: tuple[HouseholdVisited, ...]


@dataclass(frozen=True, kw_only=True)
class RecordScreening:
    """Staff went through the whole form with a household (S2-04); `today` is the day of the upload."""

    screened: HouseholdScreened
    today: date


@dataclass(frozen=True, kw_only=True)
class VoidScreening:
    """A screening form does not stand; somebody asked for it, somebody else (`by`) approves.

    `event_id` is the event of that form, which is looked up (`api.recording`); of one that there is not, `None`.
    """

    household_id: UUID
    screening_id: UUID
    reason: ScreeningVoidReason
    requested_by: UUID
    by: str
    today: date
    event_id: UUID | None = None


@dataclass(frozen=True, kw_only=True)
class LeavePopulation:
    """A household is monitored no longer; the day itself does not count.

    With `period_from`, only the duty of the period that begins then is in question.
    """

    household_id: UUID
    left_on: date
    period_from: date | None = None


Command = (
    OpenMonthlyObligation
    | CountVisit
    | CountRecorded
    | DiscountVisit
    | RecordVisit
    | VoidVisit
    | RecordScreening
    | VoidScreening
    | LeavePopulation
)
