"""The file of a case: what is kept of it from its first clue to its end, at every stage."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from uuid import UUID

from contracts.codes import Channel, RiskType, Severity
from contracts.deadlines import EliminationEligibilityDetected
from contracts.inquiries import (
    AuthorisationRefused,
    AuthorisationSigned,
    DataComparisonRequested,
    EmergencyAssistanceGranted,
)
from contracts.monitoring import EntrySubject


@dataclass(frozen=True)
class Clue:
    """One clue on a case; `rule_id` if a rule found it."""

    clue_id: UUID
    risk_types: frozenset[RiskType]
    discovered_on: date
    rule_id: str | None = None
    channel: Channel | None = None


@dataclass(frozen=True)
class CaseFile:
    """A case, named by the clue that opened it. Its clock counts from that clue (A12)."""

    case_id: UUID
    channel: Channel | None
    discovered_on: date
    due_on: date
    clues: tuple[Clue, ...]
    officers: tuple[UUID, ...] = ()  # who are sent
    relieved: frozenset[UUID] = frozenset()  # who were sent before them
    recused: tuple[UUID, ...] = ()  # who declared to be relatives
    # Clues that were there when officers were sent or verified, or were looked at one by one afterwards.
    verified: frozenset[UUID] = frozenset()
    verified_by: frozenset[str] = frozenset()  # also before the case was returned
    consent: AuthorisationSigned | AuthorisationRefused | None = None
    asked: DataComparisonRequested | None = None  # the comparison that is not completed
    # When asked and answered.
    compared: Mapping[UUID, tuple[date, date]] = field(default_factory=dict)
    hits: int | None = None
    objections: Mapping[UUID, date] = field(default_factory=dict)  # that are open: when raised
    # When raised and answered.
    answered: Mapping[UUID, tuple[date, date]] = field(default_factory=dict)
    posted_on: date | None = None
    emergency: tuple[EmergencyAssistanceGranted, ...] = ()
    warned: bool = False
    missed: bool = False

    def with_help(self, grants: Iterable[EmergencyAssistanceGranted]) -> "CaseFile":
        """With emergency help that ran ahead of the case (T12)."""
        return replace(self, emergency=(*self.emergency, *grants))

    def with_officers(self, sent: Iterable[UUID], recused: Iterable[UUID], on: date) -> "CaseFile":
        """Officers were sent on that day to look into every clue that was found by then (T2)."""
        return replace(
            self, officers=tuple(sent), recused=tuple(recused), verified=self._found_by(on)
        )

    def with_other_officers(self, sent: Iterable[UUID], recused: Iterable[UUID]) -> "CaseFile":
        """Others are sent; those before may have been there."""
        recused = tuple(dict.fromkeys((*self.recused, *recused)))
        relieved = self.relieved | {*self.officers}
        return replace(self, officers=tuple(sent), relieved=relieved, recused=recused)

    def with_verifier(self, person: str, on: date) -> "CaseFile":
        """That person verified on that day, looking at every clue that was found by then (T3)."""
        by = self.verified_by | {person}
        return replace(self, verified=self._found_by(on), verified_by=by)

    def with_looked_at(self, clues: Iterable[UUID]) -> "CaseFile":
        """People looked at these clues, too, since the verification."""
        return replace(self, verified=self.verified | {*clues})

    def _found_by(self, on: date) -> frozenset[UUID]:
        return frozenset(clue.clue_id for clue in self.clues if clue.discovered_on <= on)

    @property
    def verifiers(self) -> frozenset[str]:
        """Who was sent (T2) or verified (T3), and may not decide on what was found."""
        return self.verified_by | {str(officer) for officer in (*self.officers, *self.relieved)}

    @property
    def risk_types(self) -> frozenset[RiskType]:
        """Of every clue that was not withdrawn."""
        return frozenset[RiskType]().union(*(clue.risk_types for clue in self.clues))


@dataclass(frozen=True)
class Reported:
    """The latest report of a risk by one source: a rule, or people, whose `rule_id` is None. `evidence` are
    the events that the clue rests on, including those that were added later."""

    clue_id: UUID
    risk_type: RiskType
    rule_id: str | None
    discovered_on: date
    severity: Severity
    evidence: frozenset[UUID] = frozenset()


@dataclass(frozen=True)
class Eligibility:
    """S7.3-01: what was detected and not proposed yet."""

    detected: EliminationEligibilityDetected | None = None
    overdue: bool = False  # as was said at the end of a day
    judged: int = 0  # assessments there were when an elimination was last turned down or taken back
    turned_down_on: date | None = None  # the day of that


UNCONFIRMED = frozenset({"REJECTED", "NOT_PASSED", "WITHDRAWN"})  # how a case ends before T10


@dataclass(frozen=True)
class Ended:
    """The last case that ended, and how."""

    file: CaseFile
    outcome: str
    on: date

    @property
    def help_left(self) -> tuple[EmergencyAssistanceGranted, ...]:
        """Emergency help that no confirmation has taken up (T12)."""
        return self.file.emergency if self.outcome in UNCONFIRMED else ()


@dataclass(frozen=True)
class Breached:
    """What was said to be late."""

    # Not on the platform in time (S8.4-01).
    entries: frozenset[tuple[EntrySubject, date]] = frozenset()
    episode_id: UUID | None = None  # that missed the county's target (S7.3-02)
    # Once eliminated or without labour: since when it counts again.
    open_again_on: date | None = None
