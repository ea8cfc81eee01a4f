"""What services declared of their events, as columns for a query: one row for each rule. Pure."""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any

from audit.meaning.vocabulary import Vocabulary
from contracts.meaning import Meaning

STEPS = ("CLUE", "VERIFIED", "CONFIRMED", "ELIMINATED")
PHASES = ("CLUE", "MONITORED", "ELIMINATED")
MOVES = ("opens", "reopens", "closes", "cancels")


def stages(vocabulary: Vocabulary) -> list[Any]:
    """Which events bring a household to which phase ('': to none), under which condition, and whether that
    follows the order of recording (`Meaning.as_told`)."""
    rules = []
    phases = {name: words.phases for name, words in vocabulary.state().items() if words.phases}
    for name in vocabulary.types(lambda m: bool(phases.keys() & {*m.makes, *m.chooses})):
        meaning = vocabulary.meaning(*name)
        for field, phase_of in phases.items():
            if field in meaning.makes:
                phase = phase_of.get(str(meaning.makes[field]), "")
                rules.append((*name, _inside(meaning.when), phase, meaning.as_told))
            if choice := meaning.chooses.get(field):
                for said, code in choice.codes.items():
                    values = {p: _said(v) for p, v in zip(choice.by, said.split("/"), strict=True)}
                    phase = phase_of.get(code, "")
                    rules.append((*name, _inside(values), phase, meaning.as_told))
    return _columns(rules, 6)


def steps(vocabulary: Vocabulary) -> list[Any]:
    """Which events are a step, and its rank from 1."""
    return _columns(
        [
            (*name, step, STEPS.index(step) + 1)
            for name in vocabulary.types(lambda m: m.step in STEPS)
            if (step := vocabulary.meaning(*name).step)
        ],
        5,
    )


def moves(vocabulary: Vocabulary) -> list[Any]:
    """Which events open or end a duty: path or name of its id, path of its date, condition, and which of
    both it is."""
    moves = []
    for name in vocabulary.types(lambda m: any(getattr(m, how) for how in MOVES)):
        meaning = vocabulary.meaning(*name)
        _, due = meaning.due() or ("", "")
        for how in MOVES:
            if id_ := getattr(meaning, how):
                moves.append((*name, id_, due, _inside(meaning.when), how))
    return _columns(moves, 7)


def touching(vocabulary: Vocabulary, fields: Collection[str]) -> list[Any]:
    """Which events may change these fields of a household, or what others say of them."""
    return _columns(vocabulary.types(lambda meaning: touches(meaning, fields)), 3)


def about(vocabulary: Vocabulary, kinds: Collection[str]) -> list[Any]:
    """Which events may change fields of things that a household has several of, such as members."""
    heads = {*kinds}

    def may(meaning: Meaning) -> bool:
        named = {name.split(".")[0] for name in meaning.names()}
        return bool(meaning.corrects or meaning.amends or not heads.isdisjoint(named))

    return _columns(vocabulary.types(may) if heads else [], 3)


def touches(meaning: Meaning, fields: Collection[str]) -> bool:
    """Whether the event may change these fields, which have no dot in their names."""
    return bool(meaning.corrects or meaning.amends or not meaning.names().isdisjoint(fields))


def alone(meaning: Meaning, field: str) -> Meaning:
    """What the event does to this one field, which has no dot in its name, and to what other events said of
    the field."""

    def of(effects: Mapping[str, Any]) -> dict[str, Any]:
        return {name: effect for name, effect in effects.items() if name == field}

    return replace(
        meaning,
        sets=of(meaning.sets),
        makes=of(meaning.makes),
        chooses=of(meaning.chooses),
        each={path: kept for path, sets in meaning.each.items() if (kept := of(sets))},
        regardless=of(meaning.regardless),
    )


def _columns(rows: Sequence[tuple[Any, ...]], width: int) -> list[Any]:
    return [[row[n] for row in rows] for n in range(width)]


def _said(text: str) -> Any:
    return {"true": True, "false": False}.get(text, text)


def _inside(values: Any) -> str:
    """Values by path as the JSON that a payload has to contain."""
    made: dict[str, Any] = {}
    for path, value in values.items():
        *above, last = path.split(".")
        at = made
        for name in above:
            at = at.setdefault(name, {})
        at[last] = value
    return json.dumps(made)
