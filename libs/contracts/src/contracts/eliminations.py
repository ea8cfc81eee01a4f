"""The end of a risk: proposed, verified, reviewed like an identification, decided, and taken back
(T13–T16). Every decision stores the results of all twelve guards."""

from dataclasses import dataclass
from datetime import date
from typing import ClassVar
from uuid import UUID

from contracts.codes import RiskType
from contracts.episodes import ReviewLevel
from contracts.wording import Code, Wording


class Manner(Code):
    """How a risk ended."""

    ASSISTED = "ASSISTED", "帮扶消除", "by assistance"
    NATURAL = "NATURAL", "自然消除", "by itself"


class MeasureCategory(Code):
    """Columns of the national form."""

    INDUSTRY = "INDUSTRY", "产业帮扶", "industry"
    EMPLOYMENT = "EMPLOYMENT", "就业帮扶", "employment"
    FINANCE = "FINANCE", "金融帮扶", "finance"
    PUBLIC_POST = "PUBLIC_POST", "公益岗位", "public post"
    HOUSING = "HOUSING", "住房安全", "housing"
    WATER = "WATER", "饮水安全", "water"
    HEALTH = "HEALTH", "健康帮扶", "health"
    COMPULSORY_EDUCATION = "COMPULSORY_EDUCATION", "义务教育", "compulsory education"
    OTHER_EDUCATION = "OTHER_EDUCATION", "其他教育帮扶", "other education"
    COMPREHENSIVE_PROTECTION = "COMPREHENSIVE_PROTECTION", "综合保障", "comprehensive protection"
    SOCIAL = "SOCIAL", "社会帮扶", "social help"
    RELOCATION = "RELOCATION", "搬迁", "relocation"
    LIVING_CONDITION = "LIVING_CONDITION", "生产生活条件改善", "living condition"
    INFRASTRUCTURE = "INFRASTRUCTURE", "基础设施", "infrastructure"


class Guard(Code):
    """What must hold before a risk is eliminated."""

    E1 = "E1", "每项风险有已落实的对应措施", "each risk has an implemented matching measure"
    E2 = "E2", "人均收入高于监测线", "income per person is above the line"
    E3 = "E3", "收入稳定达到规定月数", "income has been stable for long enough"
    E4 = "E4", "“三保障”和饮水安全达标", "schooling, insurance, housing and water are safe"
    E5 = "E5", "大额刚性支出已缓解", "large rigid spending is solved"
    E6 = "E6", "没有未处理的线索", "no clue is open"
    E7 = (
        "E7",
        "有劳动能力（或县级批准兜底稳定）",
        "the household has labour, or the county allows it",
    )
    E8 = "E8", "不在认定当月和次月", "not in the month of confirmation nor the next"
    E9 = "E9", "两名以上干部近期入户核实", "a recent home visit by enough officers"
    E10 = "E10", "评议通过、公示期满、无异议", "reviewed, posted, undisputed"
    E11 = "E11", "消除后情况登记完整", "the record of how things are is complete"
    E12 = "E12", "没有严重数据质量问题", "no severe data-quality issue"


class OverrideReason(Code):
    """Why the county lets a household without labour leave (E7)."""

    SAFETY_NET_STABLE = "SAFETY_NET_STABLE", "兜底保障稳定", "the safety net is stable"


class RevocationReason(Code):
    """Why an elimination is taken back (T16)."""

    UNSTABLE_INCOME = "UNSTABLE_INCOME", "收入不稳定", "unstable income"
    UNCONTROLLED_SPENDING = "UNCONTROLLED_SPENDING", "支出骤增", "uncontrolled spending"
    NO_LABOUR_NEEDS_SAFETY_NET = (
        "NO_LABOUR_NEEDS_SAFETY_NET",
        "无劳动能力需兜底",
        "no labour, needs the safety net",
    )
    PROCEDURE_ERROR = "PROCEDURE_ERROR", "程序错误", "procedural error"


@dataclass(frozen=True, kw_only=True)
class GuardResult:
    """One guard on the day of a step; `ok` is null while it cannot be judged yet."""

    guard: Guard
    ok: bool | None
    evidence_zh: str
    evidence_en: str


@dataclass(frozen=True, kw_only=True)
class ImplementedMeasure:
    """What was done about one risk, as named by the one who proposes."""

    risk_type: RiskType
    measure_id: str
    category: MeasureCategory
    implemented_on: date


@dataclass(frozen=True, kw_only=True)
class Snapshot:
    """E11: how things were when the risk was eliminated, in fen and persons."""

    members: int
    wage_fen: int
    operating_fen: int
    operating_cost_fen: int
    property_fen: int
    transfer_fen: int
    claims_fen: int
    compliant_own_cost_fen: int
    dropouts: int
    uninsured: int
    housing_damaged: bool
    water_damaged: bool


