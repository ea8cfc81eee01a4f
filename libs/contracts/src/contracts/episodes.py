"""A monitoring episode, from the first clue to the county's confirmation (T1–T4, T7–T11)."""

from dataclasses import dataclass, field
from datetime import date
from typing import ClassVar
from uuid import UUID

from contracts.assessments import IncomeAssessed, SafeguardAssessed
from contracts.codes import (
    Channel,
    DeclarationMedium,
    DisasterSubtype,
    MonitoredClass,
    RiskType,
    Severity,
)
from contracts.evidence import ClueAnswered, ClueEvidenceAdded, CluesLeft, ClueUnverified
from contracts.stages import Procedure
from contracts.wording import Code, Wording


class RejectionReason(Code):
    """Why a clue does not lead to monitoring (T4)."""

    INCOME_ABOVE_AND_NO_RISK = "INCOME_ABOVE_AND_NO_RISK", "收入高于监测线且无风险", "no risk found"
    NOT_RURAL = "NOT_RURAL", "非农村户", "not a rural household"
    SELF_ABLE = "SELF_ABLE", "自主应对能力足够", "able to cope"
    FALSE_CLUE = "FALSE_CLUE", "线索不实", "the clue was false"
    ALREADY_MONITORED = "ALREADY_MONITORED", "已是监测对象", "monitored already"
    REFUSED_AUTHORISATION = "REFUSED_AUTHORISATION", "不同意授权核查", "authorisation refused"
    CANNOT_LOCATE = "CANNOT_LOCATE", "无法联系到农户", "cannot be located"


class WithdrawnBy(Code):
    """Who takes a clue back."""

    HOUSEHOLD = "HOUSEHOLD", "农户撤回申报", "the household"
    DEPARTMENT = "DEPARTMENT", "部门撤回信息", "the department"
    REPORTER = "REPORTER", "报告人更正", "whoever reported it"


class ReviewLevel(Code):
    """Who returns a case or rejects an elimination."""

    TOWN = "TOWN", "乡镇", "the town"
    COUNTY = "COUNTY", "县级", "the county"


@dataclass(frozen=True, kw_only=True)
class RiskDetected:
    """T1: a clue opened a case; day 0 of the 15-day clock is `discovered_on` (S2-07).
    `medium` is that of a self-declaration, since it is asked for."""

    wording: ClassVar = Wording(
        "发现风险线索",
        "Risk detected",
        "{channel}发现{risk_types}风险（{severity}）：{summary_zh}；应于{due_on}前完成识别认定[；申报方式：{medium}]",
        "{channel} found a risk of {risk_types} ({severity}): {summary_en}; to be decided by {due_on}[; medium: {medium}]",
    )
    household_id: UUID
    clue_id: UUID
    channel: Channel
    risk_types: list[RiskType]
    severity: Severity
    evidence_event_ids: list[UUID]
    rule_id: str | None
    rule_version: int | None
    discovered_on: date
    due_on: date
    summary_zh: str
    summary_en: str
    medium: DeclarationMedium | None = None


@dataclass(frozen=True, kw_only=True)
class RiskClueAttached:
    """T1: a further clue on an open case; the clock keeps its first day (A12)."""

    wording: ClassVar = Wording(
        "并入风险线索",
        "Clue attached",
        "{channel}的{risk_types}线索并入在办案件（{severity}）：{summary_zh}[；申报方式：{medium}]",
        "A clue of {risk_types} by {channel} joined the open case ({severity}): {summary_en}[; medium: {medium}]",
    )
    household_id: UUID
    clue_id: UUID
    channel: Channel
    risk_types: list[RiskType]
    severity: Severity
    evidence_event_ids: list[UUID]
    rule_id: str | None
    rule_version: int | None
    discovered_on: date
    summary_zh: str
    summary_en: str
    medium: DeclarationMedium | None = None


@dataclass(frozen=True, kw_only=True)
class VerificationStarted:
    """T2: at least two officers were sent; `recused` are those who are relatives and stay away."""

    wording: ClassVar = Wording(
        "启动入户核实",
        "Verification started",
        "指派{officer_count}名干部入户核实，已声明回避情况",
        "{officer_count} officers were assigned, recusal declared",
    )
    household_id: UUID
    officers: list[UUID]
    officer_count: int
    started_on: date
    recused: list[UUID] = field(default_factory=list)


class ReplacementReason(Code):
    """Why other officers are sent."""

    LEFT_POST = "LEFT_POST", "调离、离职", "left the post"
    UNAVAILABLE = "UNAVAILABLE", "因病、因事不能前往", "cannot go"
    RELATIVE = "RELATIVE", "发现与该户有亲属关系", "found to be a relative"


