"""E1–E12: each guard alone decides, says what it found, and can be satisfied."""

from dataclasses import replace
from datetime import date
from typing import Any
from uuid import UUID

import pytest

from common.problems import Problem, body
from contracts.codes import Category, HousingGrade, LabourCapacity, RiskType
from contracts.eliminations import (
    EliminationProposed,
    EliminationVerified,
    Guard,
    Manner,
    MeasureCategory,
    RevocationReason,
    RiskEliminated,
)
from contracts.identification import HouseholdEvent
from contracts.stages import Stage
from identification.domain.commands import Command
from identification.domain.household import HOUSEHOLD
from identification.domain.measures import ANSWERS, answers
from identification.domain.months import months_after
from identification.refusals import REFUSALS
from services.identification.tests.ending import (
    ADD,
    ALLOW,
    AUTUMN,
    CHANGE,
    COMPLETE_AGAIN,
    ELIMINATE,
    ENDING,
    LATER,
    MEASURE,
    POST_AGAIN,
    PROPOSE,
    REASSESS,
    REASSESS_AGAIN,
    REVOKE,
    SPRING,
    VERIFY_AGAIN,
    VISIT,
    before,
    income,
    monitored,
)
from services.identification.tests.entries import ASSESS, MERGE, TAKE_IN
from services.identification.tests.story import (
    REGISTERED,
    RISK,
    START,
    STEPS,
    history,
    member,
    refused,
    state,
)
from services.identification.tests.test_inquiries import OBJECT
from services.identification.tests.test_moves import handed_over

NATURAL = replace(PROPOSE, manner=Manner.NATURAL, measures=())
WINDOW = (date(2023, 10, 1), date(2024, 9, 30))


def failing(command: Command, given: list[HouseholdEvent]) -> list[Guard]:
    """The guards that a refusal names."""
    refusal = refused(command, given)
    assert refusal.code == "elimination-guards"
    named: list[Guard] = refusal.details["failing"]  # type: ignore[assignment]
    return named


def assessed(**change: Any) -> list[HouseholdEvent]:
    """Monitored, with the autumn's assessment changed."""
    autumn = replace(AUTUMN, **change)
    return history(*STEPS, REASSESS, replace(REASSESS_AGAIN, seen=autumn))


def earning(total_fen: int, **change: int) -> list[HouseholdEvent]:
    """Monitored, with another income in autumn."""
    return assessed(income=income(total_fen, WINDOW, **change))


def test_E1_each_risk_has_an_implemented_matching_measure() -> None:
    assert failing(replace(PROPOSE, measures=()), monitored()) == [Guard.E1]
    wrong = replace(MEASURE, category=MeasureCategory.INDUSTRY)
    assert failing(replace(PROPOSE, measures=(wrong,)), monitored()) == [Guard.E1]
    told = refused(replace(PROPOSE, measures=(wrong,)), monitored()).details["failing_zh"]
    assert "因病（须为" in str(told)
    assert MeasureCategory.HEALTH.zh in str(told)
    assert failing(_implemented(date(2024, 10, 16)), monitored()) == [Guard.E1]
    assert HOUSEHOLD.when(_implemented(PROPOSE.proposed_on), given=monitored())
    assert failing(PROPOSE, monitored(ADD)) == [Guard.E1]
    both = (
        MEASURE,
        replace(MEASURE, risk_type=RiskType.SCHOOLING, category=MeasureCategory.SOCIAL),
    )
    assert HOUSEHOLD.when(replace(PROPOSE, measures=both), given=monitored(ADD))


def _implemented(on: date) -> Command:
    return replace(PROPOSE, measures=(replace(MEASURE, implemented_on=on),))


def test_E1_every_risk_can_be_answered_and_low_income_by_labour() -> None:
    assert set(ANSWERS) | {RiskType.LOW_INCOME} == set(RiskType)
    working = state(monitored())
    assert MeasureCategory.INDUSTRY in answers(RiskType.LOW_INCOME, working)
    assert MeasureCategory.COMPREHENSIVE_PROTECTION not in answers(RiskType.LOW_INCOME, working)
    idle = state([WITHOUT_LABOUR])
    assert answers(RiskType.LOW_INCOME, idle) == {MeasureCategory.COMPREHENSIVE_PROTECTION}


def test_E2_income_is_strictly_above_the_line() -> None:
    assert Guard.E2 in failing(NATURAL, earning(4_320_000))
    assert HOUSEHOLD.when(NATURAL, given=earning(4_320_001))


