"""A household that is monitored is due for a visit in every month (S1.1-05), not only in the first."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime
from itertools import count

import pytest

from common.clock import business_date
from common.ids import new_id
from common.inbox import Inbox
from common.incoming import incoming
from common.intents import Connection
from common.policies import Policies
from common.service import Runtime
from common.testing import eventually, record_of
from common.topics import events_topic
from contracts.envelope import Envelope
from services.visits.tests.given import (
    MOVED,
    NOW,
    POLICIES,
    confirmed,
    registered,
    told,
)
from services.visits.tests.test_api import Desk, body, desk, recorded
from services.visits.tests.test_leaving import ELIMINATED, REVOKED
from services.visits.tests.test_taking_over import taken_over
from visits import months
from visits.domain.policy import Policy
from visits.main import STORE
from visits.months import open_due
from visits.reactions import reacting
from visits.read_model import population
from visits.read_model.population import Turn

__all__ = ["desk"]  # a fixture

TOPIC = events_topic("identification")
APRIL, MAY, JUNE = date(2024, 4, 1), date(2024, 5, 1), date(2024, 6, 1)


class Office:
    """Visits as it hears identification and sees the months begin, in a transaction that is rolled back."""

    def __init__(self, connection: Connection, policies: Policies[Policy] = POLICIES) -> None:
        self.connection, self.policies = connection, policies
        self._reader = Inbox(f"test-{new_id()}", reacting(STORE, policies))
        self._offsets = count()

    async def hears(self, *events: Envelope) -> None:
        records = [record_of(event, TOPIC, next(self._offsets)) for event in events]
        await self._reader.apply(self.connection, [incoming(record) for record in records])

    async def begins(self, day: date) -> None:
        """It is that day, until nobody is to be asked any more."""
        while await open_due(self.connection, STORE, self.policies, day):
            pass

    async def duties(
        self, household: Envelope, obligation: str = "MONTHLY_VISIT"
    ) -> list[tuple[date, str]]:
        rows = await self.connection.fetch(
            "select period_from, status from read.obligation "
            "where household_id = $1 and obligation = $2 order by 1",
            household.household_id,
            obligation,
        )
        return [(row["period_from"], row["status"]) for row in rows]


@pytest.fixture
def office(connection: Connection) -> Office:
    return Office(connection)


async def test_S1105_each_month_opens_a_duty_once_and_missed_months_are_made_up(
    office: Office,
) -> None:
    first = registered()
    await office.hears(first, confirmed(first))
    await office.begins(date(2024, 4, 30))
    assert await office.duties(first) == [(APRIL, "OPEN")]
    await office.begins(date(2024, 6, 1))
    await office.begins(date(2024, 6, 30))
    assert await office.duties(first) == [(APRIL, "OPEN"), (MAY, "OPEN"), (JUNE, "OPEN")]
    rows = await office.connection.fetch(
        "select occurred_at, region, policy_version, data->>'due_on' as due_on from es.readable "
        "where household_id = $1 and type = 'ObligationOpened' "
        "and data->>'obligation' = 'MONTHLY_VISIT' order by version",
        first.household_id,
    )
    assert [row["due_on"] for row in rows] == ["2024-04-30", "2024-05-31", "2024-06-30"]
    assert rows[2]["occurred_at"] == datetime(2024, 5, 31, 16, tzinfo=UTC)
    assert (rows[2]["region"], rows[2]["policy_version"]) == (first.region, "44-16-24/2024/1")


async def test_S1105_who_came_too_late_for_a_month_is_due_in_the_next(office: Office) -> None:
    first = registered()
    await office.hears(first, confirmed(first, date(2024, 4, 25)))
    assert await office.duties(first) == []
    await office.begins(MAY)
    assert await office.duties(first) == [(MAY, "OPEN")]


async def test_S1105_who_is_not_monitored_any_more_is_due_in_no_later_month(
    office: Office,
) -> None:
    first = registered()
    second = confirmed(first)
    await office.hears(first, second, told(ELIMINATED, second))
    await office.begins(MAY)
    assert await office.duties(first) == [(APRIL, "CANCELLED")]


async def test_A29_a_month_that_began_before_the_end_was_heard_of_is_cancelled(
    office: Office,
) -> None:
    first = registered()
    second = confirmed(first)
    await office.hears(first, second)
    await office.begins(MAY)
    await office.hears(told(ELIMINATED, second))
    assert await office.duties(first) == [(APRIL, "CANCELLED"), (MAY, "CANCELLED")]


async def test_A47_after_a_revocation_the_months_between_stay_without_a_duty(
    office: Office,
) -> None:
    first = registered()
    second = confirmed(first, date(2024, 2, 1))
    third = told(replace(ELIMINATED, eliminated_on=date(2024, 3, 1)), second)
    fourth = told(REVOKED, third)
    await office.hears(first, second, third)
    await office.begins(date(2024, 5, 14))
    await office.hears(fourth)
    await office.begins(JUNE)
    assert await office.duties(first) == [
        (date(2024, 2, 1), "OPEN"),
        (MAY, "OPEN"),
        (JUNE, "OPEN"),
    ]


@pytest.mark.parametrize(
    ("left_on", "back_on", "due"),
    [
        (date(2024, 4, 15), date(2024, 4, 25), True),  # 14 days and 6
        (date(2024, 4, 5), date(2024, 4, 25), True),  # 4 and 6
        (date(2024, 4, 4), date(2024, 4, 25), False),
        (date(2024, 4, 4), date(2024, 4, 21), True),
    ],
)
async def test_S1105_all_days_of_the_month_count_for_who_left_and_came_back(
    office: Office, left_on: date, back_on: date, due: bool
) -> None:
    first = registered()
    second = confirmed(first, date(2024, 3, 20))
    gone = told(replace(ELIMINATED, eliminated_on=left_on), second)
    back = told(replace(REVOKED, eliminated_on=left_on, revoked_on=back_on), gone)
    await office.hears(first, second)
    await office.begins(APRIL)
    await office.hears(gone)
    await office.hears(back)
    assert await office.duties(first) == [
        (date(2024, 3, 1), "OPEN"),
        (APRIL, "OPEN" if due else "CANCELLED"),
    ]


async def test_S1105_months_missed_before_the_household_left_are_made_up(office: Office) -> None:
    """No process was at work from March on; the end is the first that is heard of."""
    first = registered()
    second = confirmed(first, date(2024, 2, 1))
    gone = told(replace(ELIMINATED, eliminated_on=date(2024, 4, 20)), second)
    await office.hears(first, second)
    await office.hears(gone)
    assert await office.duties(first) == [
        (date(2024, 2, 1), "OPEN"),
        (date(2024, 3, 1), "OPEN"),
        (APRIL, "CANCELLED"),
    ]


async def test_A54_months_missed_before_the_household_took_an_episode_over_are_made_up(
    office: Office,
) -> None:
    first = registered()
    second = confirmed(first, date(2024, 2, 1))
    over = replace(taken_over(date(2024, 1, 1)), from_household_id=new_id())
    await office.hears(first, second)
    await office.hears(told(over, second, occurred_at=datetime(2024, 4, 10, 4, tzinfo=UTC)))
    await office.begins(APRIL)
    assert await office.duties(first) == [
        (date(2024, 2, 1), "OPEN"),
        (date(2024, 3, 1), "OPEN"),
        (APRIL, "OPEN"),
    ]


async def test_T19_a_later_month_is_with_the_town_that_answers_for_the_household_then(
    office: Office,
) -> None:
    first = registered()
    second = confirmed(first)
    await office.hears(first, second, told(MOVED, second))
    await office.begins(MAY)
    region = await office.connection.fetchval(
        "select responsible_region from read.obligation where household_id = $1 and period_from = $2",
        first.household_id,
        MAY,
    )
    assert region == "441624109201"


async def test_S1105_the_service_opens_the_month_as_it_begins(
    desk: Desk, runtime: Runtime, request: pytest.FixtureRequest
) -> None:
    request.addfinalizer(_back(runtime))
    household = await desk.monitored()
    visited = recorded(await desk.post(body(household, visited_at="2024-04-12T10:00:00+08:00")))
    assert visited == ["HouseholdVisited", "ObligationFulfilled", "ObligationFulfilled"]
    runtime.clock.set(datetime(2024, 4, 30, 17, tzinfo=UTC))  # an hour after midnight in Shanghai

    async def both() -> list[str]:
        duties = await desk.duties(household)
        return sorted(duty["due_on"] for duty in duties) if len(duties) == 2 else []

    assert await eventually(both) == ["2024-04-30", "2024-05-31"]
    assert recorded(await desk.post(body(household, visited_at="2024-05-01T00:30:00+08:00"))) == [
        "HouseholdVisited",
        "ObligationFulfilled",
    ]


async def test_S1105_a_visit_recorded_before_its_month_is_opened_fulfils_it_on_its_own_day(
    desk: Desk, runtime: Runtime, request: pytest.FixtureRequest
) -> None:
    """Confirmed late: whoever went meanwhile did so before anything was due."""
    request.addfinalizer(_back(runtime))
    runtime.clock.set(datetime(2024, 5, 20, 4, tzinfo=UTC))
    household = await desk.household()
    for day in ("2024-04-20", "2024-05-18", "2024-05-19"):
        await desk.post(body(household, visited_at=f"{day}T10:00:00+08:00"))
    await desk.tell(confirmed(household))

    async def both() -> list[tuple[str, str]]:
        rows = await runtime.pool.fetch(
            "select data->>'fulfilled_on' as day, occurred_at from es.readable "
            "where household_id = $1 and type = 'ObligationFulfilled' "
            "and data->>'obligation' = 'MONTHLY_VISIT' order by occurred_at",
            household.household_id,
        )
        told = [(row["day"], str(business_date(row["occurred_at"]))) for row in rows]
        return told if len(told) == 2 else []

    assert await eventually(both, within=20) == [
        ("2024-04-20", "2024-04-20"),
        ("2024-05-18", "2024-05-18"),
    ]


async def test_S1105_whose_end_is_being_heard_of_is_passed_over(
    desk: Desk, runtime: Runtime, connection: Connection
) -> None:
    household = await desk.monitored()
    assert household.household_id
    await population.take(connection, [Turn(household.household_id, date(2024, 4, 20), False)])
    async with runtime.pool.acquire() as other:
        transaction = other.transaction()
        await transaction.start()
        meanwhile = Office(other)
        await meanwhile.begins(MAY)
        assert await meanwhile.duties(household) == [(APRIL, "OPEN")]
        await transaction.rollback()


async def test_S1105_a_store_that_lacks_events_opens_nothing(
    connection: Connection, runtime: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It would give the versions of told events to others."""
    monkeypatch.setattr(runtime.continuity, "ahead", "the topic is ahead of this store")

    async def opened(*_: object) -> int:
        raise AssertionError("it wrote")

    monkeypatch.setattr(months, "open_due", opened)
    await months.look(runtime, STORE, POLICIES)


def _back(runtime: Runtime) -> Callable[[], None]:
    return lambda: runtime.clock.set(NOW)
