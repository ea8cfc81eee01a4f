"""An event in one plain sentence. Pure: the published template, and the payload as it was recorded.

Sentences are made when somebody reads, never stored: a better wording reaches old events too.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import Any, Literal

from common.clock import SHANGHAI

Language = Literal["zh", "en"]
ABSENT = "—"
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")


@dataclass(frozen=True, slots=True)
class Words:
    """The same said in Chinese and in English."""

    zh: str
    en: str

    def of(self, language: Language) -> str:
        """In one language."""
        return self.zh if language == "zh" else self.en


Codes = Mapping[str, Words]


@dataclass(frozen=True)
class Description:
    """What a service published about one of its events (`shouwang.catalogue.v1`)."""

    label: Words
    sentence: Words
    codes: dict[str, dict[str, Words]] = field(default_factory=dict)


def sentence(description: Description | None, type_: str, data: bytes) -> Words:
    """The event in words. An event nobody described yet is named by its type."""
    payload = _payload(data)
    if description is None or payload is None:
        return Words(
            f"记录了“{type_}”(该类型尚无说明)", f"“{type_}” was recorded (no description of it yet)"
        )
    return Words(
        _filled(description.sentence.zh, payload, description.codes, "zh"),
        _filled(description.sentence.en, payload, description.codes, "en"),
    )


def _payload(data: bytes) -> dict[str, Any] | None:
    try:
        payload = json.loads(data)
    except (ValueError, RecursionError):
        return None
    return payload if isinstance(payload, dict) else None


def _filled(
    template: str, payload: Mapping[str, Any], codes: Mapping[str, Codes], language: Language
) -> str:
    parts = list(_parts(template))
    for n in range(1, len(parts), 2):
        name = parts[n]
        parts[n] = shown(name, payload.get(name), codes.get(name, {}), language)
    return "".join(parts)


@lru_cache(maxsize=2_048)
def _parts(template: str) -> Sequence[str]:
    """Text and field names by turns."""
    return re.split(r"{(\w+)}", template)


def shown(name: str, value: Any, codes: Codes, language: Language) -> str:
    """A field's value as a person reads it.

    Fen become yuan, codes their labels, moments Asia/Shanghai time; absent and empty are "—".
    """
    match value:
        case None | "" | []:
            return ABSENT
        case bool():
            return {"zh": "是否", "en": ("yes", "no")}[language][not value]
        case list():
            return _joined([shown(name, item, codes, language) for item in value], language)
        case dict() if value:
            return _joined(
                [_pair(key, item, codes, language) for key, item in value.items()], language
            )
        case int() if name.endswith("_fen"):
            return yuan(value)
        case str() if value in codes:
            return codes[value].of(language)
        case str() if _MOMENT.fullmatch(value):
            return f"{datetime.fromisoformat(value).astimezone(SHANGHAI):%Y-%m-%d %H:%M}"
    return str(value) if value != {} else ABSENT


def yuan(fen: int) -> str:
    """Integer fen as yuan with two decimals and thousands separators: `1234567` is `12,345.67`."""
    return f"{'-' if fen < 0 else ''}{abs(fen) // 100:,}.{abs(fen) % 100:02d}"


def _joined(parts: list[str], language: Language) -> str:
    return ("、" if language == "zh" else ", ").join(parts)


def _pair(key: str, value: Any, codes: Codes, language: Language) -> str:
    """`total_fen: 123` as "total 1.23 yuan"; a key that is itself a code is shown by its label."""
    money = key.endswith("_fen") and isinstance(value, int) and not isinstance(value, bool)
    label = codes[key].of(language) if key in codes else key.removesuffix("_fen").replace("_", " ")
    unit = {"zh": "元", "en": " yuan"}[language] if money else ""
    return f"{label} {shown(key, value, codes, language)}{unit}"
