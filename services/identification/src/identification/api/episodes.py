"""The steps of a monitoring episode, as staff take them: T1–T4 and T7–T11.

Every step is a POST with an `Idempotency-Key`; it answers 201 with what was recorded, and the same
again when it is repeated. A step that may not be taken answers with the guard that failed and with
what would satisfy it.
"""

from hashlib import sha256
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Request, Response

from common.auth import Principal, allow
from common.ids import new_id
from common.problems import Problem
from contracts.codes import Channel
from contracts.episodes import ReviewLevel
from identification.api.forms import (
    ClueForm,
    ConfirmationForm,
    PublicityForm,
    PublicityOverForm,
    RejectionForm,
    ReplacementForm,
    ReturnForm,
    TownReviewForm,
    VerificationForm,
    VerifiedForm,
    VillageReviewForm,
    WithdrawalForm,
)
from identification.api.steps import Step
from identification.domain.commands import (
    ApproveByTown,
    CompletePublicity,
    ConfirmMonitoring,
    HoldVillageReview,
    PostPublicity,
    RejectClue,
    ReportRisk,
    ReturnReview,
    StartVerification,
    VerifyHousehold,
    WithdrawClue,
)
from identification.domain.officers import ReplaceOfficers

router = APIRouter(prefix="/v1/households/{household_id}", tags=["episodes"])

Village = Annotated[Principal, allow("episodes:village")]
Town = Annotated[Principal, allow("episodes:town")]
County = Annotated[Principal, allow("episodes:county")]


@router.post("/clues", status_code=201, summary="T1: report a risk found by screening or declared")
async def report(household_id: UUID, form: ClueForm, request: Request, caller: Village) -> Response:
    """The first clue opens a case; later ones join it. Department warnings come from rules only."""
    if form.channel is Channel.DEPARTMENT_WARNING:
        raise Problem("forbidden", {"scope": "facts:write"})
    step = await Step.of(household_id, request, caller)
    return await step.take(
        ReportRisk(
            clue_id=new_id(),
            channel=form.channel,
            medium=form.medium,
            risk_types=tuple(dict.fromkeys(form.risk_types)),
            severity=form.severity,
            evidence_event_ids=(),
            rule_id=None,
            rule_version=None,
            discovered_on=form.discovered_on,
            summary_zh=form.summary,
            summary_en=form.summary,
            policy=step.policy_on(form.discovered_on),
            today=step.today,
        ),
        form.discovered_on,
    )


@router.post("/verification", status_code=201, summary="T2: send officers")
async def start(
    household_id: UUID, form: VerificationForm, request: Request, caller: Village
) -> Response:
    """At least two officers, none of them a relative."""
    step = await Step.of(household_id, request, caller)
    command = StartVerification(
        officers=tuple(form.officers),
        recused=tuple(form.recused),
        recusal_declared=form.recusal_declared,
        started_on=form.started_on,
        policy=step.policy_on(form.started_on),
        today=step.today,
    )
    return await step.take(command, form.started_on)


@router.post("/officers", status_code=201, summary="T2: send other officers")
async def replace_officers(
    household_id: UUID, form: ReplacementForm, request: Request, caller: Village
) -> Response:
    """Until somebody has verified. Who was sent before may still not decide on the case."""
    step = await Step.of(household_id, request, caller)
    command = ReplaceOfficers(
        officers=tuple(form.officers),
        recused=tuple(form.recused),
        recusal_declared=form.recusal_declared,
        reason=form.reason,
        replaced_on=form.replaced_on,
        by=caller.actor.person,
        policy=step.policy_on(form.replaced_on),
        today=step.today,
    )
    return await step.take(command, form.replaced_on)


@router.post("/verification-result", status_code=201, summary="T3: what was found at home")
async def verify(
    household_id: UUID, form: VerifiedForm, request: Request, caller: Village
) -> Response:
    """Income, three guarantees, water, risks; the class follows, or that none fits."""
    step = await Step.of(household_id, request, caller)
    command = VerifyHousehold(
        seen=await step.seen(form, form.verified_on),
        in_person_at_home=form.in_person_at_home,
        risk_types=tuple(form.risk_types),
        disaster_subtype=form.disaster_subtype,
        self_ability=form.self_ability,
        by=caller.actor.person,
        policy=step.policy_on(form.verified_on),
        today=step.today,
    )
    return await step.take(command, form.verified_on)


