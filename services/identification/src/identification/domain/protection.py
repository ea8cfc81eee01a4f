"""S4.0-01, S4.1-03: who is entitled to protection and does not have it. This advises; it decides nothing.

The automatic income rule leaves out households without labour (A14): they are helped by social protection.
Those with labour are found by S2-02, verified, and helped to earn.
"""

from dataclasses import dataclass, replace
from datetime import date
from uuid import UUID

from contracts.fact_codes import FactCode, FactType
from contracts.protection import (
    Protection,
    ProtectionEvent,
    ProtectionGapClosed,
    ProtectionGapDetected,
)
from identification.domain.entry import Status
from identification.domain.findings import History, KnownHousehold
from identification.domain.policy import Policy
from identification.domain.rules_of_focus import SEVERE, Holds, low_income
from identification.domain.states import Household

# What somebody may be entitled to; the person, or the household.
Gap = tuple[Protection, UUID | None]
LOOKED_AT = frozenset(
    {FactType.SOCIAL_PROTECTION, FactType.DISABILITY_CARD, FactType.DISABILITY_ALLOWANCE}
)
DECIDED = frozenset({FactCode.GRANTED, FactCode.REFUSED})


@dataclass(frozen=True, kw_only=True)
class NoteProtection:
    """What is missing now. `decided` is what would be missing too, had Civil Affairs not granted or refused
    it."""

    gaps: frozenset[Gap]
    decided: frozenset[Gap]
    noted_on: date


def missing(
    household: KnownHousehold, history: History, policy: Policy
) -> tuple[frozenset[Gap], frozenset[Gap]] | None:
    """The gaps of a household; and those that would be gaps, had Civil Affairs not granted or refused them.

    `None` while facts are withheld (PIPL 47), since one of them may be that decision. A household off the
    register lacks nothing.
    """
    if not household.active:
        return frozenset(), frozenset()
    if history.withheld:
        return None
    eligible = _of_household(household, policy) | _of_persons(household, history, policy)
    decided = frozenset(gap for gap in eligible if _decided(gap, history))
    return eligible - decided, decided


def _of_household(household: KnownHousehold, policy: Policy) -> frozenset[Gap]:
    """Of a household without labour, by its income: subsistence below the standard, and up to the line of
    1.5 times it, what marginal families get (S2-01)."""
    if not household.incomes or household.has_labour:
        return frozenset()
    last = household.incomes[0]
    total = policy.basis_of(last)
    if total < policy.base_standard_fen * last.members:
        return frozenset({(Protection.SUBSISTENCE, None)})
    if policy.within_line(total, last.members):
        return frozenset({(Protection.MARGINAL_FAMILY, None)})
    return frozenset()


def _of_persons(household: KnownHousehold, history: History, policy: Policy) -> frozenset[Gap]:
    """Nursing for the severely disabled; a living allowance for the disabled in a household within the line."""
    last = household.incomes[0] if household.incomes else None
    poor = last is not None and policy.within_line(policy.basis_of(last), last.members)
    gaps: set[Gap] = set()
    for person in household.persons:
        card = history.latest(FactType.DISABILITY_CARD, person.person_id)
        if card is None or FactCode.CARD_ENDED in card.codes:
            continue
        if SEVERE & card.codes:
            gaps.add((Protection.NURSING_ALLOWANCE, person.person_id))
        if poor:
            gaps.add((Protection.LIVING_ALLOWANCE, person.person_id))
    return frozenset(gaps)


def _decided(gap: Gap, history: History) -> bool:
    """Whether the latest word on the gap is that it was granted or refused. If a grant ended, the gap is open
    again; a household's gap is not, while another scheme is granted: that may be why the first one ended."""
    kind, person = gap
    if person is None and isinstance(low_income(history), Holds):
        return True
    if person is None:
        latest = history.latest(FactType.SOCIAL_PROTECTION)
    else:
        latest = history.latest(FactType.DISABILITY_ALLOWANCE, person, kind.value)
    return latest is not None and bool(DECIDED & latest.codes)


def decide(c: NoteProtection, household: Household) -> list[ProtectionEvent]:
    """The gaps that are new, and those that are closed. Off the register, all of them are closed."""
    wanted = c.gaps if household.status is Status.ACTIVE else frozenset[Gap]()
    open_ones, household_id = household.past.gaps, household.id
    new = sorted(wanted - open_ones, key=_order)
    over = sorted(open_ones - wanted, key=_order)
    return [
        *(
            ProtectionGapClosed(
                household_id=household_id,
                kind=kind,
                person_id=person,
                decided=(kind, person) in c.decided,
                closed_on=c.noted_on,
            )
            for kind, person in over
        ),
        *(
            ProtectionGapDetected(
                household_id=household_id, kind=kind, person_id=person, detected_on=c.noted_on
            )
            for kind, person in new
        ),
    ]


def _order(gap: Gap) -> tuple[str, str]:
    return gap[0].value, str(gap[1])


def evolve(household: Household, event: ProtectionEvent) -> Household:
    """Fold one."""
    gap = frozenset({(event.kind, event.person_id)})
    known = household.past.gaps
    gaps = known | gap if isinstance(event, ProtectionGapDetected) else known - gap
    return replace(household, past=replace(household.past, gaps=gaps))
