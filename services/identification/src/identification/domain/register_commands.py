"""What may be asked of the register. Every command is given the business date; none looks at a clock.

If a command changes how many belong to a household, it says how many live together afterwards
(`co_living_count`): those who are away for long are members, but do not count.
"""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

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
    NumberDiffers,
    Schooling,
    SplitReason,
)
from contracts.fact_codes import FactCode
from contracts.handover import HelpGiven, OpenCase
from contracts.households import HouseholdRegistered, Member, Related
from identification.domain.policy import Policy


@dataclass(frozen=True, kw_only=True)
class RegisterHousehold:
    """Put a household on the register."""

    registered: HouseholdRegistered
    today: date


@dataclass(frozen=True, kw_only=True)
class NewHead:
    """Who is the head from now on, and what every other member is to that person."""

    head_id: UUID
    relations: tuple[Related, ...]


@dataclass(frozen=True, kw_only=True)
class AddMember:
    """A person joins."""

    member: Member
    reason: Joining
    effective_on: date
    co_living_count: int
    today: date


@dataclass(frozen=True, kw_only=True)
class RemoveMember:
    """A person leaves. `new_head` is needed if the head leaves and others stay."""

    person_id: UUID
    reason: Leaving
    effective_on: date
    co_living_count: int
    new_head: NewHead | None
    today: date


@dataclass(frozen=True, kw_only=True)
class ChangeHead:
    """Another member becomes the head."""

    new_head: NewHead
    effective_on: date
    today: date


@dataclass(frozen=True, kw_only=True)
class AssessLabour:
    """What a member is able to do."""

    person_id: UUID
    capacity: LabourCapacity
    basis: LabourBasis
    assessed_on: date
    today: date


@dataclass(frozen=True, kw_only=True)
class CorrectCategory:
    """The county corrects category and 2019 list."""

    category: Category
    marginal_2019: bool
    reason: CategoryReason
    document_hash: str
    corrected_on: date
    today: date


@dataclass(frozen=True, kw_only=True)
class Relocate:
    """T19: the household moves. A move out of the county needs the hash of the hand-over document."""

    to_region: str
    effective_on: date
    commitments: tuple[Committed, ...]
    handover_hash: str | None
    today: date


@dataclass(frozen=True, kw_only=True)
class ChangeAddress:
    """Another address in the same village. `commitments` is empty if the vault knows the address already."""

    commitments: tuple[Committed, ...]
    reason: AddressReason
    effective_on: date
    today: date


@dataclass(frozen=True, kw_only=True)
class SplitHousehold:
    """Members leave and become a household of their own; `moved` says what each is to its head."""

    new_household_id: UUID
    register_number: str
    moved: tuple[Related, ...]
    co_living_count: int
    new_co_living_count: int
    new_head: NewHead | None
    effective_on: date
    reason: SplitReason
    today: date


@dataclass(frozen=True, kw_only=True)
class MergeHouseholds:
    """Take in other households."""

    absorbed_ids: tuple[UUID, ...]
    effective_on: date
    today: date


@dataclass(frozen=True, kw_only=True)
class JoinHousehold:
    """Become part of another household, as `HouseholdsMerged` asks of each absorbed one."""

    survivor_id: UUID
    effective_on: date


@dataclass(frozen=True, kw_only=True)
class TakeIn:
    """Receive the members and the episode of an absorbed household."""

    from_household_id: UUID
    members: tuple[Member, ...]
    co_living_count: int
    effective_on: date
    case: OpenCase | None
    help_given: tuple[HelpGiven, ...] = ()


@dataclass(frozen=True, kw_only=True)
class ForgoMerger:
    """The other household left the register, so it cannot be taken in."""

    absorbed_id: UUID


@dataclass(frozen=True, kw_only=True)
class Deregister:
    """Strike out a household that was registered twice."""

    duplicate_of: UUID
    effective_on: date
    today: date


@dataclass(frozen=True, kw_only=True)
class RecomputePerCapita:
    """Divide the assessed income by those who live together now."""

    policy: Policy


@dataclass(frozen=True, kw_only=True)
class CountCoLiving:
    """How many live together changes, while the members stay the same."""

    co_living_count: int
    reason: LivingReason
    effective_on: date
    today: date


@dataclass(frozen=True, kw_only=True)
class RecordHealth:
    """How a member's health is."""

    person_id: UUID
    health: Health
    recorded_on: date
    today: date


@dataclass(frozen=True, kw_only=True)
class RecordSchooling:
    """The stage of schooling that a member is in."""

    person_id: UUID
    schooling: Schooling
    recorded_on: date
    today: date


@dataclass(frozen=True, kw_only=True)
class ConfirmResidence:
    """A member still lives here, although a fact (`fact_event_id`, of `told_on`) says that the person's
    registration has changed."""

    person_id: UUID
    change: FactCode
    fact_event_id: UUID
    told_on: date
    confirmed_on: date
    today: date


@dataclass(frozen=True, kw_only=True)
class GiveNumber:
    """A newborn has got an identity number; `commitment` is that of the vault record with the number."""

    person_id: UUID
    commitment: str
    number_differs: NumberDiffers | None
    given_on: date
    today: date


@dataclass(frozen=True, kw_only=True)
class CorrectIdentity:
    """A member's name or number is recorded correctly now. `corrected` says which of them differ from the
    earlier record, `commitment` is that of the new record. `number_differs` is about the new number."""

    person_id: UUID
    commitment: str
    corrected: tuple[IdentityField, ...]
    number_differs: NumberDiffers | None
    reason: IdentityReason
    corrected_on: date
    by: str
    today: date


CircumstanceCommand = (
    CountCoLiving | RecordHealth | RecordSchooling | ConfirmResidence | ChangeAddress
)
RegisterCommand = (
    AddMember
    | RemoveMember
    | ChangeHead
    | AssessLabour
    | CorrectCategory
    | Relocate
    | SplitHousehold
    | MergeHouseholds
    | JoinHousehold
    | TakeIn
    | ForgoMerger
    | Deregister
    | RecomputePerCapita
    | GiveNumber
    | CorrectIdentity
    | CircumstanceCommand
)
