"""Many households against a set of parameters: who is found, and who would be under another set.

The rules are those that run on facts and assessments; a screening stores nothing and decides nothing.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from uuid import UUID

from contracts.codes import Category
from identification.domain.findings import Finding, IncomeSeen, is_monitored
from identification.domain.policy import Policy
from identification.domain.rules import own_cost
from identification.domain.rules_of_income import within_the_line


@dataclass(frozen=True, slots=True)
class Screened:
    """A household as far as a screening looks: its last assessment, and twelve months of own cost.

    `owns`: a vehicle, a business or a house beside its own is on a register in a member's name.
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

    @property
    def formerly_poor(self) -> bool:
        return self.category == Category.FORMERLY_POOR

    @property
    def at_risk_group(self) -> bool:
        return self.formerly_poor or is_monitored(self.stage)


@dataclass(frozen=True, slots=True)
class Moved:
    """A household that is found under one set of parameters and not under the other, and why."""

    household: Screened
    finding: Finding


def found(household: Screened, policy: Policy) -> Iterator[Finding]:
    """What the rules find in a household that is only looked at."""
    if finding := within_the_line(household, policy):
        yield finding
    if household.own_cost_fen and (
        finding := own_cost(household.own_cost_fen, household.at_risk_group, policy, ())
    ):
        yield finding


def compare(
    households: Iterable[Screened], now: Callable[[str], Policy], then: Callable[[str], Policy]
) -> tuple[list[Moved], list[Moved]]:
    """Who enters and who leaves when `then` holds in place of `now`; both give a region's parameters.

    Rule by rule: a household that one rule no longer finds leaves by that rule, though another finds it.
    """
    entering, leaving = [], []
    for household in households:
        before = {f.rule_id: f for f in found(household, now(household.region))}
        after = {f.rule_id: f for f in found(household, then(household.region))}
        if before.keys() != after.keys():
            entering += [Moved(household, after[rule]) for rule in after.keys() - before.keys()]
            leaving += [Moved(household, before[rule]) for rule in before.keys() - after.keys()]
    return entering, leaving
