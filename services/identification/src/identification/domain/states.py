"""What a household may be: each stage of an episode is a type of its own."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import assert_never
from uuid import UUID

from contracts.codes import LabourCapacity, RiskType, Severity
from contracts.episodes import HouseholdVerified, IncomeAssessed, MonitoringConfirmed
from contracts.households import HouseholdRegistered, Member

WORKING = frozenset({LabourCapacity.ORDINARY, LabourCapacity.SKILLED, LabourCapacity.WEAK})


@dataclass(frozen=True)
class Clue:
    """What a case was opened with, and what joined it."""

    discovered_on: date
    due_on: date
    risk_types: frozenset[RiskType]


@dataclass(frozen=True)
class Reported:
    """The latest report of a risk by one source (a rule, or people: `rule_id` is then None)."""

    clue_id: UUID
    risk_type: RiskType
    rule_id: str | None
    discovered_on: date
    severity: Severity


@dataclass(frozen=True)
class ClueOpen:
    clue: Clue


@dataclass(frozen=True)
class Verifying:
    """`income` is set while the events of T3 are folded, one after another."""

    clue: Clue
    started_on: date
    income: IncomeAssessed | None = None


@dataclass(frozen=True)
class Verified:
    clue: Clue
    verified: HouseholdVerified
    income: IncomeAssessed


@dataclass(frozen=True)
class VillageReviewed:
    before: Verified
    held_on: date


@dataclass(frozen=True)
class Publicised:
    before: Verified
    posted_on: date


@dataclass(frozen=True)
class PublicityOver:
    before: Verified
    ended_on: date


@dataclass(frozen=True)
class TownReviewed:
    before: Verified
    approved_on: date
    approved_by: str


@dataclass(frozen=True)
class Monitored:
    clue: Clue
    confirmed: MonitoringConfirmed


Case = (
    ClueOpen
    | Verifying
    | Verified
    | VillageReviewed
    | Publicised
    | PublicityOver
    | TownReviewed
    | Monitored
)


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

    `registered` is the first entry, `left` who left, `assessed` the day of each member's last labour
    assessment, `moved_on` the day of the last move. The others are households: `split_off` from this
    one, `absorbed` by it, `awaited` those of them whose members have not arrived yet, and `survivor`,
    which this one is part of now.
    """

    registered: HouseholdRegistered | None = None
    left: tuple[Left, ...] = ()
    assessed: Mapping[UUID, date] = field(default_factory=dict)
    moved_on: date | None = None
    split_off: frozenset[UUID] = frozenset()
    absorbed: frozenset[UUID] = frozenset()
    awaited: frozenset[UUID] = frozenset()
    survivor: UUID | None = None


@dataclass(frozen=True)
class Household:
    """On the register. `registered` is its entry as it stands, with every later change folded in.

    `case` is the open episode, `reported` the last report by each source.
    """

    registered: HouseholdRegistered
    case: Case | None = None
    episodes: int = 0
    reported: tuple[Reported, ...] = ()
    status: Status = Status.ACTIVE
    past: Past = Past()

    @property
    def has_labour(self) -> bool:
        """At least one member is ORDINARY, SKILLED or WEAK."""
        return any(m.labour_capacity in WORKING for m in self.registered.members)


STAGES: dict[type, str] = {
    ClueOpen: "CLUE_OPEN",
    Verifying: "VERIFYING",
    Verified: "VERIFIED",
    VillageReviewed: "VILLAGE_REVIEWED",
    Publicised: "PUBLICISED",
    PublicityOver: "PUBLICITY_OVER",
    TownReviewed: "TOWN_REVIEWED",
    Monitored: "MONITORED",
}


def stage_of(case: Case | None) -> str:
    """The name of the stage, as lists and errors show it."""
    return "NONE" if case is None else STAGES[type(case)]


def clue_of(case: Case) -> Clue:
    """The clue that the case answers."""
    match case:
        case ClueOpen() | Verifying() | Verified() | Monitored():
            return case.clue
        case VillageReviewed() | Publicised() | PublicityOver() | TownReviewed():
            return case.before.clue
        case _:
            assert_never(case)


State = Household | None  # None: not on the register
