"""A50: a corrected or retracted fact reaches the cases that rest on it; people decide."""

from common.ids import derived_id
from common.intents import Intent
from contracts.envelope import Envelope
from contracts.evidence import Change
from contracts.facts import DepartmentFactCorrected, DepartmentFactRetracted
from identification.domain.evidence import EVIDENCE, ReplaceEvidence
from identification.domain.findings import Counted, History, KnownHousehold
from identification.domain.policy import Policy
from identification.domain.rulebook import findings
from identification.effects.clues import around, as_counted
from identification.effects.heard import Heard, day_of, following
from identification.read_model import evidence
from identification.read_model.evidence import Cited

Changed = DepartmentFactCorrected | DepartmentFactRetracted


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
            household, today = known[clue.household_id], day_of(event)
            policy = heard.policies.of(household.region, today)
            corrected = isinstance(fact, DepartmentFactCorrected)
            now = [as_counted(event, fact)] if isinstance(fact, DepartmentFactCorrected) else []
            intents.append(
                Intent(
                    stream=f"evidence-of-household-{clue.household_id}",
                    household_id=clue.household_id,
                    decider=EVIDENCE,
                    command=ReplaceEvidence(
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
                        today=today,
                    ),
                    context=following(event, household.region, today, policy.version),
                )
            )
    return intents


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
