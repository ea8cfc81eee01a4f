"""A48: when a version of the policy is published, who comes within it opens a clue.

Only households that the version brings in: those that its predecessor found as well have had their clue,
and what was decided under it stands.
"""

from uuid import UUID

from common.ids import derived_id
from common.intents import Intent
from contracts.envelope import Envelope
from contracts.fact_codes import FactType
from contracts.policies import PolicyVersionPublished
from identification.domain.screening import Moved, compare
from identification.effects.clues import reporting
from identification.effects.heard import Heard, following, to_household
from identification.read_model import facts, policies, screening


async def of_publication(heard: Heard) -> list[Intent]:
    """The clues that a published version opens, with two queries for the whole area."""
    intents: list[Intent] = []
    for event, published in heard.of(PolicyVersionPublished):
        await policies.refresh(heard.policies, heard.connection)
        intents += await _opened(heard, event, published)
    return intents


async def _opened(heard: Heard, event: Envelope, published: PolicyVersionPublished) -> list[Intent]:
    day, book = published.received_on, heard.policies
    before = book.without(published.version)
    if not any(published.region.startswith(v.region) for v in before.versions):
        return []  # the first version of an area: there is nothing that it changes
    households = await screening.of_area(heard.connection, published.region, day)
    entering, _ = compare(
        households, lambda region: before.of(region, day), lambda region: book.of(region, day)
    )
    evidence = await _settlements(heard, entering)
    return [_clue(heard, event, published, moved, evidence) for moved in entering]


async def _settlements(heard: Heard, entering: list[Moved]) -> dict[UUID, list[UUID]]:
    """What a finding about own cost rests on."""
    ids = [m.household.household_id for m in entering if not m.finding.evidence]
    if not ids:
        return {}
    counted = await facts.counted(
        heard.connection,
        ids,
        [FactType.MEDICAL_SETTLEMENT],
        min(e.recorded_at.date() for e, _ in heard.events) - screening.YEAR,
    )
    return {one: [fact.event_id for fact in some.all] for one, some in counted.items()}


def _clue(
    heard: Heard,
    event: Envelope,
    published: PolicyVersionPublished,
    moved: Moved,
    evidence: dict[UUID, list[UUID]],
) -> Intent:
    household, finding, day = moved.household, moved.finding, published.received_on
    policy = heard.policies.of(household.region, day)
    return to_household(
        household.household_id,
        reporting(
            derived_id(event.event_id, f"{household.household_id}:{finding.rule_id}"),
            finding,
            finding.evidence or tuple(evidence.get(household.household_id, ())),
            day,
            policy,
        ),
        following(event, household.region, day, policy.version),
    )
