"""What the end of a business day asks of a household."""

from dataclasses import dataclass
from datetime import date

from identification.domain.policy import Policy


@dataclass(frozen=True, kw_only=True)
class CloseBusinessDay:
    """The day is over, in Shanghai (S2-07, S7.3-01, T12)."""

    day: date
    policy: Policy


@dataclass(frozen=True, kw_only=True)
class NoteOverdue:
    """What was due by the end of a day and is still owed (S8.4-01, S7.3-02); asked each morning.

    The day may be long past and the household may have changed since, so that nothing else is judged as of
    that day.
    """

    day: date
    policy: Policy


DayCommand = CloseBusinessDay | NoteOverdue
