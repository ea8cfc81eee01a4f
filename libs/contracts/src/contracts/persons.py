"""A person's data: who looked at it, who was refused, when it may not be used, and when it is gone.

The data itself is in the vault and in no event. Looks are events of their own stream
(`access-to-household-{id}`), so that a record of them is as hard to change as any other.
"""

from dataclasses import dataclass
from datetime import date
from typing import ClassVar
from uuid import UUID

from contracts.wording import Code, Wording


class ErasureReason(Code):
    """Why a person's data is erased (PIPL 47)."""

    PURPOSE_ENDED = "PURPOSE_ENDED", "处理目的已实现", "the purpose has ended"
    CONSENT_WITHDRAWN = "CONSENT_WITHDRAWN", "个人撤回同意", "consent withdrawn"
    RETENTION_OVER = "RETENTION_OVER", "保存期限届满", "retention is over"
    UNLAWFUL = "UNLAWFUL", "违法处理", "processed unlawfully"


class RestrictionReason(Code):
    """Why a person's data is kept but not used."""

    CONTESTED = "CONTESTED", "准确性有异议", "accuracy contested"
    RETENTION_DUTY = "RETENTION_DUTY", "依法须保存，不得使用", "kept by law only"
    UNLAWFUL = "UNLAWFUL", "违法处理，待处置", "processed unlawfully, to be settled"


class Purpose(Code):
    """What a look at a person's data is for."""

    VERIFICATION = "VERIFICATION", "核实认定", "verification"
    VISIT = "VISIT", "入户走访", "visit"
    ASSISTANCE = "ASSISTANCE", "落实帮扶", "assistance"
    CORRECTION = "CORRECTION", "更正登记", "correction of the register"
    PERSON_ASKED = "PERSON_ASKED", "本人查询", "the person asked"
    SUPERVISION = "SUPERVISION", "监督检查", "supervision"


class Denial(Code):
    """Why a look was refused."""

    NOT_ROUTED = "NOT_ROUTED", "未分派给该部门", "not routed to the department"
    OUTSIDE_REGION = "OUTSIDE_REGION", "不在负责区域内", "outside the caller's area"
    RESTRICTED = "RESTRICTED", "该人信息限制处理", "processing of the person's data is restricted"


@dataclass(frozen=True, kw_only=True)
class ProcessingRestricted:
    """The person's data stays in the vault and is shown to nobody."""

    wording: ClassVar = Wording(
        "限制处理个人信息",
        "Processing restricted",
        "自{restricted_on}起限制处理一名成员的个人信息：{reason}",
        "The data of a person is kept but not used since {restricted_on}: {reason}",
    )
    household_id: UUID
    person_id: UUID
    reason: RestrictionReason
    restricted_on: date


@dataclass(frozen=True, kw_only=True)
class RestrictionLifted:
    """The person's data may be used again."""

    wording: ClassVar = Wording(
        "解除限制处理",
        "Restriction lifted",
        "自{lifted_on}起恢复处理一名成员的个人信息",
        "The data of a person may be used again since {lifted_on}",
    )
    household_id: UUID
    person_id: UUID
    lifted_on: date


@dataclass(frozen=True, kw_only=True)
class PersonalDataErased:
    """Name, number and salt are gone from the vault; the history and its commitments stay."""

    wording: ClassVar = Wording(
        "删除个人信息",
        "Personal data erased",
        "{erased_on}删除一名原成员的姓名、证件号码和住址：{reason}",
        "Name, number and address of a former member erased on {erased_on}: {reason}",
    )
    household_id: UUID
    person_id: UUID
    reason: ErasureReason
    erased_on: date


@dataclass(frozen=True, kw_only=True)
class PersonalDataRevealed:
    """Somebody saw a person's name, number and address; who, is in the envelope."""

    wording: ClassVar = Wording(
        "查看个人信息",
        "Personal data revealed",
        "查看了一名成员的姓名、证件号码和住址，用途：{purpose}",
        "Name, number and address of a member were shown for {purpose}",
    )
    household_id: UUID
    person_id: UUID
    purpose: Purpose


@dataclass(frozen=True, kw_only=True)
class AccessRefused:
    """Somebody asked for a household, or for a person of it, and was refused (A75)."""

    wording: ClassVar = Wording(
        "查看被拒绝", "Access refused", "查看请求被拒绝：{denial}", "A look was refused: {denial}"
    )
    household_id: UUID
    person_id: UUID | None
    denial: Denial


PersonEvent = ProcessingRestricted | RestrictionLifted | PersonalDataErased
AccessEvent = PersonalDataRevealed | AccessRefused
