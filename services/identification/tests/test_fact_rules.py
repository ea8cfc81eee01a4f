"""The rules over department facts, each with the fact that just raises a clue and the one that does not."""

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from time import process_time
from uuid import UUID

import pytest

from contracts.codes import LabourCapacity, Relation
from contracts.fact_codes import FactCode, FactType
from identification.domain.fact_types import DEPARTMENTS, FACT_TYPES, Subject
from identification.domain.findings import Counted, History, Person
from identification.domain.guards import without_personal_data
from identification.domain.rulebook import BY_FACT, FACT_RULES
from identification.domain.rules import medical_cost
from identification.domain.schooling import of_school_age, school_year, term_of
from services.identification.tests.seen import (
    CHILD,
    GENERAL,
    HEAD,
    HOUSEHOLD,
    MONITORED,
    fact,
    found,
    ids,
    income,
)
from services.identification.tests.story import POLICY

C, T = FactCode, FactType


def test_every_type_of_fact_has_a_row_whose_departments_are_known() -> None:
    assert set(FACT_TYPES) == set(FactType)
    for spec in FACT_TYPES.values():
        assert spec.departments
        assert set(spec.departments) <= set(DEPARTMENTS)
        if spec.counted:
            assert spec.counted in (*spec.values, *spec.optional)


def test_the_table_of_fact_types_is_the_code_s() -> None:
    page = (Path(__file__).parents[3] / "docs" / "departments.md").read_text("utf-8")
    for fact_type, spec in FACT_TYPES.items():
        values = [f"`{v.value}`" for v in spec.values] + [f"`{v.value}`?" for v in spec.optional]
        codes = [f"`{name}`：{' '.join(codes)}" for name, codes in spec.codes.items()]
        codes += [f"`{name}`?：{' '.join(codes)}" for name, codes in spec.optional_codes.items()]
        departments = " ".join(f"`{department}`" for department in spec.departments)
        cells = [
            f"{fact_type.zh} `{fact_type.value}`",
            f"{spec.owner}（{departments}）",
            "人" if spec.subject is Subject.PERSON else "户",
            f"`{spec.dated}`",
            "、".join(values) or "—",
            "；".join(codes) or "—",
            "、".join(f"`{rule.id}`" for rule in BY_FACT[fact_type]) or "—",
        ]
        assert f"| {' | '.join(cells)} |" in page


def test_S1302_a_child_of_compulsory_age_out_of_school_is_red() -> None:
    out = fact(T.ENROLMENT, C.SPRING, C.DROPOUT, C.BY_POVERTY, person=CHILD)
    (finding,) = found(out)
    assert ids([finding]) == [("DROPOUT", "SCHOOLING", "RED")]
    assert "因贫" in finding.summary_zh
    assert "for poverty" in finding.summary_en
    assert not found(out._replace(codes=frozenset({C.SPRING, C.SUSPECTED_DROPOUT})))
    assert not found(out._replace(person_id=HEAD))
    assert not found(out._replace(person_id=UUID(int=3)))  # has left the household


def test_compulsory_age_counts_on_the_last_day_of_august() -> None:
    assert of_school_age(date(2018, 8, 31), date(2024, 9, 1), POLICY)
    assert not of_school_age(date(2018, 9, 1), date(2024, 9, 1), POLICY)
    assert of_school_age(date(2008, 9, 1), date(2024, 9, 1), POLICY)
    assert not of_school_age(date(2008, 8, 31), date(2024, 9, 1), POLICY)
    assert (school_year(date(2024, 8, 31)), school_year(date(2024, 9, 1))) == (2023, 2024)
    assert term_of(date(2024, 3, 1), spring=True) == "2024-SPRING"
    assert term_of(date(2023, 9, 1), spring=False) == "2023-AUTUMN"


def test_own_cost_of_schooling_adds_up_over_the_household_and_one_school_year() -> None:
    def cost(fen: int, on: date, number: int) -> Counted:
        return fact(T.SCHOOLING_COST, amount=fen, on=on, number=number)

    first, second = cost(600_000, date(2023, 9, 1), 1), cost(400_000, date(2024, 8, 31), 2)
    (finding,) = found(second, first)
    assert ids([finding]) == [("SCHOOLING-COST", "SCHOOLING", "YELLOW")]
    assert len(finding.evidence) == 2
    assert ("2023学年" in finding.summary_zh, "2023/2024" in finding.summary_en) == (True, True)
    assert not found(second._replace(amount=399_999), first)
    before, after = cost(1, date(2023, 8, 31), 3), cost(1, date(2024, 9, 1), 4)
    assert found(second, before, first, after) == [finding]
    assert not found(second, first._replace(detected_on=before.detected_on))
    assert not found(first, second._replace(detected_on=after.detected_on))


