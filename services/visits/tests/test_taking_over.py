"""A54: an episode that goes on in another household after a merger takes its duty along."""

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import pytest

from common.ids import new_id
from common.inbox import Inbox
from common.incoming import incoming
from common.intents import Connection
from common.testing import record_of
from common.topics import events_topic
from contracts.codes import MonitoredClass, RiskType, Severity
from contracts.envelope import Envelope
from contracts.handover import OpenCase
from contracts.households import EpisodeTakenOver
from contracts.monitoring import ClosingReason, MonitoringClosed
from contracts.visits import HouseholdVisited, ObligationFulfilled, ObligationOpened
from services.visits.tests.given import (
    CONFIRMED,
    HOUSEHOLD_ID,
    OPENED,
    POLICIES,
    VILLAGE,
    confirmed,
    registered,
    told,
    visit,
    visited,
)
from services.visits.tests.given import asked as asked_by
from visits.domain.household import VISITS
from visits.main import STORE
from visits.reactions import reacting

TOPIC = events_topic("identification")
MERGED = datetime(2024, 6, 9, 16, 0, tzinfo=UTC)  # midnight of 10 June in Shanghai
FROM = UUID(int=77)


def taken_over(since: date = date(2023, 3, 1)) -> EpisodeTakenOver:
    return EpisodeTakenOver(
        household_id=HOUSEHOLD_ID,
        from_household_id=FROM,
        monitored_class=MonitoredClass.MARGINAL,
        confirmed_on=since,
        case=OpenCase(
            discovered_on=since,
            due_on=since,
            risk_types=[RiskType.ILLNESS],
            severity=Severity.YELLOW,
            confirmed=replace(CONFIRMED, confirmed_on=since),
        ),
    )


def asked(payload: EpisodeTakenOver, *made: HouseholdVisited) -> Any:
    cause = told(payload, registered(), occurred_at=MERGED)
    return asked_by(cause, payload, {HOUSEHOLD_ID: made}).command


def test_A54_the_survivor_has_the_duty_of_the_month_of_the_merger() -> None:
    (opened,) = VISITS.when(asked(taken_over()), given=[])
    assert isinstance(opened, ObligationOpened)
    assert (opened.household_id, opened.responsible_region) == (HOUSEHOLD_ID, VILLAGE)
    assert (opened.period_from, opened.due_on) == (date(2024, 6, 1), date(2024, 6, 30))


@pytest.mark.parametrize(
    ("merged", "confirmed_on", "due"),
    [
        (datetime(2024, 6, 28, tzinfo=UTC), date(2023, 3, 1), True),  # monitored all of June
        (datetime(2024, 6, 28, tzinfo=UTC), date(2024, 6, 21), True),
        (datetime(2024, 6, 28, tzinfo=UTC), date(2024, 6, 22), False),  # nine days of June
    ],
)
def test_A54_the_days_before_the_merger_count(
    merged: datetime, confirmed_on: date, due: bool
) -> None:
    payload = taken_over(confirmed_on)
    intent = asked_by(told(payload, registered(), occurred_at=merged), payload)
    assert bool(VISITS.when(intent.command, given=[])) is due


def test_A54_a_visit_before_the_merger_counts_and_one_of_another_month_does_not() -> None:
    may = visited(visit("2024-05-31T10:00:00+08:00", number=31, household_id=FROM))
    june = visited(visit("2024-06-03T10:00:00+08:00", number=32, household_id=FROM))
    opened, done = VISITS.when(asked(taken_over(), may, june), given=[])
    assert isinstance(done, ObligationFulfilled)
    assert (done.household_id, done.fulfilled_by) == (HOUSEHOLD_ID, june.visit_id)
    assert len(VISITS.when(asked(taken_over(), may), given=[])) == 1
    assert VISITS.when(asked(taken_over(), june), given=[opened, done]) == []


def test_A54_a_survivor_that_was_monitored_keeps_its_own_duty() -> None:
    own = replace(OPENED, period_from=date(2024, 6, 1), period_to=date(2024, 6, 30))
    assert VISITS.when(asked(taken_over()), given=[own]) == []
    june = visited(visit("2024-06-03T10:00:00+08:00", number=32, household_id=FROM))
    (done,) = VISITS.when(asked(taken_over(), june), given=[own])
    assert isinstance(done, ObligationFulfilled)
    assert (done.obligation_id, done.fulfilled_by) == (own.obligation_id, june.visit_id)


async def test_A54_the_absorbed_household_loses_its_duty_and_the_survivor_has_it(
    connection: Connection,
) -> None:
    survivor, absorbed = registered(), registered()
    monitored = confirmed(absorbed, date(2024, 6, 3))
    assert absorbed.household_id
    closed = MonitoringClosed(
        household_id=absorbed.household_id,
        episode_id=CONFIRMED.episode_id,
        reason=ClosingReason.MERGED,
        evidence_hash=None,
        closed_on=date(2024, 6, 10),
    )
    left = told(closed, monitored)
    over = replace(taken_over(date(2024, 6, 3)), from_household_id=absorbed.household_id)
    goes_on = told(over, survivor, occurred_at=MERGED)
    reader = Inbox(f"test-{new_id()}", reacting(STORE, POLICIES))

    async def hear(*events: Envelope) -> None:
        places = [incoming(record_of(e, TOPIC, next(offsets))) for e in events]
        await reader.apply(connection, places)

    async def duty(household: Envelope) -> str | None:
        status: str | None = await connection.fetchval(
            "select status from read.obligation "
            "where household_id = $1 and obligation = 'MONTHLY_VISIT'",
            household.household_id,
        )
        return status

    offsets = iter(range(10))
    await hear(survivor, absorbed, monitored)
    assert (await duty(absorbed), await duty(survivor)) == ("OPEN", None)
    await hear(left, goes_on)
    assert (await duty(absorbed), await duty(survivor)) == ("CANCELLED", "OPEN")
