"""Records by natural key and version, facts that wait, and what a correction means for a case."""

from dataclasses import replace
from datetime import date
from typing import Any
from uuid import UUID

import pytest

from common.decider import Refused
from contracts.evidence import CaseReviewed, CaseReviewRequested, Change, ClueEvidenceReplaced
from contracts.evidence import ReviewOutcome as Outcome
from contracts.fact_codes import FactType, FactValue, MatchOutcome, Unmatched
from contracts.facts import UnmatchedFactParked, UnmatchedFactResolved
from identification.domain.evidence import EVIDENCE, CloseReview, ReplaceEvidence
from identification.domain.facts import (
    UNMATCHED,
    Follows,
    Repeated,
    ResolveUnmatched,
    Version,
    content_of,
    fact_id_of,
    key_of,
    place,
)

LI, WANG = UUID(int=1), UUID(int=2)
SAID = content_of(date(2024, 5, 1), {FactValue.COMPLIANT_OWN_COST: 3_200_000}, [])
LESS = content_of(date(2024, 5, 1), {FactValue.COMPLIANT_OWN_COST: 320_000}, [])
FIRST = Version(1, SAID, UUID(int=11), LI)


def test_A59_the_same_version_again_is_answered_with_the_first_event() -> None:
    assert place([FIRST], 1, SAID, LI) == Repeated(UUID(int=11))


def test_A59_the_same_version_with_another_body_is_refused() -> None:
    with pytest.raises(Refused, match="record-version-reused"):
        place([FIRST], 1, LESS, LI)


def test_a_higher_version_corrects_the_latest_and_a_lower_one_comes_too_late() -> None:
    third = Version(3, LESS, UUID(int=13), LI)
    assert place([FIRST], 3, LESS, LI) == Follows(FIRST)
    assert place([FIRST, third], 4, SAID, LI) == Follows(third)
    with pytest.raises(Refused, match="record-version-passed"):
        place([FIRST, third], 2, LESS, LI)


def test_a_record_stays_with_its_person() -> None:
    with pytest.raises(Refused, match="record-of-another-person"):
        place([FIRST], 2, LESS, WANG)


def test_the_first_version_of_a_known_person_follows_nothing_that_waits() -> None:
    waiting = Version(1, SAID, UUID(int=11), None)
    assert place([], 1, SAID, LI) == Follows(None)
    assert place([waiting], 2, LESS, LI) == Follows(None)


def test_a_record_is_the_same_for_one_department_type_and_key_only() -> None:
    key = key_of("yibao", FactType.MEDICAL_SETTLEMENT, "1")
    others = {
        key_of("weijian", FactType.MEDICAL_SETTLEMENT, "1"),
        key_of("yibao", FactType.MEDICAL_ASSISTANCE, "1"),
        key_of("yibao", FactType.MEDICAL_SETTLEMENT, "2"),
    }
    assert key not in others
    assert fact_id_of(key, 1) != fact_id_of(key, 2)


PARKED = UnmatchedFactParked(
    fact_id=UUID(int=5),
    department="yibao",
    department_name="和平县医疗保障局",
    fact_type=FactType.MEDICAL_SETTLEMENT,
    record_key="YB-1",
    record_version=1,
    reason=Unmatched.NO_SUCH_PERSON,
    detected_on=date(2024, 1, 10),
    received_on=date(2024, 1, 15),
    values={},
)
MATCH = ResolveUnmatched(
    outcome=MatchOutcome.MATCHED,
    today=date(2024, 2, 4),
    household_id=UUID(int=99),
    person_id=LI,
)


def test_the_waiting_of_a_fact_is_measured_in_days() -> None:
    (resolved,) = UNMATCHED.when(MATCH, given=[PARKED])
    assert isinstance(resolved, UnmatchedFactResolved)
    assert (resolved.waited_days, resolved.person_id) == (20, LI)


def test_a_fact_is_parked_once_and_resolved_once() -> None:
    assert UNMATCHED.when(PARKED, given=[PARKED]) == []
    with pytest.raises(Refused, match="record-version-reused"):
        UNMATCHED.when(replace(PARKED, detected_on=date(2024, 1, 1)), given=[PARKED])
    history = [PARKED, *UNMATCHED.when(MATCH, given=[PARKED])]
    assert UNMATCHED.when(MATCH, given=history) == []
    with pytest.raises(Refused, match="record-unknown"):
        UNMATCHED.when(MATCH, given=[])


def change(stage: str, **other: Any) -> ReplaceEvidence:
    given: dict[str, Any] = {
        "household_id": UUID(int=99),
        "task_id": UUID(int=7),
        "clue_id": UUID(int=1),
        "change": Change.CORRECTED,
        "previous_event_id": UUID(int=11),
        "event_id": UUID(int=12),
        "stage": stage,
        "still_supported": False,
        "today": date(2024, 5, 20),
    }
    return ReplaceEvidence(**{**given, **other})


def test_A50_while_verifying_evidence_is_replaced_and_withdrawal_proposed() -> None:
    (event,) = EVIDENCE.when(change("VERIFYING"), given=[])
    assert isinstance(event, ClueEvidenceReplaced)
    assert event.withdrawal_proposed
    (event,) = EVIDENCE.when(change("VERIFYING", still_supported=True), given=[])
    assert isinstance(event, ClueEvidenceReplaced)
    assert not event.withdrawal_proposed


@pytest.mark.parametrize("stage", ["MONITORED", "ELIMINATED", "ELIM_VERIFYING"])
def test_A50_once_confirmed_nobody_is_delisted_and_a_review_opens(stage: str) -> None:
    for kind in (change(stage), change(stage, change=Change.RETRACTED, event_id=None)):
        (event,) = EVIDENCE.when(kind, given=[])
        assert isinstance(event, CaseReviewRequested)
        assert EVIDENCE.when(kind, given=[event]) == []


def test_without_a_case_a_correction_concerns_nobody() -> None:
    assert EVIDENCE.when(change("NONE"), given=[]) == []


def test_a_review_is_closed_once_and_not_before_it_was_requested() -> None:
    opened = EVIDENCE.when(change("MONITORED"), given=[])
    close = CloseReview(
        household_id=UUID(int=99),
        task_id=UUID(int=7),
        outcome=Outcome.STANDS,
        reviewed_on=date(2024, 5, 21),
        today=date(2024, 5, 22),
    )
    closed = EVIDENCE.when(close, given=opened)
    assert isinstance(closed[0], CaseReviewed)
    assert EVIDENCE.when(close, given=[*opened, *closed]) == []
    for code, command in {
        "review-closed": CloseReview(**{**vars(close), "outcome": Outcome.TO_BE_CANCELLED}),
        "review-unknown": CloseReview(**{**vars(close), "task_id": UUID(int=8)}),
    }.items():
        with pytest.raises(Refused, match=code):
            EVIDENCE.when(command, given=[*opened, *closed])
    early = CloseReview(**{**vars(close), "reviewed_on": date(2024, 5, 19)})
    with pytest.raises(Refused, match="review-date"):
        EVIDENCE.when(early, given=opened)
