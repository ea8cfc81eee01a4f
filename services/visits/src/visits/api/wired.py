"""What the routes use, from the app's state."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from fastapi import Request

from common.auth import Principal
from common.policies import Policies
from common.problems import Problem
from common.service import Runtime
from visits import read_model
from visits.domain.policy import Policy
from visits.read_model import moves


@dataclass(frozen=True)
class Wired:
    """Set once at start."""

    runtime: Runtime
    policies: Policies[Policy]


def wired(request: Request) -> Wired:
    """Of the app that serves this request."""
    found: Wired = request.app.state.wired
    return found


async def region_of(
    app: Wired, household_id: UUID, caller: Principal, on: date | None = None
) -> str:
    """The household's. Raises `Problem`: 404 when it is not known, 403 outside the caller's area, which may be
    that of the household on the day `on`, too."""
    region = await read_model.region_of(app.runtime.pool, household_id)
    if region is None:
        raise Problem("household-not-known")
    area: str | None = region
    if on and not caller.covers(region):
        area = await moves.area(app.runtime.engine, household_id, on)
    caller.must_cover(area or region)
    return region
