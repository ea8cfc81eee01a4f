"""Rule of engagement 3: one household, one risk, thirty days are one clue with many pieces of evidence."""

from dataclasses import replace
from datetime import date
from uuid import UUID

from contracts.codes import Channel, DeclarationMedium, RiskType, Severity
from contracts.episodes import RiskClueAttached, RiskDetected
from contracts.evidence import ClueEvidenceAdded
from contracts.identification import HouseholdEvent
from identification.domain.household import HOUSEHOLD
from services.identification.tests.ending import LATER
from services.identification.tests.story import (
    NOT_AT_RISK,
    REJECT,
    RISK,
    START,
    STEPS,
    VERIFY,
    history,
    state,
)

FIRST, SECOND, THIRD = UUID(int=2), UUID(int=3), UUID(int=4)
# The rule's next finding names the first settlement too: own cost adds up.
AGAIN = replace(
    RISK,
    clue_id=UUID(int=9),
    evidence_event_ids=(FIRST, SECOND),
    discovered_on=date(2024, 3, 10),
    summary_zh="自付医疗费达到1.2万元",
)


def added(given: list[HouseholdEvent], *, again: object = AGAIN) -> ClueEvidenceAdded:
    """The one event that a second finding leads to."""
    (event,) = HOUSEHOLD.when(again, given=given)  # type: ignore[arg-type]
    assert isinstance(event, ClueEvidenceAdded)
    return event


def test_A10_a_second_fact_by_the_same_rule_is_evidence_of_its_clue() -> None:
    event = added(history(RISK))
    assert (event.clue_id, event.rule_id) == (RISK.clue_id, RISK.rule_id)
    assert event.evidence_event_ids == [SECOND]
    assert (event.discovered_on, event.found_on) == (date(2024, 3, 1), date(2024, 3, 10))
    assert event.summary_zh == "自付医疗费达到1.2万元"


def test_A10_each_piece_of_evidence_is_added_once_however_often_it_is_heard() -> None:
    given = history(RISK, AGAIN)
    assert HOUSEHOLD.when(AGAIN, given=given) == []
    other_id = replace(AGAIN, clue_id=UUID(int=10))
    assert HOUSEHOLD.when(other_id, given=given) == []
    third = replace(AGAIN, evidence_event_ids=(FIRST, SECOND, THIRD))
    assert added(given, again=third).evidence_event_ids == [THIRD]


def test_evidence_that_is_added_leaves_clock_severity_and_risks_as_they_are() -> None:
    before, after = state(history(RISK, START)), state(history(RISK, START, AGAIN))
    assert (after.case, after.file) == (before.case, before.file)
    month_on = replace(AGAIN, evidence_event_ids=(THIRD,), discovered_on=date(2024, 4, 1))
    (event,) = HOUSEHOLD.when(month_on, given=history(RISK, AGAIN))
    assert isinstance(event, RiskClueAttached), "the window counts from the clue, not from evidence"


def test_a_milder_finding_is_evidence_and_a_graver_one_is_a_clue_of_its_own() -> None:
    red = replace(RISK, severity=Severity.RED)
    assert added(history(red)).clue_id == red.clue_id
    graver = replace(AGAIN, severity=Severity.RED)
    (event,) = HOUSEHOLD.when(graver, given=history(RISK))
    assert isinstance(event, RiskClueAttached)


def test_evidence_joins_a_clue_of_the_open_case_and_no_other() -> None:
    closed = history(RISK, START, NOT_AT_RISK, REJECT)
    assert HOUSEHOLD.when(AGAIN, given=closed) == []
    declared = replace(
        RISK,
        clue_id=UUID(int=20),
        channel=Channel.SELF_DECLARATION,
        medium=DeclarationMedium.PAPER,
        rule_id=None,
        rule_version=None,
        evidence_event_ids=(),
        discovered_on=date(2024, 3, 8),
    )
    assert HOUSEHOLD.when(AGAIN, given=[*closed, *HOUSEHOLD.when(declared, given=closed)]) == []


def test_E6_evidence_of_a_clue_that_was_confirmed_is_nothing_to_look_at() -> None:
    late = replace(AGAIN, discovered_on=date(2024, 3, 20), today=LATER)
    assert added(history(*STEPS), again=late).clue_id == RISK.clue_id
    assert state(history(*STEPS, late)).unhandled == ()


