"""What visits tells the others. Append-only: never rename, never remove, never re-use."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import ClassVar
from uuid import UUID

from contracts.codes import HousingGrade, RiskType
from contracts.wording import Code, Wording


class ObligationType(Code):
    """A duty to visit, one per type, household and period: the calendar month, the first month of a calendar
    quarter, or the quarter."""

    MONTHLY_VISIT = "MONTHLY_VISIT", "每月入户走访", "monthly visit"
    QUARTER_FIRST_MONTH_VISIT = (
        "QUARTER_FIRST_MONTH_VISIT",
        "季度首月入户走访",
        "visit in the first month of the quarter",
    )
    SECRETARY_QUARTERLY_VISIT = (
        "SECRETARY_QUARTERLY_VISIT",
        "镇党委书记每季度遍访",
        "quarterly visit by the town party secretary",
    )


class CancellationReason(Code):
    """Why a duty ends without a visit and without a breach."""

    LEFT_POPULATION = "LEFT_POPULATION", "不再是走访对象", "no longer among those to be visited"


class VisitMode(Code):
    """Only a visit at home and in person fulfils a duty."""

    IN_PERSON_AT_HOME = "IN_PERSON_AT_HOME", "入户", "in person at home"
    IN_PERSON_ELSEWHERE = "IN_PERSON_ELSEWHERE", "当面（非入户）", "in person elsewhere"
    PHONE = "PHONE", "电话", "by telephone"
    VIDEO = "VIDEO", "视频", "by video"


class VisitPurpose(Code):
    """Why the household was visited."""

    ROUTINE = "ROUTINE", "日常走访", "routine"
    VERIFICATION = "VERIFICATION", "入户核实", "verification"
    ELIMINATION = "ELIMINATION", "风险消除核查", "elimination"
    FOLLOW_UP = "FOLLOW_UP", "跟踪回访", "follow-up"
    SECRETARY_ROUND = "SECRETARY_ROUND", "书记遍访", "secretary's round"


class VisitorPost(Code):
    """The post the visitor held that day."""

    VILLAGE_CADRE = "VILLAGE_CADRE", "村干部", "village cadre"
    VILLAGE_PARTY_SECRETARY = "VILLAGE_PARTY_SECRETARY", "村支部书记", "village party secretary"
    TOWN_CADRE = "TOWN_CADRE", "镇干部", "town cadre"
    TOWN_PARTY_SECRETARY = "TOWN_PARTY_SECRETARY", "镇党委书记", "town party secretary"
    STATIONED_TEAM = "STATIONED_TEAM", "驻镇帮镇扶村工作队员", "stationed team"
    COUNTY_OFFICER = "COUNTY_OFFICER", "县级干部", "county officer"


class Difficulty(Code):
    """What a screening found in one field of a household's livelihood; NONE is said, too (S2-04)."""

    NONE = "NONE", "无困难、无风险", "neither difficulties nor risks"
    PRACTICAL = "PRACTICAL", "有实际困难", "practical difficulties"
    POTENTIAL = "POTENTIAL", "有潜在风险", "potential risks"
    BOTH = "BOTH", "有实际困难和潜在风险", "practical difficulties and potential risks"


class VoidReason(Code):
    """Why a record of a visit does not stand."""

    FABRICATED = "FABRICATED", "虚假走访", "it did not take place"
    WRONG_HOUSEHOLD = "WRONG_HOUSEHOLD", "登错农户", "it was of another household"
    DUPLICATE = "DUPLICATE", "重复登记", "it was recorded twice"


class ScreeningVoidReason(Code):
    """Why a screening form does not stand."""

    MISSTATED = "MISSTATED", "填写有误", "it was filled in wrongly"
    FABRICATED = "FABRICATED", "虚假排查", "it did not take place"
    WRONG_HOUSEHOLD = "WRONG_HOUSEHOLD", "登错农户", "it was of another household"
    DUPLICATE = "DUPLICATE", "重复登记", "it was recorded twice"


@dataclass(frozen=True, kw_only=True)
class Visitor:
    """Who went, in the post held that day."""

    person_id: UUID
    post: VisitorPost


@dataclass(frozen=True, kw_only=True)
class HouseholdVisited:
    """A visit took place; it counts by `visited_at` (Asia/Shanghai date), not by upload."""

    wording: ClassVar = Wording(
        "走访",
        "Visited",
        "{visited_on}{mode}，目的{purposes}",
        "{mode} on {visited_on}, {purposes}",
    )
    household_id: UUID
    visit_id: UUID
    visited_at: datetime
    visited_on: date
    mode: VisitMode
    visitors: list[Visitor]
    purposes: list[VisitPurpose]
    photo_hashes: list[str]
    backfilled: bool


