"""The register: households, who belongs to them, and what becomes of them.

No event carries a name, an identity number, a telephone number or an address: persons are ids, with
a salted commitment to the vault.
"""

from dataclasses import dataclass
from datetime import date
from typing import ClassVar
from uuid import UUID

from contracts.codes import Category, Health, LabourCapacity, Relation, Schooling, Sex
from contracts.wording import Wording


@dataclass(frozen=True, kw_only=True)
class Member:
    """A person in a household. `commitment` is hex sha256 over the salted vault record."""

    person_id: UUID
    commitment: str
    relation: Relation
    sex: Sex
    born_on: date
    labour_capacity: LabourCapacity
    health: Health
    schooling: Schooling


@dataclass(frozen=True, kw_only=True)
class HouseholdRegistered:
    """A household is on the register; exactly one member is its head."""

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


RegisterEvent = HouseholdRegistered
