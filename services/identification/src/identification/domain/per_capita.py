"""Income per head after people joined or left: the income of the last assessment shared by those of now
(A53)."""

from contracts.households import PerCapitaRecomputed, RegisterEvent
from identification.domain.known_incomes import compared
from identification.domain.register_commands import RecomputePerCapita
from identification.domain.states import Household


def recompute(c: RecomputePerCapita, household: Household) -> list[RegisterEvent]:
    """Nothing without an open case, nor if as many people share the income as was told last."""
    if household.case is None or not household.assessments:
        return []
    entry, last = household.registered, household.assessments[-1]
    told = household.past.shared
    known = told[1] if told and told[0] == last.assessment_id else last.members
    if entry.co_living_count == known:
        return []
    return [
        PerCapitaRecomputed(
            household_id=entry.household_id,
            assessment_id=last.assessment_id,
            members=entry.co_living_count,
            disposable_fen=last.disposable_fen,
            per_capita_fen=last.disposable_fen // entry.co_living_count,
            line_fen=c.policy.income_line_fen,
            within_line=c.policy.within_line(compared(last), entry.co_living_count),
        )
    ]
