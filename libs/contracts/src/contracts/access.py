"""Who looked at a household's history, and who was refused: what audit records of its own.

The envelope says who, when and for which area. It names no household, so that a look is in no
household's timeline: the log of looks is the stream `access-to-household-{id}`. A look at a list of
households is one event, in the stream `access-to-area-{code}`.
"""

from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from contracts.wording import Code, Wording


class Shown(Code):
    """What somebody asked to see."""

    PAGE = "PAGE", "农户页面", "the page"
    TIMELINE = "TIMELINE", "时间线", "the timeline"
    STATE = "STATE", "某一时点的情况", "the state at a point in time"
    DIFFERENCE = "DIFFERENCE", "两个时点的差异", "the difference between two points in time"
    RAW = "RAW", "原始记录", "the raw records"
    NEWS = "NEWS", "有无新记录", "whether there are new records"
    ACCESSES = "ACCESSES", "查看记录", "the access log"
    VILLAGES = "VILLAGES", "各村户数", "the villages and their households"
    HOUSEHOLDS = "HOUSEHOLDS", "农户名单", "the list of households"
    COUNTY = "COUNTY", "全域总览", "the overview"
    COUNTED = "COUNTED", "统计数字背后的名单", "the list behind a number"
    WHOLE = "WHOLE", "全部时间线的校验值", "the hash over all timelines"
    COMPLETENESS = "COMPLETENESS", "日志是否完整", "whether the log is complete"
    BY_NUMBER = "BY_NUMBER", "证件号码所属的农户", "the household of an identity number"
    BY_REGISTER = "BY_REGISTER", "户编号所属的农户", "the household of a register number"
    DOSSIER = "DOSSIER", "卷宗", "the dossier"


class Refusal(Code):
    """Why somebody was not shown it."""

    NO_SCOPE = "NO_SCOPE", "无查看权限", "without the scope"
    OUTSIDE_REGION = "OUTSIDE_REGION", "不在负责区域内", "outside the caller's area"
    NOT_ROUTED = "NOT_ROUTED", "未分派给该部门", "not routed to the department"
    NOT_NEEDED = "NOT_NEEDED", "超出部门任务所需", "more than the department's task needs"


@dataclass(frozen=True, kw_only=True)
class HouseholdLookedAt:
    """Somebody was let in to see it."""

    wording: ClassVar = Wording(
        "查看农户",
        "Household looked at",
        "查看了{shown}，用途：{purpose}",
        "Looked at {shown}, for: {purpose}",
    )
    household_id: UUID
    shown: Shown
    purpose: str


@dataclass(frozen=True, kw_only=True)
class HouseholdExported:
    """Somebody took a file of it away."""

    wording: ClassVar = Wording(
        "导出农户资料",
        "Household exported",
        "导出了{shown}，用途：{purpose}",
        "Took away {shown}, for: {purpose}",
    )
    household_id: UUID
    shown: Shown
    purpose: str


@dataclass(frozen=True, kw_only=True)
class LookRefused:
    """Somebody asked to see it and was refused (A75)."""

    wording: ClassVar = Wording(
        "查看农户被拒绝",
        "Look refused",
        "请求查看{shown}被拒绝：{refusal}",
        "A look at {shown} was refused: {refusal}",
    )
    household_id: UUID
    shown: Shown
    refusal: Refusal


@dataclass(frozen=True, kw_only=True)
class ListLookedAt:
    """Somebody was let in to see the households of an area, or how many there are.

    `filters` are names and codes that were asked for; `households` is how many were counted or listed.
    """

    wording: ClassVar = Wording(
        "查看名单",
        "List looked at",
        "查看了{area}的{shown}（{households}户[，条件：{filters}]），用途：{purpose}",
        "Looked at {shown} of {area} (households: {households}[, filters: {filters}]), for: {purpose}",
    )
    area: str
    shown: Shown
    filters: dict[str, str]
    households: int
    purpose: str


@dataclass(frozen=True, kw_only=True)
class ListRefused:
    """Somebody asked to see the households of an area and was refused."""

    wording: ClassVar = Wording(
        "查看名单被拒绝",
        "List refused",
        "请求查看{area}的{shown}被拒绝：{refusal}",
        "A look at {shown} of {area} was refused: {refusal}",
    )
    area: str
    shown: Shown
    refusal: Refusal


AuditEvent = HouseholdLookedAt | HouseholdExported | LookRefused | ListLookedAt | ListRefused
