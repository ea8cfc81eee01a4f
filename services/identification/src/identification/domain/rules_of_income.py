"""Risk rules over income assessments (S2-02). They compare by multiplication, never by a rounded quotient."""

from typing import Protocol

from contracts.codes import RiskType, Severity
from identification.domain.findings import Finding, IncomeSeen, yuan
from identification.domain.policy import Policy

FORMERLY_POOR_WITH_LABOUR = "FORMERLY_POOR_WITH_LABOUR"
MARGINAL_2019 = "MARGINAL_2019"
MARGINAL_2019_WITH_LABOUR = "MARGINAL_2019_WITH_LABOUR"
ALL = "ALL"
INCOME_LINE, INCOME_FALL = "INCOME-LINE", "INCOME-FALL"
BY_INCOME = frozenset({INCOME_LINE, INCOME_FALL})
SCOPES = (FORMERLY_POOR_WITH_LABOUR, MARGINAL_2019, MARGINAL_2019_WITH_LABOUR, ALL)


class Assessed(Protocol):
    """A household as far as the line is concerned."""

    @property
    def formerly_poor(self) -> bool:
        """脱贫户."""

    @property
    def marginal_2019(self) -> bool:
        """On the list of 2019."""

    @property
    def has_labour(self) -> bool:
        """At least one member is ORDINARY, SKILLED or WEAK."""

    @property
    def owns(self) -> bool:
        """A vehicle, business or second house is in a member's name."""

    @property
    def incomes(self) -> tuple[IncomeSeen, ...]:
        """Its assessments, the latest first."""


def in_scope(household: Assessed, policy: Policy) -> bool:
    """S2-02: which households the automatic income rule looks at; not those without labour (A14).

    People may report a clue about any household.
    """
    labour = household.has_labour
    return any(
        {
            ALL: True,
            FORMERLY_POOR_WITH_LABOUR: household.formerly_poor and labour,
            MARGINAL_2019: household.marginal_2019,
            MARGINAL_2019_WITH_LABOUR: household.marginal_2019 and labour,
        }[code]
        for code in policy.income_scope.split(",")
    )


def of_incomes(household: Assessed, policy: Policy) -> list[Finding]:
    """What both rules find."""
    return [f for f in (within_the_line(household, policy), fallen(household, policy)) if f]


def within_the_line(household: Assessed, policy: Policy) -> Finding | None:
    """INCOME-LINE v1 (S2-02): the latest assessment lies within the line; “以下” includes it (A1, A2, A4).

    If `line_property` is EXCLUDES, a household that owns a vehicle, a business or a second house is left
    out: the second half of the 低保边缘 conditions (S8.1-01).
    """
    if not household.incomes or not in_scope(household, policy):
        return None
    if household.owns and policy.line_property == "EXCLUDES":
        return None
    last = household.incomes[0]
    total = policy.basis_of(last)
    if not policy.within_line(total, last.members):
        return None
    return Finding(
        INCOME_LINE,
        RiskType.LOW_INCOME,
        Severity.ORANGE,
        (last.event_id,),
        f"{last.members}口人年收入{yuan(total)}元，在监测线人均{yuan(policy.income_line_fen)}元以内",
        f"income of {yuan(total)} yuan for {last.members} persons is within the line of "
        f"{yuan(policy.income_line_fen)} yuan a person",
    )


def fallen(household: Assessed, policy: Policy) -> Finding | None:
    """INCOME-FALL v1: income a head fell by at least 30 % against the twelve months before.

    The two assessments are of adjacent windows of twelve whole months. If there is no earlier one, the rule
    finds nothing.
    """
    if not household.incomes:
        return None
    last = household.incomes[0]
    before = next((i for i in household.incomes[1:] if _a_year_before(i, last)), None)
    if before is None:
        return None
    now, then = policy.basis_of(last), policy.basis_of(before)
    left = 100 - policy.income_fall_percent
    if then <= 0 or 100 * now * before.members > left * then * last.members:
        return None
    return Finding(
        INCOME_FALL,
        RiskType.OTHER,
        Severity.YELLOW,
        (last.event_id, before.event_id),
        f"人均收入较前12个月下降{policy.income_fall_percent}%以上",
        f"income a head fell by {policy.income_fall_percent} % or more within twelve months",
    )


def _a_year_before(earlier: IncomeSeen, later: IncomeSeen) -> bool:
    one, other = earlier.window_to, later.window_to
    return (one.year + 1, one.month) == (other.year, other.month)
