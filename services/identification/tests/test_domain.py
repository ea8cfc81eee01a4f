"""The rules of registration and of an episode, without a clock, a database or a network."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest

from common.problems import Problem, body
from contracts.assessments import IncomeAssessed
from contracts.codes import (
    Category,
    LabourCapacity,
    MonitoredClass,
    NumberDiffers,
    Relation,
    RiskType,
    Severity,
)
from contracts.episodes import (
    HouseholdVerified,
    MonitoringConfirmed,
    PublicityPosted,
    RiskClueAttached,
    RiskDetected,
    VerificationStarted,
    VillageReviewHeld,
)
from identification.domain.commands import Command
from identification.domain.household import HOUSEHOLD
from identification.domain.register_commands import RegisterHousehold
from identification.refusals import REFUSALS
from services.identification.tests.story import (
    APPROVE,
    COMPLETE,
    CONFIRM,
    INCOME,
    POLICY,
    POST,
    REGISTERED,
    REVIEW,
    RISK,
    SEEN,
    START,
    STEPS,
    TODAY,
    VERIFY,
    history,
    member,
    refused,
    state,
    up_to,
)

REGISTER = RegisterHousehold(registered=REGISTERED, today=TODAY)


def test_a_household_is_registered_once() -> None:
    assert HOUSEHOLD.when(REGISTER, given=[]) == [REGISTERED]
    assert HOUSEHOLD.when(REGISTER, given=[REGISTERED]) == []


def test_another_registration_of_the_same_household_is_a_correction_and_refused() -> None:
    other = replace(REGISTERED, category=Category.GENERAL)
    command = RegisterHousehold(registered=other, today=TODAY)
    assert refused(command, [REGISTERED]).code == "already-registered"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"members": [member(1), member(2)]}, "one-head-needed"),
        ({"members": [member(2, Relation.CHILD)], "co_living_count": 1}, "one-head-needed"),
        ({"members": [member(1), member(1, Relation.CHILD)]}, "person-twice-in-household"),
        ({"co_living_count": 5}, "co-living-count"),
        ({"registered_on": TODAY + timedelta(days=1)}, "date-in-future"),
        (
            {"members": [member(1, born_on=date(2030, 1, 1))], "co_living_count": 1},
            "birth-date-out-of-range",
        ),
        (
            {"members": [member(1, born_on=date(2006, 1, 1))], "co_living_count": 1},
            "labour-under-sixteen",
        ),
    ],
)
def test_a_register_entry_must_be_whole(change: dict[str, Any], code: str) -> None:
    command = RegisterHousehold(registered=replace(REGISTERED, **change), today=TODAY)
    assert refused(command, []).code == code


def test_a_reason_why_a_number_differs_is_no_other_registration() -> None:
    """An old file is uploaded again: it is asked for a reason now, which was not asked for before."""
    members = [replace(m, number_differs=NumberDiffers.OTHER_PAPERS) for m in REGISTERED.members]
    again = RegisterHousehold(registered=replace(REGISTERED, members=members), today=TODAY)
    assert HOUSEHOLD.when(again, given=history()) == []


def test_under_sixteen_has_no_labour_capacity_and_sixteen_may() -> None:
    child = member(1, born_on=date(2006, 1, 1), labour_capacity=LabourCapacity.NONE)
    household = replace(REGISTERED, members=[child], co_living_count=1)
    assert HOUSEHOLD.when(RegisterHousehold(registered=household, today=TODAY), given=[])
    grown = member(1, born_on=date(2005, 1, 1))
    household = replace(REGISTERED, members=[grown], co_living_count=1)
    assert HOUSEHOLD.when(RegisterHousehold(registered=household, today=TODAY), given=[])


def test_T1_the_first_clue_opens_a_case_due_in_fifteen_days() -> None:
    (event,) = HOUSEHOLD.when(RISK, given=[REGISTERED])
    assert isinstance(event, RiskDetected)
    assert event.due_on == date(2024, 3, 16)


def test_A10_two_facts_by_one_rule_are_one_clue() -> None:
    again = replace(RISK, clue_id=UUID(int=9), discovered_on=date(2024, 3, 10))
    assert HOUSEHOLD.when(again, given=history(RISK)) == []


def test_free_text_that_goes_on_the_log_names_no_illness() -> None:
    assert (
        refused(replace(RISK, summary_zh="户主患肝癌"), history()).code == "personal-data-in-text"
    )
    told = replace(VERIFY, self_ability="电话13800000000")
    assert refused(told, up_to(VERIFY)).code == "personal-data-in-text"


def test_a_graver_clue_of_the_same_risk_joins_the_case() -> None:
    graver = replace(
        RISK, clue_id=UUID(int=9), severity=Severity.RED, discovered_on=date(2024, 3, 10)
    )
    (event,) = HOUSEHOLD.when(graver, given=history(RISK))
    assert isinstance(event, RiskClueAttached)


def test_the_same_risk_after_the_window_is_a_clue_again() -> None:
    later = replace(RISK, clue_id=UUID(int=9), discovered_on=date(2024, 4, 1))
    assert [type(e) for e in HOUSEHOLD.when(later, given=history(RISK))] == [RiskClueAttached]
    within = replace(RISK, clue_id=UUID(int=9), discovered_on=date(2024, 3, 31))
    assert HOUSEHOLD.when(within, given=history(RISK)) == []


def test_A12_a_second_risk_joins_the_case_and_the_clock_keeps_its_first_day() -> None:
    schooling = replace(
        RISK, clue_id=UUID(int=9), risk_types=(RiskType.SCHOOLING,), discovered_on=date(2024, 3, 9)
    )
    household = HOUSEHOLD.fold(history(RISK, START, schooling))
    assert household is not None
    assert household.opened.risk_types == {RiskType.ILLNESS, RiskType.SCHOOLING}
    assert household.opened.discovered_on == date(2024, 3, 1)


def test_A12_a_clue_that_was_found_earlier_and_recorded_later_does_not_move_the_clock() -> None:
    earlier = replace(
        RISK, clue_id=UUID(int=9), risk_types=(RiskType.SCHOOLING,), discovered_on=date(2024, 2, 25)
    )
    file = state(history(RISK, START, earlier)).opened
    assert (file.discovered_on, file.due_on) == (date(2024, 3, 1), date(2024, 3, 16))
    assert [clue.discovered_on for clue in file.clues] == [date(2024, 3, 1), date(2024, 2, 25)]


def test_T2_needs_two_officers_and_a_declared_recusal() -> None:
    alone = replace(START, officers=(UUID(int=11), UUID(int=11)))
    assert refused(alone, up_to(START)).code == "officers-needed"
    silent = replace(START, recusal_declared=False)
    assert refused(silent, up_to(START)).code == "recusal-not-declared"


def test_T2_no_relative_and_no_member_of_the_family_is_sent() -> None:
    relative = replace(START, recused=(START.officers[1],))
    assert refused(relative, up_to(START)).code == "officer-is-relative"
    own = replace(START, officers=(UUID(int=11), UUID(int=1)))
    assert refused(own, up_to(START)).code == "officer-is-relative"


def test_T2_who_declared_to_be_a_relative_does_not_answer_for_the_verification() -> None:
    given = history(RISK, replace(START, recused=(UUID(int=13),)))
    for by in (UUID(int=13), UUID(int=1)):
        assert refused(replace(VERIFY, by=str(by)), given).code == "officer-is-relative"
    stayed = replace(START, recused=(UUID(int=13),))
    (event,) = HOUSEHOLD.when(stayed, given=up_to(START))
    assert isinstance(event, VerificationStarted)
    assert event.recused == [UUID(int=13)]


def income_of(total_fen: int) -> IncomeAssessed:
    income = replace(
        INCOME,
        wage_fen=total_fen,
        operating_fen=0,
        operating_cost_fen=0,
        property_fen=0,
        transfer_fen=0,
    )
    assessed, *_ = HOUSEHOLD.when(
        replace(VERIFY, seen=replace(SEEN, income=income)), given=up_to(VERIFY)
    )
    assert isinstance(assessed, IncomeAssessed)
    return assessed


def test_A1_income_exactly_on_the_line_is_within_it() -> None:
    assert income_of(4_320_000).within_line is True


def test_A2_one_fen_above_the_line_is_not() -> None:
    assert income_of(4_320_001).within_line is False


def test_A4_the_operator_is_a_parameter() -> None:
    assert POLICY.within_line(4_320_000, 4)
    assert not replace(POLICY, income_line_operator="LT").within_line(4_320_000, 4)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"in_person_at_home": False}, "home-visit-needed"),
        (
            {"seen": replace(SEEN, income=replace(INCOME, window_to=date(2024, 3, 4)))},
            "income-window",
        ),
        ({"seen": replace(SEEN, income=replace(INCOME, members=3))}, "income-members"),
        ({"risk_types": ()}, "one-to-five-risks"),
        ({"risk_types": tuple(RiskType)[:6]}, "one-to-five-risks"),
        ({"seen": replace(SEEN, on=date(2024, 3, 1))}, "date-before-previous-step"),
        ({"seen": replace(SEEN, on=TODAY + timedelta(days=1))}, "date-in-future"),
    ],
)
def test_T3_guards(change: dict[str, Any], code: str) -> None:
    assert refused(replace(VERIFY, **change), up_to(VERIFY)).code == code


def test_T3_five_risks_are_recorded() -> None:
    five = replace(VERIFY, risk_types=tuple(RiskType)[-5:])
    assert HOUSEHOLD.when(five, given=up_to(VERIFY))


def test_a_household_above_the_line_with_large_spending_is_in_sudden_hardship() -> None:
    rich = replace(INCOME, wage_fen=9_000_000)
    *_, verified = HOUSEHOLD.when(
        replace(VERIFY, seen=replace(SEEN, income=rich)), given=up_to(VERIFY)
    )
    assert isinstance(verified, HouseholdVerified)
    assert verified.proposed_class is MonitoredClass.SUDDEN_HARDSHIP


def test_a_general_household_within_the_line_is_marginal() -> None:
    general = replace(REGISTERED, category=Category.GENERAL)
    given = history(RISK, START, registered=general)
    *_, verified = HOUSEHOLD.when(VERIFY, given=given)
    assert isinstance(verified, HouseholdVerified)
    assert verified.proposed_class is MonitoredClass.MARGINAL


def test_T7_half_of_those_present_is_not_enough_and_ends_the_case() -> None:
    tied = replace(REVIEW, votes_for=10, votes_against=10, abstained=0)
    (event,) = HOUSEHOLD.when(tied, given=up_to(REVIEW))
    assert isinstance(event, VillageReviewHeld)
    assert not event.passed
    household = HOUSEHOLD.fold([*up_to(REVIEW), event])
    assert household is not None
    assert household.case is None


def test_T7_votes_do_not_exceed_those_present() -> None:
    assert refused(replace(REVIEW, present=10), up_to(REVIEW)).code == "votes-exceed-present"


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("户主证件 990000197001011234 公示", "identity-number"),
        ("户主证件 990000 19700101 1234 公示", "identity-number"),
        ("户主证件 990000 1970-01-01 1234 公示", "identity-number"),
        ("户主证件 99000019700101123Ｘ 公示", "identity-number"),
        ("联系电话13800000000,公示五天", "telephone"),
        ("联系电话１３８００００００００,公示五天", "telephone"),
        ("联系电话 +86 138 0000 0000,公示五天", "telephone"),
        ("联系电话138—0000—0000,公示五天", "telephone"),
        ("联系电话13800000000 13800000001 13800000002", "telephone"),
        ("联系电话（0762）5630000,公示五天", "telephone"),
        ("账号6222000000000000000公示五天", "bank-account"),
        ("因患肝癌拟纳入监测对象", "health"),
        ("因肾衰竭拟纳入监测对象", "health"),
        ("因肾功能衰竭拟纳入监测对象", "health"),
        ("户主为肢体残疾2级", "health"),
        ("户主为二级肢体残疾", "health"),
        ("长子为精神残疾（二级）", "health"),
        ("长子为智力三级", "health"),
    ],
)
def test_A9_a_notice_with_personal_data_is_refused_by_its_kind(text: str, kind: str) -> None:
    refusal = refused(replace(POST, text=text), up_to(POST))
    assert refusal.code == "personal-data-in-publicity"
    assert kind in refusal.details["kinds"]  # type: ignore[operator]
    assert not any(part in str(refusal.details) for part in ("99000019", "1380", "6222", "肝癌"))


@pytest.mark.parametrize(
    "days",
    [
        "2024.03.06-2024.03.11",
        "2024-03-06至2024-03-11",
        "2024年3月6日—2024年3月11日",
        "2024.03.06 - 2024.03.11 15:00止",
    ],
)
def test_T8_the_days_of_a_notice_are_no_number_of_a_person(days: str) -> None:
    text = f"拟将该户4人纳入监测对象,人均收入10800.00元,公示期{days}"
    (event,) = HOUSEHOLD.when(replace(POST, text=text), given=up_to(POST))
    assert isinstance(event, PublicityPosted)


def test_A8_five_full_days_of_publicity() -> None:
    given = history(RISK, START, VERIFY, REVIEW, replace(POST, posted_on=date(2024, 4, 6)))
    early = replace(COMPLETE, ended_on=date(2024, 4, 10))
    refusal = refused(early, given)
    assert refusal.code == "publicity-too-short"
    assert refusal.details == {"days": 4, "earliest": date(2024, 4, 11)}
    assert HOUSEHOLD.when(replace(COMPLETE, ended_on=date(2024, 4, 11)), given=given)


def test_T9_the_town_reviewer_did_not_verify() -> None:
    for by in ("verifier", str(START.officers[0])):
        assert refused(replace(APPROVE, by=by), up_to(APPROVE)).code == "separation-of-duties"


def test_A18_the_county_approver_is_not_the_town_reviewer() -> None:
    for by in ("town", "verifier", str(START.officers[0])):
        assert refused(replace(CONFIRM, by=by), up_to(CONFIRM)).code == "separation-of-duties"


def test_A17_a_formerly_poor_household_is_not_confirmed_as_marginal() -> None:
    marginal = replace(CONFIRM, monitored_class=MonitoredClass.MARGINAL)
    refusal = refused(marginal, up_to(CONFIRM))
    assert refusal.code == "class-does-not-fit"
    assert refusal.details["expected"] == MonitoredClass.UNSTABLE_FORMERLY_POOR


@pytest.mark.parametrize(
    ("command", "zh"),
    [
        (replace(POST, text="联系电话13800000000,公示五天"), "公示内容含有个人信息（电话号码）"),
        (replace(POST, place="村口,电话13800000000"), "个人信息或病名（电话号码）"),
        (replace(APPROVE, by="verifier"), "前一环节（入户核实）"),
        (replace(CONFIRM, by="town"), "前一环节（入户核实或乡镇审核）"),
        (replace(CONFIRM, monitored_class=MonitoredClass.MARGINAL), "应为 脱贫不稳定户（"),
    ],
)
def test_a_refusal_in_chinese_names_things_in_chinese(command: Command, zh: str) -> None:
    step = next(one for one in STEPS if type(one) is type(command))
    refusal = refused(command, up_to(step))
    told = body(Problem(refusal.code, refusal.details), REFUSALS)
    assert zh in told["title"]
    assert told["title_en"].isascii()


def test_A5_day_fifteen_is_in_time() -> None:
    (event,) = HOUSEHOLD.when(CONFIRM, given=up_to(CONFIRM))
    assert isinstance(event, MonitoringConfirmed)
    assert (event.elapsed_days, event.late, event.episode_no) == (15, False, 1)


def test_A6_day_sixteen_is_late_and_needs_a_reason() -> None:
    late = replace(CONFIRM, confirmed_on=date(2024, 3, 17))
    assert refused(late, up_to(CONFIRM)).code == "late-needs-reason"
    assert refused(replace(late, late_reason="  "), up_to(CONFIRM)).code == "late-needs-reason"
    (event,) = HOUSEHOLD.when(replace(late, late_reason="山路中断"), given=up_to(CONFIRM))
    assert isinstance(event, MonitoringConfirmed)
    assert (event.elapsed_days, event.late, event.late_reason) == (16, True, "山路中断")


def test_no_step_can_be_skipped_or_repeated() -> None:
    """At every stage only the next step is accepted (a clue, T1, may come at any time)."""
    for position in range(len(STEPS) + 1):
        given = history(*STEPS[:position])
        household = HOUSEHOLD.fold(given)
        assert household is not None
        for number, command in enumerate(STEPS[1:], 1):
            if number != position:
                refusal = refused(command, given)
                assert refusal.code == "step-out-of-order"
                assert refusal.details["stage"] == household.stage


def test_a_household_that_is_not_registered_has_no_episode() -> None:
    for command in STEPS:
        assert refused(command, []).code == "not-registered"
