"""The ledger of dangerous houses (S1.3-03), computed from the current facts of the housing department.

An entry begins with an assessment as grade C or D of a house that is lived in. It ends with one as grade A
or B, or when nobody lives in the house any longer; after a finished remedy, it still waits for that
assessment. A merger repairs no house: the entry ends with the absorbed household, and the ledger of the
other one has it from the same assessment, with the same day.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from uuid import UUID, uuid5

from common.decider import Decider
from contracts.codes import HousingGrade
from contracts.housing import (
    DangerousHousingCleared,
    DangerousHousingLedgered,
    DangerousHousingRegraded,
    HousingEvent,
    HousingRemedyNoted,
    HousingRemedyOverdue,
    HousingRemedyWithdrawn,
    LedgerExit,
    RemedyStep,
)
from identification.domain.policy import Policy

DANGEROUS = frozenset({HousingGrade.C, HousingGrade.D})


@dataclass(frozen=True)
class Assessed:
    """An assessment of the household's house, by the event that reported it."""

    event_id: UUID
    grade: HousingGrade
    lived_in: bool
    on: date

    @property
    def dangerous(self) -> bool:
        """Grade C or D, and somebody lives there."""
        return self.lived_in and self.grade in DANGEROUS


@dataclass(frozen=True)
class Renovated:
    """A step of a remedy, as reported."""

    step: RemedyStep
    on: date


@dataclass(frozen=True, kw_only=True)
class KeepLedger:
    """The facts about a household's house have changed. These are the current ones, in any order."""

    household_id: UUID
    assessments: tuple[Assessed, ...]
    renovations: tuple[Renovated, ...]
    policy: Policy
    today: date


@dataclass(frozen=True, kw_only=True)
class LookAtRemedy:
    """The business date has moved on: is the start of a remedy overdue?"""

    today: date


@dataclass(frozen=True, kw_only=True)
class EndLedger:
    """The household has left the register."""

    household_id: UUID
    today: date


LedgerCommand = KeepLedger | LookAtRemedy | EndLedger


@dataclass(frozen=True)
class Entry:
    """One entry of the ledger. `overdue` was said, `cleared` ended it."""

    ledgered: DangerousHousingLedgered
    grade: HousingGrade
    started_on: date | None = None
    finished_on: date | None = None
    overdue: bool = False
    cleared: DangerousHousingCleared | None = None


@dataclass(frozen=True)
class Ledger:
    """Every entry that the household ever had, by id; at most one of them is open."""

    entries: Mapping[UUID, Entry] = field(default_factory=dict)

    @property
    def open(self) -> Entry | None:
        """The entry that is in the ledger now."""
        return next((e for e in self.entries.values() if e.cleared is None), None)


@dataclass(frozen=True)
class Standing:
    """What the facts say: the assessment by which the house is in the ledger, and what happened since."""

    first: Assessed
    last: Assessed
    started_on: date | None = None
    finished_on: date | None = None


def standing(assessments: Sequence[Assessed], renovations: Sequence[Renovated]) -> Standing | None:
    """The entry that these facts make, if the house that is lived in is dangerous.

    On one day, an assessment comes before the steps of a remedy. A house that is found dangerous after a
    finished remedy is a new entry with a day of its own; one that is found so before the end of the remedy
    is still the old entry.
    """
    found: Standing | None = None
    facts: list[Assessed | Renovated] = [
        *sorted(assessments, key=lambda a: str(a.event_id)),
        *sorted(renovations, key=lambda r: r.step is RemedyStep.FINISHED),
    ]
    facts.sort(key=lambda fact: fact.on)  # stable: of one day, in the order above
    for fact in facts:
        match fact:
            case Assessed() if not fact.dangerous:
                found = None
            case Assessed() if found and found.finished_on is None:
                found = replace(found, last=fact)
            case Assessed():
                found = Standing(fact, fact)
            case Renovated() if found and fact.step is RemedyStep.FINISHED:
                found = replace(found, started_on=found.started_on or fact.on, finished_on=fact.on)
            case Renovated() if found and found.started_on is None:
                found = replace(found, started_on=fact.on)
    return found


def decide(command: LedgerCommand, ledger: Ledger) -> list[HousingEvent]:
    """What changes in the ledger; nothing if it agrees with the facts."""
    match command:
        case KeepLedger():
            return _keep(command, ledger.open)
        case LookAtRemedy():
            return _look(command, ledger.open)
        case EndLedger():
            return [_cleared(command, ledger.open, LedgerExit.OFF_REGISTER)] if ledger.open else []


def _cleared(
    c: KeepLedger | EndLedger, entry: Entry, reason: LedgerExit
) -> DangerousHousingCleared:
    return DangerousHousingCleared(
        household_id=c.household_id,
        entry_id=entry.ledgered.entry_id,
        reason=reason,
        cleared_on=c.today,
    )


