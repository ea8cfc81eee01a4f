"""What holds of every form that staff send, to whichever service and whatever it is about."""

import re
from datetime import UTC, date, datetime
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationInfo,
    field_validator,
)
from pydantic_core import PydanticCustomError

EARLIEST = date(1900, 1, 1)
LATEST = date(2999, 12, 31)
_DAY = re.compile("[0-9]{4}-[0-9]{2}-[0-9]{2}")
_YEAR = re.compile("[0-9]{4}-")

# What nobody sees: controls but for tab and line break (Postgres keeps no NUL), Unicode's format characters (Cf), its
# other line breaks, and what it calls default ignorable, since a name is shown reversed behind U+202E, is another one
# with U+200B in it, and is none of U+3164 or U+2800, which no `strip` takes for a blank. Those that a script needs
# stay: the joiners U+200C and U+200D, Mongolian's U+180E, signs over Arabic numbers. Without `[]`, and as both Python
# and ECMA 262 write it: it stands in JSON Schemas too.
HIDDEN = (
    r"\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u200b\u200e\u200f"
    r"\u2028-\u202e\u2060-\u206f\u2800\u3164\ufeff\uffa0\ufff0-\ufffb"
)
_BEYOND = "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e00ff\U000e01f0-\U000e0fff"
_SELECTORS = "\ufe00-\ufe0f\U000e0100-\U000e01ef"
# A variation selector stays where it chooses the form of what stands before it: of an ideograph, as in rare names (UTS
# 37), of a letter of Mongolian, of a sign or keycap (emoji). Behind a Latin letter, a digit or nothing it only hides.
_HIDDEN = re.compile(
    f"[{HIDDEN}{_BEYOND}{_SELECTORS}\u180b-\u180d\u180f]"
    f"(?<![\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff][{_SELECTORS}])"
    "(?<![\u1820-\u18aa][\u180b-\u180d\u180f])"
    rf"(?<![^\w\s{_SELECTORS}][\ufe0e\ufe0f])(?!(?<=\ufe0f)\u20e3)"
)


def _day(value: object) -> object:
    """As one writes it: pydantic would take a number for the seconds since 1970, and midnight of some zone for
    a day."""
    if not _DAY.fullmatch(str(value)):
        raise ValueError("date")
    return value


def _moment(value: object) -> object:
    """As one writes it, likewise."""
    if not _YEAR.match(str(value)):
        raise ValueError("datetime")
    return value


def between(first: date, last: date) -> AfterValidator:
    """For a day or a moment: none before `first` or after `last`. pydantic's own bounds would be told in Python."""
    return AfterValidator(lambda value: _within(value, first, last))


def _within(value: date, first: date, last: date) -> date:
    if not first <= value <= last:
        bounds = {"ge": first.isoformat(), "le": last.isoformat()}
        raise PydanticCustomError("less_than_equal", "range", bounds)
    return value


# Of a query; further off, sums of days overflow.
Day = Annotated[date, BeforeValidator(_day), between(EARLIEST, LATEST)]
Moment = Annotated[
    AwareDatetime,
    BeforeValidator(_moment),
    between(datetime(2000, 1, 1, tzinfo=UTC), datetime(2199, 12, 31, tzinfo=UTC)),
]
Fen = Annotated[int, Field(strict=True, ge=0, le=10**12)]
Sha256 = Annotated[
    str,
    Field(
        pattern="^[0-9a-f]{64}$",
        description="hex sha256 of the document or photograph",
        examples=["9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"],
    ),
]


class Form(BaseModel):
    """No field is unknown, none holds a character that nobody sees, wherever it stands, or a day of another
    age; 0 is no `false`."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)

    @field_validator("*", mode="before")
    @classmethod
    def _as_written(cls, value: Any, info: ValidationInfo) -> Any:
        wanted = cls.model_fields[str(info.field_name)].annotation
        if wanted in (bool, bool | None) and not isinstance(value, bool | None):
            raise ValueError("bool")
        return _day(value) if wanted in (date, date | None) and value is not None else value

    @field_validator("*")
    @classmethod
    def _sound(cls, value: Any) -> Any:
        _must_be_sound(value)
        return value


def _must_be_sound(value: object) -> None:
    """Raises an error of pydantic's."""
    match value:
        case str() if found := _HIDDEN.search(value):
            raise PydanticCustomError("hidden", "hidden", {"character": f"U+{ord(found[0]):04X}"})
        case datetime():
            pass  # has bounds of its own
        case date():
            _within(value, EARLIEST, LATEST)
        case list() | tuple():
            for one in value:
                _must_be_sound(one)
        case dict():
            for name, one in value.items():
                _must_be_sound(name)
                _must_be_sound(one)
