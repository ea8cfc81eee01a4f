"""The ledger of dangerous houses follows the housing department's facts (S1.3-03), the household into
a merger (A54), and the end of a restriction of processing (PIPL 47)."""

from typing import Any

from common.intents import Intent
from contracts.envelope import Envelope
from contracts.fact_codes import FactType
from contracts.households import HouseholdAbsorbed, HouseholdDeregistered
from contracts.persons import RestrictionLifted
from identification.domain.housing import HOUSING, EndLedger, KeepLedger
from identification.effects.heard import Heard, day_of, following, of_facts
from identification.read_model import housing
from identification.read_model.housing import Known

FOLLOWED = frozenset({FactType.HOUSING_SAFETY, FactType.HOUSING_RENOVATION})


async def of_ledger(heard: Heard) -> list[Intent]:
    """One command a household of the batch, with what its facts say now, in one query for all.

    Nothing is judged while one of them may not be used: it may be the one that matters.
    """
    causes: dict[Any, Envelope] = {
        event.household_id: event
        for event, _ in heard.of(RestrictionLifted, HouseholdAbsorbed, HouseholdDeregistered)
    } | {fact.household_id: event for event, fact in of_facts(heard, FOLLOWED)}
    if not causes:
        return []
    return [
        _intent(heard, causes[known.because_of], known)
        for known in await housing.known(heard.connection, list(causes))
        if not (known.active and known.withheld)
    ]


def _intent(heard: Heard, cause: Envelope, known: Known) -> Intent:
    today = day_of(cause)
    policy = heard.policies.of(known.region, today)
    keep = KeepLedger(
        household_id=known.household_id,
        assessments=known.assessments,
        renovations=known.renovations,
        policy=policy,
        today=today,
    )
    return Intent(
        stream=housing.stream_of(known.household_id),
        household_id=known.household_id,
        decider=HOUSING,
        command=keep if known.active else EndLedger(household_id=known.household_id, today=today),
        context=following(cause, known.region, today, policy.version),
    )
