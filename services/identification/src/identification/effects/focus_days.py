"""What a new business date brings to the focus lists by itself: birthdays, and periods that are over (S2-03).

Each household decides by its own history, so a date that comes again brings nothing.
"""

from collections.abc import Sequence
from datetime import date
from uuid import UUID

from common.ids import new_id
from common.intents import Intent, accepted
from common.service import Runtime
from identification.domain.months import months_after
from identification.domain.policy import Policy
from identification.domain.policy_book import PolicyBook
from identification.effects.days import on_the_morning
from identification.effects.judging import BATCH, telling
from identification.read_model import standings


async def look(runtime: Runtime, book: PolicyBook, today: date) -> int:
    """Judge again the households of which the date may say something else; how many were told. Raises a
    lost race.

    Judged by today's date if that is later: closing an old day again says nothing of how things are now.
    """
    on = max(today, runtime.clock.today())
    async with runtime.pool.acquire() as connection:
        ids = await standings.ageing(connection, _born_by(book, on))
    told = 0
    for start in range(0, len(ids), BATCH):
        intents = await _judged(runtime, book, ids[start : start + BATCH], on)
        accepted(await runtime.writer.execute_all(intents))
        told += len(intents)
    return told


def _born_by(book: PolicyBook, today: date) -> date:
    """Nobody who was born later is elderly in any area."""
    key = "focus_elderly_age"
    ages = [int(version.values.get(key, Policy.focus_elderly_age)) for version in book.versions]
    return months_after(today, -12 * min(ages))


async def _judged(
    runtime: Runtime, book: PolicyBook, ids: Sequence[UUID], today: date
) -> list[Intent]:
    async with runtime.pool.acquire() as connection:
        found = await standings.of(connection, ids)
    correlation, intents = new_id(), []
    for one in found:
        policy = book.of(one.known.region, today)
        context = on_the_morning(
            today, one.known.region, policy.version, correlation_id=correlation
        )
        intents += telling(one, policy, today, context)
    return intents