def test_A46_exactly_on_the_line_is_refused_and_the_answer_says_what_is_missing() -> None:
    refusal = refused(NATURAL, earning(4_320_000))
    told = body(Problem(refusal.code, refusal.details), REFUSALS)
    assert (
        "E2 须人均收入高于监测线（现为：合计43,200.00元，监测线合计43,200.00元）" in told["title"]
    )
    assert "E2 income per person is above the line" in told["title_en"]


def test_E3_two_assessments_six_months_apart_are_above_and_none_between_is_not() -> None:
    early = replace(AUTUMN, on=date(2024, 10, 9))
    assert failing(PROPOSE, assessed(on=date(2024, 10, 9))) == [Guard.E3]
    assert early.on < months_after(SPRING.on, 6) <= date(2024, 10, 10)
    assert HOUSEHOLD.when(PROPOSE, given=assessed(on=date(2024, 10, 10)))
    dip = replace(
        REASSESS_AGAIN,
        seen=replace(
            SPRING,
            on=date(2024, 7, 1),
            assessment_id=UUID(int=64),
            income=income(4_000_000, (date(2023, 7, 1), date(2024, 6, 30))),
        ),
    )
    given = history(*STEPS, REASSESS, dip, REASSESS_AGAIN)
    assert failing(PROPOSE, given) == [Guard.E3]
    assert HOUSEHOLD.when(NATURAL, given=given)


@pytest.mark.parametrize(
    ("change", "zh", "en"),
    [
        ({"dropouts": 1}, "失学1人，未", "dropouts 1, un"),
        ({"uninsured": 1}, "未参保1人", "uninsured 1"),
        ({"housing_grade": HousingGrade.C}, HousingGrade.C.zh, HousingGrade.C.en),
        ({"housing_grade": HousingGrade.NONE}, "饮水合格）", "water safe)"),
        ({"water_safe": False}, "饮水不合格", "water unsafe"),
        ({"water_report_stale": True}, "检测报告过期", "report stale"),
    ],
)
def test_E4_schooling_insurance_housing_and_water(change: dict[str, Any], zh: str, en: str) -> None:
    assert failing(PROPOSE, assessed(**change)) == [Guard.E4]
    told = refused(PROPOSE, assessed(**change)).details
    assert zh in str(told["failing_zh"])
    assert en in str(told["failing_en"])


def test_E4_a_report_on_the_water_that_has_run_out_since_the_visit_counts() -> None:
    stale = replace(ELIMINATE, water_report_stale=True)
    assert failing(stale, before(ELIMINATE)) == [Guard.E4]


def test_E5_large_spending_is_solved_or_covered() -> None:
    below, at = 999_999, 1_000_000
    assert HOUSEHOLD.when(PROPOSE, given=earning(5_000_000, compliant_own_cost_fen=below))
    assert HOUSEHOLD.when(PROPOSE, given=earning(5_400_000, compliant_own_cost_fen=at))
    given = earning(5_000_000, compliant_own_cost_fen=at)
    assert failing(PROPOSE, given) == [Guard.E5]
    insured = earning(5_000_000, compliant_own_cost_fen=at, claims_fen=500_000)
    assert HOUSEHOLD.when(PROPOSE, given=insured)


def test_E6_a_clue_that_nobody_looked_at_blocks() -> None:
    clue = replace(
        RISK, clue_id=UUID(int=81), risk_types=(RiskType.ACCIDENT,), discovered_on=date(2024, 10, 1)
    )
    late = replace(clue, today=LATER)
    assert failing(PROPOSE, monitored(late)) == [Guard.E6]
    assert "由镇逐条排除或撤回" in str(refused(PROPOSE, monitored(late)).details["failing_zh"])
    given = [*before(ELIMINATE), *_reported(late)]
    assert Guard.E6 in failing(ELIMINATE, given)
    add = replace(ADD, risk_type=RiskType.ACCIDENT, clue_id=late.clue_id, added_on=LATER)
    assert refused(add, given).code == "step-out-of-order"
    told = refused(ELIMINATE, given).details
    assert "不同意消除（T15）后列为风险" in str(told["failing_zh"])
    assert "after it turned the elimination down (T15)" in str(told["failing_en"])


def _reported(clue: Command) -> list[HouseholdEvent]:
    return HOUSEHOLD.when(clue, given=before(ELIMINATE))


