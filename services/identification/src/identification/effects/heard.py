"""What every effect is given, and the circumstances of what follows."""

from collections.abc import Sequence, Set
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from common.clock import business_date, start_of
from common.intents import Connection, Context, Intent
from contracts.envelope import Actor, Envelope
from contracts.fact_codes import FactType
from contracts.facts import (
    DepartmentFactCorrected,
    DepartmentFactRecorded,
    DepartmentFactRetracted,
)
from identification.domain.household import HOUSEHOLD
from identification.domain.policy_book import PolicyBook

RULES = Actor(
    person="rules",
    post="RULE_ENGINE",
    organisation="风险规则",
    department="identification",
    region="",
)


@dataclass(frozen=True)
class Heard:
    """A batch of events with their payloads, in the transaction that moves the offset."""

    connection: Connection
    policies: PolicyBook
    events: Sequence[tuple[Envelope, Any]]

    def of(self, *types: type) -> list[tuple[Envelope, Any]]:
        """Those of some types, in order."""
        return [(event, payload) for event, payload in self.events if isinstance(payload, types)]


def day_of(event: Envelope) -> date:
    """The business date on which an event was recorded: the same live and in a replay."""
    return business_date(event.recorded_at)


def following(cause: Envelope, region: str, on: date, policy_version: str | None = None) -> Context:
    """The circumstances of what a rule does because of `cause`."""
    return Context(
        actor=RULES,
        region=region,
        occurred_at=max(cause.occurred_at, start_of(on)),
        correlation_id=cause.correlation_id,
        causation_id=cause.event_id,
        policy_version=policy_version,
        traceparent=cause.traceparent,
    )


def to_household(household_id: UUID, command: Any, context: Context) -> Intent:
    """A command to the household itself."""
    return Intent(
        stream=f"household-{household_id}",
        household_id=household_id,
        decider=HOUSEHOLD,
        command=command,
        context=context,
    )


def of_facts(heard: Heard, types: Set[FactType]) -> list[tuple[Envelope, Any]]:
    """The facts of some types that were recorded, corrected or retracted."""
    told = heard.of(DepartmentFactRecorded, DepartmentFactCorrected, DepartmentFactRetracted)
    return [(event, fact) for event, fact in told if fact.fact_type in types]
