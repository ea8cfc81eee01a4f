"""Newborns who have no identity number yet, and how they get one. They stay the same person."""

from common.decider import Refused
from contracts.circumstances import IdentityNumberGiven
from contracts.codes import Joining
from identification.domain.guards import in_order
from identification.domain.members import member_of
from identification.domain.register_commands import AddMember, GiveNumber
from identification.domain.registration import age_on
from identification.domain.states import Household

GROWN = 1  # years: by then every child is on the household register


def may_wait(c: AddMember) -> None:
    """Only a newborn who joins by birth may be without a number. Raises `Refused`."""
    grown = age_on(c.member.born_on, c.effective_on) >= GROWN
    if c.member.without_number and (c.reason is not Joining.BIRTH or grown):
        raise Refused("number-needed", years=GROWN)


def given(c: GiveNumber, household: Household) -> list[IdentityNumberGiven]:
    """A number is given once. Raises `Refused`: correcting a wrong one is another command."""
    entry = household.registered
    member = member_of(entry.members, c.person_id)
    if member is None:
        raise Refused("not-a-member")
    if not member.without_number:
        raise Refused("number-known")
    in_order(c.given_on, max(entry.registered_on, member.born_on), c.today, "given_on")
    return [
        IdentityNumberGiven(
            household_id=entry.household_id,
            person_id=c.person_id,
            commitment=c.commitment,
            number_differs=c.number_differs,
            given_on=c.given_on,
        )
    ]
