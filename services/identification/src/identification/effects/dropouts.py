"""A child's dropout and return follow what the schools report (S1.3-02), once that may be used (PIPL 47),
and the age of the child, which may have been recorded wrongly (T20)."""

from common.intents import Intent
from contracts.circumstances import BirthDateCorrected
from contracts.fact_codes import FactType
from contracts.persons import RestrictionLifted
from identification.domain.dropouts import DROPOUTS, FollowChild
from identification.effects.heard import Heard, day_of, following, of_facts
from identification.read_model import dropouts

FOLLOWED = frozenset({FactType.ENROLMENT})


async def of_children(heard: Heard) -> list[Intent]:
    """One command a child of the batch, with what is said of it now, in one query for all."""
    told = [*of_facts(heard, FOLLOWED), *heard.of(RestrictionLifted, BirthDateCorrected)]
    causes = {(said.household_id, said.person_id): event for event, said in told}
    if not causes:
        return []
    intents = []
    for child in await dropouts.children(heard.connection, list(causes)):
        cause = causes[child.household_id, child.person_id]
        today = day_of(cause)
        policy = heard.policies.of(child.region, today)
        intents.append(
            Intent(
                stream=dropouts.stream_of(child.household_id),
                household_id=child.household_id,
                decider=DROPOUTS,
                command=FollowChild(
                    household_id=child.household_id,
                    person_id=child.person_id,
                    born_on=child.born_on,
                    reports=child.reports,
                    policy=policy,
                    today=today,
                ),
                context=following(cause, child.region, today, policy.version),
            )
        )
    return intents
