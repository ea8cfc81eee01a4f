"""The water department's register: sources, whom they serve, tests and outages."""

from collections.abc import Sequence
from datetime import date
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Request, Response
from pydantic import Field

from common.auth import Area, Principal, allow
from common.clock import start_of
from common.form import Day, Form, Sha256
from common.http import answered, circumstances, expected_version
from common.intents import Intent
from common.paging import USUAL, Limit, page
from common.problems import Problem, fault
from contracts.safeguards import WaterKind
from identification.api import listing
from identification.api.fields import Count, Region, Said
from identification.api.households import STAFF
from identification.api.keys import key_of
from identification.api.wired import Wired, wired
from identification.domain.policy import Policy
from identification.domain.water import (
    WATER,
    ChangeService,
    RecordTest,
    RegisterSource,
    ReportOutage,
    WaterCommand,
)
from identification.read_model import register as register_of_households
from identification.read_model import water

router = APIRouter(prefix="/v1/water-sources", tags=["registers"])

DEPARTMENT = "shuiwu"
Served = Annotated[list[UUID], Field(max_length=5_000)]
Text = Annotated[str, Said, Field(max_length=60, examples=["聚村集中供水点"])]
Caller = Annotated[Principal, allow("facts:write")]


class SourceForm(Form):
    """A source and the households that it serves."""

    source_id: UUID
    label: Text
    kind: WaterKind
    region: Region
    served: Served
    registered_on: date


class ServiceForm(Form):
    """Households that are connected now, or no longer."""

    connected: Annotated[list[UUID], Field(max_length=5_000, default_factory=list)]
    disconnected: Annotated[list[UUID], Field(max_length=5_000, default_factory=list)]
    effective_on: date


class TestForm(Form):
    """A report. Minutes and distances are 0 where water comes into the house."""

    test_id: UUID
    laboratory: Text
    tested_on: date
    quality_passed: bool
    litres_per_person_day: Count
    fetch_minutes: Count
    horizontal_m: Count
    vertical_m: Count
    supply_percent: Annotated[int, Field(strict=True, ge=0, le=100)]
    report_hash: Sha256


class OutageForm(Form):
    """Water is cut, for so many days by now."""

    outage_id: UUID
    began_on: date
    days: Count
    over: bool


@router.post("", status_code=201, summary="Register a source of drinking water")
async def register(form: SourceForm, request: Request, caller: Caller) -> Response:
    """The same again changes nothing; whom it serves changes by `/served`."""
    today = wired(request).runtime.clock.today()
    command = RegisterSource(
        **{**dict(form), "served": frozenset(form.served)},
        today=today,
    )
    named = ("/served", form.served)
    on = form.registered_on
    return await _take(request, caller, form.source_id, form.region, command, on, named)


@router.post("/{source_id}/served", status_code=201, summary="Connect or disconnect households")
async def serve(source_id: UUID, form: ServiceForm, request: Request, caller: Caller) -> Response:
    """A household may be served by several sources; all of them must be fit."""
    connected = {*form.connected}
    if both := [n for n, one in enumerate(form.disconnected) if one in connected]:
        faults = [fault(f"/disconnected/{n}", "value") for n in both]
        raise Problem("water-served-both", faults=faults)
    command = ChangeService(
        connected=frozenset(form.connected),
        disconnected=frozenset(form.disconnected),
        effective_on=form.effective_on,
        today=wired(request).runtime.clock.today(),
    )
    named = ("/connected", form.connected)
    return await _take(request, caller, source_id, None, command, form.effective_on, named)


@router.post("/{source_id}/tests", status_code=201, summary="Record a test report")
async def record_test(
    source_id: UUID, form: TestForm, request: Request, caller: Caller
) -> Response:
    """S1.3-04: judged by quality, quantity, convenience and supply; valid for three years."""
    policy, today = await _policy(request, source_id, form.tested_on)
    command = RecordTest(**dict(form), policy=policy, today=today)
    return await _take(request, caller, source_id, None, command, form.tested_on)


@router.post("/{source_id}/outages", status_code=201, summary="Report that water is cut")
async def report_outage(
    source_id: UUID, form: OutageForm, request: Request, caller: Caller
) -> Response:
    """Report the same outage again as it goes on, with the days by then."""
    today = wired(request).runtime.clock.today()
    command = ReportOutage(**dict(form), today=today)
    return await _take(request, caller, source_id, None, command, form.began_on)


async def _policy(request: Request, source_id: UUID, on: date) -> tuple[Policy, date]:
    app = wired(request)
    region = await water.region_of(app.runtime.pool, source_id)
    if region is None:
        raise Problem("water-source-unknown")
    today = app.runtime.clock.today()
    return app.policies.of(region, on, decided_on=today), today


async def _take(
    request: Request,
    caller: Principal,
    source_id: UUID,
    region: str | None,
    command: WaterCommand,
    on: date,
    named: tuple[str, Sequence[UUID]] = ("", ()),
) -> Response:
    """Record the command for a source of the caller's area; only the water department may.

    `named` are households, by where they stand in the form. `ETag` is the source's version, which the list
    shows too (ADR 0020).
    """
    app = wired(request)
    if caller.actor.department != DEPARTMENT:
        details = {
            "fact_type": "饮水安全信息",
            "owner": "水务部门",
            "fact_type_en": "drinking water",
            "departments": DEPARTMENT,
        }
        raise Problem("wrong-department", details)
    region = region or await water.region_of(app.runtime.pool, source_id)
    if region is None:
        raise Problem("water-source-unknown")
    caller.must_cover(region)
    key = await key_of(request, caller)
    if named[1]:
        await _must_be_here(app, caller, *named)
    policy: Any = getattr(command, "policy", None)
    recorded = await app.runtime.writer.execute(
        Intent(
            stream=f"water-source-{source_id}",
            household_id=None,
            decider=WATER,
            command=command,
            context=circumstances(
                caller,
                region=region,
                occurred_at=min(start_of(on), app.runtime.clock.now()),
                policy_version=policy.version if policy else None,
            ),
            key=key,
            expected_version=expected_version(request),
        )
    )
    return answered(recorded)


async def _must_be_here(
    app: Wired, caller: Principal, pointer: str, households: Sequence[UUID]
) -> None:
    """Raises `Problem` for a household that is not on the register, or nobody would miss the one that was
    meant (S1.3-07), and for one outside the caller's area: bad water is a clue of those who answer for it."""
    async with app.runtime.pool.acquire() as connection:
        known = await register_of_households.regions_of(connection, households)
    strangers = [n for n, one in enumerate(households) if one not in known]
    outside = [n for n, one in enumerate(households) if not caller.covers(known.get(one, ""))]
    for code, places in (("water-served-unknown", strangers), ("outside-region", outside)):
        if places:
            raise Problem(code, faults=[fault(f"{pointer}/{n}", "value") for n in places])


@router.get(
    "",
    summary="Sources of your area, by the state of their report",
    response_model=list[water.Supplying],
)
async def sources(
    request: Request,
    caller: Annotated[Principal, allow("households:read")],
    region: Area = None,
    state: water.State | None = None,
    on: Day | None = None,
    cursor: UUID | None = None,
    limit: Limit = USUAL,
) -> Response:
    """`state` on a day: NONE (never tested), VALID, FAILED or STALE. Ordered by id."""
    app = wired(request)
    rows = await water.many(
        app.runtime.pool,
        region=listing.area(caller, region, {STAFF, DEPARTMENT}),
        state=state,
        on=on or app.runtime.clock.today(),
        after=cursor,
        limit=limit,
    )
    return page(request, rows, limit, "source_id")
