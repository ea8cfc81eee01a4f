"""What a household hands over of its episode when it becomes part of another (A54)."""

from dataclasses import dataclass, field
from datetime import date
from uuid import UUID

from contracts.codes import DisasterSubtype, MonitoredClass, RiskType, Severity
from contracts.episodes import MonitoringConfirmed
from contracts.inquiries import EmergencyAssistanceGranted
from contracts.monitoring import EntrySubject


@dataclass(frozen=True, kw_only=True)
class ToEnter:
    """A decision that the provincial platform does not know of (S8.4-01); `breached`: it was said to be late."""

    subject: EntrySubject
    decided_on: date
    breached: bool


@dataclass(frozen=True, kw_only=True)
class HelpGiven:
    """Emergency help that no confirmation has taken up (T12); `warned`: it was said that its case is missing
    (A21)."""

    grant: EmergencyAssistanceGranted
    warned: bool


@dataclass(frozen=True, kw_only=True)
class RiskSince:
    """A risk that was added after the confirmation, and on which day."""

    risk_type: RiskType
    added_on: date


@dataclass(frozen=True, kw_only=True)
class OpenCase:
    """The episode that a household hands over: its clock, its risks, and the decision if there was one.

    `monitored_class` is the class as it stands, `disaster_subtype` the disaster named last, `to_enter` what
    the platform does not know of, `target_missed`: it was said to have missed the county's target (S7.3-02).
    `risk_types` are those of its clues; of a confirmed episode `risks` are open, `waiting` those of clues that
    nobody has looked at (E6), `added` the days of those that were added later, `changed_on` the last day on which
    risks or class changed, `recused` the officers who declared to be relatives (E9).
    """

    discovered_on: date
    due_on: date
    risk_types: list[RiskType]
    severity: Severity
    confirmed: MonitoringConfirmed | None
    monitored_class: MonitoredClass | None = None
    disaster_subtype: DisasterSubtype | None = None
    to_enter: list[ToEnter] = field(default_factory=list)
    target_missed: bool = False
    open_again_on: date | None = None
    risks: list[RiskType] = field(default_factory=list)
    waiting: list[RiskType] = field(default_factory=list)
    recused: list[UUID] = field(default_factory=list)
    added: list[RiskSince] = field(default_factory=list)
    changed_on: date | None = None
