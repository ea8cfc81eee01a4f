"""Errors as people and programs read them: RFC 9457, in Chinese and English.

A problem has a stable `code` (its `type` is `/problems/<code>`, which answers with the meaning and
the remedy), and never echoes what was sent: a pointer says where to look.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

MEDIA_TYPE = "application/problem+json"


@dataclass(frozen=True)
class Text:
    """What a code means, with the remedy in the sentence: `{name}` takes a detail."""

    status: int
    zh: str
    en: str


@dataclass(frozen=True)
class Fault:
    """One thing wrong at one place: `pointer` is an RFC 6901 JSON pointer into the request."""

    pointer: str
    code: str
    zh: str
    en: str


@dataclass
class Problem(Exception):
    """Raise it anywhere in a request. `details` fill the text; `faults` say where."""

    code: str
    details: Mapping[str, object] = field(default_factory=dict)
    faults: Sequence[Fault] = ()
    status: int | None = None
    headers: Mapping[str, str] = field(default_factory=dict)


# pydantic's and msgspec's error types, in words; whatever is not listed gets the last one.
FAULTS: dict[str, tuple[str, str]] = {
    "missing": ("缺少必填字段", "a required field is missing"),
    "extra_forbidden": ("未知字段", "unknown field"),
    "uuid": ("不是有效的 UUID", "not a UUID"),
    "date": ("不是有效的日期（YYYY-MM-DD）", "not a date (YYYY-MM-DD)"),
    "datetime": (
        "不是带秒和时区的时间（RFC 3339，如 2024-03-16T08:00:00+08:00）",
        "not a time with seconds and zone (RFC 3339, such as 2024-03-16T08:00:00+08:00)",
    ),
    "int": ("不是整数", "not an integer"),
    "bool": ("不是 true 或 false", "not true or false"),
    "string": ("不是文本", "not a string"),
    "enum": ("不在代码表中", "not in the code list"),
    "list": ("不是列表", "not a list"),
    "object": ("不是对象", "not an object"),
    "range": ("超出允许范围", "outside the allowed range"),
    "sum": ("各项之和超过总额", "the parts add up to more than the total"),
    "length": ("长度不符合要求", "of the wrong length"),
    "pattern": ("格式不符合要求", "of the wrong format"),
    "hidden": (
        "含有看不见的控制字符或格式字符",
        "it holds a control or format character that nobody sees",
    ),
    "twice": ("同一字段出现多次：只写一次", "it stands there more than once: write it once"),
    "json": ("不是有效的 JSON", "not valid JSON"),
    "checksum": ("证件号码校验位错误", "the identity number's check digit is wrong"),
    "not-of-number": (
        "与证件号码中的出生日期或性别不一致",
        "not the birthday or the sex in the identity number",
    ),
    "as-in-number": (
        "出生日期、性别与证件号码一致，不填证件不符原因",
        "birthday and sex are those in the identity number: leave it out",
    ),
    "personal": ("含有证件号码等个人信息", "it contains an identity number or other personal data"),
    "future": ("日期在未来", "the date is in the future"),
    "value": ("值不符合要求", "not an allowed value"),
}


def pointer_to(*places: object) -> str:
    """The JSON pointer (RFC 6901) of the names and numbers that lead there."""
    return "".join("/" + str(place).replace("~", "~0").replace("/", "~1") for place in places)


_DIGITS = re.compile(r"\d{6,}[\dXx]*")
_IDENTITY_NUMBER = re.compile(r"\d{15,}[Xx]?")  # longer than any area code, date or amount


def may_identify(text: str) -> bool:
    """Whether a text holds so many digits, apart from spaces and dashes, that they may identify."""
    return bool(_IDENTITY_NUMBER.search(re.sub(r"[\s-]", "", text)))


def fault(
    pointer: str,
    code: str,
    *,
    known: Iterable[str] = (),
    least: object = None,
    most: object = None,
    form: tuple[str, str] | None = None,
) -> Fault:
    """A fault with the text of its code, and what would be right: one of the `known` values, the
    bounds, which count too, or a `form` (zh, en). Digits that could be an identity number are masked."""
    zh, en = FAULTS.get(code, FAULTS["value"])
    right = [
        (f"可用 {'、'.join(known)}", f"use {', '.join(known)}") if (known := list(known)) else None,
        (f"至少 {least}", f"at least {least}") if least is not None else None,
        (f"至多 {most}", f"at most {most}") if most is not None else None,
        form,
    ]
    if said := [one for one in right if one]:
        zh += "：" + "，".join(zh for zh, _ in said)
        en += ": " + ", ".join(en for _, en in said)
    return Fault(_DIGITS.sub("…", pointer), _DIGITS.sub("…", code), zh, en)


def body(
    problem: Problem, texts: Mapping[str, Text], trace_id: str | None = None
) -> dict[str, Any]:
    """The problem as JSON. `title` is Chinese with English beside it, for either reader."""
    text = texts[problem.code]
    details = {"count": len(problem.faults), **problem.details}
    answer: dict[str, Any] = {
        "type": f"/problems/{problem.code}",
        "status": problem.status or text.status,
        "code": problem.code,
        "title": filled(text.zh, details, "、"),
        "title_en": filled(text.en, details, ", "),
    }
    if problem.details:
        answer["details"] = {name: _plain(value, ", ") for name, value in problem.details.items()}
    if problem.faults:
        answer["errors"] = [
            {"pointer": f.pointer, "code": f.code, "detail": f.zh, "detail_en": f.en}
            for f in problem.faults
        ]
    if trace_id:
        answer["trace_id"] = trace_id
    return answer


def filled(template: str, details: Mapping[str, object], between: str) -> str:
    """A text with its details, lists joined; a detail that is not known stays as its name."""
    return re.sub(r"{(\w+)}", lambda m: str(_plain(details.get(m[1], m[1]), between)), template)


def _plain(value: object, between: str) -> object:
    if isinstance(value, int) or value is None:
        return value
    items = value if isinstance(value, list | tuple | set | frozenset) else [value]
    return _IDENTITY_NUMBER.sub("…", between.join(str(item) for item in items))
