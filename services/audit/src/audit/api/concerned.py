"""Which of several a record is about, as which member: told by what its service publishes as naming.

A sentence has the fields of its own payload only, so those of two members may read the same. What an
event makes true says whose field it is (`member.{person_id}.health`), and another field of the same
member (`member.relation`, `StateField.naming`) says who that is, without anything of the person.
"""

import asyncio
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg

from audit.access.sight import Sight
from audit.meaning import declared
from audit.meaning.fields import label, spoken
from audit.meaning.sentences import Words
from audit.meaning.state import MISSING, Happened, State, at, effects, state
from audit.meaning.vocabulary import StateWords, Vocabulary
from audit.read_model import queries
from audit.read_model.happened import happened
from contracts.meaning import Meaning

_ONE = re.compile(r"(\w+)\.\{([^}]*)\}")


@dataclass(frozen=True, slots=True)
class Concerned:
    """One of several, such as a member: the kind of thing, what tells it from others of the kind, as far as
    that is known, and its id."""

    kind: Words
    said: Words | None
    which: str

    @property
    def end(self) -> str:
        """What tells it from others of the same words: the end of its id, since nobody reads, or hears, 36
        characters; whole what is no such id, as a department's number of a record."""
        try:
            UUID(self.which)
        except ValueError:
            return self.which
        return f"…{self.which[-4:]}"


def concerned(
    events: Iterable[Happened], now: State, words: Mapping[str, StateWords]
) -> dict[UUID, Sequence[Concerned]]:
    """What each event is about. Each thing is told by what it is `now`, or, if it is gone, by what was last
    said of it."""
    naming = _naming(words)
    if not naming:
        return {}
    told: dict[str, Any] = {}
    ids: dict[UUID, list[tuple[str, str]]] = {}
    for event in sorted(events, key=lambda e: e.order):
        payload = event.payload or {}
        if not event.meaning.names().isdisjoint(naming.values()):
            told |= {n: v for n, v in effects(event.meaning, payload) if v is not MISSING}
        if those := [one for one in _ones(event.meaning, payload) if one[0] in naming]:
            ids[event.event_id] = those
    told |= {name: value.value for name, value in now.fields.items()}
    one = telling(told, words)
    return {event: [one(*each) for each in those] for event, those in ids.items()}


def telling(
    told: Mapping[str, Any], words: Mapping[str, StateWords]
) -> Callable[[str, str], Concerned]:
    """Tells one of several, by its kind and id, from the values of state fields that are `told` of it."""
    naming = _naming(words)

    def one(kind: str, which: str) -> Concerned:
        name = ".".join((kind, which, naming.get(kind, "").rpartition(".")[2]))
        said = spoken(name, told[name], words) if name in told else None
        return Concerned(label(kind, words), said, which)

    return one


async def concerned_in(
    pool: asyncpg.Pool,
    vocabulary: Vocabulary,
    household: UUID,
    sight: Sight,
    valid_at: datetime,
    known_at: datetime,
) -> dict[UUID, Sequence[Concerned]]:
    """The same of a household at a point of the two clocks, as far as it is seen: folded only from events
    that may say something of such things."""
    words = vocabulary.state()
    wanted = declared.about(vocabulary, _naming(words))
    rows = await queries.of_households(pool, [household], known_at, wanted) if wanted[0] else []

    def fold() -> dict[UUID, Sequence[Concerned]]:
        events = [happened(row, vocabulary) for row in rows]
        now = sight.state(state(events, valid_at, known_at))
        return concerned(sight.among(events), now, words)

    return await asyncio.to_thread(fold)


def _naming(words: Mapping[str, StateWords]) -> dict[str, str]:
    """For each kind of which there may be several, the field that tells one from another."""
    return {n.split(".")[0]: n for n, w in words.items() if w.naming > 0 and n.count(".") == 1}


def _ones(meaning: Meaning, payload: Mapping[str, Any]) -> list[tuple[str, str]]:
    """The kinds and ids of things that an event names singly; members of a list are left out."""
    found: dict[tuple[str, str], None] = {}
    for name in (*meaning.sets, *meaning.regardless, *meaning.makes, *meaning.chooses):
        if inside := _ONE.match(name):
            which = at(payload, inside[2])
            if isinstance(which, str) and which:
                found[inside[1], which.replace(".", "·")] = None
    return list(found)
