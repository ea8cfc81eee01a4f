"""What an open case may be: each stage of an episode is a type of its own, and has a name."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import assert_never
from uuid import UUID

from contracts.assessments import IncomeAssessed
from contracts.codes import Category, DisasterSubtype, MonitoredClass, RiskType
from contracts.eliminations import EliminationProposed, EliminationVerified
from contracts.episodes import HouseholdFoundNotAtRisk, HouseholdVerified, MonitoringConfirmed
from contracts.stages import Procedure, Stage
from identification.domain.files import Clue


@dataclass(frozen=True)
class ClueOpen:
    pass


@dataclass(frozen=True)
class Verifying:
    started_on: date


@dataclass(frozen=True)
class NotAtRisk:
    """Verified, and no class fits. The town rejects the case (T4) or sends it back (T11)."""

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
    """Confirmed by the county."""

    confirmed: MonitoringConfirmed
    monitored_class: MonitoredClass
    risks: tuple[RiskType, ...]  # that are open
    unhandled: tuple[Clue, ...] = ()  # clues that joined later and were not looked at yet (E6)
    looked_at: tuple[tuple[date, date], ...] = ()  # the others: when found, and when looked at
    allowed_on: date | None = None  # since when an elimination may be proposed without labour (E7)
    # Assessments from before the episode was taken over: of other people than those whose risk it is (A54).
    foreign: frozenset[UUID] = frozenset()
    disaster: DisasterSubtype | None = None  # the one named last
    # Of risks that were added later.
    added_on: Mapping[RiskType, date] = field(default_factory=dict)
    changed_on: date = date.min  # when a risk was last added or resolved, or the class changed

    def changed(self, on: date) -> "Monitored":
        """Its risks or its class changed on that day. It may be recorded after a change of a later day."""
        return replace(self, changed_on=max(self.changed_on, on))


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


REVIEWED = {
    VillageReviewed: (Stage.VILLAGE_REVIEWED, Stage.ELIM_VILLAGE_REVIEWED),
    Publicised: (Stage.PUBLICISED, Stage.ELIM_PUBLICISED),
    PublicityOver: (Stage.PUBLICITY_OVER, Stage.ELIM_PUBLICITY_OVER),
    TownReviewed: (Stage.TOWN_REVIEWED, Stage.ELIM_TOWN_REVIEWED),
}


ELIMINATING = frozenset(stage for stage in Stage if stage.startswith("ELIM_"))
MONITORING = ELIMINATING | {Stage.MONITORED}


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


def elimination_of(case: Case | None) -> Eliminating | EliminationReady | None:
    """The elimination that is on the way."""
    match case:
        case Eliminating() | EliminationReady():
            return case
        case VillageReviewed() | Publicised() | PublicityOver() | TownReviewed():
            return case.before if isinstance(case.before, EliminationReady) else None
        case _:
            return None


def monitored_of(case: Case | None) -> Monitored | None:
    """The confirmed episode of a case, even while its elimination is under way."""
    if isinstance(case, Monitored):
        return case
    elimination = elimination_of(case)
    return elimination.monitored if elimination else None


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
