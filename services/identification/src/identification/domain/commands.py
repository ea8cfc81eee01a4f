"""What may be asked of a household. Every command tells the business date; none asks for it."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from contracts.codes import Channel, HousingGrade, MonitoredClass, RiskType, Severity
from identification.domain.income import Income
from identification.domain.policy import Policy
from identification.domain.register_commands import RegisterCommand, RegisterHousehold


@dataclass(frozen=True, kw_only=True)
class ReportRisk:
    """T1: a clue, from a rule, a cadre or the household itself."""

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
    policy: Policy
    today: date


@dataclass(frozen=True, kw_only=True)
class StartVerification:
    """T2: send officers."""

    officers: tuple[UUID, ...]
    recusal_declared: bool
    started_on: date
    policy: Policy
    today: date


@dataclass(frozen=True, kw_only=True)
class VerifyHousehold:
    """T3: what the officers found at home. `by` is the person who answers for it."""

    verified_on: date
    in_person_at_home: bool
    assessment_id: UUID
    income: Income
    housing_grade: HousingGrade
    water_safe: bool
    dropouts: int
    uninsured: int
    risk_types: tuple[RiskType, ...]
    self_ability: str
    by: str
    policy: Policy
    today: date


@dataclass(frozen=True, kw_only=True)
class HoldVillageReview:
    """T7: the village meeting and its votes."""

    held_on: date
    present: int
    votes_for: int
    votes_against: int
    abstained: int
    minutes_hash: str
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
    """T9, second half."""

    approved_on: date
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


EpisodeCommand = (
    ReportRisk
    | StartVerification
    | VerifyHousehold
    | HoldVillageReview
    | PostPublicity
    | CompletePublicity
    | ApproveByTown
    | ConfirmMonitoring
)
Command = RegisterHousehold | RegisterCommand | EpisodeCommand