@dataclass(frozen=True, kw_only=True)
class OfficersReplaced:
    """T2: these officers are sent from now on. Who was sent before may still not decide on the case."""

    wording: ClassVar = Wording(
        "更换核实干部",
        "Officers replaced",
        "自{replaced_on}起改由{officer_count}名干部入户核实（{reason}）",
        "Others are sent to verify from {replaced_on} on (officers: {officer_count}; {reason})",
    )
    household_id: UUID
    officers: list[UUID]
    officer_count: int
    recused: list[UUID]
    reason: ReplacementReason
    replaced_on: date
    replaced_by: str


@dataclass(frozen=True, kw_only=True)
class HouseholdVerified:
    """T3: verified at home, in person; the officers propose a class.

    `disaster_subtype` says which, where NATURAL_DISASTER is among the risks; older events do not. `unverified` clues
    were found after that day.
    """

    wording: ClassVar = Wording(
        "完成入户核实",
        "Household verified",
        "入户核实完成：风险{risk_types}，建议认定为{proposed_class}",
        "Verified at home: risks {risk_types}, proposed as {proposed_class}",
    )
    household_id: UUID
    verified_on: date
    assessment_id: UUID
    risk_types: list[RiskType]
    proposed_class: MonitoredClass
    self_ability: str
    verified_by: str
    disaster_subtype: DisasterSubtype | None = None
    unverified: list[ClueUnverified] = field(default_factory=list)


@dataclass(frozen=True, kw_only=True)
class VillageReviewHeld:
    """T7: one village meeting; passed when votes for are more than half of those present."""

    wording: ClassVar = Wording(
        "村级民主评议",
        "Village review",
        "{procedure}评议：到会{present}人，同意{votes_for}票，反对{votes_against}票，弃权{abstained}票，通过：{passed}",
        "Meeting on {procedure}: {present} present, {votes_for} for, {votes_against} against, {abstained} abstained, passed: {passed}",
    )
    household_id: UUID
    held_on: date
    present: int
    votes_for: int
    votes_against: int
    abstained: int
    minutes_hash: str
    passed: bool
    procedure: Procedure = Procedure.IDENTIFICATION


@dataclass(frozen=True, kw_only=True)
class CluesCarriedOver:
    """T7, T4: the case ended, and nobody had looked at these clues: they joined after the verification, or
    where the town rejected before it, after the officers were sent.

    They are a case of their own, named by the first, with the clock of the earliest (S2-07).
    """

    wording: ClassVar = Wording(
        "未核实的线索另立案件",
        "Clues carried over into a case",
        "原案件结束；后来并入、尚未核实的{clue_count}条线索（{risk_types}）另立案件，应于{due_on}前完成识别认定",
        "The case ended; what joined later and nobody had verified (clues: {clue_count}, "
        "{risk_types}) is a case of its own, to be decided by {due_on}",
    )
    household_id: UUID
    clue_ids: list[UUID]
    clue_count: int
    risk_types: list[RiskType]
    discovered_on: date
    due_on: date


@dataclass(frozen=True, kw_only=True)
class PublicityPosted:
    """T8: posted once, in the village, free of personal data (A9)."""

    wording: ClassVar = Wording(
        "张榜公示",
        "Publicity posted",
        "在{place}张榜公示（{procedure}），照片已存证",
        "Posted at {place} ({procedure}), photograph on record",
    )
    household_id: UUID
    posted_on: date
    place: str
    photo_hash: str
    content_hash: str
    procedure: Procedure = Procedure.IDENTIFICATION


@dataclass(frozen=True, kw_only=True)
class PublicityCompleted:
    """T9, first half: posted for at least five full days."""

    wording: ClassVar = Wording(
        "公示期满",
        "Publicity completed",
        "公示{days}天期满（{procedure}）",
        "Posted for {days} days ({procedure})",
    )
    household_id: UUID
    ended_on: date
    days: int
    procedure: Procedure = Procedure.IDENTIFICATION


@dataclass(frozen=True, kw_only=True)
class TownReviewApproved:
    """T9, second half: the town reviewer did not verify.

    `visit_only`: the family refused the comparison of data and the town decides by the visit (T5).
    """

    wording: ClassVar = Wording(
        "乡镇审核通过",
        "Town review approved",
        "乡镇于{approved_on}审核通过（{procedure}），仅凭入户核实：{visit_only}",
        "Approved by the town on {approved_on} ({procedure}), by the visit alone: {visit_only}",
    )
    household_id: UUID
    approved_on: date
    approved_by: str
    procedure: Procedure = Procedure.IDENTIFICATION
    visit_only: bool = False


