"""T7, T4: what nobody had verified when village or town said no stays open, as a case of its own."""

from dataclasses import replace
from datetime import date
from uuid import UUID

import pytest

from contracts.codes import Channel, DeclarationMedium, RiskType
from contracts.episodes import CluesCarriedOver, RejectionReason, VillageReviewHeld, WithdrawnBy
from contracts.identification import HouseholdEvent
from contracts.stages import Stage
from identification.domain.commands import Command, RefuseAuthorisation, WithdrawClue
from identification.domain.household import HOUSEHOLD
from services.identification.tests.ending import CANCEL
from services.identification.tests.story import (
    POST,
    REJECT,
    REVIEW,
    RISK,
    START,
    STEPS,
    TODAY,
    VERIFY,
    history,
    state,
)
from services.identification.tests.test_inquiries import GRANT

SCHOOLING = replace(
    RISK,
    clue_id=UUID(int=81),
    channel=Channel.CADRE_SCREENING,
    risk_types=(RiskType.SCHOOLING,),
    rule_id="DROPOUT",
    discovered_on=date(2024, 3, 5),
)
ACCIDENT = replace(
    SCHOOLING,
    clue_id=UUID(int=82),
    risk_types=(RiskType.ACCIDENT,),
    rule_id="ACCIDENT",
    discovered_on=date(2024, 3, 4),
)
NO = replace(REVIEW, votes_for=1, votes_against=18)


def carried(*late: Command, verdict: Command = NO) -> CluesCarriedOver | None:
    """What the village's answer leaves open of clues that joined after the visit."""
    given = history(RISK, START, VERIFY, *late)
    held, *left = HOUSEHOLD.when(verdict, given=given)
    assert isinstance(held, VillageReviewHeld)
    if not left:
        return None
    (event,) = left
    assert isinstance(event, CluesCarriedOver)
    return event


def refused_with(*late: Command) -> list[HouseholdEvent]:
    """The household after the village said no."""
    return history(RISK, START, VERIFY, *late, NO)


def test_T7_a_clue_that_joined_after_the_verification_outlives_the_village_s_no() -> None:
    event = carried(SCHOOLING)
    assert event
    assert (event.clue_ids, event.risk_types) == ([SCHOOLING.clue_id], [RiskType.SCHOOLING])
    assert (event.discovered_on, event.due_on) == (date(2024, 3, 5), date(2024, 3, 20))
    household = state(refused_with(SCHOOLING))
    assert household.stage is Stage.CLUE_OPEN
    assert household.ended
    assert (household.ended.outcome, household.ended.file.case_id) == ("NOT_PASSED", RISK.clue_id)
    file = household.opened
    assert (file.case_id, file.channel) == (SCHOOLING.clue_id, Channel.CADRE_SCREENING)
    assert [clue.clue_id for clue in file.clues] == [SCHOOLING.clue_id]


def test_T7_of_several_the_earliest_is_day_0() -> None:
    event = carried(SCHOOLING, ACCIDENT)
    assert event
    assert (event.clue_count, event.discovered_on) == (2, ACCIDENT.discovered_on)
    assert event.due_on == date(2024, 3, 19)


def test_T7_it_is_verified_and_decided_as_any_other() -> None:
    start = replace(START, started_on=date(2024, 3, 6))
    seen = replace(VERIFY.seen, on=date(2024, 3, 7), assessment_id=UUID(int=83))
    verify = replace(VERIFY, seen=seen, risk_types=(RiskType.SCHOOLING,))
    agreed = replace(REVIEW, held_on=date(2024, 3, 8))
    posted = replace(POST, posted_on=date(2024, 3, 9))
    given = history(RISK, START, VERIFY, SCHOOLING, NO, start, verify, agreed, posted)
    assert state(given).stage is Stage.PUBLICISED
    again = [*refused_with(SCHOOLING), *HOUSEHOLD.when(start, given=refused_with(SCHOOLING))]
    rejected = replace(REJECT, reason_code=RejectionReason.FALSE_CLUE)
    assert state([*again, *HOUSEHOLD.when(rejected, given=again)]).stage is Stage.NONE


def test_T7_what_was_verified_ends_with_the_village_s_no() -> None:
    """Also what a rule says of the income that was verified, which is the class that was proposed."""
    assert carried() is None
    seen = replace(SCHOOLING, discovered_on=VERIFY.seen.on)
    in_time = history(RISK, START, seen, VERIFY, NO)
    assert state(in_time).stage is Stage.NONE
    line = replace(SCHOOLING, risk_types=(RiskType.LOW_INCOME,), rule_id="INCOME-LINE")
    assert carried(line) is None


