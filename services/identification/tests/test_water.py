"""Water sources: tests by four measures, three years of validity, and no household at fault for paper."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest

from common.decider import Refused
from common.shares import Share
from contracts.safeguards import (
    WaterFault,
    WaterKind,
    WaterOutageReported,
    WaterServiceChanged,
    WaterSourceRegistered,
    WaterTestDue,
    WaterTestExpired,
    WaterTestRecorded,
)
from identification.domain.findings import Finding
from identification.domain.months import months_after
from identification.domain.rules_of_water import failed_test, long_outage
from identification.domain.water import (
    WATER,
    ChangeService,
    LookAtTests,
    RecordTest,
    RegisterSource,
    ReportOutage,
    WaterCommand,
    stale,
)
from services.identification.tests.story import POLICY

SOURCE = UUID(int=50)
HOUSES = [UUID(int=n) for n in range(100, 142)]
REGISTER = RegisterSource(
    source_id=SOURCE,
    label="聚村集中供水",
    kind=WaterKind.CENTRAL,
    region="441624108201",
    served=frozenset(HOUSES),
    registered_on=date(2021, 1, 1),
    today=date(2024, 7, 1),
)
TEST = RecordTest(
    test_id=UUID(int=51),
    laboratory="和平县疾控中心",
    tested_on=date(2021, 6, 30),
    quality_passed=True,
    litres_per_person_day=60,
    fetch_minutes=0,
    horizontal_m=0,
    vertical_m=0,
    supply_percent=95,
    report_hash="0" * 64,
    policy=POLICY,
    today=date(2024, 7, 1),
)
REGISTERED = WATER.when(REGISTER, given=[])
TESTED = [*REGISTERED, *WATER.when(TEST, given=REGISTERED)]


def look(on: date) -> LookAtTests:
    return LookAtTests(policy=POLICY, today=on)


def found_in(test: WaterTestRecorded, *, at_risk_group: bool = True) -> Finding | None:
    """What the rule finds in a household on the last day of the report."""
    faults, last = test.faults, test.valid_to
    return failed_test(faults, last, UUID(int=1), last, at_risk_group=at_risk_group)


def test_A32_a_report_is_valid_to_the_same_day_three_years_on_and_stale_the_next() -> None:
    (test,) = TESTED[1:]
    assert isinstance(test, WaterTestRecorded)
    assert test.valid_to == date(2024, 6, 30)
    assert not stale(test.valid_to, date(2024, 6, 30))
    assert stale(test.valid_to, date(2024, 7, 1))
    due = [*TESTED, *WATER.when(look(date(2024, 6, 30)), given=TESTED)]
    (expired,) = WATER.when(look(date(2024, 7, 1)), given=due)
    assert isinstance(expired, WaterTestExpired)
    assert (expired.expired_on, expired.served_count) == (date(2024, 7, 1), 42)


def test_A32_a_stale_report_is_a_task_and_no_clue() -> None:
    (test,) = WATER.when(replace(TEST, quality_passed=False), given=REGISTERED)
    assert isinstance(test, WaterTestRecorded)
    assert found_in(test) is not None
    after = test.valid_to + timedelta(days=1)
    assert failed_test(test.faults, test.valid_to, UUID(int=1), after, at_risk_group=True) is None


def test_A32_the_share_is_rounded_down() -> None:
    assert Share(11_388, 11_400).percent == "99.89"
    assert Share(11_400, 11_400).percent == "100.00"
    assert Share(10**6 - 1, 10**6).percent == "99.99"
    assert (Share(0, 0).percent, Share(11_388, 11_400).missing) == ("100.00", 12)


def test_S1306_the_29th_of_february_becomes_the_28th() -> None:
    assert months_after(date(2024, 2, 29), 36) == date(2027, 2, 28)
    assert months_after(date(2024, 2, 29), 48) == date(2028, 2, 29)


def test_S1306_a_test_is_due_ninety_days_ahead_and_each_thing_is_said_once() -> None:
    assert WATER.when(look(date(2024, 3, 31)), given=TESTED) == []
    (due,) = WATER.when(look(date(2024, 4, 1)), given=TESTED)
    assert isinstance(due, WaterTestDue)
    assert WATER.when(look(date(2024, 4, 2)), given=[*TESTED, due]) == []
    both = WATER.when(look(date(2024, 7, 1)), given=TESTED)
    assert [type(event) for event in both] == [WaterTestDue, WaterTestExpired]
    assert WATER.when(look(date(2024, 7, 2)), given=[*TESTED, *both]) == []


def test_S1306_each_source_of_one_report_has_a_task_of_its_own() -> None:
    elsewhere = WATER.when(replace(REGISTER, source_id=UUID(int=54)), given=[])
    elsewhere += WATER.when(TEST, given=elsewhere)
    tasks = [
        {
            event.task_id
            for event in WATER.when(look(date(2024, 7, 1)), given=given)
            if isinstance(event, WaterTestDue | WaterTestExpired)
        }
        for given in (TESTED, elsewhere)
    ]
    assert [len(one) for one in tasks] == [1, 1]
    assert tasks[0] != tasks[1]


def test_a_new_test_starts_a_new_term_and_an_old_one_that_comes_late_does_not() -> None:
    expired = [*TESTED, *WATER.when(look(date(2024, 7, 1)), given=TESTED)]
    newer = replace(TEST, test_id=UUID(int=52), tested_on=date(2024, 7, 1))
    renewed = [*expired, *WATER.when(newer, given=expired)]
    assert WATER.when(look(date(2024, 7, 2)), given=renewed) == []
    older = replace(TEST, test_id=UUID(int=53), tested_on=date(2020, 1, 1))
    with_older = [*renewed, *WATER.when(older, given=renewed)]
    assert WATER.when(look(date(2024, 7, 2)), given=with_older) == []
    ended = WATER.when(look(date(2027, 7, 2)), given=with_older)
    assert [type(event) for event in ended] == [WaterTestDue, WaterTestExpired]


@pytest.mark.parametrize(
    ("change", "faults"),
    [
        ({}, []),
        ({"quality_passed": False}, [WaterFault.QUALITY]),
        ({"litres_per_person_day": 35}, []),
        ({"supply_percent": 90}, []),
        ({"fetch_minutes": 20, "horizontal_m": 801, "vertical_m": 81}, []),
        ({"litres_per_person_day": 34}, [WaterFault.QUANTITY]),
        ({"fetch_minutes": 21, "horizontal_m": 800, "vertical_m": 81}, []),
        ({"fetch_minutes": 21, "horizontal_m": 801, "vertical_m": 80}, []),
        (
            {"fetch_minutes": 21, "horizontal_m": 801, "vertical_m": 81},
            [WaterFault.CONVENIENCE],
        ),
        ({"supply_percent": 89}, [WaterFault.SUPPLY]),
    ],
)
def test_S1304_a_source_passes_all_or_fails(
    change: dict[str, Any], faults: list[WaterFault]
) -> None:
    (test,) = WATER.when(replace(TEST, **change), given=REGISTERED)
    assert isinstance(test, WaterTestRecorded)
    assert (test.faults, test.qualified) == (faults, not faults)
    finding = found_in(test)
    assert (finding is not None) == bool(faults)
    assert found_in(test, at_risk_group=False) is None


def test_an_outage_of_more_than_seven_days_is_a_clue_and_only_grows() -> None:
    report = ReportOutage(
        outage_id=UUID(int=60), began_on=date(2024, 6, 1), days=7, over=False, today=TEST.today
    )
    (week,) = WATER.when(report, given=REGISTERED)
    assert isinstance(week, WaterOutageReported)
    assert long_outage(week, UUID(int=1), POLICY, at_risk_group=True) is None
    history = [*REGISTERED, week]
    assert WATER.when(report, given=history) == []
    over = WATER.when(replace(report, over=True), given=history)
    assert [type(event) for event in over] == [WaterOutageReported]
    with pytest.raises(Refused, match="water-outage-passed"):
        WATER.when(replace(report, days=8), given=[*history, *over])
    (longer,) = WATER.when(replace(report, days=8, over=True), given=history)
    assert isinstance(longer, WaterOutageReported)
    assert long_outage(longer, UUID(int=1), POLICY, at_risk_group=True) is not None
    assert long_outage(longer, UUID(int=1), POLICY, at_risk_group=False) is None
    for change in ({"days": 6}, {"began_on": date(2024, 6, 2)}):
        with pytest.raises(Refused, match="water-outage-passed"):
            WATER.when(replace(report, **change), given=history)
    with pytest.raises(Refused, match="date-in-future"):
        WATER.when(replace(report, days=31), given=REGISTERED)
    assert WATER.when(replace(report, days=30), given=REGISTERED)


def test_whom_a_source_serves_changes_and_a_repetition_changes_nothing() -> None:
    new, old = UUID(int=1), HOUSES[0]
    change = ChangeService(
        connected=frozenset({new, HOUSES[1]}),
        disconnected=frozenset({old, UUID(int=2)}),
        effective_on=TEST.today,
        today=TEST.today,
    )
    (changed,) = WATER.when(change, given=REGISTERED)
    assert isinstance(changed, WaterServiceChanged)
    assert (changed.connected, changed.disconnected, changed.served_count) == ([new], [old], 42)
    assert WATER.when(change, given=[*REGISTERED, changed]) == []
    (less,) = WATER.when(replace(change, connected=frozenset()), given=REGISTERED)
    assert isinstance(less, WaterServiceChanged)
    assert (less.connected, less.disconnected, less.served_count) == ([], [old], 41)
    with pytest.raises(Refused, match="date-in-future"):
        WATER.when(replace(change, effective_on=date(2024, 7, 2)), given=REGISTERED)


def test_a_test_sent_again_is_known_whatever_parameters_hold_meanwhile() -> None:
    stricter = replace(POLICY, water_test_years=1, water_litres=100)
    again = replace(TEST, policy=stricter)
    assert WATER.when(again, given=TESTED) == []
    with pytest.raises(Refused, match="water-test-exists"):
        WATER.when(replace(again, quality_passed=False), given=TESTED)


def test_sources_and_tests_are_registered_once() -> None:
    assert isinstance(REGISTERED[0], WaterSourceRegistered)
    assert WATER.when(REGISTER, given=REGISTERED) == []
    assert WATER.when(TEST, given=TESTED) == []
    refused: list[tuple[WaterCommand, str]] = [
        (replace(REGISTER, label="另一水源"), "water-source-exists"),
        (replace(TEST, litres_per_person_day=61), "water-test-exists"),
        (replace(TEST, test_id=UUID(int=9), tested_on=date(2024, 7, 2)), "date-in-future"),
    ]
    for command, code in refused:
        with pytest.raises(Refused, match=code):
            WATER.when(command, given=TESTED)
    with pytest.raises(Refused, match="water-source-unknown"):
        WATER.when(TEST, given=[])


def test_a_source_is_of_today_at_the_latest_and_no_text_of_it_names_anybody() -> None:
    assert WATER.when(replace(REGISTER, registered_on=REGISTER.today), given=[])
    with pytest.raises(Refused, match="date-in-future"):
        WATER.when(replace(REGISTER, registered_on=date(2024, 7, 2)), given=[])
    named = "陈工 13800138000"
    for command, given in (
        (replace(REGISTER, label=named), []),
        (replace(TEST, laboratory=named), REGISTERED),
    ):
        with pytest.raises(Refused, match="personal-data-in-text"):
            WATER.when(command, given=given)


def test_of_a_source_that_was_never_tested_no_report_runs_out() -> None:
    assert WATER.when(look(TEST.today), given=REGISTERED) == []
