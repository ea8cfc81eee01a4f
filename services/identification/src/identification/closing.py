"""The end of a business day: what is late is said once, however often the day is closed (S2-07, T12);
likewise who is to be proposed for elimination (S7.3-01), each decision that was not entered on the
provincial platform (S8.4-01), each episode that missed the county's target (S7.3-02), each water test that
runs out (S1.3-06), each remedy that did not start (S1.3-03), each child that no school reported (S1.3-02),
who is on a focus list no longer, or now (S2-03), and which parameters came into force (A48).

The read model tells whom to ask; each household decides by its own history, so that a day closed
twice, late, or by two processes at once leaves the same events.
"""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID

import structlog

from common.clock import start_of
from common.ids import new_id
from common.inbox import TRANSIENT
from common.intents import Context, Intent, Recorded, accepted
from common.service import Runtime
from common.writer import Busy, Unavailable
from contracts.envelope import Actor
from identification.domain.days import CloseBusinessDay, DayCommand, NoteOverdue
from identification.domain.policy import Policy
from identification.domain.policy_book import PolicyBook
from identification.effects import focus_days, policy_days, register_days, water_days
from identification.effects.heard import to_household
from identification.read_model import cases, eligibility, obligations
from identification.read_model.cases import Late

log = structlog.get_logger()

CLOCK = Actor(
    person="clock",
    post="RULE_ENGINE",
    organisation="业务日结算",
    department="identification",
    region="",
)
BATCH = 500
LOOK = 30.0  # seconds between two looks at the date
FIRST = UUID(int=0)


@dataclass(frozen=True)
class Closed:
    """A day that is closed: how many households were asked, and how many events followed now."""

    day: date
    asked: int
    recorded: int


async def close(runtime: Runtime, policies: PolicyBook, day: date) -> Closed:
    """Ask every household for which the end of the day may change something.

    Raises `Conflict` when a household kept changing meanwhile: close the day again.
    """
    asked, recorded, correlation = 0, 0, new_id()
    for questions in (_late, _eligible, _owed):
        async for intents in questions(runtime, policies, day, correlation):
            outcomes = await runtime.writer.execute_all(intents)
            accepted(outcomes)
            asked += len(intents)
            recorded += sum(len(each.events) for each in outcomes if isinstance(each, Recorded))
    await water_days.look(runtime, policies, day + timedelta(days=1))
    await register_days.look(runtime, policies, day + timedelta(days=1))
    await focus_days.look(runtime, policies, day + timedelta(days=1))
    await policy_days.look(runtime, policies, day + timedelta(days=1))
    return Closed(day, asked, recorded)


async def _late(
    runtime: Runtime, policies: PolicyBook, day: date, correlation: UUID
) -> AsyncIterator[list[Intent]]:
    """S2-07, T12: the households whose case or emergency help is late."""
    after = FIRST
    while waiting := await cases.late(
        runtime.pool,
        day=day,
        warn_after=_shortest(policies, "warn_at_day"),
        help_after=_shortest(policies, "emergency_case_days"),
        after=after,
        limit=BATCH,
    ):
        yield [_intent(late, policies.of(late.region, day), day, correlation) for late in waiting]
        after = waiting[-1].household_id


async def _eligible(
    runtime: Runtime, policies: PolicyBook, day: date, correlation: UUID
) -> AsyncIterator[list[Intent]]:
    """S7.3-01: the households that are eligible for elimination from this morning on, are so no longer, or
    are late to be proposed."""
    after = FIRST
    while households := await eligibility.due(
        runtime.pool, policies, day, after=after, limit=BATCH
    ):
        yield [
            _asked(h.household_id, h.region, policies.of(h.region, day), day, correlation)
            for h in households
        ]
        after = households[-1].household_id


async def _owed(
    runtime: Runtime, policies: PolicyBook, day: date, correlation: UUID
) -> AsyncIterator[list[Intent]]:
    """S8.4-01, S7.3-02: what was due and is still owed, said for each morning on its own.

    What is late on a morning was due the evening before, even if the day is closed long afterwards (A6).
    """
    after = (FIRST, date.min)
    while mornings := await obligations.due(runtime.pool, policies, day, after=after, limit=BATCH):
        intents = []
        for due in mornings:
            policy = policies.of(due.region, day)
            command = NoteOverdue(day=due.since - timedelta(days=1), policy=policy)
            intents.append(_to(due.household_id, due.region, command, correlation))
        yield intents
        after = (mornings[-1].household_id, mornings[-1].since)


def _shortest(policies: PolicyBook, key: str) -> int:
    """Of a period that regions may set differently, in days."""
    default: int = getattr(Policy, key)
    return min(int(version.values.get(key, default)) for version in policies.versions)


def _intent(late: Late, policy: Policy, day: date, correlation: UUID) -> Intent:
    since = _since(late, policy, day)
    return _asked(late.household_id, late.region, policy, day, correlation, since)


def _asked(
    household_id: UUID,
    region: str,
    policy: Policy,
    day: date,
    correlation: UUID,
    since: date | None = None,
) -> Intent:
    """The question to a household. Its answer holds from the morning `since`; by default from the morning
    after the day."""
    return _to(household_id, region, CloseBusinessDay(day=day, policy=policy), correlation, since)


def _to(
    household_id: UUID,
    region: str,
    command: DayCommand,
    correlation: UUID,
    since: date | None = None,
) -> Intent:
    return to_household(
        household_id,
        command,
        Context(
            actor=CLOCK,
            region=region,
            occurred_at=start_of(since or command.day + timedelta(days=1)),
            correlation_id=correlation,
            policy_version=command.policy.version,
        ),
    )


def _since(late: Late, policy: Policy, day: date) -> date:
    """The morning from which it is late, even if the day is closed long afterwards (A6)."""
    if late.due_on and late.due_on <= day:
        return late.due_on + timedelta(days=1)
    if late.discovered_on:
        return late.discovered_on + timedelta(days=policy.warn_at_day)
    if late.granted_on:
        return late.granted_on + timedelta(days=policy.emergency_case_days + 1)
    return day + timedelta(days=1)


async def every_day(runtime: Runtime, policies: PolicyBook) -> None:
    """Close yesterday, soon after each midnight in Shanghai and after each start; for ever.

    Days only go forward: a clock that is set back for a demonstration closes nothing.
    """
    last: date | None = None
    while True:
        yesterday = runtime.clock.today() - timedelta(days=1)
        if last is None or yesterday > last:
            try:
                closed = await close(runtime, policies, yesterday)
                log.info("business_day_closed", day=str(yesterday), recorded=closed.recorded)
                last = yesterday
            except (*TRANSIENT, Busy, Unavailable) as error:
                log.warning("business_day_not_closed", day=str(yesterday), error=repr(error))
        await asyncio.sleep(LOOK)
