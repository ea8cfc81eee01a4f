"""Looks at a household, recorded as they happen; a record decides nothing."""

from common.decider import Decider
from contracts.persons import AccessEvent


def _decide(look: AccessEvent, state: None) -> list[AccessEvent]:
    return [look]


def _evolve(state: None, event: AccessEvent) -> None:
    return None


ACCESS: Decider[AccessEvent, None, AccessEvent] = Decider(None, _decide, _evolve, stateless=True)
