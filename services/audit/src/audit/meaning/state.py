"""The state of a household at any point of two clocks, folded from its events. Pure.

`valid_at` is how things were: what happened until then counts. `known_at` is what was known: what was
recorded until then counts, corrections among it. So a correction changes every answer that knows of
it, and none that does not. What an event does to the state, its service has published (`Meaning`).
"""

import copy
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from audit.verify import DEPTH, understood
from contracts.meaning import Meaning

MISSING: Any = object()


@dataclass(frozen=True, slots=True)
class Happened:
    """An event as the fold sees it. `payload` is `None` if it is no JSON object."""

    event_id: UUID
    service: str
    type: str
    stream: str
    version: int
    occurred_at: datetime
    recorded_at: datetime
    payload: Mapping[str, Any] | None
    meaning: Meaning
    schema_version: int = 1

    @property
    def recording(self) -> tuple[datetime, str, str, int]:
        """The order of the timeline."""
        return self.recorded_at, self.service, self.stream, self.version

    @property
    def order(self) -> tuple[bool, datetime, tuple[datetime, str, str, int]]:
        """The order in which events take effect: as they were told, or as they happened; of those that
        happened together, as they were recorded."""
        told = self.meaning.as_told
        return not told, self.recorded_at if told else self.occurred_at, self.recording


@dataclass(frozen=True, slots=True)
class Value:
    """What a field of the state holds (`MISSING`: it is gone), the event that made it so, and the event that
    told it first, which is another if it was amended."""

    value: Any
    event_id: UUID
    told_by: UUID


@dataclass(slots=True)
class State:
    """How a household stands, and by which events."""

    fields: dict[str, Value] = field(default_factory=dict)
    # Fields that are no more, with the event that cleared each.
    gone: dict[str, Value] = field(default_factory=dict)
    # Events that count no more: what struck each.
    struck: dict[UUID, UUID] = field(default_factory=dict)
    # Events that were corrected: by what, last.
    amended: dict[UUID, UUID] = field(default_factory=dict)
    known: frozenset[UUID] = frozenset()
    happened: frozenset[UUID] = frozenset()  # of those that were known


@dataclass(frozen=True, slots=True)
class Changed:
    """A field that differs between two points, and the event behind it."""

    field: str
    before: Any
    after: Any
    event_id: UUID


def state(events: Iterable[Happened], valid_at: datetime, known_at: datetime) -> State:
    """The state as it was at `valid_at`, as it was known at `known_at`."""
    known = sorted((e for e in events if e.recorded_at <= known_at), key=lambda e: e.recording)
    found, amended = State(), dict[UUID, list[tuple[str, str, UUID]]]()
    found.known = frozenset(e.event_id for e in known)
    found.happened = frozenset(e.event_id for e in known if e.occurred_at <= valid_at)
    for e in known:
        if struck := identified(e.payload, e.meaning.corrects):
            found.struck[struck] = e.event_id
        if e.meaning.amends and (target := identified(e.payload, e.meaning.amends.event)):
            pointer, value = (
                at(e.payload, p) for p in (e.meaning.amends.pointer, e.meaning.amends.value)
            )
            amended.setdefault(target, []).append((str(pointer), str(value), e.event_id))
            found.amended[target] = e.event_id
    for e in sorted(known, key=lambda e: e.order):
        if e.occurred_at <= valid_at and e.event_id not in found.struck and e.payload is not None:
            _apply(found, e, amended.get(e.event_id, []))
    return found


def diff(before: State, after: State) -> list[Changed]:
    """The fields that differ, by name, each with an event that counts at one point and not at the other."""
    changed = []
    for name in sorted({*before.fields, *after.fields}):
        was, now = before.fields.get(name), after.fields.get(name)
        if was and now and was.value == now.value:
            continue
        changed.append(
            Changed(
                name,
                was.value if was else None,
                now.value if now else None,
                _behind(name, before, after),
            )
        )
    return changed


def _behind(name: str, before: State, after: State) -> UUID:
    """The event that made the field so; or the one that struck, amended or cleared what it held at the
    other point; or one that is not known there yet."""
    fresh = (before.known ^ after.known) | (before.happened ^ after.happened)
    above = [name.rsplit(".", n)[0] for n in range(name.count(".") + 1)]
    causes: list[UUID] = []
    for now, other in ((after, before), (before, after)):
        here, there = (
            [value for value in (s.fields.get(name), *map(s.gone.get, above)) if value]
            for s in (now, other)
        )
        causes += [id_ for value in here for id_ in (value.event_id, value.told_by)]
        causes += [
            why[id_]
            for value in there
            for id_ in (value.event_id, value.told_by)
            for why in (now.struck, now.amended)
            if id_ in why
        ]
    return next((cause for cause in causes if cause in fresh), causes[0])


