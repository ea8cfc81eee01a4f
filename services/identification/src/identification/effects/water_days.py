"""What a new business date brings by itself: water tests that run out (S1.3-06).

A source says each thing once, however often it is asked.
"""

from datetime import date

from common.clock import start_of
from common.ids import new_id
from common.intents import Context, Intent, accepted
from common.service import Runtime
from contracts.envelope import Actor
from identification.domain.policy_book import PolicyBook
from identification.domain.water import WATER, LookAtTests
from identification.read_model import water

AHEAD = 366  # days: no warning comes earlier than a year ahead
CLOCK = Actor(
    person="clock",
    post="RULE_ENGINE",
    organisation="业务日期",
    department="identification",
    region="",
)


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
                context=Context(
                    actor=CLOCK,
                    region=region,
                    occurred_at=start_of(today),
                    correlation_id=new_id(),
                    policy_version=policy.version,
                ),
            )
        )
    accepted(await runtime.writer.execute_all(intents))
    return len(intents)
