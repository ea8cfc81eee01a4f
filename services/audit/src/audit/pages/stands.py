"""How a household stands, now and at a point of the clocks, in words. Pure."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from audit.access.sight import Sight
from audit.api.concerned import Concerned, concerned, telling
from audit.api.history import Field, fields
from audit.meaning.deadlines import Deadline, deadlines
from audit.meaning.fields import about, label, spoken
from audit.meaning.sentences import ABSENT, Words
from audit.meaning.state import Happened, State, diff, state
from audit.meaning.vocabulary import StateWords, Vocabulary
from audit.pages.phrases import PHRASES
from audit.read_model.called import first
from common.clock import business_date

RESPONSIBLE = "responsible_person"  # the state field under which a service publishes who it is
ELSEWHERE = ("region", "due_on", RESPONSIBLE)  # has a place of its own in the header


@dataclass(frozen=True, slots=True)
class Stands:
    """As far as it is seen: its state `now` and `then`, its deadlines, what was recorded of it, and which
    of the members that is about."""

    now: State
    then: State
    due: list[Deadline]
    events: Sequence[Happened]
    concerned: Mapping[UUID, Sequence[Concerned]]


@dataclass(frozen=True, slots=True)
class Group:
    """Fields of the state that are about one thing, such as a member or a fact, or the household itself."""

    one: Concerned
    fields: list[Field]


@dataclass(frozen=True, slots=True)
class Change:
    """A field of the state then and now, which of several things it is about, and the event behind it,
    if it is seen."""

    label: Words
    one: Concerned
    then: Words
    now: Words
    event: Happened | None


def stands(
    events: Sequence[Happened],
    sight: Sight,
    words: Mapping[str, StateWords],
    now: datetime,
    point: tuple[datetime, datetime],
) -> Stands:
    """Of all that was recorded; `point` is `valid_at` and `known_at`. Some 100 ms for 5,000 events."""
    current = sight.state(state(events, now, now))
    # Counted over all events: a deadline is over, also to who does not see what ended it.
    due = [d for d in deadlines(events, business_date(now)) if sight.among([d.opened_by])]
    seen = sight.among(events)
    return Stands(
        current,
        current if point == (now, now) else sight.state(state(events, *point)),
        due,
        seen,
        concerned(seen, current, words),
    )


def from_today(due: Sequence[Deadline]) -> list[Deadline]:
    """Deadlines by the day that they are due, as they are read from today: those to come, the next one
    first; then all others, the last one first. Who looks, or goes by keyboard, begins where today is."""
    to_come = [one for one in due if one.outcome == "open"]
    return to_come + [one for one in reversed(due) if one.outcome != "open"]


def changes(at: Stands, words: Mapping[str, StateWords]) -> list[Change]:
    """What differs between a point of the clocks and now."""
    by_id = {event.event_id: event for event in at.events}
    one = telling(told(at), words)
    return [
        Change(
            label(c.field, words),
            one(*about(c.field, words)),
            spoken(c.field, c.before, words),
            spoken(c.field, c.after, words),
            by_id.get(c.event_id),
        )
        for c in diff(at.then, at.now)
    ]


def told(at: Stands) -> dict[str, Any]:
    """What is known of each of several: as it is now, or as it was of what is no more."""
    return {name: value.value for name, value in (at.then.fields | at.now.fields).items()}


def called(now: State, vocabulary: Vocabulary) -> Words | None:
    """What lists call the household by, if it has that, and it is seen."""
    name = first(vocabulary)
    value = now.fields.get(name)
    said = spoken(name, value.value, vocabulary.state()) if value else None
    return said if said and said.zh != ABSENT else None


def header(now: State, words: Mapping[str, StateWords]) -> list[Field]:
    """The fields of the household itself: those first that it is called by in lists."""
    # Chosen before they are put into words: of one household with many facts they are ten of thousands.
    own = fields(
        {n: v for n, v in now.fields.items() if "." not in n and n not in ELSEWHERE}, words
    )
    naming = {f.field: words[f.field].naming if f.field in words else 0 for f in own}
    return sorted(own, key=lambda f: naming[f.field] if naming[f.field] > 0 else math.inf)


def groups(at: Stands, words: Mapping[str, StateWords]) -> list[Group]:
    """The fields of then by what they are about; of the household itself first."""
    found: dict[tuple[str, str], list[Field]] = {("", ""): []}
    for field in fields(at.then.fields, words):
        found.setdefault(about(field.field, words), []).append(field)
    one = telling(told(at), words)
    return [Group(one(*what), own) for what, own in found.items()]


def responsible(now: State, words: Mapping[str, StateWords], *, whole: bool = True) -> Words:
    """Who is responsible for the household, or that no service publishes that yet; of a state that is not
    seen as a `whole`, nobody knows whether it is nobody."""
    if value := now.fields.get(RESPONSIBLE):
        return spoken(RESPONSIBLE, value.value, words)
    if RESPONSIBLE not in words:
        return PHRASES["not_published"]
    return PHRASES["not_assigned" if whole else "not_shown"]
