"""What a test or an outage of a source means for the households that it serves (S1.3-05)."""

from uuid import UUID

from common.ids import derived_id
from common.intents import Intent
from contracts.envelope import Envelope
from contracts.safeguards import WaterOutageReported, WaterTestRecorded
from identification.domain.findings import Finding, is_monitored
from identification.domain.household import HOUSEHOLD
from identification.domain.policy import Policy
from identification.domain.rules_of_water import failed_test, long_outage
from identification.effects.clues import reporting
from identification.effects.heard import Heard, day_of, following
from identification.read_model import water

Told = WaterTestRecorded | WaterOutageReported


async def of_sources(heard: Heard) -> list[Intent]:
    """A clue for each formerly poor or monitored household served, with one query for all sources."""
    told: list[tuple[Envelope, Told]] = heard.of(WaterTestRecorded, WaterOutageReported)
    if not told:
        return []
    known = await water.served_by(heard.connection, [event.source_id for _, event in told])
    intents = []
    for cause, event in told:
        latest, served = known[event.source_id]
        if isinstance(event, WaterTestRecorded) and event.test_id != latest:
            continue  # a later test is known already: an old one says nothing of today
        day = day_of(cause)
        for one in served:
            policy = heard.policies.of(one.region, day)
            group = one.formerly_poor or is_monitored(one.stage)
            if found := _found(event, cause.event_id, policy, at_risk_group=group):
                intents.append(
                    Intent(
                        stream=f"household-{one.household_id}",
                        household_id=one.household_id,
                        decider=HOUSEHOLD,
                        command=reporting(
                            derived_id(cause.event_id, f"{one.household_id}:{found.rule_id}"),
                            found,
                            found.evidence,
                            day,
                            policy,
                        ),
                        context=following(cause, one.region, day, policy.version),
                    )
                )
    return intents


def _found(event: Told, cause: UUID, policy: Policy, *, at_risk_group: bool) -> Finding | None:
    if isinstance(event, WaterTestRecorded):
        return failed_test(event, cause, at_risk_group=at_risk_group)
    return long_outage(event, cause, policy, at_risk_group=at_risk_group)
