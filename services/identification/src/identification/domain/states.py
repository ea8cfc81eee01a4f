"""What a household may be."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from uuid import UUID

from contracts.assessments import IncomeAssessed, SafeguardAssessed
from contracts.households import HouseholdRegistered, Member
from contracts.inquiries import EmergencyAssistanceGranted
from contracts.monitoring import EntrySubject
from contracts.stages import Stage
from identification.domain.entry import Past, Status
from identification.domain.files import Breached, CaseFile, Clue, Eligibility, Ended, Reported
from identification.domain.labour import WORKING, any_able
from identification.domain.stages import Case, Monitored, monitored_of, stage_of


@dataclass(frozen=True)
class Eliminated:
    """An episode whose risk is gone. Until a new one is confirmed, the elimination may be taken back."""

    file: CaseFile
    monitored: Monitored
    on: date


@dataclass(frozen=True)
class Household:
    """On the register."""

    registered: HouseholdRegistered  # its entry as it stands, with every later change folded in
    case: Case | None = None  # the open episode
    file: CaseFile | None = None  # the file of it
    episodes: int = 0
    reported: tuple[Reported, ...] = ()  # the last report by each source
    clue_ids: frozenset[UUID] = frozenset()  # all that there ever were
    status: Status = Status.ACTIVE
    past: Past = field(default_factory=Past)
    assessments: tuple[IncomeAssessed, ...] = ()
    safeguards: SafeguardAssessed | None = None
    surveyed: frozenset[UUID] = frozenset()  # the members whom `safeguards` is about
    grants: tuple[EmergencyAssistanceGranted, ...] = ()  # emergency help that no case has taken up
    grant_ids: frozenset[UUID] = frozenset()  # all that there ever were
    grants_warned: frozenset[UUID] = frozenset()
    ended: Ended | None = None
    eliminated: Eliminated | None = None
    eligibility: Eligibility = field(default_factory=Eligibility)
    decided: Mapping[EntrySubject, tuple[date, ...]] = field(default_factory=dict)
    entered: Mapping[EntrySubject, str] = field(default_factory=dict)
    corrected: Mapping[tuple[UUID, str], str] = field(default_factory=dict)
    breached: Breached = field(default_factory=Breached)

    @property
    def id(self) -> UUID:
        """What names it for ever."""
        return self.registered.household_id

    @property
    def has_labour(self) -> bool:
        """At least one member is ORDINARY, SKILLED or WEAK."""
        return any(m.labour_capacity in WORKING for m in self.registered.members)

    def had_labour(self, on: date) -> bool:
        """Whether the household had labour on a day, as far as is known now. Before its registration: as it
        was registered."""
        return any_able(self.past.able, max(on, self.registered.registered_on))

    @property
    def newcomers(self) -> list[Member]:
        """Members whom no survey covers: they joined since, or their data may only now be used again (E4)."""
        members = self.registered.members
        return [m for m in members if not m.restricted and m.person_id not in self.surveyed]

    @property
    def known_members(self) -> list[Member]:
        """Members whom the latest survey of the safeguards is about."""
        return [m for m in self.registered.members if m.person_id in self.surveyed]

    @property
    def recused(self) -> tuple[UUID, ...]:
        """Who declared in the open case to be a relative."""
        return self.file.recused if self.file else ()

    @property
    def opened(self) -> CaseFile:
        """The file of the open case."""
        assert self.file, "a step of a case is taken while it is open"
        return self.file

    @property
    def open_clues(self) -> frozenset[UUID]:
        """The clues of the open case, if one is open."""
        return frozenset(clue.clue_id for clue in self.file.clues) if self.file else frozenset()

    @property
    def unhandled(self) -> tuple[Clue, ...]:
        """Clues that joined a confirmed episode and that nobody has looked at (E6)."""
        monitored = monitored_of(self.case)
        return monitored.unhandled if monitored else ()

    def decide(self, subject: EntrySubject, on: date) -> "Household":
        """One more decision that has to be entered on the provincial platform (S8.4-01)."""
        entered = {known: no for known, no in self.entered.items() if known is not subject}
        days = tuple(sorted({*self.decided.get(subject, ()), on}))
        return replace(self, decided={**self.decided, subject: days}, entered=entered)

    def still_monitored(self, since: date) -> "Household":
        """As before the elimination was proposed: it was turned down or taken back on that day."""
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


State = Household | None  # None: not on the register
