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
    """What was due by the end of this day and is owed (S8.4-01, S7.3-02), each morning on its own.

    The day may be long over, and the household another since: nothing else is judged.
    """

    day: date
    policy: Policy


DayCommand = CloseBusinessDay | NoteOverdue
