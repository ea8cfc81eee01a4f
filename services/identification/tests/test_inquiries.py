"""T5, T6, T11 and T12: what runs beside the stages of a case."""

from dataclasses import replace
from datetime import date
from typing import Any
from uuid import UUID

import pytest

from contracts.codes import LabourCapacity, Relation
from contracts.episodes import MonitoringConfirmed, RejectionReason, TownReviewApproved
from contracts.inquiries import (
    AuthorisationRefused,
    AuthorisationSigned,
    DataComparisonCompleted,
    DataComparisonRequested,
    DataSource,
    EmergencyAssistanceGranted,
    EmergencyCause,
    Finding,
    ObjectionRaised,
    ObjectionResolved,
    SignatureMedium,
)
from contracts.stages import Procedure, Stage
from identification.domain.commands import (
    Command,
    CompleteComparison,
    GrantEmergencyAssistance,
    RaiseObjection,
    RefuseAuthorisation,
    RequestComparison,
    ResolveObjection,
    SignAuthorisation,
)
from identification.domain.household import HOUSEHOLD
from services.identification.tests.story import (
    APPROVE,
    COMPLETE,
    CONFIRM,
    HASH,
    POST,
    REGISTERED,
    REJECT,
    REVIEW,
    RISK,
    START,
    STEPS,
    TODAY,
    VERIFY,
    history,
    member,
    refused,
    state,
    up_to,
)

SIGN = SignAuthorisation(
    signers=(UUID(int=1),),
    scope=(DataSource.POLICE, DataSource.REAL_ESTATE),
    document_hash=HASH,
    assisted=False,
    medium=SignatureMedium.FINGERPRINT,
    signed_on=date(2024, 3, 2),
    today=TODAY,
)
REFUSE = RefuseAuthorisation(reason="不愿公开存款", refused_on=date(2024, 3, 3), today=TODAY)
ASK = RequestComparison(
    comparison_id=UUID(int=31),
    sources=(DataSource.POLICE, DataSource.REAL_ESTATE),
    requested_on=date(2024, 3, 3),
    today=TODAY,
)
ANSWER = CompleteComparison(
    findings=(Finding(source=DataSource.POLICE, hit=True, detail_ref="GA-7"),),
    timed_out=(DataSource.REAL_ESTATE,),
    completed_on=date(2024, 3, 5),
    today=TODAY,
)
OBJECT = RaiseObjection(
    objection_id=UUID(int=41),
    anonymous=True,
    text="该户有商品房",
    raised_on=date(2024, 3, 8),
    today=TODAY,
)
UPHELD = ResolveObjection(
    objection_id=OBJECT.objection_id,
    upheld=True,
    text="经查属实,该户名下有一套商品房",
    resolved_on=date(2024, 3, 12),
    by="town",
    today=TODAY,
)
DISMISSED = replace(UPHELD, upheld=False, text="经查不实,该房产属于同名的另一户")
GRANT = GrantEmergencyAssistance(
    grant_id=UUID(int=51),
    cause=EmergencyCause.NATURAL_DISASTER,
    amount_fen=500_000,
    granted_on=date(2024, 3, 2),
    by="town",
    today=TODAY,
)


def test_T5_adult_members_sign() -> None:
    (event,) = HOUSEHOLD.when(SIGN, given=history(RISK))
    assert isinstance(event, AuthorisationSigned)
    assert HOUSEHOLD.when(SIGN, given=[*history(RISK), event]) == []


def test_T5_a_stranger_or_a_child_does_not_sign() -> None:
    stranger = replace(SIGN, signers=(UUID(int=1), UUID(int=77)))
    refusal = refused(stranger, history(RISK))
    assert (refusal.code, refusal.details) == ("signer-not-adult-member", {"signer": 2})
    young = {"labour_capacity": LabourCapacity.NONE}
    for born, adult in ((date(2006, 3, 2), True), (date(2006, 3, 3), False)):
        child = member(2, Relation.CHILD, born_on=born, **young)
        family = replace(REGISTERED, members=[member(1), child], co_living_count=2)
        sign = replace(SIGN, signers=(UUID(int=2),))
        given = history(RISK, registered=family)
        if adult:
            assert HOUSEHOLD.when(sign, given=given)
        else:
            assert refused(sign, given).code == "signer-not-adult-member"


@pytest.mark.parametrize("change", [{"signers": ()}, {"scope": ()}])
def test_T5_a_letter_names_who_signs_and_what_it_opens(change: dict[str, Any]) -> None:
    letter = replace(SIGN, **change)
    assert refused(letter, history(RISK)).code == "authorisation-incomplete"


