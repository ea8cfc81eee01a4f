"""S7.3-01 set-based: the database picks the households that have something to say, and no other."""

from dataclasses import replace
from datetime import date, timedelta
from uuid import UUID

import asyncpg
from msgspec import structs
from prometheus_client import generate_latest

from common.intents import Fresh
from common.testing import envelope
from contracts.identification import HouseholdEvent
from identification import figures
from identification.domain.days import CloseBusinessDay
from identification.domain.household import HOUSEHOLD
from identification.domain.policy import Policy
from identification.read_model import eligibility
from services.identification.tests.ending import (
    ALLOW,
    AUTUMN,
    ENDING,
    LATER,
    PROPOSE,
    REASSESS,
    REASSESS_AGAIN,
    REJECT_ELIMINATION,
    REVOKE,
    SURVEY,
    income,
    monitored,
)
from services.identification.tests.story import POLICY, RISK, STEPS, history, state
from services.identification.tests.test_elimination_guards import without_labour
from services.identification.tests.test_survey import corrected_to, joined_by, seeing
from services.identification.tests.test_survey_and_guards import joined


def _closed(given: list[HouseholdEvent]) -> list[HouseholdEvent]:
    """What the end of 12 October says."""
    close = CloseBusinessDay(day=date(2024, 10, 12), policy=POLICY)
    return HOUSEHOLD.when(close, given=given)


FIRST = UUID(int=0)
STRICT = "441624109201"  # a village where income has to be stable for a year
WINDOW = (date(2023, 10, 1), date(2024, 9, 30))
CLUE = replace(RISK, clue_id=UUID(int=81), discovered_on=date(2024, 10, 20), today=LATER)
SPENT = replace(SURVEY, income=income(5_000_000, WINDOW, compliant_own_cost_fen=1_000_000))
FOUND = [*monitored(), *_closed(monitored())]
POOR = replace(SURVEY, assessed_on=date(2024, 10, 20), income=income(1, WINDOW))
BY_NAME = history(*STEPS, REASSESS, seeing(REASSESS_AGAIN, schooling=()))
FOUND_BY_NAME = [*BY_NAME, *_closed(BY_NAME)]
LOW = replace(AUTUMN, income=income(5_000_000, WINDOW))
HISTORIES: dict[str, list[HouseholdEvent]] = {
    "registered": history(),
    "undecided": history(*STEPS[:-1]),
    "seen once": history(*STEPS, REASSESS),
    "seen twice": monitored(),
    "seen in autumn alone": history(*STEPS, REASSESS_AGAIN),
    "surveyed": history(*STEPS, REASSESS, SURVEY),
    "a clue waits": monitored(CLUE),
    "spending": monitored(SPENT),
    "somebody joined": joined(history(*STEPS, REASSESS, replace(REASSESS_AGAIN, seen=LOW))),
    "somebody came": joined_by(date(1990, 5, 1), FOUND_BY_NAME),
    "somebody came before": joined_by(date(1990, 5, 1), BY_NAME),
    "is a child": corrected_to(date(2014, 5, 1), FOUND_BY_NAME),
    "is a small child": corrected_to(date(2020, 5, 1), FOUND_BY_NAME),
    "was a child before": corrected_to(date(2014, 5, 1), BY_NAME),
    "without labour": without_labour(),
    "allowed": without_labour(replace(ALLOW, granted_on=date(2024, 9, 20))),
    "no longer": [*FOUND, *HOUSEHOLD.when(POOR, given=FOUND)],
    "proposed": monitored(PROPOSE),
    "rejected": monitored(PROPOSE, replace(REJECT_ELIMINATION, rejected_on=date(2024, 10, 20))),
    "eliminated": monitored(*ENDING),
    "revoked": monitored(*ENDING, REVOKE),
}


class Areas:
    """The parameters of each area."""

    def of(self, region: str, on: date) -> Policy:
        return replace(POLICY, elimination_stable_months=12) if region == STRICT else POLICY


