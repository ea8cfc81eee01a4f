"""T20: a member's birth date or sex is corrected, and what follows from that without anybody deciding.

Whatever reads an age reads the corrected one from then on. Nobody under 16 is able to work, so the
correction ends such a capacity. Whether somebody who is older than was recorded is able to work, people
assess.
"""

from uuid import UUID

from contracts.circumstances import BirthDateCorrected, SexCorrected
from contracts.codes import LabourBasis, LabourCapacity
from contracts.households import LabourCapacityAssessed, Member
from identification.domain.entry import Status
from identification.domain.labour import WORKING
from identification.domain.members import member_of
from identification.domain.monitoring_commands import CorrectRecord
from identification.domain.registration import WORKING_AGE, age_on, born_in_range
from identification.domain.states import Household

Follows = BirthDateCorrected | SexCorrected | LabourCapacityAssessed


def corrected(c: CorrectRecord, born: Member, household: Household) -> list[Follows]:
    """What follows from a member's corrected birth date or sex, as they stand in `born`. Raises `Refused`
    for a date that nobody can have."""
    entry = household.registered
    member = member_of(entry.members, born.person_id)
    if household.status is not Status.ACTIVE or member is None:
        return []
    if c.path.endswith("/sex"):
        return _sex(c, born, member, household)
    if member.born_on == born.born_on:
        return []
    born_in_range(born, entry.members.index(member) + 1, c.today)
    young = age_on(born.born_on, c.today) < WORKING_AGE
    told = BirthDateCorrected(
        household_id=entry.household_id,
        person_id=born.person_id,
        from_born_on=member.born_on,
        to_born_on=born.born_on,
        unable=young and member.labour_capacity in WORKING,
        corrects=c.corrected_event_id,
        corrected_on=c.today,
        number_differs=c.number_differs,
    )
    if not young or member.labour_capacity is LabourCapacity.NONE:
        return [told]
    assessed = LabourCapacityAssessed(
        household_id=entry.household_id,
        person_id=born.person_id,
        capacity=LabourCapacity.NONE,
        basis=LabourBasis.AGE,
        assessed_on=c.today,
    )
    return [told, assessed]


def _sex(c: CorrectRecord, told: Member, member: Member, household: Household) -> list[Follows]:
    """No rule reads the sex, but it has to be the one that the identity number tells."""
    if member.sex is told.sex:
        return []
    return [
        SexCorrected(
            household_id=household.id,
            person_id=told.person_id,
            from_sex=member.sex,
            to_sex=told.sex,
            corrects=c.corrected_event_id,
            corrected_on=c.today,
            number_differs=c.number_differs,
        )
    ]


def decided_on(follows: list[Follows], household: Household) -> tuple[UUID, bool] | None:
    """The case whose elimination E7 would not have allowed, since everybody who counted as able to work is
    found to be under 16; `None` if there is none."""
    eliminated, unable = household.eliminated, {f.person_id for f in follows[1:]}
    able = {m.person_id for m in household.registered.members if m.labour_capacity in WORKING}
    if household.case or not eliminated:
        return None
    return (eliminated.file.case_id, False) if able and able <= unable else None
