"""The three types of duty, their periods, and who has and who fulfils them (S1.1-04, S1.1-05, S1.1-08); without a clock,
a database or a network."""

from dataclasses import replace
from datetime import date
from uuid import UUID

import pytest

from contracts.visits import (
    CancellationReason,
    ObligationCancelled,
    ObligationFulfilled,
    ObligationOpened,
    ObligationType,
    VisitMode,
    Visitor,
    VisitorPost,
    VisitsEvent,
    VisitVoided,
)
from services.visits.tests.given import (
    CADRE,
    HOUSEHOLD_ID,
    OPEN,
    OPENED,
    POLICY,
    SECRETARY,
    fulfilled,
    visit,
    visited,
)
from services.visits.tests.test_voiding import VOID, VOIDED
from visits.domain.commands import LeavePopulation
from visits.domain.household import VISITS
from visits.domain.periods import period_of
from visits.domain.population import Population, Stretch

FIRST_MONTH = ObligationType.QUARTER_FIRST_MONTH_VISIT
QUARTERLY = ObligationType.SECRETARY_QUARTERLY_VISIT
OPEN_FIRST = replace(OPEN, obligation=FIRST_MONTH, obligation_id=UUID(int=3))
OPEN_QUARTER = replace(OPEN, obligation=QUARTERLY, obligation_id=UUID(int=4))
FIRST = replace(OPENED, obligation=FIRST_MONTH, obligation_id=UUID(int=3))
QUARTER = replace(
    OPENED,
    obligation=QUARTERLY,
    obligation_id=UUID(int=4),
    period_to=date(2024, 6, 30),
    due_on=date(2024, 6, 30),
)
ALL: list[VisitsEvent] = [OPENED, FIRST, QUARTER]


def test_A23_a_confirmed_household_has_a_duty_of_each_type() -> None:
    asked = (OPEN, OPEN_FIRST, OPEN_QUARTER)
    assert [event for one in asked for event in VISITS.when(one, given=[])] == ALL


def test_A23_one_visit_fulfils_the_month_and_the_first_month_and_the_secretary_is_still_to_come() -> (
    None
):
    made = visit("2024-04-25T10:00:00+08:00")
    assert VISITS.when(made, given=ALL) == [visited(made), fulfilled(made), fulfilled(made, FIRST)]
    round_ = visit("2024-04-26T10:00:00+08:00", 22, visitors=(SECRETARY,))
    past = [*ALL, visited(made), fulfilled(made), fulfilled(made, FIRST)]
    assert VISITS.when(round_, given=past) == [visited(round_), fulfilled(round_, QUARTER)]


@pytest.mark.parametrize("post", list(VisitorPost), ids=str)
def test_S1108_nobody_but_the_town_party_secretary_fulfils_the_duty(post: VisitorPost) -> None:
    made = visit(visitors=(Visitor(person_id=UUID(int=12), post=post),))
    done = fulfilled(made, QUARTER) in VISITS.when(made, given=[QUARTER])
    assert done is (post is VisitorPost.TOWN_PARTY_SECRETARY)


@pytest.mark.parametrize("mode", list(VisitMode), ids=str)
def test_S1108_the_secretary_goes_in_person_to_the_home(mode: VisitMode) -> None:
    made = visit(visitors=(CADRE, SECRETARY), mode=mode)
    done = fulfilled(made, QUARTER) in VISITS.when(made, given=[QUARTER])
    assert done is (mode is VisitMode.IN_PERSON_AT_HOME)


def test_S1108_the_post_counts_that_the_visitor_held_that_day() -> None:
    """Who became the secretary later did not go as one; who was the secretary then did."""
    person = UUID(int=12)
    as_deputy = visit(visitors=(Visitor(person_id=person, post=VisitorPost.TOWN_CADRE),))
    assert fulfilled(as_deputy, QUARTER) not in VISITS.when(as_deputy, given=[QUARTER])
    later = visit("2024-04-29T10:00:00+08:00", 22, visitors=(replace(SECRETARY, person_id=person),))
    past: list[VisitsEvent] = [QUARTER, visited(as_deputy)]
    assert VISITS.when(later, given=past) == [visited(later), fulfilled(later, QUARTER)]


