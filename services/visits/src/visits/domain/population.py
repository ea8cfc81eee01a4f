"""On which days a household was one of those who must be visited. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date


@dataclass(frozen=True)
class Stretch:
    """From a day on, until the day on which the household left, which does not count: `None` if it has not."""

    since: date
    left_on: date | None = None

    def holds(self, day: date) -> bool:
        """Whether the household was to be visited then."""
        return self.since <= day and (self.left_on is None or day < self.left_on)


Stretches = tuple[Stretch, ...]  # in the order of their days; only the last may be without an end


@dataclass(frozen=True)
class Population:
    """When a household was monitored, and when it was a 脱贫户 on the register."""

    monitored: Stretches = ()
    formerly_poor: Stretches = ()


NEVER = Population()


def came(stretches: Stretches, on: date) -> Stretches:
    """With one more, without an end; what it covers it takes the place of."""
    before = tuple(one for one in stretches if one.since < on)
    return before if any(one.left_on is None for one in before) else (*before, Stretch(on))


def left(stretches: Stretches, on: date) -> Stretches:
    """With an end, if there was none."""
    return tuple(replace(one, left_on=one.left_on or on) for one in stretches)


def days(stretches: Stretches, first: date, until: date) -> int:
    """How many days from the first to the one before `until` were in any stretch."""
    numbers = range(first.toordinal(), until.toordinal())
    return sum(within(stretches, date.fromordinal(number)) for number in numbers)


def within(stretches: Iterable[Stretch], day: date) -> bool:
    """Whether the day is in any stretch."""
    return any(one.holds(day) for one in stretches)


def goes_on(stretches: Stretches) -> bool:
    """Whether the household has not left."""
    return any(one.left_on is None for one in stretches)
