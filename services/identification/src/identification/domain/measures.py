"""E1: which kinds of help can answer a risk."""

from contracts.codes import RiskType
from contracts.eliminations import MeasureCategory
from identification.domain.states import Household

M = MeasureCategory
DEVELOPMENTAL = frozenset({M.INDUSTRY, M.EMPLOYMENT, M.FINANCE, M.PUBLIC_POST})
RELIEF = frozenset({M.SOCIAL, M.COMPREHENSIVE_PROTECTION, M.HOUSING, M.HEALTH})
ANSWERS: dict[RiskType, frozenset[MeasureCategory]] = {
    RiskType.ILLNESS: frozenset({M.HEALTH, M.COMPREHENSIVE_PROTECTION, M.SOCIAL}),
    RiskType.DISABILITY: frozenset(
        {M.COMPREHENSIVE_PROTECTION, M.HEALTH, M.EMPLOYMENT, M.PUBLIC_POST, M.SOCIAL}
    ),
    RiskType.SCHOOLING: frozenset({M.OTHER_EDUCATION, M.COMPULSORY_EDUCATION, M.SOCIAL}),
    RiskType.UNSAFE_HOUSING: frozenset({M.HOUSING, M.RELOCATION}),
    RiskType.UNSAFE_WATER: frozenset({M.WATER, M.INFRASTRUCTURE}),
    RiskType.UNSTABLE_EMPLOYMENT: frozenset({M.EMPLOYMENT, M.PUBLIC_POST}),
    RiskType.INDUSTRY_FAILURE: frozenset({M.INDUSTRY, M.FINANCE, M.EMPLOYMENT}),
    RiskType.LACK_OF_LABOUR: frozenset({M.COMPREHENSIVE_PROTECTION, M.INDUSTRY, M.SOCIAL}),
    RiskType.NATURAL_DISASTER: RELIEF,
    RiskType.ACCIDENT: RELIEF,
    RiskType.OTHER: frozenset(M),
}


def answers(risk: RiskType, household: Household) -> frozenset[MeasureCategory]:
    """The categories that can answer a risk; for low income it depends on labour (S7.1, S4)."""
    if risk is RiskType.LOW_INCOME:
        relief = frozenset({M.COMPREHENSIVE_PROTECTION})
        return DEVELOPMENTAL if household.has_labour else relief
    return ANSWERS[risk]
