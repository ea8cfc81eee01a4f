"""Department facts: recorded as they come; they decide nothing by themselves.

A fact has no aggregate state. It is kept once by `(source, id)`, with the event store's keys.
"""

from common.decider import Decider
from contracts.codes import FactType
from contracts.facts import DepartmentFactRecorded

# Which department answers for which fact (domain section 6); nobody else may post it.
OWNERS: dict[FactType, tuple[str, str]] = {
    FactType.MEDICAL_SETTLEMENT: ("yibao", "医保部门"),
}


def _decide(command: DepartmentFactRecorded, state: None) -> list[DepartmentFactRecorded]:
    return [command]


def _evolve(state: None, event: DepartmentFactRecorded) -> None:
    return None


FACT: Decider[DepartmentFactRecorded, None, DepartmentFactRecorded] = Decider(
    None, _decide, _evolve, stateless=True
)
