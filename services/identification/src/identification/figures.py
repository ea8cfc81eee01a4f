"""The county's figures at `/metrics`, for whoever watches: what `GET /v1/coverage` tells of every area."""

from datetime import date

import asyncpg
from prometheus_client import Gauge

from common.service import Runtime, regularly
from identification.read_model import eligibility, focus

EVERY = 60.0  # seconds
EVERYWHERE = ""

ELIGIBLE = Gauge(
    "shouwang_elimination_eligible_households",
    "S7.3-01: households that meet the guards of an elimination and are not proposed",
)
OVERDUE = Gauge(
    "shouwang_elimination_overdue_households",
    "S7.3-01: those of them whose thirty days are over",
)
PROPOSED = Gauge(
    "shouwang_elimination_proposed_households",
    "S7.3-01: eligible households proposed in the last twelve months",
)
IN_TIME = Gauge(
    "shouwang_elimination_proposed_in_time_households",
    "S7.3-01: those of them proposed within thirty days",
)
FOCUS = Gauge(
    "shouwang_focus_households",
    "S2-03: households on a focus list, by group; ANY counts each of them once",
    ["group"],
)


async def measure(pool: asyncpg.Pool, on: date) -> None:
    """Set the figures to those of a day, with two queries."""
    counted = await eligibility.timeliness(pool, EVERYWHERE, on)
    ELIGIBLE.set(counted["waiting"])
    OVERDUE.set(counted["overdue"])
    PROPOSED.set(counted["proposed"])
    IN_TIME.set(counted["in_time"])
    for group, households in (await focus.counted(pool, EVERYWHERE)).items():
        FOCUS.labels(group).set(households)


async def keep_fresh(runtime: Runtime) -> None:
    """Measure every minute, until cancelled."""
    await regularly(EVERY, lambda: measure(runtime.pool, runtime.clock.today()))
