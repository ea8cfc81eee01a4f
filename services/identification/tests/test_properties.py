"""What holds for every decision, whatever is asked in whatever order."""

from dataclasses import fields, replace
from datetime import date, timedelta
from enum import Enum
from typing import Any, get_args

from hypothesis import example, given, settings
from hypothesis import strategies as st

from common.decider import Refused
from contracts.codes import RiskType
from contracts.deadlines import CohortTargetMissed
from contracts.identification import HouseholdEvent
from identification.domain.commands import Command, DeclareHousehold
from identification.domain.days import CloseBusinessDay, NoteOverdue
from identification.domain.household import HOUSEHOLD
from identification.domain.register_commands import RegisterCommand, RegisterHousehold
from identification.domain.rights import RightsCommand
from identification.refusals import REFUSALS
from services.identification.tests import ending
from services.identification.tests import test_inquiries as inquiries
from services.identification.tests import test_officers as officers
from services.identification.tests import test_outcomes as outcomes
from services.identification.tests.entries import MERGE, TAKE_IN
from services.identification.tests.story import (
    CONFIRM,
    NOT_AT_RISK,
    POLICY,
    REJECT,
    STEPS,
    TODAY,
    history,
    repeated,
    taken,
)
from services.identification.tests.test_moves import handed_over

# Of a place whose target includes the story's confirmation (S7.3-02).
MISSING = NoteOverdue(
    day=POLICY.cohort_target, policy=replace(POLICY, cohort_confirmed_by=CONFIRM.confirmed_on)
)
ASKED: tuple[Command, ...] = (
    *STEPS,
    NOT_AT_RISK,
    REJECT,
    outcomes.FALSE,
    outcomes.SECOND,
    outcomes.WITHDRAW,
    outcomes.RETURN,
    inquiries.SIGN,
    inquiries.REFUSE,
    inquiries.ASK,
    inquiries.ANSWER,
    inquiries.OBJECT,
    inquiries.UPHELD,
    inquiries.DISMISSED,
    inquiries.GRANT,
    ending.REASSESS,
    ending.REASSESS_AGAIN,
    *ending.ENDING,
    ending.REVOKE,
    ending.REJECT_ELIMINATION,
    ending.ALLOW,
    ending.CHANGE,
    ending.ADD,
    ending.RESOLVE,
    ending.CANCEL,
    ending.CLOSE,
    ending.ENTER,
    ending.CORRECT,
    officers.REPLACE,
    officers.ASSIGN,
    ending.SURVEY,
    ending.NOTE,
    ending.TAG,
    CloseBusinessDay(day=TODAY, policy=POLICY),
    NoteOverdue(day=TODAY, policy=POLICY),
    MISSING,
)
dates = st.dates(date(2023, 12, 1), TODAY + timedelta(days=2))


def varied(command: Command) -> st.SearchStrategy[Command]:
    """The command as it is, or with other dates, codes, people and counts."""
    changes: dict[str, st.SearchStrategy[Any]] = {}
    for field in fields(command):
        value = getattr(command, field.name)
        match value:
            case date() if field.name not in ("today", "day"):
                changes[field.name] = st.just(value) | dates
            case bool():
                changes[field.name] = st.just(value) | st.booleans()
            case int() if field.name.startswith("votes"):
                changes[field.name] = st.integers(0, 25)
            case Enum():
                changes[field.name] = st.just(value) | st.sampled_from(type(value))
            case str() if field.name == "by":
                changes[field.name] = st.sampled_from([value, "town", "verifier"])
            case (RiskType(), *_):
                changes[field.name] = st.lists(st.sampled_from(RiskType), max_size=6).map(tuple)
    return st.just(command) | st.builds(replace, st.just(command), **changes)


commands = st.sampled_from(ASKED).flatmap(varied)
WAY: tuple[Command, ...] = (
    *STEPS,
    ending.REASSESS,
    ending.REASSESS_AGAIN,
    *ending.ENDING,
    ending.REVOKE,
)
TAKEN_OVER = history(MERGE, replace(TAKE_IN, case=handed_over(date(2023, 3, 1))))
starts = st.integers(0, len(WAY)).map(lambda n: history(*WAY[:n])) | st.just(TAKEN_OVER)
asked_in_turn = st.lists(commands, max_size=25)


def test_the_laws_reach_a_target_that_was_missed() -> None:
    """S7.3-02."""
    said = HOUSEHOLD.when(MISSING, given=history(*STEPS))
    assert CohortTargetMissed in map(type, said)


def test_every_command_is_asked_here() -> None:
    """Those of the register and of persons have files of their own (`test_register_laws`)."""
    elsewhere = {
        RegisterHousehold,
        DeclareHousehold,
        *get_args(RegisterCommand),
        *get_args(RightsCommand),
    }
    assert {*map(type, ASKED)} == set(get_args(Command)) - elsewhere


@settings(max_examples=100, deadline=None)
@given(start=starts, asked=asked_in_turn)
def test_decide_raises_nothing_but_refused_and_what_it_decides_can_be_replayed(
    start: list[HouseholdEvent], asked: list[Command]
) -> None:
    events, codes = [*start], set[str]()
    for command in asked:
        try:
            decided = HOUSEHOLD.when(command, given=events)
        except Refused as refusal:
            codes.add(refusal.code)
            continue
        events += decided
        HOUSEHOLD.fold(events)
    assert codes <= set(REFUSALS)


@settings(max_examples=100, deadline=None)
@given(start=starts, asked=asked_in_turn)
@example(start=history(*STEPS), asked=[MISSING])
def test_a_repeated_command_records_nothing(
    start: list[HouseholdEvent], asked: list[Command]
) -> None:
    """Or is refused, where the step is behind it."""
    events = [*start]
    for command, _ in taken(asked, events):
        assert repeated(command, events) == []
