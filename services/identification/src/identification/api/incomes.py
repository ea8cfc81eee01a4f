"""Assessments of income outside a case, such as the yearly survey of 脱贫户 (S2-02)."""

from datetime import date
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Request, Response
from pydantic import Field

from common import batch
from common.auth import Principal, allow
from common.clock import start_of
from common.form import Fen, Form
from common.http import circumstances
from common.intents import Intent
from common.problems import Problem
from contracts.incomes import IncomeLine, IncomeSource
from identification.api.forms import IncomeForm
from identification.api.wired import Wired, wired
from identification.domain.household import HOUSEHOLD
from identification.domain.income import AssessIncome, Income
from identification.read_model import register

router = APIRouter(tags=["incomes"])


class LineForm(Form):
    """Income from one source."""

    source: IncomeSource
    fen: Fen


class AssessmentForm(Form):
    """One household's assessment; with `sources`, they add up to the four kinds of income."""

    assessment_id: UUID
    household_id: UUID
    assessed_on: date
    income: IncomeForm
    sources: Annotated[list[LineForm], Field(max_length=50, default_factory=list)]


@router.post(
    "/v1/incomes",
    summary="Assess incomes, up to 500 (JSON array or NDJSON)",
    openapi_extra=batch.batch_of(AssessmentForm, batch.answer_of("IncomeBatch")),
)
async def assess(
    request: Request, caller: Annotated[Principal, allow("households:write")]
) -> Response:
    """Good assessments are kept; the answer says which were not, and why. Repeating changes nothing.

    An assessment within the line opens a clue for households in the rule's scope, and decides nothing;
    the guards of an elimination (E2, E3, E5) look at it as at any other.
    """
    app = wired(request)
    items = await batch.items_of(request)
    forms = [(item, form) for item in items if (form := batch.read(item, AssessmentForm))]
    async with app.runtime.pool.acquire() as connection:
        known = await register.regions_of(connection, [form.household_id for _, form in forms])
    ready: list[tuple[batch.Item, Intent]] = []
    for item, form in forms:
        region = known.get(form.household_id)
        if region is None:
            item.refuse(Problem("not-registered"))
        elif not caller.covers(region):
            item.refuse(Problem("outside-region"))
        else:
            ready.append((item, _intent(app, caller, form, region)))
    outcomes = await app.runtime.writer.execute_all([intent for _, intent in ready])
    for (item, _), outcome in zip(ready, outcomes, strict=True):
        item.settle(outcome)
    return batch.answer(items, request.app.state.texts)


def _intent(app: Wired, caller: Principal, form: AssessmentForm, region: str) -> Intent:
    today = app.runtime.clock.today()
    policy = app.policies.of(region, form.assessed_on, decided_on=today)
    return Intent(
        stream=f"household-{form.household_id}",
        household_id=form.household_id,
        decider=HOUSEHOLD,
        command=AssessIncome(
            assessment_id=form.assessment_id,
            assessed_on=form.assessed_on,
            income=Income(**form.income.model_dump()),
            sources=tuple(IncomeLine(source=line.source, fen=line.fen) for line in form.sources),
            policy=policy,
            today=today,
        ),
        context=circumstances(
            caller,
            region=region,
            occurred_at=min(start_of(form.assessed_on), app.runtime.clock.now()),
            policy_version=policy.version,
        ),
    )
