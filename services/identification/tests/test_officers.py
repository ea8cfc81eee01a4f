"""T2: staff leave, and nobody of the family decides. Others are sent, and who answers is named anew (S1.1-02)."""

from collections.abc import Sequence
from dataclasses import fields, replace
from datetime import date
from typing import Any, get_args
from uuid import UUID

import httpx
import pytest

from common.decider import Refused
from common.ids import new_id
from contracts.episodes import OfficersReplaced, ReplacementReason
from contracts.identification import HouseholdEvent
from contracts.monitoring import ResponsiblePersonAssigned
from identification.domain.commands import Command
from identification.domain.household import HOUSEHOLD
from identification.domain.officers import ReplaceOfficers
from identification.domain.responsible import AssignResponsible
from services.identification.tests.asking import Callers
from services.identification.tests.ending import (
    ALLOW,
    CANCEL,
    CHANGE,
    CORRECT,
    ELIMINATE,
    ENDING,
    LATER,
    PROPOSE,
    REJECT_ELIMINATION,
    REVOKE,
    VERIFY_AGAIN,
    monitored,
)
from services.identification.tests.entries import IDENTITY
from services.identification.tests.registrar import Register
from services.identification.tests.story import (
    APPROVE,
    CONFIRM,
    POLICY,
    REGISTERED,
    REJECT,
    RISK,
    START,
    STEPS,
    TODAY,
    VERIFY,
    history,
    refused,
    state,
)
from services.identification.tests.test_inquiries import GRANT, UPHELD
from services.identification.tests.test_outcomes import RETURN
from services.identification.tests.way import CLUE

LEFT, STAYS, COMES = *START.officers, UUID(int=13)
REPLACE = ReplaceOfficers(
    officers=(STAYS, COMES),
    recusal_declared=True,
    reason=ReplacementReason.LEFT_POST,
    replaced_on=date(2024, 3, 3),
    by="village",
    policy=POLICY,
    today=TODAY,
)
ASSIGN = AssignResponsible(person="P-0107", assigned_on=date(2024, 4, 1), by="town", today=LATER)


def test_T2_others_are_sent_in_the_place_of_officers_who_left() -> None:
    (event,) = HOUSEHOLD.when(REPLACE, given=history(RISK, START))
    assert isinstance(event, OfficersReplaced)
    assert (event.officers, event.officer_count) == ([STAYS, COMES], 2)
    assert (event.reason, event.replaced_by) == (ReplacementReason.LEFT_POST, "village")
    assert state(history(RISK, START, REPLACE)).opened.officers == (STAYS, COMES)
    assert HOUSEHOLD.when(REPLACE, given=history(RISK, START, REPLACE)) == []


@pytest.mark.parametrize("officer", [LEFT, COMES])
def test_T2_who_was_sent_before_decides_as_little_as_who_is_sent_now(officer: UUID) -> None:
    given = history(RISK, START, REPLACE, *STEPS[2:-2])
    assert refused(replace(APPROVE, by=str(officer)), given).code == "separation-of-duties"
    given = history(RISK, START, REPLACE, *STEPS[2:-1])
    assert refused(replace(CONFIRM, by=str(officer)), given).code == "separation-of-duties"


def test_T2_the_guards_hold_for_those_who_are_sent_instead() -> None:
    given, relative = history(RISK, replace(START, recused=(COMES,))), UUID(int=14)
    changes: list[tuple[dict[str, Any], str]] = [
        ({}, "officer-is-relative"),  # declared when the first were sent
        ({"officers": (STAYS,)}, "officers-needed"),
        ({"officers": (STAYS, relative), "recused": (relative,)}, "officer-is-relative"),
        ({"officers": (STAYS, REGISTERED.members[0].person_id)}, "officer-is-relative"),
        ({"recusal_declared": False}, "recusal-not-declared"),
        ({"replaced_on": date(2024, 3, 1)}, "date-before-previous-step"),
    ]
    for change, code in changes:
        assert refused(replace(REPLACE, **change), given).code == code


def test_T2_who_turns_out_to_be_a_relative_stays_away_from_then_on() -> None:
    found = replace(REPLACE, recused=(LEFT,), reason=ReplacementReason.RELATIVE)
    given = history(RISK, START, found)
    assert refused(replace(VERIFY, by=str(LEFT)), given).code == "officer-is-relative"


def test_T2_nobody_is_replaced_who_was_not_sent_or_has_verified() -> None:
    for given in (history(RISK), history(*STEPS[:3]), history(*STEPS)):
        assert refused(REPLACE, given).code == "step-out-of-order"


