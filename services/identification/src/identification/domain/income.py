"""A household's income over twelve whole months, in fen (S2-02)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID

from common.decider import Refused
from contracts.assessments import IncomeAssessed
from contracts.incomes import IncomeLine
from identification.domain.guards import not_in_future
from identification.domain.known_incomes import find
from identification.domain.months import months_after
from identification.domain.policy import Policy
from identification.domain.states import Household


@dataclass(frozen=True, kw_only=True)
class Income:
    """Totals of the household in the window; none is negative. `members` is at least 1.

    `property_cost_fen` is what property cost (rent, interest), `transfer_paid_fen` what the household
    had to pay over (social insurance, support of others).
    """

    window_from: date
    window_to: date
    members: int
    wage_fen: int
    operating_fen: int
    operating_cost_fen: int
    property_fen: int
    transfer_fen: int
    claims_fen: int
    compliant_own_cost_fen: int
    property_cost_fen: int = 0
    transfer_paid_fen: int = 0

    @property
    def disposable_fen(self) -> int:
        """可支配收入: wage + net operating + net property + net transfer."""
        return self.net_fen - self.property_cost_fen - self.transfer_paid_fen

    @property
    def net_fen(self) -> int:
        """纯收入: wage + operating + property + transfer − operating cost."""
        gross = self.wage_fen + self.operating_fen + self.property_fen + self.transfer_fen
        return gross - self.operating_cost_fen

    @property
    def reference_fen(self) -> int:
        """收入参考范围: net + insurance claims − compliant own cost."""
        return self.net_fen + self.claims_fen - self.compliant_own_cost_fen


# Which sources make up a total: those whose code begins like this.
GROUPS = {
    "wage_fen": "WAGE",
    "operating_fen": "OPERATING",
    "property_fen": "PROPERTY",
    "transfer_fen": "TRANSFER",
}


def totals(sources: Sequence[IncomeLine]) -> dict[str, int]:
    """What these sources add up to, by the field of `Income`."""
    return {
        name: sum(line.fen for line in sources if line.source.startswith(group))
        for name, group in GROUPS.items()
    }


def window_before(day: date) -> tuple[date, date]:
    """The twelve whole months that end with the last day of the previous month (T3)."""
    end = day.replace(day=1)
    return months_after(end, -12), end - timedelta(days=1)


def must_be_before(day: date, income: Income) -> None:
    """Raises `Refused` unless the income is of the twelve whole months before."""
    first, last = window_before(day)
    if (income.window_from, income.window_to) != (first, last):
        raise Refused("income-window", window_from=first, window_to=last)


def assessed(
    income: Income,
    policy: Policy,
    *,
    household_id: UUID,
    assessment_id: UUID,
    assessed_on: date,
    previous_disposable_fen: int | None = None,
    sources: Sequence[IncomeLine] = (),
) -> IncomeAssessed:
    """The assessment as an event, compared with the line in force by multiplication (S2-02)."""
    return IncomeAssessed(
        household_id=household_id,
        assessment_id=assessment_id,
        window_from=income.window_from,
        window_to=income.window_to,
        members=income.members,
        wage_fen=income.wage_fen,
        operating_fen=income.operating_fen,
        operating_cost_fen=income.operating_cost_fen,
        property_fen=income.property_fen,
        transfer_fen=income.transfer_fen,
        claims_fen=income.claims_fen,
        compliant_own_cost_fen=income.compliant_own_cost_fen,
        disposable_fen=income.disposable_fen,
        reference_fen=income.reference_fen,
        line_fen=policy.income_line_fen,
        within_line=policy.within_line(policy.basis_of(income), income.members),
        assessed_on=assessed_on,
        previous_disposable_fen=previous_disposable_fen,
        net_fen=income.net_fen,
        property_cost_fen=income.property_cost_fen,
        transfer_paid_fen=income.transfer_paid_fen,
        sources=list(sources),
        compared_fen=policy.basis_of(income),
    )


@dataclass(frozen=True, kw_only=True)
class AssessIncome:
    """What was found outside a case: by the yearly survey of 脱贫户, say."""

    assessment_id: UUID
    assessed_on: date
    income: Income
    sources: tuple[IncomeLine, ...]
    policy: Policy
    today: date


def assess_outside(c: AssessIncome, household: Household) -> list[IncomeAssessed]:
    """One assessment, recorded whole or not at all. E2, E3 and E5 count it as any other. Raises `Refused`."""
    income, entry = c.income, household.registered
    not_in_future(c.assessed_on, c.today, "assessed_on")
    must_be_before(c.assessed_on, income)
    for name, lines in totals(c.sources).items() if c.sources else ():
        if lines != (total := getattr(income, name)):
            raise Refused("income-sources", group=GROUPS[name], total_fen=total, lines_fen=lines)
    event = assessed(
        income,
        c.policy,
        household_id=entry.household_id,
        assessment_id=c.assessment_id,
        assessed_on=c.assessed_on,
        sources=c.sources,
    )
    known = find(household.assessments, c.assessment_id)
    if known is None:
        if income.members != entry.co_living_count:
            raise Refused("income-members", members=entry.co_living_count)
        return [event]
    if _as_said(known) != _as_said(event):
        raise Refused("assessment-exists")
    return []


def _as_said(event: IncomeAssessed) -> tuple[object, ...]:
    """The amounts as they were found. Which line they are compared with, and by which total, may have
    changed since."""
    left_out = ("line_fen", "within_line", "compared_fen")
    return tuple(str(value) for name, value in vars(event).items() if name not in left_out)
