"""PIPL 47: when a person's data may be used again, the rules look at what they had to leave out."""

from dataclasses import replace
from typing import Any

from common.codec import Codec
from common.intents import Intent
from common.rows import from_row
from contracts.envelope import Envelope
from contracts.facts import DepartmentFactCorrected, DepartmentFactRecorded
from contracts.persons import RestrictionLifted
from identification import unmatched
from identification.effects import clues
from identification.effects.heard import Heard, day_of

_facts = Codec.of(DepartmentFactRecorded | DepartmentFactCorrected)


async def of_lifted(heard: Heard) -> list[Intent]:
    """The clues of facts that were judged, or left out, while restrictions that ended now held.

    They are discovered on the day of the end: before it nobody could act. A clue that was reported
    has the same id, so it is not reported again.
    """
    lifted = heard.of(RestrictionLifted)
    if not lifted:
        return []
    events = await unmatched.released(heard.connection, [p.person_id for _, p in lifted])
    rows = await heard.connection.fetch(
        """
        select e.* from es.events e join read.fact f using (event_id)
        where f.event_id = any($1::uuid[]) and f.current order by e.position
        """,
        events,
    )
    on = day_of(lifted[-1][0])
    told: list[tuple[Envelope, Any]] = []
    for row in rows:
        event = from_row("identification", row)
        fact = _facts.decode(event.type, event.schema_version, event.data)
        told.append((event, replace(fact, received_on=on)))
    return await clues.from_facts(Heard(heard.connection, heard.policies, told))
