"""Whether the rules behind a clue still find the same, and what is said of it once that is known."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from uuid import UUID

from common.ids import derived_id
from common.intents import Intent
from contracts.envelope import Envelope
from contracts.evidence import Change
from contracts.fact_codes import FactType
from contracts.facts import DepartmentFactRetracted
from identification.domain.evidence import EVIDENCE, ReplaceEvidence, is_decided
from identification.domain.findings import History, KnownHousehold
from identification.domain.policy import Policy
from identification.domain.rulebook import OVER_FACTS, Rule, findings
from identification.domain.rules_of_income import of_incomes
from identification.effects.heard import Heard, day_of, following
from identification.read_model.evidence import Cited


def types_behind(cited: Mapping[UUID, Iterable[Cited]]) -> set[FactType]:
    """The types of facts that the rules behind these clues look at."""
    rules = {rule for clues in cited.values() for clue in clues for rule in _over_facts(clue)}
    return {seen for rule in rules for seen in (rule.hears, *rule.looks_back)}


def _over_facts(clue: Cited) -> list[Rule]:
    return [OVER_FACTS[rule] for rule in clue.rules & OVER_FACTS.keys()]


def supported(clue: Cited, household: KnownHousehold, history: History, policy: Policy) -> bool:
    """Whether a rule behind a clue still finds the same, judged by what is current and may be used. A clue
    that people raised is always supported: a fact behind it may change, what they saw does not."""
    return not clue.rules or any(
        found.rule_id in clue.rules
        for fact in history.all
        if fact.event_id in clue.evidence
        for found in findings(fact, household, history, policy)
    )


def borne_out(
    clue: Cited,
    household: KnownHousehold,
    history: History,
    policy: Policy,
    assessment_id: UUID | None = None,
) -> bool:
    """As `supported`, also for rules that read the household, which is taken as of the latest assessment
    that the clue rests on: by the event that says it, or by its id once another event does."""
    if not clue.rules:
        return True
    behind = [
        n
        for n, income in enumerate(household.incomes)
        if income.event_id in clue.evidence
        or (assessment_id and income.assessment_id == assessment_id)
    ]
    then = replace(household, incomes=household.incomes[behind[0] if behind else 0 :])
    return any(found.rule_id in clue.rules for found in of_incomes(then, policy)) or supported(
        clue, then, history, policy
    )


def missing(clue: Cited, history: History) -> frozenset[UUID]:
    """The persons whose data the rules behind a clue would look at, and may not now (PIPL 47). Meanwhile
    nobody says that the clue is not supported."""
    rules = _over_facts(clue)
    if not rules:
        return frozenset()
    return clue.hidden | history.withheld if any(r.looks_back for r in rules) else clue.hidden


def waits_for(
    clue: Cited, household: KnownHousehold, history: History, bears: bool
) -> frozenset[UUID]:
    """The persons for whose data an answer has to wait: those `missing`, if the rest does not bear the clue
    out and nobody has decided on it yet."""
    return frozenset() if bears or is_decided(household.stage) else missing(clue, history)


def said_anew(
    heard: Heard,
    event: Envelope,
    household: KnownHousehold,
    previous: UUID,
    clue_id: UUID,
    still_supported: bool,
    household_id: UUID | None = None,
) -> Intent:
    """Tell a household that `event` now says what a clue or a case rests on, in place of `previous`, or
    takes it back.

    `household_id` is given if it is not that of the event: a fact goes with its person into another
    household.
    """
    whose = household_id or event.household_id
    assert whose
    gone, today = event.type == DepartmentFactRetracted.__name__, day_of(event)
    return Intent(
        stream=f"evidence-of-household-{whose}",
        household_id=whose,
        decider=EVIDENCE,
        command=ReplaceEvidence(
            household_id=whose,
            task_id=derived_id(event.event_id, f"review:{clue_id}"),
            clue_id=clue_id,
            change=Change.RETRACTED if gone else Change.CORRECTED,
            previous_event_id=previous,
            event_id=None if gone else event.event_id,
            stage=household.stage,
            still_supported=still_supported,
            today=today,
        ),
        context=following(
            event,
            household.region,
            today,
            heard.policies.of(household.region, today).version,
        ),
    )
