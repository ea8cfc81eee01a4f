"""The assessment of income: its window, its totals, and the comparison with the line (S2-02)."""

from dataclasses import replace
from datetime import date
from fractions import Fraction
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.decider import Refused
from contracts.assessments import IncomeAssessed
from contracts.codes import Category, LabourCapacity
from contracts.identification import HouseholdEvent
from contracts.incomes import IncomeLine, IncomeSource
from identification.domain.household import HOUSEHOLD as DECIDER
from identification.domain.income import AssessIncome, Income, assessed
from identification.domain.policy import Policy
from identification.domain.rules_of_income import fallen, in_scope, within_the_line
from services.identification.tests.seen import GENERAL, HOUSEHOLD, ids, income
from services.identification.tests.story import POLICY, REGISTERED

ASSESS = AssessIncome(
    assessment_id=UUID(int=5),
    assessed_on=date(2024, 3, 4),
    income=Income(
        window_from=date(2023, 3, 1),
        window_to=date(2024, 2, 29),
        members=4,
        wage_fen=4_320_000,
        operating_fen=0,
        operating_cost_fen=0,
        property_fen=0,
        transfer_fen=0,
        claims_fen=0,
        compliant_own_cost_fen=0,
    ),
    sources=(),
    policy=POLICY,
    today=date(2024, 3, 5),
)


def recorded(command: AssessIncome, *known: IncomeAssessed) -> IncomeAssessed:
    """The assessment of a registered household, after others."""
    (event,) = DECIDER.when(command, given=[REGISTERED, *known])
    assert isinstance(event, IncomeAssessed)
    return event


def at(disposable_fen: int, **change: Any) -> Any:
    """The 脱贫户 of four with labour, assessed at this total."""
    return replace(HOUSEHOLD, incomes=(income(disposable_fen),), **change)


def test_A01_exactly_on_the_line_is_within_it_and_a_clue() -> None:
    event = recorded(ASSESS)
    assert event.within_line
    finding = within_the_line(at(4_320_000), POLICY)
    assert finding is not None
    assert ids([finding]) == [("INCOME-LINE", "LOW_INCOME", "ORANGE")]
    assert "43,200.00" in finding.summary_zh


def test_A02_one_fen_above_the_line_is_no_clue() -> None:
    richer = replace(ASSESS, income=replace(ASSESS.income, wage_fen=4_320_001))
    event = recorded(richer)
    assert not event.within_line
    assert within_the_line(at(4_320_001), POLICY) is None


def test_A04_with_the_operator_LT_the_number_itself_is_outside() -> None:
    strict = replace(POLICY, income_line_operator="LT", version="test/LT")
    event = recorded(replace(ASSESS, policy=strict))
    assert not event.within_line
    assert within_the_line(at(4_320_000), strict) is None
    assert within_the_line(at(4_319_999), strict) is not None


def test_A14_without_labour_the_automatic_rule_does_not_fire() -> None:
    elderly = tuple(replace(p, labour=LabourCapacity.NONE) for p in HOUSEHOLD.persons)
    assert within_the_line(at(1, persons=elderly), POLICY) is None
    weak = (replace(elderly[0], labour=LabourCapacity.WEAK), *elderly[1:])
    assert within_the_line(at(1, persons=weak), POLICY) is not None


def test_S202_the_scope_is_the_formerly_poor_with_labour_and_the_list_of_2019() -> None:
    idle = tuple(replace(p, labour=LabourCapacity.LOST) for p in HOUSEHOLD.persons)
    assert in_scope(HOUSEHOLD, POLICY)
    assert not in_scope(replace(HOUSEHOLD, persons=idle), POLICY)
    assert not in_scope(GENERAL, POLICY)
    assert in_scope(replace(GENERAL, marginal_2019=True), POLICY)
    assert in_scope(GENERAL, replace(POLICY, income_scope="ALL"))


def test_S202_whether_the_list_of_2019_must_have_labour_too_is_a_parameter() -> None:
    """By its grammar the work plan says so; the county's own list asks for none until it decides."""
    listed = replace(GENERAL, marginal_2019=True)
    idle = tuple(replace(p, labour=LabourCapacity.LOST) for p in HOUSEHOLD.persons)
    assert in_scope(replace(listed, persons=idle), POLICY)
    with_labour = replace(POLICY, income_scope="MARGINAL_2019_WITH_LABOUR")
    assert in_scope(listed, with_labour)
    assert not in_scope(replace(listed, persons=idle), with_labour)
    assert not in_scope(GENERAL, with_labour)
    assert within_the_line(listed, with_labour) is None, "nothing was assessed"


def test_the_basis_is_a_parameter() -> None:
    totals = income(9_999_999, net_fen=4_320_000, reference_fen=4_320_001)
    household = replace(HOUSEHOLD, incomes=(totals,))
    found = {
        basis: within_the_line(household, replace(POLICY, income_basis=basis)) is not None
        for basis in ("DISPOSABLE", "NET", "REFERENCE")
    }
    assert found == {"DISPOSABLE": False, "NET": True, "REFERENCE": False}


