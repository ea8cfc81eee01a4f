"""The headline shares of the work plan: inclusion, its time, schooling, housing, water (S1.1-06, S1.3, S2-06)."""

from typing import Annotated, Any

from fastapi import APIRouter, Request

from common.auth import Area, Principal, allow
from identification.api import listing
from identification.api.forms import Day
from identification.api.households import STAFF
from identification.api.registers import Term
from identification.api.wired import wired
from identification.domain.coverage import Fault, Share
from identification.domain.schooling import term_now
from identification.read_model import (
    coverage,
    dropouts,
    eligibility,
    focus,
    housing,
    protection,
    registers,
)

router = APIRouter(tags=["registers"])


@router.get("/v1/coverage", summary="Shares that must be 100 %, for an area and a day")
async def shares(
    request: Request,
    caller: Annotated[Principal, allow("households:read")],
    region: Area = None,
    on: Day | None = None,
    term: Term | None = None,
) -> dict[str, Any]:
    """Each with what is missing; a percentage is rounded down, so 100.00 means nobody is missing.

    Whether a monitored household has an implemented measure is known to the service assistance only.
    """
    area = listing.area(caller, region, {STAFF})
    app = wired(request)
    day = on or app.runtime.clock.today()
    policy = app.policies.of(area, day)
    term = term or term_now(day)
    strict = policy.income_line_operator == "LT"
    async with app.runtime.pool.acquire() as connection:
        included = await coverage.inclusion(connection, area, day)
        missed = await coverage.missed(
            connection, area, policy.income_line_fen, strict, policy.income_basis
        )
        children, screened, gone, poor = await registers.screened_children(
            connection, region=area, term=term, policy=policy
        )
        outside = await dropouts.counted(connection, area)
        living, without, overdue = await housing.counted(connection, area, day)
        again, eliminated = await coverage.reidentified(connection, area, day)
        days = await coverage.days_to_confirmation(connection, area, day)
        gaps = await protection.counted(connection, area)
        watched = await focus.counted(connection, area)
        proposals = await eligibility.timeliness(connection, area, day)
        households, fit = await coverage.water(connection, area, day)
        waiting = await coverage.waiting(connection, area, day)
    return {
        "region": area,
        "on": day,
        "policy_version": policy.version,
        "S1.1-06": {
            "zh": "应纳尽纳",
            **included,
            "within_line_without_a_case": missed,
            "reidentified_within_12_months": Fault(again, eliminated).as_told(),
        },
        "S2-06": {"zh": "缩短认定时间", **days},
        "S2-03": {"zh": "重点人群", "households": watched},
        "S4.0-01": {"zh": "应保未保", "open_gaps": gaps},
        "S7.3-01": {
            "zh": "及时消除",
            "eligible_not_proposed": proposals["waiting"],
            "overdue": proposals["overdue"],
            "proposed_in_time": Share(proposals["in_time"], proposals["proposed"]).as_told(),
        },
        "S1.3-02": {
            "zh": "控辍保学",
            "term": term,
            "screened": Share(screened, children).as_told(),
            "dropouts": gone,
            "dropouts_for_poverty": poor,
            **outside,
        },
        "S1.3-03": {
            "zh": "住房安全",
            "living_in_dangerous_houses": living,
            "without_started_remedy": without,
            "overdue": overdue,
        },
        "S1.3-07": {"zh": "饮水安全", "qualified": Share(fit, households).as_told()},
        "facts": {"zh": "待对应的部门信息", **waiting},
    }