def as_household(events: list[HouseholdEvent], number: int, region: str) -> Fresh:
    """The last event of the history, in a household of its own."""
    household = state(events)
    entry = replace(household.registered, household_id=UUID(int=number), region=region)
    told = envelope(events[-1], region=region)
    event = structs.replace(told, stream=f"household-{UUID(int=number)}")
    last = replace(events[-1], household_id=UUID(int=number))
    return Fresh(event, last, replace(household, registered=entry), None)


async def test_S7301_the_database_judges_as_the_household_does(pool: asyncpg.Pool) -> None:
    areas, said = Areas(), 0
    for region in (POLICY.region + "108201", STRICT):
        known = {UUID(int=n): [*h] for n, h in enumerate(HISTORIES.values(), 1)}
        await pool.execute("truncate read.outlook, read.eligibility")
        for number, events in known.items():
            await eligibility.put(pool, [as_household(events, number.int, region)])  # type: ignore[arg-type]
        for day in (LATER - timedelta(days=1) * n for n in range(95, -1, -5)):
            close = CloseBusinessDay(day=day, policy=areas.of(region, day))
            expected = {
                number: told
                for number, events in known.items()
                if (told := _eligibility(HOUSEHOLD.when(close, given=events)))
            }
            due = await eligibility.due(pool, areas, day, after=FIRST, limit=100)
            assert {one.household_id for one in due} == set(expected), (region, day)
            for number, told in expected.items():
                known[number] += told
                fresh = as_household(known[number], number.int, region)
                await eligibility.put(pool, [fresh])  # type: ignore[arg-type]
                said += 1
            assert await eligibility.due(pool, areas, day, after=FIRST, limit=100) == []
    assert said == 16, "found in both areas: eligible, late, no longer eligible"


def _eligibility(events: list[HouseholdEvent]) -> list[HouseholdEvent]:
    return [e for e in events if isinstance(e, eligibility.SAID)]


async def test_S7301_what_is_eligible_is_listed_and_proposals_in_time_are_counted(
    pool: asyncpg.Pool,
) -> None:
    day, events = date(2024, 10, 12), monitored()
    events += HOUSEHOLD.when(CloseBusinessDay(day=day, policy=POLICY), given=events)
    for number in (1, 2, 3):
        await eligibility.put(pool, [as_household(events, number, STRICT)])  # type: ignore[arg-type]
    late = replace(PROPOSE, proposed_on=date(2024, 11, 13))
    for number, propose in ((1, PROPOSE), (2, late)):
        given = [*events, *HOUSEHOLD.when(propose, given=events)]
        await eligibility.put(pool, [as_household(given, number, STRICT)])  # type: ignore[arg-type]

    async def listed(on: date, overdue: bool | None = None) -> list[tuple[UUID, int]]:
        rows = await eligibility.open_ones(
            pool, region="441624", overdue=overdue, on=on, after=None, limit=10
        )
        return [(row.household_id, row.days_left) for row in rows]

    last = date(2024, 11, 12)
    assert await listed(last) == [(UUID(int=3), 0)] == await listed(last, overdue=False)
    assert await listed(last, overdue=True) == []
    assert await listed(date(2024, 11, 13), overdue=True) == [(UUID(int=3), -1)]
    assert await eligibility.timeliness(pool, "441624", last) == {
        "proposed": 1,
        "in_time": 1,
        "waiting": 2,
        "overdue": 0,
    }
    await figures.measure(pool, Areas(), LATER)
    shown = generate_latest().decode()
    for figure, households in [
        ("eligible", 1),
        ("overdue", 1),
        ("proposed", 2),
        ("proposed_in_time", 1),
    ]:
        assert f"shouwang_elimination_{figure}_households {households}.0" in shown
    assert await eligibility.timeliness(pool, "441624", LATER) == {
        "proposed": 2,
        "in_time": 1,
        "waiting": 1,
        "overdue": 1,
    }
