"""What rules are given, and what they find. These are values only, since rules are pure functions of them."""

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property
from itertools import accumulate, groupby
from typing import NamedTuple
from uuid import UUID

from contracts.codes import Category, Health, LabourCapacity, Relation, RiskType, Severity
from contracts.fact_codes import FactType
from identification.domain.labour import WORKING
from identification.domain.stages import MONITORING


class Counted(NamedTuple):
    """A fact as far as rules need it: `amount` is the value that its type counts, else 0.

    It is a tuple because each batch of facts makes one of every fact of its households, and tuples are made
    fast.
    """

    event_id: UUID
    person_id: UUID
    fact_type: FactType
    detected_on: date
    amount: int = 0
    codes: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Person:
    """A member of the household. `restricted`: what is known of them may not be used (PIPL 47)."""

    person_id: UUID
    born_on: date
    labour: LabourCapacity
    relation: Relation
    restricted: bool = False
    health: Health = Health.HEALTHY


@dataclass(frozen=True, slots=True)
class IncomeSeen:
    """One assessment of the household's income, with its totals in fen. `event_id` is the event that says
    it now.

    A screening leaves `assessment_id` empty, since it never compares two versions of an assessment.
    """

    event_id: UUID
    window_to: date
    members: int
    disposable_fen: int
    net_fen: int
    reference_fen: int
    operating_fen: int
    assessment_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class KnownHousehold:
    """A household as the register shows it. `incomes` are its assessments, the latest first. If not
    `active`, it has left the register."""

    region: str
    category: str
    marginal_2019: bool
    stage: str
    persons: tuple[Person, ...] = ()
    incomes: tuple[IncomeSeen, ...] = ()
    owns: bool = False
    active: bool = True

    @property
    def formerly_poor(self) -> bool:
        return self.category == Category.FORMERLY_POOR

    @property
    def monitored(self) -> bool:
        return self.stage in MONITORING

    @property
    def at_risk_group(self) -> bool:
        """脱贫户 or monitored: thresholds are lower, and warnings of the two groups apply."""
        return self.formerly_poor or self.monitored

    @property
    def workers(self) -> tuple[Person, ...]:
        """Members with labour capacity: ORDINARY, SKILLED or WEAK."""
        return tuple(p for p in self.persons if p.labour in WORKING)

    @property
    def has_labour(self) -> bool:
        """At least one member is ORDINARY, SKILLED or WEAK."""
        return bool(self.workers)

    def saying(self, other: IncomeSeen) -> "KnownHousehold":
        """With another version of one of the assessments (T20)."""
        same = other.assessment_id
        incomes = tuple(other if i.assessment_id == same else i for i in self.incomes)
        return replace(self, incomes=incomes)

    def with_birth(self, person_id: UUID, born_on: date, *, able: bool) -> "KnownHousehold":
        """With another birth date of a person (T20), and able to work if they were said to be."""
        persons = (
            replace(p, born_on=born_on, labour=LabourCapacity.ORDINARY if able else p.labour)
            if p.person_id == person_id
            else p
            for p in self.persons
        )
        return replace(self, persons=tuple(persons))

    def restricts(self, person_id: UUID) -> bool:
        """Whether the person is a member whose data may not be used."""
        person = self.person(person_id)
        return person is not None and person.restricted

    def person(self, person_id: UUID) -> Person | None:
        """The member, unless the person left."""
        return next((p for p in self.persons if p.person_id == person_id), None)


class History:
    """A household's current facts in the order of their dates, with running totals.

    A question about an interval costs two searches, however many facts there are. `withheld` are the
    persons whose facts are left out, since they may not be used now.
    """

    def __init__(self, facts: Sequence[Counted], withheld: frozenset[UUID] = frozenset()) -> None:
        self.withheld = withheld
        self._by_type: dict[FactType, _Series] = {}
        ordered = sorted(facts, key=lambda f: (f.fact_type, f.detected_on, f.event_id))
        for fact_type, some in groupby(ordered, key=lambda f: f.fact_type):
            self._by_type[fact_type] = _Series(tuple(some))

    @property
    def all(self) -> Iterator[Counted]:
        """Every fact, type by type."""
        return (fact for series in self._by_type.values() for fact in series.facts)

    def of(self, fact_type: FactType) -> "_Series":
        """The facts of one type."""
        return self._by_type.get(fact_type, _Series(()))

    def latest(
        self, fact_type: FactType, person_id: UUID | None = None, code: str | None = None
    ) -> Counted | None:
        """The last fact of one type; if given, about this person and with this code."""
        for fact in reversed(self.of(fact_type).facts):
            about = person_id is None or fact.person_id == person_id
            if about and (code is None or code in fact.codes):
                return fact
        return None


@dataclass(frozen=True)
class _Series:
    """Facts of one type in the order of their dates."""

    facts: tuple[Counted, ...]

    @cached_property
    def _dates(self) -> list[date]:
        return [f.detected_on for f in self.facts]

    @cached_property
    def _days(self) -> list[date]:
        return list(dict.fromkeys(self._dates))

    @cached_property
    def _totals(self) -> list[int]:
        return [0, *accumulate(f.amount for f in self.facts)]

    def days(self, first: date, end: date) -> list[date]:
        """The dates in `[first, end)` on which there is a fact, each once."""
        return self._days[bisect_left(self._days, first) : bisect_left(self._days, end)]

    def total(self, first: date, end: date) -> int:
        """The sum of the amounts in `[first, end)`."""
        low, high = bisect_left(self._dates, first), bisect_left(self._dates, end)
        return self._totals[high] - self._totals[low]

    def between(self, first: date, end: date) -> tuple[Counted, ...]:
        """The facts in `[first, end)`."""
        return self.facts[bisect_left(self._dates, first) : bisect_left(self._dates, end)]


@dataclass(frozen=True)
class Finding:
    """What a rule found, with the facts it rests on and the reason in plain words."""

    rule_id: str
    risk_type: RiskType
    severity: Severity
    evidence: tuple[UUID, ...]
    summary_zh: str
    summary_en: str


def yuan(fen: int) -> str:
    """As people read it: 12,345.67."""
    return f"{'-' if fen < 0 else ''}{abs(fen) // 100:,}.{abs(fen) % 100:02d}"