def _keep(c: KeepLedger, entry: Entry | None) -> list[HousingEvent]:
    wanted = standing(c.assessments, c.renovations)
    events: list[HousingEvent] = []
    if entry and (wanted is None or wanted.first.event_id != entry.ledgered.assessment_event_id):
        events.append(_cleared(c, entry, _exit(c, entry, wanted)))
        entry = None
    if wanted is None:
        return events
    if entry is None:
        ledgered = DangerousHousingLedgered(
            household_id=c.household_id,
            entry_id=uuid5(wanted.first.event_id, f"dangerous-house:{c.household_id}"),
            assessment_event_id=wanted.first.event_id,
            grade=wanted.first.grade,
            assessed_on=wanted.first.on,
            due_on=wanted.first.on + timedelta(days=c.policy.housing_remedy_days),
            ledgered_on=c.today,
        )
        events.append(ledgered)
        entry = Entry(ledgered, ledgered.grade)
    if wanted.last.grade is not entry.grade:
        events.append(
            DangerousHousingRegraded(
                household_id=c.household_id,
                entry_id=entry.ledgered.entry_id,
                grade=wanted.last.grade,
                assessed_on=wanted.last.on,
            )
        )
    return [*events, *_remedy(entry, wanted)]


def _exit(c: KeepLedger, entry: Entry, wanted: Standing | None) -> LedgerExit:
    """Why an entry ends: by a correction of its own assessment, by its remedy, or by the latest assessment."""
    if all(a.event_id != entry.ledgered.assessment_event_id for a in c.assessments):
        return LedgerExit.CORRECTED
    if wanted:
        return LedgerExit.STILL_DANGEROUS if entry.finished_on else LedgerExit.SAFE
    latest = max(c.assessments, key=lambda a: (a.on, str(a.event_id)))
    return LedgerExit.SAFE if latest.lived_in else LedgerExit.NOT_LIVED_IN


def _remedy(entry: Entry, wanted: Standing) -> list[HousingEvent]:
    """The steps of the remedy that are new, after taking back those that were noted and no longer hold."""
    ledgered = entry.ledgered
    noted = {RemedyStep.STARTED: entry.started_on, RemedyStep.FINISHED: entry.finished_on}
    holds = {RemedyStep.STARTED: wanted.started_on, RemedyStep.FINISHED: wanted.finished_on}
    events: list[HousingEvent] = []
    if any(on and on != holds[step] for step, on in noted.items()):
        events.append(
            HousingRemedyWithdrawn(
                household_id=ledgered.household_id,
                entry_id=ledgered.entry_id,
                due_on=ledgered.due_on,
            )
        )
        noted = dict.fromkeys(noted)
    in_time = wanted.started_on is not None and wanted.started_on <= ledgered.due_on
    events += [
        HousingRemedyNoted(
            household_id=ledgered.household_id,
            entry_id=ledgered.entry_id,
            step=step,
            reached_on=on,
            in_time=in_time,
        )
        for step, on in holds.items()
        if on and noted[step] is None
    ]
    return events


def _look(c: LookAtRemedy, entry: Entry | None) -> list[HousingEvent]:
    """S1.3-03: “及时” is a day; the day after it is late, once."""
    if entry is None or entry.started_on or entry.overdue or c.today <= entry.ledgered.due_on:
        return []
    return [
        HousingRemedyOverdue(
            household_id=entry.ledgered.household_id,
            entry_id=entry.ledgered.entry_id,
            due_on=entry.ledgered.due_on,
        )
    ]


def evolve(ledger: Ledger, event: HousingEvent) -> Ledger:
    """Fold one."""
    if isinstance(event, DangerousHousingLedgered):
        return Ledger({**ledger.entries, event.entry_id: Entry(event, event.grade)})
    entry = ledger.entries[event.entry_id]
    match event:
        case DangerousHousingRegraded():
            entry = replace(entry, grade=event.grade)
        case HousingRemedyNoted(step=RemedyStep.STARTED):
            entry = replace(entry, started_on=event.reached_on)
        case HousingRemedyNoted():
            entry = replace(entry, finished_on=event.reached_on)
        case HousingRemedyWithdrawn():
            entry = replace(entry, started_on=None, finished_on=None)
        case HousingRemedyOverdue():
            entry = replace(entry, overdue=True)
        case DangerousHousingCleared():
            entry = replace(entry, cleared=event)
    return Ledger({**ledger.entries, event.entry_id: entry})


HOUSING: Decider[LedgerCommand, Ledger, HousingEvent] = Decider(Ledger(), decide, evolve)
