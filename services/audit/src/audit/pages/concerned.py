"""Which of several a record is about, as which member: told by what its service publishes as naming.

A sentence has the fields of its own payload only, so those of two members may read the same. What an
event makes true says whose field it is (`member.{person_id}.health`), and another field of the same
member (`member.relation`, `StateField.naming`) says who that is, without anything of the person.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from audit.api.history import label, spoken
from audit.meaning.sentences import Words
from audit.meaning.state import MISSING, Happened, State, at, effects
from audit.meaning.vocabulary import StateWords
from contracts.meaning import Meaning

_ONE = re.compile(r"(\w+)\.\{([^}]*)\}")


@dataclass(frozen=True, slots=True)
class Concerned:
    """One of several: the kind of thing, what tells it from others of the kind, as far as that is known,
    and its id."""

    kind: Words
    said: Words | None
    which: str


def concerned(
    events: Iterable[Happened], now: State, words: Mapping[str, StateWords]
) -> dict[UUID, Sequence[Concerned]]:
    """By event. Each is told by what it is `now`; who is there no longer, by what was last said of it."""
    naming = {n.split(".")[0]: n for n, w in words.items() if w.naming > 0 and n.count(".") == 1}
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

    def one(kind: str, which: str) -> Concerned:
        name = ".".join((kind, which, naming[kind].split(".")[1]))
        said = spoken(name, told[name], words) if name in told else None
        return Concerned(label(kind, words), said, which)

    return {event: [one(*each) for each in those] for event, those in ids.items()}


def _ones(meaning: Meaning, payload: Mapping[str, Any]) -> list[tuple[str, str]]:
    """The kinds and ids of what an event names alone; not the members of a list of them."""
    found: dict[tuple[str, str], None] = {}
    for name in (*meaning.sets, *meaning.regardless, *meaning.makes, *meaning.chooses):
        if inside := _ONE.match(name):
            which = at(payload, inside[2])
            if isinstance(which, str) and which:
                found[inside[1], which.replace(".", "·")] = None
    return list(found)
