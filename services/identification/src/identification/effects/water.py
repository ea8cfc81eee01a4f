"""What a test or an outage of a source means for the households that it serves (S1.3-05)."""

from common.ids import derived_id
from common.intents import Intent
from contracts.envelope import Envelope
from contracts.safeguards import WaterOutageReported, WaterServiceChanged, WaterTestRecorded
from identification.domain.findings import Finding
from identification.domain.rules_of_water import failed_test, long_outage
from identification.domain.stages import MONITORING
from identification.effects.clues import report
from identification.effects.heard import Heard, day_of
from identification.read_model import water
from identification.read_model.water import Served, Supply

Told = WaterTestRecorded | WaterOutageReported | WaterServiceChanged


async def of_sources(heard: Heard) -> list[Intent]:
    """A clue for each formerly poor or monitored household served, with one query for all sources."""
    told: list[tuple[Envelope, Told]] = heard.of(
        WaterTestRecorded, WaterOutageReported, WaterServiceChanged
    )
    if not told:
        return []
    known = await water.served_by(heard.connection, [event.source_id for _, event in told])
    return [
        intent
        for cause, event in told
        for one in known[event.source_id].served
        if (intent := _clue(heard, cause, event, known[event.source_id], one))
    ]


def _clue(heard: Heard, cause: Envelope, event: Told, supply: Supply, one: Served) -> Intent | None:
    """The clue of one household. Its id follows from the test or outage, not from the connection, so
    that a household that is connected again is not warned again."""
    day = day_of(cause)
    policy = heard.policies.of(one.region, day)
    group = one.formerly_poor or one.stage in MONITORING
    found: Finding | None = None
    match event:
        case WaterTestRecorded() if event.test_id == supply.test_id:  # an older one says nothing
            found = failed_test(
                event.faults, event.valid_to, cause.event_id, day, at_risk_group=group
            )
        case WaterServiceChanged() if one.household_id in event.connected and supply.test_event_id:
            found = failed_test(
                supply.faults, supply.valid_to, supply.test_event_id, day, at_risk_group=group
            )
        case WaterOutageReported():
            found = long_outage(event, cause.event_id, policy, at_risk_group=group)
    if found is None:
        return None
    (evidence,) = found.evidence
    clue_id = derived_id(evidence, f"{one.household_id}:{found.rule_id}")
    return report(cause, clue_id, one.household_id, one.region, found, day, policy)
