"""The timeline as it is told: one item an event, the same for a page and for a program."""

import base64
import binascii
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Protocol
from uuid import UUID

from audit.api.concerned import Concerned
from audit.meaning.sentences import Words, sentence
from audit.meaning.vocabulary import Vocabulary
from audit.meaning.words import DEPARTMENTS, POSTS, area, named
from audit.read_model import Place
from audit.read_model.queries import Recorded
from common.clock import business_date
from common.problems import Problem

LATE_AFTER = 1  # business days between happening and being recorded that count as in time


@dataclass(frozen=True, slots=True)
class Coded:
    """A code with its name."""

    code: str
    zh: str
    en: str


@dataclass(frozen=True, slots=True)
class Who:
    """Who acted, in the post, organisation and area held that day. `person` is pseudonymous."""

    person: str
    post: Coded
    organisation: str
    department: Coded
    area: Coded


@dataclass(slots=True)
class Item:
    """One event. `late_days` counts business dates from happening to being recorded; `concerned` is which
    of the members it is about, if of any alone.

    Not frozen, unlike all else: that would double the time of making 500.
    """

    event_id: UUID
    service: str
    stream: str
    version: int
    type: str
    schema_version: int
    label: Words
    sentence: Words
    who: Who
    region: str
    occurred_at: datetime
    recorded_at: datetime
    late: bool
    late_days: int
    policy_version: str | None
    correlation_id: UUID
    causation_id: UUID | None
    classification: str
    hash: str
    concerned: Sequence[Concerned] = ()


def told(entry: Recorded, vocabulary: Vocabulary) -> Item:
    """An entry in words."""
    known = vocabulary.description(entry.service, entry.type, entry.schema_version)
    days = (business_date(entry.recorded_at) - business_date(entry.occurred_at)).days
    return Item(
        event_id=entry.event_id,
        service=entry.service,
        stream=entry.stream,
        version=entry.version,
        type=entry.type,
        schema_version=entry.schema_version,
        label=known.label if known else Words(entry.type, entry.type),
        sentence=sentence(known, entry.type, entry.data),
        who=_who(
            entry.actor_person,
            entry.actor_post,
            entry.actor_organisation,
            entry.actor_department,
            entry.actor_region,
        ),
        region=entry.region,
        occurred_at=entry.occurred_at,
        recorded_at=entry.recorded_at,
        late=days > LATE_AFTER,
        late_days=max(days, 0),
        policy_version=entry.policy_version,
        correlation_id=entry.correlation_id,
        causation_id=entry.causation_id,
        classification=entry.classification,
        hash=entry.hash.hex(),
    )


@lru_cache(maxsize=4_096)
def _who(person: str, post: str, organisation: str, department: str, region: str) -> Who:
    return Who(
        person,
        _coded(post, named(post, POSTS)),
        organisation,
        _coded(department, named(department, DEPARTMENTS)),
        _coded(region, area(region)),
    )


def _coded(code: str, name: Words) -> Coded:
    return Coded(code, name.zh, name.en)


def cursor_after(entry: Recorded) -> str:
    """An opaque cursor: the place of the last event of a page. Stays valid whatever is added."""
    return _sealed(entry.recorded_at.isoformat(), entry.service, entry.stream, entry.version)


def place_in(cursor: str | None) -> Place | None:
    """The place a cursor stands for. Raises `Problem` (400) for anything we did not hand out."""
    if cursor is None:
        return None
    match _opened(cursor):
        case [str() as moment, str() as service, str() as stream, int() as version]:
            try:
                recorded_at = datetime.fromisoformat(moment)
                if recorded_at.tzinfo and 0 < version < 2**63:
                    return recorded_at.astimezone(UTC), service, stream, version
            except (ValueError, OverflowError) as error:
                raise Problem("invalid-cursor") from error
    raise Problem("invalid-cursor")


class Placed(Protocol):
    """A household in a list."""

    @property
    def household_id(self) -> UUID: ...
    @property
    def region(self) -> str: ...
    @property
    def called(self) -> str: ...


def household_cursor(household: Placed) -> str:
    """An opaque cursor into the household list."""
    return _sealed(household.region, household.called, str(household.household_id))


def household_in(cursor: str | None) -> tuple[str, str, UUID] | None:
    """The area, the name and the household a cursor stands for. Raises `Problem` (400)."""
    if cursor is None:
        return None
    match _opened(cursor):
        case [str() as region, str() as called, str() as household_id]:
            try:
                return region, called, UUID(household_id)
            except ValueError as error:
                raise Problem("invalid-cursor") from error
    raise Problem("invalid-cursor")


def _sealed(*parts: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(parts).encode()).decode().rstrip("=")


def _opened(cursor: str) -> object:
    try:
        text = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode()
        found = json.loads(text)
        json.dumps(found, ensure_ascii=False).encode()  # no half of a surrogate pair
        return None if "\\u0000" in text else found
    except (binascii.Error, ValueError, RecursionError) as error:
        raise Problem("invalid-cursor") from error
