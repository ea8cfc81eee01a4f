"""T20: once an assessment is corrected, rules over facts that read it look again at the facts that stand.

What they find now and did not find before the correction is a clue, which names the correction. Clues that
rest on the wrong figure are the business of `corrections`.
"""

from collections.abc import Sequence, Set
from dataclasses import replace
from datetime import date
from uuid import UUID

from common.ids import derived_id
from common.intents import Intent
from contracts.assessments import IncomeAssessed
from contracts.envelope import Envelope
from identification import unmatched
from identification.domain.findings import Counted, Finding, History, KnownHousehold
from identification.domain.policy import Policy
from identification.domain.rulebook import FACT_RULES, findings
from identification.domain.screening import standing
from identification.effects.clues import report
from identification.effects.heard import Heard, day_of
from identification.read_model import facts, rules

READING_INCOME = sorted({rule.hears for rule in FACT_RULES if rule.reads_income})


async def of_incomes(heard: Heard) -> list[Intent]:
    """The clues that corrected incomes give rise to, with three queries for all of them."""
    told = [(event, assessed) for event, assessed in heard.of(IncomeAssessed) if assessed.corrects]
    return await of_corrected(heard, told)


async def of_corrected(
    heard: Heard, told: Sequence[tuple[Envelope, IncomeAssessed]], persons: Set[UUID] | None = None
) -> list[Intent]:
    """The clues that these corrections give rise to; with `persons`, only those of facts about them.

    Facts that may not be used now (PIPL 47) are judged when they may be used again.
    """
    if not told:
        return []
    ids = list({assessed.household_id for _, assessed in told})
    known = await rules.households(heard.connection, ids)
    before = await rules.said(heard.connection, [a.corrects for _, a in told if a.corrects])
    histories = await facts.counted(heard.connection, ids, READING_INCOME, date.min)
    intents, withheld = [], list[tuple[UUID, UUID]]()
    for event, assessed in told:
        one = assessed.household_id
        if assessed.corrects and (household := known.get(one)):
            was = household.saying(before[assessed.corrects])
            withheld += [(event.event_id, person) for person in histories[one].withheld]
            intents += found_anew(heard, event, one, household, was, histories[one], persons)
    await unmatched.withhold(heard.connection, withheld)
    return intents


def found_anew(
    heard: Heard,
    event: Envelope,
    household_id: UUID,
    household: KnownHousehold,
    was: KnownHousehold,
    history: History,
    persons: Set[UUID] | None = None,
) -> list[Intent]:
    """What the rules find in the facts that stand, and would not find in the household as it `was`."""
    day = day_of(event)
    policy = heard.policies.of(household.region, day)
    return [
        report(
            event,
            derived_id(event.event_id, f"{found.rule_id}:{fact.event_id}"),
            household_id,
            household.region,
            replace(found, evidence=tuple(dict.fromkeys((*found.evidence, event.event_id)))),
            day,
            policy,
        )
        for fact in standing(history, day)
        if persons is None or fact.person_id in persons
        for found in newly_found(fact, household, was, history, policy)
    ]


def newly_found(
    fact: Counted, household: KnownHousehold, was: KnownHousehold, history: History, policy: Policy
) -> list[Finding]:
    """What the rules find in one fact, and would not find in the household as it `was`."""
    before = {found.rule_id for found in findings(fact, was, history, policy)}
    return [f for f in findings(fact, household, history, policy) if f.rule_id not in before]
