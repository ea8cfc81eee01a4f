"""A household's visits, the duties that they fulfil, its screenings. Pure: no clock, no I/O, no chance.

A duty is a fact of its own, opened once per (type, household, period); a visit fulfils every duty
that is open in its period and that its visitors can fulfil, and the earliest qualifying visit counts.
"""

from collections.abc import Iterable
from dataclasses import replace
from typing import assert_never
from uuid import UUID

from common.decider import Decider, Refused
from contracts.visits import (
    CancellationReason,
    HouseholdScreened,
    HouseholdVisited,
    ObligationCancelled,
    ObligationFulfilled,
    ObligationOpened,
    ScreeningVoided,
    VisitsEvent,
    VisitVoided,
)
from visits.domain.commands import (
    Command,
    CountRecorded,
    CountVisit,
    DiscountVisit,
    LeavePopulation,
    OpenObligation,
    RecordScreening,
    RecordVisit,
    VoidScreening,
    VoidVisit,
)
from visits.domain.periods import Claim, is_due, period_of, qualifies
from visits.domain.screenings import apart, screen, void_screening, without
from visits.domain.states import HouseholdVisits, Obligation


def decide(command: Command, household: HouseholdVisits) -> list[VisitsEvent]:
    """What follows from the command. Raises `Refused`."""
    match command:
        case OpenObligation():
            return _open(command, household)
        case CountVisit():
            return _answered(command.visit, household)
        case CountRecorded():
            visit = household.visit(command.visit_id)
            return _answered(visit, household) if visit else []
        case DiscountVisit():
            return _unanswered(command.visit_id, household, (*household.visits, *command.visits))
        case RecordVisit():
            return _record(command, household)
        case VoidVisit():
            return _void(command, household)
        case RecordScreening():
            return screen(command, household)
        case VoidScreening():
            return void_screening(command, household)
        case LeavePopulation():
            return _leave(command, household)
        case _:
            assert_never(command)


def _open(c: OpenObligation, household: HouseholdVisits) -> list[VisitsEvent]:
    """Due only if monitored for enough days of the period, whether it left in between or not (the first day counts),
    or as a 脱贫户 (S1.1-04), and where the policy asks for such duties.

    A period that is over before is no concern of it: nothing is opened retroactively (A47).
    """
    period = period_of(c.obligation, c.since)
    if period is None:
        return []
    first, last = period
    known = household.obligation(c.obligation, first)
    if known and not known.cancelled:
        return _met(known, c.visits)
    enough = Claim(c.since, c.days_before, c.formerly_poor).reaches(
        c.policy.least_days(c.obligation), last
    )
    if not (enough and c.policy.asks_for(c.obligation)):
        return []
    opened = ObligationOpened(
        household_id=c.household_id,
        obligation_id=c.obligation_id,
        obligation=c.obligation,
        responsible_region=c.responsible_region,
        period_from=first,
        period_to=last,
        due_on=last,
    )
    # The verification visit was made before the duty existed, and counts; so does one that the
    # family had in the household where its episode came from (A54). Of a later one see `CountRecorded`.
    before = [visit for visit in household.visits if visit.visited_on <= c.since]
    return [opened, *_met(Obligation(opened), (*before, *c.visits))]


def _met(obligation: Obligation, visits: Iterable[HouseholdVisited]) -> list[VisitsEvent]:
    """By the earliest of the visits that can fulfil the duty, if there is one. One that was cancelled is opened
    again for it: the visit was made before the household left, and is told later."""
    kind = obligation.opened.obligation
    made = [v for v in visits if qualifies(v, kind) and obligation.asks_for(v.visited_on)]
    if not made:
        return []
    done = _fulfilled(obligation.opened, min(made, key=lambda v: (v.visited_at, v.visit_id)))
    return [obligation.opened, done] if obligation.cancelled else [done]


def _answered(visit: HouseholdVisited, household: HouseholdVisits) -> list[VisitsEvent]:
    """Every duty that a visit fulfils."""
    return [event for obligation in household.obligations for event in _met(obligation, [visit])]


def _unanswered(
    visit_id: UUID, household: HouseholdVisits, visits: Iterable[HouseholdVisited]
) -> list[VisitsEvent]:
    """A30: what a visit fulfilled that does not stand is fulfilled by another, or due again."""
    left = [visit for visit in visits if visit.visit_id != visit_id]
    again = [o.opened for o in household.obligations if o.fulfilled_by == visit_id]
    return [event for opened in again for event in _met(Obligation(opened), left) or [opened]]