def test_T11_others_may_be_sent_when_a_case_is_returned() -> None:
    given = history(*STEPS[:3], RETURN)
    again = replace(REPLACE, replaced_on=RETURN.returned_on)
    assert HOUSEHOLD.when(again, given=given)


@pytest.mark.parametrize(
    "given",
    [history(), history(*STEPS), monitored(*ENDING), monitored(*ENDING, REVOKE)],
    ids=["no case", "monitored", "eliminated", "monitored again"],
)
def test_S1102_a_household_has_a_responsible_person_at_whatever_stage(
    given: list[HouseholdEvent],
) -> None:
    (event,) = HOUSEHOLD.when(ASSIGN, given=given)
    assert isinstance(event, ResponsiblePersonAssigned)
    assert (event.person, event.replaces, event.assigned_by) == ("P-0107", None, "town")
    given = [*given, event]
    assert HOUSEHOLD.when(ASSIGN, given=given) == []
    other = replace(ASSIGN, person="P-0108")
    (event,) = HOUSEHOLD.when(replace(other, assigned_on=date(2024, 4, 2)), given=given)
    assert isinstance(event, ResponsiblePersonAssigned)
    assert event.replaces == "P-0107"
    earlier = replace(other, assigned_on=date(2024, 3, 31))
    assert refused(earlier, given).code == "date-before-previous-step"


def test_S1102_no_relative_answers_for_a_household() -> None:
    given = history(RISK, replace(START, recused=(COMES,)))
    for whose in (COMES, REGISTERED.members[0].person_id):
        assert refused(replace(ASSIGN, person=str(whose)), given).code == "officer-is-relative"


async def test_T2_S1102_officers_and_the_responsible_person_are_replaced_over_http(
    app: httpx.AsyncClient, register: Register, callers: Callers
) -> None:
    village = Register(app, callers.staff("episodes:village households:read", "v", "441624"))
    town = Register(app, callers.staff("episodes:town households:read", "t", "441624"))
    home = await register.household()
    await village.done(home.id, "clues", **CLUE)
    first, second, third = (str(new_id()) for _ in range(3))
    start = {"recusal_declared": True, "started_on": "2024-03-02"}
    await village.done(home.id, "verification", officers=[first, second], **start)
    form = {"recusal_declared": True, "replaced_on": "2024-03-03", "reason": "LEFT_POST"}
    done = await village.done(home.id, "officers", officers=[second, third], **form)
    assert [e["type"] for e in done.json()["events"]] == ["OfficersReplaced"]
    assigned = {"person": "P-0107", "assigned_on": "2024-03-03"}
    done = await town.done(home.id, "responsible-person", **assigned)
    assert [e["type"] for e in done.json()["events"]] == ["ResponsiblePersonAssigned"]
    named = await town.ask(home.id, "responsible-person", **assigned | {"person": "黄某某"})
    assert named.status_code == 422


CORRECTED = replace(
    IDENTITY, person_id=REGISTERED.members[0].person_id, corrected_on=LATER, today=LATER
)
DECISIONS: tuple[Any, ...] = (
    REPLACE, VERIFY, REJECT, RETURN, APPROVE, CONFIRM, UPHELD, GRANT, ASSIGN, CHANGE, CANCEL, CORRECT,
    ALLOW, PROPOSE, VERIFY_AGAIN, REJECT_ELIMINATION, ELIMINATE, REVOKE, CORRECTED,
)  # fmt: skip


def test_every_decision_is_asked_here() -> None:
    signed = {c for c in get_args(Command) if "by" in {f.name for f in fields(c)}}
    assert signed == {type(decision) for decision in DECISIONS}


@pytest.mark.parametrize("decision", DECISIONS, ids=lambda decision: type(decision).__name__)
def test_nobody_decides_about_their_own_household_or_that_of_relatives(decision: Any) -> None:
    given = history(RISK, replace(START, recused=(UUID(int=14),)))
    for by in (UUID(int=14), UUID(int=1)):
        own = replace(decision, by=str(by).upper())
        assert refused(own, given).code == "officer-is-relative"
    assert _code_of(decision, given) != "officer-is-relative"


def _code_of(decision: Any, given: Sequence[HouseholdEvent]) -> str | None:
    """Why it is refused, if it is."""
    try:
        HOUSEHOLD.when(decision, given=given)
    except Refused as refusal:
        return refusal.code
    return None