def test_a_new_student_counts_up_to_a_fifth_above_the_line() -> None:
    entrance = fact(T.HIGHER_EDUCATION, person=CHILD)
    near = replace(HOUSEHOLD, incomes=(income(4 * 1_296_000),))
    assert ids(found(entrance, household=near)) == [("UNIVERSITY-ENTRANT", "SCHOOLING", "YELLOW")]
    above = replace(HOUSEHOLD, incomes=(income(4 * 1_296_000 + 1),))
    assert not found(entrance, household=above)
    assert not found(entrance)


def test_the_subsistence_allowance_granted_or_stopped() -> None:
    granted = fact(T.SOCIAL_PROTECTION, C.SUBSISTENCE, C.GRANTED)
    assert ids(found(granted, household=GENERAL)) == [
        ("PROTECTION-GRANTED", "LOW_INCOME", "YELLOW")
    ]
    assert not found(granted, household=MONITORED)
    assert not found(fact(T.SOCIAL_PROTECTION, C.MARGINAL_FAMILY, C.GRANTED))
    ended = fact(T.SOCIAL_PROTECTION, C.SUBSISTENCE, C.ENDED)
    within = replace(HOUSEHOLD, incomes=(income(4_320_000),))
    assert ids(found(ended, household=within)) == [("PROTECTION-STOPPED", "LOW_INCOME", "ORANGE")]
    assert not found(ended, household=replace(HOUSEHOLD, incomes=(income(4_320_001),)))
    assert not found(granted, household=replace(within, stage="MONITORED"))
    assert not found(fact(T.SOCIAL_PROTECTION, C.MARGINAL_FAMILY, C.ENDED), household=within)


def test_large_relief_to_a_household_that_is_not_monitored() -> None:
    relief = fact(T.TEMPORARY_RELIEF, amount=500_000)
    assert ids(found(relief)) == [("LARGE-RELIEF", "OTHER", "YELLOW")]
    assert not found(relief._replace(amount=499_999))
    assert not found(relief, household=MONITORED)


def test_unemployment_counts_for_the_breadwinner_or_when_nobody_has_work() -> None:
    second = Person(CHILD, date(1995, 1, 1), LabourCapacity.SKILLED, Relation.CHILD)
    two = replace(HOUSEHOLD, persons=(HOUSEHOLD.persons[0], second))
    of_head = fact(T.UNEMPLOYMENT, number=1)
    of_second = fact(T.UNEMPLOYMENT, person=CHILD, number=2)
    (one,) = found(of_head, household=two)
    assert ids([one]) == [("UNEMPLOYMENT", "UNSTABLE_EMPLOYMENT", "ORANGE")]
    assert ("主要劳动力" in one.summary_zh, "breadwinner" in one.summary_en) == (True, True)
    assert not found(of_second, household=two)
    (both,) = found(of_second, of_head, household=two)
    assert ("均处于失业" in both.summary_zh, "nobody" in both.summary_en) == (True, True)
    back = fact(T.INSURED_EMPLOYMENT, C.STARTED, on=date(2024, 3, 2), number=3)
    later = of_second._replace(detected_on=date(2024, 3, 3))
    assert not found(later, of_head, back, household=two)
    assert found(later, of_head, back._replace(codes=frozenset({C.ENDED})), household=two)
    assert found(of_second, of_head, back, household=two)  # he began only on the day after
    assert not found(of_second)  # a child cannot lose work


@pytest.mark.parametrize(
    ("grade", "severity"), [(C.GRADE_C, "ORANGE"), (C.GRADE_D, "RED"), (C.GRADE_B, None)]
)
def test_S1303_a_dangerous_house_counts_when_it_is_lived_in(
    grade: FactCode, severity: str | None
) -> None:
    lived_in = fact(T.HOUSING_SAFETY, grade, C.LIVED_IN)
    expected = [("HOUSING-GRADE", "UNSAFE_HOUSING", severity)] if severity else []
    assert ids(found(lived_in)) == expected
    assert not found(fact(T.HOUSING_SAFETY, grade, C.NOT_LIVED_IN))


def test_a_new_card_of_level_one_or_two() -> None:
    for level in (C.LEVEL_1, C.LEVEL_2):
        card = fact(T.DISABILITY_CARD, level, C.NEW_CARD)
        assert ids(found(card)) == [("DISABILITY-CARD", "DISABILITY", "ORANGE")]
    assert not found(fact(T.DISABILITY_CARD, C.LEVEL_3, C.NEW_CARD))
    assert not found(fact(T.DISABILITY_CARD, C.LEVEL_1, C.CARD_ENDED))


