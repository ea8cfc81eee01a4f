"""T20: rules that read an age look again where a birth date was corrected, and people at what rested on it."""

from datetime import date
from uuid import UUID

from common.intents import Intent
from contracts.circumstances import BirthDateCorrected
from contracts.envelope import Envelope
from identification import unmatched
from identification.domain.rulebook import FACT_RULES
from identification.effects.heard import Heard, day_of
from identification.effects.second_look import found_anew
from identification.effects.weighing import borne_out, missing, said_anew, types_behind
from identification.read_model import evidence, facts, rules

READING_AGE = sorted(
    {kind for rule in FACT_RULES if rule.reads_age for kind in (rule.hears, *rule.looks_back)}
)


async def of_corrected(heard: Heard) -> list[Intent]:
    """New clues, and what is to be said of clues that the corrected age no longer bears out, with three
    queries for all.

    A person whose data may not be used (PIPL 47) is left out, with all that is known of them; that is
    judged when it may be used again.
    """
    told: list[tuple[Envelope, BirthDateCorrected]] = heard.of(BirthDateCorrected)
    if not told:
        return []
    ids = list({birth.household_id for _, birth in told})
    known = await rules.households(heard.connection, ids, owning=True)
    cited = await evidence.of_households(heard.connection, ids)
    types = sorted(types_behind(cited) | {*READING_AGE})
    histories = await facts.counted(heard.connection, ids, types, date.min)
    intents, withheld = [], list[tuple[UUID, UUID]]()
    for event, birth in told:
        one = birth.household_id
        household, history = known[one], histories[one]
        withheld += [(event.event_id, person) for person in history.withheld]
        if household.restricts(birth.person_id):
            withheld.append((event.event_id, birth.person_id))
            continue
        was = household.with_birth(birth.person_id, birth.from_born_on, able=birth.unable)
        policy = heard.policies.of(household.region, day_of(event))
        intents += found_anew(heard, event, one, household, was, history)
        intents += [
            said_anew(heard, event, household, birth.corrects, clue.clue_id, False)
            for clue in cited.get(one, ())
            if not missing(clue, history)
            and borne_out(clue, was, history, policy)
            and not borne_out(clue, household, history, policy)
        ]
    await unmatched.withhold(heard.connection, withheld)
    return intents
