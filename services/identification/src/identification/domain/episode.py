"""The way to a confirmation: T1–T3 and T10 with their guards, each a small function."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta
from typing import Any

from common.decider import Refused
from contracts.codes import Channel, RiskType, Severity
from contracts.episodes import (
    EpisodeEvent,
    HouseholdFoundNotAtRisk,
    HouseholdVerified,
    MonitoringConfirmed,
    RiskClueAttached,
    RiskDetected,
    VerificationStarted,
)
from contracts.evidence import ClueEvidenceAdded, ClueUnverified
from contracts.inquiries import AuthorisationRefused
from identification.domain.assessments import assess, proposed_class
from identification.domain.commands import (
    ConfirmMonitoring,
    ReportRisk,
    StartVerification,
    VerifyHousehold,
)
from identification.domain.corrections import still_fits
from identification.domain.files import Reported
from identification.domain.guards import (
    Taken,
    answered,
    apart,
    begun_on,
    class_does_not_fit,
    disaster_named,
    in_order,
    not_in_future,
    undisputed,
    without_personal_data,
)
from identification.domain.handover import MERGER_RULE
from identification.domain.officers import fit_to_be_sent
from identification.domain.risks import answered_by, unverified
from identification.domain.rulebook import OF_DEPARTMENTS
from identification.domain.stages import ClueOpen, TownReviewed, Verified, Verifying, monitored_of
from identification.domain.states import Household

RISING = list(Severity)
MAX_RISKS = 5


def report(c: ReportRisk, household: Household) -> list[EpisodeEvent]:
    """T1. The first clue opens a case, later ones join it. A report of what is known already adds evidence
    at most."""
    not_in_future(c.discovered_on, c.today, "discovered_on")
    without_personal_data(summary=c.summary_zh)
    if not c.risk_types or (c.rule_id and not c.evidence_event_ids):
        raise Refused("clue-needs-evidence")
    if (c.medium is not None) is not (c.channel is Channel.SELF_DECLARATION):
        raise Refused("declaration-medium")
    if c.rule_id == MERGER_RULE and (monitored := monitored_of(household.case)):
        new = tuple(risk for risk in c.risk_types if risk not in monitored.risks)
        if not new:
            return []  # recorded already, or taken over with the episode
        c = replace(c, risk_types=new)
    known = [_known(c, household, risk) for risk in c.risk_types]
    if c.clue_id in household.clue_ids or all(known):
        return _added(c, household, known)
    shared: dict[str, Any] = {
        "household_id": household.id,
        "clue_id": c.clue_id,
        "channel": c.channel,
        "risk_types": list(c.risk_types),
        "severity": c.severity,
        "evidence_event_ids": list(c.evidence_event_ids),
        "rule_id": c.rule_id,
        "rule_version": c.rule_version,
        "discovered_on": c.discovered_on,
        "summary_zh": c.summary_zh,
        "summary_en": c.summary_en,
        "medium": c.medium,
    }
    if household.case:
        return [RiskClueAttached(**shared)]
    return [RiskDetected(**shared, due_on=c.policy.due_on(c.discovered_on))]


def _known(c: ReportRisk, household: Household, risk: RiskType) -> Reported | None:
    """The report that says this already: within the window one risk of a household is one clue, whichever
    departments report it, unless the severity rises (rule of engagement 3).

    What people say in an open case is a further clue and joins (A12). When no case is open, two are always
    heard: a family's own declaration, since it may be an appeal (T4), and the open clue of a household that
    was taken in, since it was reported of another household (A54).
    """
    heard = c.channel is Channel.SELF_DECLARATION or c.rule_id == MERGER_RULE
    if household.case is None and heard:
        return None
    window = timedelta(days=c.policy.clue_dedupe_days)
    found = (
        known
        for known in household.reported
        if known.risk_type is risk
        and abs(c.discovered_on - known.discovered_on) <= window
        and RISING.index(c.severity) <= RISING.index(known.severity)
        and (household.case is None or _is_evidence_of(known, c, household))
    )
    return min(found, key=lambda known: known.rule_id != c.rule_id, default=None)


def _is_evidence_of(known: Reported, c: ReportRisk, household: Household) -> bool:
    """Whether the same rule found it again; or departments reported both, and people are still to verify the
    first. What another department reports after that is a clue to be looked at (T7, E6)."""
    again = c.rule_id is not None and c.rule_id == known.rule_id
    by_departments = {c.rule_id, known.rule_id} <= OF_DEPARTMENTS
    to_be_verified = isinstance(household.case, ClueOpen | Verifying)
    return again or (by_departments and to_be_verified and known.clue_id in household.open_clues)


def _added(
    c: ReportRisk, household: Household, reported: Iterable[Reported | None]
) -> list[EpisodeEvent]:
    """What is found again is evidence of its clue, each piece once.

    Only clues of the open case get evidence: a clue that was decided on keeps what it was decided by.
    """
    for known in reported:
        if known is None or c.rule_id is None or known.clue_id not in household.open_clues:
            continue
        new = [piece for piece in c.evidence_event_ids if piece not in known.evidence]
        if new:
            return [
                ClueEvidenceAdded(
                    household_id=household.id,
                    clue_id=known.clue_id,
                    rule_id=c.rule_id,
                    evidence_event_ids=new,
                    evidence_count=len(new),
                    discovered_on=known.discovered_on,
                    found_on=c.discovered_on,
                    summary_zh=c.summary_zh,
                    summary_en=c.summary_en,
                )
            ]
    return []


def start(c: StartVerification, household: Household) -> list[EpisodeEvent]:
    """T2. At least two officers are sent, who have declared whether they are relatives; no relative and no
    member of the family is sent."""
    in_order(c.started_on, begun_on(household), c.today, "started_on")
    fit_to_be_sent(c.officers, household, c.recused, declared=c.recusal_declared, policy=c.policy)
    return [
        VerificationStarted(
            household_id=household.id,
            officers=list(dict.fromkeys(c.officers)),
            officer_count=len(set(c.officers)),
            started_on=c.started_on,
            recused=list(dict.fromkeys(c.recused)),
        )
    ]


def verify(c: VerifyHousehold, household: Household, case: Verifying) -> list[EpisodeEvent]:
    """T3. In person, at home, with the income of twelve whole months; the class follows from it.

    If no class fits, the household is found not at risk, and the town has to confirm that (T4).
    """
    in_order(c.seen.on, case.started_on, c.today, "verified_on")
    without_personal_data(self_ability=c.self_ability)
    if not c.in_person_at_home:
        raise Refused("home-visit-needed")
    assessed, safe = assess(c.seen, household, c.policy)
    proposed = proposed_class(assessed, household, c.policy)
    shared: dict[str, Any] = {
        "household_id": assessed.household_id,
        "verified_on": c.seen.on,
        "assessment_id": assessed.assessment_id,
        "self_ability": c.self_ability,
        "verified_by": c.by,
    }
    if proposed is None:
        return [assessed, safe, HouseholdFoundNotAtRisk(**shared)]
    if not 1 <= len(set(c.risk_types)) <= MAX_RISKS:
        raise Refused("one-to-five-risks", named=len(set(c.risk_types)))
    disaster_named(c.risk_types, c.disaster_subtype)
    verified = HouseholdVerified(
        **shared,
        risk_types=list(dict.fromkeys(c.risk_types)),
        proposed_class=proposed,
        disaster_subtype=c.disaster_subtype,
        unverified=[
            ClueUnverified(clue_id=clue.clue_id, risk_types=sorted(clue.risk_types))
            for clue in household.opened.clues
            if clue.discovered_on > c.seen.on
        ],
    )
    return [assessed, safe, verified]


def confirm(
    c: ConfirmMonitoring, household: Household, case: TownReviewed, before: Verified
) -> list[EpisodeEvent]:
    """T10 and S2-07. The day of discovery is day 0; until day 15 it is in time, and later it needs a reason."""
    in_order(c.confirmed_on, case.approved_on, c.today, "confirmed_on")
    file = household.opened
    apart(c.by, before.by | {case.approved_by}, before=Taken.TOWN_REVIEW)
    undisputed(household, c.confirmed_on, "confirmed_on")
    answered(household, c.confirmed_on, "confirmed_on")
    if isinstance(file.consent, AuthorisationRefused) and not case.visit_only:
        raise Refused("authorisation-was-refused")  # since the town approved
    expected = before.verified.proposed_class
    if not still_fits(household, before, c.policy):
        raise Refused("verification-corrected")
    if c.monitored_class is not expected:
        raise class_does_not_fit(expected)
    without_personal_data(late_reason=c.late_reason or "")
    elapsed = (c.confirmed_on - file.discovered_on).days
    late = c.confirmed_on > file.due_on
    if late and not (c.late_reason or "").strip():
        raise Refused("late-needs-reason", elapsed=elapsed, due_on=file.due_on)
    return [
        MonitoringConfirmed(
            household_id=household.id,
            episode_id=c.episode_id,
            episode_no=household.episodes + 1,
            monitored_class=c.monitored_class,
            risk_types=before.verified.risk_types,
            labour_household=household.had_labour(c.confirmed_on),
            assessment_id=before.income.assessment_id,
            discovered_on=file.discovered_on,
            confirmed_on=c.confirmed_on,
            elapsed_days=elapsed,
            late=late,
            late_reason=c.late_reason if late else None,
            # T17: a risk after an elimination went the whole way again, as the next episode.
            eliminated_before_on=household.eliminated.on if household.eliminated else None,
            emergency_grants=[grant.grant_id for grant in file.emergency],
            disaster_subtype=before.verified.disaster_subtype,
            answered=answered_by(unverified(file), before.verified.risk_types),
        )
    ]