WITHOUT_LABOUR = replace(
    REGISTERED,
    members=[replace(m, labour_capacity=LabourCapacity.NONE) for m in REGISTERED.members],
)


def without_labour(*commands: Command) -> list[HouseholdEvent]:
    """As `monitored`, in a household without labour."""
    steps = (*STEPS, REASSESS, REASSESS_AGAIN, *commands)
    return history(*steps, registered=WITHOUT_LABOUR)


def test_E7_a_household_without_labour_stays_unless_the_county_allows_it() -> None:
    assert failing(PROPOSE, without_labour()) == [Guard.E7]
    assert refused(ALLOW, monitored()).code == "override-not-needed"
    assert refused(replace(ALLOW, text="稳定"), without_labour()).code == "reason-too-short"
    assert HOUSEHOLD.when(ALLOW, given=without_labour(ALLOW)) == []
    (event,) = HOUSEHOLD.when(PROPOSE, given=without_labour(ALLOW))
    assert isinstance(event, EliminationProposed)
    assert "SAFETY_NET_STABLE" in event.guard_results[6].evidence_en


def test_E7_the_county_allows_it_too_when_the_labour_is_lost_on_the_way() -> None:
    lost = [
        replace(ASSESS, person_id=m.person_id, assessed_on=date(2024, 10, 29), today=LATER)
        for m in REGISTERED.members
    ]
    given = monitored(*ENDING[:-1], *lost)
    assert failing(ELIMINATE, given) == [Guard.E7]
    allowed = replace(ALLOW, granted_on=date(2024, 10, 29))
    given += HOUSEHOLD.when(allowed, given=given)
    assert state(given).stage is Stage.ELIM_TOWN_REVIEWED
    assert HOUSEHOLD.when(ELIMINATE, given=given)


def test_E7_what_the_county_allowed_ends_with_the_elimination_that_it_takes_back() -> None:
    revoke = replace(REVOKE, reason_code=RevocationReason.NO_LABOUR_NEEDS_SAFETY_NET)
    again = replace(PROPOSE, proposed_on=LATER)
    assert failing(again, without_labour(ALLOW, *ENDING, revoke)) == [Guard.E7]


def test_A14_a_household_without_labour_can_be_confirmed_by_a_cadres_clue() -> None:
    two = replace(REGISTERED, members=WITHOUT_LABOUR.members[:2], co_living_count=2)
    assert two.category is Category.FORMERLY_POOR
    steps = [_for_two(step) for step in STEPS]
    assert state(history(*steps, registered=two)).stage == "MONITORED"


def _for_two(step: Command) -> Command:
    seen = getattr(step, "seen", None)
    if seen is None:
        return step
    poor = replace(seen.income, members=2, wage_fen=1_800_000, operating_fen=0)
    spent = replace(poor, operating_cost_fen=0, property_fen=0, transfer_fen=0)
    return replace(step, seen=replace(seen, income=spent))


def test_A15_without_labour_e7_fails_and_the_household_stays_monitored() -> None:
    given = without_labour()
    assert failing(PROPOSE, given) == [Guard.E7]
    assert state(given).stage == "MONITORED"
    eliminated = without_labour(ALLOW, *ENDING)[-1]
    assert isinstance(eliminated, RiskEliminated)


def test_E8_not_in_the_month_of_confirmation_nor_the_next() -> None:
    rich = replace(REASSESS, seen=SPRING)
    given = history(*STEPS, rich)
    april = replace(PROPOSE, proposed_on=date(2024, 4, 30))
    assert Guard.E8 in failing(april, given)
    assert Guard.E8 not in failing(replace(april, proposed_on=date(2024, 5, 1)), given)


def test_A44_in_april_only_a_risk_that_went_by_itself_is_eliminated() -> None:
    given = history(*STEPS, REASSESS)
    april = replace(PROPOSE, proposed_on=date(2024, 4, 20))
    assert Guard.E8 in failing(april, given)
    assert HOUSEHOLD.when(replace(april, manner=Manner.NATURAL, measures=()), given=given)


