"""What becomes of a confirmed episode while it lasts, and how it ends without elimination."""

from dataclasses import dataclass, field
from datetime import date
from typing import ClassVar
from uuid import UUID

from contracts.codes import DisasterSubtype, MonitoredClass, RiskType
from contracts.wording import Code, Wording


class ClosingReason(Code):
    """Why monitoring ends although nothing was wrong and no risk was eliminated (T19)."""

    ALL_DECEASED = "ALL_DECEASED", "整户自然减少", "all members deceased"
    MOVED_OUT = "MOVED_OUT", "迁出县外", "moved out of the county"
    MERGED = "MERGED", "并入他户", "merged into another household"
    ALL_LEFT = "ALL_LEFT", "成员均已离户", "every member left"
    URBANISED = "URBANISED", "转为城镇户", "no longer rural"


class EntrySubject(Code):
    """Which decision the provincial platform has to know of (S8.4-01)."""

    CONFIRM = "CONFIRM", "纳入监测", "confirmation"
    CHANGE = "CHANGE", "信息变更", "change"
    ELIMINATE = "ELIMINATE", "风险消除", "elimination"


@dataclass(frozen=True, kw_only=True)
class MonitoringCategoryChanged:
    """The class changed with a new income assessment; the invariants of T10 hold for it too."""

    wording: ClassVar = Wording(
        "监测类别变更",
        "Class changed",
        "监测类别由{old}变更为{new}：{reason}",
        "Class changed from {old} to {new}: {reason}",
    )
    household_id: UUID
    episode_id: UUID
    old: MonitoredClass
    new: MonitoredClass
    assessment_id: UUID
    reason: str
    changed_on: date
    changed_by: str


@dataclass(frozen=True, kw_only=True)
class RiskFactorAdded:
    """A further risk of a monitored household; with `clue_id`, it answers that clue, and with `clue_answered`
    wholly. `risk_types` are all its risks from then on; older events do not tell."""

    wording: ClassVar = Wording(
        "新增风险类型",
        "Risk added",
        "{added_on}新增风险{risk_type}：{evidence}",
        "Risk of {risk_type} added on {added_on}: {evidence}",
    )
    household_id: UUID
    episode_id: UUID
    risk_type: RiskType
    clue_id: UUID | None
    evidence: str
    added_on: date
    disaster_subtype: DisasterSubtype | None = None
    risk_types: list[RiskType] = field(default_factory=list)
    clue_answered: bool = False


@dataclass(frozen=True, kw_only=True)
class RiskFactorResolved:
    """One of several risks is gone, by these measures; the episode goes on. `risk_types` are those that are
    left; older events do not tell."""

    wording: ClassVar = Wording(
        "单项风险消除",
        "Risk resolved",
        "{resolved_on}风险{risk_type}已解决，措施{by_measure_ids}",
        "Risk of {risk_type} resolved on {resolved_on} by {by_measure_ids}",
    )
    household_id: UUID
    episode_id: UUID
    risk_type: RiskType
    by_measure_ids: list[str]
    resolved_on: date
    risk_types: list[RiskType] = field(default_factory=list)


@dataclass(frozen=True, kw_only=True)
class MonitoringCancelled:
    """T18: identified in error. The history stays, and measures are not clawed back by this."""

    wording: ClassVar = Wording(
        "撤销监测（识别错误）",
        "Monitoring cancelled",
        "{cancelled_on}因识别错误撤销监测：{reason}；已享受的措施不因此追回",
        "Cancelled on {cancelled_on}, identified in error: {reason}; nothing is clawed back by this",
    )
    household_id: UUID
    episode_id: UUID
    reason: str
    evidence_hash: str
    cancelled_on: date
    cancelled_by: str


@dataclass(frozen=True, kw_only=True)
class MonitoringClosed:
    """T19: the case of a household that is gone, or no longer rural. Without `episode_id`, it was not
    yet confirmed."""

    wording: ClassVar = Wording(
        "结束监测",
        "Monitoring closed",
        "{closed_on}结束监测：{reason}",
        "Closed on {closed_on}: {reason}",
    )
    household_id: UUID
    episode_id: UUID | None
    reason: ClosingReason
    evidence_hash: str | None
    closed_on: date


@dataclass(frozen=True, kw_only=True)
class ProvincialPlatformEntryRecorded:
    """S8.4-01: the decision stands on the provincial platform; late after five days.

    So do all of its kind that were taken up to the day of the entry; `decided_on` is the oldest of them.
    """

    wording: ClassVar = Wording(
        "录入省平台",
        "Entered on the provincial platform",
        "{subject}（{decided_on}）于{entered_on}录入省平台，编号{platform_no}，逾期：{late}",
        "{subject} of {decided_on} entered on {entered_on} as {platform_no}, late: {late}",
    )
    household_id: UUID
    subject: EntrySubject
    platform_no: str
    decided_on: date
    entered_on: date
    days: int
    late: bool


@dataclass(frozen=True, kw_only=True)
class ResponsiblePersonAssigned:
    """S1.1-02: who answers for the household from a day on, by the account that they work with."""

    wording: ClassVar = Wording(
        "指定帮扶责任人",
        "Responsible person assigned",
        "自{assigned_on}起，帮扶责任人为{person}[，接替{replaces}]",
        "From {assigned_on} on, {person} is responsible for the household[, in the place of {replaces}]",
    )
    household_id: UUID
    person: str
    replaces: str | None
    assigned_on: date
    assigned_by: str


@dataclass(frozen=True, kw_only=True)
class RecordCorrected:
    """T20: what a field of an earlier event should have said; that event stays as it is.

    `path` is a JSON pointer into its payload, the values are JSON texts. If a decision rests on the
    record and no clue of it does, `case_id` names that case, for people to review: nothing is decided
    anew. `still_supported`: whether the decision would be the same.
    """

    wording: ClassVar = Wording(
        "更正记录",
        "Record corrected",
        "更正{corrected_type}的{path}：由{old_value}改为{new_value}，自{effective_on}起；{reason}",
        "{path} of {corrected_type} corrected from {old_value} to {new_value} as of {effective_on}; "
        "{reason}",
    )
    household_id: UUID
    corrected_event_id: UUID
    corrected_type: str
    path: str
    old_value: str
    new_value: str
    effective_on: date
    reason: str
    requested_by: str
    approved_by: str
    case_id: UUID | None = None
    still_supported: bool = True


MonitoringEvent = (
    MonitoringCategoryChanged
    | RiskFactorAdded
    | RiskFactorResolved
    | MonitoringCancelled
    | MonitoringClosed
    | ProvincialPlatformEntryRecorded
    | ResponsiblePersonAssigned
    | RecordCorrected
)
