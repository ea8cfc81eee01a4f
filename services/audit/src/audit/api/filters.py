"""Which events of a household are asked for. Every filter is told, or it is refused."""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Any
from uuid import UUID

from fastapi import Query
from sqlalchemy import ColumnElement, Date, cast, false, func, not_, tuple_
from sqlmodel import col

from audit.api.timeline import LATE_AFTER
from audit.meaning.state import identified
from audit.meaning.vocabulary import TypeName, Vocabulary
from audit.read_model import Entry
from audit.verify import payload
from common.clock import SHANGHAI, start_of
from common.problems import Problem
from contracts.meaning import Meaning

_SHORTEST = timedelta(microseconds=1)
NAMES = ("service", "type", "department", "late", "corrected", "breach", "valid_at", "known_at")
At = Annotated[
    str | None,
    Query(description="a moment (RFC 3339 with zone), or a business date", max_length=40),
]
NO_NUL = r"^[^\x00]*$"  # no text in Postgres holds one, and it refuses to look for it


@dataclass(frozen=True, slots=True)
class Filters:
    """What is asked for; `None` asks for nothing in particular."""

    service: str | None = None
    type: str | None = None
    department: str | None = None
    late: bool | None = None
    corrected: bool | None = None
    breach: bool | None = None
    valid_at: datetime | None = None
    known_at: datetime | None = None


def filters(
    service: Annotated[
        str | None, Query(description="only events of this service", pattern=NO_NUL)
    ] = None,
    type: Annotated[str | None, Query(description="only this event type", pattern=NO_NUL)] = None,
    department: Annotated[
        str | None, Query(description="only of this department", pattern=NO_NUL)
    ] = None,
    late: Annotated[bool | None, Query(description="recorded late, or in time")] = None,
    corrected: Annotated[
        bool | None, Query(description="corrections and what they correct, or all else")
    ] = None,
    breach: Annotated[bool | None, Query(description="missed deadlines, or all else")] = None,
    valid_at: At = None,
    known_at: At = None,
) -> Filters:
    """For a route's parameter. Raises `Problem` (400) for what is neither a moment nor a date."""
    return Filters(
        service, type, department, late, corrected, breach, moment(valid_at), moment(known_at)
    )


def moment(text: str | None, *, first: bool = False) -> datetime | None:
    """A moment, or the last one (or the first) of a business date. Raises `Problem` (400)."""
    if text is None:
        return None
    try:
        if re.fullmatch(r"\d{4}-\d\d-\d\d", text, re.ASCII):
            day = date.fromisoformat(text)
            limit = start_of(day) if first else start_of(day + timedelta(days=1)) - _SHORTEST
            limit.astimezone(UTC)  # the first day of all begins before there are moments in UTC
            return limit
        found = datetime.fromisoformat(text)
        if found.tzinfo is None:
            raise ValueError("a moment has a zone")
        # It is compared in UTC and shown in Shanghai: there must be such a moment in both.
        return found.astimezone(SHANGHAI).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise Problem("invalid-moment") from error


def conditions(
    asked: Filters, vocabulary: Vocabulary, corrected: Collection[UUID]
) -> list[ColumnElement[bool]]:
    """What the events must be. `corrected` are the events that correct, or are corrected."""
    found: list[ColumnElement[bool]] = []
    for column, wanted in (
        (Entry.service, asked.service),
        (Entry.type, asked.type),
        (Entry.actor_department, asked.department),
    ):
        if wanted is not None:
            found.append(col(column) == wanted)
    if asked.late is not None:
        days = _business_date(Entry.recorded_at) - _business_date(Entry.occurred_at)
        found.append((days > LATE_AFTER) == asked.late)
    if asked.corrected is not None:
        found.append(_is(col(Entry.event_id).in_(corrected), asked.corrected))
    if asked.breach is not None:
        names = tuple_(col(Entry.service), col(Entry.type), col(Entry.schema_version))
        types = vocabulary.types(lambda meaning: meaning.breach)
        found.append(_is(names.in_(types) if types else false(), asked.breach))
    if asked.valid_at is not None:
        found.append(col(Entry.occurred_at) <= asked.valid_at)
    if asked.known_at is not None:
        found.append(col(Entry.recorded_at) <= asked.known_at)
    return found


def correcting(vocabulary: Vocabulary) -> list[TypeName]:
    """The types of events that correct others."""
    return vocabulary.types(lambda meaning: bool(meaning.corrects or meaning.amends))


def corrections(rows: Sequence[tuple[UUID, Meaning, bytes]]) -> set[UUID]:
    """The events that correct, and those that they name."""
    found = set()
    for event_id, meaning, data in rows:
        path = meaning.corrects or (meaning.amends.event if meaning.amends else None)
        if target := identified(payload(data), path):
            found |= {event_id, target}
    return found


def _business_date(column: Any) -> Any:
    return cast(func.timezone("Asia/Shanghai", col(column)), Date)


def _is(condition: ColumnElement[bool], wanted: bool) -> ColumnElement[bool]:
    return condition if wanted else not_(condition)
