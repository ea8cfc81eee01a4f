"""Who is eligible for social protection and not protected (S4.0-01, S4.1-03).

Assistance will own this; until it exists, identification records what its assessments and facts show.
"""

from dataclasses import dataclass
from datetime import date
from typing import ClassVar
from uuid import UUID

from contracts.wording import Code, Wording


class Protection(Code):
    """What somebody may be entitled to; Civil Affairs decides."""

    SUBSISTENCE = "SUBSISTENCE", "最低生活保障或特困供养", "subsistence allowance or full support"
    MARGINAL_FAMILY = "MARGINAL_FAMILY", "最低生活保障边缘家庭", "marginal family"
    LIVING_ALLOWANCE = "LIVING_ALLOWANCE", "困难残疾人生活补贴", "living allowance of the disabled"
    NURSING_ALLOWANCE = (
        "NURSING_ALLOWANCE",
        "重度残疾人护理补贴",
        "nursing allowance of the disabled",
    )


@dataclass(frozen=True, kw_only=True)
class ProtectionGapDetected:
    """Eligible by what is known, and neither granted nor refused: for Civil Affairs to look at.

    `person_id` for the two allowances; the other kinds are of the household.
    """

    wording: ClassVar = Wording(
        "疑似应保未保",
        "Protection gap detected",
        "{detected_on}核对：符合{kind}条件，未见认定；请民政部门核实",
        "On {detected_on}: eligible for {kind}, and no decision is known; for Civil Affairs to look at",
    )
    household_id: UUID
    kind: Protection
    person_id: UUID | None
    detected_on: date


@dataclass(frozen=True, kw_only=True)
class ProtectionGapClosed:
    """Civil Affairs decided (`decided`), or what is known no longer makes anybody eligible."""

    wording: ClassVar = Wording(
        "应保未保已处理",
        "Protection gap closed",
        "{closed_on}：{kind}不再是缺口；民政部门已作认定：{decided}",
        "On {closed_on} {kind} is a gap no longer; decided by Civil Affairs: {decided}",
    )
    household_id: UUID
    kind: Protection
    person_id: UUID | None
    decided: bool
    closed_on: date


ProtectionEvent = ProtectionGapDetected | ProtectionGapClosed
