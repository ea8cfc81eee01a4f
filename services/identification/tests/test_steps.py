"""What holds of every step: its day is in order, and its words name nobody."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta

import pytest

from contracts.codes import RiskType
from contracts.identification import HouseholdEvent
from contracts.inquiries import DataSource, Finding
from identification.domain.commands import Command
from services.identification.tests.ending import (
    ADD,
    ALLOW,
    APPROVE_AGAIN,
    CANCEL,
    CHANGE,
    CLOSE,
    COMPLETE_AGAIN,
    ELIMINATE,
    ENDING,
    ENTER,
    POST_AGAIN,
    PROPOSE,
    REASSESS,
    REJECT_ELIMINATION,
    RESOLVE,
    REVIEW_AGAIN,
    REVOKE,
    VERIFY_AGAIN,
    before,
    monitored,
)
from services.identification.tests.story import (
    APPROVE,
    COMPLETE,
    CONFIRM,
    POST,
    REJECT,
    REVIEW,
    RISK,
    START,
    STEPS,
    VERIFY,
    history,
    refused,
    up_to,
)
from services.identification.tests.test_elimination import AGAIN
from services.identification.tests.test_elimination_guards import without_labour
from services.identification.tests.test_inquiries import (
    ANSWER,
    ASK,
    GRANT,
    OBJECT,
    REFUSE,
    SIGN,
    UPHELD,
)
from services.identification.tests.test_monitoring import RICH_BUT_ILL
from services.identification.tests.test_outcomes import FOUND, RETURN, WITHDRAW

Given = Sequence[HouseholdEvent]
CONFIRMED = history(*STEPS)
FOUND_ON = RISK.discovered_on
CONFIRMED_ON = CONFIRM.confirmed_on

# The step, what went before it, its day, and the first day on which it may be taken.
DAYS: list[tuple[Command, Given, str, date]] = [
    (START, up_to(START), "started_on", FOUND_ON),
    (VERIFY, up_to(VERIFY), "seen", START.started_on),
    (REJECT, FOUND, "rejected_on", VERIFY.seen.on),
    (REJECT, FOUND, "family_told_on", VERIFY.seen.on),
    (WITHDRAW, history(RISK), "withdrawn_on", FOUND_ON),
    (REVIEW, up_to(REVIEW), "held_on", VERIFY.seen.on),
    (POST, up_to(POST), "posted_on", REVIEW.held_on),
    (COMPLETE, up_to(COMPLETE), "ended_on", POST.posted_on),
    (APPROVE, up_to(APPROVE), "approved_on", COMPLETE.ended_on),
    (RETURN, up_to(APPROVE), "returned_on", COMPLETE.ended_on),
    (CONFIRM, up_to(CONFIRM), "confirmed_on", APPROVE.approved_on),
    (SIGN, history(RISK), "signed_on", FOUND_ON),
    (REFUSE, history(RISK), "refused_on", FOUND_ON),
    (ASK, history(RISK, SIGN), "requested_on", SIGN.signed_on),
    (ANSWER, history(RISK, SIGN, ASK), "completed_on", ASK.requested_on),
    (OBJECT, up_to(COMPLETE), "raised_on", POST.posted_on),
    (UPHELD, history(*STEPS[:5], OBJECT), "resolved_on", OBJECT.raised_on),
    (GRANT, history(), "granted_on", date(1900, 1, 1)),
    (REASSESS, CONFIRMED, "seen", CONFIRMED_ON),
    (CHANGE, history(*STEPS, RICH_BUT_ILL), "changed_on", CONFIRMED_ON),
    (ADD, CONFIRMED, "added_on", CONFIRMED_ON),
    (
        replace(RESOLVE, risk_type=RiskType.ILLNESS),
        history(*STEPS, ADD),
        "resolved_on",
        CONFIRMED_ON,
    ),
    (CANCEL, CONFIRMED, "cancelled_on", CONFIRMED_ON),
    (CLOSE, history(RISK), "closed_on", FOUND_ON),
    (ENTER, CONFIRMED, "entered_on", CONFIRMED_ON),
    (ALLOW, without_labour(), "granted_on", CONFIRMED_ON),
    (PROPOSE, before(PROPOSE), "proposed_on", CONFIRMED_ON),
    (VERIFY_AGAIN, before(VERIFY_AGAIN), "seen", PROPOSE.proposed_on),
    (REJECT_ELIMINATION, before(VERIFY_AGAIN), "rejected_on", PROPOSE.proposed_on),
    (REVIEW_AGAIN, before(REVIEW_AGAIN), "held_on", VERIFY_AGAIN.seen.on),
    (POST_AGAIN, before(POST_AGAIN), "posted_on", REVIEW_AGAIN.held_on),
    (APPROVE_AGAIN, before(APPROVE_AGAIN), "approved_on", COMPLETE_AGAIN.ended_on),
    (ELIMINATE, before(ELIMINATE), "eliminated_on", APPROVE_AGAIN.approved_on),
    (REVOKE, monitored(*ENDING), "revoked_on", ELIMINATE.eliminated_on),
]


def on(command: Command, field: str, day: date) -> Command:
    """The step on another day."""
    value = replace(command.seen, on=day) if field == "seen" else day  # type: ignore[union-attr]
    return replace(command, **{field: value})  # type: ignore[arg-type]


@pytest.mark.parametrize(("command", "given", "field", "earliest"), DAYS)
def test_a_step_is_taken_after_the_one_before_it_and_not_in_the_future(
    command: Command, given: Given, field: str, earliest: date
) -> None:
    events = [*given]
    early = on(command, field, earliest - timedelta(days=1))
    assert refused(early, events).code == "date-before-previous-step"
    tomorrow = on(command, field, command.today + timedelta(days=1))  # type: ignore[union-attr]
    assert refused(tomorrow, events).code == "date-in-future"


TOLD = "电话13800000000的那一户人家"
TEXTS: list[tuple[Command, Given, str, object]] = [
    (RISK, history(), "summary_zh", TOLD),
    (VERIFY, up_to(VERIFY), "self_ability", TOLD),
    (REJECT, FOUND, "text", TOLD),
    (WITHDRAW, history(RISK), "reason", TOLD),
    (POST, up_to(POST), "place", TOLD),
    (RETURN, up_to(APPROVE), "reason", TOLD),
    (REFUSE, history(RISK), "reason", TOLD),
    (
        ANSWER,
        history(RISK, SIGN, ASK),
        "findings",
        (Finding(source=DataSource.POLICE, hit=True, detail_ref=TOLD),),
    ),
    (OBJECT, up_to(COMPLETE), "text", TOLD),
    (UPHELD, history(*STEPS[:5], OBJECT), "text", TOLD),
    (CHANGE, history(*STEPS, RICH_BUT_ILL), "reason", TOLD),
    (ADD, CONFIRMED, "evidence", TOLD),
    (CANCEL, CONFIRMED, "reason", TOLD),
    (ENTER, CONFIRMED, "platform_no", "GD-13800000000"),
    (ALLOW, without_labour(), "text", TOLD),
    (REJECT_ELIMINATION, before(VERIFY_AGAIN), "reason", TOLD),
]


@pytest.mark.parametrize(("command", "given", "field", "text"), TEXTS)
def test_the_words_of_a_step_name_nobody(
    command: Command, given: Given, field: str, text: object
) -> None:
    named = replace(command, **{field: text})  # type: ignore[arg-type]
    assert refused(named, [*given]).code == "personal-data-in-text"


def test_the_reason_for_being_late_names_nobody() -> None:
    late = replace(CONFIRM, confirmed_on=date(2024, 3, 17), late_reason=TOLD)
    assert refused(late, up_to(CONFIRM)).code == "personal-data-in-text"


def test_T1_a_clue_was_not_found_tomorrow_and_a_rule_has_evidence() -> None:
    tomorrow = replace(RISK, discovered_on=RISK.today + timedelta(days=1))
    assert refused(tomorrow, history()).code == "date-in-future"
    assert refused(replace(RISK, risk_types=()), history()).code == "clue-needs-evidence"
    assert refused(replace(RISK, evidence_event_ids=()), history()).code == "clue-needs-evidence"


def test_a_class_is_changed_with_a_reason() -> None:
    short = replace(CHANGE, reason="收入变化")
    assert refused(short, history(*STEPS, RICH_BUT_ILL)).code == "reason-too-short"


def test_T11_an_elimination_is_rejected_and_not_returned() -> None:
    later = replace(RETURN, returned_on=date(2024, 10, 29), today=AGAIN.today)
    for step in (REVIEW_AGAIN, POST_AGAIN, COMPLETE_AGAIN, APPROVE_AGAIN, ELIMINATE):
        assert refused(later, before(step)).code == "step-out-of-order"
