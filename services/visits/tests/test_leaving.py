"""Who is no longer monitored need not be visited (A29), and who is again, from then on (A47)."""

from dataclasses import replace
from datetime import date
from typing import Any
from uuid import UUID

import pytest

from common.ids import new_id
from common.inbox import Inbox
from common.incoming import incoming
from common.intents import Connection
from common.testing import record_of
from common.topics import events_topic
from contracts.eliminations import (
    Manner,
    RevocationReason,
    RiskEliminated,
    RiskEliminationRevoked,
    Snapshot,
)
from contracts.monitoring import ClosingReason, MonitoringCancelled, MonitoringClosed
from contracts.visits import CancellationReason, ObligationCancelled, ObligationOpened
from services.visits.tests.given import (
    CONFIRMED,
    HOUSEHOLD_ID,
    OPEN,
    OPENED,
    POLICIES,
    confirmed,
    fulfilled,
    registered,
    told,
    visit,
    visited,
)
from services.visits.tests.given import asked as asked_by
from visits.domain.commands import LeavePopulation
from visits.domain.household import VISITS
from visits.main import STORE
from visits.reactions import reacting

TOPIC = events_topic("identification")

LEAVE = LeavePopulation(household_id=HOUSEHOLD_ID, left_on=date(2024, 4, 20))
CANCELLED = ObligationCancelled(
    household_id=HOUSEHOLD_ID,
    obligation_id=OPENED.obligation_id,
    obligation=OPENED.obligation,
    period_from=OPENED.period_from,
    reason=CancellationReason.LEFT_POPULATION,
    left_on=LEAVE.left_on,
)
ELIMINATED = RiskEliminated(
    household_id=HOUSEHOLD_ID,
    episode_id=CONFIRMED.episode_id,
    manner=Manner.NATURAL,
    eliminated_on=date(2024, 4, 20),
    days=12,
    snapshot=Snapshot(
        members=1,
        wage_fen=2_000_000,
        operating_fen=0,
        operating_cost_fen=0,
        property_fen=0,
        transfer_fen=0,
        claims_fen=0,
        compliant_own_cost_fen=0,
        dropouts=0,
        uninsured=0,
        housing_damaged=False,
        water_damaged=False,
    ),
    guard_results=[],
    approved_by="county",
)
REVOKED = RiskEliminationRevoked(
    household_id=HOUSEHOLD_ID,
    episode_id=CONFIRMED.episode_id,
    reason_code=RevocationReason.UNSTABLE_INCOME,
    text="主要劳动力失业,收入大幅下降",
    eliminated_on=date(2024, 3, 1),
    revoked_on=date(2024, 5, 15),
    revoked_by="county",
)
WRONG = MonitoringCancelled(
    household_id=HOUSEHOLD_ID,
    episode_id=CONFIRMED.episode_id,
    reason="核查确认为城镇户,识别错误",
    evidence_hash="0" * 64,
    cancelled_on=date(2024, 4, 20),
    cancelled_by="county",
)
CLOSED = MonitoringClosed(
    household_id=HOUSEHOLD_ID,
    episode_id=CONFIRMED.episode_id,
    reason=ClosingReason.MOVED_OUT,
    evidence_hash=None,
    closed_on=date(2024, 4, 20),
)


def test_A29_a_duty_that_nobody_has_met_is_cancelled_and_not_breached() -> None:
    assert VISITS.when(LEAVE, given=[OPENED]) == [CANCELLED]
    assert VISITS.when(LEAVE, given=[OPENED, CANCELLED]) == []


def test_A29_what_was_met_or_is_over_stays_as_it_is() -> None:
    done = visit("2024-04-12T10:00:00+08:00")
    assert VISITS.when(LEAVE, given=[OPENED, visited(done), fulfilled(done)]) == []
    last_day = replace(LEAVE, left_on=OPENED.period_to)
    assert len(VISITS.when(last_day, given=[OPENED])) == 1
    after = replace(LEAVE, left_on=date(2024, 5, 1))
    assert VISITS.when(after, given=[OPENED]) == []
    assert VISITS.when(LEAVE, given=[]) == []


def test_A29_a_visit_after_the_household_left_fulfils_nothing() -> None:
    later = visit("2024-04-25T10:00:00+08:00")
    assert VISITS.when(later, given=[OPENED, CANCELLED]) == [visited(later)]


def test_A29_a_visit_before_the_household_left_counts_also_when_it_is_uploaded_later() -> None:
    before, same_day = visit("2024-04-12T10:00:00+08:00"), visit("2024-04-20T23:59:00+08:00", 22)
    for made in (before, same_day):
        told_late = [visited(made, backfilled=True), OPENED, fulfilled(made)]
        assert VISITS.when(made, given=[OPENED, CANCELLED]) == told_late


def test_A47_a_household_that_comes_back_in_time_has_the_duty_of_that_month_again() -> None:
    back = replace(OPEN, since=date(2024, 4, 21))
    assert VISITS.when(back, given=[OPENED, CANCELLED]) == [OPENED]
    assert VISITS.when(back, given=[OPENED, CANCELLED, OPENED]) == []
    late = replace(OPEN, since=date(2024, 4, 22))
    assert VISITS.when(late, given=[OPENED, CANCELLED]) == []


def asked(payload: Any) -> Any:
    return asked_by(told(payload, confirmed(registered())), payload).command


@pytest.mark.parametrize("payload", [ELIMINATED, WRONG, CLOSED])
def test_A29_every_end_of_monitoring_leaves_the_population(payload: Any) -> None:
    assert asked(payload) == LEAVE


def test_A47_after_a_revocation_only_the_month_of_it_is_due() -> None:
    (opened,) = VISITS.when(asked(REVOKED), given=[])
    assert isinstance(opened, ObligationOpened)
    assert (opened.period_from, opened.period_to) == (date(2024, 5, 1), date(2024, 5, 31))
    assert opened.obligation_id != UUID(int=2)


async def test_A29_the_list_shows_the_duty_as_cancelled_and_open_again(
    connection: Connection,
) -> None:
    first = registered()
    second = confirmed(first)
    third = told(ELIMINATED, second)
    back = replace(REVOKED, eliminated_on=date(2024, 4, 20), revoked_on=date(2024, 4, 21))
    fourth = told(back, third)
    reader = Inbox(f"test-{new_id()}", reacting(STORE, POLICIES))
    records = [record_of(event, TOPIC, n) for n, event in enumerate((first, second, third, fourth))]
    await reader.apply(connection, [incoming(record) for record in records[:3]])
    status = (
        "select status from read.obligation "
        "where household_id = $1 and obligation = 'MONTHLY_VISIT'"
    )
    assert await connection.fetchval(status, first.household_id) == "CANCELLED"
    await reader.apply(connection, [incoming(record) for record in records[3:]])
    assert await connection.fetchval(status, first.household_id) == "OPEN"