@router.post("/village-review", status_code=201, summary="T7: the village meeting")
async def review(
    household_id: UUID, form: VillageReviewForm, request: Request, caller: Village
) -> Response:
    """One meeting; passed when more than half of those present vote for, by default."""
    step = await Step.of(household_id, request, caller)
    command = HoldVillageReview(
        **form.model_dump(), policy=step.policy_on(form.held_on), today=step.today
    )
    return await step.take(command, form.held_on)


@router.post("/publicity", status_code=201, summary="T8: post the notice")
async def post(
    household_id: UUID, form: PublicityForm, request: Request, caller: Village
) -> Response:
    """Refused while the text shows personal data."""
    step = await Step.of(household_id, request, caller)
    content_hash = sha256(form.text.encode()).hexdigest()
    command = PostPublicity(**form.model_dump(), content_hash=content_hash, today=step.today)
    return await step.take(command, form.posted_on)


@router.post("/publicity-completion", status_code=201, summary="T9: five full days are over")
async def complete(
    household_id: UUID, form: PublicityOverForm, request: Request, caller: Village
) -> Response:
    """Refused before the fifth full day, with the earliest date."""
    step = await Step.of(household_id, request, caller)
    policy = step.policy_on(form.ended_on)
    command = CompletePublicity(ended_on=form.ended_on, policy=policy, today=step.today)
    return await step.take(command, form.ended_on)


@router.post("/town-review", status_code=201, summary="T9: the town approves")
async def approve(
    household_id: UUID, form: TownReviewForm, request: Request, caller: Town
) -> Response:
    """By somebody who did not verify."""
    step = await Step.of(household_id, request, caller)
    by = caller.actor.person
    command = ApproveByTown(**form.model_dump(), by=by, today=step.today)
    return await step.take(command, form.approved_on)


@router.post("/confirmation", status_code=201, summary="T10: the county confirms")
async def confirm(
    household_id: UUID, form: ConfirmationForm, request: Request, caller: County
) -> Response:
    """The clock stops; late needs a reason and voids nothing."""
    step = await Step.of(household_id, request, caller)
    command = ConfirmMonitoring(
        episode_id=new_id(),
        monitored_class=form.monitored_class,
        confirmed_on=form.confirmed_on,
        late_reason=form.late_reason,
        by=caller.actor.person,
        policy=step.policy_on(form.confirmed_on),
        today=step.today,
    )
    return await step.take(command, form.confirmed_on)


@router.post("/rejection", status_code=201, summary="T4: the town confirms that a clue is rejected")
async def reject(
    household_id: UUID, form: RejectionForm, request: Request, caller: Town
) -> Response:
    """After the family was told, and told how to appeal."""
    step = await Step.of(household_id, request, caller)
    command = RejectClue(
        **form.model_dump(),
        by=caller.actor.person,
        policy=step.policy_on(form.rejected_on),
        today=step.today,
    )
    return await step.take(command, form.rejected_on)


@router.post("/withdrawal", status_code=201, summary="T4: a clue is taken back")
async def withdraw(
    household_id: UUID, form: WithdrawalForm, request: Request, caller: Town
) -> Response:
    """The last clue takes the case with it."""
    step = await Step.of(household_id, request, caller)
    command = WithdrawClue(**form.model_dump(), today=step.today)
    return await step.take(command, form.withdrawn_on)


@router.post("/town-return", status_code=201, summary="T11: the town returns the case")
async def return_by_town(
    household_id: UUID, form: ReturnForm, request: Request, caller: Town
) -> Response:
    """Back to verification; the clock runs on."""
    return await _send_back(household_id, form, request, caller, ReviewLevel.TOWN)


@router.post("/county-return", status_code=201, summary="T11: the county returns the case")
async def return_by_county(
    household_id: UUID, form: ReturnForm, request: Request, caller: County
) -> Response:
    """Back to verification; the clock runs on."""
    return await _send_back(household_id, form, request, caller, ReviewLevel.COUNTY)


async def _send_back(
    household_id: UUID, form: ReturnForm, request: Request, caller: Principal, level: ReviewLevel
) -> Response:
    step = await Step.of(household_id, request, caller)
    by = caller.actor.person
    command = ReturnReview(**form.model_dump(), level=level, by=by, today=step.today)
    return await step.take(command, form.returned_on)
