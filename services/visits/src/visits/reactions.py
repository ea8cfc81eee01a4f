"""What visits does when identification speaks: it learns of households, and opens their duties.

A household that goes on the register may be visited; one that is confirmed as monitored must be,
every month (S1.1-05). Both take effect in the transaction that moves the consumer's offset.
"""

from collections.abc import Sequence
from typing import Any

from common.codec import Codec
from common.eventstore import record
from common.ids import derived_id
from common.inbox import Handle, Incoming
from common.intents import Connection, Context, Intent, Store, accepted
from common.policies import Policies
from contracts.envelope import Actor, Envelope
from contracts.episodes import MonitoringConfirmed
from contracts.households import HouseholdRegistered, HouseholdRelocated
from contracts.identification import IdentificationEvent
from contracts.visits import ObligationType
from visits import read_model
from visits.domain.commands import OpenMonthlyObligation
from visits.domain.household import VISITS, month_of, stream_of
from visits.domain.policy import Policy

HEARD = Codec.of(HouseholdRegistered | HouseholdRelocated | MonitoringConfirmed)
# The rest of identification's language, as this version was built with it, is of no consequence here.
# A type that is in neither parks its household until this service is deployed with it.
IGNORED = frozenset(Codec.of(IdentificationEvent).types) - set(HEARD.types)
RULES = Actor(
    person="rules",
    post="RULE_ENGINE",
    organisation="走访规则",
    department="visits",
    region="",
)


def reacting(store: Store, policies: Policies[Policy]) -> Handle:
    """The effect of a batch of identification's events: one statement each way, whatever its size."""

    async def handle(connection: Connection, items: Sequence[Incoming]) -> None:
        events = [item.event for item in items if item.event and item.event.type not in IGNORED]
        heard = [(e, HEARD.decode(e.type, e.schema_version, e.data)) for e in events]
        homes = {p.household_id: home for e, p in heard if (home := _home(e, p))}
        if homes:
            await read_model.remember(connection, homes)
        confirmed = [(e, p) for e, p in heard if isinstance(p, MonitoringConfirmed)]
        intents = [monthly_duty(e, p, policies) for e, p in confirmed]
        if intents:
            accepted(await record(connection, store, intents))

    return handle


def _home(event: Envelope, payload: Any) -> str | None:
    """The area that answers for the household from now on, where the event tells (T19)."""
    match payload:
        case HouseholdRegistered():
            return event.region
        case HouseholdRelocated() if payload.inside_county:
            return payload.to_region
    return None


def monthly_duty(
    cause: Envelope, confirmed: MonitoringConfirmed, policies: Policies[Policy]
) -> Intent:
    """The duty to visit in the month of confirmation; its id is the same however often it is heard.

    Raises `LookupError` when no policy covers the household's region.
    """
    household_id = confirmed.household_id
    policy = policies.of(cause.region, confirmed.confirmed_on)
    first, _ = month_of(confirmed.confirmed_on)
    return Intent(
        stream=stream_of(household_id),
        household_id=household_id,
        decider=VISITS,
        command=OpenMonthlyObligation(
            household_id=household_id,
            obligation_id=derived_id(household_id, f"{ObligationType.MONTHLY_VISIT}:{first}"),
            confirmed_on=confirmed.confirmed_on,
            responsible_region=cause.region,
            policy=policy,
        ),
        context=Context(
            actor=RULES,
            region=cause.region,
            occurred_at=cause.occurred_at,
            correlation_id=cause.correlation_id,
            causation_id=cause.event_id,
            policy_version=policy.version,
            traceparent=cause.traceparent,
        ),
    )
