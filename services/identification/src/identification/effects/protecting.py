"""Who is eligible for protection and has none (S4.0-01, S4.1-03, A14), judged anew whenever an
assessment, a fact, the register or the end of a restriction (PIPL 47) may have changed it."""

from typing import Any

from common.intents import Intent
from contracts.assessments import IncomeAssessed
from contracts.envelope import Envelope
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
from identification.domain.findings import History
from identification.domain.household import HOUSEHOLD
from identification.domain.protection import LOOKED_AT, NoteProtection, missing
from identification.effects.heard import Heard, day_of, following
from identification.read_model import protection, rules

REGISTER = (
    HouseholdRegistered,
    HouseholdMemberAdded,
    HouseholdMemberRemoved,
    HouseholdSplit,
    LabourCapacityAssessed,
    HouseholdRelocated,
    HouseholdAbsorbed,
    HouseholdDeregistered,
)


async def of_assessed(heard: Heard) -> list[Intent]:
    """One command for each household whose gaps have changed, with three queries for all of them."""
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
    ids = list(causes)
    known = await rules.households(heard.connection, ids)
    seen = await protection.counted_of(heard.connection, ids)
    open_gaps = await protection.open_of(heard.connection, ids)
    intents = []
    for household_id, cause in causes.items():
        household, history = known.get(household_id), seen.get(household_id, History(()))
        if household is None:
            continue
        day = day_of(cause)
        policy = heard.policies.of(household.region, day)
        judged = missing(household, history, policy)
        if judged and judged[0] != open_gaps.get(household_id, frozenset()):
            gaps, decided = judged
            note = NoteProtection(gaps=gaps, decided=decided, noted_on=day)
            intents.append(_intent(cause, household.region, note, policy.version))
    return intents


def _concerns(payload: Any) -> bool:
    fact_type = getattr(payload, "fact_type", None)
    return fact_type is None or fact_type in LOOKED_AT


def _intent(cause: Envelope, region: str, note: NoteProtection, version: str) -> Intent:
    return Intent(
        stream=f"household-{cause.household_id}",
        household_id=cause.household_id,
        decider=HOUSEHOLD,
        command=note,
        context=following(cause, region, note.noted_on, version),
    )
