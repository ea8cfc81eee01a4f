"""T20: an assessment that was corrected stands in the place of the old one; decisions stay."""

from dataclasses import replace
from datetime import date
from typing import Any
from uuid import UUID

import pytest

from contracts.assessments import AtSchool, ChildSeen, IncomeAssessed, SafeguardAssessed
from contracts.circumstances import LivingReason
from contracts.codes import Category, HousingGrade, MonitoredClass
from contracts.eliminations import Guard
from contracts.households import PerCapitaRecomputed
from contracts.identification import HouseholdEvent
from contracts.incomes import IncomeLine, IncomeSource
from contracts.monitoring import RecordCorrected
from contracts.stages import Stage
from identification.domain.commands import Command
from identification.domain.eligibility import outlook
from identification.domain.household import HOUSEHOLD
from identification.domain.monitoring_commands import Assessment, CorrectRecord
from identification.domain.register_commands import CountCoLiving, RecomputePerCapita
from services.identification.tests.ending import (
    CORRECT,
    ELIMINATE,
    ENDING,
    LATER,
    PROPOSE,
    REVOKE,
    SURVEY,
    before,
    monitored,
)
from services.identification.tests.entries import CATEGORY
from services.identification.tests.story import (
    APPROVE,
    CONFIRM,
    NOT_AT_RISK,
    POLICY,
    REGISTERED,
    REJECT,
    RISK,
    SEEN,
    STEPS,
    VERIFY,
    WELL_OFF,
    history,
    refused,
    state,
)
from services.identification.tests.test_elimination_guards import failing
from services.identification.tests.test_survey import GOOD, given, seeing

FIRST, SECOND = UUID(int=91), UUID(int=92)  # the events that say the record, one after the other


def correcting(record: Assessment, field: str, value: Any, event: UUID = FIRST) -> CorrectRecord:
    """The correction of one field of an assessment, from its own day."""
    on = record.assessed_on
    assert on
    return replace(
        CORRECT,
        corrected_event_id=event,
        corrected_type=type(record).__name__,
        path=f"/{field}",
        recorded_value=str(getattr(record, field)),
        old_value=str(getattr(record, field)),
        new_value=str(value),
        effective_on=on,
        reason="经核对原始凭证,录入有误",
        record=record,
        amended=replace(record, **{field: value}),
    )


def found_in(events: list[HouseholdEvent], assessment_id: UUID = SEEN.assessment_id) -> Any:
    """The latest version of an income assessment in a history."""
    return next(
        e
        for e in reversed(events)
        if isinstance(e, IncomeAssessed) and e.assessment_id == assessment_id
    )


def after(command: Command, events: list[HouseholdEvent]) -> list[HouseholdEvent]:
    return [*events, *HOUSEHOLD.when(command, given=events)]


VERIFIED = history(*STEPS[:3])
ASSESSED = found_in(VERIFIED)


def test_T20_a_corrected_income_is_recorded_as_it_stands_now() -> None:
    corrected, now = HOUSEHOLD.when(correcting(ASSESSED, "wage_fen", 4_000_001), given=VERIFIED)
    assert isinstance(corrected, RecordCorrected)
    assert isinstance(now, IncomeAssessed)
    assert (now.corrects, now.assessment_id) == (FIRST, ASSESSED.assessment_id)
    assert (ASSESSED.within_line, now.disposable_fen, now.within_line) == (True, 4_320_001, False)
    assert (now.net_fen, now.reference_fen) == (4_320_001, 4_320_001 - 1_200_000)
    assert state([*VERIFIED, corrected, now]).assessments == (now,)


def test_T20_the_comparison_keeps_the_line_of_its_day() -> None:
    command = correcting(ASSESSED, "members", 5)
    later = replace(command, policy=replace(POLICY, income_line_fen=1))
    for asked in (command, later):
        _, now = HOUSEHOLD.when(asked, given=VERIFIED)
        assert isinstance(now, IncomeAssessed)
        assert (now.line_fen, now.within_line) == (POLICY.income_line_fen, True)


