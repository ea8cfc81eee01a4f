"""The mistakes that real exports hold (domain 7.3), to see that they are refused by name."""

from collections.abc import Iterable, Iterator
from dataclasses import replace

from samples.dice import Dice
from samples.identity import CHECK_CHARACTERS
from samples.people import Member
from samples.register import Household

WRONG_CHECKSUM = 1  # per mille of persons
CLAIMED_TWICE = 2  # per mille of households: about 0.05 % of persons
SENT_TWICE = 5  # per mille of settlements


def soiled(clean: Iterable[Household], seed: int) -> Iterator[Household]:
    """The same households with wrong check characters, persons who are also in the next
    household, and settlements that come twice."""
    neighbour: Member | None = None
    for household in clean:
        dice = Dice(f"{seed}/dirt/{household.number}")
        members = [
            with_wrong_checksum(member) if dice.chance(WRONG_CHECKSUM) else member
            for member in household.members
        ]
        if neighbour is not None and dice.chance(CLAIMED_TWICE):
            members.append(replace(neighbour, relation="其他"))
        neighbour = household.members[-1]
        yield replace(household, members=tuple(members))


def with_wrong_checksum(member: Member) -> Member:
    body, check = member.identity_number[:-1], member.identity_number[-1]
    wrong = CHECK_CHARACTERS[(CHECK_CHARACTERS.index(check) + 1) % len(CHECK_CHARACTERS)]
    return replace(member, identity_number=body + wrong)


def sent_twice(number: str, seed: int) -> bool:
    """Whether the settlement with this number is in the file two times."""
    return Dice(f"{seed}/dirt/{number}").chance(SENT_TWICE)
