"""What holds of every form that staff send, whatever it is about."""

import re
from datetime import date
from typing import Annotated, Any

from pydantic import (
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
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")  # Postgres keeps no NUL


def _written(value: object) -> object:
    """A day as one writes it: pydantic would take a number for the seconds since 1970, and midnight of some zone
    for a day."""
    if not _DAY.fullmatch(str(value)):
        raise ValueError("date")
    return value


# Of a query; further off, sums of days overflow.
Day = Annotated[date, BeforeValidator(_written), Field(ge=EARLIEST, le=LATEST)]


class Form(BaseModel):
    """No field holds a control character, wherever it stands, or a day of another age; 0 is no `false`."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)

    @field_validator("*", mode="before")
    @classmethod
    def _as_written(cls, value: Any, info: ValidationInfo) -> Any:
        wanted = cls.model_fields[str(info.field_name)].annotation
        if wanted in (bool, bool | None) and not isinstance(value, bool | None):
            raise ValueError("bool")
        return _written(value) if wanted in (date, date | None) and value is not None else value

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
