"""Gaps in protection (S4.0-01, S4.1-03, A14) and focus groups (S2-03), judged anew whenever an assessment,
a fact, the register, the end of a restriction (PIPL 47) or the parameters may have changed them."""

from datetime import date
from typing import Any

from common.intents import Context, Intent
from contracts.assessments import IncomeAssessed
from contracts.circumstances import BirthDateCorrected, HealthRecorded
from contracts.facts import (
    DepartmentFactCorrected,
    DepartmentFactRecorded,
    DepartmentFactRetracted,
)
from contracts.households import (
    HouseholdAbsorbed,
    HouseholdDeregistered,
    HouseholdMemberAdded,
    HouseholdMemberRemoved,
    HouseholdRegistered,
    HouseholdRelocated,
    HouseholdSplit,
    LabourCapacityAssessed,
)
from contracts.persons import RestrictionLifted
from contracts.policies import PolicyInForceChanged, PolicyVersionPublished
from identification.domain.policy import Policy
from identification.domain.standing import LOOKED_AT, PARAMETERS, Standing, noted
from identification.effects.heard import Heard, day_of, following, to_household
from identification.read_model import policies, standings

BATCH = 500  # households of one look-up
REGISTER = (
    HouseholdRegistered,
    HouseholdMemberAdded,
    HouseholdMemberRemoved,
    HouseholdSplit,
    LabourCapacityAssessed,
    HealthRecorded,
    BirthDateCorrected,
    HouseholdRelocated,
    HouseholdAbsorbed,
    HouseholdDeregistered,
)


async def of_changed(heard: Heard) -> list[Intent]:
    """What is to be told to the households of a batch, with three queries for all of them."""
    causes = {
        payload.household_id: event
        for event, payload in heard.of(
            IncomeAssessed,
            DepartmentFactRecorded,
            DepartmentFactCorrected,
            DepartmentFactRetracted,
            RestrictionLifted,
            *REGISTER,
        )
        if _concerns(payload)
    }
    if not causes:
        return []
    intents = []
    for one in await standings.of(heard.connection, list(causes)):
        cause = causes[one.household_id]
        day = day_of(cause)
        policy = heard.policies.of(one.known.region, day)
        context = following(cause, one.known.region, day, policy.version)
        intents += telling(one, policy, day, context)
    return intents


async def of_publication(heard: Heard) -> list[Intent]:
    """What a published version says of the households of its area that the one before did not say; one
    that was published ahead, on its day."""
    intents = []
    for event, told in heard.of(PolicyVersionPublished, PolicyInForceChanged):
        await policies.refresh(heard.policies, heard.connection)
        if not _matters(heard, told.version):
            continue
        day = told.noted_on if isinstance(told, PolicyInForceChanged) else told.received_on
        ids = await standings.in_area(heard.connection, told.region)
        for start in range(0, len(ids), BATCH):
            for one in await standings.of(heard.connection, ids[start : start + BATCH]):
                policy = heard.policies.of(one.known.region, day)
                context = following(event, one.known.region, day, policy.version)
                intents += telling(one, policy, day, context)
    return intents


def _matters(heard: Heard, version: str) -> bool:
    """Whether a version has a parameter that anything is judged by."""
    values = next(v.values for v in heard.policies.versions if v.version == version)
    return not PARAMETERS.isdisjoint(values)


def _concerns(payload: Any) -> bool:
    fact_type = getattr(payload, "fact_type", None)
    return fact_type is None or fact_type in LOOKED_AT


def telling(one: Standing, policy: Policy, on: date, context: Context) -> list[Intent]:
    """What is to be told to a household on a day."""
    return [to_household(one.household_id, said, context) for said in noted(one, policy, on)]
