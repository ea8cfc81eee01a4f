"""What staff send to change the register. Unknown fields are refused."""

from datetime import date
from typing import Annotated
from uuid import UUID

from pydantic import Field

from common.form import Form, Sha256
from contracts.circumstances import AddressReason
from contracts.codes import (
    Category,
    CategoryReason,
    Joining,
    LabourBasis,
    LabourCapacity,
    Leaving,
    Relation,
    SplitReason,
)
from contracts.households import Related
from identification.api.fields import Address, Region, RegisterNumber
from identification.api.forms import MemberForm
from identification.domain.register_commands import NewHead

Living = Annotated[
    int, Field(strict=True, ge=0, le=50, description="共同生活人口, afterwards", examples=[1])
]
OTHER = "6f1c2d70-4b7e-4a51-9d3e-2f8a0c5b9e12"


class RelatedForm(Form):
    """What a person is to the head."""

    person_id: UUID
    relation: Relation

    def told(self) -> Related:
        """In the language of the domain."""
        return Related(person_id=self.person_id, relation=self.relation)


class NewHeadForm(Form):
    """The new head, and the relation of every other member to that person."""

    head_id: UUID
    relations: Annotated[list[RelatedForm], Field(max_length=50)]

    def told(self) -> NewHead:
        """In the language of the domain."""
        return NewHead(head_id=self.head_id, relations=tuple(r.told() for r in self.relations))


class JoiningForm(Form):
    """A person joins; the address is the household's."""

    member: MemberForm
    reason: Joining
    effective_on: date
    co_living_count: Living


class LeavingForm(Form):
    """A person leaves; `new_head` if it is the head and others stay."""

    person_id: UUID
    reason: Leaving
    effective_on: date
    co_living_count: Living
    new_head: NewHeadForm | None = None


class HeadForm(Form):
    """Another head."""

    new_head: NewHeadForm
    effective_on: date


class LabourForm(Form):
    """An assessment of labour capacity."""

    person_id: UUID
    capacity: LabourCapacity
    basis: LabourBasis
    assessed_on: date


class CategoryForm(Form):
    """Category and 2019 list as they should be."""

    category: Category
    marginal_2019: bool
    reason: CategoryReason
    document_hash: Sha256
    corrected_on: date


class RelocationForm(Form):
    """T19: the new area; inside the county also the new address, outside the hand-over document."""

    to_region: Region
    address: Annotated[Address | None, Field(examples=["彭寨镇聚村2组"])] = None
    handover_hash: Sha256 | None = None
    effective_on: date


class AddressForm(Form):
    """Another address of the same village; it goes to the vault only."""

    address: Address
    reason: AddressReason
    effective_on: date


class SplitForm(Form):
    """Members who leave to be a household of their own; one of them is its head."""

    register_number: RegisterNumber
    moved: Annotated[list[RelatedForm], Field(min_length=1, max_length=50)]
    co_living_count: Living
    new_co_living_count: Living
    new_head: NewHeadForm | None = None
    effective_on: date
    reason: SplitReason


class MergerForm(Form):
    """Households that become part of this one."""

    absorbed_ids: Annotated[
        tuple[UUID, ...], Field(min_length=1, max_length=10, examples=[[OTHER]])
    ]
    effective_on: date


class DeregistrationForm(Form):
    """The household that remains of two that are one."""

    duplicate_of: Annotated[UUID, Field(examples=[OTHER])]
    effective_on: date
