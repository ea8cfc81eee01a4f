"""Deadlines from what events are declared to open and close."""

from datetime import date, datetime, timedelta
from itertools import permutations
from typing import Any
from uuid import UUID

import pytest

from audit.meaning.deadlines import deadlines
from audit.meaning.state import Happened, state
from common.testing import NOON
from contracts.episodes import RiskDetected, VillageReviewHeld
from contracts.identification_meanings import IDENTIFICATION
from contracts.meaning import Meaning

OPENS = Meaning(sets={"duty.{id}.due_on": "due"}, opens="id")
CLOSES = Meaning(closes="id", when={"final": True})
AGAIN = Meaning(sets={"duty.{id}.due_on": "due"}, reopens="id")
CANCELS = Meaning(cancels="id")
ONCE, DONE = Meaning(opens="a-clock"), Meaning(closes="a-clock")
TODAY = date(2024, 6, 30)


def happened(number: int, meaning: Meaning, day: int, **payload: Any) -> Happened:
    moment: datetime = NOON + timedelta(days=day)
    return Happened(UUID(int=number), "any", "Any", "s", number, moment, moment, payload, meaning)


@pytest.mark.parametrize(
    ("due", "closed", "outcome"),
    [
        ("2024-06-30", None, "open"),
        ("2024-06-29", None, "overdue"),
        ("2024-06-05", 2, "fulfilled"),
        ("2024-06-04", 2, "late"),
        ("no day", None, "open"),
        ("20240601", None, "open"),  # a day for some readers, and none for others
        ("2024-W22-6", None, "open"),
        ("2024-06-01T12:00:00Z", None, "open"),
    ],
)
def test_a_deadline_is_missed_when_its_day_is_over(
    due: str, closed: int | None, outcome: str
) -> None:
    events = [happened(1, OPENS, 0, id="x", due=due)]
    if closed is not None:
        events += [happened(2, CLOSES, 1, id="x", final=False), happened(3, CLOSES, 1, id="y")]
        events += [happened(4, CLOSES, closed, id="x", final=True)]
    assert [d.outcome for d in deadlines(events, TODAY)] == [outcome]


def test_a_deadline_that_is_there_once_may_come_again() -> None:
    events = [happened(n, m, n) for n, m in enumerate((ONCE, ONCE, DONE, DONE, ONCE), 1)]
    found = deadlines(events, TODAY)
    assert [(d.opened_by.version, d.outcome) for d in found] == [(1, "fulfilled"), (5, "open")]


@pytest.mark.parametrize(
    ("told", "outcomes"),
    [
        ([AGAIN, CLOSES, AGAIN], [(1, "overdue")]),
        ([AGAIN, CLOSES, AGAIN, CLOSES], [(1, "fulfilled")]),
        ([OPENS, CLOSES, OPENS], [(1, "fulfilled"), (3, "overdue")]),
        ([AGAIN, CANCELS], []),
        ([AGAIN, CANCELS, CLOSES], []),
        ([AGAIN, CLOSES, CANCELS], [(1, "fulfilled")]),
        ([AGAIN, CANCELS, AGAIN], [(1, "overdue")]),
        ([OPENS, CANCELS, OPENS], [(3, "overdue")]),
    ],
)
def test_A29_A30_a_duty_may_be_due_again_and_what_is_cancelled_is_no_duty(
    told: list[Meaning], outcomes: list[tuple[int, str]]
) -> None:
    events = [
        happened(n, meaning, n, id="x", due="2024-06-20", final=True)
        for n, meaning in enumerate(told, 1)
    ]
    found = [(d.opened_by.version, d.outcome) for d in deadlines(events, TODAY)]
    assert found == outcomes


def test_events_count_as_they_were_recorded_in_whatever_order_they_are_read() -> None:
    events = [happened(n, m, n) for n, m in enumerate((ONCE, DONE, ONCE), 1)]
    expected = deadlines(events, TODAY)
    assert [d.outcome for d in expected] == ["fulfilled", "open"]
    for other in permutations(events):
        assert deadlines(other, TODAY) == expected


def test_what_is_due_first_is_told_first_and_then_what_was_opened_first() -> None:
    days = (None, "2024-06-20", "2024-06-20", "2024-06-10")
    events = [happened(n, OPENS, n, id=str(n), due=day) for n, day in enumerate(days, 1)]
    done = happened(5, CLOSES, 5, id="3", final=True)
    found = deadlines([*events, done], TODAY)
    assert [d.opened_by.version for d in found] == [4, 2, 3, 1]


@pytest.mark.parametrize(
    ("procedure", "passed", "left"),
    [
        ("IDENTIFICATION", False, {"stage": "NONE"}),
        ("IDENTIFICATION", True, {"stage": "VILLAGE_REVIEWED", "risk_types": ["ILLNESS"]}),
        ("ELIMINATION", False, {"stage": "MONITORED", "risk_types": ["ILLNESS"]}),
    ],
)
def test_T7_with_a_village_no_the_clock_and_the_risks_of_the_case_are_over(
    procedure: str, passed: bool, left: dict[str, Any]
) -> None:
    found = IDENTIFICATION.events[RiskDetected]
    held = IDENTIFICATION.events[VillageReviewHeld]
    events = [
        happened(1, found, 0, clue_id="c", due_on="2024-06-20", risk_types=["ILLNESS"]),
        happened(2, held, 5, procedure=procedure, passed=passed),
    ]
    (clock,) = deadlines(events, TODAY)
    ended = left["stage"] == "NONE"
    assert clock.outcome == ("fulfilled" if ended else "overdue")
    now = NOON + timedelta(days=9)
    fields = {name: value.value for name, value in state(events, now, now).fields.items()}
    assert {name: fields.get(name) for name in left} == left
    assert ended is not any(n in fields for n in ("risk_types", "due_on", "clue.c.risk_types"))
