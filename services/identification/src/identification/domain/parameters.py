"""The parameters of a policy by name, and what the value of each may be.

A published value never changes, so one that a rule cannot compute with is never published.
"""

from dataclasses import dataclass, fields
from datetime import date
from typing import Any, Literal, get_args, get_origin

from contracts.policies import ParameterKind
from identification.domain.policy import Policy
from identification.domain.rules_of_income import SCOPES

# Of a version, beside its name.
HEADER = ("region", "effective_from", "effective_to", "published_on")
KINDS: dict[str, Any] = {
    f.name: f.type for f in fields(Policy) if f.name not in ("version", *HEADER)
}
# The most by a part of the name; beyond it, days and ages leave the calendar.
_MOST = {"_fen": 10**12, "_years": 100, "_age": 150, "_percent": 1_000}


@dataclass(frozen=True, kw_only=True)
class Parameter:
    """One value, whether the work plan says it or the system does, and where."""

    key: str
    value: int | str
    kind: ParameterKind
    source: str


def fits(parameter: Parameter) -> bool:
    """Whether there is such a parameter, and the value is of its kind."""
    key, value = parameter.key, parameter.value
    kind = KINDS.get(key)
    if get_origin(kind) is Literal:
        return value in get_args(kind)
    if kind is int:
        whole = isinstance(value, int) and not isinstance(value, bool)
        return whole and 0 <= int(value) <= most(key)
    if not isinstance(value, str):
        return False
    if kind is date:
        return _is_date(value)
    if key == "income_scope":
        return {*value.split(",")} <= {*SCOPES}
    return kind is str and all(_is_date(day) for day in value.split(","))  # holidays


def wanted(key: str) -> tuple[str, str]:
    """What a value of this parameter must be, in both languages."""
    kind = KINDS[key]
    if get_origin(kind) is Literal:
        codes = "、".join(get_args(kind)), ", ".join(get_args(kind))
        return f"{codes[0]} 之一", f"one of {codes[1]}"
    if kind is int:
        return f"0 至 {most(key)} 的整数", f"a whole number from 0 to {most(key)}"
    if kind is date:
        return "日期（如 2024-12-31）", "a date (such as 2024-12-31)"
    if key == "income_scope":
        scopes = ", ".join(SCOPES)
        return f"以下代码，用半角逗号分隔：{scopes}", f"some of these, with commas: {scopes}"
    return "日期（如 2024-10-01），用半角逗号分隔", "dates (such as 2024-10-01), with commas"


def most(key: str) -> int:
    """The greatest whole number that a parameter may be."""
    return next((most for part, most in _MOST.items() if part in key), 10_000)


def _is_date(text: str) -> bool:
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False
