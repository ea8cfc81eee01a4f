"""Children of compulsory age who are out of school (S1.3-02), computed from what the schools reported.

A child is out of school from the first report of a dropout until the next report that it is enrolled,
taught at home or exempt. A suspicion changes nothing. Where schools of the child's town have reported and
none has named the child, its enrolment is missing in that term: people look into it, and no clue is raised.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from uuid import UUID, uuid5

from common.decider import Decider
from contracts.fact_codes import FactCode
from contracts.schooling import (
    DropoutBasis,
    DropoutCause,
    DropoutDetected,
    DropoutEnded,
    DropoutExit,
    SchoolingEvent,
)
from identification.domain.policy import Policy
from identification.domain.schooling import of_school_age, term_began

# Says neither that a child is out nor that it is in.
SILENT = frozenset({FactCode.SUSPECTED_DROPOUT})


@dataclass(frozen=True)
class Reported:
    """What a school said of a child on a day, by the event that reported it."""

    event_id: UUID
    on: date
    term: str
    status: FactCode
    cause: DropoutCause | None = None


@dataclass(frozen=True, kw_only=True)
class FollowChild:
    """The reports about a child have changed, or the business date has moved on. `reports` are the current
    ones, in any order. `born_on` is `None` for a child that no longer belongs to the household."""

    household_id: UUID
    person_id: UUID
    born_on: date | None
    reports: tuple[Reported, ...]
    policy: Policy
    today: date


@dataclass(frozen=True, kw_only=True)
class MissEnrolment:
    """In this term schools of the child's town have reported, and none has named the child."""

    household_id: UUID
    person_id: UUID
    term: str
    today: date


SchoolingCommand = FollowChild | MissEnrolment


@dataclass(frozen=True)
class Dropouts:
    """Who of the household is out of school now, by person."""

    open: Mapping[UUID, DropoutDetected] = field(default_factory=dict)


def decide(command: SchoolingCommand, state: Dropouts) -> list[SchoolingEvent]:
    """What changes for the child; nothing if it is known already to stand as the reports say."""
    known = state.open.get(command.person_id)
    match command:
        case FollowChild():
            return _follow(command, known)
        case MissEnrolment():
            return [] if known else [_missed(command)]


def _missed(c: MissEnrolment) -> DropoutDetected:
    return DropoutDetected(
        household_id=c.household_id,
        dropout_id=_id_of(c, c.term, DropoutBasis.NOT_ENROLLED),
        person_id=c.person_id,
        term=c.term,
        basis=DropoutBasis.NOT_ENROLLED,
        cause=None,
        fact_event_id=None,
        detected_on=c.today,
    )


def _id_of(c: SchoolingCommand, term: str, basis: DropoutBasis) -> UUID:
    return uuid5(c.person_id, f"{c.household_id}:{term}:{basis}")


def _follow(c: FollowChild, known: DropoutDetected | None) -> list[SchoolingEvent]:
    report = standing(c)
    wanted = _reported(c, report) if report else None
    if known and wanted and known.dropout_id == wanted.dropout_id:
        same = (known.fact_event_id, known.cause) == (wanted.fact_event_id, wanted.cause)
        return [] if same else [wanted]
    events: list[SchoolingEvent] = []
    if known and (reason := _exit(c, known, wanted)):
        events.append(
            DropoutEnded(
                household_id=c.household_id,
                dropout_id=known.dropout_id,
                person_id=c.person_id,
                reason=reason,
                ended_on=c.today,
            )
        )
    return [*events, wanted] if wanted else events


def standing(c: FollowChild) -> Reported | None:
    """The first report of a dropout since the child was last in school, while it is of school age."""
    if c.born_on is None or not of_school_age(c.born_on, c.today, c.policy):
        return None
    first: Reported | None = None
    for report in _telling(c.reports):
        if report.status is not FactCode.DROPOUT:
            first = None
        elif first is None and of_school_age(c.born_on, report.on, c.policy):
            first = report
    return first


def _telling(reports: Sequence[Reported]) -> list[Reported]:
    told = [r for r in reports if r.status not in SILENT]
    return sorted(told, key=lambda r: (r.on, str(r.event_id)))


def _reported(c: FollowChild, report: Reported) -> DropoutDetected:
    return DropoutDetected(
        household_id=c.household_id,
        dropout_id=_id_of(c, report.term, DropoutBasis.REPORTED),
        person_id=c.person_id,
        term=report.term,
        basis=DropoutBasis.REPORTED,
        cause=report.cause,
        fact_event_id=report.event_id,
        detected_on=report.on,
    )


def _exit(
    c: FollowChild, known: DropoutDetected, wanted: DropoutDetected | None
) -> DropoutExit | None:
    """Why a child that was known to be out of school is so no longer; `None` if it still is."""
    if c.born_on is None:
        return DropoutExit.LEFT
    if not of_school_age(c.born_on, c.today, c.policy):
        return DropoutExit.OF_AGE
    if known.fact_event_id and all(r.event_id != known.fact_event_id for r in c.reports):
        return DropoutExit.CORRECTED
    if wanted:
        return DropoutExit.REPORTED
    since = known.detected_on if known.fact_event_id else term_began(known.term)
    told = [r for r in _telling(c.reports) if r.on >= since]
    if not told:
        return None
    return DropoutExit.EXEMPT if told[-1].status is FactCode.EXEMPT else DropoutExit.ENROLLED


def evolve(state: Dropouts, event: SchoolingEvent) -> Dropouts:
    """Fold one."""
    others = {person: d for person, d in state.open.items() if person != event.person_id}
    if isinstance(event, DropoutEnded):
        return Dropouts(others)
    return Dropouts({**others, event.person_id: event})


DROPOUTS: Decider[SchoolingCommand, Dropouts, SchoolingEvent] = Decider(Dropouts(), decide, evolve)
