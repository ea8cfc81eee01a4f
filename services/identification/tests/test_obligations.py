"""S8.4-01 and S7.3-02: what is owed after a decision, and is late. Said once, and it changes nothing."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import asyncpg
import pytest
from prometheus_client import generate_latest

from common.intents import Fresh
from contracts.codes import LabourCapacity
from contracts.deadlines import CohortTargetMissed, ObligationBreached, ObligationKind
from contracts.households import HouseholdAbsorbed
from contracts.identification import HouseholdEvent
from contracts.monitoring import EntrySubject, ProvincialPlatformEntryRecorded
from identification import figures
from identification.domain.commands import Command, ConfirmMonitoring
from identification.domain.days import NoteOverdue
from identification.domain.household import HOUSEHOLD
from identification.domain.obligations import ObligationEvent, owed
from identification.domain.policy import Policy
from identification.domain.states import Household
from identification.read_model import cases, obligations
from services.identification.tests.ending import (
    ADD,
    CANCEL,
    CLOSE,
    ELIMINATE,
    ENDING,
    ENTER,
    LATER,
    RESOLVE,
    REVOKE,
    monitored,
)
from services.identification.tests.entries import ASSESS, JOIN, MERGE, TAKE_IN
from services.identification.tests.story import (
    CONFIRM,
    POLICY,
    REGISTERED,
    RISK,
    STEPS,
    history,
    refused,
    state,
    up_to,
)
from services.identification.tests.test_eligibility_due import as_household
from services.identification.tests.test_elimination import a_year_later
from services.identification.tests.test_elimination_guards import without_labour

CONFIRMED = history(*STEPS)
CONFIRMED_ON = CONFIRM.confirmed_on
COHORT = replace(POLICY, cohort_confirmed_by=CONFIRMED_ON)
TARGET = COHORT.cohort_target
DAY = timedelta(days=1)


def closed(
    day: date, given: Sequence[HouseholdEvent], policy: Policy = POLICY
) -> list[ObligationEvent]:
    """What the end of a day says to be owed."""
    said = HOUSEHOLD.when(NoteOverdue(day=day, policy=policy), given=given)
    return [e for e in said if isinstance(e, ObligationEvent)]


def late(*subjects: EntrySubject, given: Sequence[HouseholdEvent], on: date = LATER) -> bool:
    """Whether just these decisions are said to be late."""
    said = [e for e in closed(on, given) if isinstance(e, ObligationBreached)]
    return [e.subject for e in said] == [*subjects]


def test_S8401_a_decision_that_was_not_entered_in_five_days_is_said_once() -> None:
    due_on = CONFIRMED_ON + 5 * DAY
    assert closed(due_on - DAY, CONFIRMED) == []
    (event,) = closed(due_on, CONFIRMED)
    assert event == ObligationBreached(
        household_id=CONFIRM_HOUSEHOLD,
        obligation=ObligationKind.PLATFORM_ENTRY,
        subject=EntrySubject.CONFIRM,
        decided_on=CONFIRMED_ON,
        due_on=due_on,
    )
    said = [*CONFIRMED, event]
    assert closed(due_on, said) == closed(LATER, said) == []
    assert late(EntrySubject.CONFIRM, given=CONFIRMED)  # a day that is closed long after


def test_S8401_each_decision_is_owed_until_it_is_entered() -> None:
    changed = history(*STEPS, ADD)
    assert late(EntrySubject.CHANGE, EntrySubject.CONFIRM, given=changed)
    entered = [*changed, *HOUSEHOLD.when(ENTER, given=changed)]
    assert late(EntrySubject.CHANGE, given=entered)
    late_entry = replace(ENTER, subject=EntrySubject.CHANGE, entered_on=LATER)
    entered += closed(LATER, entered)
    entered += HOUSEHOLD.when(late_entry, given=entered)
    assert owed(state(entered)) == []
    ended = monitored(*ENDING)
    assert late(EntrySubject.CONFIRM, EntrySubject.ELIMINATE, given=ended)


def test_S8401_another_decision_of_the_kind_is_late_on_its_own() -> None:
    given = history(*STEPS, ADD)
    given += closed(LATER, given)
    assert late(given=given)
    (again,) = HOUSEHOLD.when(RESOLVE, given=given)
    assert late(EntrySubject.CHANGE, given=[*given, again])


def test_S8401_a_second_change_does_not_forgive_the_first() -> None:
    given = history(*STEPS, ADD, RESOLVE)
    first, second = ADD.added_on, RESOLVE.resolved_on
    changes = [(EntrySubject.CHANGE, on) for on in (first, second)]
    assert owed(state(given)) == [*changes, (EntrySubject.CONFIRM, CONFIRMED_ON)]
    assert late(EntrySubject.CHANGE, EntrySubject.CONFIRM, given=given, on=first + 5 * DAY)
    entry = replace(ENTER, subject=EntrySubject.CHANGE, entered_on=second - DAY)
    (entered,) = HOUSEHOLD.when(entry, given=given)
    assert isinstance(entered, ProvincialPlatformEntryRecorded)
    assert (entered.decided_on, entered.late) == (first, True)
    given += [entered]
    assert changes[1] in owed(state(given)), "nothing is entered before it is decided"
    assert HOUSEHOLD.when(entry, given=given) == []
    given += HOUSEHOLD.when(replace(entry, entered_on=second), given=given)
    assert owed(state(given)) == [(EntrySubject.CONFIRM, CONFIRMED_ON)]


@pytest.mark.parametrize("end", [CANCEL, CLOSE])
def test_S8401_what_an_ended_episode_left_is_not_owed_in_the_next(end: Command) -> None:
    given = history(*STEPS, ADD, end)
    assert refused(ENTER, given).code == "nothing-decided"
    again = replace(
        RISK, clue_id=UUID(int=71), discovered_on=date(2025, 3, 1), today=date(2026, 1, 1)
    )
    for step in (again, *map(a_year_later, STEPS[1:])):
        given += HOUSEHOLD.when(step, given=given)
    assert owed(state(given)) == [(EntrySubject.CONFIRM, CONFIRMED_ON.replace(year=2025))]


def test_S8401_a_case_that_ends_unconfirmed_leaves_what_was_decided_before() -> None:
    clue = replace(RISK, clue_id=UUID(int=81), discovered_on=date(2024, 11, 10), today=LATER)
    given = monitored(*ENDING, clue)
    before = owed(state(given))
    given += HOUSEHOLD.when(replace(CLOSE, closed_on=date(2024, 11, 20)), given=given)
    assert owed(state(given)) == before != []


@pytest.mark.parametrize(
    "given",
    [
        history(),
        up_to(CONFIRM),
        history(*STEPS, CANCEL),
        history(*STEPS, CLOSE),
        history(*STEPS, JOIN),
    ],
)
def test_S8401_nothing_is_owed_of_who_is_not_monitored(given: list[HouseholdEvent]) -> None:
    """Nor of who was identified in error, or has left: nothing could be entered."""
    assert owed(state(given)) == []
    assert closed(LATER, given) == []


def missed(day: date, given: Sequence[HouseholdEvent]) -> list[ObligationEvent]:
    return [e for e in closed(day, given, COHORT) if isinstance(e, CohortTargetMissed)]


def test_S7302_who_is_open_after_the_last_day_of_the_target_missed_it_once() -> None:
    given = monitored()
    assert missed(TARGET - DAY, given) == []
    (event,) = missed(TARGET, given)
    assert isinstance(event, CohortTargetMissed)
    assert (event.confirmed_on, event.target) == (CONFIRMED_ON, TARGET)
    assert missed(TARGET + 99 * DAY, [*given, event]) == []
    before, after = state(given), state([*given, event])
    assert (after.stage, after.case) == (before.stage, before.case)  # no guard is loosened


def test_S7302_A40_who_was_confirmed_later_has_no_target() -> None:
    assert [e for e in closed(TARGET, monitored()) if isinstance(e, CohortTargetMissed)] == []


def test_S7302_A42_who_lost_their_labour_or_whose_risk_is_gone_missed_nothing() -> None:
    assert missed(TARGET, without_labour()) == []  # never belonged
    assert len(missed(TARGET, monitored(*LOST[1:]))) == 1
    assert missed(TARGET, monitored(*LOST)) == []
    assert missed(TARGET, monitored(*ENDING)) == []
    assert missed(TARGET, history(*STEPS, CANCEL)) == []
    assert len(missed(TARGET, monitored(*ENDING, REVOKE))) == 1  # rolled back, it is open again


def merged(given: list[HouseholdEvent], *own: Command) -> list[HouseholdEvent]:
    """A household that took in another, with what that one handed over."""
    gone = HOUSEHOLD.when(JOIN, given=given)[-1]
    assert isinstance(gone, HouseholdAbsorbed)
    take_in = replace(TAKE_IN, case=gone.case)
    return history(*own, replace(MERGE, today=LATER), take_in)


CONFIRM_HOUSEHOLD = state(CONFIRMED).registered.household_id
VILLAGE = "441624108201"
SLOW = "441624109201"  # a village that has ten days for an entry, and a target of its own
LOST = [replace(ASSESS, person_id=m.person_id) for m in REGISTERED.members]
BACK = replace(LOST[0], capacity=LabourCapacity.WEAK, assessed_on=TARGET + 5 * DAY, today=date.max)
HISTORIES: list[list[HouseholdEvent]] = [
    history(),
    up_to(CONFIRM),
    CONFIRMED,
    [*CONFIRMED, *HOUSEHOLD.when(ENTER, given=CONFIRMED)],
    history(*STEPS, ADD, RESOLVE),
    history(*STEPS, CANCEL),
    history(*STEPS, JOIN),
    without_labour(),
    monitored(*LOST),
    monitored(*LOST, BACK),
    monitored(*ENDING),
    monitored(*ENDING, REVOKE),
    merged(CONFIRMED),
    merged(history(*STEPS, ADD), *STEPS),
]


async def keep(pool: asyncpg.Pool, fresh: list[Fresh]) -> None:
    """Cases and what is owed, as the projection does."""
    async with pool.acquire() as connection:
        await cases.put(connection, fresh)
        await obligations.put(connection, fresh)


class Areas:
    """The parameters of each area."""

    def of(self, region: str, on: date) -> Policy:
        slow = replace(COHORT, platform_entry_days=10, cohort_target=TARGET - 7 * DAY)
        return slow if region == SLOW else COHORT


async def test_S8401_S7302_the_database_judges_as_the_household_does(pool: asyncpg.Pool) -> None:
    areas, said = Areas(), 0
    known = {UUID(int=n): [*h] for n, h in enumerate(HISTORIES * 2, 1)}
    region = {n: (VILLAGE, SLOW)[n.int > len(HISTORIES)] for n in known}

    async def put(number: UUID) -> None:
        fresh = [_of_its_own(as_household(known[number], number.int, region[number]))]
        await keep(pool, fresh)

    for number in known:
        await put(number)
    days = [CONFIRMED_ON + n * DAY for n in range(90)]
    first = (UUID(int=0), date.min)
    for day in (*days, *(TARGET + n * DAY for n in range(-60, 9))):
        told = {n: closed(day, e, areas.of(region[n], day)) for n, e in known.items()}
        expected = {number for number, events in told.items() if events}
        due = await obligations.due(pool, areas, day, after=first, limit=100)
        assert {one.household_id for one in due} == expected, day
        assert all(one.since == day + DAY for one in due)
        for number in expected:
            known[number] += told[number]
            await put(number)
            said += 1
        assert await obligations.due(pool, areas, day, after=first, limit=100) == []
    assert said == 2 * (14 + 7), "entries and targets, in both areas"
    await figures.measure(pool, areas, TARGET + DAY)
    shown = generate_latest().decode()
    for figure in (
        "platform_entries_due 28",
        "platform_entries_overdue 28",
        "cohort_open_households 14",
        "cohort_missed_households 14",
    ):
        assert f"shouwang_{figure}.0" in shown


def _of_its_own(fresh: Fresh) -> Fresh:
    """With a case that no other household has."""
    household: Household = fresh.state
    number = household.id
    file = household.file and replace(household.file, case_id=number)
    ended = household.ended
    if ended:
        ended = replace(ended, file=replace(ended.file, case_id=number))
    return replace(fresh, state=replace(household, file=file, ended=ended))


async def test_S8401_S7302_a_day_that_is_closed_long_after_asks_for_each_morning(
    pool: asyncpg.Pool,
) -> None:
    given = monitored(*ENDING, REVOKE)
    given += closed(CONFIRMED_ON + 5 * DAY, given)
    fresh = [_of_its_own(as_household(given, 1, VILLAGE))]
    await keep(pool, fresh)
    mornings, after = [], (UUID(int=0), date.min)
    while due := await obligations.due(pool, Areas(), LATER + 99 * DAY, after=after, limit=1):
        mornings.append(due[0].since - DAY)
        after = (due[0].household_id, due[0].since)
    decided = [ELIMINATE.eliminated_on + 5 * DAY, REVOKE.revoked_on + 5 * DAY]
    assert mornings == [*decided, TARGET]
    said = []
    for day in mornings:
        (event,) = closed(day, given, COHORT)
        given += [event]
        said.append(event.target if isinstance(event, CohortTargetMissed) else event.due_on)
    assert said == mornings


def test_S7302_who_is_open_again_after_the_target_missed_it_on_that_day_and_not_before() -> None:
    revoke = replace(REVOKE, revoked_on=TARGET + 9 * DAY, today=date.max)
    back = [monitored(*LOST, BACK), monitored(*ENDING, revoke)]
    for given, on in zip(back, (TARGET + 5 * DAY, TARGET + 9 * DAY), strict=True):
        assert missed(on - DAY, given) == []
        assert len(missed(on, given)) == 1
    before = monitored(*LOST, replace(BACK, assessed_on=TARGET - DAY))
    assert len(missed(TARGET, before)) == 1


def test_A54_S8401_who_takes_over_an_episode_owes_what_it_owed() -> None:
    given = history(*STEPS, ADD)
    given += closed(CONFIRMED_ON + 5 * DAY, given)
    survivor = merged(given)
    assert owed(state(survivor)) == owed(state(given))
    assert late(EntrySubject.CHANGE, given=survivor), "of the other it was said"
    entered = [*survivor, *HOUSEHOLD.when(ENTER, given=survivor)]
    assert owed(state(entered)) == [(EntrySubject.CHANGE, ADD.added_on)]
    later = a_year_later(CONFIRM)
    own = [a_year_later(step) for step in STEPS]
    assert isinstance(later, ConfirmMonitoring)
    both = [(EntrySubject.CONFIRM, on) for on in (CONFIRMED_ON, later.confirmed_on)]
    assert owed(state(merged(CONFIRMED, *own))) == both


def test_A54_S7302_the_target_is_missed_once_by_an_episode_that_is_taken_over() -> None:
    given = monitored()
    assert len(missed(TARGET, merged(given))) == 1
    assert missed(TARGET, merged([*given, *missed(TARGET, given)])) == []
    lost_and_late = replace(JOIN, effective_on=TARGET + 9 * DAY)
    gone = HOUSEHOLD.when(lost_and_late, given=monitored(*LOST))[-1]
    assert isinstance(gone, HouseholdAbsorbed)
    survivor = history(replace(MERGE, today=LATER), replace(TAKE_IN, case=gone.case))
    assert missed(TARGET + 8 * DAY, survivor) == []
    assert len(missed(TARGET + 9 * DAY, survivor)) == 1


async def test_S8401_what_is_to_be_entered_is_listed_with_its_last_day(pool: asyncpg.Pool) -> None:
    for number, region in ((1, VILLAGE), (2, SLOW)):
        fresh = [as_household(history(*STEPS, ADD), number, region)]
        async with pool.acquire() as connection:
            await obligations.put(connection, fresh)
    asked: dict[str, Any] = {
        "region": "441624",
        "subject": None,
        "household_id": None,
        "overdue": None,
        "due_by": None,
        "on": CONFIRMED_ON + 6 * DAY,
        "after": None,
        "limit": 10,
    }

    async def listed(**change: Any) -> list[tuple[int, str, int, bool]]:
        rows = await obligations.many(pool, Areas(), **asked | change)
        return sorted(
            (row.household_id.int, row.subject, row.days_left, row.overdue) for row in rows
        )

    until = (ADD.added_on - CONFIRMED_ON).days - 6
    first = [(1, "CHANGE", until + 5, False), (1, "CONFIRM", -1, True)]
    second = [(2, "CHANGE", until + 10, False), (2, "CONFIRM", 4, False)]
    assert await listed() == [*first, *second]
    assert await listed(region=SLOW) == second
    assert await listed(overdue=True) == first[1:]
    assert await listed(household_id=UUID(int=2), overdue=False) == second
    assert await listed(subject="CONFIRM") == [first[1], second[1]]
    assert await listed(due_by=CONFIRMED_ON + 5 * DAY) == first[1:]
    assert await listed(on=CONFIRMED_ON + 5 * DAY, overdue=True) == []
