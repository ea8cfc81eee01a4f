"""Commands of the register, for tests to pick from, and what they lead to."""

from dataclasses import replace
from datetime import date
from uuid import UUID

import pytest

from common.decider import Refused
from contracts.circumstances import (
    AddressReason,
    Committed,
    IdentityField,
    IdentityReason,
    LivingReason,
)
from contracts.codes import (
    Category,
    CategoryReason,
    Health,
    Joining,
    LabourBasis,
    LabourCapacity,
    Leaving,
    Relation,
    Schooling,
    SplitReason,
)
from contracts.fact_codes import FactCode
from contracts.households import (
    Related,
)
from contracts.identification import HouseholdEvent
from identification.domain.commands import Command
from identification.domain.household import HOUSEHOLD
from identification.domain.register_commands import (
    AddMember,
    AssessLabour,
    ChangeAddress,
    ChangeHead,
    ConfirmResidence,
    CorrectCategory,
    CorrectIdentity,
    CountCoLiving,
    Deregister,
    ForgoMerger,
    JoinHousehold,
    MergeHouseholds,
    NewHead,
    RecordHealth,
    RecordSchooling,
    Relocate,
    RemoveMember,
    SplitHousehold,
    TakeIn,
)
from identification.domain.states import Household
from services.identification.tests.story import (
    HASH,
    REGISTERED,
    TODAY,
    history,
    member,
)

DAY = date(2024, 4, 15)
HEAD, SECOND, THIRD, FOURTH = (UUID(int=n) for n in (1, 2, 3, 4))
OTHER_HOUSEHOLD = UUID(int=77)

ALONE = replace(REGISTERED, members=[member(1)], co_living_count=1)
ADD = AddMember(
    member=member(5, Relation.GRANDCHILD, labour_capacity=LabourCapacity.NONE, born_on=DAY),
    reason=Joining.BIRTH,
    effective_on=DAY,
    co_living_count=5,
    today=TODAY,
)
REMOVE = RemoveMember(
    person_id=SECOND,
    reason=Leaving.MARRIAGE_OUT,
    effective_on=DAY,
    co_living_count=3,
    new_head=None,
    today=TODAY,
)


def under(head: UUID, *others: UUID) -> NewHead:
    relations = tuple(Related(person_id=p, relation=Relation.SIBLING) for p in others)
    return NewHead(head_id=head, relations=relations)


HEAD_DIES = replace(
    REMOVE, person_id=HEAD, reason=Leaving.DEATH, new_head=under(SECOND, THIRD, FOURTH)
)
CHANGE_HEAD = ChangeHead(new_head=under(SECOND, HEAD, THIRD, FOURTH), effective_on=DAY, today=TODAY)
ASSESS = AssessLabour(
    person_id=SECOND,
    capacity=LabourCapacity.LOST,
    basis=LabourBasis.DISABILITY_CARD,
    assessed_on=DAY,
    today=TODAY,
)
COUNT = CountCoLiving(co_living_count=3, reason=LivingReason.AWAY, effective_on=DAY, today=TODAY)
ILL = RecordHealth(person_id=SECOND, health=Health.CHRONIC, recorded_on=DAY, today=TODAY)
RESIDENT = ConfirmResidence(
    person_id=SECOND,
    change=FactCode.MOVED_OUT,
    fact_event_id=UUID(int=94),
    told_on=DAY,
    confirmed_on=DAY,
    today=TODAY,
)
PUPIL = RecordSchooling(person_id=SECOND, schooling=Schooling.SENIOR, recorded_on=DAY, today=TODAY)
IDENTITY = CorrectIdentity(
    person_id=SECOND,
    commitment=HASH,
    corrected=(IdentityField.NAME,),
    number_differs=None,
    reason=IdentityReason.RECORDED_WRONGLY,
    corrected_on=DAY,
    by="officer",
    today=TODAY,
)
CATEGORY = CorrectCategory(
    category=Category.GENERAL,
    marginal_2019=True,
    reason=CategoryReason.PROVINCIAL_LIST,
    document_hash=HASH,
    corrected_on=DAY,
    today=TODAY,
)
MOVE = Relocate(
    to_region="441624109201", effective_on=DAY, commitments=(), handover_hash=None, today=TODAY
)
ADDRESS = ChangeAddress(
    commitments=(Committed(person_id=SECOND, commitment="a" * 64),),
    reason=AddressReason.MOVED,
    effective_on=DAY,
    today=TODAY,
)
MOVE_OUT = replace(MOVE, to_region="441625100201", handover_hash=HASH)
SPLIT = SplitHousehold(
    new_household_id=OTHER_HOUSEHOLD,
    register_number="PZ-0002",
    moved=(
        Related(person_id=THIRD, relation=Relation.HEAD),
        Related(person_id=FOURTH, relation=Relation.SIBLING),
    ),
    co_living_count=2,
    new_co_living_count=2,
    new_head=None,
    effective_on=DAY,
    reason=SplitReason.FAMILY_DIVISION,
    today=TODAY,
)
MERGE = MergeHouseholds(absorbed_ids=(OTHER_HOUSEHOLD,), effective_on=DAY, today=TODAY)
JOIN = JoinHousehold(survivor_id=OTHER_HOUSEHOLD, effective_on=DAY)
TAKE_IN = TakeIn(
    from_household_id=OTHER_HOUSEHOLD,
    members=(member(7), member(8, Relation.CHILD)),
    co_living_count=2,
    effective_on=DAY,
    case=None,
)
FORGO = ForgoMerger(absorbed_id=OTHER_HOUSEHOLD)
DEREGISTER = Deregister(duplicate_of=OTHER_HOUSEHOLD, effective_on=DAY, today=TODAY)


def refused(command: Command, given: list[HouseholdEvent]) -> Refused:
    with pytest.raises(Refused) as refusal:
        HOUSEHOLD.when(command, given=given)
    return refusal.value


def after(*commands: Command) -> Household:
    household = HOUSEHOLD.fold(history(*commands))
    assert household is not None
    return household


def relations(household: Household) -> dict[UUID, Relation]:
    return {m.person_id: m.relation for m in household.registered.members}
