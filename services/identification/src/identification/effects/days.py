"""The circumstances of what a business date makes happen by itself."""

from datetime import date
from uuid import UUID

from common.clock import start_of
from common.ids import new_id
from common.intents import Context
from contracts.envelope import Actor

CLOCK = Actor(
    person="clock",
    post="RULE_ENGINE",
    organisation="业务日期",
    department="identification",
    region="",
)


def on_the_morning(
    day: date,
    region: str,
    policy_version: str | None = None,
    *,
    correlation_id: UUID | None = None,
) -> Context:
    """At the start of a business day; no request and no event caused it. What is recorded together shares a
    `correlation_id`."""
    return Context(
        actor=CLOCK,
        region=region,
        occurred_at=start_of(day),
        correlation_id=correlation_id or new_id(),
        policy_version=policy_version,
    )
