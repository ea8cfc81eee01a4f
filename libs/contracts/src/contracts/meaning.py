"""What an event makes true of its household, for readers who know no payload type.

Published with the catalogue beside the words of the event (`wording`), so that `audit` folds the state
of a household out of events of services that it never heard of. The state is flat: names of fields,
such as `stage` or `member.{person_id}.health`, with values as they stand in the payload.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from contracts.wording import Code


@dataclass(frozen=True, slots=True)
class Choice:
    """A code that depends on codes of the payload: `by` are their paths, and `codes` has their values
    as they stand there, joined by a slash: `ELIMINATION/true`."""

    by: tuple[str, ...]
    codes: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Amendment:
    """Paths to: the id of the event whose payload should have said otherwise, the JSON pointer of
    the place, and the value there, as JSON text."""

    event: str
    pointer: str
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """Paths to: what somebody saw, what for, and, of who was refused, why."""

    shown: str | None = None
    purpose: str | None = None
    refusal: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Meaning:
    """Paths lead into the payload, with dots: `member.person_id`. In the name of a state field, a
    path stands in braces.

    - `sets`: state field → path of its value; `None`: the field, and all below it, are no more.
    - `makes`: state field → code, or yes or no.
    - `chooses`: state field → `Choice`, after all others and whatever `when` says: its codes are its condition.
    - `each`: path of a list → `sets` for each item, with paths into the item.
    - `when`: only if each of these paths has this value.
    - `regardless`: as `sets`, before them, whatever `when` says.
    - `as_told`: of these fields what was told last stands, whatever the days: who joined on the 15th does
      not undo the death of the 10th that was told of afterwards. All events that touch such a field say so.
    - `corrects`: path of the id of an event that counts no more. `amends`: see `Amendment`.
    - `step`: a step of the way from clue to elimination. `breach`: it says that a deadline was missed.
    - `opens`, `closes`: path of the id of a deadline, or a name for one that a household has once.
      Its day is what the event that opens it `sets` as `due_on`, such as `duty.{obligation_id}.due_on`.
    - `reopens`: as `opens`; but one that was closed or cancelled is the same deadline again, as if it had not been.
    - `cancels`: as `closes`; but nothing was done: it is no deadline any more.
    - `look`: somebody looked at it, or was refused; see `Look`.
    """

    sets: Mapping[str, str | None] = field(default_factory=dict)
    makes: Mapping[str, str | bool] = field(default_factory=dict)
    chooses: Mapping[str, Choice] = field(default_factory=dict)
    each: Mapping[str, Mapping[str, str | None]] = field(default_factory=dict)
    when: Mapping[str, Any] = field(default_factory=dict)
    regardless: Mapping[str, str | None] = field(default_factory=dict)
    as_told: bool = False
    corrects: str | None = None
    amends: Amendment | None = None
    step: str | None = None
    breach: bool = False
    opens: str | None = None
    reopens: str | None = None
    closes: str | None = None
    cancels: str | None = None
    look: Look | None = None

    def names(self) -> set[str]:
        """The state fields that it touches, without what stands in braces."""
        each = (name for sets in self.each.values() for name in sets)
        of_event = (*self.sets, *self.regardless, *self.makes, *self.chooses)
        return {bare(name) for name in (*of_event, *each)}

    def read(self) -> frozenset[str]:
        """The fields of the payload by which it touches them, outermost."""
        told = [self.sets, self.regardless]
        paths = [path for sets in told for path in sets.values() if path]
        names = (*self.sets, *self.regardless, *self.makes, *self.chooses)
        paths += [path for name in names for path in re.findall(r"{([^}]*)}", name)]
        paths += [*self.each, *self.when, *(path for c in self.chooses.values() for path in c.by)]
        return frozenset(path.split(".")[0] for path in paths)

    def due(self) -> tuple[str, str] | None:
        """The state field that it sets to the day of the deadline that it opens, and the path of it."""
        days = ((n, p) for n, p in self.sets.items() if p and n.split(".")[-1] == "due_on")
        return next(days, None)


def bare(name: str) -> str:
    """The name of a state field without what stands in braces: `member.health`."""
    return re.sub(r"\.?\{[^}]*\}", "", name)


@dataclass(frozen=True, slots=True, kw_only=True)
class Also:
    """Where a household that is routed for a difficulty goes as well: `to`, if one of the field's values
    in it is among `codes`; `otherwise`, if there are values and none is."""

    codes: frozenset[str]
    to: frozenset[str]
    otherwise: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class StateField:
    """The name of a state field for people, and the code list of its values (or of the names in them),
    if it has one. What a household may have several of has a name too: `duty`, beside `duty.due_on`.

    `phases`: which of its codes mean that a clue is open (`CLUE`), that the household is monitored
    (`MONITORED`), or that its risk is eliminated (`ELIMINATED`).
    `routes`: the departments that a household with this code is routed to, while its case is open or it is
    monitored. `also`: see `Also`.
    `needed_by`: the departments whose task needs the field, of a household that is routed to them.
    `naming`: lists of households show it, in the order of these numbers, from 1; the first is what
    people call the household by. `member.relation`: what tells one member from another, the same way.
    Never a name, a number of a person or what is wrong with one.
    `withholds`: while it is yes, no department sees anything else of what it is of, such as a member.
    """

    zh: str
    en: str
    codes: type[Code] | None = None
    phases: Mapping[str, str] = field(default_factory=dict)
    routes: Mapping[str, frozenset[str]] = field(default_factory=dict)
    needed_by: frozenset[str] = frozenset()
    also: Also | None = None
    naming: int = 0
    withholds: bool = False


@dataclass(frozen=True)
class Meanings:
    """Of a service's events, by class; and its state fields, without what stands in braces."""

    events: Mapping[type[Any], Meaning] = field(default_factory=dict)
    fields: Mapping[str, StateField] = field(default_factory=dict)
