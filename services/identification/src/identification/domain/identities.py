"""Who a member is, as it should have been recorded (PIPL 46). It is the same person."""

from common.decider import Refused
from contracts.circumstances import IdentityCorrected, IdentityField
from identification.domain.guards import in_order
from identification.domain.members import member_of
from identification.domain.register_commands import CorrectIdentity
from identification.domain.states import Household


def correct(c: CorrectIdentity, household: Household) -> list[IdentityCorrected]:
    """Nothing where nothing differs. Raises `Refused`."""
    entry = household.registered
    member = member_of(entry.members, c.person_id)
    if member is None:
        raise Refused("not-a-member")
    in_order(c.corrected_on, entry.registered_on, c.today, "corrected_on")
    numbered = IdentityField.IDENTITY_NUMBER in c.corrected
    if numbered and member.without_number:
        raise Refused("no-number-yet")
    if not c.corrected:
        return []
    return [
        IdentityCorrected(
            household_id=entry.household_id,
            person_id=c.person_id,
            commitment=c.commitment,
            corrected=list(c.corrected),
            number_differs=c.number_differs if numbered else member.number_differs,
            reason=c.reason,
            corrected_on=c.corrected_on,
        )
    ]