def test_T5_a_letter_says_how_it_was_signed() -> None:
    for medium in SignatureMedium:
        (event,) = HOUSEHOLD.when(replace(SIGN, medium=medium), given=history(RISK))
        assert isinstance(event, AuthorisationSigned)
        assert event.medium is medium
    refusal = refused(replace(SIGN, medium=None), history(RISK))
    assert (refusal.code, refusal.details) == (
        "authorisation-medium",
        {"codes": list(SignatureMedium)},
    )


@pytest.mark.parametrize("command", [SIGN, REFUSE, ASK, ANSWER])
@pytest.mark.parametrize("given", [history(), history(*STEPS)])
def test_T5_T6_belong_to_a_case_that_is_not_decided(command: Command, given: list[object]) -> None:
    assert refused(command, given).code == "step-out-of-order"  # type: ignore[arg-type]


def test_A19_nobody_is_asked_before_the_family_has_signed() -> None:
    assert refused(ASK, history(RISK)).code == "authorisation-needed"
    (event,) = HOUSEHOLD.when(ASK, given=history(RISK, SIGN))
    assert isinstance(event, DataComparisonRequested)


def test_A19_a_refusal_is_on_the_case_and_nobody_is_asked() -> None:
    given = history(RISK, START, REFUSE)
    assert isinstance(state(given).opened.consent, AuthorisationRefused)
    refusal = refused(ASK, given)
    assert refusal.code == "authorisation-refused"
    assert refusal.details == {"refused_on": REFUSE.refused_on}
    taken_back = history(RISK, START, SIGN, REFUSE)
    assert refused(ASK, taken_back).code == "authorisation-refused"


def test_T5_a_refusal_leads_to_a_rejection_or_to_a_decision_by_the_visit_alone() -> None:
    reject = replace(REJECT, reason_code=RejectionReason.REFUSED_AUTHORISATION)
    assert HOUSEHOLD.when(reject, given=history(RISK, START, REFUSE))
    given = history(RISK, START, REFUSE, VERIFY, REVIEW, POST, COMPLETE)
    assert refused(APPROVE, given).code == "authorisation-was-refused"
    (event,) = HOUSEHOLD.when(replace(APPROVE, visit_only=True), given=given)
    assert isinstance(event, TownReviewApproved)
    assert event.visit_only
    (usual,) = HOUSEHOLD.when(replace(APPROVE, visit_only=True), given=up_to(APPROVE))
    assert isinstance(usual, TownReviewApproved)
    assert not usual.visit_only


def test_T5_a_refusal_after_the_town_approved_goes_back_to_the_town() -> None:
    late = replace(REFUSE, refused_on=date(2024, 3, 14))
    assert refused(CONFIRM, history(*STEPS[:-1], late)).code == "authorisation-was-refused"
    by_the_visit = replace(APPROVE, visit_only=True)
    given = history(RISK, START, REFUSE, VERIFY, REVIEW, POST, COMPLETE, by_the_visit)
    assert HOUSEHOLD.when(CONFIRM, given=given)


def test_T6_only_registers_that_the_letter_opens_are_asked() -> None:
    given = history(RISK, SIGN)
    beyond = replace(ASK, sources=(DataSource.POLICE, DataSource.TAX))
    refusal = refused(beyond, given)
    assert refusal.code == "beyond-authorisation"
    assert refusal.details["sources"] == [DataSource.TAX]
    assert refused(replace(ASK, sources=()), given).code == "beyond-authorisation"
    early = replace(ASK, requested_on=date(2024, 3, 1))
    assert refused(early, given).code == "date-before-previous-step"


def test_T6_one_comparison_at_a_time() -> None:
    given = history(RISK, SIGN, ASK)
    assert HOUSEHOLD.when(ASK, given=given) == []
    another = replace(ASK, comparison_id=UUID(int=32))
    assert refused(another, given).code == "comparison-open"
    assert HOUSEHOLD.when(another, given=history(RISK, SIGN, ASK, ANSWER))


def test_T6_every_register_answered_or_timed_out() -> None:
    given = history(RISK, SIGN, ASK)
    silent = replace(ANSWER, timed_out=())
    assert refused(silent, given).code == "comparison-incomplete"
    twice = replace(ANSWER, timed_out=(DataSource.REAL_ESTATE, DataSource.POLICE))
    assert refused(twice, given).code == "comparison-incomplete"
    (event,) = HOUSEHOLD.when(ANSWER, given=given)
    assert isinstance(event, DataComparisonCompleted)
    assert event.hits == 1
    assert refused(ANSWER, [*given, event]).code == "no-comparison-open"


def test_T6_a_finding_rejects_nobody_and_is_there_when_the_village_reviews() -> None:
    given = history(RISK, START, SIGN, ASK, VERIFY)
    assert refused(REVIEW, given).code == "comparison-open"
    given += HOUSEHOLD.when(ANSWER, given=given)
    assert state(given).stage is Stage.VERIFIED
    assert state(given).opened.hits == 1
    assert HOUSEHOLD.when(REVIEW, given=given)


