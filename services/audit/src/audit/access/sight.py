"""What of a household somebody sees. Whoever oversees it sees all; a department, what its task needs.

Services publish with their state fields where a difficulty is routed to, where such a household goes as
well (by labour: S8.2-03), and which departments need which field (`contracts.routing`). A household is
routed to a department while its state says so, and its case is open or it is monitored. Of
such a household the department sees the fields that it needs (nothing of somebody whose data may not be used), the
events that it caused, and those that say of no other difficulty than its own. What nobody published is seen by no department.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Self
from uuid import UUID

from sqlalchemy import ColumnElement
from sqlmodel import col

from audit.meaning.state import MISSING, Happened, State, Value, effects, named
from audit.meaning.vocabulary import StateWords
from audit.read_model import Entry

OPEN = frozenset({"CLUE", "MONITORED"})  # the phases in which a household has a difficulty
EVERY = "*"  # each department that the household is routed to


@dataclass(frozen=True, slots=True)
class Sight:
    """What somebody sees. `department` is `None` for who oversees the household, and so sees everything."""

    department: str | None = None
    words: Mapping[str, StateWords] = field(default_factory=dict)
    events: frozenset[UUID] = frozenset()
    withheld: tuple[str, ...] = ()  # the names of fields that are never seen begin so

    @classmethod
    def of(
        cls,
        department: str,
        words: Mapping[str, StateWords],
        events: Sequence[Happened],
        caused: frozenset[UUID],
    ) -> Self:
        """The sight of a department that caused these events of a household."""
        bare = cls(department, words)
        told = {event.event_id for event in events if bare._concerns(event)}
        return cls(department, words, caused | told)

    @property
    def whole(self) -> bool:
        """Whether it hides nothing."""
        return self.department is None

    def routed(self, found: State) -> bool:
        """Whether a household in this state is routed to the department: one of its difficulties is, or it
        has some difficulty and goes there for another reason as well (such as labour)."""
        fields = [(self._words(name), value.value) for name, value in found.fields.items()]
        phases = [words.phases.get(str(value)) for words, value in fields if words and words.phases]
        if phases and OPEN.isdisjoint(phases):
            return False
        if any(_routed(words, value, self.department) for words, value in fields):
            return True
        return any(_routed(words, value) for words, value in fields) and self._also(found)

    def withholding(self, found: State) -> Self:
        """The same, without the fields of those of whom a household in this state says that their data may
        not be used."""
        of_those = (
            name.rpartition(".")[0] + "."
            for name, value in found.fields.items()
            if value.value is True and (words := self._words(name)) and words.withholds
        )
        return replace(self, withheld=tuple(of_those))

    def state(self, found: State) -> State:
        """The fields that are seen; of difficulties, the department's own."""
        if self.whole:
            return found
        fields = {name: self._seen(name, value) for name, value in found.fields.items()}
        seen = {n: v for n, v in fields.items() if v and not n.startswith(self.withheld)}
        return replace(found, fields=seen)

    def among(self, events: Sequence[Happened]) -> Sequence[Happened]:
        """The events that are seen."""
        return [e for e in events if self.whole or e.event_id in self.events]

    def hidden(self, count: int) -> int:
        """How many of so many events are not seen."""
        return 0 if self.whole else count - len(self.events)

    def where(self) -> list[ColumnElement[bool]]:
        """The same, as a condition on the timeline."""
        return [] if self.whole else [col(Entry.event_id).in_(self.events)]

    def _seen(self, name: str, value: Value) -> Value | None:
        words = self._words(name)
        if words and words.routes:
            mine = self._mine(name, value.value)
            kept = mine if isinstance(value.value, list) else value.value
            return replace(value, value=kept) if mine else None
        needed = words is not None and not {self.department, EVERY}.isdisjoint(words.needed_by)
        return value if needed or value.event_id in self.events else None

    def _mine(self, name: str, value: Any) -> list[Any]:
        """The codes of a state field that are routed to the department."""
        return _routed(self._words(name), value, self.department)

    def _also(self, found: State) -> bool:
        """Whether a household that has a difficulty goes to the department as well."""
        for name, words in self.words.items():
            if also := words.also:
                values = {
                    str(v.value) for n, v in found.fields.items() if named(n, self.words) == name
                }
                to = also.otherwise if also.codes.isdisjoint(values) else also.to
                if values and self.department in to:
                    return True
        return False

    def _concerns(self, event: Happened) -> bool:
        """Whether the event names difficulties of the department, and no others. What a withdrawn clue
        leaves over does not count: the event names it, but is not about it."""
        meaning = replace(event.meaning, regardless={})
        for name, value in effects(meaning, event.payload or {}):
            codes = value if isinstance(value, list) else [value]
            if value is not MISSING and codes and self._mine(name, value) == codes:
                return True
        return False

    def _words(self, name: str) -> StateWords | None:
        known = named(name, self.words)
        return self.words[known] if known else None


def _routed(words: StateWords | None, value: Any, department: str | None = None) -> list[str]:
    """The codes of a state field that are routed to the department; without one, to any."""
    routes = words.routes if words else {}
    codes = value if isinstance(value, list) else [value]
    found = [code for code in codes if isinstance(code, str) and code in routes]
    return [code for code in found if department is None or department in routes[code]]
