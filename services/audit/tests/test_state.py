"""Two clocks: what was so, and what was known. Against a naive fold, over random histories."""

import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audit.meaning.state import Happened, State, diff, named, state
from common.testing import NOON
from contracts.meaning import Amendment, Choice, Meaning

SET = Meaning(sets={"a": "a", "b.{id}.x": "x"})
CLEAR = Meaning(sets={"b.{id}": None})
TOLD = Meaning(sets={"a": "a", "b.{id}.x": "x"}, as_told=True)
LEFT = Meaning(sets={"b.{id}": None}, as_told=True)
CORRECT = Meaning(sets={"a": "a"}, corrects="event")
AMEND = Meaning(amends=Amendment("event", "pointer", "value"))


def at(hours: int) -> datetime:
    return NOON + timedelta(hours=hours)


def happened(
    number: int, meaning: Meaning, payload: Any, occurred: int = 0, recorded: int | None = None
) -> Happened:
    return Happened(
        UUID(int=number),
        "identification",
        "Anything",
        "household-1",
        number,
        at(occurred),
        at(occurred if recorded is None else recorded),
        payload,
        meaning,
    )


def values(found: State) -> dict[str, Any]:
    return {name: value.value for name, value in found.fields.items()}


@st.composite
def histories(draw: st.DrawFn) -> list[Happened]:
    """Up to a dozen events of all kinds; late ones, early ones, and many at once."""
    made: list[Happened] = []
    for n in range(1, draw(st.integers(1, 12)) + 1):
        meaning = draw(st.sampled_from([SET, SET, CLEAR, TOLD, TOLD, LEFT, CORRECT, AMEND]))
        payload: dict[str, Any] = {}
        for name in ("a", "x"):
            if draw(st.booleans()):
                payload[name] = draw(st.integers(0, 3))
        payload["id"] = draw(st.sampled_from(["p", "q"]))
        payload["event"] = str(UUID(int=draw(st.integers(1, 12))))
        payload["pointer"] = draw(st.sampled_from(["/a", "/x", "/id", "/nowhere/else"]))
        payload["value"] = json.dumps(draw(st.sampled_from([0, 1, 9])))
        recorded = draw(st.integers(0, 6))
        made.append(happened(n, meaning, payload, draw(st.integers(0, 6)), recorded))
    return draw(st.permutations(made))


def naive(events: Sequence[Happened], valid_at: datetime, known_at: datetime) -> dict[str, Any]:
    """For each field, the last word that was said of it by an event that counts."""
    known = [e for e in events if e.recorded_at <= known_at]
    struck = {e.payload["event"] for e in known if e.meaning is CORRECT and e.payload}
    counted = [
        (e, amended(e, known))
        for e in known
        if str(e.event_id) not in struck and e.occurred_at <= valid_at
    ]
    found = {}
    for name in ("a", "b.p.x", "b.q.x", "b.0.x", "b.1.x", "b.9.x"):
        words = [
            (turn(e), said)
            for e, payload in counted
            if (said := word(name, e.meaning, payload)) is not None
        ]
        if words and (last := max(words, key=lambda w: w[0])[1]) != "gone":
            found[name] = last
    return found


def turn(e: Happened) -> tuple[bool, datetime, datetime, int]:
    """Of two words the later one counts: where it is as they were told, that which was recorded later."""
    if e.meaning in (TOLD, LEFT):
        return False, e.recorded_at, e.recorded_at, e.version
    return True, e.occurred_at, e.recorded_at, e.version


def amended(event: Happened, known: Sequence[Happened]) -> dict[str, Any]:
    payload = dict(event.payload or {})
    for e in sorted(known, key=lambda e: (e.recorded_at, e.version)):
        p = e.payload or {}
        name = p["pointer"].removeprefix("/")
        if e.meaning is AMEND and p["event"] == str(event.event_id) and "/" not in name:
            payload[name] = json.loads(p["value"])
    return payload


def word(name: str, meaning: Meaning, payload: dict[str, Any]) -> Any:
    below = name == f"b.{payload['id']}.x"
    if meaning in (CLEAR, LEFT) and below:
        return "gone"
    if name == "a" and meaning in (SET, TOLD, CORRECT):
        return payload.get("a")
    return payload.get("x") if meaning in (SET, TOLD) and below else None


@settings(max_examples=1_000, deadline=None)
@given(histories(), st.integers(0, 6), st.integers(0, 6))
def test_the_state_is_that_of_a_naive_fold(events: list[Happened], valid: int, known: int) -> None:
    assert values(state(events, at(valid), at(known))) == naive(events, at(valid), at(known))