@pytest.mark.parametrize("post", list(VisitorPost), ids=str)
def test_S1104_village_town_and_team_fulfil_the_duty_and_the_county_does_not(
    post: VisitorPost,
) -> None:
    made = visit(visitors=(Visitor(person_id=UUID(int=12), post=post),))
    done = fulfilled(made, FIRST) in VISITS.when(made, given=[FIRST])
    assert done is (post is not VisitorPost.COUNTY_OFFICER)


@pytest.mark.parametrize("mode", list(VisitMode), ids=str)
def test_S1104_the_visit_is_in_person_at_home(mode: VisitMode) -> None:
    made = visit(mode=mode)
    done = fulfilled(made, FIRST) in VISITS.when(made, given=[FIRST])
    assert done is (mode is VisitMode.IN_PERSON_AT_HOME)


@pytest.mark.parametrize(
    ("day", "of_first_month", "of_quarter"),
    [
        (date(2024, 1, 1), ("2024-01-01", "2024-01-31"), ("2024-01-01", "2024-03-31")),
        (date(2024, 4, 30), ("2024-04-01", "2024-04-30"), ("2024-04-01", "2024-06-30")),
        (date(2024, 5, 1), None, ("2024-04-01", "2024-06-30")),
        (date(2024, 9, 30), None, ("2024-07-01", "2024-09-30")),
        (date(2024, 10, 31), ("2024-10-01", "2024-10-31"), ("2024-10-01", "2024-12-31")),
        (date(2024, 12, 31), None, ("2024-10-01", "2024-12-31")),
    ],
)
def test_S1104_S1108_the_periods_are_the_first_month_of_a_quarter_and_the_quarter(
    day: date, of_first_month: tuple[str, str] | None, of_quarter: tuple[str, str]
) -> None:
    found = period_of(FIRST_MONTH, day)
    assert (tuple(map(str, found)) if found else None) == of_first_month
    assert tuple(map(str, period_of(QUARTERLY, day) or ())) == of_quarter
    opened = VISITS.when(replace(OPEN_FIRST, since=day, formerly_poor=True), given=[])
    assert bool(opened) is bool(of_first_month)


@pytest.mark.parametrize(
    ("since", "before", "due"),
    [
        (date(2024, 6, 1), 0, True),  # thirty days, the day of confirmation among them
        (date(2024, 6, 2), 0, False),
        (date(2024, 6, 2), 1, True),  # one more before it left and came back
    ],
)
def test_S1108_a_household_is_due_if_it_is_monitored_for_thirty_days_of_the_quarter(
    since: date, before: int, due: bool
) -> None:
    asked = replace(OPEN_QUARTER, since=since, days_before=before)
    assert bool(VISITS.when(asked, given=[])) is due
    more = replace(asked, policy=replace(POLICY, min_days_in_quarter=31))
    assert VISITS.when(more, given=[]) == []


@pytest.mark.parametrize(
    ("since", "poor", "due"),
    [
        (date(2024, 4, 21), False, True),
        (date(2024, 4, 22), False, False),
        (date(2024, 4, 22), True, True),  # it was a 脱贫户 on the first of April
    ],
)
def test_S1104_a_monitored_household_is_due_with_ten_days_of_the_month_and_a_formerly_poor_one_anyhow(
    since: date, poor: bool, due: bool
) -> None:
    asked = replace(OPEN_FIRST, since=since, formerly_poor=poor)
    assert VISITS.when(asked, given=[]) == ([FIRST] if due else [])


def test_S1104_S1108_each_type_is_switched_off_on_its_own_and_what_was_opened_stays() -> None:
    asked = {
        OPEN: replace(POLICY, monthly_monitored=False),
        OPEN_FIRST: replace(POLICY, quarter_first_month=False),
        OPEN_QUARTER: replace(POLICY, secretary_quarterly=False),
    }
    for command, off in asked.items():
        for other in asked:
            opened = VISITS.when(replace(other, policy=off), given=[])
            assert bool(opened) is (other is not command)
        assert VISITS.when(replace(command, policy=off), given=ALL) == []


def test_S1108_a_visit_of_the_secretary_before_the_confirmation_counts() -> None:
    made = visit("2024-04-03T10:00:00+08:00", visitors=(SECRETARY,))
    past: list[VisitsEvent] = [visited(made)]
    assert VISITS.when(OPEN_QUARTER, given=past) == [QUARTER, fulfilled(made, QUARTER)]


