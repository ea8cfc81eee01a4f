"""What people call the households of a list by: the fields that services publish as naming.

They are folded as on the page of a household, so that corrections count; but only from the few events that
may change these fields, in one query for all households of a list. So the names are always up to date. The
order of the list comes from what is kept (`called`), which may be some seconds old.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from fastapi import Request

from audit.access.looks import Looker
from audit.access.signing_in import SCOPE
from audit.api.wired import runtime_of, vocabulary_of
from audit.meaning import declared
from audit.meaning.fields import label, spoken
from audit.meaning.sentences import ABSENT, Words
from audit.meaning.state import Happened, state
from audit.meaning.vocabulary import StateWords, Vocabulary
from audit.read_model import queries
from audit.read_model.called import first, naming
from audit.read_model.happened import happened

MOST: Final = 4  # fields: a list has columns of its own beside them


@dataclass(frozen=True, slots=True)
class Names:
    """The naming fields in order, with their names for people; and for each household, in words, the ones
    that it has."""

    headings: dict[str, Words]
    said: dict[UUID, dict[str, Words]]

    @property
    def first(self) -> str:
        """The field that a household is called by; empty if nothing is published."""
        return next(iter(self.headings), "")


async def names(request: Request, households: Sequence[UUID]) -> Names:
    """Of these households, as they are now."""
    runtime, vocabulary = runtime_of(request), vocabulary_of(request)
    now, words = runtime.clock.now(), vocabulary.state()
    fields = naming(words)[:MOST]
    wanted = declared.touching(vocabulary, fields)
    rows = await queries.of_households(runtime.pool, households, now, wanted) if fields else []
    events: dict[UUID, list[Happened]] = {id_: [] for id_ in households}
    for row in rows:
        events[UUID(row["key"])].append(happened(row, vocabulary))
    said = {}
    for id_, those in events.items():
        found = state(those, now, now).fields
        told = {name: spoken(name, found[name].value, words) for name in fields if name in found}
        said[id_] = {name: value for name, value in told.items() if value.zh != ABSENT}
    return Names({name: _heading(name, words) for name in fields}, said)


async def called(request: Request, caller: Looker) -> Words | None:
    """What the household is called on its own page; `None` if nothing, or if the caller may not read that
    page: reading who looked at the household does not need that right."""
    if SCOPE not in caller.scopes:
        return None
    found = await names(request, [caller.household_id])
    return found.said[caller.household_id].get(found.first)


def heading(vocabulary: Vocabulary) -> Words | None:
    """The name of the field that households are called by, as in a sentence; `None` until it is published."""
    name = first(vocabulary)
    return label(name, vocabulary.state()) if name else None


def _heading(name: str, words: dict[str, StateWords]) -> Words:
    said = label(name, words)
    return Words(said.zh, said.en[:1].upper() + said.en[1:])
