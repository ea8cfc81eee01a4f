"""State fields in words: their names, what they hold, and which of several things they are about."""

from collections.abc import Mapping
from typing import Any

from audit.meaning.sentences import Words, shown
from audit.meaning.state import named
from audit.meaning.vocabulary import StateWords
from contracts.meaning import Meaning


def worded(name: str, value: Any, words: Mapping[str, StateWords]) -> tuple[Words, Any, Words]:
    """The name of a state field, its value, and the value in words."""
    known = words.get(named(name, words) or "")
    return _label(name, known), value, _spoken(name, value, known)


def label(name: str, words: Mapping[str, StateWords]) -> Words:
    """The name of a state field; its name in code until a name is published."""
    return _label(name, words.get(named(name, words) or ""))


def deadline(opener: Meaning, words: Mapping[str, StateWords]) -> Words | None:
    """What the deadline is called that such an event opens: as the state field that has its day."""
    due = opener.due()
    return label(due[0], words) if due and named(due[0], words) else None


def about(name: str, words: Mapping[str, StateWords]) -> tuple[str, str]:
    """Which thing a state field is about, if a household has several of its kind: kind and id, such as
    `fact` and `YB-1` for `fact.YB-1.values`. Both are empty for a field of the household itself."""
    inside = name.count(".") - (named(name, words) or name).count(".")
    kind, *which = name.split(".")
    return (kind, which[0]) if inside else ("", "")


def spoken(name: str, value: Any, words: Mapping[str, StateWords]) -> Words:
    """The value of a state field in words. An amount has its unit, since there is no sentence around it."""
    return _spoken(name, value, words.get(named(name, words) or ""))


def _label(name: str, known: StateWords | None) -> Words:
    return Words(known.zh, known.en) if known else Words(name, name)


def _spoken(name: str, value: Any, known: StateWords | None) -> Words:
    codes = known.codes if known else {}
    zh, en = shown(name, value, codes)
    if type(value) is int and name.endswith("_fen"):
        return Words(f"{zh}元", f"{en} yuan")
    return Words(zh, en)
