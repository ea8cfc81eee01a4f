"""What is said of an event's meaning is about fields that it has, in words that there are."""

import re
from datetime import date
from enum import Enum
from itertools import product
from types import UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

import pytest

from common.catalogue import codes_of
from common.codec import Codec
from common.schemas import EVENTS, MEANINGS
from contracts.meaning import Meaning, Meanings, bare
from contracts.routing import EVERY

CASES = [
    pytest.param(meanings, event, meaning, id=event.__name__)
    for meanings in MEANINGS.values()
    for event, meaning in meanings.events.items()
]
case = pytest.mark.parametrize(("meanings", "event", "meaning"), CASES)


def leads(event: type[Any], path: str) -> Any:
    """The type at a path. Raises `KeyError` if there is none."""
    at: Any = event
    for name in path.split("."):
        at = get_type_hints(at)[name]
        if get_origin(at) in (Union, UnionType):
            at = next(t for t in get_args(at) if t is not type(None))
    return at


def named(sets: Any) -> list[str]:
    """The paths in the names and values of `sets`."""
    inside = [path for name in sets for path in re.findall(r"\{([^}]*)\}", name)]
    return inside + [path for path in sets.values() if path]


def several(meanings: Meanings) -> set[str]:
    """The fields that a household may have several of: `member` of `member.{person_id}.health`."""
    names = [
        name
        for meaning in meanings.events.values()
        for sets in (meaning.sets, meaning.regardless, meaning.makes, meaning.chooses)
        for name in sets
    ]
    names += [n for m in meanings.events.values() for sets in m.each.values() for n in sets]
    return {bare(name.partition("{")[0].rstrip(".")) for name in names if "{" in name}


@case
def test_every_path_leads_to_a_field(
    meanings: Meanings, event: type[Any], meaning: Meaning
) -> None:
    names = dict.fromkeys((*meaning.makes, *meaning.chooses))
    paths = [*named(meaning.sets), *named(meaning.regardless), *named(names), *meaning.when]
    paths += [path for choice in meaning.chooses.values() for path in choice.by]
    paths += [path for path in (meaning.corrects,) if path]
    if meaning.amends:
        paths += [meaning.amends.event, meaning.amends.pointer, meaning.amends.value]
    if meaning.look:
        paths += [p for p in (meaning.look.shown, meaning.look.purpose, meaning.look.refusal) if p]
    for path in paths:
        leads(event, path)
    for at, sets in meaning.each.items():
        item: Any = get_args(leads(event, at))[0]
        for path in named(sets):
            leads(item, path)


@case
def test_every_state_field_has_a_name_and_every_code_a_label(
    meanings: Meanings, event: type[Any], meaning: Meaning
) -> None:
    for name in meaning.names():
        assert name in meanings.fields
    for name, code in meaning.makes.items():
        assert isinstance(code, bool) or code in set(meanings.fields[bare(name)].codes or ())
    for name, choice in meaning.chooses.items():
        assert set(choice.codes.values()) <= set(meanings.fields[name].codes or ())


@case
def test_a_state_field_has_the_code_list_of_what_it_is_set_to(
    meanings: Meanings, event: type[Any], meaning: Meaning
) -> None:
    sets = [(event, (*meaning.sets.items(), *meaning.regardless.items()))]
    sets += [(get_args(leads(event, at))[0], (*s.items(),)) for at, s in meaning.each.items()]
    for source, fields in sets:
        for name, path in fields:
            for code in codes_of(leads(source, path)) if path else ():
                assert meanings.fields[bare(name)].codes is code, name


# What changes nothing: an objection that is not upheld.
NO_CHOICE = {"ObjectionResolved": {"IDENTIFICATION/false", "ELIMINATION/false"}}


@case
def test_a_choice_is_made_for_all_that_the_payload_may_say(
    meanings: Meanings, event: type[Any], meaning: Meaning
) -> None:
    for choice in meaning.chooses.values():
        said = [leads(event, path) for path in choice.by]
        values = [[m.value for m in t] if issubclass(t, Enum) else ["true", "false"] for t in said]
        none = NO_CHOICE.get(event.__name__, set())
        assert {"/".join(v) for v in product(*values)} - none == set(choice.codes)


def test_no_state_field_is_named_that_nothing_touches() -> None:
    for meanings in MEANINGS.values():
        touched = {name for meaning in meanings.events.values() for name in meaning.names()}
        assert set(meanings.fields) <= touched | several(meanings)


def test_a_field_stands_as_it_was_told_for_all_events_that_touch_it_or_for_none() -> None:
    """Or what one of them tells would be undone, or not, by the kind of the event before it."""
    for meanings in MEANINGS.values():
        told, happened = (
            {n for m in meanings.events.values() if m.as_told is so for n in m.names()}
            for so in (True, False)
        )
        assert not told & happened
        assert not {n for n in told for other in happened if other.startswith(f"{n}.")}
        assert not {n for n in happened for other in told if other.startswith(f"{n}.")}


def test_what_a_household_may_have_several_of_has_a_name() -> None:
    for meanings in MEANINGS.values():
        assert several(meanings) <= set(meanings.fields)


@case
def test_an_event_that_opens_a_deadline_sets_its_day(
    meanings: Meanings, event: type[Any], meaning: Meaning
) -> None:
    days = [path for name, path in meaning.sets.items() if name.split(".")[-1] == "due_on" and path]
    assert len(days) == bool(meaning.opens or meaning.reopens)
    for path in days:
        assert leads(event, path) is date


def test_phases_are_said_of_codes_that_there_are() -> None:
    for meanings in MEANINGS.values():
        for field in meanings.fields.values():
            assert set(field.phases) <= set(field.codes or ())
            assert set(field.phases.values()) <= {"CLUE", "MONITORED", "ELIMINATED"}


def test_only_events_of_the_service_have_a_meaning() -> None:
    for service, meanings in MEANINGS.items():
        assert set(meanings.events) <= set(Codec.of(EVENTS[service]).types.values())


def test_a_field_is_needed_by_departments_that_something_is_routed_to() -> None:
    fields = [field for meanings in MEANINGS.values() for field in meanings.fields.values()]
    reached = {d for field in fields for those in field.routes.values() for d in those}
    reached |= {d for field in fields if field.also for d in field.also.to | field.also.otherwise}
    for field in fields:
        assert field.also is None or field.also.codes <= set(field.codes or ())
        assert set(field.routes) <= set(field.codes or ())
        assert field.needed_by <= reached | EVERY


def test_lists_and_records_are_named_by_nothing_that_is_private() -> None:
    """And in an order: of the household itself, and of each thing it has several of."""
    fields = {name: field for m in MEANINGS.values() for name, field in m.fields.items()}
    naming = {name: field.naming for name, field in fields.items() if field.naming}
    assert naming == {"register_number": 1, "stage": 2, "co_living_count": 3, "member.relation": 1}