@settings(max_examples=1_000, deadline=None)
@given(histories(), st.integers(0, 6), st.integers(0, 6))
def test_what_is_recorded_later_never_changes_what_was_known_before(
    events: list[Happened], valid: int, known: int
) -> None:
    before = [e for e in events if e.recorded_at <= at(known)]
    assert state(events, at(valid), at(known)) == state(before, at(valid), at(known))


@settings(max_examples=300, deadline=None)
@given(histories(), *[st.integers(0, 6)] * 4)
def test_a_diff_names_an_event_of_the_household_for_every_field_that_differs(
    events: list[Happened], a: int, b: int, c: int, d: int
) -> None:
    before, after = state(events, at(a), at(b)), state(events, at(c), at(d))
    changed = diff(before, after)
    was, now = values(before), values(after)
    assert {x.field for x in changed} == {
        n for n in {*was, *now} if (n in was, was.get(n)) != (n in now, now.get(n))
    }
    count = [
        {e.event_id: (e.recorded_at <= at(k), e.occurred_at <= at(v)) for e in events}
        for v, k in ((a, b), (c, d))
    ]
    for x in changed:  # what both points know and count alike cannot be behind a difference
        assert count[0][x.event_id] != count[1][x.event_id], x


FIRST = happened(1, SET, {"a": 1, "id": "p", "x": 5}, occurred=1)


@pytest.mark.parametrize(
    ("later", "field", "after"),
    [
        (happened(2, SET, {"a": 2, "id": "p"}, occurred=2), "a", 2),
        (happened(2, CLEAR, {"id": "p"}, occurred=2), "b.p.x", None),
        (happened(2, CORRECT, {"event": str(UUID(int=1)), "a": 7}, 1, 3), "a", 7),
        (happened(2, CORRECT, {"event": str(UUID(int=1))}, 1, 3), "a", None),
        (happened(2, AMEND, {"event": str(UUID(int=1)), "pointer": "/a", "value": "8"}, 3), "a", 8),
    ],
    ids=["set", "cleared", "corrected", "retracted", "amended"],
)
def test_a_diff_names_the_event_that_changed_it(later: Happened, field: str, after: Any) -> None:
    events = [FIRST, later]
    changed = diff(state(events, at(1), at(1)), state(events, at(5), at(5)))
    assert [(x.after, x.event_id) for x in changed if x.field == field] == [(after, UUID(int=2))]


def test_a_retraction_is_behind_what_was_said_before_and_counts_again() -> None:
    second = happened(2, SET, {"a": 2, "id": "q"}, occurred=2)
    taken_back = happened(3, CORRECT, {"event": str(UUID(int=2))}, occurred=2, recorded=4)
    events = [FIRST, second, taken_back]
    (changed,) = diff(state(events, at(3), at(3)), state(events, at(3), at(4)))
    assert (changed.before, changed.after, changed.event_id) == (2, 1, UUID(int=3))


def test_a_retraction_is_behind_it_also_of_what_had_been_amended() -> None:
    aim = {"event": str(UUID(int=1))}
    amended = happened(2, AMEND, {**aim, "pointer": "/a", "value": "8"}, occurred=2)
    taken_back = happened(3, CORRECT, aim, occurred=3)
    events = [FIRST, amended, taken_back]
    changed = diff(state(events, at(2), at(2)), state(events, at(3), at(3)))
    assert {x.event_id for x in changed} == {UUID(int=3)}


def test_a_retraction_is_behind_it_also_where_the_field_had_been_cleared_before() -> None:
    cleared = happened(2, CLEAR, {"id": "p"}, occurred=2)
    again = happened(3, SET, {"id": "p", "x": 6}, occurred=3)
    taken_back = happened(4, CORRECT, {"event": str(UUID(int=3))}, occurred=4)
    events = [FIRST, cleared, again, taken_back]
    (changed,) = diff(state(events, at(3), at(3)), state(events, at(3), at(4)))
    assert (changed.field, changed.after, changed.event_id) == ("b.p.x", None, UUID(int=4))


