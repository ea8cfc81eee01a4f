"""What may be asked of a household. Every command tells the business date; none asks for it."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from contracts.codes import (
    Channel,
    DeclarationMedium,
    DisasterSubtype,
    MonitoredClass,
    RiskType,
    Severity,
)
from contracts.episodes import RejectionReason, ReviewLevel, WithdrawnBy
from contracts.inquiries import DataSource, EmergencyCause, Finding, SignatureMedium
from identification.domain.assessments import Seen
from identification.domain.days import DayCommand
from identification.domain.elimination_commands import EliminationCommand
from identification.domain.focus import NoteFocus
from identification.domain.income import AssessIncome
from identification.domain.monitoring_commands import MonitoringCommand
from identification.domain.officers import ReplaceOfficers
from identification.domain.policy import Policy
from identification.domain.protection import NoteProtection
from identification.domain.register_commands import RegisterCommand, RegisterHousehold
from identification.domain.rights import RightsCommand


@dataclass(frozen=True, kw_only=True)
class ReportRisk:
    """T1: a clue, from a rule, a cadre or the household itself, which says by which `medium`."""

    clue_id: UUID
    channel: Channel
    risk_types: tuple[RiskType, ...]
    severity: Severity
    evidence_event_ids: tuple[UUID, ...]
    rule_id: str | None
    rule_version: int | None
    discovered_on: date
    summary_zh: str
    summary_en: str
    medium: DeclarationMedium | None = None
    policy: Policy
    today: date


@dataclass(frozen=True, kw_only=True)
class DeclareHousehold:
    """A13: a household that is not on the register declares itself: its stub, and the clue."""

    stub: RegisterHousehold
    clue: ReportRisk


@dataclass(frozen=True, kw_only=True)
class StartVerification:
    """T2: send officers. `recused` are those who declared to be relatives, and are not sent."""

    officers: tuple[UUID, ...]
    recused: tuple[UUID, ...] = ()
    recusal_declared: bool
    started_on: date
    policy: Policy
    today: date


@dataclass(frozen=True, kw_only=True)
class VerifyHousehold:
    """T3: what the officers found at home. `by` is the person who answers for it."""

    seen: Seen
    in_person_at_home: bool
    risk_types: tuple[RiskType, ...]
    self_ability: str
    by: str
    policy: Policy
    today: date
    disaster_subtype: DisasterSubtype | None = None


@dataclass(frozen=True, kw_only=True)
class HoldVillageReview:
    """T7: the village meeting and its votes."""

    held_on: date
    present: int
    votes_for: int
    votes_against: int
    abstained: int
    minutes_hash: str
    policy: Policy
    today: date


@dataclass(frozen=True, kw_only=True)
class PostPublicity:
    """T8: the text is scanned here and never stored; its hash is."""

    posted_on: date
    place: str
    text: str
    photo_hash: str
    content_hash: str
    today: date


@dataclass(frozen=True, kw_only=True)
class CompletePublicity:
    """T9, first half."""

    ended_on: date
    policy: Policy
    today: date


@dataclass(frozen=True, kw_only=True)
class ApproveByTown:
    """T9, second half; `visit_only` decides without data that the family refused to open (T5)."""

    approved_on: date
    visit_only: bool = False
    by: str
    today: date


@dataclass(frozen=True, kw_only=True)
class ConfirmMonitoring:
    """T10: the county decides."""

    episode_id: UUID
    monitored_class: MonitoredClass
    confirmed_on: date
    late_reason: str | None
    by: str
    policy: Policy
    today: date


@dataclass(frozen=True, kw_only=True)
class RejectClue:
    """T4: the town confirms that a clue leads to nothing. Without `clue_id`, the case ends."""

    clue_id: UUID | None = None
    reason_code: RejectionReason
    text: str
    family_told_on: date
    appeal_explained: bool
    rejected_on: date
    by: str
    policy: Policy
    today: date


@dataclass(frozen=True, kw_only=True)
class WithdrawClue:
    """T4: a clue is taken back."""

    clue_id: UUID
    withdrawn_by: WithdrawnBy
    reason: str
    withdrawn_on: date
    today: date


@dataclass(frozen=True, kw_only=True)
class ReturnReview:
    """T11: town or county send the case back to verification."""

    level: ReviewLevel
    reason: str
    returned_on: date
    by: str
    today: date


EpisodeCommand = (
    ReportRisk
    | StartVerification
    | ReplaceOfficers
    | VerifyHousehold
    | HoldVillageReview
    | PostPublicity
    | CompletePublicity
    | ApproveByTown
    | ConfirmMonitoring
    | RejectClue
    | WithdrawClue
    | ReturnReview
)


@dataclass(frozen=True, kw_only=True)
class SignAuthorisation:
    """T5: the family allows the comparison."""

    signers: tuple[UUID, ...]
    scope: tuple[DataSource, ...]
    document_hash: str
    assisted: bool
    signed_on: date
    today: date
    medium: SignatureMedium | None


@dataclass(frozen=True, kw_only=True)
class RefuseAuthorisation:
    """T5: the family does not."""

    reason: str
    refused_on: date
    today: date


@dataclass(frozen=True, kw_only=True)
class RequestComparison:
    """T6: ask these registers."""

    comparison_id: UUID
    sources: tuple[DataSource, ...]
    requested_on: date
    today: date


@dataclass(frozen=True, kw_only=True)
class CompleteComparison:
    """T6: what came back, and who did not answer in time."""

    findings: tuple[Finding, ...]
    timed_out: tuple[DataSource, ...]
    completed_on: date
    today: date


@dataclass(frozen=True, kw_only=True)
class RaiseObjection:
    """Somebody objects to what was posted."""

    objection_id: UUID
    anonymous: bool
    text: str
    raised_on: date
    today: date


@dataclass(frozen=True, kw_only=True)
class ResolveObjection:
    """T11, T15: the town answers."""

    objection_id: UUID
    upheld: bool
    text: str
    resolved_on: date
    by: str
    today: date


@dataclass(frozen=True, kw_only=True)
class GrantEmergencyAssistance:
    """T12: help first, procedure after."""

    grant_id: UUID
    cause: EmergencyCause
    amount_fen: int
    granted_on: date
    by: str
    today: date


InquiryCommand = (
    SignAuthorisation
    | RefuseAuthorisation
    | RequestComparison
    | CompleteComparison
    | RaiseObjection
    | ResolveObjection
    | GrantEmergencyAssistance
)


Command = (
    RegisterHousehold
    | DeclareHousehold
    | RegisterCommand
    | RightsCommand
    | EpisodeCommand
    | InquiryCommand
    | MonitoringCommand
    | EliminationCommand
    | AssessIncome
    | NoteProtection
    | NoteFocus
    | DayCommand
)
