"""The county's figures at `/metrics`, for whoever watches: those of every area together."""

from datetime import date

import asyncpg
from prometheus_client import Gauge

from common.service import Runtime, regularly
from contracts.visits import ObligationType
from visits.domain.periods import last_period, quarter_of
from visits.read_model import coverage, focus, screenings
from visits.read_model.tables import STATES

EVERY = 60.0  # seconds
EVERYWHERE = ""

SCREENED = Gauge(
    "shouwang_screened_households", "S2-04: households that were screened in this calendar quarter"
)
SUSPECTED = Gauge(
    "shouwang_screened_suspected_households",
    "S2-04: those of them of which a risk was suspected in a screening of the quarter",
)
FOCUS_SCREENED = Gauge(
    "shouwang_screened_focus_households",
    "S2-03: households on a focus list that were screened in this calendar quarter",
)
FOCUS_UNSCREENED = Gauge(
    "shouwang_unscreened_focus_households",
    "S2-03: households on a focus list that are still to be screened in this calendar quarter",
)
DUTIES = Gauge(
    "shouwang_visit_duties",
    "S1.1-04, S1.1-05, S1.1-08: duties of the period that is, or was last, by type and state",
    ["obligation", "status"],
)


async def measure(pool: asyncpg.Pool, on: date) -> None:
    """Set the figures to those of a day, with three queries."""
    quarter = quarter_of(on)
    counted = await screenings.counted(pool, EVERYWHERE, *quarter)
    SCREENED.set(counted["screened"])
    SUSPECTED.set(counted["suspected"])
    focused = await focus.counted(pool, EVERYWHERE, *quarter)
    FOCUS_SCREENED.set(focused["screened"])
    FOCUS_UNSCREENED.set(focused["listed"] - focused["screened"])
    counts = await coverage.everywhere(pool, {k: last_period(k, on)[1] for k in ObligationType})
    for kind in ObligationType:
        for status in STATES:
            DUTIES.labels(kind.value, status).set(counts.get((kind, status), 0))


async def keep_fresh(runtime: Runtime) -> None:
    """Measure every minute, until cancelled."""
    await regularly(EVERY, lambda: measure(runtime.pool, runtime.clock.today()))
