"""The county's figures at `/metrics`, for whoever watches: what `GET /v1/coverage` tells of every area."""

from datetime import date

import asyncpg
from prometheus_client import Gauge

from common.service import Runtime, regularly
from identification.domain.policy_book import PolicyLookup
from identification.read_model import eligibility, focus, obligations

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
TO_ENTER = Gauge(
    "shouwang_platform_entries_due",
    "S8.4-01: decisions that are to be entered on the provincial platform",
)
ENTRIES_OVERDUE = Gauge(
    "shouwang_platform_entries_overdue",
    "S8.4-01: those of them whose five days are over",
)
COHORT_OPEN = Gauge(
    "shouwang_cohort_open_households",
    "S7.3-02: households of the county's target whose risk is not eliminated",
)
COHORT_MISSED = Gauge(
    "shouwang_cohort_missed_households",
    "S7.3-02: those of them after the last day of the target",
)


async def measure(pool: asyncpg.Pool, policies: PolicyLookup, on: date) -> None:
    """Set the figures to those of a day, with a query each."""
    counted = await eligibility.timeliness(pool, EVERYWHERE, on)
    ELIGIBLE.set(counted["waiting"])
    OVERDUE.set(counted["overdue"])
    PROPOSED.set(counted["proposed"])
    IN_TIME.set(counted["in_time"])
    owed = await obligations.counted(pool, policies, EVERYWHERE, on)
    TO_ENTER.set(owed["to_enter"])
    ENTRIES_OVERDUE.set(owed["overdue"])
    COHORT_OPEN.set(owed["cohort_open"])
    COHORT_MISSED.set(owed["cohort_missed"])
    for group, households in (await focus.counted(pool, EVERYWHERE)).items():
        FOCUS.labels(group).set(households)


async def keep_fresh(runtime: Runtime, policies: PolicyLookup) -> None:
    """Measure every minute, until cancelled."""
    await regularly(EVERY, lambda: measure(runtime.pool, policies, runtime.clock.today()))