def test_the_three_totals() -> None:
    totals = replace(
        ASSESS.income,
        wage_fen=100,
        operating_fen=50,
        operating_cost_fen=20,
        property_fen=10,
        transfer_fen=5,
        property_cost_fen=3,
        transfer_paid_fen=2,
        claims_fen=40,
        compliant_own_cost_fen=60,
    )
    assert (totals.net_fen, totals.disposable_fen, totals.reference_fen) == (145, 140, 125)


FEN = st.integers(0, 10**10)


@given(
    st.tuples(FEN, FEN, FEN, FEN, FEN, FEN, FEN),
    st.integers(1, 50),
    st.integers(1, 10**8),
    st.sampled_from(["LTE", "LT"]),
)
def test_the_comparison_agrees_with_exact_fractions(
    fen: tuple[int, ...], members: int, line: int, operator: Any
) -> None:
    wage, operating, cost, own, transfer, rent_paid, paid_over = fen
    found = replace(
        ASSESS.income,
        members=members,
        wage_fen=wage,
        operating_fen=operating,
        operating_cost_fen=cost,
        property_fen=own,
        transfer_fen=transfer,
        property_cost_fen=rent_paid,
        transfer_paid_fen=paid_over,
    )
    policy: Policy = replace(POLICY, income_line_fen=line, income_line_operator=operator)
    event = assessed(
        found,
        policy,
        household_id=UUID(int=1),
        assessment_id=UUID(int=2),
        assessed_on=date(2024, 3, 4),
    )
    a_head = Fraction(wage + operating - cost + own - rent_paid + transfer - paid_over, members)
    assert event.within_line == (a_head <= line if operator == "LTE" else a_head < line)


def test_a_year_of_losses_is_told_to_the_fen() -> None:
    finding = within_the_line(replace(HOUSEHOLD, incomes=(income(-150),)), POLICY)
    assert finding
    assert "年收入-1.50元" in finding.summary_zh
    assert "income of -1.50 yuan" in finding.summary_en


def test_income_that_fell_by_thirty_percent_a_head_is_a_clue() -> None:
    before = income(4_000_000, event_id=UUID(int=70), window_to=date(2023, 2, 28))
    for total, clue in ((2_800_000, True), (2_800_001, False)):
        household = replace(GENERAL, incomes=(income(total), before))
        assert (fallen(household, POLICY) is not None) == clue
    smaller = replace(GENERAL, incomes=(income(2_100_000, members=3), before))
    assert fallen(smaller, POLICY) is not None
    assert fallen(replace(GENERAL, incomes=(income(2_100_001, members=3), before)), POLICY) is None
    other_year = replace(before, window_to=date(2022, 2, 28))
    assert fallen(replace(GENERAL, incomes=(income(1), other_year)), POLICY) is None
    assert fallen(replace(GENERAL, incomes=(income(1),)), POLICY) is None
    for now, then in ((0, 0), (-2, -1)):  # of nothing, nothing is lost
        none = replace(before, disposable_fen=then)
        assert fallen(replace(GENERAL, incomes=(income(now), none)), POLICY) is None


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"assessed_on": date(2024, 3, 6)}, "date-in-future"),
        ({"assessed_on": date(2024, 2, 4)}, "income-window"),
        ({"income": replace(ASSESS.income, members=3)}, "income-members"),
        (
            {"sources": (IncomeLine(source=IncomeSource.WAGE_LOCAL, fen=4_319_999),)},
            "income-sources",
        ),
        (
            {
                "sources": (
                    IncomeLine(source=IncomeSource.WAGE_LOCAL, fen=4_320_000),
                    IncomeLine(source=IncomeSource.TRANSFER_PENSION, fen=1),
                )
            },
            "income-sources",
        ),
    ],
)
def test_an_assessment_is_whole_or_refused(change: dict[str, Any], code: str) -> None:
    with pytest.raises(Refused, match=code):
        recorded(replace(ASSESS, **change))


def test_an_assessment_is_of_today_at_the_latest_and_told_its_window() -> None:
    assert recorded(replace(ASSESS, assessed_on=ASSESS.today))
    with pytest.raises(Refused, match="income-window") as refused:
        recorded(replace(ASSESS, assessed_on=date(2024, 2, 4)))
    window = {"window_from": date(2023, 2, 1), "window_to": date(2024, 1, 31)}
    assert refused.value.details == window


def test_an_assessment_is_recorded_once_whatever_line_holds_meanwhile() -> None:
    known: list[HouseholdEvent] = [REGISTERED, recorded(ASSESS)]
    assert DECIDER.when(ASSESS, given=known) == []
    later = replace(ASSESS, policy=replace(POLICY, income_line_fen=1))
    assert DECIDER.when(later, given=known) == []
    spent = replace(ASSESS, income=replace(ASSESS.income, compliant_own_cost_fen=1))
    by_net = replace(spent, policy=replace(POLICY, income_basis="REFERENCE"))
    assert recorded(spent).compared_fen != recorded(by_net).compared_fen
    assert DECIDER.when(by_net, given=[REGISTERED, recorded(spent)]) == []
    other = replace(ASSESS, income=replace(ASSESS.income, wage_fen=1))
    with pytest.raises(Refused, match="assessment-exists"):
        DECIDER.when(other, given=known)


def test_a_general_household_is_assessed_too_and_raises_no_automatic_clue() -> None:
    poor = replace(HOUSEHOLD, category=Category.GENERAL, incomes=(income(1),))
    assert within_the_line(poor, POLICY) is None
