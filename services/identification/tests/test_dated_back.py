"""Whatever is dated back: on its day the step was possible, and what it rests on was there."""

from dataclasses import replace
from datetime import date
from uuid import UUID

from contracts.codes import RiskType
from contracts.episodes import RejectionReason
from identification.domain.commands import StartVerification
from identification.domain.household import HOUSEHOLD
from services.identification.tests.ending import ENDING, LATER, REVOKE, monitored
from services.identification.tests.story import REJECT, RISK, START, history
from services.identification.tests.test_inquiries import REFUSE, SIGN
from services.identification.tests.test_late_entries import too_early
from services.identification.tests.test_outcomes import FALSE

ELIMINATED_ON = date(2024, 10, 30)
AFTER = replace(
    RISK,
    clue_id=UUID(int=801),
    risk_types=(RiskType.ACCIDENT,),
    rule_id="ACCIDENT",
    discovered_on=date(2024, 10, 1),
    today=LATER,
)


def sent_on(day: date) -> StartVerification:
    return replace(START, started_on=day, today=LATER)


def test_T17_a_new_case_does_not_begin_while_the_episode_before_it_was_monitored() -> None:
    """Found on 1 October, recorded when the risk was eliminated on the 30th: two episodes at a time."""
    given = monitored(*ENDING, AFTER)
    assert too_early(sent_on(date(2024, 10, 2)), given) == ELIMINATED_ON
    assert HOUSEHOLD.when(sent_on(ELIMINATED_ON), given=given)


def test_T2_nor_while_the_case_before_it_was_under_way() -> None:
    clue = replace(RISK, clue_id=UUID(int=802), risk_types=(RiskType.ACCIDENT,))
    given = history(RISK, START, FALSE, clue)
    for step in (START, SIGN, replace(REFUSE, refused_on=date(2024, 3, 2))):
        assert too_early(step, given) == REJECT.rejected_on


def test_T16_an_elimination_is_not_taken_back_while_another_case_was_open() -> None:
    turned_down = replace(
        REJECT,
        reason_code=RejectionReason.FALSE_CLUE,
        family_told_on=date(2024, 11, 20),
        rejected_on=date(2024, 11, 20),
        today=LATER,
    )
    given = monitored(*ENDING, AFTER, sent_on(date(2024, 11, 5)), turned_down)
    assert too_early(replace(REVOKE, revoked_on=date(2024, 11, 15)), given) == date(2024, 11, 20)
    assert HOUSEHOLD.when(REVOKE, given=given)
