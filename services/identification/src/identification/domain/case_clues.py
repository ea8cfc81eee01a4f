"""The clues of a case, and what was reported before: how they fold."""

from collections.abc import Collection, Iterable
from dataclasses import replace

from contracts.codes import RiskType
from contracts.episodes import (
    ClueRejected,
    CluesCarriedOver,
    ClueWithdrawn,
    RiskClueAttached,
    RiskDetected,
)
from contracts.evidence import ClueEvidenceAdded
from identification.domain.files import CaseFile, Clue, Reported
from identification.domain.policy import Policy
from identification.domain.risks import answers, looked_at, unverified
from identification.domain.stages import ClueOpen, monitored_of, with_monitored
from identification.domain.states import Household


def too_late(file: CaseFile, risks: Iterable[RiskType]) -> tuple[Clue, ...]:
    """E6: clues that joined after the verification and name a risk that the verification did not find."""
    return tuple(clue for clue in unverified(file) if not answers(clue, risks))


def carry_over(
    clues: Collection[Clue], household: Household, policy: Policy
) -> list[CluesCarriedOver]:
    """When a case ends, the clues in it that nobody has looked at become a case of their own (S2-05)."""
    if not clues:
        return []
    discovered_on = min(clue.discovered_on for clue in clues)
    return [
        CluesCarriedOver(
            household_id=household.id,
            clue_ids=[clue.clue_id for clue in clues],
            clue_count=len(clues),
            risk_types=sorted({risk for clue in clues for risk in clue.risk_types}),
            discovered_on=discovered_on,
            due_on=policy.due_on(discovered_on),
        )
    ]


def carried_over(household: Household, event: CluesCarriedOver) -> Household:
    """A new case of the clues that nobody had looked at when the last one ended. The emergency help that
    was given in that one belongs to the new one (T12)."""
    assert household.ended, "village or town ended a case"
    before = household.ended.file
    clues = tuple(clue for clue in before.clues if clue.clue_id in event.clue_ids)
    file = CaseFile(
        case_id=clues[0].clue_id,
        channel=clues[0].channel,
        discovered_on=event.discovered_on,
        due_on=event.due_on,
        clues=clues,
        emergency=before.emergency,
    )
    return replace(household, case=ClueOpen(), file=file)


def opened(household: Household, event: RiskDetected) -> Household:
    """A new case; emergency help that ran ahead belongs to it."""
    file = CaseFile(
        case_id=event.clue_id,
        channel=event.channel,
        discovered_on=event.discovered_on,
        due_on=event.due_on,
        clues=(_clue(event),),
    )
    file = with_help_ahead(file, household)
    return replace(household, case=ClueOpen(), file=file, grants=())


def with_help_ahead(file: CaseFile, household: Household) -> CaseFile:
    """The file with the emergency help that no episode has named yet: it was given without a case, or in
    the last case, which ended before it was confirmed (T12)."""
    before = household.ended
    earlier = before.help_left if before else ()
    return replace(file, emergency=(*earlier, *file.emergency)).with_help(household.grants)


def joined(household: Household, event: RiskClueAttached) -> Household:
    """The case with one clue more; its clock still counts from the first clue (A12)."""
    file, case, clue = household.opened, household.case, _clue(event)
    if monitored := monitored_of(case):
        waiting = replace(monitored, unhandled=(*monitored.unhandled, clue))
        case = with_monitored(case, waiting)
    return replace(household, case=case, file=replace(file, clues=(*file.clues, clue)))


def _clue(event: RiskDetected | RiskClueAttached) -> Clue:
    risks = frozenset(event.risk_types)
    return Clue(event.clue_id, risks, event.discovered_on, event.rule_id, event.channel)


def reported(household: Household, event: RiskDetected | RiskClueAttached) -> Household:
    """Remember the report, in place of an earlier one of the same risk by the same rule."""
    news = [
        Reported(
            event.clue_id,
            risk,
            event.rule_id,
            event.discovered_on,
            event.severity,
            frozenset(event.evidence_event_ids),
        )
        for risk in event.risk_types
    ]
    told = {(r.risk_type, r.rule_id) for r in news if r.rule_id}
    kept = [r for r in household.reported if (r.risk_type, r.rule_id) not in told]
    clue_ids = household.clue_ids | {event.clue_id}
    return replace(household, reported=(*kept, *news), clue_ids=clue_ids)


def richer(household: Household, event: ClueEvidenceAdded) -> Household:
    """The clue with more evidence, in place of the clue with less."""
    new = frozenset(event.evidence_event_ids)
    told = (
        replace(r, evidence=r.evidence | new) if r.clue_id == event.clue_id else r
        for r in household.reported
    )
    return replace(household, reported=tuple(told))


def handled(household: Household, event: ClueRejected | ClueWithdrawn) -> Household:
    """A clue that joined a confirmed episode was looked at."""
    monitored = monitored_of(household.case)
    if monitored is None:
        return household
    on = event.rejected_on if isinstance(event, ClueRejected) else event.withdrawn_on
    seen, file = looked_at(monitored, {event.clue_id}, on), household.opened
    file = file.with_looked_at([event.clue_id])
    return replace(household, case=with_monitored(household.case, seen), file=file)


def withdrawn(household: Household, event: ClueWithdrawn) -> Household:
    """The case without the clue. What the clue reported is forgotten: if it is reported again, that is a
    new clue."""
    told = tuple(r for r in household.reported if r.clue_id != event.clue_id)
    household = replace(handled(household, event), reported=told)
    if event.ends_case:
        return household.after("WITHDRAWN", event.withdrawn_on)
    clues = tuple(c for c in household.opened.clues if c.clue_id != event.clue_id)
    return replace(household, file=replace(household.opened, clues=clues))
