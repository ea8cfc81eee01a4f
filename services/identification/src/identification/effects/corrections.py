"""A50, T20: a fact or an assessment that was corrected or retracted reaches the cases that rest on it;
people decide."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from uuid import UUID

from common.ids import derived_id
from common.intents import Intent
from contracts.assessments import IncomeAssessed
from contracts.envelope import Envelope
from contracts.evidence import Change
from contracts.facts import DepartmentFactCorrected, DepartmentFactRetracted
from contracts.monitoring import RecordCorrected
from identification import unmatched
from identification.domain.evidence import EVIDENCE, ReplaceEvidence, is_decided
from identification.domain.findings import Counted, History, KnownHousehold
from identification.domain.policy import Policy
from identification.domain.rulebook import FACT_RULES, findings
from identification.domain.rules_of_income import of_incomes
from identification.effects.clues import around, as_counted
from identification.effects.heard import Heard, day_of, following
from identification.effects.second_look import READING_INCOME
from identification.read_model import evidence, facts, rules
from identification.read_model.evidence import Cited

Changed = DepartmentFactCorrected | DepartmentFactRetracted
OVER_FACTS = frozenset(rule.id for rule in FACT_RULES)


async def of_evidence(heard: Heard) -> list[Intent]:
    """A review or a replacement for each clue of an open case that cites what was changed."""
    told: list[tuple[Envelope, Changed]] = heard.of(
        DepartmentFactCorrected, DepartmentFactRetracted
    )
    if not told:
        return []
    cited = await evidence.citing(heard.connection, [f.previous_event_id for _, f in told])
    if not cited:
        return []
    known, histories = await around(heard, [f for _, f in told])
    intents = []
    for event, fact in told:
        for clue in cited.get(fact.previous_event_id, ()):
            household = known[clue.household_id]
            policy = heard.policies.of(household.region, day_of(event))
            corrected = isinstance(fact, DepartmentFactCorrected)
            now = [as_counted(event, fact)] if isinstance(fact, DepartmentFactCorrected) else []
            replaced = ReplaceEvidence(
                household_id=clue.household_id,
                task_id=derived_id(event.event_id, f"review:{clue.clue_id}"),
                clue_id=clue.clue_id,
                change=Change.CORRECTED if corrected else Change.RETRACTED,
                previous_event_id=fact.previous_event_id,
                event_id=event.event_id if corrected else None,
                stage=household.stage,
                still_supported=supported(
                    clue, now, household, histories[fact.household_id], policy
                ),
                today=day_of(event),
            )
            intents.append(_intent(event, household.region, replaced, policy))
    return intents


async def of_records(heard: Heard) -> list[Intent]:
    """T20: the same for clues that cite an assessment, and a review of what was decided on one that
    no clue cites."""
    incomes = [(e, a) for e, a in heard.of(IncomeAssessed) if a.corrects]
    decided = [(e, c) for e, c in heard.of(RecordCorrected) if c.case_id]
    intents = await of_corrected(heard, incomes)
    if not decided:
        return intents
    known = await rules.households(heard.connection, [c.household_id for _, c in decided])
    for event, told in decided:
        household, previous = known[told.household_id], told.corrected_event_id
        still = told.still_supported
        intents.append(said_anew(heard, event, household, previous, told.case_id, still))
    return intents


async def of_corrected(
    heard: Heard, told: Sequence[tuple[Envelope, IncomeAssessed]]
) -> list[Intent]:
    """A word on each clue that rests on what these assessments said before.

    Where that depends on facts which may not be used now (PIPL 47), it is said when they may be again.
    """
    if not told:
        return []
    last = {assessed.assessment_id: (event, assessed) for event, assessed in told}.values()
    before = await rules.versions_before(heard.connection, [event for event, _ in last])
    cited = await evidence.citing(
        heard.connection, [one for versions in before.values() for one in versions]
    )
    if not cited:
        return []
    ids = [assessed.household_id for _, assessed in last]
    known = await rules.households(heard.connection, ids, owning=True)
    histories = await facts.counted(heard.connection, ids, READING_INCOME, date.min)
    intents, withheld = [], list[tuple[UUID, UUID]]()
    for event, assessed in last:
        household, history = known[assessed.household_id], histories[assessed.household_id]
        policy = heard.policies.of(household.region, day_of(event))
        for previous in before[event.event_id]:
            for clue in cited.get(previous, ()):
                now = (clue, household, history, policy, assessed.assessment_id)
                if waits(*now):
                    withheld += [(event.event_id, person) for person in history.withheld]
                    continue
                still = borne_out(*now)
                intents.append(said_anew(heard, event, household, previous, clue.clue_id, still))
    await unmatched.withhold(heard.connection, withheld)
    return intents


def said_anew(
    heard: Heard,
    event: Envelope,
    household: KnownHousehold,
    previous: UUID,
    clue_id: UUID,
    still_supported: bool,
) -> Intent:
    """What a clue or a case rests on is said by this event now, in place of a previous one."""
    assert event.household_id
    replaced = ReplaceEvidence(
        household_id=event.household_id,
        task_id=derived_id(event.event_id, f"review:{clue_id}"),
        clue_id=clue_id,
        change=Change.CORRECTED,
        previous_event_id=previous,
        event_id=event.event_id,
        stage=household.stage,
        still_supported=still_supported,
        today=day_of(event),
    )
    policy = heard.policies.of(household.region, day_of(event))
    return _intent(event, household.region, replaced, policy)


def _intent(cause: Envelope, region: str, command: ReplaceEvidence, policy: Policy) -> Intent:
    return Intent(
        stream=f"evidence-of-household-{command.household_id}",
        household_id=command.household_id,
        decider=EVIDENCE,
        command=command,
        context=following(cause, region, command.today, policy.version),
    )


def supported(
    clue: Cited, now: list[Counted], household: KnownHousehold, history: History, policy: Policy
) -> bool:
    """Whether the rule behind a clue still finds the same, on what is current. People's clues are
    theirs: a fact behind one may change, what they saw does not. Nor is anything found wanting while
    facts of the household may not be looked at (PIPL 47)."""
    if clue.rule_id is None or history.withheld:
        return True
    left = [*now, *(f for f in history.all if f.event_id in clue.evidence)]
    return any(
        found.rule_id == clue.rule_id
        for fact in left
        for found in findings(fact, household, history, policy)
    )


def borne_out(
    clue: Cited,
    household: KnownHousehold,
    history: History,
    policy: Policy,
    assessment_id: UUID | None = None,
) -> bool:
    """The same of a rule that reads the household, as of the latest assessment that the clue rests on:
    by the event that says it, or by its id once another event does."""
    if clue.rule_id is None:
        return True
    behind = [
        n
        for n, income in enumerate(household.incomes)
        if income.event_id in clue.evidence
        or (assessment_id and income.assessment_id == assessment_id)
    ]
    then = replace(household, incomes=household.incomes[behind[0] if behind else 0 :])
    by_income = any(found.rule_id == clue.rule_id for found in of_incomes(then, policy))
    return by_income or (clue.rule_id in OVER_FACTS and supported(clue, [], then, history, policy))


def waits(
    clue: Cited,
    household: KnownHousehold,
    history: History,
    policy: Policy,
    assessment_id: UUID,
) -> bool:
    """Whether a clue that nobody decided on is borne out, if at all, by facts that may not be used now."""
    if not history.withheld or clue.rule_id not in OVER_FACTS or is_decided(household.stage):
        return False
    return not borne_out(clue, household, History([*history.all]), policy, assessment_id)