def test_T6_a_comparison_asked_for_after_the_review_is_completed_before_anybody_decides() -> None:
    late = replace(ASK, requested_on=date(2024, 3, 11))
    answer = replace(ANSWER, completed_on=date(2024, 3, 13))
    over = [*history(STEPS[0], START, SIGN, *STEPS[2:6], late)]
    refusal = refused(APPROVE, over)
    assert (refusal.code, refusal.details) == ("comparison-open", {"sources": list(ASK.sources)})
    approved = history(STEPS[0], START, SIGN, *STEPS[2:7], late)
    assert refused(CONFIRM, approved).code == "comparison-open"
    assert HOUSEHOLD.when(CONFIRM, given=[*approved, *HOUSEHOLD.when(answer, given=approved)])


def test_T9_an_open_objection_blocks_every_step_to_the_decision() -> None:
    posted = [*up_to(COMPLETE), *HOUSEHOLD.when(OBJECT, given=up_to(COMPLETE))]
    assert refused(COMPLETE, posted).code == "objection-open"
    over = [*up_to(APPROVE), *HOUSEHOLD.when(OBJECT, given=up_to(APPROVE))]
    assert refused(APPROVE, over).code == "objection-open"
    approved = [*up_to(CONFIRM), *HOUSEHOLD.when(OBJECT, given=up_to(CONFIRM))]
    refusal = refused(CONFIRM, approved)
    assert refusal.code == "objection-open"
    assert refusal.details == {"objections": [OBJECT.objection_id]}


def test_an_objection_that_is_dismissed_lets_the_case_go_on() -> None:
    given = history(*STEPS[:5], OBJECT, DISMISSED)
    resolved = given[-1]
    assert isinstance(resolved, ObjectionResolved)
    assert (resolved.procedure, resolved.upheld) == (Procedure.IDENTIFICATION, False)
    assert HOUSEHOLD.when(replace(COMPLETE, ended_on=DISMISSED.resolved_on), given=given)


@pytest.mark.parametrize("by", ["verifier", str(START.officers[0])])
def test_T11_who_verified_does_not_answer_an_objection_to_it(by: str) -> None:
    given = history(*STEPS[:5], OBJECT)
    for answer in (DISMISSED, UPHELD):
        refusal = refused(replace(answer, by=by), given)
        assert (refusal.code, refusal.details["before"]) == ("separation-of-duties", "VERIFICATION")


def test_T11_an_objection_that_is_upheld_sends_the_case_back() -> None:
    given = history(*STEPS[:5], OBJECT, UPHELD)
    household = state(given)
    assert household.stage is Stage.VERIFYING
    assert not household.opened.objections
    assert household.opened.due_on == date(2024, 3, 16)


def test_objections_come_after_the_notice_and_are_answered_with_a_reason() -> None:
    assert refused(OBJECT, up_to(POST)).code == "step-out-of-order"
    given = history(*STEPS[:5])
    (event,) = HOUSEHOLD.when(OBJECT, given=given)
    assert isinstance(event, ObjectionRaised)
    assert HOUSEHOLD.when(OBJECT, given=[*given, event]) == []
    assert refused(UPHELD, given).code == "unknown-objection"
    short = replace(UPHELD, text="属实")
    assert refused(short, [*given, event]).code == "reason-too-short"
    named = replace(OBJECT, text="电话13800000000的那户")
    assert refused(named, given).code == "personal-data-in-text"


def test_T12_help_runs_first_and_belongs_to_the_case_that_follows() -> None:
    given = history(GRANT)
    assert isinstance(given[-1], EmergencyAssistanceGranted)
    assert HOUSEHOLD.when(GRANT, given=given) == []
    events = history(GRANT, *STEPS)
    confirmed = events[-1]
    assert isinstance(confirmed, MonitoringConfirmed)
    assert confirmed.emergency_grants == [GRANT.grant_id]
    assert state(events).grants == ()


def test_T12_help_on_an_open_case_is_told_at_the_confirmation() -> None:
    confirmed = history(*STEPS[:4], GRANT, *STEPS[4:])[-1]
    assert isinstance(confirmed, MonitoringConfirmed)
    assert confirmed.emergency_grants == [GRANT.grant_id]


def test_T12_help_runs_before_the_household_is_registered() -> None:
    registered = replace(REGISTERED, registered_on=date(2024, 3, 5))
    (event,) = HOUSEHOLD.when(GRANT, given=[registered])
    assert isinstance(event, EmergencyAssistanceGranted)
    assert event.granted_on < registered.registered_on
    case = history(GRANT, replace(RISK, discovered_on=date(2024, 3, 2)), registered=registered)
    assert [g.grant_id for g in state(case).opened.emergency] == [GRANT.grant_id]


def test_T12_after_the_confirmation_help_is_planned() -> None:
    assert refused(GRANT, history(*STEPS)).code == "step-out-of-order"
