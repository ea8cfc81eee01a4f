"""What officers find of a household's income and of its three guarantees (T3, S2-02), in a case or outside."""

from dataclasses import dataclass, field
from datetime import date
from typing import ClassVar
from uuid import UUID

from contracts.codes import HousingGrade
from contracts.incomes import IncomeLine
from contracts.wording import Code, Wording


class AtSchool(Code):
    """Whether a child of compulsory age goes to school, as officers find it at home (S1.3-02)."""

    ENROLLED = "ENROLLED", "在校", "enrolled"
    HOME_TEACHING = "HOME_TEACHING", "送教上门", "taught at home"
    SUSPECTED_DROPOUT = "SUSPECTED_DROPOUT", "疑似辍学", "suspected dropout"
    DROPOUT = "DROPOUT", "失学辍学", "dropout"
    EXEMPT = "EXEMPT", "免学缓学", "exempt or deferred"


class Check(Code):
    """One thing that was looked at."""

    PASS = "PASS", "达标", "pass"
    FAIL = "FAIL", "不达标", "fail"


@dataclass(frozen=True, kw_only=True)
class ChildSeen:
    """A child of compulsory age, by the household's member."""

    person_id: UUID
    status: AtSchool


@dataclass(frozen=True, kw_only=True)
class WaterSeen:
    """Drinking water by the three dimensions of S1.3-04."""

    quality: Check
    quantity: Check
    convenience: Check


@dataclass(frozen=True, kw_only=True)
class IncomeAssessed:
    """Twelve whole months of income, in fen; the comparison is `compared_fen <= line * members`.

    `compared_fen` is the total that the parameters compare with the line; of older events the disposable.
    `previous_disposable_fen` is the total of the twelve months before, where it is known. Disposable
    income is net income less `property_cost_fen` and `transfer_paid_fen`; `sources`, if given, add up to
    the four kinds. With `corrects` it takes the place of that event: the record as it stands since a
    correction (T20), compared with the line that it was compared with before.
    """

    wording: ClassVar = Wording(
        "收入核算",
        "Income assessed",
        "{window_from}至{window_to}，{members}人：可支配收入{disposable_fen}元，监测线{line_fen}元/人，线内：{within_line}[；更正后的记录，取代{corrects}]",
        "{window_from} to {window_to}, persons: {members}; disposable {disposable_fen} yuan, "
        "line {line_fen} yuan a person, within the line: {within_line}[; as corrected, in place of {corrects}]",
    )
    household_id: UUID
    assessment_id: UUID
    window_from: date
    window_to: date
    members: int
    wage_fen: int
    operating_fen: int
    operating_cost_fen: int
    property_fen: int
    transfer_fen: int
    claims_fen: int
    compliant_own_cost_fen: int
    disposable_fen: int
    reference_fen: int
    line_fen: int
    within_line: bool
    assessed_on: date | None = None
    previous_disposable_fen: int | None = None
    net_fen: int | None = None
    property_cost_fen: int = 0
    transfer_paid_fen: int = 0
    sources: list[IncomeLine] = field(default_factory=list)
    corrects: UUID | None = None
    compared_fen: int | None = None


@dataclass(frozen=True, kw_only=True)
class SafeguardAssessed:
    """The three guarantees and drinking water, seen at home on one day.

    `water_report_stale`: the water's test report is older than its validity (S1.3-06). `schooling` names
    every child of compulsory age whose data may be used, `uninsured_persons` the members without basic
    medical insurance; older events have only the numbers, which agree with them, as `water_safe` with
    `water`. With `corrects` it takes the place of that event (T20).
    """

    wording: ClassVar = Wording(
        "“三保障”和饮水核查",
        "Safeguards assessed",
        "住房{housing_grade}，饮水合格：{water_safe}，失学{dropouts}人，未参保{uninsured}人[；更正后的记录，取代{corrects}]",
        "Housing {housing_grade}, water safe: {water_safe}, dropouts {dropouts}, uninsured {uninsured}[; as corrected, in place of {corrects}]",
    )
    household_id: UUID
    assessed_on: date
    housing_grade: HousingGrade
    water_safe: bool
    dropouts: int
    uninsured: int
    water_report_stale: bool = False
    schooling: list[ChildSeen] | None = None
    uninsured_persons: list[UUID] | None = None
    water: WaterSeen | None = None
    corrects: UUID | None = None
