"""The ledger of dangerous houses: who is in it, by when a remedy starts, and what takes an entry out."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.codes import HousingGrade
from contracts.housing import (
    DangerousHousingCleared,
    DangerousHousingLedgered,
    DangerousHousingRegraded,
    HousingEvent,
    HousingRemedyNoted,
    HousingRemedyOverdue,
    HousingRemedyWithdrawn,
    LedgerExit,
    RemedyStep,
)
from identification.domain.housing import (
    HOUSING,
    Assessed,
    EndLedger,
    KeepLedger,
    LedgerCommand,
    LookAtRemedy,
    Renovated,
    standing,
)
from services.identification.tests.story import POLICY, TODAY

HOUSEHOLD = UUID(int=99)


def assessed(number: int, grade: str, on: str, *, lived_in: bool = True) -> Assessed:
    return Assessed(UUID(int=number), HousingGrade[grade], lived_in, date.fromisoformat(on))


def renovated(step: str, on: str) -> Renovated:
    return Renovated(RemedyStep[step], date.fromisoformat(on))


def told(*facts: Assessed | Renovated) -> KeepLedger:
    """The facts as they are current now."""
    return KeepLedger(
        household_id=HOUSEHOLD,
        assessments=tuple(f for f in facts if isinstance(f, Assessed)),
        renovations=tuple(f for f in facts if isinstance(f, Renovated)),
        policy=POLICY,
        today=TODAY,
    )


def after(*turns: LedgerCommand) -> list[HousingEvent]:
    events: list[HousingEvent] = []
    for turn in turns:
        events += HOUSING.when(turn, given=events)
    return events


def kinds(events: Sequence[Any]) -> list[type]:
    return [type(event) for event in events]


D = assessed(1, "D", "2024-02-01")
STARTED = renovated("STARTED", "2024-02-10")
FINISHED = renovated("FINISHED", "2024-03-20")


def test_S1303_who_lives_in_a_house_of_grade_C_or_D_enters_the_ledger_with_a_day() -> None:
    (entry,) = after(told(D))
    assert isinstance(entry, DangerousHousingLedgered)
    assert (entry.grade, entry.assessed_on, entry.due_on) == (
        HousingGrade.D,
        date(2024, 2, 1),
        date(2024, 3, 2),
    )
    assert kinds(after(told(assessed(1, "C", "2024-02-01")))) == [DangerousHousingLedgered]


@pytest.mark.parametrize(
    "safe", [assessed(1, "B", "2024-02-01"), assessed(1, "D", "2024-02-01", lived_in=False)]
)
def test_S1303_a_safe_house_and_one_that_nobody_lives_in_do_not_enter(safe: Assessed) -> None:
    assert after(told(safe)) == []


def test_S1303_a_finished_remedy_waits_for_a_new_assessment() -> None:
    done = told(D, STARTED, FINISHED)
    events = after(told(D), told(D, STARTED), done)
    assert [(e.step, e.in_time) for e in events if isinstance(e, HousingRemedyNoted)] == [
        (RemedyStep.STARTED, True),
        (RemedyStep.FINISHED, True),
    ]
    assert DangerousHousingCleared not in kinds(events)
    safe = told(D, STARTED, FINISHED, assessed(2, "A", "2024-04-01"))
    (cleared,) = HOUSING.when(safe, given=events)
    assert isinstance(cleared, DangerousHousingCleared)
    assert cleared.reason is LedgerExit.SAFE


def test_S1303_a_remedy_started_once_and_on_its_last_day_in_time() -> None:
    on_the_day = renovated("FINISHED", "2024-03-02")  # nobody told of its start
    events = after(told(D), told(D, on_the_day))
    assert [
        (e.step, e.reached_on, e.in_time) for e in events if isinstance(e, HousingRemedyNoted)
    ] == [(step, on_the_day.on, True) for step in RemedyStep]
    started = after(told(D, STARTED))
    again = renovated("STARTED", "2024-02-15")
    assert HOUSING.when(told(D, STARTED, again), given=started) == []


def test_S1303_a_house_that_is_left_empty_leaves_the_ledger() -> None:
    empty = told(D, assessed(2, "D", "2024-04-01", lived_in=False))
    (cleared,) = HOUSING.when(empty, given=after(told(D)))
    assert isinstance(cleared, DangerousHousingCleared)
    assert cleared.reason is LedgerExit.NOT_LIVED_IN


def test_S1303_a_second_assessment_does_not_put_off_the_day() -> None:
    c = assessed(1, "C", "2024-02-01")
    (regraded,) = HOUSING.when(told(c, assessed(2, "D", "2024-02-20")), given=after(told(c)))
    assert isinstance(regraded, DangerousHousingRegraded)
    assert regraded.grade is HousingGrade.D
    late = LookAtRemedy(today=date(2024, 3, 3))
    both = after(told(c), told(c, assessed(2, "D", "2024-02-20")))
    assert kinds(HOUSING.when(late, given=both)) == [HousingRemedyOverdue]


def test_S1303_dangerous_after_its_remedy_is_a_new_entry_with_a_day_of_its_own() -> None:
    before = after(told(D, STARTED, FINISHED))
    again = told(D, STARTED, FINISHED, assessed(2, "C", "2024-04-10"))
    cleared, entry = HOUSING.when(again, given=before)
    assert isinstance(cleared, DangerousHousingCleared)
    assert cleared.reason is LedgerExit.STILL_DANGEROUS
    assert isinstance(entry, DangerousHousingLedgered)
    assert entry.due_on == date(2024, 5, 10)


def test_S1303_in_time_is_thirty_days_and_the_day_after_is_said_once() -> None:
    events = after(told(D))
    assert HOUSING.when(LookAtRemedy(today=date(2024, 3, 2)), given=events) == []
    late = LookAtRemedy(today=date(2024, 3, 3))
    overdue = HOUSING.when(late, given=events)
    assert kinds(overdue) == [HousingRemedyOverdue]
    assert HOUSING.when(late, given=[*events, *overdue]) == []
    started = after(told(D), told(D, STARTED))
    assert HOUSING.when(late, given=started) == []
    slow = after(told(D), told(D, renovated("STARTED", "2024-03-03")))
    assert [e.in_time for e in slow if isinstance(e, HousingRemedyNoted)] == [False]


def test_S1303_a_corrected_assessment_or_remedy_takes_back_what_it_made() -> None:
    events = after(told(D, STARTED))
    (cleared,) = HOUSING.when(told(assessed(3, "B", "2024-02-01"), STARTED), given=events)
    assert isinstance(cleared, DangerousHousingCleared)
    assert cleared.reason is LedgerExit.CORRECTED
    assert kinds(HOUSING.when(told(D), given=events)) == [HousingRemedyWithdrawn]
    moved = HOUSING.when(told(D, renovated("STARTED", "2024-02-15")), given=events)
    assert kinds(moved) == [HousingRemedyWithdrawn, HousingRemedyNoted]
    back = after(told(D), told(), told(D))
    assert kinds(back) == [
        DangerousHousingLedgered,
        DangerousHousingCleared,
        DangerousHousingLedgered,
    ]


def test_A54_with_the_household_its_entry_ends_and_the_survivor_has_one_of_its_own() -> None:
    events = after(told(D, STARTED))
    end = EndLedger(household_id=HOUSEHOLD, today=TODAY)
    (cleared,) = HOUSING.when(end, given=events)
    assert isinstance(cleared, DangerousHousingCleared)
    assert cleared.reason is LedgerExit.OFF_REGISTER
    assert HOUSING.when(end, given=[*events, cleared]) == HOUSING.when(end, given=[]) == []
    taken, started = after(replace(told(D, STARTED), household_id=UUID(int=98)))
    assert isinstance(taken, DangerousHousingLedgered)
    assert isinstance(started, HousingRemedyNoted)
    assert taken.due_on == date(2024, 3, 2)
    assert taken.entry_id != cleared.entry_id


days = st.dates(date(2024, 1, 1), date(2024, 2, 10))
facts = st.lists(
    st.one_of(
        st.builds(
            Assessed,
            st.integers(1, 4).map(lambda n: UUID(int=n)),
            st.sampled_from([HousingGrade.A, HousingGrade.C, HousingGrade.D]),
            st.booleans(),
            days,
        ),
        st.builds(Renovated, st.sampled_from(RemedyStep), days),
    ),
    max_size=6,
    unique_by=lambda f: getattr(f, "event_id", f),
)


@given(st.lists(facts, max_size=5))
def test_S1303_the_ledger_stands_as_the_facts_do_whatever_came_before(turns: list[Any]) -> None:
    events: list[HousingEvent] = []
    for turn in turns:
        command = told(*turn)
        events += HOUSING.when(command, given=events)
        assert HOUSING.when(command, given=events) == []
        assert HOUSING.when(told(*reversed(turn)), given=events) == []
        wanted, entry = (
            standing(command.assessments, command.renovations),
            HOUSING.fold(events).open,
        )
        assert (wanted is None) == (entry is None)
        if wanted and entry:
            assert (entry.grade, entry.started_on, entry.finished_on) == (
                wanted.last.grade,
                wanted.started_on,
                wanted.finished_on,
            )


def test_S1303_the_days_are_a_parameter() -> None:
    shorter = replace(told(D), policy=replace(POLICY, housing_remedy_days=10))
    (entry,) = after(shorter)
    assert isinstance(entry, DangerousHousingLedgered)
    assert entry.due_on == date(2024, 2, 11)
