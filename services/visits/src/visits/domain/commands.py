"""What may be asked. Every command tells the time and the business date; none asks for it."""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from contracts.visits import (
    HouseholdScreened,
    HouseholdVisited,
    ObligationType,
    ScreeningVoidReason,
    VisitMode,
    Visitor,
    VisitPurpose,
    VoidReason,
)
from visits.domain.policy import Policy
from visits.domain.population import NEVER, Population


@dataclass(frozen=True, kw_only=True)
class OpenObligation:
    """A household is one of those who must be visited from a day on: it may have the duty of the period of that day.

    The day is the first of the period, or that of its confirmation, or of the revocation of its elimination (A47). On
    `days_before` of the period it was monitored before, and had left; a `formerly_poor` household has the duty without
    regard to days (S1.1-04). Of an episode taken over from another household (A54), `visits` are those made there until
    the merger.
    """

    household_id: UUID
    obligation_id: UUID
    obligation: ObligationType = ObligationType.MONTHLY_VISIT
    since: date
    responsible_region: str
    policy: Policy
    visits: tuple[HouseholdVisited, ...] = ()
    days_before: int = 0
    formerly_poor: bool = False


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
    """A household is monitored, or a 脱贫户 on the register, no longer; the day itself does not count.

    What it has to be visited for nevertheless stays: `population` is how it stands now, and `least_days` those of a
    month on which a monitored household must be there. With `obligation` only duties of that type are in question, with
    `period_from` only that of the period that begins then.
    """

    household_id: UUID
    left_on: date
    obligation: ObligationType | None = None
    period_from: date | None = None
    population: Population = NEVER
    least_days: int = 0


Command = (
    OpenObligation
    | CountVisit
    | CountRecorded
    | DiscountVisit
    | RecordVisit
    | VoidVisit
    | RecordScreening
    | VoidScreening
    | LeavePopulation
)
