"""What if the line were another? The same rules over another set of parameters, storing nothing (S8.1-01)."""

import asyncio
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Request
from pydantic import Field

from common.auth import Principal, allow
from common.form import Form
from common.problems import Problem, fault
from contracts.codes import Severity
from contracts.policies import ParameterKind
from contracts.stages import Stage
from identification.api.policies import Code, Value
from identification.api.wired import wired
from identification.domain.parameters import KINDS, Parameter, fits, wanted
from identification.domain.policy import Policy
from identification.domain.screening import Moved, compare
from identification.read_model import screening

router = APIRouter(tags=["policies"])

TOWN_DIGITS = 9


class WhatIfForm(Form):
    """Other values for some parameters, in an area or for one household in it.

    `on` is the business date whose parameters are varied; today unless given.
    """

    region: Code
    household_id: UUID | None = None
    on: date | None = None
    parameters: Annotated[
        dict[str, Value],
        Field(min_length=1, max_length=50, examples=[{"income_line_fen": 1_100_000}]),
    ]
    limit: Annotated[int, Field(strict=True, ge=0, le=5_000)] = 200


@dataclass(frozen=True, slots=True)
class One:
    """A household that would enter or leave, and why."""

    household_id: UUID
    register_number: str
    region: str
    stage: Stage
    rule: str
    severity: Severity
    why: str
    why_en: str


@dataclass(frozen=True, slots=True)
class Moves:
    """How many households, by rule and by town; the first of them."""

    households: int
    by_rule: dict[str, int]
    by_town: dict[str, int]
    first: list[One]


@dataclass(frozen=True, slots=True)
class WhatIf:
    """Of how many `households` who would enter and who would leave."""

    on: date
    version: str
    parameters: dict[str, int | str]
    households: int
    entering: Moves
    leaving: Moves


@router.post("/v1/what-if", summary="Who would enter and who would leave under other parameters")
async def what_if(
    form: WhatIfForm, request: Request, caller: Annotated[Principal, allow("policies:simulate")]
) -> WhatIf:
    """Counts are of the whole area; the lists hold the first `limit` households each, by id."""
    caller.must_cover(form.region)
    app = wired(request)
    day = form.on or app.runtime.clock.today()
    wrong = [
        fault(f"/parameters/{key}", "value", form=wanted(key))
        if key in KINDS
        else fault(f"/parameters/{key}", "extra_forbidden")
        for key, value in form.parameters.items()
        if not fits(Parameter(key=key, value=value, kind=ParameterKind.DEFAULT, source="what-if"))
    ]
    if wrong:
        raise Problem("invalid", faults=wrong)
    only = [form.household_id] if form.household_id else None
    async with app.runtime.pool.acquire() as connection:
        households = await screening.of_area(connection, form.region, day, only)
    if form.household_id and not households:
        raise Problem("not-registered")

    def now(region: str) -> Policy:
        return app.policies.of(region, day)

    entering, leaving = await asyncio.to_thread(
        compare, households, now, varied(now, form.parameters)
    )
    return WhatIf(
        on=day,
        version=now(form.region).version,
        parameters=form.parameters,
        households=len(households),
        entering=_told(entering, form.limit),
        leaving=_told(leaving, form.limit),
    )


def varied(now: Callable[[str], Policy], parameters: dict[str, Any]) -> Callable[[str], Policy]:
    """The parameters of each region with these values in place of theirs."""
    made: dict[str, Policy] = {}

    def then(region: str) -> Policy:
        if region not in made:
            made[region] = replace(now(region), **parameters)
        return made[region]

    return then


def _told(moved: list[Moved], limit: int) -> Moves:
    ordered = sorted(moved, key=lambda m: (m.household.household_id, m.finding.rule_id))
    return Moves(
        households=len({m.household.household_id for m in moved}),
        by_rule=Counter(m.finding.rule_id for m in moved),
        by_town=Counter(m.household.region[:TOWN_DIGITS] for m in moved),
        first=[
            One(
                household_id=m.household.household_id,
                register_number=m.household.register_number,
                region=m.household.region,
                stage=Stage[m.household.stage],
                rule=m.finding.rule_id,
                severity=m.finding.severity,
                why=m.finding.summary_zh,
                why_en=m.finding.summary_en,
            )
            for m in ordered[:limit]
        ],
    )
