"""What may be asked while a household is monitored, and of what was recorded (T18–T20)."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from contracts.assessments import IncomeAssessed, SafeguardAssessed
from contracts.codes import DisasterSubtype, MonitoredClass, NumberDiffers, RiskType
from contracts.households import Member
from contracts.monitoring import ClosingReason, EntrySubject
from identification.domain.assessments import Seen
from identification.domain.policy import Policy
from identification.domain.responsible import AssignResponsible

Assessment = IncomeAssessed | SafeguardAssessed


@dataclass(frozen=True, kw_only=True)
class ReassessHousehold:
    """Income and safeguards of a monitored household, anew (E2–E5 look at them)."""

    seen: Seen
    in_person_at_home: bool
    policy: Policy
    today: date


@dataclass(frozen=True, kw_only=True)
class ChangeClass:
    """The class follows a new assessment."""

    monitored_class: MonitoredClass
    reason: str
    changed_on: date
    by: str
    policy: Policy
    today: date


@dataclass(frozen=True, kw_only=True)
class AddRiskFactor:
    """A further risk; with `clue_id`, it answers a clue that joined the episode."""

    risk_type: RiskType
    clue_id: UUID | None
    evidence: str
    added_on: date
    today: date
    disaster_subtype: DisasterSubtype | None = None


@dataclass(frozen=True, kw_only=True)
class ResolveRiskFactor:
    """One risk of several is gone."""

    risk_type: RiskType
    by_measure_ids: tuple[str, ...]
    resolved_on: date
    today: date


@dataclass(frozen=True, kw_only=True)
class CancelMonitoring:
    """T18: identified in error."""

    reason: str
    evidence_hash: str
    cancelled_on: date
    by: str
    today: date


@dataclass(frozen=True, kw_only=True)
class CloseMonitoring:
    """T19: the household is no longer rural. The other reasons follow by themselves from what the register
    is told."""

    reason: ClosingReason
    evidence_hash: str
    closed_on: date
    today: date


@dataclass(frozen=True, kw_only=True)
class RecordPlatformEntry:
    """S8.4-01: a decision was entered on the provincial platform."""

    subject: EntrySubject
    platform_no: str
    entered_on: date
    policy: Policy
    today: date


Correctable = Assessment | Member  # what follows from a correction of it is known


@dataclass(frozen=True, kw_only=True)
class CorrectRecord:
    """T20: one person asked for it, another approves (`by`).

    `recorded_value` is what the event says at `path`; the three values are JSON texts. If the event is an
    assessment or the field a member's birth date, `record` and `amended` are it as it is recorded and as it
    is with the new value. `policy` is that of its day. `number_differs`: why the new date is not the one in
    the identity number. `person_id`: whom the field is about, if it is about a person.
    """

    corrected_event_id: UUID
    corrected_type: str
    path: str
    recorded_value: str
    old_value: str
    new_value: str
    effective_on: date
    reason: str
    requested_by: str
    by: str
    today: date
    policy: Policy
    record: Correctable | None = None
    amended: Correctable | None = None
    number_differs: NumberDiffers | None = None
    person_id: UUID | None = None


MonitoringCommand = (
    ReassessHousehold
    | ChangeClass
    | AddRiskFactor
    | ResolveRiskFactor
    | CancelMonitoring
    | CloseMonitoring
    | RecordPlatformEntry
    | AssignResponsible
    | CorrectRecord
)