def test_T20_where_sources_are_told_one_of_them_is_corrected_and_the_total_follows() -> None:
    lines = (
        IncomeLine(source=IncomeSource.WAGE_LOCAL, fen=6_000_000),
        IncomeLine(source=IncomeSource.WAGE_MIGRANT, fen=600_000),
    )
    events = history(replace(SURVEY, sources=lines))
    record = found_in(events, SURVEY.assessment_id)
    assert refused(correcting(record, "wage_fen", 1), events).code == "correct-the-source"
    lower = [replace(lines[0], fen=3_000_000), lines[1]]
    command = replace(correcting(record, "sources", lower), path="/sources/0/fen")
    _, now = HOUSEHOLD.when(command, given=events)
    assert isinstance(now, IncomeAssessed)
    assert (now.wage_fen, now.disposable_fen, now.sources) == (3_600_000, 3_600_000, lower)


@pytest.mark.parametrize(
    ("field", "value", "code"),
    [
        ("disposable_fen", 1, "field-follows"),
        ("within_line", False, "field-follows"),
        ("line_fen", 1, "field-follows"),
        ("window_to", date(2024, 1, 31), "field-follows"),
        ("assessment_id", FIRST, "field-follows"),
        ("wage_fen", -1, "correction-out-of-range"),
        ("members", 0, "correction-out-of-range"),
    ],
)
def test_T20_what_follows_from_the_rest_or_names_the_record_is_not_corrected(
    field: str, value: Any, code: str
) -> None:
    assert refused(correcting(ASSESSED, field, value), VERIFIED).code == code


def test_T20_an_assessment_is_corrected_from_its_own_day() -> None:
    command = replace(correcting(ASSESSED, "wage_fen", 1), effective_on=date(2024, 3, 5))
    refusal = refused(command, VERIFIED)
    assert (refusal.code, refusal.details) == ("correction-from-its-day", {"on": SEEN.on})


def test_T20_what_was_corrected_is_corrected_in_its_latest_version() -> None:
    events = after(correcting(ASSESSED, "wage_fen", 3_000_000), VERIFIED)
    again = correcting(ASSESSED, "transfer_fen", 0)
    assert refused(again, events).code == "record-superseded"
    now = found_in(events)
    events = after(correcting(now, "transfer_fen", 0, SECOND), events)
    (stands,) = state(events).assessments
    assert (stands.wage_fen, stands.transfer_fen, stands.corrects) == (3_000_000, 0, SECOND)
    assert refused(again, events).code == "record-superseded"
    same = correcting(ASSESSED, "wage_fen", 3_000_000)
    assert HOUSEHOLD.when(same, given=events) == []  # the same request again


def test_T20_the_county_does_not_confirm_a_class_that_the_corrected_income_contradicts() -> None:
    ready = history(*STEPS[:-1])
    assert STEPS[-2:] == (APPROVE, CONFIRM)
    higher = after(correcting(ASSESSED, "wage_fen", 4_000_001), ready)
    assert refused(CONFIRM, higher).code == "verification-corrected"
    lower = after(correcting(ASSESSED, "wage_fen", 3_999_999), ready)
    assert HOUSEHOLD.when(CONFIRM, given=lower)


def test_T10_the_county_does_not_confirm_a_class_that_the_corrected_category_contradicts() -> None:
    for marginal_2019 in (True, False):  # the list of 2019 has no part in the class
        corrected = replace(CATEGORY, marginal_2019=marginal_2019, corrected_on=date(2024, 3, 14))
        ready = history(*STEPS[:-1], corrected)
        for monitored_class in MonitoredClass:
            confirm = replace(CONFIRM, monitored_class=monitored_class)
            assert refused(confirm, ready).code == "verification-corrected"
    same = replace(corrected, category=Category.FORMERLY_POOR, marginal_2019=True)
    assert HOUSEHOLD.when(CONFIRM, given=history(*STEPS[:-1], same))