def test_an_amendment_is_behind_it_also_where_it_is_another_field_that_was_cleared() -> None:
    aim, moved = {"event": str(UUID(int=2))}, {"pointer": "/id", "value": '"q"'}
    events = [
        FIRST,
        happened(2, CLEAR, {"id": "p"}, occurred=2),
        happened(3, AMEND, aim | moved, occurred=3),
        happened(4, SET, {"id": "q", "x": 6}, occurred=1),
        happened(5, CORRECT, aim, occurred=5),
    ]
    for then, now, fields in ((2, 3, ["b.p.x", "b.q.x"]), (3, 5, ["b.q.x"])):
        changed = diff(state(events, at(then), at(then)), state(events, at(now), at(now)))
        assert [(x.field, x.event_id) for x in changed] == [(f, UUID(int=now)) for f in fields]


def test_an_amendment_is_behind_what_it_changed_and_behind_nothing_else() -> None:
    aim = {"event": str(UUID(int=1))}
    events = [FIRST]
    for n, (pointer, value) in enumerate((("/a", "8"), ("/x", "5")), 2):  # x was 5 before
        events.append(happened(n, AMEND, {**aim, "pointer": pointer, "value": value}, n))
    found = state(events, at(9), at(9)).fields
    behind = {name: (value.event_id.int, value.told_by.int) for name, value in found.items()}
    assert behind == {"a": (2, 1), "b.p.x": (1, 1)}


@pytest.mark.parametrize("event", ["no id", 7, None])
def test_what_names_no_event_corrects_and_amends_none(event: Any) -> None:
    aim = {"event": event, "pointer": "/a", "value": "8"}
    events = [FIRST, happened(2, CORRECT, aim, 2), happened(3, AMEND, aim, 3)]
    assert values(state(events, at(9), at(9))) == values(state([FIRST], at(9), at(9)))


def test_a_late_record_of_an_early_event_is_known_late_and_true_early() -> None:
    late = happened(2, SET, {"a": 2}, occurred=0, recorded=9)
    assert values(state([FIRST, late], at(0), at(5))) == {}
    assert values(state([FIRST, late], at(0), at(9)))["a"] == 2
    assert values(state([FIRST, late], at(9), at(9)))["a"] == 1


def test_what_was_told_last_of_a_household_stands_though_it_happened_before() -> None:
    joined = happened(1, TOLD, {"a": 5, "id": "born", "x": 0}, occurred=4)
    died = happened(2, LEFT, {"id": "old"}, occurred=2, recorded=6)
    counted = happened(3, TOLD, {"a": 4}, occurred=2, recorded=6)
    headed = happened(4, TOLD, {"id": "old", "x": 1}, occurred=3)
    events = [joined, died, counted, headed]
    assert values(state(events, at(9), at(5))) == {"a": 5, "b.born.x": 0, "b.old.x": 1}
    assert values(state(events, at(9), at(9))) == {"a": 4, "b.born.x": 0}
    assert values(state(events, at(2), at(9))) == {"a": 4}


def test_items_choices_and_conditions() -> None:
    meaning = Meaning(
        each={"members": {"member.{id}.health": "health"}},
        makes={"stage": "OPEN"},
        chooses={"way": Choice(("kind", "passed"), {"A/true": "UP", "A/false": "DOWN"})},
        when={"ends": True},
        regardless={"left": "kind", "member.{gone}": None},
    )
    payload = {
        "members": [
            {"id": "p", "health": "WELL"},
            {"id": "q", "health": None},
            {"health": "ILL"},
            7,
        ],
        "kind": "A",
        "passed": False,
        "ends": True,
    }
    assert values(state([happened(1, meaning, payload)], at(0), at(0))) == {
        "member.p.health": "WELL",
        "member.q.health": None,
        "stage": "OPEN",
        "way": "DOWN",
        "left": "A",
    }
    other = happened(2, meaning, payload | {"ends": False, "gone": "p"})
    both = [happened(1, meaning, payload), other]
    assert "member.p.health" not in values(state(both, at(0), at(0)))
    assert values(state([other], at(0), at(0))) == {"left": "A", "way": "DOWN"}
    for meant in (meaning, Meaning(makes={"stage": "OPEN"})):
        assert values(state([happened(1, meant, None)], at(0), at(0))) == {}
    unknown = state([happened(1, meaning, payload | {"kind": "B"})], at(0), at(0))
    assert "way" not in unknown.fields


def test_the_name_of_a_field_is_found_for_any_id() -> None:
    names = ["member", "member.health", "income.members", "fact.type"]
    assert named("member.0192.health", names) == "member.health"
    assert named("member.0192", names) == "member"
    assert named("income.members", names) == "income.members"
    assert named("unheard.of", names) is None
    assert named("of.0192.a.kind", ["of.kind", "of.a.kind", "of"]) == "of.a.kind"
