"""The register: households, who belongs to them, and what becomes of them.

No event carries a name, an identity number, a telephone number or an address: persons are ids, with
a salted commitment to the vault. `co_living_count` is always the number after the event.
"""

from dataclasses import dataclass, field
from datetime import date
from typing import ClassVar
from uuid import UUID

from contracts.circumstances import CircumstanceEvent, Committed, MemberEvent
from contracts.codes import (
    Category,
    CategoryReason,
    Deregistration,
    Health,
    Joining,
    LabourBasis,
    LabourCapacity,
    Leaving,
    MonitoredClass,
    NumberDiffers,
    Origin,
    Relation,
    RiskType,
    Schooling,
    Sex,
    SplitReason,
)
from contracts.evidence import ClueAnswered
from contracts.handover import HelpGiven, OpenCase
from contracts.wording import Wording


@dataclass(frozen=True, kw_only=True)
class Member:
    """A person in a household. `commitment` is hex sha256 over the salted vault record.

    `restricted`: the person's data may be kept, but neither shown nor used (PIPL 47). `number_differs`: why
    sex or birth date are not those of the identity number, where they are not. `without_number`: a newborn
    who has none yet.
    """

    person_id: UUID
    commitment: str
    relation: Relation
    sex: Sex
    born_on: date
    labour_capacity: LabourCapacity
    health: Health
    schooling: Schooling
    restricted: bool = False
    number_differs: NumberDiffers | None = None
    without_number: bool = False


@dataclass(frozen=True, kw_only=True)
class Related:
    """What a person is to the head of the household."""

    person_id: UUID
    relation: Relation


@dataclass(frozen=True, kw_only=True)
class HouseholdRegistered:
    """A household is on the register; exactly one member is its head.

    Of a household that split off, `from_household_id` is the one it came from.
    """

    wording: ClassVar = Wording(
        "登记农户",
        "Household registered",
        "登记为{category}，共同生活{co_living_count}人",
        "Registered as {category}, {co_living_count} living together",
    )
    household_id: UUID
    register_number: str
    category: Category
    marginal_2019: bool
    region: str
    co_living_count: int
    members: list[Member]
    registered_on: date
    origin: Origin = Origin.TOWN
    from_household_id: UUID | None = None


@dataclass(frozen=True, kw_only=True)
class HouseholdMemberAdded:
    """A person joined the household."""

    wording: ClassVar = Wording(
        "增加家庭成员",
        "Member added",
        "自{effective_on}起增加一名成员（{reason}），共同生活{co_living_count}人",
        "A member joined on {effective_on} ({reason}); {co_living_count} living together",
    )
    household_id: UUID
    member: Member
    reason: Joining
    effective_on: date
    co_living_count: int


@dataclass(frozen=True, kw_only=True)
class HouseholdMemberRemoved:
    """A person left the household."""

    wording: ClassVar = Wording(
        "减少家庭成员",
        "Member removed",
        "自{effective_on}起减少一名成员（{reason}），共同生活{co_living_count}人",
        "A member left on {effective_on} ({reason}); {co_living_count} living together",
    )
    household_id: UUID
    person_id: UUID
    reason: Leaving
    effective_on: date
    co_living_count: int


@dataclass(frozen=True, kw_only=True)
class HeadChanged:
    """Another member is the head; `relations` are those of all others to the new head."""

    wording: ClassVar = Wording(
        "变更户主",
        "Head changed",
        "自{effective_on}起变更户主",
        "Another head since {effective_on}",
    )
    household_id: UUID
    head_id: UUID
    relations: list[Related]
    effective_on: date


@dataclass(frozen=True, kw_only=True)
class LabourCapacityAssessed:
    """What a member is able to do; under 16 it is NONE."""

    wording: ClassVar = Wording(
        "评定劳动能力",
        "Labour capacity assessed",
        "{assessed_on}评定一名成员为{capacity}（依据：{basis}）",
        "A member was assessed as {capacity} on {assessed_on}, by {basis}",
    )
    household_id: UUID
    person_id: UUID
    capacity: LabourCapacity
    basis: LabourBasis
    assessed_on: date


@dataclass(frozen=True, kw_only=True)
class CategoryCorrected:
    """The county corrected category or 2019 list; never a consequence of monitoring."""

    wording: ClassVar = Wording(
        "更正户类别",
        "Category corrected",
        "户类别由{from_category}更正为{to_category}，2019年边缘易致贫：{marginal_2019}（{reason}）",
        "Category corrected from {from_category} to {to_category}, 2019 list: {marginal_2019} ({reason})",
    )
    household_id: UUID
    from_category: Category
    to_category: Category
    marginal_2019: bool
    reason: CategoryReason
    document_hash: str
    corrected_on: date


@dataclass(frozen=True, kw_only=True)
class HouseholdRelocated:
    """T19: the household moved. Inside the county another town answers for it from now on.

    `commitments` are to vault records with the new address; a move out of the county has none, and
    names the hand-over document instead.
    """

    wording: ClassVar = Wording(
        "农户搬迁",
        "Household relocated",
        "自{effective_on}起由{from_region}迁至{to_region}（县内：{inside_county}）",
        "Moved from {from_region} to {to_region} on {effective_on} (inside the county: {inside_county})",
    )
    household_id: UUID
    from_region: str
    to_region: str
    effective_on: date
    inside_county: bool
    commitments: list[Committed]
    handover_hash: str | None


