"""What the register remembers of a household beside its entry as it stands."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from uuid import UUID

from contracts.focus import FocusGroup
from contracts.households import HouseholdRegistered, Member
from contracts.protection import Protection
from identification.domain.labour import Able

Tag = tuple[FocusGroup, UUID | None]  # a focus group; the person, or the household


class Status(StrEnum):
    """Of a household on the register; all but ACTIVE are final."""

    ACTIVE = "ACTIVE"
    MOVED_OUT = "MOVED_OUT"
    DEREGISTERED = "DEREGISTERED"
    MERGED = "MERGED"


@dataclass(frozen=True)
class Left:
    """A former member. `reason` is a code of `Leaving`, or SPLIT."""

    member: Member
    reason: str
    on: date


@dataclass(frozen=True)
class Past:
    """What the register remembers beside the entry as it stands."""

    registered: HouseholdRegistered | None = None  # the first entry
    # The day on which somebody last joined later.
    joined: Mapping[UUID, date] = field(default_factory=dict)
    left: tuple[Left, ...] = ()
    # The day of each member's last labour assessment.
    assessed: Mapping[UUID, date] = field(default_factory=dict)
    told: Mapping[tuple[str, UUID], date] = field(default_factory=dict)  # see `circumstances`
    # Reports that a member lives elsewhere, found not to hold.
    resident: frozenset[UUID] = frozenset()
    moved_on: date | None = None
    split_off: frozenset[UUID] = frozenset()  # households that came of this one
    absorbed: frozenset[UUID] = frozenset()  # households that are part of this one
    awaited: frozenset[UUID] = frozenset()  # those of them whose members have not arrived yet
    survivor: UUID | None = None  # the household that this one is part of now
    erased: frozenset[UUID] = frozenset()  # former members whose data is gone
    shared: tuple[UUID, int] | None = None  # of the last per-capita income: assessment, and people
    # Of the household, or of a person.
    gaps: frozenset[tuple[Protection, UUID | None]] = frozenset()
    tags: frozenset[Tag] = frozenset()
    responsible: tuple[str, date] | None = None  # who answers for the household, and since when
    able: Able = field(default_factory=dict)  # since when each person could work here
