"""Drinking water: sources, the households they serve, and the tests that expire (S1.3-04 to 07).

Housing and schooling are department facts; their registers are read from those.
"""

from dataclasses import dataclass
from datetime import date
from typing import ClassVar
from uuid import UUID

from contracts.wording import Code, Wording


class WaterKind(Code):
    """How a source supplies."""

    CENTRAL = "CENTRAL", "集中供水", "central supply"
    SCATTERED = "SCATTERED", "分散供水", "scattered supply"


class WaterFault(Code):
    """What a test found wanting."""

    QUALITY = "QUALITY", "水质", "quality"
    QUANTITY = "QUANTITY", "水量", "quantity"
    CONVENIENCE = "CONVENIENCE", "用水方便程度", "convenience"
    SUPPLY = "SUPPLY", "供水保证率", "guarantee of supply"


@dataclass(frozen=True, kw_only=True)
class WaterSourceRegistered:
    """A source of drinking water and the households that it serves."""

    wording: ClassVar = Wording(
        "登记水源",
        "Water source registered",
        "登记{kind}水源，供{served_count}户",
        "A source of {kind} was registered, households served: {served_count}",
    )
    source_id: UUID
    label: str
    kind: WaterKind
    region: str
    served: list[UUID]
    served_count: int
    registered_on: date


@dataclass(frozen=True, kw_only=True)
class WaterServiceChanged:
    """Households were connected to the source or left it; `served_count` is the number afterwards."""

    wording: ClassVar = Wording(
        "变更供水户",
        "Water service changed",
        "自{effective_on}起供{served_count}户",
        "Households served since {effective_on}: {served_count}",
    )
    source_id: UUID
    connected: list[UUID]
    disconnected: list[UUID]
    served_count: int
    effective_on: date


@dataclass(frozen=True, kw_only=True)
class WaterTestRecorded:
    """A report on a source. It is valid up to and on `valid_to` (S1.3-06)."""

    wording: ClassVar = Wording(
        "水质检测",
        "Water test recorded",
        "{tested_on}检测，合格：{qualified}（不合格项：{faults}），有效期至{valid_to}",
        "Tested on {tested_on}, qualified: {qualified} (wanting: {faults}), valid to {valid_to}",
    )
    source_id: UUID
    test_id: UUID
    laboratory: str
    tested_on: date
    valid_to: date
    qualified: bool
    faults: list[WaterFault]
    litres_per_person_day: int
    fetch_minutes: int
    horizontal_m: int
    vertical_m: int
    supply_percent: int
    report_hash: str


@dataclass(frozen=True, kw_only=True)
class WaterTestDue:
    """The report runs out soon: a test is to be arranged, and no household is at risk for it."""

    wording: ClassVar = Wording(
        "水质检测即将到期",
        "Water test due",
        "检测报告有效期至{valid_to}，请组织检测",
        "The report is valid to {valid_to}: arrange a test",
    )
    source_id: UUID
    task_id: UUID
    valid_to: date
    noticed_on: date
    served_count: int


@dataclass(frozen=True, kw_only=True)
class WaterTestExpired:
    """The report is older than its validity; the source no longer counts as qualified (A32)."""

    wording: ClassVar = Wording(
        "水质检测过期",
        "Water test expired",
        "检测报告自{expired_on}起过期，涉及{served_count}户，不再计为合格",
        "The report expired on {expired_on}; households that no longer count as qualified: {served_count}",
    )
    source_id: UUID
    task_id: UUID
    expired_on: date
    served_count: int


@dataclass(frozen=True, kw_only=True)
class WaterOutageReported:
    """Water was cut; `days` so far. A later report of the same outage carries more days."""

    wording: ClassVar = Wording(
        "停水报告",
        "Water outage reported",
        "自{began_on}起停水{days}天，结束：{over}",
        "Water cut since {began_on}, days: {days}, over: {over}",
    )
    source_id: UUID
    outage_id: UUID
    began_on: date
    days: int
    over: bool
    reported_on: date


WaterEvent = (
    WaterSourceRegistered
    | WaterServiceChanged
    | WaterTestRecorded
    | WaterTestDue
    | WaterTestExpired
    | WaterOutageReported
)