def test_T7_another_source_about_the_same_risk_was_not_verified_either() -> None:
    again = replace(SCHOOLING, risk_types=(RiskType.ILLNESS,), rule_id="SERIOUS-ILLNESS")
    event = carried(again)
    assert event
    assert event.clue_ids == [again.clue_id]


def test_T7_nothing_is_carried_over_where_the_village_agrees() -> None:
    assert carried(SCHOOLING, verdict=REVIEW) is None
    assert [c.clue_id for c in state(history(*STEPS[:3], SCHOOLING, *STEPS[3:])).unhandled] == [
        SCHOOLING.clue_id
    ]


ABLE = replace(REJECT, reason_code=RejectionReason.SELF_ABLE)


@pytest.mark.parametrize("reason", [RejectionReason.SELF_ABLE, RejectionReason.FALSE_CLUE])
def test_T4_what_joined_after_the_verification_outlives_a_reason_of_what_was_verified(
    reason: RejectionReason,
) -> None:
    given = history(RISK, START, VERIFY, SCHOOLING, replace(ABLE, reason_code=reason))
    household = state(given)
    assert household.stage is Stage.CLUE_OPEN
    assert household.ended
    assert (household.ended.outcome, household.ended.file.case_id) == ("REJECTED", RISK.clue_id)
    file = household.opened
    assert [clue.clue_id for clue in file.clues] == [SCHOOLING.clue_id]
    assert (file.case_id, file.due_on) == (SCHOOLING.clue_id, date(2024, 3, 20))


def test_T4_what_joined_after_the_officers_were_sent_outlives_it_too() -> None:
    """Nobody has assessed an income yet: no class answers what a rule says of it."""
    line = replace(SCHOOLING, risk_types=(RiskType.LOW_INCOME,), rule_id="INCOME-LINE")
    before = replace(ACCIDENT, discovered_on=START.started_on)
    household = state(history(RISK, before, START, line, ABLE))
    assert [clue.clue_id for clue in household.opened.clues] == [line.clue_id]
    assert state(history(RISK, before, START, ABLE)).stage is Stage.NONE


def test_T4_the_clue_that_is_rejected_is_not_carried_over() -> None:
    """It is the first that is left, although it joined after the visit."""
    gone = WithdrawClue(
        clue_id=RISK.clue_id,
        withdrawn_by=WithdrawnBy.HOUSEHOLD,
        reason="农户来镇撤回本次申报",
        withdrawn_on=date(2024, 3, 5),
        today=TODAY,
    )
    assert state(history(RISK, START, VERIFY, SCHOOLING, gone, ABLE)).stage is Stage.NONE


@pytest.mark.parametrize(
    "reason",
    [
        RejectionReason.NOT_RURAL,
        RejectionReason.ALREADY_MONITORED,
        RejectionReason.CANNOT_LOCATE,
        RejectionReason.REFUSED_AUTHORISATION,
    ],
)
def test_T4_a_reason_of_the_household_ends_every_clue(reason: RejectionReason) -> None:
    no = RefuseAuthorisation(reason="不愿意", refused_on=date(2024, 3, 3), today=TODAY)
    whole = replace(ABLE, reason_code=reason)
    assert state(history(RISK, START, no, VERIFY, SCHOOLING, whole)).stage is Stage.NONE


def test_T7_T12_emergency_help_goes_on_with_the_case() -> None:
    household = state(refused_with(SCHOOLING, GRANT))
    assert [help.grant_id for help in household.opened.emergency] == [GRANT.grant_id]


def test_T12_help_of_a_case_that_was_not_confirmed_belongs_to_the_next() -> None:
    """The town rejected it, the family appealed: what it was given is named by the confirmation."""
    appeal = replace(
        RISK,
        clue_id=UUID(int=84),
        channel=Channel.SELF_DECLARATION,
        medium=DeclarationMedium.PAPER,
        rule_id=None,
        evidence_event_ids=(),
        discovered_on=date(2024, 3, 10),
    )
    false = replace(REJECT, reason_code=RejectionReason.FALSE_CLUE)
    given = history(RISK, START, GRANT, false, appeal)
    assert [help.grant_id for help in state(given).opened.emergency] == [GRANT.grant_id]
    assert not state(history(*STEPS[:1], GRANT, *STEPS[1:], CANCEL, appeal)).opened.emergency
