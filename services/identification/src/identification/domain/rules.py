"""Risk rules: pure functions of facts and parameters, named, versioned, explained.

A rule raises a clue; it never changes a status. People verify, people decide.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID

from contracts.codes import RiskType, Severity
from identification.domain.policy import Policy

ROLLING = timedelta(days=365)


@dataclass(frozen=True)
class MedicalCost:
    """One settlement, as far as the rule needs it."""

    event_id: UUID
    settled_on: date
    own_cost_fen: int


@dataclass(frozen=True)
class Finding:
    """What a rule found, with the facts it rests on and the reason in plain words."""

    rule_id: str
    rule_version: int
    risk_type: RiskType
    severity: Severity
    evidence: tuple[UUID, ...]
    summary_zh: str
    summary_en: str


def medical_cost(
    costs: Sequence[MedicalCost], settled_on: date, *, at_risk_group: bool, policy: Policy
) -> Finding | None:
    """MEDICAL-OWN-COST v1: a household's own cost in twelve rolling months (医保, S4.2-03).

    Looks at every twelve months that contain the new settlement, so that one which arrives late
    counts too, and takes the dearest: ORANGE at the threshold, RED at twice it. `at_risk_group`
    says that the household is formerly poor or monitored.
    """
    days = {c.settled_on for c in costs if settled_on <= c.settled_on < settled_on + ROLLING}
    windows = [[c for c in costs if day - ROLLING < c.settled_on <= day] for day in sorted(days)]
    counted = max(windows, key=lambda window: sum(c.own_cost_fen for c in window), default=[])
    total = sum(cost.own_cost_fen for cost in counted)
    threshold = policy.medical_threshold(at_risk_group=at_risk_group)
    if total < threshold:
        return None
    return Finding(
        rule_id="MEDICAL-OWN-COST",
        rule_version=1,
        risk_type=RiskType.ILLNESS,
        severity=Severity.RED if total >= 2 * threshold else Severity.ORANGE,
        evidence=tuple(cost.event_id for cost in counted),
        summary_zh=f"12个月内合规自付医疗费{_yuan(total)}元，达到{_yuan(threshold)}元",
        summary_en=f"own medical cost of {_yuan(total)} yuan in 12 months reaches {_yuan(threshold)} yuan",
    )


def _yuan(fen: int) -> str:
    return f"{fen // 100:,}.{fen % 100:02d}"
