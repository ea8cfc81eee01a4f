"""S2-04: what staff found when they went through the whole form with a household. Pure."""

from collections.abc import Set
from dataclasses import replace
from uuid import UUID

from common.decider import Refused
from contracts.visits import ScreeningVoided, VisitsEvent
from visits.domain.commands import RecordScreening, VoidScreening
from visits.domain.states import HouseholdVisits


def screen(c: RecordScreening, household: HouseholdVisits) -> list[VisitsEvent]:
    """The form as it was filled in. The same screening again is not a second one.

    What is suspected changes nothing here: identification hears it, and people verify.
    """
    screened = c.screened
    if known := household.screening(screened.screening_id):
        if screened == known:
            return []
        raise Refused("screening-id-reused")
    if reason := household.voided_screenings.get(screened.screening_id):
        raise Refused("screening-voided", reason=reason)
    if screened.screened_on > c.today:
        raise Refused("screening-in-future", field="screened_on", today=c.today)
    if screened.visit_id and household.visit(screened.visit_id) is None:
        raise Refused("screening-without-its-visit")
    return [screened]


def void_screening(c: VoidScreening, household: HouseholdVisits) -> list[VisitsEvent]:
    """As a visit is voided (A30): who approves neither asked for it nor went on the visit that it names, whether
    that stands or not. Of a form that names none nobody knows here who filled it in."""
    known = household.voided_screenings.get(c.screening_id)
    if known is c.reason:
        return []
    if known:
        raise Refused("screening-voided", reason=known)
    screened = household.screening(c.screening_id)
    if screened is None:
        raise Refused("screening-unknown")
    there = household.who_went(screened.visit_id) if screened.visit_id else ()
    apart(c.by, {c.requested_by, *there})
    others = [s for s in reversed(household.screenings) if s != screened]
    last = max(others, key=lambda s: s.screened_on, default=None)
    return [
        ScreeningVoided(
            household_id=c.household_id,
            screening_id=c.screening_id,
            screened_on=screened.screened_on,
            reason=c.reason,
            requested_by=c.requested_by,
            approved_by=c.by,
            voided_on=c.today,
            last_screened_on=last.screened_on if last else None,
            last_suspected_risks=last.suspected_risks if last else None,
            screening_event_id=c.event_id,
        )
    ]


def apart(by: str, others: Set[UUID]) -> None:
    """Separation of duties: who decides is none of these. Raises `Refused`.

    An issuer may write a person's id in capitals or with spaces around it.
    """
    if by.strip().casefold() in map(str, others):
        raise Refused("separation-of-duties")


def without(household: HouseholdVisits, event: ScreeningVoided) -> HouseholdVisits:
    """The household as if it had not been screened then, and why."""
    standing = tuple(s for s in household.screenings if s.screening_id != event.screening_id)
    voided = {**household.voided_screenings, event.screening_id: event.reason}
    return replace(household, screenings=standing, voided_screenings=voided)
