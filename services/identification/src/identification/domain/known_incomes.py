"""The assessments of a household's income in the order of their days, whenever each was recorded."""

from datetime import date
from uuid import UUID

from contracts.episodes import IncomeAssessed

Known = tuple[IncomeAssessed, ...]


def day_of(income: IncomeAssessed) -> date:
    """When it was assessed; of older ones only the twelve months are known."""
    return income.assessed_on or income.window_to


def with_one_more(known: Known, income: IncomeAssessed) -> Known:
    """A survey may be recorded after a visit that came later; of one day, the last word counts."""
    return tuple(sorted((*known, income), key=day_of))


def find(known: Known, assessment_id: UUID) -> IncomeAssessed | None:
    """The assessment with this id; of a repeated one the last."""
    return next((a for a in reversed(known) if a.assessment_id == assessment_id), None)
