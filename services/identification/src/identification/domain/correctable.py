"""Which fields of earlier events may be corrected in the record (T20).

What a step decided, and what the register says now, another step changes. A correction in the record alone
would leave two values of it.
"""

import json
from typing import get_args

from common.decider import Refused
from contracts.assessments import IncomeAssessed, SafeguardAssessed
from contracts.circumstances import (
    CoLivingCounted,
    HealthRecorded,
    IdentityNumberGiven,
    SchoolingRecorded,
)
from contracts.households import (
    CategoryCorrected,
    EpisodeTakenOver,
    HeadChanged,
    HouseholdRegistered,
    HouseholdRelocated,
    LabourCapacityAssessed,
    RegisterEvent,
)
from contracts.identification_meanings import IDENTIFICATION
from contracts.persons import ProcessingRestricted
from contracts.wording import Wording
from identification.domain.entry import Status
from identification.domain.members import member_of
from identification.domain.monitoring_commands import CorrectRecord
from identification.domain.states import Household

# What a decision came to, outside of assessments; and the days that clocks run to.
FOUND = {
    "clue_count",
    "days",
    "elapsed_days",
    "eliminated_before_on",
    "ends_case",
    "episode_no",
    "failing",
    "guard_results",
    "guards_passed",
    "labour_household",
    "late",
    "officer_count",
    "passed",
    "procedure",
    "snapshot",
}
DEADLINES = {"due_on", "propose_by"}
# Who or what the register speaks of, and what the vault holds of a person.
NAMES = {
    "absorbed_id",
    "absorbed_ids",
    "commitment",
    "duplicate_of",
    "from_household_id",
    "head_id",
    "new_household_id",
    "person_id",
    "survivor_id",
}
REGISTER = {*get_args(RegisterEvent)}
REGISTERED = {event.__name__ for event in REGISTER}
# By event, the fields by which everybody knows how a household stands, outside of the register.
DECIDED = {
    event.__name__: meaning.read()
    for event, meaning in IDENTIFICATION.events.items()
    if event not in (REGISTER - {EpisodeTakenOver}) | {IncomeAssessed, SafeguardAssessed}
}
# What the register says of a household and its members: the step that changes it, and what is recorded then.
STEPS: dict[str, tuple[str, Wording]] = {
    "category": ("category", CategoryCorrected.wording),
    "co_living_count": ("co-living", CoLivingCounted.wording),
    "health": ("health", HealthRecorded.wording),
    "labour_capacity": ("labour", LabourCapacityAssessed.wording),
    "marginal_2019": ("category", CategoryCorrected.wording),
    "region": ("relocation", HouseholdRelocated.wording),
    "relation": ("head", HeadChanged.wording),
    "restricted": ("restriction", ProcessingRestricted.wording),
    "schooling": ("schooling", SchoolingRecorded.wording),
    "without_number": ("identity-number", IdentityNumberGiven.wording),
}
AS = {"capacity": "labour_capacity", "to_category": "category", "to_region": "region"}
NUMBER = (HouseholdRegistered.__name__, "/register_number")  # it is another from then on


def may_be(c: CorrectRecord, household: Household) -> None:
    """Raises `Refused` for a field that is not corrected in the record, and names what to do instead."""
    _, field, *_ = c.path.split("/")
    if field in DEADLINES:
        raise Refused("deadline-follows", path=c.path)
    if field in FOUND:
        raise Refused("field-follows", path=c.path)
    if field in DECIDED.get(c.corrected_type, ()):
        raise Refused("decided-by-step", path=c.path)
    if c.corrected_type in REGISTERED:
        _said_no_more(c, household)


def _said_no_more(c: CorrectRecord, household: Household) -> None:
    """Raises `Refused` while the register still has the value that is to be corrected: it would keep it, so
    the step that changes the register comes first. What the register has no longer, such as what it had of
    a former member, is corrected here, field by field."""
    field = c.path.rpartition("/")[2]
    field = AS.get(field, field)
    if field in NAMES:
        raise Refused("field-follows", path=c.path)
    if c.recorded_value.startswith(("{", "[{")):
        raise Refused("correct-the-source", path=c.path)
    entry = household.registered
    holder = member_of(entry.members, c.person_id) if c.person_id else entry
    if household.status is not Status.ACTIVE or field not in STEPS:
        return
    if json.dumps(getattr(holder, field, None)) == c.old_value:
        step, told = STEPS[field]
        words = {"step_zh": told.zh, "step_en": told.en}
        raise Refused("register-says-so", path=c.path, step=step, **words)
