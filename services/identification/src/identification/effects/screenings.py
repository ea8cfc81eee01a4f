"""A48: when a version of the policy is published, or one that was published ahead comes into force or ends,
who comes within what holds then opens a clue.

Only households that this brings in: those that were found by what held before have had their clue, and what
was decided under it stands.
"""

from collections.abc import Callable
from datetime import date, timedelta
from functools import partial
from uuid import UUID

from common.ids import derived_id
from common.intents import Intent
from contracts.envelope import Envelope
from contracts.fact_codes import FactType
from contracts.policies import PolicyInForceChanged, PolicyVersionPublished
from identification.domain.policy import Policy
from identification.domain.screening import Moved, compare
from identification.effects.clues import reporting
from identification.effects.heard import Heard, following, to_household
from identification.read_model import facts, policies, screening

ByRegion = Callable[[str], Policy]


async def of_publication(heard: Heard) -> list[Intent]:
    """The clues that a published version opens, with two queries for the whole area."""
    intents: list[Intent] = []
    for event, published in heard.of(PolicyVersionPublished):
        await policies.refresh(heard.policies, heard.connection)
        day, book = published.received_on, heard.policies
        before = book.without(published.version)
        if not any(published.region.startswith(v.region) for v in before.versions):
            continue  # the first version of an area: there is nothing that it changes
        then = partial(before.of, on=day), partial(book.of, on=day)
        intents += await _opened(heard, event, published.region, day, then)
    return intents


async def of_days(heard: Heard) -> list[Intent]:
    """The clues that the first day of other parameters opens, likewise."""
    intents: list[Intent] = []
    for event, changed in heard.of(PolicyInForceChanged):
        await policies.refresh(heard.policies, heard.connection)
        day, book = changed.changed_on, heard.policies
        then = partial(book.of, on=day - timedelta(days=1)), partial(book.of, on=day)
        intents += await _opened(heard, event, changed.region, changed.noted_on, then)
    return intents


async def _opened(
    heard: Heard, event: Envelope, area: str, day: date, then: tuple[ByRegion, ByRegion]
) -> list[Intent]:
    """The clues of an area as it stands on a day, by the parameters before and after."""
    households = await screening.of_area(heard.connection, area, day)
    entering, _ = compare(households, *then)
    evidence = await _settlements(heard, entering)
    return [_clue(heard, event, day, moved, evidence) for moved in entering]


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
    day: date,
    moved: Moved,
    evidence: dict[UUID, list[UUID]],
) -> Intent:
    household, finding = moved.household, moved.finding
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
