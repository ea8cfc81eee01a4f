"""A child of compulsory age out of school: found, followed from term to term, back again (S1.3-02)."""

from dataclasses import replace
from datetime import date, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.fact_codes import FactCode
from contracts.schooling import (
    DropoutBasis,
    DropoutCause,
    DropoutDetected,
    DropoutEnded,
    DropoutExit,
    SchoolingEvent,
)
from identification.domain.dropouts import (
    DROPOUTS,
    FollowChild,
    MissEnrolment,
    Reported,
    SchoolingCommand,
    standing,
)
from identification.domain.schooling import term_began, term_now, term_of
from services.identification.tests.story import POLICY, TODAY

HOUSEHOLD, CHILD = UUID(int=99), UUID(int=4)
BORN = date(2012, 5, 5)


def said(number: int, status: str, on: str, cause: DropoutCause | None = None) -> Reported:
    day = date.fromisoformat(on)
    term = term_of(day, spring=2 <= day.month <= 8)
    return Reported(UUID(int=number), day, term, FactCode[status], cause)


def follow(*reports: Reported, born_on: date | None = BORN, today: date = TODAY) -> FollowChild:
    return FollowChild(
        household_id=HOUSEHOLD,
        person_id=CHILD,
        born_on=born_on,
        reports=reports,
        policy=POLICY,
        today=today,
    )


MISSED = MissEnrolment(household_id=HOUSEHOLD, person_id=CHILD, term="2024-SPRING", today=TODAY)
OUT = said(1, "DROPOUT", "2024-03-05", DropoutCause.POVERTY)


def after(*turns: SchoolingCommand) -> list[SchoolingEvent]:
    events: list[SchoolingEvent] = []
    for turn in turns:
        events += DROPOUTS.when(turn, given=events)
    return events


def exits(events: list[SchoolingEvent]) -> list[DropoutExit]:
    return [event.reason for event in events if isinstance(event, DropoutEnded)]


def test_S1302_a_reported_dropout_is_recorded_with_its_term_and_cause() -> None:
    (found,) = after(follow(OUT))
    assert isinstance(found, DropoutDetected)
    assert (found.term, found.basis, found.cause, found.detected_on) == (
        "2024-SPRING",
        DropoutBasis.REPORTED,
        DropoutCause.POVERTY,
        date(2024, 3, 5),
    )


@pytest.mark.parametrize(
    ("back", "reason"),
    [
        ("ENROLLED", DropoutExit.ENROLLED),
        ("HOME_TEACHING", DropoutExit.ENROLLED),
        ("EXEMPT", DropoutExit.EXEMPT),
    ],
)
def test_S1302_a_child_that_is_back_ends_it(back: str, reason: DropoutExit) -> None:
    again = follow(OUT, said(2, back, "2024-04-08"))
    assert exits(after(follow(OUT), again)) == [reason]


def test_S1302_a_suspicion_neither_begins_nor_ends_it() -> None:
    suspected = said(2, "SUSPECTED_DROPOUT", "2024-04-08")
    assert after(follow(suspected)) == []
    assert len(after(follow(OUT), follow(OUT, suspected))) == 1


def test_S1302_out_of_school_for_another_term_is_the_same_dropout() -> None:
    later = said(2, "DROPOUT", "2024-04-20")
    assert len(after(follow(OUT), follow(OUT, later))) == 1
    second = said(3, "DROPOUT", "2024-04-25")
    twice = after(follow(OUT), follow(OUT, said(2, "ENROLLED", "2024-04-01"), second))
    assert isinstance(twice[-1], DropoutDetected)
    assert twice[-1].fact_event_id == second.event_id