def _apply(found: State, event: Happened, amended: Sequence[tuple[str, str, UUID]]) -> None:
    plain = dict(effects(event.meaning, event.payload or {}))
    payload: Any = copy.deepcopy(event.payload) if amended else event.payload
    behind = dict.fromkeys(plain, event.event_id)
    made = plain
    for pointer, value, by in amended:
        _amend(payload, pointer, value)
        now = dict(effects(event.meaning, payload))
        behind = {n: behind.get(n, by) if made.get(n, MISSING) == v else by for n, v in now.items()}
        made = now
    for name, value in made.items():
        told = Value(value, behind[name], event.event_id)
        if value is MISSING:
            _clear(found, name, told)
        else:
            found.fields[name] = told


def _clear(found: State, name: str, told: Value) -> None:
    for below in [n for n in found.fields if n == name or n.startswith(f"{name}.")]:
        del found.fields[below]
    found.gone[name] = told


def effects(meaning: Meaning, payload: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """State fields and their values; `MISSING` for those that are no more."""
    yield from _sets([(n, p, payload) for n, p in meaning.regardless.items()])
    if all(at(payload, path) == value for path, value in meaning.when.items()):
        yield from _conditional(meaning, payload)
    for name, choice in meaning.chooses.items():
        said = "/".join(_text(at(payload, path)) for path in choice.by)
        if said in choice.codes and (filled := _filled(name, payload)):
            yield filled, choice.codes[said]


def _conditional(meaning: Meaning, payload: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    sets: list[tuple[str, Any, Any]] = [(n, p, payload) for n, p in meaning.sets.items()]
    for path, each in meaning.each.items():
        items = at(payload, path)
        for item in items if isinstance(items, list) else []:
            sets += [(name, at, item) for name, at in each.items()]
    yield from _sets(sets)
    for name, code in meaning.makes.items():
        if filled := _filled(name, payload):
            yield filled, code


def _sets(sets: Iterable[tuple[str, str | None, Any]]) -> Iterator[tuple[str, Any]]:
    """The values of fields by their paths into a payload, or an item of it."""
    for name, path, source in sets:
        value = MISSING if path is None else at(source, path)
        if (filled := _filled(name, source)) and (path is None or value is not MISSING):
            yield filled, value


def _filled(name: str, source: Any) -> str | None:
    """The name with what stands in braces read from `source`; `None` if something is not there."""
    if "{" not in name:
        return name
    parts = []
    for n, part in enumerate(name.replace("}", "{").split("{")):
        value = part if n % 2 == 0 else at(source, part)
        if value is MISSING or value is None:
            return None
        parts.append(str(value).replace(".", "·") if n % 2 else part)
    return "".join(parts)


def named(field_: str, names: Container[str]) -> str | None:
    """The published name of a state field: `member.health` of `member.0192….health`."""
    name, (kind, dot, inside) = field_, field_.partition(".")
    # From the longest on; not from the names, of which there are many: this is asked of thousands of fields.
    while dot and name not in names:
        _, dot, inside = inside.partition(".")
        name = kind + dot + inside
    return name if name in names else None


def at(source: Any, path: str) -> Any:
    """What is at a path, or `MISSING`."""
    for name in path.split("."):
        if not isinstance(source, Mapping) or name not in source:
            return MISSING
        source = source[name]
    return source


def identified(payload: Mapping[str, Any] | None, path: str | None) -> UUID | None:
    """The id of an event at a path, or `None` if there is no path or no id."""
    try:
        return UUID(at(payload, path)) if path else None
    except (ValueError, TypeError, AttributeError):
        return None


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _amend(payload: Any, pointer: str, value: str) -> None:
    """Put a JSON text at a JSON pointer. One that leads nowhere, or deeper than any payload is nested, and
    a text that not every reader understands change nothing."""
    if pointer.count("/") > DEPTH:
        return
    try:
        *steps, last = (p.replace("~1", "/").replace("~0", "~") for p in pointer.split("/")[1:])
        for step in steps:
            payload = payload[int(step)] if isinstance(payload, list) else payload[step]
        payload[int(last) if isinstance(payload, list) else last] = understood(value)
    except (LookupError, ValueError, TypeError, RecursionError):
        return
