"""A48: when parameters change, since a version is published or begins or ends to be in force, each
household that comes within them opens a clue.

Only households that the change brings in: those that the parameters of before found have had their clue,
and what was decided under those stands.
"""

from collections.abc import Callable, Collection
from dataclasses import replace
from datetime import date, timedelta
from functools import partial
from uuid import UUID

from common.ids import derived_id
from common.intents import Intent
from contracts.envelope import Envelope
from contracts.fact_codes import FactType
from contracts.policies import PolicyInForceChanged, PolicyVersionPublished
from identification import unmatched
from identification.domain.policy import Policy
from identification.domain.rules import EVIDENCE, ROLLING
from identification.domain.screening import Moved, compare, found
from identification.effects.clues import report
from identification.effects.heard import Heard, day_of
from identification.read_model import facts, policies, screening

ByRegion = Callable[[str], Policy]
Change = PolicyVersionPublished | PolicyInForceChanged


async def of_changed(heard: Heard) -> list[Intent]:
    """The clues that a published version opens, or a day from which other parameters are in force, with
    three queries for the whole area.

    Facts of a person whose data may not be used (PIPL 47) are screened when they may be used again.
    """
    intents: list[Intent] = []
    for event, changed, then in await _changes(heard):
        households = await screening.of_area(heard.connection, changed.region, _day(changed))
        entering, _ = compare(households, *then)
        intents += await _clues(heard, event, _day(changed), entering)
        withheld = await screening.left_out(heard.connection, changed.region)
        await unmatched.withhold(heard.connection, [(event.event_id, one) for one in withheld])
    return intents


async def of_lifted(heard: Heard, persons: Collection[UUID]) -> list[Intent]:
    """The clues of households that these changes would have brought in if these persons' data could have
    been used. What is found without that data was reported at the time."""
    intents: list[Intent] = []
    for event, changed, then in await _changes(heard):
        day, homes = day_of(event), await screening.homes(heard.connection, persons)
        area = heard.connection, changed.region, day, homes
        entering, _ = compare(await screening.of_area(*area), *then)
        rest = await screening.of_area(*area, without=persons)
        told = {(h.household_id, f.rule_id) for h in rest for f in found(h, then[1](h.region))}
        new = [m for m in entering if (m.household.household_id, m.finding.rule_id) not in told]
        intents += await _clues(heard, event, day, new)
        withheld = await screening.left_out(heard.connection, changed.region)
        again = [one for one in withheld if one in persons]
        await unmatched.withhold(heard.connection, [(event.event_id, one) for one in again])
    return intents


async def _changes(heard: Heard) -> list[tuple[Envelope, Change, tuple[ByRegion, ByRegion]]]:
    """The changes of parameters, with those of before and after."""
    changes: list[tuple[Envelope, Change, tuple[ByRegion, ByRegion]]] = []
    for event, changed in heard.of(PolicyVersionPublished, PolicyInForceChanged):
        await policies.refresh(heard.policies, heard.connection)
        book = heard.policies
        if isinstance(changed, PolicyInForceChanged):
            on = changed.changed_on
            then = partial(book.of, on=on - timedelta(days=1)), partial(book.of, on=on)
            changes.append((event, changed, then))
            continue
        before, on = book.without(changed.version), changed.received_on
        if any(changed.region.startswith(v.region) for v in before.versions):
            changes.append((event, changed, (partial(before.of, on=on), partial(book.of, on=on))))
        # else: the first version of an area, and there is nothing that it changes
    return changes


def _day(changed: Change) -> date:
    """The day on which a change became known."""
    known: date = (
        changed.noted_on if isinstance(changed, PolicyInForceChanged) else changed.received_on
    )
    return known


async def _clues(heard: Heard, event: Envelope, day: date, entering: list[Moved]) -> list[Intent]:
    """The clues of households that enter on a day."""
    evidence = await _settlements(heard, day, entering)
    return [_clue(heard, event, day, moved, evidence) for moved in entering]


async def _settlements(
    heard: Heard, day: date, entering: list[Moved]
) -> dict[UUID, tuple[UUID, ...]]:
    """What a finding about own cost rests on: the settlements of the twelve months to the day, the latest."""
    ids = [m.household.household_id for m in entering if not m.finding.evidence]
    if not ids:
        return {}
    after = timedelta(days=1)
    kind, since = FactType.MEDICAL_SETTLEMENT, day - ROLLING + after
    counted = await facts.counted(heard.connection, ids, [kind], since)
    return {
        one: tuple(f.event_id for f in some.of(kind).between(since, day + after))[-EVIDENCE:]
        for one, some in counted.items()
    }


def _clue(
    heard: Heard,
    event: Envelope,
    day: date,
    moved: Moved,
    evidence: dict[UUID, tuple[UUID, ...]],
) -> Intent:
    home, finding = moved.household, moved.finding
    clue_id = derived_id(event.event_id, f"{home.household_id}:{finding.rule_id}")
    rests_on = finding.evidence or evidence.get(home.household_id, ())
    policy = heard.policies.of(home.region, day)
    return report(
        event,
        clue_id,
        home.household_id,
        home.region,
        replace(finding, evidence=rests_on),
        day,
        policy,
    )
