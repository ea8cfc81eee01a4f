"""What identification does when it hears its own events: rules run on facts, in order, per household,
and what a split or a merger asks of other households is done (`consequences`).

It listens to its own topic as it listens to anybody's, so facts and rules are decoupled by the log:
a rule that fails parks one household and holds up neither the departments nor other households.
"""

from collections.abc import Sequence
from datetime import date

from common.clock import start_of
from common.codec import Codec
from common.eventstore import record
from common.ids import derived_id
from common.inbox import Handle, Incoming
from common.intents import Connection, Context, Intent, Store, accepted
from common.policies import Policies
from contracts.codes import Category, Channel, FactType
from contracts.envelope import Actor, Envelope
from contracts.facts import DepartmentFactRecorded
from contracts.identification import IdentificationEvent
from identification import consequences
from identification.domain.commands import ReportRisk
from identification.domain.household import HOUSEHOLD
from identification.domain.policy import Policy
from identification.domain.rules import Finding, medical_cost
from identification.read_model import facts, register

HEARD = Codec.of(DepartmentFactRecorded | consequences.FOLLOWED)
# The rest of our own language is of no consequence here. A type that is in neither, from a newer
# version of this service, parks its household until this version is replaced.
IGNORED = frozenset(Codec.of(IdentificationEvent).types) - set(HEARD.types)
RULES = Actor(
    person="rules",
    post="RULE_ENGINE",
    organisation="风险规则",
    department="identification",
    region="",
)


def reacting(store: Store, policies: Policies[Policy]) -> Handle:
    """The effect of a batch of our own events: facts become clues, in the same transaction."""

    async def handle(connection: Connection, items: Sequence[Incoming]) -> None:
        events = [item.event for item in items if item.event and item.event.type not in IGNORED]
        told = [(e, HEARD.decode(e.type, e.schema_version, e.data)) for e in events]
        facts = [(e, p) for e, p in told if isinstance(p, DepartmentFactRecorded)]
        if facts:
            intents = await _clues(connection, policies, facts)
            accepted(await record(connection, store, intents))
        followed = [(e, p) for e, p in told if isinstance(p, consequences.FOLLOWED)]
        if followed:
            await consequences.follow(connection, store, policies, followed)

    return handle


async def _clues(
    connection: Connection,
    policies: Policies[Policy],
    told: Sequence[tuple[Envelope, DepartmentFactRecorded]],
) -> list[Intent]:
    """The clues that these facts give rise to, with two queries for all of them."""
    settled = [(e, f) for e, f in told if f.fact_type is FactType.MEDICAL_SETTLEMENT]
    ids = list({fact.household_id for _, fact in settled})
    households = await register.for_rules(connection, ids)
    costs = await facts.medical_costs(connection, ids)
    intents = []
    for event, fact in settled:
        known = households[fact.household_id]
        policy = policies.of(known.region, fact.received_on)
        finding = medical_cost(
            costs[fact.household_id],
            fact.detected_on,
            at_risk_group=known.category == Category.FORMERLY_POOR or known.stage == "MONITORED",
            policy=policy,
        )
        if finding:
            intents.append(_intent(event, fact.received_on, finding, known.region, policy))
    return intents


def _intent(
    cause: Envelope, received_on: date, finding: Finding, region: str, policy: Policy
) -> Intent:
    """Report the finding; the clue's id follows from its cause, so a repetition has the same."""
    household_id = cause.household_id
    return Intent(
        stream=f"household-{household_id}",
        household_id=household_id,
        decider=HOUSEHOLD,
        command=ReportRisk(
            clue_id=derived_id(cause.event_id, finding.rule_id),
            channel=Channel.DEPARTMENT_WARNING,
            risk_types=(finding.risk_type,),
            severity=finding.severity,
            evidence_event_ids=finding.evidence,
            rule_id=finding.rule_id,
            rule_version=finding.rule_version,
            discovered_on=received_on,
            summary_zh=finding.summary_zh,
            summary_en=finding.summary_en,
            policy=policy,
            today=received_on,
        ),
        context=Context(
            actor=RULES,
            region=region,
            occurred_at=max(cause.occurred_at, start_of(received_on)),
            correlation_id=cause.correlation_id,
            causation_id=cause.event_id,
            policy_version=policy.version,
            traceparent=cause.traceparent,
        ),
    )
