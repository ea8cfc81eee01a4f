"""Which department a household's difficulty is routed to (S8.2-02), and what its task needs to know.

Codes of departments are those of tokens. What is not named here, no department sees.
"""

from collections.abc import Mapping

from contracts.codes import RiskType

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
EVERY = frozenset({"*"})  # each department that the household is routed to