@dataclass(frozen=True, kw_only=True)
class VisitVoided:
    """A record of a visit does not stand (A30): asked for by one person, approved by another.

    What it had fulfilled is fulfilled by another visit, or due again. `last_visited_on` and
    `last_visit_mode` are of the last visit that stood then. `visit_event_id` is the event that counts no more.
    """

    wording: ClassVar = Wording(
        "作废走访记录",
        "Visit voided",
        "{visited_on}的走访记录于{voided_on}作废：{reason}",
        "The visit of {visited_on} was voided on {voided_on}: {reason}",
    )
    household_id: UUID
    visit_id: UUID
    visited_on: date
    reason: VoidReason
    requested_by: UUID
    approved_by: str
    voided_on: date
    last_visited_on: date | None
    last_visit_mode: VisitMode | None
    visit_event_id: UUID | None = None


@dataclass(frozen=True, kw_only=True)
class ObligationOpened:
    """A household is due for a visit in the period, first and last day included (S1.1-04, S1.1-05, S1.1-08).

    One whose only visit was voided is due again (A30), also when the period is over; one that was cancelled is
    opened again for a visit until the household left that is uploaded later.
    """

    wording: ClassVar = Wording(
        "走访任务",
        "Visit due",
        "{obligation}任务：{period_from}至{period_to}",
        "{obligation} due {period_from} to {period_to}",
    )
    household_id: UUID
    obligation_id: UUID
    obligation: ObligationType
    responsible_region: str
    period_from: date
    period_to: date
    due_on: date


@dataclass(frozen=True, kw_only=True)
class ObligationFulfilled:
    """The earliest qualifying visit of the period fulfils the duty."""

    wording: ClassVar = Wording(
        "走访任务完成",
        "Visit duty fulfilled",
        "{obligation}任务（{period_from}起）已由{fulfilled_on}的走访完成",
        "{obligation} (from {period_from}) fulfilled by the visit of {fulfilled_on}",
    )
    household_id: UUID
    obligation_id: UUID
    obligation: ObligationType
    period_from: date
    fulfilled_by: UUID
    fulfilled_on: date


@dataclass(frozen=True, kw_only=True)
class ObligationCancelled:
    """The household left before the period was over, and nobody had visited: no breach (A29).

    A household that comes back in the same period, and is there on enough days of it in all, has the duty opened
    again.
    """

    wording: ClassVar = Wording(
        "走访任务取消",
        "Visit duty cancelled",
        "{obligation}任务（{period_from}起）于{left_on}取消：{reason}",
        "{obligation} (from {period_from}) cancelled on {left_on}: {reason}",
    )
    household_id: UUID
    obligation_id: UUID
    obligation: ObligationType
    period_from: date
    reason: CancellationReason
    left_on: date


@dataclass(frozen=True, kw_only=True)
class HouseholdScreened:
    """Staff went through the whole form with a household (S2-04); it is complete, or it is no event.

    `disposable_fen` and `rigid_expenditure_fen` are the household's of the last twelve months, as told;
    `dropouts` and `uninsured` count its members. `suspected_risks` may be empty, and decides nothing.
    """

    wording: ClassVar = Wording(
        "农户排查",
        "Household screened",
        "{screened_on}排查：近12个月可支配收入{disposable_fen}元，刚性支出{rigid_expenditure_fen}元；"
        "失学{dropouts}人，未参保{uninsured}人，住房{housing_grade}，饮水安全：{water_safe}；"
        "产业{industry}，就业{employment}，就医{medical_care}；疑似风险：{suspected_risks}",
        "Screened on {screened_on}: disposable income of twelve months {disposable_fen} yuan, rigid "
        "expenditure {rigid_expenditure_fen} yuan; out of school {dropouts}, uninsured {uninsured}, "
        "housing {housing_grade}, water safe: {water_safe}; industry: {industry}, employment: "
        "{employment}, medical care: {medical_care}; suspected risks: {suspected_risks}",
    )
    household_id: UUID
    screening_id: UUID
    visit_id: UUID | None
    screened_on: date
    disposable_fen: int
    dropouts: int
    uninsured: int
    housing_grade: HousingGrade
    water_safe: bool
    rigid_expenditure_fen: int
    industry: Difficulty
    employment: Difficulty
    medical_care: Difficulty
    suspected_risks: list[RiskType]


@dataclass(frozen=True, kw_only=True)
class ScreeningVoided:
    """A screening form does not stand (S2-04): asked for by one person, approved by another.

    A clue that it raised is verified by people, as any other: nothing is withdrawn by itself.
    `last_screened_on` and `last_suspected_risks` are of the last screening that stood then.
    `screening_event_id` is the event that counts no more.
    """

    wording: ClassVar = Wording(
        "作废排查表",
        "Screening voided",
        "{screened_on}的排查表于{voided_on}作废：{reason}",
        "The screening of {screened_on} was voided on {voided_on}: {reason}",
    )
    household_id: UUID
    screening_id: UUID
    screened_on: date
    reason: ScreeningVoidReason
    requested_by: UUID
    approved_by: str
    voided_on: date
    last_screened_on: date | None
    last_suspected_risks: list[RiskType] | None
    screening_event_id: UUID | None = None


VisitsEvent = (
    HouseholdVisited
    | VisitVoided
    | HouseholdScreened
    | ScreeningVoided
    | ObligationOpened
    | ObligationFulfilled
    | ObligationCancelled
)
