"""The risks of a monitored household, one added or resolved; and which disaster is among them."""

from dataclasses import replace

from contracts.codes import RiskType
from contracts.monitoring import RiskFactorAdded, RiskFactorResolved
from identification.domain.states import Monitored


def added(case: Monitored, event: RiskFactorAdded) -> Monitored:
    """With a further risk; the clue that it answers is looked at."""
    return replace(
        case,
        risks=tuple(dict.fromkeys((*case.risks, event.risk_type))),
        unhandled=tuple(clue for clue in case.unhandled if clue.clue_id != event.clue_id),
        disaster=event.disaster_subtype or case.disaster,
    )


def resolved(case: Monitored, event: RiskFactorResolved) -> Monitored:
    """Without that risk; a disaster is named as long as it is one."""
    risks = tuple(risk for risk in case.risks if risk is not event.risk_type)
    disaster = case.disaster if RiskType.NATURAL_DISASTER in risks else None
    return replace(case, risks=risks, disaster=disaster)
