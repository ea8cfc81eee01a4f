"""T2: who is sent to verify, and who goes in their place when they cannot."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from common.decider import Refused
from contracts.episodes import OfficersReplaced, ReplacementReason
from identification.domain.guards import in_order, no_relative
from identification.domain.policy import Policy
from identification.domain.stages import Verifying
from identification.domain.states import Household


@dataclass(frozen=True, kw_only=True)
class ReplaceOfficers:
    """T2: send others in the place of officers who cannot go, or go no longer."""

    officers: tuple[UUID, ...]
    recused: tuple[UUID, ...] = ()
    recusal_declared: bool
    reason: ReplacementReason
    replaced_on: date
    by: str
    policy: Policy
    today: date


def fit_to_be_sent(
    officers: Sequence[UUID],
    household: Household,
    recused: Iterable[UUID],
    *,
    declared: bool,
    policy: Policy,
) -> None:
    """At least two officers, recusal declared; no relative and no member of the family. Raises `Refused`."""
    if len(set(officers)) < policy.min_officers:
        raise Refused("officers-needed", needed=policy.min_officers, named=len(set(officers)))
    if not declared:
        raise Refused("recusal-not-declared")
    no_relative(officers, household, recused)


def replaced(c: ReplaceOfficers, household: Household, case: Verifying) -> list[OfficersReplaced]:
    """T2, while nobody has verified; who is sent now has to meet the same conditions as those sent first.
    The same officers again change nothing."""
    file = household.opened
    if {*c.officers} == {*file.officers} and {*c.recused} <= {*file.recused}:
        return []
    in_order(c.replaced_on, case.started_on, c.today, "replaced_on")
    fit_to_be_sent(
        c.officers,
        household,
        (*file.recused, *c.recused),
        declared=c.recusal_declared,
        policy=c.policy,
    )
    return [
        OfficersReplaced(
            household_id=household.id,
            officers=list(dict.fromkeys(c.officers)),
            officer_count=len(set(c.officers)),
            recused=list(dict.fromkeys(c.recused)),
            reason=c.reason,
            replaced_on=c.replaced_on,
            replaced_by=c.by,
        )
    ]
