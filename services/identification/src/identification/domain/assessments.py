"""What officers see in a household on one day: its income of twelve months, and the safeguards."""

from dataclasses import dataclass, replace
from datetime import date
from uuid import UUID

from common.decider import Refused
from contracts.assessments import IncomeAssessed, SafeguardAssessed
from contracts.codes import Category, MonitoredClass
from contracts.eliminations import EliminationVerified, Snapshot
from identification.domain.income import Income, assessed, must_be_before
from identification.domain.known_incomes import find
from identification.domain.policy import Policy
from identification.domain.states import Household
from identification.domain.survey import Survey, latest, surveyed


@dataclass(frozen=True, kw_only=True)
class Seen(Survey):
    """What officers saw at home on a day. `previous_disposable_fen` is the income of the year before that
    of `income`."""

    on: date
    assessment_id: UUID
    income: Income
    previous_disposable_fen: int | None = None


def assess(
    seen: Seen, household: Household, policy: Policy
) -> tuple[IncomeAssessed, SafeguardAssessed]:
    """Both assessments, compared with the line in force (S2-02).

    Raises `Refused` unless the income is of the twelve whole months before, and of those who live
    together, and the survey of the safeguards is whole.
    """
    income = seen.income
    must_be_before(seen.on, income)
    if income.members != household.registered.co_living_count:
        raise Refused("income-members", members=household.registered.co_living_count)
    found = assessed(
        income,
        policy,
        household_id=household.id,
        assessment_id=seen.assessment_id,
        assessed_on=seen.on,
        previous_disposable_fen=seen.previous_disposable_fen,
    )
    return found, surveyed(seen, household.registered, seen.on, policy)


def with_survey(household: Household, seen: SafeguardAssessed) -> Household:
    """The household after a survey. A new survey is about those who are members now; a corrected one (T20)
    about the same members as before its correction."""
    if latest(household.safeguards, seen) is not seen:
        return household
    here = frozenset(m.person_id for m in household.registered.members if not m.restricted)
    about = household.surveyed if seen.corrects else here
    return replace(household, safeguards=seen, surveyed=about)


def proposed_class(
    income: IncomeAssessed, household: Household, policy: Policy
) -> MonitoredClass | None:
    """The category invariants of T10; `None` when the household is not at risk by them."""
    formerly_poor = household.registered.category is Category.FORMERLY_POOR
    if income.within_line:
        return MonitoredClass.UNSTABLE_FORMERLY_POOR if formerly_poor else MonitoredClass.MARGINAL
    threshold = policy.medical_threshold(at_risk_group=formerly_poor)
    hard = income.compliant_own_cost_fen >= threshold or policy.fell(
        income.previous_disposable_fen, income.disposable_fen
    )
    its_line = replace(policy, income_line_fen=income.line_fen)  # one line for all three totals
    if hard or its_line.within_line(income.reference_fen, income.members):
        return MonitoredClass.SUDDEN_HARDSHIP
    return None


def snapshot(household: Household, verified: EliminationVerified) -> Snapshot:
    """E11, from the visit that the decision rests on."""
    income, seen = find(household.assessments, verified.assessment_id), household.safeguards
    assert income, "the visit recorded the income"
    assert seen, "the visit recorded the safeguards"
    return Snapshot(
        members=income.members,
        wage_fen=income.wage_fen,
        operating_fen=income.operating_fen,
        operating_cost_fen=income.operating_cost_fen,
        property_fen=income.property_fen,
        transfer_fen=income.transfer_fen,
        claims_fen=income.claims_fen,
        compliant_own_cost_fen=income.compliant_own_cost_fen,
        dropouts=seen.dropouts,
        uninsured=seen.uninsured,
        housing_damaged=bool(verified.housing_damaged),
        water_damaged=bool(verified.water_damaged),
    )