def test_a_loss_is_measured_against_the_operating_income() -> None:
    loss = fact(T.CROP_LOSS, amount=300_000)
    farming = replace(HOUSEHOLD, incomes=(income(9_000_000, operating_fen=1_000_000),))
    (grave,) = found(loss, household=farming)
    assert ids([grave]) == [("CROP-LOSS", "INDUSTRY_FAILURE", "ORANGE")]
    assert grave.evidence == (loss.event_id, farming.incomes[0].event_id)
    assert not found(loss._replace(amount=299_999), household=farming)
    assert not found(loss, household=replace(HOUSEHOLD, incomes=(income(9_000_000),)))
    assert not found(loss)


def test_a_loan_is_overdue_after_thirty_days() -> None:
    overdue = fact(T.MICROCREDIT, C.OVERDUE, amount=31)
    assert ids(found(overdue)) == [("LOAN-OVERDUE", "OTHER", "YELLOW")]
    assert not found(overdue._replace(amount=30))
    assert not found(fact(T.MICROCREDIT, C.REPAID, amount=31))


def test_a_large_claim_tells_illness_from_accident() -> None:
    claim = fact(T.INSURANCE_CLAIM, C.ACCIDENT_CLAIM, amount=1_000_000)
    assert ids(found(claim)) == [("LARGE-CLAIM", "ACCIDENT", "YELLOW")]
    ill = fact(T.INSURANCE_CLAIM, C.ILLNESS_CLAIM, amount=1_000_000)
    assert ids(found(ill)) == [("LARGE-CLAIM", "ILLNESS", "YELLOW")]
    assert not found(claim._replace(amount=999_999))


def test_disasters_and_accidents() -> None:
    (house,) = found(fact(T.DISASTER, C.FLOOD, C.HOUSE_LOST))
    (crop,) = found(fact(T.DISASTER, C.FLOOD, C.CROP_LOST))
    assert ids([house]) == [("DISASTER", "NATURAL_DISASTER", "RED")]
    assert ids([crop]) == [("DISASTER", "NATURAL_DISASTER", "ORANGE")]
    for finding, zh, en in ((house, "房屋", "house"), (crop, "农作物", "crop")):
        assert (zh in finding.summary_zh, en in finding.summary_en) == (True, True)
    assert not found(fact(T.DISASTER, C.FLOOD, C.NOTHING_LOST))
    assert ids(found(fact(T.HOUSING_DAMAGE, C.COLLAPSED))) == [
        ("HOUSE-DAMAGED", "NATURAL_DISASTER", "RED")
    ]
    assert not found(fact(T.HOUSING_DAMAGE, C.DAMAGE_LIGHT))
    assert ids(found(fact(T.ACCIDENT, C.DISABLED))) == [("ACCIDENT", "ACCIDENT", "RED")]
    assert not found(fact(T.ACCIDENT, C.INJURED))
    assert not found(fact(T.ACCIDENT, C.DIED, person=CHILD))
    assert found(fact(T.ACCIDENT, C.DIED, person=UUID(int=3)))  # has left the household


def test_a_new_serious_illness_counts_in_the_two_groups() -> None:
    illness = fact(T.SERIOUS_ILLNESS)
    assert ids(found(illness)) == [("SERIOUS-ILLNESS", "ILLNESS", "YELLOW")]
    assert found(illness, household=MONITORED)
    assert not found(illness, household=GENERAL)


@pytest.mark.parametrize("kind", [T.VEHICLE, T.BUSINESS, T.PROPERTY, T.INSURANCE_STATE, T.DEATH])
def test_property_and_states_are_evidence_and_never_a_warning(kind: FactType) -> None:
    assert BY_FACT[kind] == ()


def test_what_rules_say_goes_on_the_log_and_names_no_illness() -> None:
    house = replace(HOUSEHOLD, incomes=(income(100, operating_fen=1),))
    heard = set()
    for rule in FACT_RULES:
        for code in FactCode:
            for person in (HEAD, CHILD):
                codes = (code, C.OVERDUE, C.LIVED_IN, C.SUBSISTENCE)
                one = fact(rule.hears, *codes, amount=10**9, person=person)
                for finding in found(one, household=house):
                    without_personal_data(zh=finding.summary_zh, en=finding.summary_en)
                    heard.add(finding.rule_id)
    assert heard == {rule.id for rule in FACT_RULES}


def test_a_household_with_thousands_of_facts_costs_no_more_a_fact() -> None:
    def a_fact(count: int) -> float:
        """Seconds of processor time, of so many in 500 days."""
        day = date(2020, 1, 1)
        costs = [
            fact(
                T.MEDICAL_SETTLEMENT, amount=1, on=day + timedelta(days=n * 500 // count), number=n
            )
            for n in range(count)
        ]
        started = process_time()
        history = History(costs)
        for one in costs:
            medical_cost(one, HOUSEHOLD, history, POLICY)
        return (process_time() - started) / count

    few = [a_fact(500) for _ in range(3)]
    assert a_fact(4_000) < 4 * max(few)  # whoever scanned would take eight times as long
