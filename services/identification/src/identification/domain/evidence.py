"""A50: what follows for a case that rests on a fact which is corrected or retracted.

Until the county has decided, the clue's evidence is replaced, and if no rule supports the clue any longer,
it is proposed to withdraw it. After the decision, a review task opens. Neither changes a status.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from uuid import UUID

from common.decider import Decider, Refused
from contracts.evidence import (
    CaseReviewed,
    CaseReviewRequested,
    Change,
    ClueEvidenceReplaced,
    EvidenceEvent,
    ReviewOutcome,
)
from contracts.stages import Stage
from identification.domain.stages import MONITORING

DECIDED = MONITORING | {Stage.ELIMINATED}


def is_decided(stage: str) -> bool:
    """Whether the county has decided on the case, so that a change of its evidence needs a review."""
    return stage in DECIDED or stage.startswith("ELIM")


@dataclass(frozen=True, kw_only=True)
class ReplaceEvidence:
    """A fact that a clue cites was corrected (`event_id` is the new one) or retracted."""

    household_id: UUID
    task_id: UUID
    clue_id: UUID
    change: Change
    previous_event_id: UUID
    event_id: UUID | None
    stage: str
    still_supported: bool
    today: date


@dataclass(frozen=True, kw_only=True)
class CloseReview:
    """What people concluded."""

    household_id: UUID
    task_id: UUID
    outcome: ReviewOutcome
    reviewed_on: date
    today: date


@dataclass(frozen=True)
class Evidence:
    """`handled` are triples of a clue, the fact that was replaced, and what replaces it. `reviews` are the
    tasks, each with its outcome once it is closed. One event may be corrected twice: a registration tells
    the birth date of every member."""

    handled: frozenset[tuple[UUID, UUID, UUID | None]] = frozenset()
    reviews: Mapping[UUID, tuple[date, ReviewOutcome | None]] = field(default_factory=dict)


def decide(command: ReplaceEvidence | CloseReview, state: Evidence) -> list[EvidenceEvent]:
    """Raises `Refused` for a review that is not there, is over, or lies in the future."""
    match command:
        case ReplaceEvidence() as c:
            return _replace(c, state)
        case CloseReview() as c:
            return _close(c, state)


def _replace(c: ReplaceEvidence, state: Evidence) -> list[EvidenceEvent]:
    done = (c.clue_id, c.previous_event_id, c.event_id) in state.handled
    if done or c.stage == "NONE":
        return []
    if is_decided(c.stage):
        return [
            CaseReviewRequested(
                household_id=c.household_id,
                task_id=c.task_id,
                clue_id=c.clue_id,
                change=c.change,
                previous_event_id=c.previous_event_id,
                event_id=c.event_id,
                still_supported=c.still_supported,
                requested_on=c.today,
            )
        ]
    return [
        ClueEvidenceReplaced(
            household_id=c.household_id,
            clue_id=c.clue_id,
            change=c.change,
            previous_event_id=c.previous_event_id,
            event_id=c.event_id,
            still_supported=c.still_supported,
            withdrawal_proposed=not c.still_supported,
            replaced_on=c.today,
        )
    ]


def _close(c: CloseReview, state: Evidence) -> list[EvidenceEvent]:
    review = state.reviews.get(c.task_id)
    if review is None:
        raise Refused("review-unknown")
    requested_on, outcome = review
    if outcome is c.outcome:
        return []
    if outcome is not None:
        raise Refused("review-closed", outcome=outcome)
    if not requested_on <= c.reviewed_on <= c.today:
        raise Refused("review-date", earliest=requested_on, today=c.today)
    return [
        CaseReviewed(
            household_id=c.household_id,
            task_id=c.task_id,
            outcome=c.outcome,
            reviewed_on=c.reviewed_on,
        )
    ]


def _handled(
    event: ClueEvidenceReplaced | CaseReviewRequested,
) -> tuple[UUID, UUID, UUID | None]:
    return event.clue_id, event.previous_event_id, event.event_id


def evolve(state: Evidence, event: EvidenceEvent) -> Evidence:
    """Fold one."""
    match event:
        case ClueEvidenceReplaced():
            return replace(state, handled=state.handled | {_handled(event)})
        case CaseReviewRequested():
            return Evidence(
                state.handled | {_handled(event)},
                {**state.reviews, event.task_id: (event.requested_on, None)},
            )
        case CaseReviewed():
            requested_on, _ = state.reviews[event.task_id]
            reviewed = {**state.reviews, event.task_id: (requested_on, event.outcome)}
            return replace(state, reviews=reviewed)


EVIDENCE: Decider[ReplaceEvidence | CloseReview, Evidence, EvidenceEvent] = Decider(
    Evidence(), decide, evolve
)