def test_of_two_clues_by_one_rule_evidence_joins_the_one_with_its_risk() -> None:
    hurt = replace(
        RISK, clue_id=UUID(int=5), risk_types=(RiskType.ACCIDENT,), evidence_event_ids=(THIRD,)
    )
    assert added(history(hurt, RISK)).clue_id == RISK.clue_id


# What another department says of the same stay in hospital.
WEIJIAN = replace(
    AGAIN, rule_id="SERIOUS-ILLNESS", severity=Severity.YELLOW, evidence_event_ids=(SECOND,)
)


def test_A10_what_two_departments_say_of_one_risk_is_one_clue_with_two_pieces_of_evidence() -> None:
    yibao = replace(RISK, discovered_on=date(2024, 4, 2))
    weijian = replace(WEIJIAN, discovered_on=date(2024, 4, 10))
    event = added(history(yibao), again=weijian)
    assert (event.clue_id, event.rule_id) == (yibao.clue_id, "SERIOUS-ILLNESS")
    assert event.evidence_event_ids == [SECOND]
    household = state(history(yibao, weijian))
    assert len(household.opened.clues) == 1
    assert household.opened.due_on == date(2024, 4, 17)
    third = replace(weijian, evidence_event_ids=(THIRD,), discovered_on=date(2024, 4, 12))
    assert added(history(yibao, weijian), again=third).clue_id == yibao.clue_id


def test_what_another_department_says_is_evidence_until_people_have_verified_the_clue() -> None:
    assert added(history(RISK, START), again=WEIJIAN).clue_id == RISK.clue_id
    (event,) = HOUSEHOLD.when(WEIJIAN, given=history(RISK, START, VERIFY))
    assert isinstance(event, RiskClueAttached)


def test_what_another_department_says_after_the_window_or_as_graver_is_a_clue_of_its_own() -> None:
    for other in (
        replace(WEIJIAN, discovered_on=date(2024, 4, 1)),
        replace(WEIJIAN, severity=Severity.RED),
    ):
        (event,) = HOUSEHOLD.when(other, given=history(RISK))
        assert isinstance(event, RiskClueAttached)


def test_what_people_or_an_assessment_say_is_no_evidence_of_a_departments_clue() -> None:
    for rule_id in ("INCOME-LINE", "HOUSEHOLD-SCREENED", None):
        other = replace(WEIJIAN, rule_id=rule_id)
        (event,) = HOUSEHOLD.when(other, given=history(RISK))
        assert isinstance(event, RiskClueAttached)
        (event,) = HOUSEHOLD.when(WEIJIAN, given=history(replace(RISK, rule_id=rule_id)))
        assert isinstance(event, RiskClueAttached)


def test_what_another_department_says_is_no_evidence_of_a_clue_that_was_decided_on() -> None:
    closed = history(RISK, START, NOT_AT_RISK, REJECT)
    hurt = replace(AGAIN, clue_id=UUID(int=7), rule_id="ACCIDENT", risk_types=(RiskType.ACCIDENT,))
    opened = [*closed, *HOUSEHOLD.when(hurt, given=closed)]
    (event,) = HOUSEHOLD.when(WEIJIAN, given=opened)
    assert isinstance(event, RiskClueAttached)


def test_of_two_clues_of_one_risk_evidence_joins_the_clue_of_its_own_rule() -> None:
    other = replace(RISK, clue_id=UUID(int=5), rule_id="SERIOUS-ILLNESS", severity=Severity.RED)
    both = history(RISK, other)
    assert added(both).clue_id == RISK.clue_id
    assert added(both, again=WEIJIAN).clue_id == other.clue_id


SAID = replace(
    RISK,
    channel=Channel.CADRE_SCREENING,
    rule_id=None,
    rule_version=None,
    evidence_event_ids=(),
)
SAID_AGAIN = replace(SAID, clue_id=UUID(int=9), discovered_on=date(2024, 3, 10))


def test_what_people_say_of_a_risk_joins_the_open_case_however_often_it_is_said() -> None:
    (event,) = HOUSEHOLD.when(SAID_AGAIN, given=history(SAID))
    assert isinstance(event, RiskClueAttached)


def test_what_was_decided_on_is_not_opened_again_in_its_window_but_for_another_risk() -> None:
    decided = history(SAID, START, NOT_AT_RISK, REJECT)
    assert HOUSEHOLD.when(SAID_AGAIN, given=decided) == []
    both = replace(SAID_AGAIN, risk_types=(RiskType.ILLNESS, RiskType.ACCIDENT))
    (event,) = HOUSEHOLD.when(both, given=decided)
    assert isinstance(event, RiskDetected)
