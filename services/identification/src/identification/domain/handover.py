"""How the open episode of a household is handed over in a merger, and taken over by the other household."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

from contracts.codes import Deregistration, RiskType, Severity
from contracts.eliminations import EliminationLapsed
from contracts.handover import HelpGiven, OpenCase, RiskSince, ToEnter
from contracts.households import EmergencyHelpTakenOver, EpisodeTakenOver, RegisterEvent
from contracts.monitoring import ClosingReason
from identification.domain.files import Breached, CaseFile, Clue
from identification.domain.guards import last_step
from identification.domain.obligations import owed
from identification.domain.register_commands import RegisterCommand, TakeIn
from identification.domain.risks import answers
from identification.domain.stages import Monitored, elimination_of, monitored_of
from identification.domain.states import Household

MERGER_RULE = "HOUSEHOLD-MERGED"  # by which a clue of an absorbed household is reported

# Why monitoring ends with a household that leaves the register.
CLOSED_BY = {
    Deregistration.ALL_DECEASED: ClosingReason.ALL_DECEASED,
    Deregistration.MOVED_OUT_OF_COUNTY: ClosingReason.MOVED_OUT,
    Deregistration.ALL_LEFT: ClosingReason.ALL_LEFT,
}


def risks_if_monitored(household: Household, on: date) -> list[RiskType] | None:
    """The risks of a household that is monitored, or of one that was on that day and whose risk was
    eliminated since; `None` for any other."""
    monitored, gone = monitored_of(household.case), household.eliminated
    if gone and gone.monitored.confirmed.confirmed_on <= on < gone.on:
        monitored = gone.monitored
    return sorted(monitored.risks) if monitored else None


def open_case(household: Household, on: date) -> OpenCase | None:
    """The open episode, as it is handed over on a day.

    A household without labour is outside the county's target until its episode comes to a household that
    has some (A42).
    """
    case, file = household.case, household.file
    if case is None or file is None:
        return None
    monitored = monitored_of(case)
    known, waiting = household.breached, owed(household) if monitored else []
    told = [r.severity for r in household.reported if r.risk_type in file.risk_types]
    return OpenCase(
        discovered_on=file.discovered_on,
        due_on=file.due_on,
        risk_types=sorted(file.risk_types),
        severity=max(told, key=list(Severity).index, default=Severity.YELLOW),
        confirmed=monitored.confirmed if monitored else None,
        monitored_class=monitored.monitored_class if monitored else None,
        disaster_subtype=monitored.disaster if monitored else None,
        to_enter=[
            ToEnter(subject=s, decided_on=d, breached=(s, d) in known.entries) for s, d in waiting
        ],
        target_missed=bool(monitored and known.episode_id == monitored.confirmed.episode_id),
        open_again_on=_counts_since(household, on) if monitored else None,
        risks=sorted(monitored.risks) if monitored else [],
        waiting=sorted({risk for clue in household.unhandled for risk in clue.risk_types}),
        recused=list(file.recused) if monitored else [],
        changed_on=monitored.changed_on if monitored else None,
        added=[RiskSince(risk_type=r, added_on=on) for r, on in sorted(monitored.added_on.items())]
        if monitored
        else [],
    )


def help_given(household: Household) -> list[HelpGiven]:
    """The emergency help that no confirmation has taken up, with a case or without (T12)."""
    ended = household.ended
    if household.file:
        of_case = () if monitored_of(household.case) else household.file.emergency
    else:
        of_case = ended.help_left if ended else ()
    warned = household.grants_warned
    return [
        HelpGiven(grant=grant, warned=grant.grant_id in warned)
        for grant in (*household.grants, *of_case)
    ]


def helped(household: Household, event: EmergencyHelpTakenOver) -> Household:
    """The help of an absorbed household belongs to the open case, or waits for one (T12)."""
    grants = tuple(given.grant for given in event.help_given)
    told = {given.grant.grant_id for given in event.help_given if given.warned}
    household = replace(
        household,
        grant_ids=household.grant_ids | {grant.grant_id for grant in grants},
        grants_warned=household.grants_warned | told,
    )
    if household.file is None:
        return replace(household, grants=(*household.grants, *grants))
    return replace(household, file=household.file.with_help(grants))


def handed_on(case: OpenCase) -> list[RiskType]:
    """The risks that somebody has to look at in the other household, unless it takes them over with the
    episode."""
    return sorted({*case.risks, *case.waiting} if case.confirmed else {*case.risk_types})


def _counts_since(household: Household, on: date) -> date | None:
    return household.breached.open_again_on if household.has_labour else on


def earlier(household: Household, case: OpenCase | None) -> OpenCase | None:
    """The case, if it was confirmed before this household's own case (A54)."""
    if case is None or case.confirmed is None:
        return None
    own = monitored_of(household.case)
    if own and own.confirmed.confirmed_on <= case.confirmed.confirmed_on:
        return None
    return case


