"""The checker itself: each way of breaking a promise is planted, and found with its file and field."""

import json
from collections.abc import Callable
from copy import deepcopy
from typing import Any

import pytest

from common.schemas import narrowings

FILE = "visits/Visited.v1.json"
PROMISED: dict[str, Any] = {
    "$ref": "#/$defs/Visited",
    "$defs": {
        "Visited": {
            "title": "Visited",
            "type": "object",
            "properties": {
                "on": {"type": "string", "format": "date"},
                "count": {"type": "integer"},
                "mode": {"$ref": "#/$defs/Mode"},
                "visitors": {"type": "array", "items": {"$ref": "#/$defs/Visitor"}},
                "rule": {"anyOf": [{"type": "string"}, {"type": "null"}]},
                "values": {"type": "object", "additionalProperties": {"type": "integer"}},
                "note": {"type": "string", "default": ""},
            },
            "required": ["on", "count", "mode", "visitors", "rule", "values"],
        },
        "Mode": {"enum": ["AT_HOME", "PHONE"]},
        "Visitor": {
            "type": "object",
            "properties": {"person": {"type": "string"}, "post": {"$ref": "#/$defs/Mode"}},
            "required": ["person", "post"],
        },
    },
}

Change = Callable[[dict[str, Any]], object]


def visited(schema: dict[str, Any]) -> Any:
    return schema["$defs"]["Visited"]


def field(schema: dict[str, Any], name: str) -> Any:
    return visited(schema)["properties"][name]


def found(change: Change) -> list[str]:
    """What the checker says to one change."""
    after = deepcopy(PROMISED)
    change(after)
    return narrowings({FILE: json.dumps(PROMISED)}, {FILE: json.dumps(after)})


def rename(schema: dict[str, Any]) -> None:
    properties = visited(schema)["properties"]
    properties["day"] = properties.pop("on")
    visited(schema)["required"][0] = "day"


BROKEN: list[tuple[Change, str]] = [
    (lambda s: visited(s)["properties"].pop("note"), "note: the field was removed"),
    (rename, "on: the field was removed"),
    (
        lambda s: field(s, "count").update(type="string"),
        "count: type changed from integer to string",
    ),
    (lambda s: field(s, "on").pop("format"), "on: format changed from date to None"),
    (lambda s: field(s, "on").update(format="uuid"), "on: format changed from date to uuid"),
    (lambda s: field(s, "on").update(minLength=1), "on: minLength changed from None to 1"),
    (lambda s: field(s, "note").update(default="-"), "note: default changed from  to -"),
    (lambda s: visited(s)["required"].append("note"), "note: the field became required"),
    (lambda s: visited(s)["required"].remove("on"), "on: the field became optional"),
    (lambda s: field(s, "count").update(anyOf=[{"type": "null"}]), "count: the type changed"),
    (lambda s: field(s, "rule")["anyOf"].pop(), "rule: the type changed"),
    (lambda s: field(s, "rule")["anyOf"][0].update(type="integer"), "rule: type changed from"),
    (lambda s: s["$defs"]["Mode"]["enum"].remove("PHONE"), "mode: code PHONE was removed"),
    (
        lambda s: s["$defs"]["Mode"]["enum"].remove("PHONE"),
        "visitors[].post: code PHONE was removed",
    ),
    (lambda s: s["$defs"].update(Mode={"type": "string"}), "mode: the type changed"),
    (
        lambda s: s["$defs"]["Visitor"]["properties"].pop("post"),
        "visitors[].post: the field was removed",
    ),
    (lambda s: field(s, "visitors").update(items={"type": "string"}), "visitors[]: type changed"),
    (lambda s: field(s, "visitors").pop("items"), "visitors: items changed"),
    (
        lambda s: field(s, "values")["additionalProperties"].update(type="string"),
        "values{}: type changed from integer to string",
    ),
    (
        lambda s: (
            visited(s)["properties"].update(new={"type": "string"}),
            visited(s)["required"].append("new"),
        ),
        "new: a new field must be optional",
    ),
    (
        lambda s: (
            s["$defs"]["Visitor"]["properties"].update(new={"type": "string"}),
            s["$defs"]["Visitor"]["required"].append("new"),
        ),
        "visitors[].new: a new field must be optional",
    ),
]

KEPT: list[Change] = [
    lambda s: None,
    lambda s: visited(s)["properties"].update(new={"type": "string", "default": ""}),
    lambda s: s["$defs"]["Visitor"]["properties"].update(new={"type": "string"}),
    lambda s: s["$defs"]["Mode"]["enum"].insert(0, "VIDEO"),
    lambda s: visited(s).update(description="said better"),
    lambda s: visited(s)["required"].reverse(),
    lambda s: (
        s["$defs"].update(Way=s["$defs"].pop("Mode")),  # the name of a code list is ours
        field(s, "mode").update({"$ref": "#/$defs/Way"}),
        s["$defs"]["Visitor"]["properties"]["post"].update({"$ref": "#/$defs/Way"}),
    ),
]


@pytest.mark.parametrize(("change", "says"), BROKEN, ids=[says for _, says in BROKEN])
def test_a_broken_promise_is_found_with_its_file_and_field(change: Change, says: str) -> None:
    assert any(what.startswith(f"{FILE}: {says}") for what in found(change)), found(change)


@pytest.mark.parametrize("change", KEPT)
def test_what_only_adds_is_welcome(change: Change) -> None:
    assert found(change) == []


def test_a_removed_event_is_found_and_a_new_one_is_welcome() -> None:
    assert narrowings({FILE: json.dumps(PROMISED)}, {}) == [f"{FILE}: the event was removed"]
    assert narrowings({}, {FILE: json.dumps(PROMISED)}) == []


def test_words_may_be_said_better() -> None:
    assert narrowings({"catalogue.json": '{"a":1}'}, {"catalogue.json": "{}"}) == []
