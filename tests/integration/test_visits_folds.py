"""Audit's state and deadlines of a household's visits are what visits' own fold says of them, in whatever order
of days they were told. Audit knows no payload: this finds what is published beside the events and says too little.
"""

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

from hypothesis import given, settings
from hypothesis import strategies as st

from audit.meaning.deadlines import deadlines
from audit.meaning.state import Happened, at, state
from common.clock import start_of
from common.codec import encode
from common.decider import Refused
from contracts.visits import HouseholdScreened, HouseholdVisited
from contracts.visits_meanings import VISITS as MEANINGS
from services.visits.tests.given import NOW
from services.visits.tests.test_properties import asked_in_turn
from visits.domain.commands import (
    Command,
    CountRecorded,
    CountVisit,
    LeavePopulation,
    OpenObligation,
    RecordScreening,
    RecordVisit,
    VoidScreening,
    VoidVisit,
)
from visits.domain.household import VISITS
from visits.domain.states import HouseholdVisits

AT_LAST = datetime.max.replace(tzinfo=UTC)


def happened_at(command: Command, household: HouseholdVisits, now: datetime) -> datetime:
    """The moment that visits gives the events of a command: of a voiding, that of its record."""
    match command:
        case RecordVisit():
            return command.visited_at
        case CountVisit():
            return command.visit.visited_at
        case CountRecorded():
            visit = household.visit(command.visit_id)
            return visit.visited_at if visit else now
        case RecordScreening():
            return start_of(command.screened.screened_on)
        case OpenObligation():
            return start_of(command.since)
        case LeavePopulation():
            return start_of(command.left_on)
    return now


def told(asked: Sequence[Command]) -> tuple[HouseholdVisits, list[Happened]]:
    """What becomes of the commands: the state as visits has it, and the events as audit hears them."""
    household, events = VISITS.initial, list[Happened]()
    recorded = dict[UUID, UUID]()
    for number, command in enumerate(asked):
        now = NOW + timedelta(minutes=number)
        moment = happened_at(command, household, now)
        if isinstance(command, VoidVisit):
            command = replace(command, event_id=recorded.get(command.visit_id))
        elif isinstance(command, VoidScreening):
            command = replace(command, event_id=recorded.get(command.screening_id))
        try:
            decided = VISITS.decide(command, household)
        except Refused:
            continue
        for payload in decided:
            household = VISITS.evolve(household, payload)
            match payload:
                case HouseholdVisited():
                    recorded[payload.visit_id] = UUID(int=1000 + len(events))
                case HouseholdScreened():
                    recorded[payload.screening_id] = UUID(int=1000 + len(events))
            events.append(
                Happened(
                    event_id=UUID(int=1000 + len(events)),
                    service="visits",
                    type=type(payload).__name__,
                    stream="visits",
                    version=len(events) + 1,
                    occurred_at=moment,
                    recorded_at=now,
                    payload=json.loads(encode(payload)),
                    meaning=MEANINGS.events[type(payload)],
                )
            )
    return household, events


def expected(household: HouseholdVisits) -> dict[str, Any]:
    """The same fields by visits: what is open, and the last visit and screening that stand."""
    found: dict[str, Any] = {
        f"duty.{o.opened.obligation_id}.due_on": str(o.opened.due_on)
        for o in household.obligations
        if o.is_open
    }
    # Of those of one moment, the one that was recorded last.
    if household.visits:
        visit = max(reversed(household.visits), key=lambda visit: visit.visited_at)
        found |= {"last_visit.on": str(visit.visited_on), "last_visit.mode": visit.mode.value}
    if household.screenings:
        form = max(reversed(household.screenings), key=lambda form: form.screened_on)
        found["last_screening.on"] = str(form.screened_on)
        found["last_screening.suspected_risks"] = [risk.value for risk in form.suspected_risks]
    return found


@settings(max_examples=300, deadline=None)
@given(asked_in_turn)
def test_audit_and_visits_agree_about_a_household(asked: list[Command]) -> None:
    household, events = told(asked)
    said = state(events, AT_LAST, AT_LAST).fields
    assert {name: value.value for name, value in said.items()} == expected(household)


@settings(max_examples=300, deadline=None)
@given(asked_in_turn, st.dates(date(2024, 3, 20), date(2024, 6, 1)))
def test_audit_and_visits_agree_about_every_duty(asked: list[Command], today: date) -> None:
    household, events = told(asked)
    shown = sorted(
        (at(d.opened_by.payload, "obligation_id"), d.outcome) for d in deadlines(events, today)
    )
    wanted = sorted(
        (
            str(o.opened.obligation_id),
            "fulfilled" if o.fulfilled_by else "overdue" if o.opened.due_on < today else "open",
        )
        for o in household.obligations
        if not o.cancelled
    )
    assert shown == wanted
