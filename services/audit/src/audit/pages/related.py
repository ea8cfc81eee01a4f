"""The households that the events of a household name, as when it split or was merged.

What the event means does not matter: an id counts wherever it stands, if it is that of a household.
"""

import asyncio
import re
from collections.abc import Iterator, Sequence
from typing import Any
from uuid import UUID

import asyncpg

from audit.access.looks import Looker
from audit.meaning.state import Happened
from audit.read_model import queries

_ID = re.compile("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


async def others_in(
    pool: asyncpg.Pool, caller: Looker, events: Sequence[Happened]
) -> dict[UUID, list[str]]:
    """By event, the other households of the caller's area that it names; none for a caller who sees only a
    part of this household."""
    if not caller.sight.whole:
        return {}
    named = await asyncio.to_thread(_named, events)
    asked = {id_ for ids in named.values() for id_ in ids} - {caller.household_id}
    known = await queries.among(pool, caller.actor.region, asked)
    found = {event: [str(id_) for id_ in ids if id_ in known] for event, ids in named.items()}
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
