"""Who counts as having labour capacity, and who did on a day."""

from collections.abc import Mapping, Sequence
from datetime import date
from uuid import UUID

from contracts.codes import LabourCapacity
from contracts.households import Member

WORKING = frozenset({LabourCapacity.ORDINARY, LabourCapacity.SKILLED, LabourCapacity.WEAK})
# Of each person: since when able to work, or no longer.
Able = Mapping[UUID, tuple[tuple[date, bool], ...]]


def noted(known: Able, before: Sequence[Member], after: Sequence[Member], on: date) -> Able:
    """With what changed on a day. It may be recorded after a change of a later day."""
    now = _working(after)
    changed = _working(before) ^ now
    return {**known, **{p: (*known.get(p, ()), (on, p in now)) for p in changed}}


def any_able(known: Able, on: date) -> bool:
    """Whether anybody of the household was able to work on a day. Of two changes on one day, the last
    counts."""
    told = ([(day, able) for day, able in days if day <= on] for days in known.values())
    return any(days and max(reversed(days), key=lambda d: d[0])[1] for days in told)


def _working(members: Sequence[Member]) -> set[UUID]:
    return {m.person_id for m in members if m.labour_capacity in WORKING}
