"""A household at any point of two clocks, and what lies between two points, over HTTP."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response

from audit.access.looks import Looker, looking
from audit.api.concerned import concerned
from audit.api.filters import At, moment
from audit.api.timeline import Item, told
from audit.api.wired import runtime_of, vocabulary_of
from audit.meaning.fields import label, spoken, worded
from audit.meaning.sentences import Words
from audit.meaning.state import Value, diff, state
from audit.meaning.vocabulary import StateWords
from audit.read_model import queries
from audit.read_model.happened import recorded
from audit.verify import fields_hash
from common.http import encoded
from common.service import Runtime
from contracts.access import Shown

router = APIRouter(tags=["history"])


@dataclass(frozen=True, slots=True)
class Field:
    """A field of the state in words, and the event that made it so."""

    field: str
    label: Words
    value: Any
    shown: Words
    event_id: UUID


def fields(found: Mapping[str, Value], words: Mapping[str, StateWords]) -> list[Field]:
    """Fields of a state in words, by name."""
    return [
        Field(name, *worded(name, v.value, words), v.event_id) for name, v in sorted(found.items())
    ]


@dataclass(frozen=True, slots=True)
class AtPoint:
    """How things were at `valid_at`, as they were known at `known_at`; fields by name.

    `hash` is over names and values, as `verify.py` says it when it replays the dossier.
    """

    household_id: UUID
    valid_at: datetime
    known_at: datetime
    hash: str
    fields: list[Field]


@dataclass(frozen=True, slots=True)
class Change:
    """A field that differs. `event` is behind it: it set, cleared, corrected or retracted; absent if
    the caller's department does not see it."""

    field: str
    label: Words
    before: Any
    after: Any
    shown_before: Words
    shown_after: Words
    event: Item | None


@dataclass(frozen=True, slots=True)
class Point:
    """A point of the two clocks."""

    valid_at: datetime
    known_at: datetime


@dataclass(frozen=True, slots=True)
class Between:
    """What differs between two points."""

    household_id: UUID
    before: Point
    after: Point
    changes: list[Change]


@router.get(
    "/v1/households/{household_id}/state",
    summary="A household as it was, as it was known",
    response_model=AtPoint,
)
async def at_point(
    household_id: UUID,
    request: Request,
    caller: Annotated[Looker, looking(Shown.STATE)],
    valid_at: At = None,
    known_at: At = None,
) -> Response:
    """Without `known_at`, all that is known now; without `valid_at`, up to now.

    A correction that was recorded after `known_at` has no part in the answer.
    """
    runtime, vocabulary = runtime_of(request), vocabulary_of(request)
    point = _point(runtime, moment(valid_at), moment(known_at))
    events = await recorded(runtime, vocabulary, household_id, point.known_at)
    known = await asyncio.to_thread(state, events, point.valid_at, point.known_at)
    found, words = caller.sight.state(known), vocabulary.state()
    return encoded(
        AtPoint(
            household_id,
            point.valid_at,
            point.known_at,
            fields_hash({name: v.value for name, v in found.fields.items()}),
            fields(found.fields, words),
        )
    )


@router.get(
    "/v1/households/{household_id}/diff",
    summary="What changed between two points, and by which event",
    response_model=Between,
)
async def between(
    household_id: UUID,
    request: Request,
    caller: Annotated[Looker, looking(Shown.DIFFERENCE)],
    earlier: Annotated[str, Query(alias="from", description="valid_at of the first point")],
    later: Annotated[str | None, Query(alias="to", description="of the second; now")] = None,
    known_from: At = None,
    known_to: At = None,
) -> Response:
    """`from` and `to` set both clocks of a point each; `known_from` and `known_to` set only the second
    clock.

    So the same day for `from` and `to`, with the other two, shows what a correction changed.
    """
    runtime, vocabulary = runtime_of(request), vocabulary_of(request)
    first, last = moment(earlier), moment(later)
    before = _point(runtime, first, moment(known_from) or first)
    after = _point(runtime, last, moment(known_to) or last)
    events = await recorded(runtime, vocabulary, household_id, max(before.known_at, after.known_at))
    sight = caller.sight
    was, told_of = [
        sight.state(await asyncio.to_thread(state, events, p.valid_at, p.known_at))
        for p in (before, after)
    ]
    changes = diff(was, told_of)
    behind = {c.event_id for c in changes if sight.whole or c.event_id in sight.events}
    entries = await queries.by_id(runtime.engine, household_id, behind)
    items = {entry.event_id: told(entry, vocabulary) for entry in entries}
    words = vocabulary.state()
    of_each = await asyncio.to_thread(concerned, sight.among(events), told_of, words)
    for id_, ones in of_each.items():
        if id_ in items:
            items[id_].concerned = ones
    return encoded(
        Between(
            household_id,
            before,
            after,
            [
                Change(
                    change.field,
                    label(change.field, words),
                    change.before,
                    change.after,
                    spoken(change.field, change.before, words),
                    spoken(change.field, change.after, words),
                    items.get(change.event_id),
                )
                for change in changes
            ],
        )
    )


def _point(runtime: Runtime, valid_at: datetime | None, known_at: datetime | None) -> Point:
    now = runtime.clock.now()
    return Point(valid_at or now, known_at or now)
