"""The duties that the county page counts are the deadlines on the pages of the households, whatever was told of them."""

import json
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from itertools import chain, product
from uuid import UUID

import asyncpg
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
OF_DUTIES, OF_CLOCKS = (
    chain.from_iterable(product(types, repeat=n) for n in range(1, LONGEST + 1))
    for types in (DUTY, CLOCK)
)
HISTORIES = [*product(["visits"], OF_DUTIES), *product(["identification"], OF_CLOCKS)]


def told(number: int, service: str, types: Sequence[str]) -> list[Envelope]:
    """These events of a household, the later the earlier they are said to have happened."""
    events = list[Envelope]()
    for n, type_ in enumerate(types):
        body = {"obligation_id": str(UUID(int=1)), "due_on": "2024-06-20"}
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
    vocabulary, numbered = app.state.vocabulary, list(enumerate(HISTORIES, 1))
    await hear([event for n, (service, types) in numbered for event in told(n, service, types)])
    assert await count(pool, vocabulary, "") == 0
    kept = await pool.fetch("select household_id, due_on, closed_on from read.duties")
    for number, history in numbered:
        id_ = household(number)
        events = [happened(row, vocabulary) for row in await queries.known(pool, id_, None)]
        shown = [(d.due_on, d.closed_on) for d in deadlines(events, NOON.date())]
        counted = [(r["due_on"], r["closed_on"]) for r in kept if r["household_id"] == id_]
        assert sorted(counted, key=str) == sorted(shown, key=str), history
