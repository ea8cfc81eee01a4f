"""What is known of a household's visits: what it is due for, and who went."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any
from uuid import UUID

from contracts.visits import (
    HouseholdScreened,
    HouseholdVisited,
    ObligationOpened,
    ObligationType,
    ScreeningVoidReason,
    VoidReason,
)


@dataclass(frozen=True)
class Obligation:
    """A duty to visit; open until a visit has fulfilled it, or the household has left (`left_on`)."""

    opened: ObligationOpened
    fulfilled_by: UUID | None = None
    left_on: date | None = None

    @property
    def cancelled(self) -> bool:
        """Whether the household left before anybody had gone."""
        return self.left_on is not None

    @property
    def period(self) -> tuple[date, date]:
        """Its first and last day."""
        return self.opened.period_from, self.opened.period_to

    @property
    def is_open(self) -> bool:
        """Neither fulfilled nor cancelled."""
        return self.fulfilled_by is None and not self.cancelled

    def asks_for(self, visited_on: date) -> bool:
        """Whether nobody has gone and a visit on this Shanghai date lies in its period, and not after the day
        on which the household left."""
        until = self.left_on or self.opened.period_to
        return self.fulfilled_by is None and self.opened.period_from <= visited_on <= until


@dataclass(frozen=True)
class HouseholdVisits:
    """Everything in the order in which it was recorded; empty for a household never heard of.

    `visits` and `screenings` are those that stand; `voided` and `voided_screenings` say why others do not.
    `went` says who went on a voided visit.
    """

    obligations: tuple[Obligation, ...] = ()
    visits: tuple[HouseholdVisited, ...] = ()
    screenings: tuple[HouseholdScreened, ...] = ()
    voided: Mapping[UUID, VoidReason] = field(default_factory=dict)
    went: Mapping[UUID, frozenset[UUID]] = field(default_factory=dict)
    voided_screenings: Mapping[UUID, ScreeningVoidReason] = field(default_factory=dict)

    def obligation(self, kind: ObligationType, period_from: date) -> Obligation | None:
        """The one of this type and period, open or fulfilled."""
        for obligation in self.obligations:
            opened = obligation.opened
            if (opened.obligation, opened.period_from) == (kind, period_from):
                return obligation
        return None

    def with_(self, obligation_id: UUID, **change: Any) -> "HouseholdVisits":
        """With one obligation changed."""
        obligations = tuple(
            replace(o, **change) if o.opened.obligation_id == obligation_id else o
            for o in self.obligations
        )
        return replace(self, obligations=obligations)

    def visit(self, visit_id: UUID) -> HouseholdVisited | None:
        """The visit of this id, if it stands."""
        return next((v for v in self.visits if v.visit_id == visit_id), None)

    def who_went(self, visit_id: UUID) -> frozenset[UUID]:
        """The visitors of a visit, whether it stands or not."""
        if visit := self.visit(visit_id):
            return frozenset(visitor.person_id for visitor in visit.visitors)
        return self.went.get(visit_id, frozenset())

    def screening(self, screening_id: UUID) -> HouseholdScreened | None:
        """The screening of this id, if it stands."""
        return next((s for s in self.screenings if s.screening_id == screening_id), None)
