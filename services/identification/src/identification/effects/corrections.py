"""A50, T20: a fact or an assessment that was corrected or retracted reaches the cases that rest on it;
people decide."""

from collections.abc import Sequence
from datetime import date
from uuid import UUID

from common.intents import Intent
from contracts.assessments import IncomeAssessed
from contracts.envelope import Envelope
from contracts.facts import DepartmentFactCorrected, DepartmentFactRetracted
from contracts.monitoring import RecordCorrected
from identification import unmatched
from identification.domain.facts import key_of
from identification.domain.findings import History
from identification.effects.clues import as_counted
from identification.effects.heard import Heard, day_of
from identification.effects.weighing import (
    borne_out,
    missing,
    said_anew,
    supported,
    types_behind,
    waits_for,
)
from identification.read_model import evidence, facts, rules
from identification.read_model.evidence import Cited

Changed = DepartmentFactCorrected | DepartmentFactRetracted


async def of_evidence(heard: Heard) -> list[Intent]:
    """A review or a replacement for each clue of an open case that cites what was changed, in whatever
    version. Of several changes of one record the last counts. Six queries for all of them.

    Where the answer depends on facts that may not be used now (PIPL 47), it is given when they may be used
    again.
    """
    changed: list[tuple[Envelope, Changed]] = heard.of(
        DepartmentFactCorrected, DepartmentFactRetracted
    )
    told = {key_of(f.department, f.fact_type, f.record_key): (e, f) for e, f in changed}
    if not told:
        return []
    versions = [(key, fact.record_version) for key, (_, fact) in told.items()]
    before = await facts.versions_before(heard.connection, versions)
    cited = await evidence.citing(heard.connection, [*before])
    if not cited:
        return []
    ids = list({clue.household_id for clues in cited.values() for clue in clues})
    known = await rules.households(heard.connection, ids)
    types = sorted(types_behind(cited))
    histories = await facts.counted(heard.connection, ids, types, date.min)
    intents, withheld = [], list[tuple[UUID, UUID]]()
    for previous, clues in cited.items():
        event, fact = told[before[previous]]
        for clue in clues:
            home = clue.household_id
            household, history = known[home], _with(histories[home], event, fact, clue)
            policy = heard.policies.of(household.region, day_of(event))
            bears = supported(clue, household, history, policy)
            if persons := waits_for(clue, household, history, bears):
                withheld += [(event.event_id, person) for person in persons]
                continue
            still = bears or bool(missing(clue, history))
            intents.append(said_anew(heard, event, household, previous, clue.clue_id, still, home))
    await unmatched.withhold(heard.connection, withheld)
    return intents


def _with(history: History, event: Envelope, fact: Changed, clue: Cited) -> History:
    """The history, with a corrected fact about somebody who lives in another household by now: the clue
    still rests on it."""
    moved = fact.household_id != clue.household_id and fact.person_id not in clue.hidden
    if not isinstance(fact, DepartmentFactCorrected) or not moved:
        return history
    if any(seen.event_id == event.event_id for seen in history.all):
        return history
    return History([*history.all, as_counted(event, fact)], history.withheld)


async def of_records(heard: Heard) -> list[Intent]:
    """T20: the same for clues that cite an assessment; and a review of each decision that rests on one
    which no clue cites."""
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
    """What is to be said of each clue that rests on an earlier version of these assessments.

    Where the answer depends on facts that may not be used now (PIPL 47), it is given when they may be used
    again.
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
    types = sorted(types_behind(cited))
    histories = await facts.counted(heard.connection, ids, types, date.min)
    intents, withheld = [], list[tuple[UUID, UUID]]()
    for event, assessed in last:
        household, history = known[assessed.household_id], histories[assessed.household_id]
        policy = heard.policies.of(household.region, day_of(event))
        for previous in before[event.event_id]:
            for clue in cited.get(previous, ()):
                bears = borne_out(clue, household, history, policy, assessed.assessment_id)
                if persons := waits_for(clue, household, history, bears):
                    withheld += [(event.event_id, person) for person in persons]
                    continue
                still = bears or bool(missing(clue, history))
                intents.append(said_anew(heard, event, household, previous, clue.clue_id, still))
    await unmatched.withhold(heard.connection, withheld)
    return intents
