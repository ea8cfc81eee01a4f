"""The three guarantees and drinking water, by member (T3), and the numbers that follow.

Older clients send only numbers. If both are sent, they have to agree.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from uuid import UUID

from common.decider import Refused
from contracts.assessments import AtSchool, Check, ChildSeen, SafeguardAssessed, WaterSeen
from contracts.codes import HousingGrade
from contracts.households import HouseholdRegistered, Member
from identification.domain.policy import Policy
from identification.domain.schooling import age_at_school, is_school_age, of_school_age

SAFE_GRADES = frozenset({HousingGrade.A, HousingGrade.B})


@dataclass(frozen=True, kw_only=True)
class Survey:
    """What officers saw of the safeguards: each as a number or by member, or both."""

    housing_grade: HousingGrade
    water_safe: bool | None = None
    water_report_stale: bool = False
    dropouts: int | None = None
    uninsured: int | None = None
    schooling: tuple[ChildSeen, ...] | None = None
    uninsured_persons: tuple[UUID, ...] | None = None
    water: WaterSeen | None = None


def surveyed(
    survey: Survey, entry: HouseholdRegistered, on: date, policy: Policy
) -> SafeguardAssessed:
    """The survey as an event.

    Raises `Refused` for somebody who is not a member; if a child of compulsory age is missing, or another
    person is named as one; and for numbers that are missing or do not agree.
    """
    members = {m.person_id: m for m in entry.members if not m.restricted}
    if survey.schooling is not None:
        _every_child(survey.schooling, members, on, policy)
    for number, person_id in enumerate(survey.uninsured_persons or (), 1):
        _member(members, person_id, f"uninsured_persons/{number}")
    schooling, water = survey.schooling, survey.water
    uninsured = _each_once(survey.uninsured_persons)
    dropouts = None if schooling is None else dropouts_of(schooling)
    return SafeguardAssessed(
        household_id=entry.household_id,
        assessed_on=on,
        housing_grade=survey.housing_grade,
        water_safe=bool(_agreed("water_safe", survey.water_safe, passes(water) if water else None)),
        water_report_stale=survey.water_report_stale,
        dropouts=_agreed("dropouts", survey.dropouts, dropouts),
        uninsured=_agreed(
            "uninsured", survey.uninsured, None if uninsured is None else len(uninsured)
        ),
        schooling=None if schooling is None else list(schooling),
        uninsured_persons=uninsured,
        water=water,
    )


def dropouts_of(schooling: Sequence[ChildSeen]) -> int:
    """How many are out of school for certain."""
    return sum(child.status is AtSchool.DROPOUT for child in schooling)


def passes(water: WaterSeen) -> bool:
    """All three dimensions of S1.3-04."""
    return water.quality is water.quantity is water.convenience is Check.PASS


def in_sum(seen: SafeguardAssessed) -> SafeguardAssessed:
    """With the numbers that follow from its members and dimensions, where it names them."""
    if seen.schooling is not None:
        seen = replace(seen, dropouts=dropouts_of(seen.schooling))
    if seen.uninsured_persons is not None:
        seen = replace(seen, uninsured=len(seen.uninsured_persons))
    return replace(seen, water_safe=passes(seen.water)) if seen.water else seen


def latest(known: SafeguardAssessed | None, seen: SafeguardAssessed) -> SafeguardAssessed:
    """The survey of the later day, in whichever order they were recorded. Of one day, the one recorded last."""
    return known if known and seen.assessed_on < known.assessed_on else seen


def of_those_here(seen: SafeguardAssessed, entry: HouseholdRegistered) -> SafeguardAssessed:
    """What the survey says of those who are members now, where it names members."""
    here = {member.person_id for member in entry.members}
    if seen.schooling is not None:
        seen = replace(seen, schooling=[c for c in seen.schooling if c.person_id in here])
    if seen.uninsured_persons is not None:
        seen = replace(seen, uninsured_persons=[p for p in seen.uninsured_persons if p in here])
    return in_sum(seen)


def unasked(seen: SafeguardAssessed, surveyed: Iterable[Member]) -> list[int]:
    """The ages of the members of whose schooling a survey by name says nothing, as schools count them on
    its day. A child can be among them, if its birth date was corrected since."""
    if seen.schooling is None:
        return []
    named = {child.person_id for child in seen.schooling}
    others = [m for m in surveyed if not m.restricted and m.person_id not in named]
    return [age_at_school(m.born_on, seen.assessed_on) for m in others]


def unseen(seen: SafeguardAssessed, surveyed: Iterable[Member], policy: Policy) -> int:
    """Of how many children of school age a survey by name says nothing."""
    return sum(is_school_age(age, policy) for age in unasked(seen, surveyed))


def suspected(seen: SafeguardAssessed) -> int:
    """How many children may be out of school, without that being certain."""
    return sum(c.status is AtSchool.SUSPECTED_DROPOUT for c in seen.schooling or ())


def is_safe(seen: SafeguardAssessed) -> bool:
    """E4: none of the three guarantees is missing, nor is drinking water."""
    return (
        seen.housing_grade in SAFE_GRADES
        and seen.water_safe
        and not seen.water_report_stale
        and seen.dropouts == seen.uninsured == suspected(seen) == 0
    )


def _each_once(persons: tuple[UUID, ...] | None) -> list[UUID] | None:
    return None if persons is None else list(dict.fromkeys(persons))


def _agreed(field: str, told: int | None, found: int | None) -> int:
    """What was told, or what the members come to."""
    value = told if found is None else found
    if value is None:
        raise Refused("survey-incomplete", field=field)
    if told not in (None, value):
        raise Refused("survey-disagrees", field=field, told=told, found=value)
    return value


def _every_child(
    schooling: Sequence[ChildSeen], members: dict[UUID, Member], on: date, policy: Policy
) -> None:
    """Each child of compulsory age is named once, and nobody else."""
    of_age = {p for p, m in members.items() if of_school_age(m.born_on, on, policy)}
    named = [child.person_id for child in schooling]
    for number, person_id in enumerate(named, 1):
        _member(members, person_id, f"schooling/{number}")
        if person_id not in of_age or person_id in named[: number - 1]:
            raise Refused("not-a-child-of-school-age", number=number)
    if missing := len(of_age - set(named)):
        raise Refused("children-missing", missing=missing)


def _member(members: dict[UUID, Member], person_id: UUID, field: str) -> None:
    if person_id not in members:
        raise Refused("surveyed-not-a-member", field=field)
