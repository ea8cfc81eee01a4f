"""School years and compulsory age (S1.3-02). A school year begins on 1 September."""

from datetime import date

from identification.domain.policy import Policy


def school_year(day: date) -> int:
    """The calendar year in which the day's school year began."""
    return day.year if day.month >= 9 else day.year - 1


def year_begins(year: int) -> date:
    """The first day of a school year."""
    return date(year, 9, 1)


def age_at_school(born_on: date, day: date) -> int:
    """The age, in years, that counts in the school year of a day: that on the 31 August before the year
    begins."""
    return school_year(day) - born_on.year - ((born_on.month, born_on.day) > (8, 31))


def is_school_age(age: int, policy: Policy) -> bool:
    """6 ≤ age < 16, by default: both bounds are parameters."""
    return policy.school_age_from <= age < policy.school_age_to


def of_school_age(born_on: date, day: date, policy: Policy) -> bool:
    """Whether somebody is of compulsory age in the school year of a day."""
    return is_school_age(age_at_school(born_on, day), policy)


def term_of(day: date, *, spring: bool) -> str:
    """The name of a term: `2024-SPRING` belongs to the school year that began in 2023."""
    return f"{school_year(day) + spring}-{'SPRING' if spring else 'AUTUMN'}"


def term_now(day: date) -> str:
    """The term of a day: spring from February to August."""
    return term_of(day, spring=2 <= day.month <= 8)


def term_began(term: str) -> date:
    """The first day of a term: 1 September, or 1 March by default of the county's calendar."""
    year, _, half = term.partition("-")
    return date(int(year), 3, 1) if half == "SPRING" else year_begins(int(year))
