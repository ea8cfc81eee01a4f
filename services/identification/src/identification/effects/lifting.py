"""PIPL 47: when a person's data may be used again, the rules look at what they had to leave out."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any
from uuid import UUID

from msgspec import structs

from common.codec import Codec
from common.intents import Intent
from common.rows import from_row
from contracts.assessments import IncomeAssessed
from contracts.circumstances import BirthDateCorrected
from contracts.envelope import Envelope
from contracts.facts import (
    DepartmentFactCorrected,
    DepartmentFactRecorded,
    DepartmentFactRetracted,
)
from contracts.persons import RestrictionLifted
from contracts.policies import PolicyInForceChanged, PolicyVersionPublished
from identification import unmatched
from identification.effects import births, clues, corrections, labour, screenings, second_look
from identification.effects.heard import Heard, day_of

FACTS = DepartmentFactRecorded | DepartmentFactCorrected | DepartmentFactRetracted
_events = Codec.of(
    FACTS
    | IncomeAssessed
    | BirthDateCorrected
    | labour.CHANGE
    | PolicyVersionPublished
    | PolicyInForceChanged
)

Told = tuple[Envelope, Any]


async def of_lifted(heard: Heard) -> list[Intent]:
    """What follows from all that was left out while these restrictions held: clues, from facts, corrections
    of incomes and of birth dates (T20), changes of labour and of the parameters (A48); and what is to be
    said of clues whose evidence was corrected or retracted (A50).

    A clue is discovered on the day of the end: nobody could act before. One that was reported before has
    the same id, so it is not reported again.
    """
    lifted = heard.of(RestrictionLifted)
    if not lifted:
        return []
    persons = {p.person_id for _, p in lifted}
    told = await _released(heard, persons, lifted[-1][0])
    again = Heard(heard.connection, heard.policies, told)
    corrected = _at_once((e, a) for e, a in told if isinstance(a, IncomeAssessed))
    return [
        *await clues.from_facts(again),
        *await corrections.of_evidence(again),
        *await second_look.of_corrected(again, corrected, persons),
        *await corrections.of_corrected(again, corrected),
        *await births.of_corrected(again),
        *await labour.of_changed(again),
        *await screenings.of_lifted(again, persons),
    ]


async def _released(heard: Heard, persons: Iterable[UUID], end: Envelope) -> list[Told]:
    """The events that were left out, except facts that were corrected since. To the rules they are recorded
    at the end of the restriction."""
    rows = await heard.connection.fetch(
        """
        select e.* from es.events e left join read.fact f using (household_id, event_id)
        where e.event_id = any($1::uuid[])
            and (f.current is not false or e.type = 'DepartmentFactRetracted')
        order by e.position
        """,
        await unmatched.released(heard.connection, list(persons)),
    )
    told: list[Told] = []
    for row in rows:
        event = from_row("identification", row)
        payload = _events.decode(event.type, event.schema_version, event.data)
        if isinstance(payload, FACTS):
            payload = replace(payload, received_on=day_of(end))
        told.append((structs.replace(event, recorded_at=end.recorded_at), payload))
    return told


def _at_once(corrected: Iterable[Told]) -> list[Told]:
    """Several corrections of one assessment as one: from what the first corrected to what the last says. No
    clue rests on a version in between."""
    found: dict[UUID, Told] = {}
    for event, assessed in corrected:
        _, first = found.get(assessed.assessment_id, (event, assessed))
        found[assessed.assessment_id] = (event, replace(assessed, corrects=first.corrects))
    return [*found.values()]