def test_S1302_a_child_outside_compulsory_age_is_no_dropout() -> None:
    assert after(follow(OUT, born_on=date(2007, 8, 31))) == []
    assert len(after(follow(OUT, born_on=date(2007, 9, 1)))) == 1
    early = said(1, "DROPOUT", "2023-03-05")
    assert after(follow(early, born_on=date(2017, 5, 5))) == []
    grown = follow(OUT, born_on=date(2007, 9, 1), today=date(2024, 9, 1))
    assert exits(after(follow(OUT, born_on=date(2007, 9, 1)), grown)) == [DropoutExit.OF_AGE]


def test_S1302_a_child_that_left_is_followed_in_its_new_household() -> None:
    gone = follow(OUT, born_on=None)
    assert exits(after(follow(OUT), gone)) == [DropoutExit.LEFT]
    (there,) = after(replace(follow(OUT), household_id=UUID(int=98)))
    assert isinstance(there, DropoutDetected)
    assert there.dropout_id not in {e.dropout_id for e in after(follow(OUT))}


def test_S1302_a_report_that_is_taken_back_takes_the_dropout_with_it() -> None:
    assert exits(after(follow(OUT), follow())) == [DropoutExit.CORRECTED]
    corrected = said(2, "ENROLLED", "2024-03-05")
    assert exits(after(follow(OUT), follow(corrected))) == [DropoutExit.CORRECTED]
    other = replace(OUT, event_id=UUID(int=3), cause=DropoutCause.ILLNESS)
    (_, amended) = after(follow(OUT), follow(other))
    assert isinstance(amended, DropoutDetected)
    assert amended.cause is DropoutCause.ILLNESS


def test_S1302_a_term_without_an_enrolment_is_found_once_and_ends_with_a_report() -> None:
    (missed,) = after(MISSED, MISSED, follow())
    assert isinstance(missed, DropoutDetected)
    assert (missed.basis, missed.fact_event_id) == (DropoutBasis.NOT_ENROLLED, None)
    before = said(1, "ENROLLED", "2023-09-10")
    assert exits(after(MISSED, follow(before))) == []
    now = said(2, "ENROLLED", "2024-03-10")
    assert exits(after(MISSED, follow(before, now))) == [DropoutExit.ENROLLED]
    ended, found = after(MISSED, follow(OUT))[1:]
    assert isinstance(ended, DropoutEnded)
    assert ended.reason is DropoutExit.REPORTED
    assert isinstance(found, DropoutDetected)


def test_S1302_terms_begin_in_september_and_march() -> None:
    assert term_now(date(2024, 4, 30)) == "2024-SPRING"
    assert term_now(date(2025, 1, 10)) == "2024-AUTUMN"
    assert term_began("2024-SPRING") == date(2024, 3, 1)
    assert term_began("2024-AUTUMN") == date(2024, 9, 1)


STATUSES = ("DROPOUT", "ENROLLED", "EXEMPT", "SUSPECTED_DROPOUT")


def dated(day: int, status: str) -> Reported:
    """An event never changes what it says, so equal ids mean equal reports."""
    on = date(2024, 3, 1) + timedelta(days=day)
    return said(day * len(STATUSES) + STATUSES.index(status) + 1, status, str(on))


reports = st.lists(
    st.builds(dated, st.integers(0, 40), st.sampled_from(STATUSES)), max_size=5, unique=True
).map(tuple)


@given(st.lists(st.one_of(reports.map(lambda r: follow(*r)), st.just(MISSED)), max_size=6))
def test_S1302_who_is_out_of_school_follows_the_reports_and_a_repetition_records_nothing(
    turns: list[SchoolingCommand],
) -> None:
    events: list[SchoolingEvent] = []
    for turn in turns:
        events += DROPOUTS.when(turn, given=events)
        assert DROPOUTS.when(turn, given=events) == []
        known = DROPOUTS.fold(events).open.get(CHILD)
        if isinstance(turn, FollowChild) and (report := standing(turn)):
            assert known is not None
            assert known.fact_event_id == report.event_id
        elif isinstance(turn, FollowChild):
            assert known is None or known.basis is DropoutBasis.NOT_ENROLLED
