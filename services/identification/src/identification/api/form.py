"""What holds of every form that staff send, whatever it is about."""

import re
from datetime import date
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationInfo, field_validator
from pydantic_core import PydanticCustomError

EARLIEST = date(1900, 1, 1)
LATEST = date(2999, 12, 31)
Day = Annotated[
    date, Field(ge=EARLIEST, le=LATEST)
]  # of a query; further off, sums of days overflow
_DAY = re.compile("[0-9]{4}-")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")  # Postgres keeps no NUL


class Form(BaseModel):
    """No field holds a control character, wherever it stands, or a day of another age. A day is written as
    one: pydantic would take a number for the seconds since 1970."""

    model_config = ConfigDict(extra="forbid")

    @field_validator("*", mode="before")
    @classmethod
    def _written(cls, value: Any, info: ValidationInfo) -> Any:
        wanted = cls.model_fields[str(info.field_name)].annotation
        if wanted in (date, date | None) and not (value is None or _DAY.match(str(value))):
            raise ValueError("date")
        return value

    @field_validator("*")
    @classmethod
    def _sound(cls, value: Any) -> Any:
        _must_be_sound(value)
        return value


def _must_be_sound(value: object) -> None:
    """Raises an error of pydantic's, or `ValueError` with the code of the fault."""
    match value:
        case str() if _CONTROL.search(value):
            raise ValueError("pattern")
        case date() if not EARLIEST <= value <= LATEST:
            raise PydanticCustomError("less_than_equal", "range", {"ge": EARLIEST, "le": LATEST})
        case list():
            for one in value:
                _must_be_sound(one)
        case dict():
            for name, one in value.items():
                _must_be_sound(name)
                _must_be_sound(one)
