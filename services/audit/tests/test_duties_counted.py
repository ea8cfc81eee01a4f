"""The duties that the county page counts are the deadlines on the pages of the households, whatever was told of them."""

import json
from collections.abc import Awaitable, Callable, Sequence
from datetime import date, timedelta
from itertools import product
from uuid import UUID

import asyncpg
import pytest
from fastapi import FastAPI

from audit.meaning.deadlines import deadlines
from audit.read_model import queries
from audit.read_model.counting import count
from audit.read_model.happened import happened
from common.testing import NOON, envelope, household
from contracts.envelope import Envelope

Hear = Callable[[Sequence[Envelope]], Awaitable[None]]
LONGEST = 4
DUTY = ("ObligationOpened", "ObligationFulfilled", "ObligationCancelled")  # it has an id
CLOCK = ("RiskDetected", "MonitoringConfirmed")  # a household has it once
HISTORIES = [
    (service, types)
    for service, each in (("visits", DUTY), ("identification", CLOCK))
    for n in range(1, LONGEST + 1)
    for types in product(each, repeat=n)
]


def told(
    number: int, service: str, types: Sequence[str], due_on: str | None = None
) -> list[Envelope]:
    """These events of a household, the later the earlier they are said to have happened, and to be due."""
    events = list[Envelope]()
    for n, type_ in enumerate(types):
        body = {"obligation_id": str(UUID(int=1)), "due_on": due_on or f"2024-06-{20 - n}"}
        event = envelope(
            json.dumps(body).encode(),
            prev=events[-1] if events else None,
            type=type_,
            service=service,
            stream=f"{service}-{number}",
            household_id=household(number),
            occurred_at=NOON + timedelta(days=20 - n),
            recorded_at=NOON + timedelta(days=30, hours=n),
        )
        events.append(event)
    return events


async def test_the_county_page_counts_the_deadlines_of_the_households(
    hear: Hear, app: FastAPI, pool: asyncpg.Pool
) -> None:
    numbered = list(enumerate(HISTORIES, 1))
    await hear([event for n, (service, types) in numbered for event in told(n, service, types)])
    counted, shown = await both(app, pool, len(numbered))
    for number, history in numbered:
        assert counted[number] == shown[number], history


@pytest.mark.parametrize(
    "due_on", ["today", "infinity", "20240620", "2024-6-20", "2024-06-20T04:00:00Z", "2024-02-30"]
)
async def test_what_some_readers_only_take_for_a_day_is_no_day_on_either_page(
    hear: Hear, app: FastAPI, pool: asyncpg.Pool, due_on: str
) -> None:
    await hear(told(1, "visits", DUTY[:1], due_on))
    assert await both(app, pool, 1) == ({1: [(None, None)]}, {1: [(None, None)]})


Days = dict[int, list[tuple[date | None, date | None]]]


async def both(app: FastAPI, pool: asyncpg.Pool, households: int) -> tuple[Days, Days]:
    """When the duties of each household were due and done: as they are counted, and as its page shows them."""
    vocabulary = app.state.vocabulary
    assert await count(pool, vocabulary, "") == 0
    counted, shown = Days(), Days()
    for number in range(1, households + 1):
        rows = await queries.known(pool, household(number), None)
        found = deadlines([happened(row, vocabulary) for row in rows], NOON.date())
        shown[number] = sorted(((d.due_on, d.closed_on) for d in found), key=str)
        kept = await pool.fetch(_KEPT, household(number))
        counted[number] = sorted(((r["due_on"], r["closed_on"]) for r in kept), key=str)
    return counted, shown


_KEPT = "select due_on, closed_on from read.duties where household_id = $1"
