"""Which period a duty has, who can fulfil it, and who has it (S1.1-04, S1.1-05, S1.1-08). Pure."""

from calendar import monthrange
from dataclasses import dataclass
from datetime import date
from typing import assert_never

from contracts.visits import HouseholdVisited, ObligationType, VisitMode, VisitorPost
from visits.domain.population import Population, days, within

MONTHLY = ObligationType.MONTHLY_VISIT
FIRST_MONTH = ObligationType.QUARTER_FIRST_MONTH_VISIT
SECRETARY = ObligationType.SECRETARY_QUARTERLY_VISIT
QUARTERLY = (FIRST_MONTH, SECRETARY)  # those that begin with a quarter

Period = tuple[date, date]  # first and last day

# Who can fulfil a duty: village, town and the stationed team. A county officer's visit is recorded
# and fulfils nothing (S1.1-04, S1.1-05); a post that is new here must be put on the list.
QUALIFYING = frozenset(
    {
        VisitorPost.VILLAGE_CADRE,
        VisitorPost.VILLAGE_PARTY_SECRETARY,
        VisitorPost.TOWN_CADRE,
        VisitorPost.TOWN_PARTY_SECRETARY,
        VisitorPost.STATIONED_TEAM,
    }
)
ALONE = frozenset({VisitorPost.TOWN_PARTY_SECRETARY})  # S1.1-08: no deputy


@dataclass(frozen=True)
class Claim:
    """A household has the duty of a period, as far as is known: since this day of it, after `days_before` of it on
    which it was monitored, too; or, `formerly_poor`, whatever the number of days."""

    since: date
    days_before: int = 0
    formerly_poor: bool = False

    def reaches(self, least: int, last: date) -> bool:
        """Whether these are enough days of a period that ends with `last`."""
        return self.formerly_poor or self.days_before + (last - self.since).days + 1 >= least


def month_of(day: date) -> Period:
    """First and last day of the calendar month."""
    return day.replace(day=1), day.replace(day=monthrange(day.year, day.month)[1])


def quarter_of(day: date) -> Period:
    """First and last day of the calendar quarter."""
    first = day.replace(month=(day.month - 1) // 3 * 3 + 1, day=1)
    return first, month_of(first.replace(month=first.month + 2))[1]


def period_of(kind: ObligationType, day: date) -> Period | None:
    """The period of a duty of this type in which the day lies: every month, or quarter, has one; of the first months
    of quarters (S1.1-04) there is none in the others."""
    match kind:
        case ObligationType.MONTHLY_VISIT:
            return month_of(day)
        case ObligationType.QUARTER_FIRST_MONTH_VISIT:
            return month_of(day) if day.replace(day=1) == quarter_of(day)[0] else None
        case ObligationType.SECRETARY_QUARTERLY_VISIT:
            return quarter_of(day)
        case _:
            assert_never(kind)


def last_period(kind: ObligationType, day: date) -> Period:
    """The period of the day, or the last before it."""
    return period_of(kind, day) or month_of(quarter_of(day)[0])


def qualifies(visit: HouseholdVisited, kind: ObligationType) -> bool:
    """Whether a visit can fulfil a duty: at home, in person, by somebody who is close by; the secretary's by the
    town party secretary (S1.1-08), in the post that was recorded with the visit."""
    posts = ALONE if kind is SECRETARY else QUALIFYING
    return visit.mode is VisitMode.IN_PERSON_AT_HOME and any(
        visitor.post in posts for visitor in visit.visitors
    )


def claim(kind: ObligationType, population: Population, period: Period) -> Claim | None:
    """Why the household has the duty of the period. `None` if it is not there as that ends: monitored, or, in the
    first month of a quarter, a 脱贫户 on its first day and still."""
    first, last = period
    poor = population.formerly_poor
    if kind is FIRST_MONTH and within(poor, first) and within(poor, last):
        return Claim(first, formerly_poor=True)
    there = [one.since for one in population.monitored if one.holds(last)]
    if not there:
        return None
    since = max(min(there), first)
    return Claim(since, days(population.monitored, first, since))


def is_due(kind: ObligationType, population: Population, period: Period, least: int) -> bool:
    """Whether the household has the duty, with `least` days of monitoring in the period."""
    found = claim(kind, population, period)
    return bool(found and found.reaches(least, period[1]))


def free_since(
    kind: ObligationType, population: Population, period: Period, least: int
) -> date | None:
    """The day on which the household left, if that frees it from the duty of a period: it was not there on the
    last day (A29), or on fewer days than `least`. `None` if it is due."""
    if is_due(kind, population, period, least):
        return None
    poor = population.formerly_poor if kind is FIRST_MONTH else ()
    ends = [one.left_on for one in (*population.monitored, *poor) if one.left_on]
    return max((end for end in ends if end <= period[1]), default=None)