def _record(c: RecordVisit, household: HouseholdVisits) -> list[VisitsEvent]:
    """The visit, and every open duty that it fulfils. The same visit again is not a second one."""
    visited = HouseholdVisited(
        household_id=c.household_id,
        visit_id=c.visit_id,
        visited_at=c.visited_at,
        visited_on=c.visited_on,
        mode=c.mode,
        visitors=list(dict.fromkeys(c.visitors)),
        purposes=list(dict.fromkeys(c.purposes)),
        photo_hashes=list(dict.fromkeys(c.photo_hashes)),
        backfilled=(c.today - c.visited_on).days > c.policy.backfill_free_days,
    )
    if known := household.visit(c.visit_id):
        if replace(visited, backfilled=known.backfilled) == known:
            return []
        raise Refused("visit-id-reused")
    if reason := household.voided.get(c.visit_id):
        raise Refused("visit-voided", reason=reason)
    if c.visited_at > c.now:
        raise Refused("visit-in-future", field="visited_at", today=c.today)
    if not visited.visitors:
        raise Refused("visitor-needed")
    return [visited, *_answered(visited, household)]


def _void(c: VoidVisit, household: HouseholdVisits) -> list[VisitsEvent]:
    """A30. Who approves neither asked for it nor was there. The same again is nothing new."""
    known = household.voided.get(c.visit_id)
    if known is c.reason:
        return []
    if known:
        raise Refused("visit-voided", reason=known)
    visit = household.visit(c.visit_id)
    if visit is None:
        raise Refused("visit-unknown")
    apart(c.by, {c.requested_by, *household.who_went(c.visit_id)})
    others = [v for v in reversed(household.visits) if v != visit]
    last = max(others, key=lambda v: v.visited_at, default=None)
    voided = VisitVoided(
        household_id=c.household_id,
        visit_id=c.visit_id,
        visited_on=visit.visited_on,
        reason=c.reason,
        requested_by=c.requested_by,
        approved_by=c.by,
        voided_on=c.today,
        last_visited_on=last.visited_on if last else None,
        last_visit_mode=last.mode if last else None,
        visit_event_id=c.event_id,
    )
    return [voided, *_unanswered(c.visit_id, household, household.visits)]


def _leave(c: LeavePopulation, household: HouseholdVisits) -> list[VisitsEvent]:
    """A29: an open duty whose period is not over is cancelled, unless the household has it for another reason; what is
    over stays as it is."""
    return [
        ObligationCancelled(
            household_id=c.household_id,
            obligation_id=o.opened.obligation_id,
            obligation=o.opened.obligation,
            period_from=o.opened.period_from,
            reason=CancellationReason.LEFT_POPULATION,
            left_on=c.left_on,
        )
        for o in household.obligations
        if o.is_open and c.left_on <= o.opened.period_to
        if c.obligation in (None, o.opened.obligation)
        if c.period_from in (None, o.opened.period_from)
        if not is_due(o.opened.obligation, c.population, o.period, c.least_days)
    ]


def stream_of(household_id: UUID) -> str:
    """Where the household's visits and duties are recorded."""
    return f"visits-of-household-{household_id}"


def _fulfilled(opened: ObligationOpened, visit: HouseholdVisited) -> ObligationFulfilled:
    return ObligationFulfilled(
        household_id=opened.household_id,
        obligation_id=opened.obligation_id,
        obligation=opened.obligation,
        period_from=opened.period_from,
        fulfilled_by=visit.visit_id,
        fulfilled_on=visit.visited_on,
    )


def evolve(household: HouseholdVisits, event: VisitsEvent) -> HouseholdVisits:
    """Fold one event."""
    match event:
        case ObligationOpened():
            others = tuple(
                o for o in household.obligations if o.opened.obligation_id != event.obligation_id
            )
            return replace(household, obligations=(*others, Obligation(event)))
        case HouseholdVisited():
            return replace(household, visits=(*household.visits, event))
        case VisitVoided():
            standing = tuple(v for v in household.visits if v.visit_id != event.visit_id)
            voided = {**household.voided, event.visit_id: event.reason}
            went = {**household.went, event.visit_id: household.who_went(event.visit_id)}
            return replace(household, visits=standing, voided=voided, went=went)
        case HouseholdScreened():
            return replace(household, screenings=(*household.screenings, event))
        case ScreeningVoided():
            return without(household, event)
        case ObligationFulfilled():
            return household.with_(event.obligation_id, fulfilled_by=event.fulfilled_by)
        case ObligationCancelled():
            return household.with_(event.obligation_id, left_on=event.left_on)
        case _:
            assert_never(event)


VISITS: Decider[Command, HouseholdVisits, VisitsEvent] = Decider(HouseholdVisits(), decide, evolve)
