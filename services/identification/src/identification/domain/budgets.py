"""How the fifteen days are meant to be shared between the stages (S2-07), so that a delay has one owner.

The comparison runs beside the verification (T6); the village reviews when both are done. A stage that
takes longer is shown, and nothing follows from it.
"""

from datetime import date, timedelta

from contracts.stages import Stage
from identification.domain.policy import Policy

VERIFYING = frozenset({Stage.CLUE_OPEN, Stage.VERIFYING, Stage.NOT_AT_RISK})
REVIEWING = frozenset({Stage.VERIFIED, Stage.VILLAGE_REVIEWED, Stage.PUBLICISED})


def stage_due_on(stage: str, discovered_on: date, policy: Policy) -> date | None:
    """The day by which an undecided case should have left its stage; `None` for one that is decided."""
    reviewed = max(policy.stage_verify_days, policy.stage_compare_days) + policy.stage_review_days
    by_town = reviewed + policy.stage_town_days
    if stage in VERIFYING:
        days = policy.stage_verify_days
    elif stage in REVIEWING:
        days = reviewed
    elif stage == Stage.PUBLICITY_OVER:
        days = by_town
    elif stage == Stage.TOWN_REVIEWED:
        days = by_town + policy.stage_county_days
    else:
        return None
    return discovered_on + timedelta(days=days)
