"""An event in one plain sentence, from the published template and the recorded payload. Pure.

Sentences are made whenever somebody reads, never stored, so that better wording reaches old events too.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property, lru_cache
from typing import Any, Literal

import msgspec

from common.clock import SHANGHAI

Language = Literal["zh", "en"]
ABSENT = "—"
_decode = msgspec.json.Decoder().decode
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")


@dataclass(frozen=True, slots=True)
class Words:
    """The same said in Chinese and in English."""

    zh: str
    en: str

    def of(self, language: Language) -> str:
        """In one language."""
        return self.zh if language == "zh" else self.en


@dataclass(frozen=True, slots=True)
class Counted(Words):
    """A phrase about `n` things; `one` is the English phrase for a single thing."""

    one: str


Codes = Mapping[str, Words]


@dataclass(frozen=True, slots=True)
class Part:
    """A stretch of a sentence, with `%s` for each field, and the names of the fields in that order. An
    optional part is left out if one of its fields is absent."""

    text: str
    names: tuple[str, ...]
    optional: bool

    @classmethod
    def of(cls, text: str, *, optional: bool) -> "Part":
        """Of a text with the names of fields in braces."""
        pieces = re.split(r"{(\w+)}", text.replace("%", "%%"))
        return cls("%s".join(pieces[::2]), tuple(pieces[1::2]), optional)


@dataclass(frozen=True, slots=True)
class Template:
    """A published sentence, taken apart."""

    parts: tuple[Part, ...]

    @classmethod
    def of(cls, sentence: str) -> "Template":
        """Of a sentence with the names of fields in braces, and its optional parts in brackets."""
        texts = re.split(r"\[([^\[\]]*)\]", sentence)
        return cls(tuple(Part.of(t, optional=n % 2 == 1) for n, t in enumerate(texts) if t))

    @property
    def names(self) -> tuple[str, ...]:
        """The fields it names, in the order of their places."""
        return tuple(name for part in self.parts for name in part.names)

    def filled(self, values: Mapping[str, str]) -> str:
        """The sentence with a text for each field."""
        said = []
        for part in self.parts:
            texts = tuple([values[name] for name in part.names])
            if not part.optional or ABSENT not in texts:
                said.append(part.text % texts)
        return "".join(said)


@dataclass(frozen=True)
class Description:
    """What a service published about one of its events (`shouwang.catalogue.v1`)."""

    label: Words
    sentence: Words
    codes: Mapping[str, Codes] = field(default_factory=dict)

    @cached_property
    def templates(self) -> tuple[Template, Template]:
        """Of the sentence in Chinese and in English, taken apart once and not at each reading."""
        return Template.of(self.sentence.zh), Template.of(self.sentence.en)

    @cached_property
    def named(self) -> tuple[tuple[str, Codes], ...]:
        """The fields that the sentence names in either language, with the labels of their codes."""
        zh, en = self.templates
        return tuple(
            (name, self.codes.get(name, {})) for name in dict.fromkeys(zh.names + en.names)
        )


def sentence(description: Description | None, type_: str, data: bytes) -> Words:
    """The event in words. An event nobody described yet is named by its type."""
    payload = _payload(data)
    if description is None or payload is None:
        return Words(
            f"记录了“{type_}”(该类型尚无说明)", f"“{type_}” was recorded (no description of it yet)"
        )
    in_zh, in_en = {}, {}
    for name, codes in description.named:
        try:
            in_zh[name], in_en[name] = shown(name, payload.get(name), codes)
        except RecursionError:  # nobody nests as deep who has something to say
            in_zh[name] = in_en[name] = ABSENT
    zh, en = description.templates
    return Words(zh.filled(in_zh), en.filled(in_en))


def _payload(data: bytes) -> dict[str, Any] | None:
    """The payload of an event, or `None` if it is no JSON object."""
    try:
        try:
            payload = _decode(data)
        except msgspec.MsgspecError:  # stricter than the standard library: surrogates, NaN, UTF-16
            payload = json.loads(data)
            # Halves of surrogate pairs cannot be sent to anybody.
            told = json.dumps(payload, ensure_ascii=False).encode("utf-8", "replace")
            payload = json.loads(told)
    except (ValueError, RecursionError):
        return None
    return payload if isinstance(payload, dict) else None


def shown(name: str, value: Any, codes: Codes) -> tuple[str, str]:
    """A field's value as a person reads it, in Chinese and in English.

    Fen become yuan, codes their labels, moments Asia/Shanghai time; absent and empty are "—".
    """
    kind = type(value)  # of JSON, so there are no subclasses, and no need for the slower `match`
    if kind is int:
        text = yuan(value) if name.endswith("_fen") else str(value)
    elif kind is bool:
        return ("是", "yes") if value else ("否", "no")
    elif not value and kind is not float:
        return ABSENT, ABSENT
    elif kind is dict:
        return _joined([_pair(key, item, codes) for key, item in value.items()])
    elif kind is list:
        return _joined([shown(name, item, codes) for item in value])
    elif kind is str and value in codes:
        return codes[value].zh, codes[value].en
    elif kind is str and len(value) > len("2024-06-03T04:00:00") and _MOMENT.fullmatch(value):
        text = _local(value)
    else:
        text = str(value)
    return text, text


def _local(moment: str) -> str:
    """In Asia/Shanghai. A moment that no calendar has is shown as it is, since a record may say anything."""
    try:
        return f"{datetime.fromisoformat(moment).astimezone(SHANGHAI):%Y-%m-%d %H:%M}"
    except (ValueError, OverflowError):
        return moment


def yuan(fen: int) -> str:
    """Integer fen as yuan with two decimals and thousands separators: `1234567` is `12,345.67`."""
    whole, rest = divmod(abs(fen), 100)
    return f"{'-' if fen < 0 else ''}{whole:,}.{rest:02d}"


def _joined(parts: Sequence[tuple[str, str]]) -> tuple[str, str]:
    return "、".join([zh for zh, _ in parts]), ", ".join([en for _, en in parts])


def _pair(key: str, value: Any, codes: Codes) -> tuple[str, str]:
    """`total_fen: 123` as "total 1.23 yuan"; a key that is itself a code is shown by its label."""
    label = codes.get(key) or _plain(key)
    if type(value) is int and key.endswith("_fen"):
        text = yuan(value)
        return f"{label.zh} {text}元", f"{label.en} {text} yuan"
    zh, en = shown(key, value, codes)
    return f"{label.zh} {zh}", f"{label.en} {en}"


@lru_cache(maxsize=2_048)
def _plain(key: str) -> Words:
    text = key.removesuffix("_fen").replace("_", " ")
    return Words(text, text)
