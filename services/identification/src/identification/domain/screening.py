"""Which households rules find under a set of parameters, and which they would find under another.

Rules run that can be judged by how things stand: the latest assessments, the own cost of twelve months, and
the facts that still hold. A screening stores nothing and decides nothing.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from enum import Enum
from functools import cached_property
from uuid import UUID

from contracts.codes import Category
from contracts.fact_codes import FactCode, FactType
from identification.domain.findings import (
    Counted,
    Finding,
    History,
    IncomeSeen,
    KnownHousehold,
    Person,
)
from identification.domain.policy import Policy
from identification.domain.rulebook import findings
from identification.domain.rules import ROLLING, own_cost
from identification.domain.rules_of_income import fallen, within_the_line
from identification.domain.schooling import school_year, year_begins
from identification.domain.stages import MONITORING


class Stands(Enum):
    """How long a fact says how things stand."""

    A_YEAR = "of the twelve months to the day, each"
    THIS_SCHOOL_YEAR = "of the school year of the day, each"
    LATEST = "the household's latest of its type"
    LATEST_OF_A_PERSON = "each person's latest of its type"


# What a screening looks at. Of a latest fact, only one that says this code can be found. Own medical
# cost is added up where the facts are; what was found of a water source stands in its report.
STANDING: dict[FactType, tuple[Stands, FactCode | None]] = {
    FactType.SCHOOLING_COST: (Stands.THIS_SCHOOL_YEAR, None),
    FactType.HIGHER_EDUCATION: (Stands.A_YEAR, None),
    FactType.TEMPORARY_RELIEF: (Stands.A_YEAR, None),
    FactType.CROP_LOSS: (Stands.A_YEAR, None),
    FactType.INSURANCE_CLAIM: (Stands.A_YEAR, None),
    FactType.SOCIAL_PROTECTION: (Stands.LATEST, FactCode.ENDED),
    FactType.MICROCREDIT: (Stands.LATEST, FactCode.OVERDUE),
    FactType.ENROLMENT: (Stands.LATEST_OF_A_PERSON, FactCode.DROPOUT),
}


def standing(history: History, on: date) -> list[Counted]:
    """The facts of a household that hold on a day, as a screening sees them."""
    found: list[Counted] = []
    for fact_type, (how, code) in STANDING.items():
        facts = [fact for fact in history.of(fact_type).facts if fact.detected_on <= on]
        match how:
            case Stands.A_YEAR:
                found += [fact for fact in facts if fact.detected_on > on - ROLLING]
            case Stands.THIS_SCHOOL_YEAR:
                began = year_begins(school_year(on))
                found += [fact for fact in facts if fact.detected_on >= began]
            case Stands.LATEST:
                found += [fact for fact in facts[-1:] if code in fact.codes]
            case Stands.LATEST_OF_A_PERSON:
                last = {fact.person_id: fact for fact in facts}
                found += [fact for fact in last.values() if code in fact.codes]
    return found


@dataclass(frozen=True)
class Screened:
    """A household as far as a screening looks at it.

    `incomes` are its latest assessment and the one of the twelve months before. `own_cost_fen` is the sum
    of twelve months. `facts` are those that hold (`STANDING`); where there are any, `persons` are the
    members. `owns`: a register has a vehicle, a business or a second house in a member's name.
    """

    household_id: UUID
    register_number: str
    region: str
    category: str
    marginal_2019: bool
    stage: str
    has_labour: bool
    incomes: tuple[IncomeSeen, ...]
    own_cost_fen: int
    owns: bool
    facts: tuple[Counted, ...] = ()
    persons: tuple[Person, ...] = ()

    @property
    def formerly_poor(self) -> bool:
        return self.category == Category.FORMERLY_POOR

    @property
    def at_risk_group(self) -> bool:
        return self.formerly_poor or self.stage in MONITORING

    @cached_property
    def history(self) -> History:
        """The facts, added up once for both sets of parameters."""
        return History(self.facts)

    @cached_property
    def known(self) -> KnownHousehold:
        """As rules over facts are given it."""
        return KnownHousehold(
            self.region,
            self.category,
            self.marginal_2019,
            self.stage,
            self.persons,
            self.incomes,
            self.owns,
        )


@dataclass(frozen=True, slots=True)
class Moved:
    """A household that is found under one set of parameters and not under the other, and why."""

    household: Screened
    finding: Finding


def found(household: Screened, policy: Policy) -> Iterator[Finding]:
    """What the rules find in a household that is only looked at."""
    if finding := within_the_line(household, policy):
        yield finding
    if len(household.incomes) > 1 and (finding := fallen(household, policy)):
        yield finding
    if household.own_cost_fen and (
        finding := own_cost(household.own_cost_fen, household.at_risk_group, policy, ())
    ):
        yield finding
    if household.facts:
        for fact in household.facts:
            yield from findings(fact, household.known, household.history, policy)


def compare(
    households: Iterable[Screened], now: Callable[[str], Policy], then: Callable[[str], Policy]
) -> tuple[list[Moved], list[Moved]]:
    """Which households enter and which leave if `then` holds in place of `now`; each gives a region's
    parameters.

    Rules are compared one by one: a household that one rule no longer finds leaves by that rule, even if
    another rule finds it.
    """
    entering, leaving = [], []
    for household in households:
        before = {f.rule_id: f for f in found(household, now(household.region))}
        after = {f.rule_id: f for f in found(household, then(household.region))}
        if before.keys() != after.keys():
            entering += [Moved(household, after[rule]) for rule in after.keys() - before.keys()]
            leaving += [Moved(household, before[rule]) for rule in before.keys() - after.keys()]
    return entering, leaving
