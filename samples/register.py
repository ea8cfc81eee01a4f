"""Households one after another, each drawn from its own dice: nothing is kept in memory."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta

from samples.dice import Dice
from samples.identity import IdentityNumbers
from samples.medical import Settlement, settlements_of, spread
from samples.people import COLLECTED_ON, SIZES, Member, age_on, compose
from samples.vocabulary import PENGZHAI, TOWNS, VILLAGE_NAMES, VILLAGES_OF_PENGZHAI


@dataclass(frozen=True, kw_only=True)
class Case:
    """A household made by hand: what its patients paid themselves, in fen, one after another."""

    poor: bool
    own_costs: tuple[int, ...]
    labour: bool = True


@dataclass(frozen=True, kw_only=True)
class Shape:
    """What to generate. Shares are per mille of households; cases are by ordinal in the town."""

    households: int
    towns: tuple[str, ...] = tuple(TOWNS)
    villages: int = 14
    poor: int = 100
    marginal: int = 12
    cases: Mapping[int, Case] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Village:
    code: str
    name: str
    town: str


@dataclass(frozen=True, kw_only=True)
class Household:
    """One row of households.csv with its members and their settlements."""

    number: str
    village: Village
    group: str
    poor: bool
    marginal_2019: bool
    co_living: int
    registered_on: date
    members: tuple[Member, ...]
    settlements: tuple[Settlement, ...]


YUAN = 100
# The edges of the medical rule (MEDICAL-OWN-COST: 10,000 yuan for the formerly poor, 30,000 for others,
# the boundary included; twice the threshold is RED).
TINY_CASES = {
    1: Case(poor=True, own_costs=(12_600 * YUAN,)),
    4: Case(poor=True, own_costs=(10_000 * YUAN,)),
    5: Case(poor=True, own_costs=(10_000 * YUAN - 1,)),
    11: Case(poor=True, own_costs=(23_400 * YUAN,)),
    14: Case(poor=True, own_costs=(6_000 * YUAN, 5_500 * YUAN)),
    22: Case(poor=True, own_costs=(14_000 * YUAN,), labour=False),
    33: Case(poor=False, own_costs=(15_000 * YUAN,)),
    41: Case(poor=False, own_costs=(32_000 * YUAN,)),
}
SHAPES = {
    "tiny": Shape(
        households=50, towns=(PENGZHAI,), villages=5, poor=300, marginal=60, cases=TINY_CASES
    ),
    "county": Shape(households=110_000),
    "stress": Shape(households=500_000, villages=20),
}


def households(shape: Shape, seed: int) -> Iterator[Household]:
    """All households, by town, village and number. Memory does not grow with their number."""
    numbers = IdentityNumbers()
    for town, count in apportioned(shape).items():
        villages = villages_of(town, shape.villages, seed)
        letters = TOWNS[town][1]
        for ordinal in range(1, count + 1):
            village = villages[(ordinal - 1) * len(villages) // count]
            number = f"{letters}-{ordinal:04d}"
            dice = Dice(f"{seed}/{number}")
            case = shape.cases.get(ordinal)
            yield household(dice, numbers, shape, number, village, case)


def household(
    dice: Dice,
    numbers: IdentityNumbers,
    shape: Shape,
    number: str,
    village: Village,
    case: Case | None,
) -> Household:
    poor = dice.chance(shape.poor) if case is None else case.poor
    marginal = case is None and not poor and dice.chance(shape.marginal)
    # No-labour households: 18 % of the formerly poor; fewer of the others.
    labour = not dice.chance(180 if poor else 60) if case is None else case.labour
    size = dice.weighted(SIZES) if case is None else 4
    members = compose(dice, numbers, size=size, labour=labour, poor=poor)
    if case is None:
        settlements = settlements_of(dice, members, poor=poor)
    else:
        members, settlements = with_case(dice, members, case)
    away = 1 if case is None and size > 3 and dice.chance(60) else 0
    return Household(
        number=number,
        village=village,
        group=f"{dice.between(1, 8)}组",
        poor=poor,
        marginal_2019=marginal,
        co_living=size - away,
        registered_on=COLLECTED_ON + timedelta(days=dice.between(1, 28)),
        members=tuple(members),
        settlements=tuple(settlements),
    )


def with_case(
    dice: Dice, members: list[Member], case: Case
) -> tuple[list[Member], list[Settlement]]:
    """The household with its first adults after the head fallen ill, and only their settlements."""
    adults = [at for at, member in enumerate(members) if at and is_adult(member)]
    members = list(members)
    found: list[Settlement] = []
    for at, own in zip(adults, case.own_costs, strict=False):
        members[at] = replace(members[at], health="患有大病", labour="丧失劳动力")
        found += spread(dice, members[at], own, 3, poor=case.poor)
    if len(adults) < len(case.own_costs):
        raise ValueError("this seed gives a case fewer adults than patients: take another")
    if case.labour:
        members[0] = replace(members[0], health="健康", labour="普通劳动力")
    return members, sorted(found, key=lambda settlement: settlement.settled_on)


def is_adult(member: Member) -> bool:
    return age_on(member.born_on, COLLECTED_ON) >= 18 and member.schooling == "非在校生"


def apportioned(shape: Shape) -> dict[str, int]:
    """Households of each town by its weight; the sum is exact."""
    whole = sum(TOWNS[town][2] for town in shape.towns)
    counts: dict[str, int] = {}
    weight = 0
    for town in shape.towns:
        before = shape.households * weight // whole
        weight += TOWNS[town][2]
        counts[town] = shape.households * weight // whole - before
    return counts


def villages_of(town: str, count: int, seed: int) -> list[Village]:
    """`count` villages with codes from <town>201; names do not repeat within a town."""
    dice = Dice(f"{seed}/{town}")
    names = list(VILLAGES_OF_PENGZHAI) if town == PENGZHAI else []
    others = [name for name in VILLAGE_NAMES if name not in names]
    while len(names) < count:
        names.append(others.pop(dice.below(len(others))))
    return [
        Village(code=f"{town}{201 + at}", name=name, town=TOWNS[town][0])
        for at, name in enumerate(names[:count])
    ]
