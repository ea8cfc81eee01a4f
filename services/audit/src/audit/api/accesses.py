"""Who looked, what for, what they were shown, and who was refused; the latest first.

Looks at a household are those of every service: of audit, and of whoever else keeps the stream
`access-to-household-…`. Looks at lists are those of an area. Whoever reads this is recorded in it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import Response
from sqlalchemy import Boolean, ColumnElement, false, literal_column, not_, tuple_
from sqlmodel import col

from audit.access.lists import Lister, listing
from audit.access.lists import stream_of as area_stream
from audit.access.looks import READ, Looker, looking, stream_of
from audit.api.filters import NO_NUL, At, moment
from audit.api.households import Cursor
from audit.api.timeline import Who, cursor_after, place_in, told
from audit.api.wired import runtime_of, vocabulary_of
from audit.meaning.sentences import Words, shown
from audit.meaning.state import at
from audit.meaning.vocabulary import Vocabulary
from audit.meaning.words import DEPARTMENTS
from audit.read_model import OF_AREAS, Entry, queries
from audit.verify import payload
from common.auth import Area
from common.http import encoded
from common.paging import USUAL, Limit, lead_on
from contracts.access import Shown

router = APIRouter(tags=["access"])

NAMES = ("department", "refused", "since", "until")


@dataclass(frozen=True, slots=True)
class Access:
    """A look. `who` is as it was that day; `purpose` and `shown` are absent where it was not said."""

    event_id: UUID
    service: str
    type: str
    label: Words
    sentence: Words
    who: Who
    region: str
    looked_at: datetime
    recorded_at: datetime
    shown: Words | None
    purpose: Words | None
    refused: bool
    refusal: Words | None
    hash: str


@dataclass(frozen=True, slots=True)
class Accesses:
    """A page of them."""

    household_id: UUID
    items: list[Access]
    next: str | None


@dataclass(frozen=True, slots=True)
class AccessesToArea:
    """The same, of lists of households inside an area."""

    region: str
    items: list[Access]
    next: str | None


@dataclass(frozen=True, slots=True)
class Asked:
    """Which looks; `None` asks for nothing in particular."""

    department: str | None = None
    refused: bool | None = None
    since: datetime | None = None
    until: datetime | None = None


def asked(
    department: Annotated[
        str | None, Query(description="only by this department", pattern=NO_NUL)
    ] = None,
    refused: Annotated[bool | None, Query(description="refused, or let in")] = None,
    since: At = None,
    until: At = None,
) -> Asked:
    """For a route's parameter. Raises `Problem` (400) for what is neither a moment nor a date.

    `since` a date is from its first moment on, `until` one up to its last. A form sends empty fields.
    """
    return Asked(
        department or None, refused, moment(since or None, first=True), moment(until or None)
    )


@router.get(
    "/v1/households/{household_id}/accesses",
    summary="Who looked at a household, and who was refused, the latest first",
    response_model=Accesses,
)
async def accesses(
    household_id: UUID,
    request: Request,
    caller: Annotated[Looker, looking(Shown.ACCESSES, scope=READ, staff=True)],
    wanted: Annotated[Asked, Depends(asked)],
    cursor: Cursor = None,
    limit: Limit = USUAL,
) -> Response:
    """For those who oversee; a look is here as soon as audit has heard of it on Kafka."""
    items, following = await latest(request, of_household(caller), wanted, cursor, limit)
    answer = encoded(Accesses(household_id, items, following))
    lead_on(request, answer, following)
    return answer


@router.get(
    "/v1/accesses",
    summary="Who looked at lists of households, and who was refused, the latest first",
    response_model=AccessesToArea,
)
async def to_area(
    request: Request,
    caller: Annotated[Lister, listing(Shown.ACCESSES, scope=READ)],
    wanted: Annotated[Asked, Depends(asked)],
    region: Area = None,
    cursor: Cursor = None,
    limit: Limit = USUAL,
) -> Response:
    """Those of an area, given by the first digits of its code; without one, of the caller's."""
    items, following = await latest(request, of_area(caller), wanted, cursor, limit)
    say_shown(caller, wanted)
    answer = encoded(AccessesToArea(caller.place, items, following))
    lead_on(request, answer, following)
    return answer


def say_shown(caller: Lister, wanted: Asked) -> None:
    """Record what was asked for: codes that there are, and moments, but no free text."""
    caller.show(
        0,
        department=wanted.department if wanted.department in DEPARTMENTS else None,
        refused=None if wanted.refused is None else str(wanted.refused).lower(),
        since=wanted.since.isoformat() if wanted.since else None,
        until=wanted.until.isoformat() if wanted.until else None,
    )


def of_area(caller: Lister) -> list[ColumnElement[bool]]:
    """Those of an area and of the areas in it; in terms of an index that has them by time."""
    first, stream = area_stream(caller.place), col(Entry.stream)
    of_areas = literal_column(OF_AREAS, Boolean())
    return [of_areas, stream >= first, stream < first + ":"]  # ":" comes right after "9"


def of_household(caller: Looker) -> list[ColumnElement[bool]]:
    """Audit's own by the stream, other services' by the stream of that name in the timeline."""
    stream = stream_of(caller.household_id)
    return [
        col(Entry.key).in_((stream, str(caller.household_id))),
        col(Entry.stream) == stream,
    ]


async def latest(
    request: Request,
    which: Sequence[ColumnElement[bool]],
    wanted: Asked,
    cursor: str | None,
    limit: int,
) -> tuple[list[Access], str | None]:
    """Those looks, the latest first, and the cursor of what follows."""
    vocabulary = vocabulary_of(request)
    found = await queries.latest(
        runtime_of(request).engine,
        [*which, *_conditions(wanted, vocabulary)],
        limit=limit + 1,
        before=place_in(cursor),
    )
    following = cursor_after(found[limit - 1]) if len(found) > limit else None
    return [_access(entry, vocabulary) for entry in found[:limit]], following


def _conditions(wanted: Asked, vocabulary: Vocabulary) -> Sequence[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if wanted.department is not None:
        found.append(col(Entry.actor_department) == wanted.department)
    if wanted.refused is not None:
        types = vocabulary.types(lambda meaning: bool(meaning.look and meaning.look.refusal))
        names = tuple_(col(Entry.service), col(Entry.type), col(Entry.schema_version))
        refused = names.in_(types) if types else false()
        found.append(refused if wanted.refused else not_(refused))
    if wanted.since is not None:
        found.append(col(Entry.occurred_at) >= wanted.since)
    if wanted.until is not None:
        found.append(col(Entry.occurred_at) <= wanted.until)
    return found


def _access(entry: queries.Recorded, vocabulary: Vocabulary) -> Access:
    name = (entry.service, entry.type, entry.schema_version)
    look, said, item = vocabulary.meaning(*name).look, payload(entry.data), told(entry, vocabulary)
    known = vocabulary.description(*name)

    def words(path: str | None) -> Words | None:
        value: Any = at(said, path) if path else None
        if not isinstance(value, str):
            return None
        codes = known.codes.get(path or "", {}) if known else {}
        return Words(*shown("", value, codes))

    return Access(
        event_id=entry.event_id,
        service=entry.service,
        type=entry.type,
        label=item.label,
        sentence=item.sentence,
        who=item.who,
        region=entry.region,
        looked_at=entry.occurred_at,
        recorded_at=entry.recorded_at,
        shown=words(look.shown) if look else None,
        purpose=words(look.purpose) if look else None,
        refused=bool(look and look.refusal),
        refusal=words(look.refusal) if look else None,
        hash=item.hash,
    )
