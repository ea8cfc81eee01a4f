"""S2-02: rules that read who is able to work, or the category, look at a household when the register changes
it, and not only at the next income or registration of unemployment.

What they find now and did not find of the household as it was before is a clue. Nothing is taken back: what
was found before was right in its time.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import Any, get_args
from uuid import UUID

from common.codec import Codec
from common.ids import derived_id
from common.intents import Connection, Intent
from contracts.envelope import Envelope
from contracts.fact_codes import FactType
from contracts.households import (
    CategoryCorrected,
    HeadChanged,
    HouseholdMemberAdded,
    HouseholdMemberRemoved,
    HouseholdSplit,
    LabourCapacityAssessed,
)
from contracts.identification import IdentificationEvent
from identification import unmatched
from identification.domain.findings import History, KnownHousehold, Person
from identification.domain.household import HOUSEHOLD
from identification.domain.policy import Policy
from identification.domain.rules import still_unemployed
from identification.domain.rules_of_income import of_incomes
from identification.domain.states import Household
from identification.effects.clues import report
from identification.effects.heard import Heard, day_of
from identification.effects.second_look import newly_found
from identification.read_model import facts, rules

CHANGE = (
    LabourCapacityAssessed
    | HouseholdMemberAdded
    | HouseholdMemberRemoved
    | HouseholdSplit
    | HeadChanged
    | CategoryCorrected
)
OF_WORK = (FactType.UNEMPLOYMENT, FactType.INSURED_EMPLOYMENT)
_codec = Codec.of(IdentificationEvent)


async def of_changed(heard: Heard) -> list[Intent]:
    """The clues that these changes of households give rise to, with three queries for all of them.

    A person whose data may not be used (PIPL 47) is left out, with all that is known of them; that is
    judged when it may be used again.
    """
    told = heard.of(*get_args(CHANGE))
    if not told:
        return []
    ids = list({change.household_id for _, change in told})
    known = await rules.households(heard.connection, ids, owning=True)
    histories = await facts.counted(heard.connection, ids, OF_WORK, date.min)
    before = await _before(heard.connection, [event for event, _ in told])
    intents, withheld = [], list[tuple[UUID, UUID]]()
    for event, change in told:
        household, history = known[change.household_id], histories[change.household_id]
        restricted = [person for person in _of(change) if household.restricts(person)]
        withheld += [(event.event_id, person) for person in {*restricted, *history.withheld}]
        if household.active and not restricted:
            was = _as_it_was(household, before[event.event_id])
            intents += _found(heard, event, household, was, history)
    await unmatched.withhold(heard.connection, withheld)
    return intents


def _of(change: Any) -> list[UUID]:
    """The person whom a change is about, if it is about one."""
    if isinstance(change, HouseholdMemberAdded):
        return [change.member.person_id]
    return [change.person_id] if isinstance(change, LabourCapacityAssessed) else []


async def _before(connection: Connection, events: Sequence[Envelope]) -> dict[UUID, Household]:
    """The household before each of these events, by event.

    Read from the log: the read model may be ahead, and a merger brings several people at once.
    """
    rows = await connection.fetch(
        """
        select stream, version, type, schema_version, data from es.events
        where stream = any($1::text[]) order by stream, version
        """,
        list({event.stream for event in events}),
    )
    asked = {(event.stream, event.version): event.event_id for event in events}
    found: dict[UUID, Household] = {}
    state, stream = HOUSEHOLD.initial, None
    for row in rows:
        if row["stream"] != stream:
            state, stream = HOUSEHOLD.initial, row["stream"]
        event_id = asked.get((row["stream"], row["version"]))
        if event_id and state:
            found[event_id] = state
        payload = _codec.decode(row["type"], row["schema_version"], row["data"])
        state = HOUSEHOLD.evolve(state, payload)
    return found


def _as_it_was(household: KnownHousehold, then: Household) -> KnownHousehold:
    """With the members and the category of then; all else as it is known now."""
    entry = then.registered
    return replace(
        household,
        category=entry.category,
        marginal_2019=entry.marginal_2019,
        persons=tuple(
            Person(m.person_id, m.born_on, m.labour_capacity, m.relation, m.restricted, m.health)
            for m in entry.members
        ),
    )


def _found(
    heard: Heard, event: Envelope, household: KnownHousehold, was: KnownHousehold, history: History
) -> list[Intent]:
    assert event.household_id
    day = day_of(event)
    policy: Policy = heard.policies.of(household.region, day)
    known_before = {found.rule_id for found in of_incomes(was, policy)}
    new = [
        (found.rule_id, found)
        for found in of_incomes(household, policy)
        if found.rule_id not in known_before
    ]
    new += [
        (f"{found.rule_id}:{fact.event_id}", found)
        for fact in still_unemployed(history, day)
        for found in newly_found(fact, household, was, history, policy)
    ]
    home = event.household_id, household.region
    return [
        report(
            event,
            derived_id(event.event_id, name),
            *home,
            replace(found, evidence=(*found.evidence, event.event_id)),
            day,
            policy,
        )
        for name, found in new
    ]
