"""The risks of a household: which people found, added and resolved; which disaster is among them; and which
clues nobody has looked at."""

from collections.abc import Collection, Iterable
from dataclasses import replace
from datetime import date
from uuid import UUID

from contracts.codes import RiskType
from contracts.evidence import ClueAnswered
from contracts.monitoring import RiskFactorAdded, RiskFactorResolved
from identification.domain.files import CaseFile, Clue
from identification.domain.rules_of_income import BY_INCOME
from identification.domain.stages import Case, Monitored, Verified, monitored_of


def added(case: Monitored, event: RiskFactorAdded) -> Monitored:
    """With a further risk. The clue that it answers counts as looked at once all of its risks are recorded."""
    risks = tuple(dict.fromkeys((*case.risks, event.risk_type)))
    done = {c.clue_id for c in case.unhandled if c.clue_id == event.clue_id and answers(c, risks)}
    new = {} if event.risk_type in case.risks else {event.risk_type: event.added_on}
    case = replace(
        case.changed(event.added_on),
        added_on={**case.added_on, **new},
        risks=risks,
        disaster=event.disaster_subtype or case.disaster,
    )
    return looked_at(case, done, event.added_on)


def with_answered(file: CaseFile, event: RiskFactorAdded) -> CaseFile:
    """With the clue, if it is answered, looked at."""
    return file.with_looked_at([event.clue_id]) if event.clue_id and event.clue_answered else file


def looked_at(case: Monitored, clues: Collection[UUID], on: date) -> Monitored:
    """These clues were looked at on a day. Each was open from its discovery until then (E6)."""
    days = ((c.discovered_on, on) for c in case.unhandled if c.clue_id in clues)
    left = tuple(c for c in case.unhandled if c.clue_id not in clues)
    return replace(case, unhandled=left, looked_at=(*case.looked_at, *days))


def unverified(file: CaseFile) -> tuple[Clue, ...]:
    """The clues that joined after the verification, except those of rules about the income: the class that
    follows from the verified income answers them."""
    return tuple(
        clue
        for clue in file.clues
        if clue.clue_id not in file.verified and clue.rule_id not in BY_INCOME
    )


def answered_by(clues: Iterable[Clue], risks: Collection[RiskType]) -> list[ClueAnswered]:
    """Those of these clues that name no risk but these."""
    return [ClueAnswered(clue_id=clue.clue_id) for clue in clues if answers(clue, risks)]


def answers(clue: Clue, risks: Iterable[RiskType]) -> bool:
    """Whether these risks include all that a clue names (E6). If one is left, the clue is still open."""
    return clue.risk_types <= {*risks}


def resolved(case: Monitored, event: RiskFactorResolved) -> Monitored:
    """Without that risk; a disaster is named as long as it is one."""
    risks = tuple(risk for risk in case.risks if risk is not event.risk_type)
    disaster = case.disaster if RiskType.NATURAL_DISASTER in risks else None
    added_on = {risk: day for risk, day in case.added_on.items() if risk in risks}
    case = case.changed(event.resolved_on)
    return replace(case, risks=risks, disaster=disaster, added_on=added_on)


def found(case: Case | None) -> tuple[RiskType, ...] | None:
    """The risks that people found and nobody has resolved; `None` before anybody visited."""
    if monitored := monitored_of(case):
        return monitored.risks
    findings = getattr(case, "before", case)
    return tuple(findings.verified.risk_types) if isinstance(findings, Verified) else None


def open_risks(file: CaseFile, case: Case | None) -> frozenset[RiskType]:
    """What people found, and what is named by clues that joined since and are not answered. These decide to
    which departments the household is routed (S8.2-02)."""
    known, monitored = found(case), monitored_of(case)
    if known is None:
        return file.risk_types
    waiting = [clue for clue in file.clues if clue.clue_id not in file.verified]
    if monitored:
        by_income = (clue for clue in waiting if clue.rule_id in BY_INCOME)
        waiting = [*monitored.unhandled, *by_income]
    return frozenset(known).union(*(clue.risk_types for clue in waiting))
