"""Guards that several steps share."""

from datetime import date

from common.decider import Refused
from identification.domain.publicity import personal_data_in


def not_in_future(*, discovered_on: date, today: date) -> None:
    """A clue was not found tomorrow. Raises `Refused`."""
    if discovered_on > today:
        raise Refused("date-in-future", field="discovered_on", today=today)


def in_order(day: date, earliest: date, today: date, field: str) -> None:
    """A step is taken after the one before it, and not in the future. Raises `Refused`."""
    if day > today:
        raise Refused("date-in-future", field=field, today=today)
    if day < earliest:
        raise Refused("date-before-previous-step", field=field, earliest=earliest)


def without_personal_data(**texts: str) -> None:
    """Free text goes on the log, so it may not name a person, a number or an illness."""
    for field, text in texts.items():
        if kinds := personal_data_in(text):
            raise Refused("personal-data-in-text", field=field, kinds=kinds)
