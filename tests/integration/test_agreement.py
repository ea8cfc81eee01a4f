"""What audit folds out of the published meaning of events is what identification itself goes by."""

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audit.access.sight import OPEN
from audit.meaning.state import Happened, state
from common.codec import encode
from contracts.codes import RiskType
from contracts.episodes import RejectionReason
from contracts.identification import HouseholdEvent
from contracts.identification_meanings import IDENTIFICATION
from contracts.identification_state import FIELDS
from contracts.meaning import Meaning
from identification.domain.commands import Command
from identification.domain.entry import Status
from identification.domain.household import HOUSEHOLD
from identification.domain.risks import open_risks
from identification.domain.stages import monitored_of
from services.identification.tests.ending import (
    ADD,
    ENDING,
    LATER,
    REASSESS,
    REASSESS_AGAIN,
    RESOLVE,
    REVOKE,
)
from services.identification.tests.story import (
    REJECT,
    RISK,
    START,
    STEPS,
    VERIFY,
    history,
    taken,
)
from services.identification.tests.test_inquiries import OBJECT, UPHELD
from services.identification.tests.test_outcomes import RETURN, SECOND
from services.identification.tests.test_properties import commands, starts
from services.identification.tests.test_register_laws import commands as of_the_register

FIRST = datetime(2024, 1, 1, tzinfo=UTC)
NOTHING = Meaning()


def told(events: Sequence[HouseholdEvent]) -> list[Happened]:
    """The events as audit hears them, one after the other."""
    return [
        Happened(
            event_id=UUID(int=number),
            service="identification",
            type=type(event).__name__,
            stream="household",
            version=number,
            occurred_at=FIRST + timedelta(minutes=number),
            recorded_at=FIRST + timedelta(minutes=number),
            payload=json.loads(encode(event)),
            meaning=IDENTIFICATION.events.get(type(event), NOTHING),
        )
        for number, event in enumerate(events, 1)
    ]


def by_audit(events: Sequence[HouseholdEvent]) -> dict[str, Any]:
    """The stage, and the risks by which departments see the household."""
    found = state(told(events), datetime.max.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC))
    fields = {name: value.value for name, value in found.fields.items()}
    codes = [v for n, v in fields.items() if n == "risk_types" or n.endswith(".risk_types")]
    routed = FIELDS["stage"].phases.get(fields["stage"], "") in OPEN
    return {
        "stage": fields["stage"],
        "class": fields.get("monitored_class") if routed else None,
        "risks": {code for told in codes for code in told} if routed else set(),
        "members": {n.split(".")[1] for n in fields if n.endswith(".relation")},
        "living together": fields["co_living_count"],
    }


def by_identification(events: Sequence[HouseholdEvent]) -> dict[str, Any]:
    household = HOUSEHOLD.fold(events)
    assert household is not None
    monitored, entry = monitored_of(household.case), household.registered
    return {
        "stage": household.stage,
        "class": monitored.monitored_class if monitored else None,
        "risks": set(open_risks(household.file, household.case)) if household.file else set(),
        "members": {
            str(m.person_id) for m in entry.members if household.status is not Status.MERGED
        },
        "living together": entry.co_living_count,
    }


VISIT = replace(VERIFY, risk_types=(RiskType.DISABILITY,))
AGAIN = replace(
    RISK, clue_id=UUID(int=81), rule_id="SERIOUS-ILLNESS", discovered_on=date(2024, 3, 8)
)
POOR = replace(
    AGAIN, clue_id=UUID(int=82), rule_id="INCOME-LINE", risk_types=(RiskType.LOW_INCOME,)
)
LATE = replace(POOR, discovered_on=date(2024, 4, 1), today=LATER)
NOT_POOR = replace(
    REJECT, reason_code=RejectionReason.FALSE_CLUE, clue_id=LATE.clue_id, today=LATER,
    rejected_on=date(2024, 4, 2), family_told_on=date(2024, 4, 2),
)  # fmt: skip
AS_POOR = replace(ADD, risk_type=RiskType.LOW_INCOME, clue_id=LATE.clue_id)
NO_LONGER_POOR = replace(RESOLVE, risk_type=RiskType.LOW_INCOME)
NO_LONGER_ILL = replace(RESOLVE, risk_type=RiskType.ILLNESS)
RETURNED: tuple[Command, ...] = (RISK, START, VISIT, RETURN)
SCHOOLING = replace(AGAIN, rule_id="DROPOUT", risk_types=(RiskType.SCHOOLING,))
BEFORE = replace(SCHOOLING, discovered_on=VISIT.seen.on)
STORIES: dict[str, tuple[Command, ...]] = {
    "a clue of a later day than the visit, told before it": (RISK, START, SCHOOLING, VISIT, *STEPS[3:]),
    "a clue of an earlier day than the visit, told after it": (RISK, START, VISIT, BEFORE),
    "returned": RETURNED,
    "returned with another clue": (*RETURNED, AGAIN, SECOND),
    "an objection is upheld": (RISK, START, VISIT, *STEPS[3:5], OBJECT, UPHELD),
    "an objection ends an elimination": (
        *STEPS, REASSESS, REASSESS_AGAIN, *ENDING[:4],
        replace(OBJECT, raised_on=date(2024, 10, 22), today=LATER),
        replace(UPHELD, resolved_on=date(2024, 10, 23), today=LATER),
    ),
    "the same risk again, and resolved": (*STEPS[:6], AGAIN, *STEPS[6:], ADD, NO_LONGER_ILL),
    "by income, and confirmed": (*STEPS[:6], POOR, *STEPS[6:]),
    "by income, and rejected": (*STEPS, LATE, NOT_POOR),
    "by income, recorded and resolved": (*STEPS, LATE, AS_POOR, NO_LONGER_POOR),
    "eliminated": (*STEPS, REASSESS, REASSESS_AGAIN, *ENDING),
    "eliminated and taken back": (*STEPS, REASSESS, REASSESS_AGAIN, *ENDING, REVOKE),
}  # fmt: skip


@pytest.mark.parametrize("story", STORIES.values(), ids=STORIES)
def test_A75_both_know_the_stage_and_the_risks_of_a_household(story: tuple[Command, ...]) -> None:
    events = history(*story)
    for known in range(1, len(events) + 1):
        assert by_audit(events[:known]) == by_identification(events[:known]), events[known - 1]


@pytest.mark.parametrize(
    ("story", "risks"), [(RETURNED[:3], {"DISABILITY"}), (RETURNED, {"ILLNESS"})]
)
def test_A75_a_case_that_is_returned_is_routed_by_its_clues_again(
    story: tuple[Command, ...], risks: set[str]
) -> None:
    assert by_identification(history(*story))["risks"] == risks


@settings(max_examples=50, deadline=None)
@given(start=starts, asked=st.lists(commands | of_the_register, max_size=15))
def test_whatever_is_asked_both_know_the_same(
    start: list[HouseholdEvent], asked: list[Command]
) -> None:
    events = [*start]
    for command, _ in taken(asked, events):
        assert by_audit(events) == by_identification(events), command
