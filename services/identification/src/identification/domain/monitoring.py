"""A confirmed episode while it lasts, its ends without elimination (T18, T19), and T20."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import assert_never

from common.decider import Refused
from contracts.assessments import IncomeAssessed, SafeguardAssessed
from contracts.households import HouseholdAbsorbed, HouseholdDeregistered, RegisterEvent
from contracts.monitoring import (
    ClosingReason,
    EntrySubject,
    MonitoringCancelled,
    MonitoringCategoryChanged,
    MonitoringClosed,
    MonitoringEvent,
    ProvincialPlatformEntryRecorded,
    RecordCorrected,
    ResponsiblePersonAssigned,
    RiskFactorAdded,
    RiskFactorResolved,
)
from identification.domain import corrections, responsible, risks
from identification.domain.assessments import assess, proposed_class
from identification.domain.episode import MAX_RISKS
from identification.domain.guards import (
    Needed,
    class_does_not_fit,
    disaster_named,
    explained,
    in_order,
    last_step,
    monitored_since,
    out_of_order,
    without_personal_data,
)
from identification.domain.handover import CLOSED_BY
from identification.domain.known_incomes import assessed_in, day_of
from identification.domain.monitoring_commands import (
    AddRiskFactor,
    CancelMonitoring,
    ChangeClass,
    CloseMonitoring,
    CorrectRecord,
    MonitoringCommand,
    ReassessHousehold,
    RecordPlatformEntry,
    ResolveRiskFactor,
)
from identification.domain.responsible import AssignResponsible
from identification.domain.stages import Monitored, monitored_of
from identification.domain.states import Household


def advance(
    command: MonitoringCommand, household: Household
) -> Sequence[MonitoringEvent | corrections.Corrected]:
    """What follows. Raises `Refused`."""
    match command:
        case CorrectRecord():
            return corrections.correct(command, household)
        case RecordPlatformEntry():
            return _enter(command, household)
        case CloseMonitoring():
            return _close(command, household)
        case AssignResponsible():
            return responsible.assign(command, household)
        case _ if not isinstance(household.case, Monitored):
            raise out_of_order(Needed.MONITORED, household)
        case ReassessHousehold():
            return _reassess(command, household, household.case)
        case ChangeClass():
            return _change(command, household, household.case)
        case AddRiskFactor():
            return _add(command, household, household.case)
        case ResolveRiskFactor():
            return _resolve(command, household, household.case)
        case CancelMonitoring():
            return _cancel(command, household, household.case)
        case _:
            assert_never(command)


def _reassess(
    c: ReassessHousehold, household: Household, case: Monitored
) -> list[IncomeAssessed | SafeguardAssessed]:
    """At home, as for T3. Sending the same assessment again records nothing."""
    if any(a.assessment_id == c.seen.assessment_id for a in household.assessments):
        return []
    in_order(c.seen.on, case.confirmed.confirmed_on, c.today, "seen_on")
    if not c.in_person_at_home:
        raise Refused("home-visit-needed")
    return [*assess(c.seen, household, c.policy)]


def _change(c: ChangeClass, household: Household, case: Monitored) -> list[MonitoringEvent]:
    """The invariants of T10 on the latest assessment."""
    if c.monitored_class is case.monitored_class:
        return []
    latest = next(reversed(assessed_in(household, case)), None)
    since = monitored_since(case, household)
    in_order(c.changed_on, max(since, day_of(latest)) if latest else since, c.today, "changed_on")
    explained(reason=c.reason)
    expected = proposed_class(latest, household, c.policy) if latest else None
    if latest is None or c.monitored_class is not expected:
        raise class_does_not_fit(expected)
    return [
        MonitoringCategoryChanged(
            household_id=household.id,
            episode_id=case.confirmed.episode_id,
            old=case.monitored_class,
            new=c.monitored_class,
            assessment_id=latest.assessment_id,
            reason=c.reason,
            changed_on=c.changed_on,
            changed_by=c.by,
        )
    ]


def _add(c: AddRiskFactor, household: Household, case: Monitored) -> list[MonitoringEvent]:
    """At most five risks. A clue that it answers waits on this episode and names that risk."""
    clue = next((clue for clue in case.unhandled if clue.clue_id == c.clue_id), None)
    if c.clue_id and clue is None:
        raise Refused("clue-not-open", clues=[clue.clue_id for clue in case.unhandled])
    if clue and c.risk_type not in clue.risk_types:
        raise Refused("clue-names-another-risk", risks=sorted(clue.risk_types))
    known = c.risk_type in case.risks and c.disaster_subtype in (None, case.disaster)
    if known and not (clue and risks.answers(clue, case.risks)):
        return []
    since = monitored_since(case, household)
    in_order(c.added_on, max(since, clue.discovered_on) if clue else since, c.today, "added_on")
    without_personal_data(evidence=c.evidence)
    disaster_named([c.risk_type], c.disaster_subtype)
    if len(named := list(dict.fromkeys((*case.risks, c.risk_type)))) > MAX_RISKS:
        raise Refused("one-to-five-risks", named=len(named))
    return [
        RiskFactorAdded(
            household_id=household.id,
            episode_id=case.confirmed.episode_id,
            risk_type=c.risk_type,
            clue_id=c.clue_id,
            evidence=c.evidence,
            added_on=c.added_on,
            disaster_subtype=c.disaster_subtype,
            risk_types=named,
            clue_answered=clue is not None and risks.answers(clue, named),
        )
    ]


def _resolve(c: ResolveRiskFactor, household: Household, case: Monitored) -> list[MonitoringEvent]:
    """By measures; the last risk goes with the elimination (T13), not here."""
    if c.risk_type not in case.risks:
        raise Refused("risk-not-recorded", risks=case.risks)
    if case.risks == (c.risk_type,):
        raise Refused("last-risk")
    if not c.by_measure_ids:
        raise Refused("measures-needed")
    in_order(c.resolved_on, monitored_since(case, household), c.today, "resolved_on")
    if (added_on := case.added_on.get(c.risk_type)) and c.resolved_on < added_on:
        raise Refused("resolved-before-added", added_on=added_on)
    return [
        RiskFactorResolved(
            household_id=household.id,
            episode_id=case.confirmed.episode_id,
            risk_type=c.risk_type,
            by_measure_ids=list(dict.fromkeys(c.by_measure_ids)),
            resolved_on=c.resolved_on,
            risk_types=[risk for risk in case.risks if risk is not c.risk_type],
        )
    ]


def _cancel(c: CancelMonitoring, household: Household, case: Monitored) -> list[MonitoringEvent]:
    """T18. A county decision, with evidence and a reason."""
    in_order(c.cancelled_on, last_step(household), c.today, "cancelled_on")
    explained(reason=c.reason)
    return [
        MonitoringCancelled(
            household_id=household.id,
            episode_id=case.confirmed.episode_id,
            reason=c.reason,
            evidence_hash=c.evidence_hash,
            cancelled_on=c.cancelled_on,
            cancelled_by=c.by,
        )
    ]


def _close(c: CloseMonitoring, household: Household) -> list[MonitoringEvent]:
    """T19, by hand: only what the register does not already say."""
    if household.case is None:
        raise out_of_order(Needed.ANY_CASE, household)
    if c.reason is not ClosingReason.URBANISED:
        told = {"reason_zh": c.reason.zh, "reason_en": c.reason.en}
        raise Refused("close-through-register", reason=c.reason, **told)
    in_order(c.closed_on, last_step(household), c.today, "closed_on")
    return [_closed(household, c.reason, c.closed_on, c.evidence_hash)]


def closed_by(events: Sequence[RegisterEvent], household: Household) -> list[MonitoringEvent]:
    """T19: a change of the register ends the case, at any stage, but not before the day of its last step."""
    if household.case is None:
        return []
    for event in events:
        match event:
            case HouseholdAbsorbed():
                on = max(event.effective_on, last_step(household))
                return [_closed(household, ClosingReason.MERGED, on)]
            case HouseholdDeregistered():
                on = max(event.effective_on, last_step(household))
                return [_closed(household, CLOSED_BY[event.reason], on)]
    return []


def _closed(
    household: Household, reason: ClosingReason, on: date, evidence_hash: str | None = None
) -> MonitoringClosed:
    monitored = monitored_of(household.case)
    return MonitoringClosed(
        household_id=household.id,
        episode_id=monitored.confirmed.episode_id if monitored else None,
        reason=reason,
        evidence_hash=evidence_hash,
        closed_on=on,
    )


def _enter(c: RecordPlatformEntry, household: Household) -> list[MonitoringEvent]:
    """S8.4-01. After the decision. One entry covers every decision of its kind up to its day, and is late
    if it is late for the oldest of them."""
    waiting = household.decided.get(c.subject, ())
    known = household.entered.get(c.subject)
    if known == c.platform_no and not (waiting and waiting[0] <= c.entered_on):
        return []
    if not waiting:
        told = {"subject_zh": c.subject.zh, "subject_en": c.subject.en}
        code = "entered-already" if known else "nothing-decided"
        raise Refused(code, subject=c.subject, **told)
    decided_on = waiting[0]
    in_order(c.entered_on, decided_on, c.today, "entered_on")
    without_personal_data(platform_no=c.platform_no)
    days = (c.entered_on - decided_on).days
    return [
        ProvincialPlatformEntryRecorded(
            household_id=household.id,
            subject=c.subject,
            platform_no=c.platform_no,
            decided_on=decided_on,
            entered_on=c.entered_on,
            days=days,
            late=days > c.policy.platform_entry_days,
        )
    ]


def _entered(household: Household, event: ProvincialPlatformEntryRecorded) -> Household:
    """What was decided after the day of the entry is still owed."""
    waiting = household.decided.get(event.subject, ())
    later = tuple(on for on in waiting if on > event.entered_on)
    return replace(
        household,
        decided={**household.decided, event.subject: later},
        entered={**household.entered, event.subject: event.platform_no},
    )


def evolve(household: Household, event: MonitoringEvent) -> Household:
    """Fold one."""
    case = household.case
    match event:
        case RecordCorrected():
            return corrections.corrected(household, event)
        case ProvincialPlatformEntryRecorded():
            return _entered(household, event)
        case ResponsiblePersonAssigned():
            return responsible.assigned(household, event)
        case MonitoringClosed():
            ended = household.after(event.reason, event.closed_on)
            # A case that was not confirmed ends without a word on what was decided before it.
            return replace(ended, decided={}) if event.episode_id else ended
        case MonitoringCancelled():
            return replace(household.after("CANCELLED", event.cancelled_on), decided={})
        case MonitoringCategoryChanged():
            assert isinstance(case, Monitored)
            changed = replace(case.changed(event.changed_on), monitored_class=event.new)
            return replace(household, case=changed).decide(EntrySubject.CHANGE, event.changed_on)
        case RiskFactorAdded():
            assert isinstance(case, Monitored)
            file = risks.with_answered(household.opened, event)
            household = replace(household, case=risks.added(case, event), file=file)
            return household.decide(EntrySubject.CHANGE, event.added_on)
        case RiskFactorResolved():
            assert isinstance(case, Monitored)
            changed = risks.resolved(case, event)
            return replace(household, case=changed).decide(EntrySubject.CHANGE, event.resolved_on)
        case _:
            assert_never(event)
