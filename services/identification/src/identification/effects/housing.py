"""The ledger of dangerous houses follows the housing department's facts (S1.3-03)."""

from common.intents import Intent
from contracts.fact_codes import FactType
from identification.domain.housing import HOUSING, KeepLedger
from identification.effects.heard import Heard, day_of, following, of_facts
from identification.read_model import housing

FOLLOWED = frozenset({FactType.HOUSING_SAFETY, FactType.HOUSING_RENOVATION})


async def of_ledger(heard: Heard) -> list[Intent]:
    """One command a household of the batch, with what its facts say now, in one query for all."""
    causes = {fact.household_id: event for event, fact in of_facts(heard, FOLLOWED)}
    if not causes:
        return []
    intents = []
    for known in await housing.known(heard.connection, list(causes)):
        cause = causes[known.household_id]
        today = day_of(cause)
        policy = heard.policies.of(known.region, today)
        intents.append(
            Intent(
                stream=housing.stream_of(known.household_id),
                household_id=known.household_id,
                decider=HOUSING,
                command=KeepLedger(
                    household_id=known.household_id,
                    assessments=known.assessments,
                    renovations=known.renovations,
                    policy=policy,
                    today=today,
                ),
                context=following(cause, known.region, today, policy.version),
            )
        )
    return intents
