"""Facts and assessments become clues: rules run, in order, per household."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from common.ids import derived_id
from common.intents import Intent
from contracts.assessments import IncomeAssessed
from contracts.codes import Channel
from contracts.envelope import Envelope
from contracts.facts import DepartmentFactCorrected, DepartmentFactRecorded
from identification import unmatched
from identification.domain.commands import ReportRisk
from identification.domain.fact_types import FACT_TYPES
from identification.domain.findings import Counted, Finding, History, KnownHousehold
from identification.domain.policy import Policy
from identification.domain.rulebook import BY_FACT, VERSIONS, findings
from identification.domain.rules_of_income import of_incomes
from identification.effects.heard import Heard, day_of, following, to_household
from identification.read_model import facts, rules

LOOK_BACK = timedelta(days=366 * 2)  # before the earliest fact of a batch: a school year, twice
Told = DepartmentFactRecorded | DepartmentFactCorrected


async def from_facts(heard: Heard) -> list[Intent]:
    """The clues that facts give rise to, with two queries for all of them.

    A fact that may not be used now (PIPL 47), or is judged by others that may not, is remembered and judged
    later.
    """
    told: list[tuple[Envelope, Told]] = [
        (e, f)
        for e, f in heard.of(DepartmentFactRecorded, DepartmentFactCorrected)
        if BY_FACT[f.fact_type]
    ]
    if not told:
        return []
    known, histories = await around(heard, [f for _, f in told])
    intents, withheld = [], list[tuple[UUID, UUID]]()
    for event, fact in told:
        household, history = known.get(fact.household_id), histories[fact.household_id]
        if household is None:
            continue
        withheld += [(event.event_id, person) for person in history.withheld]
        if household.restricts(fact.person_id):
            withheld.append((event.event_id, fact.person_id))
            continue
        policy = heard.policies.of(household.region, fact.received_on)
        for found in findings(as_counted(event, fact), household, history, policy):
            clue_id, day = derived_id(event.event_id, found.rule_id), fact.received_on
            home = fact.household_id, household.region
            intents.append(report(event, clue_id, *home, found, day, policy))
    await unmatched.withhold(heard.connection, withheld)
    return intents


async def around(
    heard: Heard, told: Sequence[Told | Any]
) -> tuple[dict[UUID, KnownHousehold], dict[UUID, History]]:
    """The households of these facts, and what else is known of each that a rule may look back at."""
    ids = list({fact.household_id for fact in told})
    types = {back for fact in told for rule in BY_FACT[fact.fact_type] for back in rule.looks_back}
    known = await rules.households(heard.connection, ids)
    if not types:
        return known, {one: History(()) for one in ids}
    since = min(fact.detected_on for fact in told) - LOOK_BACK
    return known, await facts.counted(heard.connection, ids, sorted(types), since)


def as_counted(event: Envelope, fact: Told) -> Counted:
    """The fact as rules see it."""
    value = FACT_TYPES[fact.fact_type].counted
    return Counted(
        event.event_id,
        fact.person_id,
        fact.fact_type,
        fact.detected_on,
        fact.values.get(value, 0) if value else 0,
        frozenset(fact.codes),
    )


async def from_incomes(heard: Heard) -> list[Intent]:
    """S2-02: what an assessment of income gives rise to, with one query for all of them.

    A corrected one (T20) gives rise to what was not found before it was corrected.
    """
    told: list[tuple[Envelope, IncomeAssessed]] = heard.of(IncomeAssessed)
    if not told:
        return []
    known = await rules.households(
        heard.connection, list({a.household_id for _, a in told}), owning=True
    )
    before = await rules.said(heard.connection, [a.corrects for _, a in told if a.corrects])
    intents = []
    for event, assessed in told:
        household = known.get(assessed.household_id)
        if household is None:
            continue
        latest = household.incomes[0].assessment_id == assessed.assessment_id
        if not latest and not assessed.corrects:
            continue  # a later window is assessed already: an old one says nothing of today
        day = day_of(event)
        policy = heard.policies.of(household.region, day)
        known_before = set[str]()
        if assessed.corrects:
            was = household.saying(before[assessed.corrects])
            known_before = {found.rule_id for found in of_incomes(was, policy)}
        for found in of_incomes(household, policy):
            if found.rule_id not in known_before:
                clue_id = derived_id(event.event_id, found.rule_id)
                home = assessed.household_id, household.region
                intents.append(report(event, clue_id, *home, found, day, policy))
    return intents


def report(
    cause: Envelope,
    clue_id: UUID,
    household_id: UUID,
    region: str,
    found: Finding,
    day: date,
    policy: Policy,
) -> Intent:
    """Report a finding, discovered on `day`. The id follows from the cause, so that a repetition has the same."""
    command = ReportRisk(
        clue_id=clue_id,
        channel=Channel.DEPARTMENT_WARNING,
        risk_types=(found.risk_type,),
        severity=found.severity,
        evidence_event_ids=found.evidence,
        rule_id=found.rule_id,
        rule_version=VERSIONS[found.rule_id],
        discovered_on=day,
        summary_zh=found.summary_zh,
        summary_en=found.summary_en,
        policy=policy,
        today=day,
    )
    return to_household(household_id, command, following(cause, region, day, policy.version))
