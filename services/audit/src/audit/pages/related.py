"""The households that the events of a household name, as when it split or was merged.

What the event means does not matter: an id counts wherever it stands, if it is that of a household. Of those that the
caller may see it is told what lists call them, and where they are, as beside it; of the others, nothing. That is no look
at them: nothing else of them is shown.
"""

import asyncio
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from fastapi import Request

from audit.access.looks import Looker
from audit.api.wired import runtime_of
from audit.meaning.sentences import Words
from audit.meaning.state import Happened
from audit.pages.naming import Names, names
from audit.read_model import queries

_ID = re.compile("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


@dataclass(frozen=True, slots=True)
class Other:
    """A household that an event names: what lists call it, if it has that, and where it is."""

    household_id: UUID
    region: str
    called: Words | None


async def others_in(
    request: Request, caller: Looker, events: Sequence[Happened]
) -> dict[UUID, list[Other]]:
    """By event, the other households of the caller's area that it names; none for a caller who sees only a
    part of this household."""
    if not caller.sight.whole:
        return {}
    named = await asyncio.to_thread(_named, events)
    asked = {id_ for ids in named.values() for id_ in ids} - {caller.household_id}
    known = await queries.among(runtime_of(request).pool, caller.actor.region, asked)
    called = await names(request, list(known)) if known else Names({}, {})
    others = {
        id_: Other(id_, region, called.said[id_].get(called.first)) for id_, region in known.items()
    }
    found = {event: [others[id_] for id_ in ids if id_ in others] for event, ids in named.items()}
    return {event: ids for event, ids in found.items() if ids}


def _named(events: Sequence[Happened]) -> dict[UUID, list[UUID]]:
    return {event.event_id: list(dict.fromkeys(_ids(event.payload))) for event in events}


def _ids(value: Any) -> Iterator[UUID]:
    """The ids in a payload."""
    if isinstance(value, str) and _ID.fullmatch(value):
        yield UUID(value)
    elif isinstance(value, dict | list):
        for inside in value.values() if isinstance(value, dict) else value:
            yield from _ids(inside)
