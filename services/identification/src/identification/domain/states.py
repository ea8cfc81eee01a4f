"""What a household may be: each stage of an episode is a type of its own."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from enum import StrEnum
from typing import assert_never
from uuid import UUID

from contracts.codes import LabourCapacity
from contracts.episodes import (
    HouseholdFoundNotAtRisk,
    HouseholdVerified,
    IncomeAssessed,
    MonitoringConfirmed,
    SafeguardAssessed,
)
from contracts.households import HouseholdRegistered, Member
from contracts.inquiries import EmergencyAssistanceGranted
from contracts.stages import Procedure, Stage
from identification.domain.files import CaseFile, Clue, Ended, Reported

WORKING = frozenset({LabourCapacity.ORDINARY, LabourCapacity.SKILLED, LabourCapacity.WEAK})


@dataclass(frozen=True)
class ClueOpen:
    pass


@dataclass(frozen=True)
class Verifying:
    started_on: date


@dataclass(frozen=True)
class NotAtRisk:
    """Verified, with the conclusion that no class fits: the town rejects (T4) or returns (T11)."""

    found: HouseholdFoundNotAtRisk


@dataclass(frozen=True)
class Verified:
    verified: HouseholdVerified
    income: IncomeAssessed

    @property
    def on(self) -> date:
        """The day of the visit."""
        return self.verified.verified_on

    @property
    def procedure(self) -> Procedure:
        """Of the reviews that follow."""
        return Procedure.IDENTIFICATION

    @property
    def by(self) -> frozenset[str]:
        """Who may not decide what they found."""
        return frozenset({self.verified.verified_by})


Findings = Verified


@dataclass(frozen=True)
class VillageReviewed:
    before: Findings
    held_on: date


@dataclass(frozen=True)
class Publicised:
    before: Findings
    posted_on: date


@dataclass(frozen=True)
class PublicityOver:
    before: Findings
    ended_on: date


@dataclass(frozen=True)
class TownReviewed:
    before: Findings
    approved_on: date
    approved_by: str


@dataclass(frozen=True)
class Monitored:
    """`unhandled` are clues that joined after the confirmation and were not yet looked at (E6)."""

    confirmed: MonitoringConfirmed
    unhandled: tuple[Clue, ...] = ()


Case = (
    ClueOpen
    | Verifying
    | NotAtRisk
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
    which this one is part of now. `erased` are former members whose data is gone.
    """

    registered: HouseholdRegistered | None = None
    left: tuple[Left, ...] = ()
    assessed: Mapping[UUID, date] = field(default_factory=dict)
    moved_on: date | None = None
    split_off: frozenset[UUID] = frozenset()
    absorbed: frozenset[UUID] = frozenset()
    awaited: frozenset[UUID] = frozenset()
    survivor: UUID | None = None
    erased: frozenset[UUID] = frozenset()


@dataclass(frozen=True)
class Household:
    """On the register. `registered` is its entry as it stands, with every later change folded in.

    `case` and `file` are the open episode, `reported` the last report by each source, `grants`
    emergency help that no case has taken up yet.
    """

    registered: HouseholdRegistered
    case: Case | None = None
    file: CaseFile | None = None
    episodes: int = 0
    reported: tuple[Reported, ...] = ()
    status: Status = Status.ACTIVE
    past: Past = Past()
    assessments: tuple[IncomeAssessed, ...] = ()
    safeguards: SafeguardAssessed | None = None
    grants: tuple[EmergencyAssistanceGranted, ...] = ()
    grants_warned: frozenset[UUID] = frozenset()
    ended: Ended | None = None

    @property
    def has_labour(self) -> bool:
        """At least one member is ORDINARY, SKILLED or WEAK."""
        return any(m.labour_capacity in WORKING for m in self.registered.members)

    @property
    def opened(self) -> CaseFile:
        """The file of the open case."""
        assert self.file, "a step of a case is taken while it is open"
        return self.file

    @property
    def unhandled(self) -> tuple[Clue, ...]:
        """Clues that joined a confirmed episode and wait to be looked at (E6)."""
        return self.case.unhandled if isinstance(self.case, Monitored) else ()

    def after(self, outcome: str, on: date) -> "Household":
        """The case is over."""
        return replace(self, case=None, file=None, ended=Ended(self.opened, outcome, on))

    @property
    def stage(self) -> Stage:
        """The name of the stage, as lists and errors show it."""
        return stage_of(self.case)


def stage_of(case: Case | None) -> Stage:
    """The name of a stage."""
    match case:
        case None:
            return Stage.NONE
        case ClueOpen():
            return Stage.CLUE_OPEN
        case Verifying():
            return Stage.VERIFYING
        case NotAtRisk():
            return Stage.NOT_AT_RISK
        case Verified():
            return Stage.VERIFIED
        case VillageReviewed():
            return Stage.VILLAGE_REVIEWED
        case Publicised():
            return Stage.PUBLICISED
        case PublicityOver():
            return Stage.PUBLICITY_OVER
        case TownReviewed():
            return Stage.TOWN_REVIEWED
        case Monitored():
            return Stage.MONITORED
        case _:
            assert_never(case)


State = Household | None  # None: not on the register
