"""Who is due for a visit, and which visit answers it; without a clock, a database or a network."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.clock import business_date
from common.decider import Refused
from contracts.visits import (
    ObligationCancelled,
    ObligationFulfilled,
    ObligationOpened,
    ObligationType,
    VisitMode,
    Visitor,
    VisitorPost,
    VisitPurpose,
    VisitsEvent,
)
from services.visits.tests.given import (
    CADRE,
    HOUSEHOLD_ID,
    NOW,
    OPEN,
    OPENED,
    POLICY,
    VILLAGE,
    fulfilled,
    visit,
    visited,
)
from visits.domain.commands import Command, LeavePopulation, OpenObligation, RecordVisit
from visits.domain.household import VISITS
from visits.domain.periods import QUALIFYING, month_of, period_of

PROMPT = visit("2024-04-25T10:00:00+08:00")  # five days before it is uploaded


def refused(command: Command, given: list[VisitsEvent]) -> Refused:
    with pytest.raises(Refused) as refusal:
        VISITS.when(command, given=given)
    return refusal.value


# Opening


def test_S1_1_05_a_confirmed_household_is_due_for_a_visit_by_the_end_of_the_month() -> None:
    assert VISITS.when(OPEN, given=[]) == [OPENED]


def test_A58_a_confirmation_that_is_heard_again_opens_nothing() -> None:
    assert VISITS.when(OPEN, given=[OPENED]) == []


def test_a_second_confirmation_in_the_month_opens_nothing_even_when_the_duty_is_fulfilled() -> None:
    again = replace(OPEN, obligation_id=UUID(int=3), since=date(2024, 4, 15))
    past: list[VisitsEvent] = [OPENED, visited(PROMPT), fulfilled(PROMPT)]
    assert VISITS.when(again, given=past) == []


def test_a_confirmation_in_another_month_opens_that_month() -> None:
    may = replace(OPEN, obligation_id=UUID(int=3), since=date(2024, 5, 2))
    (opened,) = VISITS.when(may, given=[OPENED])
    assert isinstance(opened, ObligationOpened)
    assert (opened.period_from, opened.due_on) == (date(2024, 5, 1), date(2024, 5, 31))


@pytest.mark.parametrize(
    ("confirmed_on", "due"),
    [
        (date(2024, 4, 1), True),
        (date(2024, 4, 21), True),  # ten days, the day of confirmation among them
        (date(2024, 4, 22), False),
        (date(2024, 4, 30), False),
        (date(2024, 2, 20), True),  # 29 days in that February
        (date(2023, 2, 20), False),
        (date(2024, 12, 22), True),
    ],
)
def test_a_household_is_due_if_it_is_monitored_for_ten_days_of_the_month(
    confirmed_on: date, due: bool
) -> None:
    assert bool(VISITS.when(replace(OPEN, since=confirmed_on), given=[])) is due


def test_the_number_of_days_is_a_parameter() -> None:
    strict = replace(OPEN, policy=replace(POLICY, min_days_in_population=24))
    assert VISITS.when(strict, given=[]) == []


def test_the_verification_visit_of_the_month_fulfils_the_duty_as_it_opens() -> None:
    verification = visit("2024-04-03T10:00:00+08:00", purposes=(VisitPurpose.VERIFICATION,))
    assert VISITS.when(OPEN, given=[visited(verification)]) == [OPENED, fulfilled(verification)]


def test_of_several_visits_before_the_duty_the_earliest_that_qualifies_fulfils_it() -> None:
    call = visit("2024-04-02T10:00:00+08:00", 31, mode=VisitMode.PHONE)
    early = visit("2024-04-03T10:00:00+08:00", 33)
    late = visit("2024-04-04T10:00:00+08:00", 32)
    past: list[VisitsEvent] = [visited(v) for v in (late, early, call)]
    assert VISITS.when(OPEN, given=past) == [OPENED, fulfilled(early)]


@pytest.mark.parametrize(("day", "counts"), [("2024-04-08", True), ("2024-04-09", False)])
def test_a_visit_counts_as_the_duty_opens_up_to_the_day_of_confirmation(
    day: str, counts: bool
) -> None:
    """One that was made later and recorded before is counted on its own (`CountRecorded`)."""
    made = visit(f"{day}T10:00:00+08:00")
    opened = VISITS.when(OPEN, given=[visited(made)])
    assert opened == [OPENED, *([fulfilled(made)] if counts else [])]


def test_a_visit_of_the_month_before_does_not_fulfil_the_duty() -> None:
    march = visit("2024-03-31T10:00:00+08:00")
    assert VISITS.when(OPEN, given=[visited(march)]) == [OPENED]


# Visiting


def test_A23_one_visit_fulfils_the_monthly_duty() -> None:
    upload = datetime(2024, 4, 12, 9, 0, tzinfo=UTC)
    command = visit("2024-04-12T10:00:00+08:00", now=upload, today=date(2024, 4, 12))
    assert VISITS.when(command, given=[OPENED]) == [visited(command), fulfilled(command)]


def test_a_second_visit_is_recorded_and_the_duty_stays_with_the_first() -> None:
    second = visit("2024-04-26T10:00:00+08:00", 22)
    past: list[VisitsEvent] = [OPENED, visited(PROMPT), fulfilled(PROMPT)]
    assert VISITS.when(second, given=past) == [visited(second)]


def test_one_visit_fulfils_every_duty_that_is_open_in_its_period() -> None:
    other = replace(OPENED, obligation_id=UUID(int=3), period_from=date(2024, 4, 20))
    events = VISITS.when(PROMPT, given=[OPENED, other])
    assert events == [visited(PROMPT), fulfilled(PROMPT), fulfilled(PROMPT, other)]


@pytest.mark.parametrize(
    "mode", [m for m in VisitMode if m is not VisitMode.IN_PERSON_AT_HOME], ids=str
)
def test_A27_a_phone_call_fulfils_nothing(mode: VisitMode) -> None:
    call = replace(PROMPT, mode=mode)
    assert VISITS.when(call, given=[OPENED]) == [visited(call)]


@pytest.mark.parametrize("post", list(VisitorPost), ids=str)
def test_only_village_town_and_team_fulfil_a_duty(post: VisitorPost) -> None:
    command = replace(PROMPT, visitors=(Visitor(person_id=UUID(int=12), post=post),))
    counts = post is not VisitorPost.COUNTY_OFFICER
    assert (post in QUALIFYING) is counts
    assert (fulfilled(command) in VISITS.when(command, given=[OPENED])) is counts


def test_it_is_enough_that_one_of_the_visitors_counts() -> None:
    officer = Visitor(person_id=UUID(int=12), post=VisitorPost.COUNTY_OFFICER)
    command = replace(PROMPT, visitors=(officer, CADRE))
    assert VISITS.when(command, given=[OPENED]) == [visited(command), fulfilled(command)]


@pytest.mark.parametrize(
    ("at", "counts"),
    [
        ("2024-03-31T23:59:59+08:00", False),
        ("2024-04-01T00:00:00+08:00", True),
        ("2024-03-31T16:00:00+00:00", True),  # the same moment
        ("2024-04-30T16:59:59+08:00", True),
    ],
)
def test_a_visit_counts_by_its_date_in_shanghai(at: str, counts: bool) -> None:
    command = visit(at)
    assert (fulfilled(command) in VISITS.when(command, given=[OPENED])) is counts


@pytest.mark.parametrize(
    ("at", "backfilled"),
    [("2024-04-23T00:00:00+08:00", False), ("2024-04-22T23:59:59+08:00", True)],
)
def test_an_upload_more_than_seven_days_later_is_flagged(at: str, backfilled: bool) -> None:
    command = visit(at)
    assert VISITS.when(command, given=[]) == [visited(command, backfilled=backfilled)]


def test_a_household_without_duties_may_be_visited() -> None:
    assert VISITS.when(PROMPT, given=[]) == [visited(PROMPT)]


def test_the_same_visit_again_records_nothing_even_weeks_later() -> None:
    later = replace(PROMPT, now=NOW + timedelta(days=60), today=date(2024, 6, 29))
    past: list[VisitsEvent] = [OPENED, visited(PROMPT), fulfilled(PROMPT)]
    assert VISITS.when(PROMPT, given=past) == []
    assert VISITS.when(later, given=past) == []


def test_another_visit_under_the_same_id_is_refused() -> None:
    other = replace(PROMPT, mode=VisitMode.PHONE)
    assert refused(other, [visited(PROMPT)]).code == "visit-id-reused"


def test_a_visit_that_has_not_taken_place_is_refused() -> None:
    just_now = replace(PROMPT, visited_at=NOW, visited_on=date(2024, 4, 30))
    assert VISITS.when(just_now, given=[])
    refusal = refused(replace(just_now, visited_at=NOW + timedelta(seconds=1)), [OPENED])
    assert (refusal.code, refusal.details["field"]) == ("visit-in-future", "visited_at")


def test_a_visit_that_nobody_made_is_refused() -> None:
    assert refused(replace(PROMPT, visitors=()), [OPENED]).code == "visitor-needed"


def test_a_visitor_who_is_named_twice_is_recorded_once() -> None:
    command = replace(PROMPT, visitors=(CADRE, CADRE), photo_hashes=("0" * 64, "0" * 64))
    (recorded,) = VISITS.when(command, given=[])
    assert recorded == visited(replace(PROMPT, photo_hashes=("0" * 64,)))


# Laws

START = datetime(2024, 1, 1, tzinfo=UTC)
moments = st.integers(0, 180 * 24 * 60).map(lambda minute: START + timedelta(minutes=minute))
ids = st.integers(1, 4).map(lambda number: UUID(int=number))
people = st.builds(Visitor, person_id=ids, post=st.sampled_from(VisitorPost))


@st.composite
def opening(draw: st.DrawFn) -> OpenObligation:
    confirmed_on = draw(st.dates(date(2024, 1, 1), date(2024, 6, 30)) | st.dates())
    kind = draw(st.sampled_from(ObligationType))
    first, _ = period_of(kind, confirmed_on) or (confirmed_on, confirmed_on)
    number = 10 * first.toordinal() + list(ObligationType).index(kind)
    return OpenObligation(
        household_id=HOUSEHOLD_ID,
        obligation_id=UUID(int=number),
        obligation=kind,
        since=confirmed_on,
        responsible_region=VILLAGE,
        policy=POLICY,
    )


@st.composite
def visiting(draw: st.DrawFn) -> RecordVisit:
    visited_at, now = draw(moments), draw(moments)
    return RecordVisit(
        household_id=HOUSEHOLD_ID,
        visit_id=draw(ids),
        visited_at=visited_at,
        visited_on=business_date(visited_at),
        mode=draw(st.sampled_from(VisitMode)),
        visitors=tuple(draw(st.lists(people, max_size=3))),
        purposes=tuple(draw(st.lists(st.sampled_from(VisitPurpose), min_size=1, max_size=3))),
        photo_hashes=(),
        policy=POLICY,
        now=now,
        today=business_date(now),
    )


leaving = st.builds(
    LeavePopulation,
    household_id=st.just(HOUSEHOLD_ID),
    left_on=st.dates(date(2024, 1, 1), date(2024, 6, 30)),
)


@given(st.lists(opening() | visiting() | leaving, max_size=25))
def test_the_laws_hold_whatever_is_asked(commands: list[Command]) -> None:
    """Only `Refused` is raised, what was decided can be replayed, a repeated command is not a second
    one, a duty is opened once and again only after it was cancelled, and is fulfilled once, by a visit of
    its period."""
    past: list[VisitsEvent] = []
    for command in commands:
        try:
            events = VISITS.when(command, given=past)
        except Refused:
            continue
        past += events
        assert VISITS.when(command, given=past) == []
    opened = [e for e in past if isinstance(e, ObligationOpened)]
    answered = [e for e in past if isinstance(e, ObligationFulfilled)]
    cancelled = [e for e in past if isinstance(e, ObligationCancelled)]
    assert len({(e.obligation, e.period_from) for e in opened}) >= len(opened) - len(cancelled)
    assert len({e.obligation_id for e in answered}) == len(answered)
    state = VISITS.fold(past)
    for duty in state.obligations:
        if duty.fulfilled_by:
            made = state.visit(duty.fulfilled_by)
            assert made
            assert duty.opened.period_from <= made.visited_on <= duty.opened.period_to


@given(st.dates())
def test_every_day_lies_in_its_month(day: date) -> None:
    first, last = month_of(day)
    assert first <= day <= last
    assert (first.day, first.month, last.month) == (1, day.month, day.month)
    assert last == date.max or (last + timedelta(days=1)).day == 1