def test_A54_S1108_a_round_to_the_absorbed_household_before_the_merger_counts() -> None:
    there = [visit("2024-04-02T10:00:00+08:00", 31), visit("2024-04-03T10:00:00+08:00", 32)]
    there[1] = replace(there[1], visitors=(SECRETARY,))
    made = tuple(visited(replace(one, household_id=UUID(int=9))) for one in there)
    asked = replace(OPEN_QUARTER, visits=made)
    assert VISITS.when(asked, given=[]) == [QUARTER, fulfilled(there[1], QUARTER)]


def test_A30_what_a_voided_visit_had_fulfilled_of_every_type_is_due_again() -> None:
    made = visit(visitors=(SECRETARY,))
    done = [fulfilled(made, one) for one in (OPENED, FIRST, QUARTER)]
    past: list[VisitsEvent] = [*ALL, visited(made), *done]
    voided, *again = VISITS.when(VOID, given=past)
    assert isinstance(voided, VisitVoided)
    assert again == ALL
    other = visit("2024-04-14T10:00:00+08:00", 22)  # a cadre's: the secretary is due again
    voided, *then = VISITS.when(VOID, given=[*past, visited(other)])
    assert then == [fulfilled(other), fulfilled(other, FIRST), QUARTER]
    assert VOIDED.visit_id == made.visit_id


def cancelled(opened: ObligationOpened, left_on: date) -> ObligationCancelled:
    return ObligationCancelled(
        household_id=HOUSEHOLD_ID,
        obligation_id=opened.obligation_id,
        obligation=opened.obligation,
        period_from=opened.period_from,
        reason=CancellationReason.LEFT_POPULATION,
        left_on=left_on,
    )


LEFT = date(2024, 4, 20)
GONE = (Stretch(date(2024, 3, 1), LEFT),)
HERE = (Stretch(date(2024, 3, 1)),)


@pytest.mark.parametrize(
    ("leave", "ends"),
    [
        (LeavePopulation(household_id=HOUSEHOLD_ID, left_on=LEFT), ALL),
        # Its risk is eliminated, and it is a 脱贫户: visits fall back to the rhythm of those (3.3).
        (
            LeavePopulation(
                household_id=HOUSEHOLD_ID, left_on=LEFT, population=Population(GONE, HERE)
            ),
            [OPENED, QUARTER],
        ),
        # A 脱贫户 since 2 April only has no such duty.
        (
            LeavePopulation(
                household_id=HOUSEHOLD_ID,
                left_on=LEFT,
                population=Population(GONE, (Stretch(date(2024, 4, 2)),)),
            ),
            ALL,
        ),
        # It is no 脱贫户 any more, and monitored: nothing changes.
        (
            LeavePopulation(
                household_id=HOUSEHOLD_ID,
                left_on=LEFT,
                obligation=FIRST_MONTH,
                population=Population(HERE, GONE),
                least_days=10,
            ),
            [],
        ),
        # Neither; the month and the quarter of the monitored end with the monitoring.
        (
            LeavePopulation(household_id=HOUSEHOLD_ID, left_on=LEFT, obligation=FIRST_MONTH),
            [FIRST],
        ),
    ],
)
def test_A29_S1104_S1108_what_a_household_has_for_no_reason_any_more_is_cancelled(
    leave: LeavePopulation, ends: list[ObligationOpened]
) -> None:
    assert VISITS.when(leave, given=ALL) == [cancelled(one, LEFT) for one in ends]


def test_A29_S1108_a_quarter_that_is_not_over_is_cancelled_and_the_month_before_stays() -> None:
    may = replace(LeavePopulation(household_id=HOUSEHOLD_ID, left_on=date(2024, 5, 20)))
    assert VISITS.when(may, given=ALL) == [cancelled(QUARTER, date(2024, 5, 20))]


def test_A58_S1104_S1108_who_is_asked_again_has_the_duty_once() -> None:
    for asked, opened in ((OPEN_FIRST, FIRST), (OPEN_QUARTER, QUARTER)):
        assert VISITS.when(asked, given=[opened]) == []
        again = replace(asked, since=date(2024, 4, 20))
        assert VISITS.when(again, given=ALL) == []
    made = visit()
    events = VISITS.when(made, given=[FIRST, FIRST])
    assert sum(isinstance(event, ObligationFulfilled) for event in events) == 1