def test_T4_a_conclusion_that_a_corrected_record_contradicts_rejects_nobody() -> None:
    """Above the line, but with large spending by the record as it is now: in sudden hardship."""
    events = history(*STEPS[:2], NOT_AT_RISK)
    ill = after(correcting(found_in(events), "compliant_own_cost_fen", 1_000_000), events)
    assert refused(REJECT, ill).code == "verification-corrected"
    general = replace(REGISTERED, category=Category.GENERAL)
    spent = replace(WELL_OFF, compliant_own_cost_fen=1_000_000)
    fine = replace(NOT_AT_RISK, seen=replace(SEEN, income=spent))
    formerly_poor = replace(
        CATEGORY, category=Category.FORMERLY_POOR, corrected_on=date(2024, 3, 5)
    )
    given = history(*STEPS[:2], fine, registered=general)
    assert HOUSEHOLD.when(REJECT, given=given)
    assert refused(REJECT, [*given, *HOUSEHOLD.when(formerly_poor, given=given)]).code == (
        "verification-corrected"
    )


def test_T20_a_conclusion_that_the_corrected_income_contradicts_rejects_nobody() -> None:
    events = history(*STEPS[:2], NOT_AT_RISK)
    assert HOUSEHOLD.when(REJECT, given=events)
    poor = after(correcting(found_in(events), "wage_fen", 1_000_000), events)
    assert refused(REJECT, poor).code == "verification-corrected"


@pytest.mark.parametrize(("wage_fen", "same"), [(3_900_000, True), (90_000_000, False)])
def test_T20_a_confirmation_stays_and_people_review_what_it_rests_on(
    wage_fen: int, same: bool
) -> None:
    confirmed = history(*STEPS)
    corrected, _ = HOUSEHOLD.when(correcting(ASSESSED, "wage_fen", wage_fen), given=confirmed)
    assert isinstance(corrected, RecordCorrected)
    assert (corrected.case_id, corrected.still_supported) == (RISK.clue_id, same)
    events = after(correcting(ASSESSED, "wage_fen", wage_fen), confirmed)
    assert state(events).stage is Stage.MONITORED


def test_T20_where_a_clue_rests_on_the_record_its_evidence_is_what_is_replaced() -> None:
    """A50 does that; a second review of the same correction would be one too many."""
    clue = replace(RISK, evidence_event_ids=(FIRST,))
    events = history(clue, *STEPS[1:])
    corrected, _ = HOUSEHOLD.when(correcting(found_in(events), "wage_fen", 1), given=events)
    assert isinstance(corrected, RecordCorrected)
    assert corrected.case_id is None


def test_T20_the_guards_of_an_elimination_look_at_the_corrected_income() -> None:
    events = monitored()
    autumn = found_in(events, UUID(int=62))
    assert HOUSEHOLD.when(PROPOSE, given=events)
    poor = after(correcting(autumn, "wage_fen", 4_320_000), events)
    assert Guard.E2 in failing(PROPOSE, poor)
    looked_at = outlook(state(poor))
    assert looked_at
    assert (looked_at.above_since, looked_at.news) == (None, True)
    assert not state(poor).eligibility.detected


def test_T20_an_elimination_under_way_is_decided_on_what_was_corrected() -> None:
    events = before(ELIMINATE)
    poor = after(correcting(found_in(events, UUID(int=63)), "wage_fen", 1), events)
    assert Guard.E2 in failing(ELIMINATE, poor)
    assert state(poor).stage is Stage.ELIM_TOWN_REVIEWED


