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
    """What the register remembers beside the entry as it stands.

    `registered` is the first entry, `joined` the day on which a later member last did, `left` who left,
    `assessed` the day of each member's last labour assessment, `told` that of what was last told of how it
    lives, `resident` the reports of a change of the household register that do not hold, `moved_on` the day of
    the last move. The next are households: `split_off` from this one, `absorbed` by it, `awaited` those of them
    whose members have not arrived yet, and `survivor`, which this one is part of now. `erased` are former
    members whose data is gone, `shared` the assessment and number of people of the last recomputed per-capita
    income, `gaps` the protection that is open to the household or one of its persons, `tags` the focus groups
    of both, `responsible` who answers for the household, and since when, `able` since when each person could
    work here.
    """

    registered: HouseholdRegistered | None = None
    joined: Mapping[UUID, date] = field(default_factory=dict)
    left: tuple[Left, ...] = ()
    assessed: Mapping[UUID, date] = field(default_factory=dict)
    told: Mapping[tuple[str, UUID], date] = field(default_factory=dict)
    resident: frozenset[UUID] = frozenset()
    moved_on: date | None = None
    split_off: frozenset[UUID] = frozenset()
    absorbed: frozenset[UUID] = frozenset()
    awaited: frozenset[UUID] = frozenset()
    survivor: UUID | None = None
    erased: frozenset[UUID] = frozenset()
    shared: tuple[UUID, int] | None = None
    gaps: frozenset[tuple[Protection, UUID | None]] = frozenset()
    tags: frozenset[Tag] = frozenset()
    responsible: tuple[str, date] | None = None
    able: Able = field(default_factory=dict)
