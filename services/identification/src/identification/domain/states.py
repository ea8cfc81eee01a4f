"""What a household may be: each stage of an episode is a type of its own."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import assert_never
from uuid import UUID

from contracts.assessments import IncomeAssessed, SafeguardAssessed
from contracts.codes import Category, DisasterSubtype, MonitoredClass, RiskType
from contracts.eliminations import EliminationProposed, EliminationVerified
from contracts.episodes import HouseholdFoundNotAtRisk, HouseholdVerified, MonitoringConfirmed
from contracts.households import HouseholdRegistered
from contracts.inquiries import EmergencyAssistanceGranted
from contracts.monitoring import EntrySubject
from contracts.stages import Procedure, Stage
from identification.domain.entry import Past, Status
from identification.domain.files import Breached, CaseFile, Clue, Eligibility, Ended, Reported
from identification.domain.labour import WORKING


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
    category: Category  # at the visit


@dataclass(frozen=True)
class Verified:
    verified: HouseholdVerified
    income: IncomeAssessed
    category: Category  # at the visit: the class that was proposed follows from it
    by: frozenset[str]  # who may not decide what they found, now or before it was returned

    @property
    def on(self) -> date:
        """The day of the visit."""
        return self.verified.verified_on

    @property
    def procedure(self) -> Procedure:
        """Of the reviews that follow."""
        return Procedure.IDENTIFICATION


@dataclass(frozen=True)
class Monitored:
    """`unhandled` are clues that joined after the confirmation and were not yet looked at (E6).

    `looked_at` are the days of the others: found, and looked at. `risks` are open, `disaster` is their last
    named; since `allowed_on` it may be proposed without labour (E7). `foreign` are assessments of before it was
    taken over: not of the people whose risk it is (A54).
    """

    confirmed: MonitoringConfirmed
    monitored_class: MonitoredClass
    risks: tuple[RiskType, ...]
    unhandled: tuple[Clue, ...] = ()
    looked_at: tuple[tuple[date, date], ...] = ()
    allowed_on: date | None = None
    foreign: frozenset[UUID] = frozenset()
    disaster: DisasterSubtype | None = None


@dataclass(frozen=True)
class Eliminating:
    """Proposed, and to be verified at home."""

    monitored: Monitored
    proposed: EliminationProposed


@dataclass(frozen=True)
class EliminationReady:
    """Verified; the reviews follow."""

    monitored: Monitored
    proposed: EliminationProposed
    verified: EliminationVerified

    @property
    def on(self) -> date:
        """The day of the visit."""
        return self.verified.visited_on

    @property
    def procedure(self) -> Procedure:
        """Of the reviews that follow."""
        return Procedure.ELIMINATION

    @property
    def by(self) -> frozenset[str]:
        """Who may not decide what they found."""
        officers = (str(officer) for officer in self.verified.officers)
        return frozenset({self.proposed.proposed_by, self.verified.verified_by, *officers})


Findings = Verified | EliminationReady


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
    visit_only: bool


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
    | Eliminating
    | EliminationReady
)


@dataclass(frozen=True)
class Eliminated:
    """An episode whose risk is gone; it may be taken back until a new one is confirmed."""

    file: CaseFile
    monitored: Monitored
    on: date


@dataclass(frozen=True)
class Household:
    """On the register. `registered` is its entry as it stands, with every later change folded in.

    `case` and `file` are the open episode, `reported` the last report by each source, `clue_ids` and
    `grant_ids` all clues and emergency help that there ever were, `grants` the help that no case has taken up.
    """

    registered: HouseholdRegistered
    case: Case | None = None
    file: CaseFile | None = None
    episodes: int = 0
    reported: tuple[Reported, ...] = ()
    clue_ids: frozenset[UUID] = frozenset()
    status: Status = Status.ACTIVE
    past: Past = field(default_factory=Past)
    assessments: tuple[IncomeAssessed, ...] = ()
    safeguards: SafeguardAssessed | None = None
    grants: tuple[EmergencyAssistanceGranted, ...] = ()
    grant_ids: frozenset[UUID] = frozenset()
    grants_warned: frozenset[UUID] = frozenset()
    ended: Ended | None = None
    eliminated: Eliminated | None = None
    eligibility: Eligibility = field(default_factory=Eligibility)
    decided: Mapping[EntrySubject, tuple[date, ...]] = field(default_factory=dict)
    entered: Mapping[EntrySubject, str] = field(default_factory=dict)
    corrected: Mapping[tuple[UUID, str], str] = field(default_factory=dict)
    breached: Breached = field(default_factory=Breached)

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
        monitored = monitored_of(self.case)
        return monitored.unhandled if monitored else ()

    def decide(self, subject: EntrySubject, on: date) -> "Household":
        """One more that the provincial platform has to know of, and does not yet (S8.4-01)."""
        entered = {known: no for known, no in self.entered.items() if known is not subject}
        days = tuple(sorted({*self.decided.get(subject, ()), on}))
        return replace(self, decided={**self.decided, subject: days}, entered=entered)

    def still_monitored(self, since: date) -> "Household":
        """As before the elimination was proposed, which was turned down or taken back on a day."""
        monitored, file = monitored_of(self.case), replace(self.opened, objections={})
        assert monitored, "an elimination is of a monitored household"
        judged = Eligibility(judged=len(self.assessments), turned_down_on=since)
        return replace(self, case=monitored, file=file, eligibility=judged)

    def after(self, outcome: str, on: date) -> "Household":
        """The case is over."""
        return replace(self, case=None, file=None, ended=Ended(self.opened, outcome, on))

    @property
    def stage(self) -> Stage:
        """The name of the stage, as lists and errors show it."""
        if self.case is None and self.eliminated:
            return Stage.ELIMINATED
        return stage_of(self.case)


REVIEWED = {
    VillageReviewed: (Stage.VILLAGE_REVIEWED, Stage.ELIM_VILLAGE_REVIEWED),
    Publicised: (Stage.PUBLICISED, Stage.ELIM_PUBLICISED),
    PublicityOver: (Stage.PUBLICITY_OVER, Stage.ELIM_PUBLICITY_OVER),
    TownReviewed: (Stage.TOWN_REVIEWED, Stage.ELIM_TOWN_REVIEWED),
}


MONITORING = frozenset({Stage.MONITORED, *(stage for stage in Stage if stage.startswith("ELIM_"))})


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
        case Monitored():
            return Stage.MONITORED
        case Eliminating():
            return Stage.ELIM_VERIFYING
        case EliminationReady():
            return Stage.ELIM_VERIFIED
        case VillageReviewed() | Publicised() | PublicityOver() | TownReviewed():
            reviewed, in_elimination = REVIEWED[type(case)]
            ends = case.before.procedure is Procedure.ELIMINATION
            return in_elimination if ends else reviewed
        case _:
            assert_never(case)


def monitored_of(case: Case | None) -> Monitored | None:
    """The confirmed episode of a case, also while its elimination is on the way."""
    match case:
        case Monitored():
            return case
        case Eliminating() | EliminationReady():
            return case.monitored
        case VillageReviewed() | Publicised() | PublicityOver() | TownReviewed():
            before = case.before
            return before.monitored if isinstance(before, EliminationReady) else None
        case _:
            return None


def with_monitored(case: Case | None, monitored: Monitored) -> Case:
    """The case at the same stage, with its confirmed episode changed."""
    match case:
        case Eliminating() | EliminationReady():
            return replace(case, monitored=monitored)
        case VillageReviewed() | Publicised() | PublicityOver() | TownReviewed() if isinstance(
            case.before, EliminationReady
        ):
            return replace(case, before=replace(case.before, monitored=monitored))
        case _:
            return monitored


State = Household | None  # None: not on the register
