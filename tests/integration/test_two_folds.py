"""Audit's state of a household is what identification's own fold says of it, in whatever order of days things were
told (ADR 0030). Audit knows no payload: this finds what is published beside the events and says too little.
"""

from collections.abc import Sequence
from dataclasses import fields, replace
from datetime import UTC, date, datetime
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from audit.meaning.state import state
from common.clock import start_of
from common.testing import NOON
from contracts.identification import HouseholdEvent
from identification.domain.commands import Command, RejectClue
from identification.domain.entry import Status
from identification.domain.household import HOUSEHOLD
from identification.domain.register_commands import ConfirmResidence
from identification.domain.stages import monitored_of
from identification.domain.states import Household
from services.identification.tests import test_properties, test_register_laws
from services.identification.tests.story import REGISTERED, history, taken
from tests.integration import test_agreement

AT_LAST = datetime.max.replace(tzinfo=UTC)
STANDING = {Status.ACTIVE: "REGISTERED", Status.MERGED: "ABSORBED"}


def day_of(command: Command) -> date:
    """The day that the REST API gives the events of a command."""
    match command:
        case RejectClue():
            return command.rejected_on
        case ConfirmResidence():
            return command.confirmed_on
    named = (getattr(command, f.name) for f in fields(command) if f.name.endswith("_on"))
    days = [day for day in named if isinstance(day, date)]
    if seen := getattr(command, "seen", None):
        days.append(seen.on)
    today: date = getattr(command, "day", getattr(command, "today", NOON.date()))
    return days[0] if days else today


def told(events: Sequence[HouseholdEvent], days: Sequence[date]) -> dict[str, Any]:
    """The state as audit has it, of events that happened on these days."""
    heard = zip(test_agreement.told(events), days, strict=True)
    happened = [replace(event, occurred_at=start_of(day)) for event, day in heard]
    return {name: value.value for name, value in state(happened, AT_LAST, AT_LAST).fields.items()}


def expected(household: Household) -> dict[str, Any]:
    """The same fields by identification; of who left the register, that they did."""
    standing = {"standing": STANDING.get(household.status, "DEREGISTERED")}
    if household.status is not Status.ACTIVE:
        return standing
    entry, past = household.registered, household.past
    monitored, ended = monitored_of(household.case), household.eliminated
    found: dict[str, Any] = {
        **standing,
        "stage": household.stage.value,
        "register_number": entry.register_number,
        "category": entry.category.value,
        "marginal_2019": entry.marginal_2019,
        "region": entry.region,
        "co_living_count": entry.co_living_count,
        "responsible_person": past.responsible[0] if past.responsible else None,
        "due_on": str(household.file.due_on) if household.file and not monitored else None,
        "eliminated_on": str(ended.on) if ended and not household.case else None,
    }
    if monitored or not ended:  # what an eliminated household was monitored as is still told
        found["monitored_class"] = monitored.monitored_class.value if monitored else None
        found["monitored_since"] = str(monitored.confirmed.confirmed_on) if monitored else None
    for member in entry.members:
        person = f"member.{member.person_id}"
        found |= {
            f"{person}.relation": member.relation.value,
            f"{person}.labour_capacity": member.labour_capacity.value,
            f"{person}.health": member.health.value,
            f"{person}.schooling": member.schooling.value,
            f"{person}.restricted": member.restricted,
            f"{person}.without_number": member.without_number,
        }
    here = {member.person_id for member in entry.members}
    for group, whose in past.tags:
        if whose is None:
            found[f"focus.{group.value}"] = group.value
        elif whose in here:
            found[f"member.{whose}.{group.value}.focus"] = group.value
    return found


commands = st.lists(test_properties.commands | test_register_laws.commands, max_size=20)


@settings(max_examples=300, deadline=None)
@given(st.integers(0, len(test_properties.WAY)), commands)
def test_audit_and_identification_agree_about_a_household(steps: int, asked: list[Command]) -> None:
    events = history()
    days = [REGISTERED.registered_on]
    for command, new in taken([*test_properties.WAY[:steps], *asked], events):
        days += [day_of(command)] * len(new)
    household = HOUSEHOLD.fold(events)
    assert household is not None
    wanted, said = expected(household), told(events, days)
    assert {name: said.get(name) for name in wanted} == wanted
    if household.status is Status.ACTIVE:
        members = {name.split(".")[1] for name in said if name.endswith(".relation")}
        assert members == {str(m.person_id) for m in household.registered.members}