@dataclass(frozen=True, kw_only=True)
class EliminationOverrideGranted:
    """E7: the county lets a household without labour be proposed."""

    wording: ClassVar = Wording(
        "批准无劳动能力户消除",
        "Override granted",
        "县级批准该无劳动能力户可申请消除（{reason_code}）：{text}",
        "The county lets this household without labour be proposed ({reason_code}): {text}",
    )
    household_id: UUID
    episode_id: UUID
    guard: Guard
    reason_code: OverrideReason
    text: str
    granted_on: date
    granted_by: str


@dataclass(frozen=True, kw_only=True)
class EliminationProposed:
    """T13: E1–E8 hold; E9–E12 follow on the way."""

    wording: ClassVar = Wording(
        "申请风险消除",
        "Elimination proposed",
        "{proposed_on}申请{manner}，E1至E8已核对",
        "Elimination {manner} proposed on {proposed_on}; E1 to E8 hold",
    )
    household_id: UUID
    episode_id: UUID
    manner: Manner
    measures: list[ImplementedMeasure]
    guard_results: list[GuardResult]
    proposed_on: date
    proposed_by: str


@dataclass(frozen=True, kw_only=True)
class EliminationVerified:
    """E9: seen at home by enough officers; E1–E9 hold on what they saw."""

    wording: ClassVar = Wording(
        "消除入户核实",
        "Elimination verified",
        "{visited_on}由{officer_count}名干部入户核实，符合消除条件",
        "Seen at home by {officer_count} officers on {visited_on}; the guards hold",
    )
    household_id: UUID
    episode_id: UUID
    visited_on: date
    officers: list[UUID]
    officer_count: int
    assessment_id: UUID
    housing_damaged: bool | None
    water_damaged: bool | None
    guard_results: list[GuardResult]
    verified_by: str


@dataclass(frozen=True, kw_only=True)
class EliminationRejected:
    """T15: the household stays monitored."""

    wording: ClassVar = Wording(
        "不同意风险消除",
        "Elimination rejected",
        "{level}于{rejected_on}不同意消除：{reason}；继续监测",
        "Rejected by {level} on {rejected_on}: {reason}; monitoring goes on",
    )
    household_id: UUID
    episode_id: UUID
    level: ReviewLevel
    reason: str
    rejected_on: date
    rejected_by: str


@dataclass(frozen=True, kw_only=True)
class EliminationLapsed:
    """A54: an episode that was confirmed earlier was taken over, and what was proposed was of another."""

    wording: ClassVar = Wording(
        "消除申请终止",
        "Elimination lapsed",
        "{lapsed_on}因并户承接较早认定的监测，{proposed_on}的消除申请终止；继续监测，可重新申请",
        "What was proposed on {proposed_on} lapsed on {lapsed_on}: a merger brought an episode that was "
        "confirmed earlier; monitoring goes on, an elimination may be proposed anew",
    )
    household_id: UUID
    episode_id: UUID
    proposed_on: date
    lapsed_on: date


@dataclass(frozen=True, kw_only=True)
class RiskEliminated:
    """T14: the county decided, with all guards stored. Measures run on to their end."""

    wording: ClassVar = Wording(
        "风险消除",
        "Risk eliminated",
        "县级审定：{eliminated_on}{manner}，监测{days}天",
        "The county decided: eliminated {manner} on {eliminated_on}, days monitored: {days}",
    )
    household_id: UUID
    episode_id: UUID
    manner: Manner
    eliminated_on: date
    days: int
    snapshot: Snapshot
    guard_results: list[GuardResult]
    approved_by: str


@dataclass(frozen=True, kw_only=True)
class RiskEliminationRevoked:
    """T16: taken back; the same episode goes on, and the interval between stays visible."""

    wording: ClassVar = Wording(
        "风险消除回退",
        "Elimination revoked",
        "{revoked_on}回退（{reason_code}）：{text}；{eliminated_on}至{revoked_on}为已消除期间",
        "Revoked on {revoked_on} ({reason_code}): {text}; eliminated from {eliminated_on} until then",
    )
    household_id: UUID
    episode_id: UUID
    reason_code: RevocationReason
    text: str
    eliminated_on: date
    revoked_on: date
    revoked_by: str


EliminationEvent = (
    EliminationOverrideGranted
    | EliminationProposed
    | EliminationVerified
    | EliminationRejected
    | EliminationLapsed
    | RiskEliminated
    | RiskEliminationRevoked
)
