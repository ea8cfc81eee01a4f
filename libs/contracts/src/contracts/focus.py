"""Focus lists: whom the towns keep an eye on, with the reason for each (S2-03).

A tag opens no clue and changes no status. Who is on a list is screened each quarter.
"""

from dataclasses import dataclass
from datetime import date
from typing import ClassVar
from uuid import UUID

from contracts.wording import Code, Wording


class FocusGroup(Code):
    """重点人群和特殊群体. LOW_INCOME is of the household, every other group of a person in it."""

    LOW_INCOME = "LOW_INCOME", "低收入家庭", "low-income household"
    SEVERE_ILLNESS = "SEVERE_ILLNESS", "大病患者", "severely ill"
    SEVERE_DISABILITY = "SEVERE_DISABILITY", "重度残疾人", "severely disabled"
    DISABLED_ELDERLY = "DISABLED_ELDERLY", "残疾老年人", "disabled and elderly"
    ORPHAN = "ORPHAN", "孤儿", "orphan"
    UNATTENDED_CHILD = "UNATTENDED_CHILD", "事实无人抚养儿童", "child without de facto care"


class FocusBasis(Code):
    """What a tag follows from."""

    FACT = "FACT", "部门信息", "a department's fact"
    REGISTER = "REGISTER", "农户登记", "the register"


class Untagging(Code):
    """Why a tag holds no longer."""

    NOT_REPORTED = (
        "NOT_REPORTED",
        "依据已更正、撤回或不再登记",
        "what it followed from was taken back",
    )
    ENDED = "ENDED", "主管部门已停发、注销或变更认定", "the department ended or changed it"
    PERIOD_OVER = "PERIOD_OVER", "期限已满", "its period is over"
    AGE = "AGE", "年龄不再符合", "no longer of the age"
    LEFT = "LEFT", "已离户", "left the household"
    DIED = "DIED", "已死亡", "died"
    OFF_REGISTER = "OFF_REGISTER", "该户已不在册", "the household is off the register"


@dataclass(frozen=True, kw_only=True)
class FocusGroupTagged:
    """The household is on a focus list, for a person in it unless the group is its own.

    `since` is the department's day, or the day on which the register was looked at;
    `evidence_event_ids` are facts, none where it follows from the register alone.
    """

    wording: ClassVar = Wording(
        "列入重点人群",
        "Tagged as a focus group",
        "{tagged_on}列入重点人群：{group}（自{since}起，依据{basis}）",
        "Tagged on {tagged_on} as {group}, since {since}, by {basis}",
    )
    household_id: UUID
    group: FocusGroup
    person_id: UUID | None
    since: date
    basis: FocusBasis
    evidence_event_ids: list[UUID]
    rule_id: str
    rule_version: int
    tagged_on: date


@dataclass(frozen=True, kw_only=True)
class FocusGroupUntagged:
    """The household, or this person in it, belongs to the group no longer."""

    wording: ClassVar = Wording(
        "移出重点人群",
        "No longer tagged as a focus group",
        "{untagged_on}移出重点人群：{group}（{reason}）",
        "No longer tagged as {group} since {untagged_on}: {reason}",
    )
    household_id: UUID
    group: FocusGroup
    person_id: UUID | None
    reason: Untagging
    untagged_on: date


FocusEvent = FocusGroupTagged | FocusGroupUntagged