@dataclass(frozen=True, kw_only=True)
class HouseholdSplit:
    """Members left to be a household of their own; the episode, if any, stays with the original.

    `moved` stand as they do in the new household; `monitored`: whether the original was, so that a
    clue of its `risk_types` opens for the new one.
    """

    wording: ClassVar = Wording(
        "分户",
        "Household split",
        "自{effective_on}起分户（{reason}）：分出{new_co_living_count}人，留下{co_living_count}人",
        "Split on {effective_on} ({reason}): leaving {new_co_living_count}, staying {co_living_count}",
    )
    household_id: UUID
    new_household_id: UUID
    register_number: str
    region: str
    category: Category
    marginal_2019: bool
    moved: list[Member]
    co_living_count: int
    new_co_living_count: int
    effective_on: date
    reason: SplitReason
    monitored: bool
    risk_types: list[RiskType] = field(default_factory=list)


@dataclass(frozen=True, kw_only=True)
class HouseholdsMerged:
    """This household takes in others; each then hands over its members (`HouseholdAbsorbed`)."""

    wording: ClassVar = Wording(
        "并户",
        "Households merged",
        "自{effective_on}起并入{absorbed_count}户",
        "Households merged into this one on {effective_on}: {absorbed_count}",
    )
    household_id: UUID
    absorbed_ids: list[UUID]
    absorbed_count: int
    effective_on: date


@dataclass(frozen=True, kw_only=True)
class MergerForgone:
    """A household that was to be taken in had left the register in the meantime."""

    wording: ClassVar = Wording(
        "并户未成",
        "Merger forgone",
        "拟并入的一户已不在册，未并入",
        "A household to be taken in was no longer on the register",
    )
    household_id: UUID
    absorbed_id: UUID


@dataclass(frozen=True, kw_only=True)
class HouseholdAbsorbed:
    """This household is now part of another; members and episode go there as they stand here."""

    wording: ClassVar = Wording(
        "并入他户",
        "Absorbed by another household",
        "自{effective_on}起并入他户，{co_living_count}人一并转入",
        "Part of another household since {effective_on}, with {co_living_count} living together",
    )
    household_id: UUID
    survivor_id: UUID
    members: list[Member]
    co_living_count: int
    effective_on: date
    case: OpenCase | None
    help_given: list[HelpGiven] = field(default_factory=list)


@dataclass(frozen=True, kw_only=True)
class MergerCompleted:
    """The members of an absorbed household have arrived."""

    wording: ClassVar = Wording(
        "并户完成",
        "Merger completed",
        "并入户的{arrived}名成员已转入，共同生活{co_living_count}人",
        "Members arrived from the absorbed household: {arrived}; {co_living_count} living together",
    )
    household_id: UUID
    absorbed_id: UUID
    arrived: int
    co_living_count: int


@dataclass(frozen=True, kw_only=True)
class EpisodeTakenOver:
    """A54: the episode of an absorbed household goes on here, since its own confirmation.

    `risk_types` are those of the household from now on, `answered` clues of its own that name no other; older
    events do not tell them.
    """

    wording: ClassVar = Wording(
        "承接监测",
        "Episode taken over",
        "承接并入户的监测：{monitored_class}，认定日期{confirmed_on}",
        "Monitored since {confirmed_on} as {monitored_class}, taken over from an absorbed household",
    )
    household_id: UUID
    from_household_id: UUID
    monitored_class: MonitoredClass
    confirmed_on: date
    case: OpenCase
    risk_types: list[RiskType] = field(default_factory=list)
    answered: list[ClueAnswered] = field(default_factory=list)


@dataclass(frozen=True, kw_only=True)
class EmergencyHelpTakenOver:
    """A54, T12: help that an absorbed household was given ahead of a confirmation belongs here now."""

    wording: ClassVar = Wording(
        "承接应急帮扶",
        "Emergency help taken over",
        "承接并入户的应急先行帮扶{grants}笔",
        "Emergency help of an absorbed household, taken over: {grants}",
    )
    household_id: UUID
    from_household_id: UUID
    grants: int
    help_given: list[HelpGiven]


@dataclass(frozen=True, kw_only=True)
class HouseholdDeregistered:
    """The household left the register; its history stays. `duplicate_of` is the one that remains."""

    wording: ClassVar = Wording(
        "注销农户",
        "Household deregistered",
        "自{effective_on}起注销：{reason}",
        "Off the register since {effective_on}: {reason}",
    )
    household_id: UUID
    reason: Deregistration
    effective_on: date
    duplicate_of: UUID | None = None


@dataclass(frozen=True, kw_only=True)
class PerCapitaRecomputed:
    """Other people share the income that was assessed (A53). It advises; no status follows from it.

    `within_line` compares by multiplication; `per_capita_fen` is rounded down, for reading.
    """

    wording: ClassVar = Wording(
        "重算人均收入",
        "Per-capita income recomputed",
        "人口变为{members}人，人均可支配收入{per_capita_fen}元，监测线{line_fen}元，线内：{within_line}",
        "Persons now: {members}; {per_capita_fen} yuan each, line {line_fen}, within it: {within_line}",
    )
    household_id: UUID
    assessment_id: UUID
    members: int
    disposable_fen: int
    per_capita_fen: int
    line_fen: int
    within_line: bool


RegisterEvent = (
    HouseholdRegistered
    | HouseholdMemberAdded
    | HouseholdMemberRemoved
    | HeadChanged
    | LabourCapacityAssessed
    | CategoryCorrected
    | HouseholdRelocated
    | HouseholdSplit
    | HouseholdsMerged
    | MergerForgone
    | HouseholdAbsorbed
    | MergerCompleted
    | EpisodeTakenOver
    | EmergencyHelpTakenOver
    | HouseholdDeregistered
    | PerCapitaRecomputed
    | MemberEvent
    | CircumstanceEvent
)
