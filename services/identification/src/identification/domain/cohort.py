"""The county's target (S7.3-02): who was confirmed by a day, with labour, is to be eliminated by another.

The target is soft: it never loosens a guard of the elimination.
"""

from datetime import date
from enum import StrEnum


class Standing(StrEnum):
    """Of an episode in the cohort."""

    ELIMINATED = "ELIMINATED"  # a success
    OPEN = "OPEN"  # due, or missed once the target date is past
    LABOUR_LOST = "LABOUR_LOST"  # left the cohort: neither a success nor a miss (A42)
    CANCELLED = "CANCELLED"
    CLOSED = "CLOSED"


def standing(
    *,
    confirmed_on: date,
    labour_at_confirmation: bool,
    has_labour: bool,
    outcome: str | None,
    confirmed_by: date,
) -> Standing | None:
    """Where an episode stands; `None` for one that never belonged to the cohort (A40)."""
    if confirmed_on > confirmed_by or not labour_at_confirmation:
        return None
    match outcome:
        case "ELIMINATED":
            return Standing.ELIMINATED
        case "CANCELLED":
            return Standing.CANCELLED
        case None:
            return Standing.OPEN if has_labour else Standing.LABOUR_LOST
        case _:
            return Standing.CLOSED
