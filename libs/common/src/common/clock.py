"""The time, asked in one place. Domains never ask: a command tells them.

Business dates are Asia/Shanghai calendar dates; moments are aware UTC datetimes. `recorded_at` is
not taken from here but from the database.
"""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

SHANGHAI = ZoneInfo("Asia/Shanghai")


class Clock:
    """The time as one service sees it. Tests and demonstrations may set it ahead or back."""

    def __init__(self) -> None:
        self._offset = timedelta(0)

    def now(self) -> datetime:
        """The moment, in UTC."""
        return datetime.now(UTC) + self._offset

    def today(self) -> date:
        """The business date in Shanghai."""
        return business_date(self.now())

    def set(self, moment: datetime | None) -> None:
        """Go on from `moment`; `None` returns to the true time."""
        self._offset = moment - datetime.now(UTC) if moment else timedelta(0)


def business_date(moment: datetime) -> date:
    """The Asia/Shanghai calendar date of an aware moment."""
    return moment.astimezone(SHANGHAI).date()


def start_of(day: date) -> datetime:
    """The first moment of a business date."""
    return datetime(day.year, day.month, day.day, tzinfo=SHANGHAI)
