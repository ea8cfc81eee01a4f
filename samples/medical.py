"""What the medical insurance settled for a household's members. Money is integer fen."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from samples.dice import Dice
from samples.people import Member

FIRST_DAY = date(2025, 12, 1)
LAST_DAY = date(2026, 11, 15)
SERIOUS_INSURANCE_FROM_FEN = 800_000  # own cost of one stay above which the second layer pays
HEAVY_PER_MILLE = 250  # of those who are seriously ill


@dataclass(frozen=True, kw_only=True)
class Settlement:
    """One row of medical_settlements.csv, without its number; amounts in fen."""

    identity_number: str
    settled_on: date
    total: int
    basic: int
    serious: int
    assistance: int
    own: int


def settlements_of(dice: Dice, members: Sequence[Member], *, poor: bool) -> list[Settlement]:
    """A year of settlements of a household, by day: nothing for most of the healthy, several
    small ones for the chronically ill, a large sum for some of the seriously ill."""
    found: list[Settlement] = []
    for member in members:
        match member.health:
            case "患有大病" if dice.chance(HEAVY_PER_MILLE):
                found += spread(dice, member, dice.between(1_000_000, 4_500_000), 4, poor=poor)
            case "患有大病":
                found += spread(dice, member, dice.between(150_000, 650_000), 3, poor=poor)
            case "长期慢性病":
                stays = dice.between(2, 4)
                found += spread(dice, member, dice.between(60_000, 300_000), stays, poor=poor)
            case _ if dice.chance(100):
                found += spread(dice, member, dice.between(4_000, 90_000), 1, poor=poor)
            case _:
                pass
    return sorted(found, key=lambda settlement: settlement.settled_on)


def spread(dice: Dice, member: Member, own: int, stays: int, *, poor: bool) -> list[Settlement]:
    """`own` fen of compliant own cost over `stays` settlements on different days."""
    days: set[date] = set()
    while len(days) < stays:
        days.add(FIRST_DAY + timedelta(days=dice.below((LAST_DAY - FIRST_DAY).days + 1)))
    shares = [dice.between(60, 140) for _ in range(stays)]
    parts = [own * share // sum(shares) for share in shares]
    parts[-1] += own - sum(parts)
    return [
        settle(dice, member, day, part, poor=poor)
        for day, part in zip(sorted(days), parts, strict=True)
    ]


def settle(dice: Dice, member: Member, day: date, own: int, *, poor: bool) -> Settlement:
    """A settlement whose layers fit `own`: total = three layers + own + what is not allowed for."""
    basic = own * dice.between(120, 260) // 100
    serious = own * dice.between(20, 60) // 100 if own >= SERIOUS_INSURANCE_FROM_FEN else 0
    assistance = own * dice.between(10, 40) // 100 if poor else 0
    not_allowed = own * dice.between(2, 12) // 100
    return Settlement(
        identity_number=member.identity_number,
        settled_on=day,
        total=basic + serious + assistance + own + not_allowed,
        basic=basic,
        serious=serious,
        assistance=assistance,
        own=own,
    )
