"""What one household's episode is to another: how it is handed over in a merger, and taken over."""

from dataclasses import replace

from contracts.codes import RiskType, Severity
from contracts.households import EpisodeTakenOver, OpenCase
from identification.domain.files import CaseFile, Clue
from identification.domain.states import Household, Monitored


def risks_if_monitored(household: Household) -> list[RiskType] | None:
    """The risks of a monitored household; `None` for one that is not."""
    if not isinstance(household.case, Monitored):
        return None
    return sorted(household.opened.risk_types)


def open_case(household: Household) -> OpenCase | None:
    """The open episode, as it is handed over."""
    case, file = household.case, household.file
    if case is None or file is None:
        return None
    told = [r.severity for r in household.reported if r.risk_type in file.risk_types]
    return OpenCase(
        discovered_on=file.discovered_on,
        due_on=file.due_on,
        risk_types=sorted(file.risk_types),
        severity=max(told, key=list(Severity).index, default=Severity.YELLOW),
        confirmed=case.confirmed if isinstance(case, Monitored) else None,
    )


def earlier(household: Household, case: OpenCase | None) -> OpenCase | None:
    """The case, if it was confirmed before this household's own was (A54)."""
    if case is None or case.confirmed is None:
        return None
    own = household.case
    if isinstance(own, Monitored) and own.confirmed.confirmed_on <= case.confirmed.confirmed_on:
        return None
    return case


def taken_over(household: Household, event: EpisodeTakenOver) -> Household:
    """Monitored since the confirmation that was taken over; the risks of both."""
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
    )
    episodes = max(household.episodes, confirmed.episode_no)
    return replace(household, case=Monitored(confirmed), file=file, episodes=episodes)
