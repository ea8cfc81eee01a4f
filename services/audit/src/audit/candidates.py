"""What tells apart the households that a masked number may be of: nothing of a person.

Each as the log tells it now: its number on the register, its stage, its last record. Of a household
that the log does not have yet, or has in an area that is not the caller's, only what identification said.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import asyncpg
from fastapi import Request

from audit import queries
from audit.api import runtime_of, vocabulary_of
from audit.happened import recorded
from audit.history import label, spoken
from audit.sentences import Words
from audit.state import state
from common.auth import Principal

TELLING = ("register_number", "stage", "co_living_count")
"""State fields, as far as services publish them. None is about a person."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A household; in words each field of `TELLING` that it has, and its last record and when that was
    made."""

    household_id: UUID
    region: str
    said: dict[str, Words]
    last: Words | None = None
    recorded_at: datetime | None = None


async def told(
    request: Request, caller: Principal, found: Sequence[tuple[UUID, str]]
) -> list[Candidate]:
    """Households, by id and area, in words."""
    runtime = runtime_of(request)
    pool: asyncpg.Pool = runtime.pool
    known = await queries.among(pool, caller.actor.region, [id_ for id_, _ in found])
    return [
        await _told(request, id_, known[id_]) if id_ in known else Candidate(id_, region, {})
        for id_, region in found
    ]


def headings(request: Request) -> dict[str, Words]:
    """The fields of `TELLING` that a service publishes, with their names."""
    words = vocabulary_of(request).state()
    labels = {name: label(name, words) for name in TELLING if name in words}
    return {n: Words(said.zh, said.en[:1].upper() + said.en[1:]) for n, said in labels.items()}


async def _told(request: Request, id_: UUID, region: str) -> Candidate:
    runtime, vocabulary = runtime_of(request), vocabulary_of(request)
    now, words = runtime.clock.now(), vocabulary.state()
    events = await recorded(runtime, vocabulary, id_, now)
    fields = state(events, now, now).fields
    said = {name: spoken(name, fields[name].value, words) for name in TELLING if name in fields}
    last = max(events, key=lambda e: (e.recorded_at, e.service, e.stream, e.version), default=None)
    if last is None:
        return Candidate(id_, region, said)
    what = vocabulary.label(last.service, last.type, last.schema_version)
    return Candidate(id_, region, said, what, last.recorded_at)
