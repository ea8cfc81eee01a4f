"""What holds for every decision about visits, whatever is asked in whatever order."""

from dataclasses import replace
from datetime import date, timedelta
from typing import get_args
from uuid import UUID

from hypothesis import given, settings
from hypothesis import strategies as st

from common.decider import Refused
from contracts.codes import RiskType
from contracts.visits import (
    HouseholdVisited,
    ObligationType,
    ScreeningVoidReason,
    VisitMode,
    Visitor,
    VisitorPost,
    VisitsEvent,
    VoidReason,
)
from services.visits.tests import test_voiding as voiding
from services.visits.tests import test_voiding_screenings as voiding_screenings
from services.visits.tests.given import (
    CADRE,
    HOUSEHOLD_ID,
    NOW,
    OPEN,
    screening,
    visit,
    visited,
)
from visits.domain.commands import (
    Command,
    CountRecorded,
    CountVisit,
    DiscountVisit,
    LeavePopulation,
    OpenObligation,
    RecordScreening,
    RecordVisit,
    VoidScreening,
    VoidVisit,
)
from visits.domain.household import VISITS
from visits.domain.periods import period_of
from visits.domain.population import Population, Stretch
from visits.refusals import REFUSALS

ABSORBED = UUID(int=9)  # whose visits count for the household, too
TODAY = NOW.date()
days = st.dates(date(2024, 3, 20), TODAY + timedelta(days=1))
kinds = st.sampled_from(ObligationType)
stretches = st.lists(days.map(Stretch), max_size=1).map(tuple)
visit_ids = st.integers(21, 24).map(lambda n: UUID(int=n))  # few, so that the commands meet
screening_ids = st.integers(31, 33).map(lambda n: UUID(int=n))
approvers = st.sampled_from(["town", str(voiding.VOID.requested_by), str(CADRE.person_id)])
visitors = st.lists(
    st.builds(Visitor, person_id=st.just(CADRE.person_id), post=st.sampled_from(VisitorPost)),
    max_size=2,
).map(tuple)
visits = st.builds(
    lambda day, **changes: visit(f"{day}T10:00:00+08:00", **changes),
    day=days,
    visit_id=visit_ids,
    mode=st.sampled_from(VisitMode),
    visitors=visitors,
)
elsewhere: st.SearchStrategy[HouseholdVisited] = visits.map(
    lambda command: visited(replace(command, household_id=ABSORBED))
)


def opening(
    kind: ObligationType, day: date, made: list[HouseholdVisited], before: int, poor: bool
) -> OpenObligation:
    """The duty of the period of this day; it has the same id whenever it is opened."""
    first, _ = period_of(kind, day) or (day, day)
    number = 100 * first.month + list(ObligationType).index(kind)
    duty = replace(OPEN, obligation=kind, obligation_id=UUID(int=number), since=day)
    before = min(before, (day - first).days)
    return replace(duty, visits=tuple(made), days_before=before, formerly_poor=poor)


ASKED: dict[type, st.SearchStrategy[Command]] = {
    OpenObligation: st.builds(
        opening,
        kinds,
        days,
        st.lists(elsewhere, max_size=2),
        st.integers(0, 9),
        st.booleans(),
    ),
    CountVisit: st.builds(CountVisit, household_id=st.just(HOUSEHOLD_ID), visit=elsewhere),
    CountRecorded: st.builds(CountRecorded, household_id=st.just(HOUSEHOLD_ID), visit_id=visit_ids),
    DiscountVisit: st.builds(
        DiscountVisit,
        household_id=st.just(HOUSEHOLD_ID),
        visit_id=visit_ids,
        visits=st.lists(elsewhere, max_size=2).map(tuple),
    ),
    RecordVisit: visits,
    VoidVisit: st.builds(
        replace,
        st.just(voiding.VOID),
        visit_id=visit_ids,
        reason=st.sampled_from(VoidReason),
        by=approvers,
    ),
    RecordScreening: st.builds(
        screening,
        screening_id=screening_ids,
        visit_id=st.none() | visit_ids,
        screened_on=days,
        suspected_risks=st.lists(st.sampled_from(RiskType), max_size=2),
    ),
    VoidScreening: st.builds(
        replace,
        st.just(voiding_screenings.VOID),
        screening_id=screening_ids,
        reason=st.sampled_from(ScreeningVoidReason),
        by=approvers,
    ),
    LeavePopulation: st.builds(
        LeavePopulation,
        household_id=st.just(HOUSEHOLD_ID),
        left_on=days,
        obligation=st.none() | kinds,
        population=st.builds(Population, stretches, stretches),
        least_days=st.just(10),
        period_from=st.none() | days.map(lambda day: day.replace(day=1)),
    ),
}
asked_in_turn = st.lists(st.one_of(*ASKED.values()), max_size=25)


def test_every_command_is_asked_here() -> None:
    assert {*ASKED} == set(get_args(Command))


@settings(max_examples=200, deadline=None)
@given(asked=asked_in_turn)
def test_decide_raises_nothing_but_refused_and_what_it_decides_can_be_replayed(
    asked: list[Command],
) -> None:
    events, codes = list[VisitsEvent](), set[str]()
    for command in asked:
        try:
            decided = VISITS.when(command, given=events)
        except Refused as refusal:
            codes.add(refusal.code)
            continue
        events += decided
        VISITS.fold(events)
    assert codes <= set(REFUSALS)


@settings(max_examples=200, deadline=None)
@given(asked=asked_in_turn)
def test_a_repeated_command_records_nothing_and_is_not_refused(asked: list[Command]) -> None:
    events = list[VisitsEvent]()
    for command in asked:
        try:
            events += VISITS.when(command, given=events)
        except Refused:
            continue
        assert VISITS.when(command, given=events) == []
