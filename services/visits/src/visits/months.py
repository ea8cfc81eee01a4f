"""The duty of each calendar month (S1.1-05): with the day on which a household comes under monitoring, and
from then on as each month begins.

The month in which a household comes is opened by the event that says so. A later one is opened by the
clock: soon after its first midnight in Shanghai, or, if no process was at work then, when one is again.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from uuid import UUID

import structlog

from common.clock import start_of
from common.eventstore import record
from common.ids import derived_id, new_id
from common.inbox import TRANSIENT
from common.intents import Connection, Context, Intent, Store, accepted
from common.policies import Policies
from common.service import Runtime, regularly
from contracts.envelope import Actor
from contracts.visits import HouseholdVisited, ObligationType
from visits.domain.commands import CountRecorded, OpenMonthlyObligation
from visits.domain.household import VISITS, month_of, stream_of
from visits.domain.policy import Policy
from visits.read_model import population
from visits.read_model.population import Behind

log = structlog.get_logger()

RULES = Actor(
    person="rules",
    post="RULE_ENGINE",
    organisation="走访规则",
    department="visits",
    region="",
)
EVERY = 5.0  # seconds between two looks at the date
BATCH = 200  # households of one transaction


def monthly_duty(
    household_id: UUID,
    region: str,
    monitored_from: date,
    policies: Policies[Policy],
    visits: Sequence[HouseholdVisited] = (),
    days_before: int = 0,
) -> OpenMonthlyObligation:
    """The duty to visit in the month of that day; its id is the same however often it is asked for.

    Raises `LookupError` when no policy covers the region.
    """
    first, _ = month_of(monitored_from)
    return OpenMonthlyObligation(
        household_id=household_id,
        obligation_id=derived_id(household_id, f"{ObligationType.MONTHLY_VISIT}:{first}"),
        monitored_from=monitored_from,
        responsible_region=region,
        policy=policies.of(region, monitored_from),
        visits=tuple(visits),
        days_before=days_before,
    )


async def open_due(
    connection: Connection, store: Store, policies: Policies[Policy], today: date
) -> int:
    """Open the months up to today's of some who are monitored; how many households were asked.

    In the caller's transaction. Who leaves at this moment is passed over, or cancels what was opened.
    """
    month, _ = month_of(today)
    behind = await population.behind(connection, month, BATCH)
    if behind:
        correlation = new_id()
        intents = [i for one in behind for i in up_to(month, one, policies, correlation)]
        accepted(await record(connection, store, intents))
        since = {one.household_id: month_after(one.through) for one in behind}
        await count_recorded(connection, store, since, correlation)
        await population.asked_through(connection, [one.household_id for one in behind], month)
    return len(behind)


def up_to(
    month: date, one: Behind, policies: Policies[Policy], correlation: UUID
) -> Iterator[Intent]:
    """The duties of the months that nobody asked for yet, up to the one of which this is the first day."""
    first = one.through
    while first < month:
        first = month_after(first)
        yield _intent(one, first, policies, correlation)


def month_after(day: date) -> date:
    """The first day of the month after."""
    return month_of(day)[1] + timedelta(days=1)


async def count_recorded(
    connection: Connection, store: Store, since: Mapping[UUID, date], correlation: UUID
) -> None:
    """Let visits that were recorded before the duties of households were opened, and made after a day,
    fulfil them, each on its own day: those until then count as a duty is opened."""
    made = await population.visits_after(connection, since)
    intents = [
        _by_rules(
            CountRecorded(household_id=visit.household_id, visit_id=visit.visit_id),
            visit.region,
            visit.visited_at,
            correlation,
        )
        for visit in made
    ]
    if intents:
        accepted(await record(connection, store, intents))


def _intent(one: Behind, first: date, policies: Policies[Policy], correlation: UUID) -> Intent:
    command = monthly_duty(one.household_id, one.region, first, policies)
    version = command.policy.version
    return _by_rules(command, one.region, start_of(first), correlation, version)


def _by_rules(
    command: OpenMonthlyObligation | CountRecorded,
    region: str,
    occurred_at: datetime,
    correlation: UUID,
    policy_version: str | None = None,
) -> Intent:
    return Intent(
        stream=stream_of(command.household_id),
        household_id=command.household_id,
        decider=VISITS,
        command=command,
        context=Context(
            actor=RULES,
            region=region,
            occurred_at=occurred_at,
            correlation_id=correlation,
            policy_version=policy_version,
        ),
    )


async def look(runtime: Runtime, store: Store, policies: Policies[Policy]) -> None:
    """Open what is due now. What is not recorded at this moment is at the next look."""
    try:
        while not runtime.continuity.ahead:
            async with runtime.pool.acquire() as connection, connection.transaction():
                asked = await open_due(connection, store, policies, runtime.clock.today())
            if not asked:
                return
            runtime.writer.committed.set()
            log.info("month_opened", households=asked)
    except TRANSIENT as error:
        log.warning("month_not_opened", error=repr(error))


async def every_month(runtime: Runtime, store: Store, policies: Policies[Policy]) -> None:
    """Look every few seconds, until cancelled. A clock that is set back opens nothing."""
    await runtime.continuity.settled()
    await regularly(EVERY, lambda: look(runtime, store, policies))
