"""The assessments of a household's income in the order of their days, which may not be the order in which
they were recorded."""

from datetime import date
from uuid import UUID

from contracts.assessments import IncomeAssessed
from identification.domain.stages import Monitored
from identification.domain.states import Household

Known = tuple[IncomeAssessed, ...]


def day_of(income: IncomeAssessed) -> date:
    """The day of the assessment. Older ones tell only their twelve months."""
    return income.assessed_on or income.window_to


def with_one_more(known: Known, income: IncomeAssessed) -> Known:
    """A survey may be recorded after a later visit. Of two on one day, the one recorded last counts.

    A corrected assessment takes the place of the old one (T20).
    """
    if income.corrects:
        old = find(known, income.assessment_id)
        return tuple(income if assessed is old else assessed for assessed in known)
    return tuple(sorted((*known, income), key=day_of))


def assessed_in(household: Household, case: Monitored) -> Known:
    """The assessments that say how an episode stands."""
    return tuple(a for a in household.assessments if a.assessment_id not in case.foreign)


def find(known: Known, assessment_id: UUID) -> IncomeAssessed | None:
    """The assessment with this id; of a repeated one the last."""
    return next((a for a in reversed(known) if a.assessment_id == assessment_id), None)


def compared(income: IncomeAssessed) -> int:
    """The total that was compared with the line. Which total that was, a parameter said on its day (S2-02)."""
    return income.disposable_fen if income.compared_fen is None else income.compared_fen


def above_the_line(known: Known) -> tuple[date, date] | None:
    """The first and the last day of the latest assessments that are all above their line; `None` if the
    last one is not."""
    days: list[date] = []
    for assessed in reversed(known):
        if compared(assessed) <= assessed.line_fen * assessed.members:
            break
        days.append(day_of(assessed))
    return (days[-1], days[0]) if days else None


def line_for_all(income: IncomeAssessed, household: Household) -> int:
    """What the total of an assessment has to be above, in fen: the line for each person who was assessed,
    or for each who lives together now, if those are more."""
    return income.line_fen * max(income.members, household.registered.co_living_count)


def is_above(income: IncomeAssessed, household: Household) -> bool:
    """E2: the total that was compared is above the line for all."""
    return compared(income) > line_for_all(income, household)


def is_covered(income: IncomeAssessed, household: Household) -> bool:
    """E5: what is left of the income after own cost and claims is above the line for all."""
    return income.reference_fen > line_for_all(income, household)
