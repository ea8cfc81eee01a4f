"""What is asked of a household's visits: which duties it has, and since when, of which type and period."""

from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from uuid import UUID

from common.clock import start_of
from common.ids import derived_id
from common.intents import Context, Intent
from common.policies import Policies
from contracts.envelope import Actor, Envelope
from contracts.visits import HouseholdVisited, ObligationType
from visits.domain.commands import Command, CountRecorded, OpenObligation
from visits.domain.household import VISITS, stream_of
from visits.domain.periods import (
    MONTHLY,
    QUARTERLY,
    Claim,
    claim,
    month_of,
    period_of,
    quarter_of,
)
from visits.domain.policy import Policy
from visits.domain.population import Population, days
from visits.read_model.population import Behind

RULES = Actor(
    person="rules",
    post="RULE_ENGINE",
    organisation="走访规则",
    department="visits",
    region="",
)


def duty(
    household_id: UUID,
    region: str,
    kind: ObligationType,
    due: Claim,
    policies: Policies[Policy],
    visits: Sequence[HouseholdVisited] = (),
) -> OpenObligation:
    """The duty of the period in which it is due; its id is the same however often it is asked for.

    Raises `LookupError` when no policy covers the region.
    """
    period = period_of(kind, due.since)
    assert period, "a duty is due in a period"
    return OpenObligation(
        household_id=household_id,
        obligation_id=derived_id(household_id, f"{kind}:{period[0]}"),
        obligation=kind,
        since=due.since,
        responsible_region=region,
        policy=policies.of(region, due.since),
        visits=tuple(visits),
        days_before=due.days_before,
        formerly_poor=due.formerly_poor,
    )


def since(day: date, population: Population) -> Iterator[tuple[ObligationType, Claim]]:
    """The duties that one who is monitored from that day on, or a 脱贫户, may have then, of every type."""
    for kind in ObligationType:
        period = period_of(kind, day)
        if period and (due := claim(kind, population, period)):
            before = days(population.monitored, period[0], day)
            yield kind, Claim(day, before, due.formerly_poor)


def months_up_to(
    month: date, one: Behind, policies: Policies[Policy], correlation: UUID
) -> Iterator[Intent]:
    """The duties of the months that nobody asked for yet, up to the one of which this is the first day."""
    first = one.through or month
    while first < month:
        first = month_after(first)
        command = duty(one.household_id, one.region, MONTHLY, Claim(first), policies)
        yield by_clock(command, first, one.region, correlation)


def quarters_up_to(
    quarter: date,
    one: Behind,
    population: Population,
    policies: Policies[Policy],
    today: date,
    correlation: UUID,
) -> Iterator[Intent]:
    """The duties of the quarters that nobody asked for yet, up to the one of which this is the first day: of a
    household that was not asked yet, those whose period is not over."""
    for first in quarters_after(one.through, quarter):
        for kind in QUARTERLY:
            period = period_of(kind, first)
            if period is None or (one.through is None and period[1] < today):
                continue
            if due := claim(kind, population, period):
                command = duty(one.household_id, one.region, kind, due, policies)
                yield by_clock(command, first, one.region, correlation)


def quarters_after(through: date | None, quarter: date) -> list[date]:
    """The first days of the quarters after one, up to another; of no one, that other alone."""
    if through is None:
        return [quarter]
    found, first = list[date](), through
    while first < quarter:
        first = quarter_of(first)[1] + timedelta(days=1)
        found.append(first)
    return found


def month_after(day: date) -> date:
    """The first day of the month after."""
    return month_of(day)[1] + timedelta(days=1)


def by_clock(command: OpenObligation, first: date, region: str, correlation: UUID) -> Intent:
    """As the period begins."""
    version = command.policy.version
    return by_rules(command, region, start_of(first), correlation, version)


def by_rules(
    command: OpenObligation | CountRecorded,
    region: str,
    occurred_at: datetime,
    correlation: UUID,
    policy_version: str | None = None,
) -> Intent:
    """What nobody asked for but the rules."""
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


def by_event(
    cause: Envelope,
    household_id: UUID,
    command: Command,
    region: str | None = None,
    policy_version: str | None = None,
) -> Intent:
    """What an event asks for, with its circumstances."""
    return Intent(
        stream=stream_of(household_id),
        household_id=household_id,
        decider=VISITS,
        command=command,
        context=Context(
            actor=RULES,
            region=region or cause.region,
            occurred_at=cause.occurred_at,
            correlation_id=cause.correlation_id,
            causation_id=cause.event_id,
            policy_version=policy_version,
            traceparent=cause.traceparent,
        ),
    )
