"""Income per head is computed anew when people join or leave a household (A53), or the assessment that it
was computed from is corrected (T20)."""

from common.intents import Intent
from contracts.assessments import IncomeAssessed
from contracts.circumstances import CoLivingCounted
from contracts.households import (
    HouseholdMemberAdded,
    HouseholdMemberRemoved,
    HouseholdSplit,
    MergerCompleted,
)
from identification.domain.household import HOUSEHOLD
from identification.domain.register_commands import RecomputePerCapita
from identification.effects.heard import Heard, day_of, following


async def of_changed(heard: Heard) -> list[Intent]:
    """One command a household of the batch, by the parameters of the day."""
    changes = heard.of(
        HouseholdMemberAdded,
        HouseholdMemberRemoved,
        HouseholdSplit,
        MergerCompleted,
        CoLivingCounted,
    )
    changes += [(e, a) for e, a in heard.of(IncomeAssessed) if a.corrects]
    intents = []
    for cause in {event.household_id: event for event, _ in changes}.values():
        policy = heard.policies.of(cause.region, day_of(cause))
        intents.append(
            Intent(
                stream=cause.stream,
                household_id=cause.household_id,
                decider=HOUSEHOLD,
                command=RecomputePerCapita(policy=policy),
                context=following(cause, cause.region, day_of(cause), policy.version),
            )
        )
    return intents
