"""What a new business date brings by itself: water tests that run out (S1.3-06).

A source says each thing once, however often it is asked.
"""

from datetime import date

from common.intents import Intent, accepted
from common.service import Runtime
from identification.domain.policy_book import PolicyBook
from identification.domain.water import WATER, LookAtTests
from identification.effects.days import on_the_morning
from identification.read_model import water

AHEAD = 366  # days: no warning comes earlier than a year ahead


async def look(runtime: Runtime, book: PolicyBook, today: date) -> int:
    """Tell sources the date, where it may matter; how many were asked. Raises a lost race."""
    sources = await water.to_look_at(runtime.pool, today, AHEAD)
    intents = []
    for source_id, region in sources:
        policy = book.of(region, today)
        intents.append(
            Intent(
                stream=f"water-source-{source_id}",
                household_id=None,
                decider=WATER,
                command=LookAtTests(policy=policy, today=today),
                context=on_the_morning(today, region, policy.version),
            )
        )
    accepted(await runtime.writer.execute_all(intents))
    return len(intents)