def test_E9_a_recent_visit_by_two_officers() -> None:
    alone = replace(VERIFY_AGAIN, officers=(UUID(int=11), UUID(int=11)))
    assert failing(alone, before(VERIFY_AGAIN)) == [Guard.E9]
    remote = replace(VERIFY_AGAIN, in_person_at_home=False)
    assert refused(remote, before(VERIFY_AGAIN)).code == "home-visit-needed"
    given = before(ELIMINATE)
    assert HOUSEHOLD.when(replace(ELIMINATE, eliminated_on=date(2024, 11, 17)), given=given)
    assert failing(replace(ELIMINATE, eliminated_on=date(2024, 11, 18)), given) == [Guard.E9]


def test_E9_no_relative_and_no_member_of_the_family_is_sent() -> None:
    start = replace(START, recused=(UUID(int=13),))
    way = (start if step is START else step for step in (*STEPS, REASSESS, REASSESS_AGAIN, PROPOSE))
    given = history(*way)
    for relative in (UUID(int=13), UUID(int=1)):
        sent = replace(VERIFY_AGAIN, officers=(UUID(int=11), relative))
        assert refused(sent, given).code == "officer-is-relative"
        assert refused(replace(VERIFY_AGAIN, by=str(relative)), given).code == "officer-is-relative"
    assert HOUSEHOLD.when(VERIFY_AGAIN, given=given)


def test_E10_is_not_decided_while_somebody_objects() -> None:
    given = before(ELIMINATE)
    objection = replace(OBJECT, raised_on=date(2024, 10, 29), today=LATER)
    given += HOUSEHOLD.when(objection, given=given)
    assert failing(ELIMINATE, given) == [Guard.E10]
    short = replace(COMPLETE_AGAIN, ended_on=date(2024, 10, 25))
    assert refused(short, before(COMPLETE_AGAIN)).code == "publicity-too-short"
    assert refused(POST_AGAIN, before(ENDING[2])).code == "step-out-of-order"


@pytest.mark.parametrize("field", ["housing_damaged", "water_damaged"])
def test_E11_the_record_of_how_things_are_is_complete(field: str) -> None:
    forgotten = replace(VERIFY_AGAIN, **{field: None})  # type: ignore[arg-type]
    assert failing(forgotten, before(VERIFY_AGAIN)) == [Guard.E11]
    nothing: Any = {field: None}
    given = [
        replace(event, **nothing) if isinstance(event, EliminationVerified) else event
        for event in before(ELIMINATE)
    ]
    assert failing(ELIMINATE, given) == [Guard.E11]


def test_E12_no_severe_issue_is_open() -> None:
    assert failing(replace(ELIMINATE, severe_issues=1), before(ELIMINATE)) == [Guard.E12]


def test_the_guards_are_judged_anew_on_what_was_seen_at_home() -> None:
    poor = replace(VISIT, income=income(4_320_000, WINDOW))
    verify = replace(VERIFY_AGAIN, seen=poor)
    assert failing(verify, before(VERIFY_AGAIN)) == [Guard.E2, Guard.E3]


def test_every_guard_that_fails_is_named_in_one_answer() -> None:
    alone = replace(member(1), labour_capacity=LabourCapacity.NONE)
    others = [replace(m, labour_capacity=LabourCapacity.NONE) for m in REGISTERED.members[1:]]
    idle = replace(REGISTERED, members=[alone, *others])
    given = history(*STEPS, registered=idle)
    early = replace(PROPOSE, measures=(), proposed_on=date(2024, 4, 1))
    assert failing(early, given) == [
        Guard.E1,
        Guard.E2,
        Guard.E3,
        Guard.E5,
        Guard.E7,
        Guard.E8,
    ]


@pytest.mark.parametrize(
    ("day", "months", "after"),
    [
        (date(2024, 4, 10), 6, date(2024, 10, 10)),
        (date(2024, 8, 31), 6, date(2025, 2, 28)),
        (date(2023, 8, 31), 6, date(2024, 2, 29)),
        (date(2024, 12, 1), 2, date(2025, 2, 1)),
        (date(2024, 6, 30), 6, date(2024, 12, 30)),
    ],
)
def test_months_end_with_the_month(day: date, months: int, after: date) -> None:
    assert months_after(day, months) == after


def test_an_episode_that_was_taken_over_is_assessed_before_it_ends() -> None:
    """A54: the survivor of a merger has no assessment of its own."""
    given = history(MERGE, replace(TAKE_IN, case=handed_over(date(2023, 3, 1))))
    assert failing(PROPOSE, given) == [Guard.E2, Guard.E3, Guard.E4, Guard.E5]
    assert refused(CHANGE, given).code == "class-does-not-fit"