@pytest.mark.parametrize(
    ("assessment", "wage_fen", "same"),
    [(63, 6_300_000, True), (63, 4_000_000, False), (61, 4_000_000, False), (5, 1, None)],
)
def test_T20_an_elimination_stays_and_people_review_what_it_rests_on(
    assessment: int, wage_fen: int, same: bool | None
) -> None:
    """The assessments above the line carry it (E2, E3); the one of the confirmation does not."""
    events = monitored(*ENDING)
    command = correcting(found_in(events, UUID(int=assessment)), "wage_fen", wage_fen)
    corrected = HOUSEHOLD.when(command, given=events)[0]
    assert isinstance(corrected, RecordCorrected)
    expected = (None, True) if same is None else (RISK.clue_id, same)
    assert (corrected.case_id, corrected.still_supported) == expected
    assert state(after(command, events)).stage is Stage.ELIMINATED


def test_T20_a_correction_is_no_new_assessment() -> None:
    """After T16 a household is looked at again when it was assessed again, and not before."""
    events = monitored(*ENDING, REVOKE)
    more = after(correcting(found_in(events, UUID(int=63)), "wage_fen", 7_000_000), events)
    looked_at = outlook(state(more))
    assert looked_at
    assert looked_at.news is False


def test_T20_what_was_told_a_head_is_told_anew() -> None:
    count = CountCoLiving(
        co_living_count=3, reason=LivingReason.AWAY, effective_on=date(2024, 4, 15), today=LATER
    )
    recompute = RecomputePerCapita(policy=POLICY)
    events = history(*STEPS, count, recompute)
    assert HOUSEHOLD.when(recompute, given=events) == []
    events = after(correcting(ASSESSED, "wage_fen", 3_000_000), events)
    (told,) = HOUSEHOLD.when(recompute, given=events)
    assert isinstance(told, PerCapitaRecomputed)
    assert (told.disposable_fen, told.members) == (3_320_000, 3)


def survey_in(events: list[HouseholdEvent]) -> SafeguardAssessed:
    return next(e for e in reversed(events) if isinstance(e, SafeguardAssessed))


def test_T20_a_corrected_survey_counts_in_the_place_of_the_old_one() -> None:
    events = monitored()
    poor = after(correcting(survey_in(events), "housing_grade", HousingGrade.C), events)
    assert failing(PROPOSE, poor) == [Guard.E4]
    seen = state(poor).safeguards
    assert seen
    assert (seen.housing_grade, seen.corrects) == (HousingGrade.C, FIRST)
    again = correcting(survey_in(events), "uninsured", 1)
    assert refused(again, poor).code == "record-superseded"


def test_T20_a_survey_that_is_not_the_latest_is_corrected_without_consequence() -> None:
    events = history(*STEPS)
    first = survey_in(events)
    (corrected,) = HOUSEHOLD.when(correcting(first, "uninsured", 1), given=monitored())
    assert isinstance(corrected, RecordCorrected)


def test_T20_members_of_a_survey_are_corrected_and_the_number_follows() -> None:
    child = ChildSeen(person_id=UUID(int=4), status=AtSchool.DROPOUT)
    events = given(*STEPS[:2], seeing(VERIFY, schooling=(child,)))
    seen = survey_in(events)
    assert refused(correcting(seen, "dropouts", 0), events).code == "correct-the-source"
    back = [replace(child, status=AtSchool.ENROLLED)]
    command = replace(correcting(seen, "schooling", back), path="/schooling/0/status")
    _, now = HOUSEHOLD.when(command, given=events)
    assert isinstance(now, SafeguardAssessed)
    assert (now.dropouts, now.schooling) == (0, back)
    stranger = [replace(child, person_id=UUID(int=77))]
    command = replace(correcting(seen, "schooling", stranger), path="/schooling/0/person_id")
    assert refused(command, events).code == "not-a-member"
    assert refused(correcting(seen, "assessed_on", LATER), events).code == "field-follows"
    assert seen.water == GOOD


def test_T20_an_elimination_is_reviewed_when_its_survey_was_wrong() -> None:
    events = monitored(*ENDING)
    corrected, _ = HOUSEHOLD.when(correcting(survey_in(events), "uninsured", 1), given=events)
    assert isinstance(corrected, RecordCorrected)
    assert (corrected.case_id, corrected.still_supported) == (RISK.clue_id, False)
