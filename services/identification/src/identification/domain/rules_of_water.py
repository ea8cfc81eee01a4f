"""Risk rules over drinking water, for each household that a source serves (S1.3-05)."""

from collections.abc import Sequence
from datetime import date
from uuid import UUID

from contracts.codes import RiskType, Severity
from contracts.safeguards import WaterFault, WaterOutageReported
from identification.domain.findings import Finding
from identification.domain.policy import Policy
from identification.domain.water import stale


def failed_test(
    faults: Sequence[WaterFault], valid_to: date, event_id: UUID, on: date, *, at_risk_group: bool
) -> Finding | None:
    """WATER-TEST-FAILED v1 (水务, S1.3-05): ORANGE for each formerly poor or monitored household that is
    served.

    `faults` are those of the source's latest test, which the event `event_id` recorded. The household may
    have been served then or be connected later. A report that has run out is no risk of a household: it
    opens a test task (A32).
    """
    if not faults or not at_risk_group or stale(valid_to, on):
        return None
    return Finding(
        "WATER-TEST-FAILED",
        RiskType.UNSAFE_WATER,
        Severity.ORANGE,
        (event_id,),
        f"所用水源检测不合格（{'、'.join(fault.zh for fault in faults)}）",
        f"the water source failed its test ({', '.join(fault.en for fault in faults)})",
    )


def long_outage(
    outage: WaterOutageReported, event_id: UUID, policy: Policy, *, at_risk_group: bool
) -> Finding | None:
    """WATER-OUTAGE v1 (水务): YELLOW when the water is cut for more than seven days."""
    if outage.days <= policy.water_outage_days or not at_risk_group:
        return None
    return Finding(
        "WATER-OUTAGE",
        RiskType.UNSAFE_WATER,
        Severity.YELLOW,
        (event_id,),
        f"停水{outage.days}天",
        f"water was cut for {outage.days} days",
    )