def risks_of_both(household: Household, case: OpenCase) -> tuple[RiskType, ...]:
    """The open risks of a household that takes over a confirmed episode."""
    assert case.confirmed is not None, "only a confirmed episode is taken over"
    monitored = monitored_of(household.case)
    theirs = case.risks or case.confirmed.risk_types  # older events do not tell how they stand
    return tuple(dict.fromkeys((*(monitored.risks if monitored else ()), *theirs)))


def lapsed(
    command: RegisterCommand, changed: Sequence[RegisterEvent], household: Household
) -> list[EliminationLapsed]:
    """A proposed elimination was about the household's own episode. It lapses when an earlier one, with
    more risks, takes that one's place."""
    over = any(isinstance(event, EpisodeTakenOver) for event in changed)
    elimination = elimination_of(household.case)
    if not (isinstance(command, TakeIn) and over and elimination):
        return []
    return [
        EliminationLapsed(
            household_id=household.id,
            episode_id=elimination.proposed.episode_id,
            proposed_on=elimination.proposed.proposed_on,
            lapsed_on=max(command.effective_on, last_step(household)),
        )
    ]


def taken_over(household: Household, event: EpisodeTakenOver) -> Household:
    """The household is monitored from the day of the confirmation that it took over, with the risks of both
    households. Assessments made here before are about other people, so they end nothing (E2–E5)."""
    case, confirmed = event.case, event.case.confirmed
    assert confirmed is not None, "only a confirmed episode is taken over"
    clue = Clue(confirmed.episode_id, frozenset(case.risk_types), case.discovered_on)
    own = household.file.clues if household.file else ()
    file = CaseFile(
        case_id=household.file.case_id if household.file else confirmed.episode_id,
        channel=household.file.channel if household.file else None,
        discovered_on=case.discovered_on,
        due_on=case.due_on,
        clues=(*own, clue),
        recused=(*household.recused, *case.recused),
        verified=household.file.verified if household.file else frozenset(),
        emergency=household.file.emergency if household.file else (),
    )
    episodes = max(household.episodes, confirmed.episode_no)
    monitored, risks = monitored_of(household.case), risks_of_both(household, case)
    known = monitored.risks if monitored else ()
    added = {since.risk_type: since.added_on for since in case.added}
    named = monitored.disaster if monitored else None
    here = Monitored(
        confirmed,
        event.monitored_class,
        risks,
        # Clues of a case that was not decided wait to be looked at (E6).
        unhandled=monitored.unhandled
        if monitored
        else tuple(clue for clue in own if not answers(clue, risks)),
        added_on={
            **{risk: day for risk, day in added.items() if risk not in known},
            **(monitored.added_on if monitored else {}),
        },
        changed_on=max(
            case.changed_on or date.min, monitored.changed_on if monitored else date.min
        ),
        disaster=named or case.disaster_subtype or confirmed.disaster_subtype,
        foreign=frozenset(assessed.assessment_id for assessed in household.assessments),
    )
    file = file.with_help(household.grants)
    here_now = replace(household, case=here, file=file, grants=(), episodes=episodes)
    return _owing(replace(here_now, eliminated=None, safeguards=None), case)


def _owing(household: Household, case: OpenCase) -> Household:
    """Add what is still to be entered for the episode taken over, and what was said of that episode to be
    late."""
    assert case.confirmed is not None, "only a confirmed episode is taken over"
    for entry in case.to_enter:
        household = household.decide(entry.subject, entry.decided_on)
    late = {(entry.subject, entry.decided_on) for entry in case.to_enter if entry.breached}
    missed = case.confirmed.episode_id if case.target_missed else None
    breached = Breached(household.breached.entries | late, missed, case.open_again_on)
    return replace(household, breached=breached)
