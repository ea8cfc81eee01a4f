"""Which types a reader of some fields has to ask for, and what an event does to one field of many."""

import json
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from audit.meaning.declared import about, alone, moves, stages, touching
from audit.meaning.state import Happened, state
from audit.meaning.vocabulary import Vocabulary
from common.testing import NOON
from contracts.meaning import Choice, Meaning

SAID = {"a": "1", "b": "2", "k": True, "list": [{"n": "3", "m": "4"}]}
LATER = NOON + timedelta(days=9)


def happened(number: int, meaning: Meaning, **payload: Any) -> Happened:
    return Happened(UUID(int=number), "any", "Any", "s", number, NOON, NOON, payload, meaning)


def told(meaning: dict[str, Any], **more: Any) -> Vocabulary:
    """The words of a service with one type that means this."""
    words, said = Vocabulary(), {"zh": "事", "en": "it"}
    one = {"service": "x", "type": "Y", "label": said, "sentence": said, "meaning": meaning, **more}
    words.learn("x.Y.v1", json.dumps(one).encode())
    return words


def test_what_brings_to_a_phase_and_what_opens_a_duty_is_told_with_its_condition() -> None:
    stage = {"zh": "阶段", "en": "stage", "phases": {"A": "CLUE", "B": "MONITORED"}}
    when, codes = {"a.b": 1, "a.c": True}, {"E/true": "B", "E/false": "C"}
    makes = told({"makes": {"stage": "A"}, "when": when}, state={"stage": stage})
    chooses = told(
        {"chooses": {"stage": {"by": ["p", "q"], "codes": codes}}, "as_told": True},
        state={"stage": stage},
    )
    opens = told({"opens": "id", "sets": {"duty.{id}.due_on": "due"}, "when": when})
    inside = '{"a": {"b": 1, "c": true}}'
    assert list(zip(*stages(makes), strict=True)) == [("x", "Y", 1, inside, "CLUE", False)]
    assert list(zip(*stages(chooses), strict=True)) == [
        ("x", "Y", 1, '{"p": "E", "q": true}', "MONITORED", True),
        ("x", "Y", 1, '{"p": "E", "q": false}', "", True),
    ]
    assert list(zip(*moves(opens), strict=True)) == [("x", "Y", 1, "id", "due", inside, "opens")]


@pytest.mark.parametrize(
    ("meaning", "value"),
    [
        (Meaning(sets={"called": "a", "other": "b"}), "1"),
        (Meaning(sets={"called": None, "other": "b"}), None),
        (Meaning(makes={"called": "X", "other": "Y"}), "X"),
        (Meaning(chooses={n: Choice(("k",), {"true": n}) for n in ("called", "other")}), "called"),
        (Meaning(each={"list": {"called": "n", "other": "m"}}), "3"),
        (Meaning(regardless={"called": "a", "other": "b"}, when={"k": False}), "1"),
        (Meaning(sets={"called": "a"}, when={"k": False}), "0"),
        (Meaning(sets={"other": "a"}), "0"),
    ],
)
def test_what_an_event_does_to_one_field_is_what_it_does_to_it_among_all(
    meaning: Meaning, value: str | None
) -> None:
    before = happened(1, Meaning(makes={"called": "0"}))
    for means in (meaning, alone(meaning, "called")):
        found = state([before, happened(2, means, **SAID)], LATER, LATER).fields
        assert (found["called"].value if "called" in found else None) == value
    assert alone(meaning, "called").names() <= {"called"}


@pytest.mark.parametrize(
    ("meaning", "counts"),
    [
        ({"corrects": "id"}, True),
        ({"amends": {"event": "id", "pointer": "at", "value": "to"}}, True),
        ({"sets": {"member.{id}": "member"}}, True),
        ({"regardless": {"member.{id}.health": None}}, True),
        ({"each": {"members": {"member.{id}.health": "health"}}}, True),
        ({"sets": {"members": "members"}}, False),
    ],
)
def test_whatever_may_change_a_field_or_what_was_said_of_it_is_asked_for(
    meaning: dict[str, Any], counts: bool
) -> None:
    words = told(meaning)
    asked: list[Any] = [["x"], ["Y"], [1]]
    nothing: list[Any] = [[], [], []]
    assert about(words, ["member"]) == (asked if counts else nothing)
    assert about(words, []) == nothing
    corrected = not counts or bool(meaning.keys() & {"corrects", "amends"})
    assert touching(words, ["members"]) == (asked if corrected else nothing)
