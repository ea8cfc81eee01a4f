"""Which departments a household is routed to, by its difficulties (S8.2-02) and by its labour capacity
(S8.2-03), and what their tasks need to know.

Codes of departments are those of tokens. What is not named here, no department sees.
"""

from collections.abc import Mapping

from contracts.codes import LabourCapacity, RiskType
from contracts.meaning import Also

ROUTED: Mapping[str, frozenset[str]] = {
    RiskType.ILLNESS: frozenset({"yibao", "weijian"}),
    RiskType.DISABILITY: frozenset({"canlian", "minzheng"}),
    RiskType.SCHOOLING: frozenset({"jiaoyu"}),
    RiskType.NATURAL_DISASTER: frozenset({"yingji"}),
    RiskType.UNSTABLE_EMPLOYMENT: frozenset({"renshe"}),
    RiskType.UNSAFE_HOUSING: frozenset({"zhujian"}),
    RiskType.UNSAFE_WATER: frozenset({"shuiwu"}),
    RiskType.INDUSTRY_FAILURE: frozenset({"nongye"}),
    RiskType.LOW_INCOME: frozenset({"minzheng"}),
}
BY_LABOUR = Also(
    codes=frozenset({LabourCapacity.ORDINARY, LabourCapacity.SKILLED, LabourCapacity.WEAK}),
    to=frozenset({"renshe", "jinrong", "shuiwuju"}),
    otherwise=frozenset({"minzheng"}),
)
EVERY = frozenset({"*"})  # each department that the household is routed to


def routed_to(department: str) -> tuple[list[str], list[bool]]:
    """The difficulties that are routed to a department; and whether households with labour capacity
    (`True`) or without (`False`) are, whatever their difficulty."""
    risks = [str(risk) for risk, departments in ROUTED.items() if department in departments]
    labour = [
        has for has, to in ((True, BY_LABOUR.to), (False, BY_LABOUR.otherwise)) if department in to
    ]
    return risks, labour
