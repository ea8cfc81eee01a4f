"""The steps of a monitoring episode, as staff take them: T1–T4 and T7–T11.

Every step is a POST with an `Idempotency-Key`; it answers 201 with what was recorded, and the same
again when it is repeated. A step that may not be taken answers with the guard that failed and with
what would satisfy it.
"""

from hashlib import sha256

from fastapi import APIRouter, Response

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
from identification.api.steps import Asked, County, Town, Village
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


@router.post("/clues", status_code=201, summary="T1: report a risk found by screening or declared")
async def report(form: ClueForm, asked: Village) -> Response:
    """The first clue opens a case; later ones join it. Department warnings come from rules only."""
    if form.channel is Channel.DEPARTMENT_WARNING:
        raise Problem("forbidden", {"scope": "facts:write"})
    step = await asked.step()
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
async def start(form: VerificationForm, asked: Village) -> Response:
    """At least two officers, none of them a relative."""
    step = await asked.step()
    policy = step.policy_on(form.started_on)
    command = StartVerification(**dict(form), policy=policy, today=step.today)
    return await step.take(command, form.started_on)


@router.post("/officers", status_code=201, summary="T2: send other officers")
async def replace_officers(form: ReplacementForm, asked: Village) -> Response:
    """Until somebody has verified. Who was sent before may still not decide on the case."""
    step = await asked.step()
    policy = step.policy_on(form.replaced_on)
    command = ReplaceOfficers(**dict(form), by=step.by, policy=policy, today=step.today)
    return await step.take(command, form.replaced_on)


@router.post("/verification-result", status_code=201, summary="T3: what was found at home")
async def verify(form: VerifiedForm, asked: Village) -> Response:
    """Income, three guarantees, water, risks; the class follows, or that none fits."""
    step = await asked.step()
    command = VerifyHousehold(
        seen=await step.seen(form, form.verified_on),
        in_person_at_home=form.in_person_at_home,
        risk_types=tuple(form.risk_types),
        disaster_subtype=form.disaster_subtype,
        self_ability=form.self_ability,
        by=step.by,
        policy=step.policy_on(form.verified_on),
        today=step.today,
    )
    return await step.take(command, form.verified_on)


@router.post("/village-review", status_code=201, summary="T7: the village meeting")
async def review(form: VillageReviewForm, asked: Village) -> Response:
    """One meeting; passed when more than half of those present vote for, by default."""
    step = await asked.step()
    command = HoldVillageReview(**dict(form), policy=step.policy_on(form.held_on), today=step.today)
    return await step.take(command, form.held_on)


@router.post("/publicity", status_code=201, summary="T8: post the notice")
async def post(form: PublicityForm, asked: Village) -> Response:
    """Refused while the text shows personal data."""
    step = await asked.step()
    content_hash = sha256(form.text.encode()).hexdigest()
    command = PostPublicity(**dict(form), content_hash=content_hash, today=step.today)
    return await step.take(command, form.posted_on)


@router.post("/publicity-completion", status_code=201, summary="T9: five full days are over")
async def complete(form: PublicityOverForm, asked: Village) -> Response:
    """Refused before the fifth full day, with the earliest date."""
    step = await asked.step()
    policy = step.policy_on(form.ended_on)
    command = CompletePublicity(ended_on=form.ended_on, policy=policy, today=step.today)
    return await step.take(command, form.ended_on)


@router.post("/town-review", status_code=201, summary="T9: the town approves")
async def approve(form: TownReviewForm, asked: Town) -> Response:
    """By somebody who did not verify."""
    step = await asked.step()
    command = ApproveByTown(**dict(form), by=step.by, today=step.today)
    return await step.take(command, form.approved_on)


@router.post("/confirmation", status_code=201, summary="T10: the county confirms")
async def confirm(form: ConfirmationForm, asked: County) -> Response:
    """The clock stops; late needs a reason and voids nothing."""
    step = await asked.step()
    policy = step.policy_on(form.confirmed_on)
    command = ConfirmMonitoring(
        **dict(form), episode_id=new_id(), by=step.by, policy=policy, today=step.today
    )
    return await step.take(command, form.confirmed_on)


@router.post("/rejection", status_code=201, summary="T4: the town confirms that a clue is rejected")
async def reject(form: RejectionForm, asked: Town) -> Response:
    """After the family was told, and told how to appeal."""
    step = await asked.step()
    policy = step.policy_on(form.rejected_on)
    command = RejectClue(**dict(form), by=step.by, policy=policy, today=step.today)
    return await step.take(command, form.rejected_on)


@router.post("/withdrawal", status_code=201, summary="T4: a clue is taken back")
async def withdraw(form: WithdrawalForm, asked: Town) -> Response:
    """The last clue takes the case with it."""
    step = await asked.step()
    command = WithdrawClue(**dict(form), today=step.today)
    return await step.take(command, form.withdrawn_on)


@router.post("/town-return", status_code=201, summary="T11: the town returns the case")
async def return_by_town(form: ReturnForm, asked: Town) -> Response:
    """Back to verification; the clock runs on."""
    return await _send_back(form, asked, ReviewLevel.TOWN)


@router.post("/county-return", status_code=201, summary="T11: the county returns the case")
async def return_by_county(form: ReturnForm, asked: County) -> Response:
    """Back to verification; the clock runs on."""
    return await _send_back(form, asked, ReviewLevel.COUNTY)


async def _send_back(form: ReturnForm, asked: Asked, level: ReviewLevel) -> Response:
    step = await asked.step()
    command = ReturnReview(**dict(form), level=level, by=step.by, today=step.today)
    return await step.take(command, form.returned_on)