@dataclass(frozen=True, kw_only=True)
class MonitoringConfirmed:
    """T10: the county decided; the clock stops. `late` needs a reason and voids nothing (S2-07).

    `eliminated_before_on` is the end of the episode before this one (T17); `emergency_grants` are
    the measures that ran ahead of the procedure (T12). `disaster_subtype` is that of the verification, `answered`
    are clues that joined since then.
    """

    wording: ClassVar = Wording(
        "认定为监测对象",
        "Monitoring confirmed",
        "县级审定：认定为{monitored_class}（第{episode_no}次），风险{risk_types}；自发现起{elapsed_days}天，逾期：{late}",
        "The county confirmed {monitored_class} (episode {episode_no}), risks {risk_types}; "
        "days from discovery: {elapsed_days}, late: {late}",
    )
    household_id: UUID
    episode_id: UUID
    episode_no: int
    monitored_class: MonitoredClass
    risk_types: list[RiskType]
    labour_household: bool
    assessment_id: UUID
    discovered_on: date
    confirmed_on: date
    elapsed_days: int
    late: bool
    late_reason: str | None
    eliminated_before_on: date | None = None
    emergency_grants: list[UUID] = field(default_factory=list)
    disaster_subtype: DisasterSubtype | None = None
    answered: list[ClueAnswered] = field(default_factory=list)


@dataclass(frozen=True, kw_only=True)
class HouseholdFoundNotAtRisk:
    """T3, the other conclusion: verified at home, and no class of monitoring fits."""

    wording: ClassVar = Wording(
        "核实结论：不纳入",
        "Found not at risk",
        "入户核实完成：收入高于监测线且无大额刚性支出，建议不纳入",
        "Verified at home: income above the line, no large rigid spending; not to be included",
    )
    household_id: UUID
    verified_on: date
    assessment_id: UUID
    self_ability: str
    verified_by: str


@dataclass(frozen=True, kw_only=True)
class ClueRejected:
    """T4: the town confirmed that a clue leads to nothing; the family knows, and how to appeal."""

    wording: ClassVar = Wording(
        "线索不予纳入",
        "Clue rejected",
        "不予纳入（{reason_code}）：{text}；已于{family_told_on}告知农户及申诉途径",
        "Rejected ({reason_code}): {text}; the family was told on {family_told_on}, and how to appeal",
    )
    household_id: UUID
    clue_id: UUID
    reason_code: RejectionReason
    text: str
    family_told_on: date
    rejected_on: date
    rejected_by: str
    ends_case: bool


@dataclass(frozen=True, kw_only=True)
class ClueWithdrawn:
    """T4: a clue was taken back; the case ends with its last clue and keeps its clock until then."""

    wording: ClassVar = Wording(
        "撤回线索",
        "Clue withdrawn",
        "{by}：{reason}；案件结束：{ends_case}",
        "Withdrawn by {by}: {reason}; the case ends: {ends_case}",
    )
    household_id: UUID
    clue_id: UUID
    by: WithdrawnBy
    reason: str
    withdrawn_on: date
    ends_case: bool
    left: CluesLeft | None = None


@dataclass(frozen=True, kw_only=True)
class ReviewReturned:
    """T11: back to verification, with a reason; the clock runs on. `risk_types` are those of the clues: what was
    found is to be found anew."""

    wording: ClassVar = Wording(
        "退回重新核实",
        "Returned for verification",
        "{level}于{returned_on}退回重新核实：{reason}；期限不变",
        "Returned by {level} on {returned_on}: {reason}; the deadline stays",
    )
    household_id: UUID
    level: ReviewLevel
    reason: str
    returned_on: date
    returned_by: str
    risk_types: list[RiskType] = field(default_factory=list)


EpisodeEvent = (
    RiskDetected
    | RiskClueAttached
    | ClueEvidenceAdded
    | VerificationStarted
    | OfficersReplaced
    | IncomeAssessed
    | SafeguardAssessed
    | HouseholdVerified
    | VillageReviewHeld
    | CluesCarriedOver
    | PublicityPosted
    | PublicityCompleted
    | TownReviewApproved
    | MonitoringConfirmed
    | HouseholdFoundNotAtRisk
    | ClueRejected
    | ClueWithdrawn
    | ReviewReturned
)
