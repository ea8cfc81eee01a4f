"""The duties of each calendar month (S1.1-05) and quarter (S1.1-04, S1.1-08): with the day on which a household comes
under monitoring, and from then on as each begins; of a 脱贫户, as each quarter begins.

Those of the day on which a household comes are opened by the event that says so. Later ones are opened by the
clock: soon after the first midnight in Shanghai, or, if no process was at work then, when one is again. A household
that nobody asked for its quarter yet, since a version before did not, has those duties of the current one whose
period is not over.
"""

from collections.abc import Mapping
from datetime import date
from uuid import UUID

import structlog

from common.eventstore import record
from common.ids import new_id
from common.inbox import TRANSIENT
from common.intents import Connection, Intent, Store, accepted
from common.policies import Policies
from common.service import Runtime, regularly
from visits.domain.commands import CountRecorded
from visits.domain.periods import month_of, quarter_of
from visits.domain.policy import Policy
from visits.domain.population import NEVER
from visits.opening import by_rules, month_after, months_up_to, quarters_after, quarters_up_to
from visits.read_model import population

log = structlog.get_logger()

EVERY = 5.0  # seconds between two looks at the date
BATCH = 200  # households of one transaction


async def open_due(
    connection: Connection, store: Store, policies: Policies[Policy], today: date
) -> int:
    """Open the duties up to today's month, or quarter, of some who have them; how many households were asked.

    In the caller's transaction. Who leaves at this moment is passed over, or cancels what was opened.
    """
    return await _months(connection, store, policies, today) or await _quarters(
        connection, store, policies, today
    )


async def _months(
    connection: Connection, store: Store, policies: Policies[Policy], today: date
) -> int:
    month, _ = month_of(today)
    behind = await population.behind(connection, month, BATCH)
    if behind:
        correlation = new_id()
        intents = [i for one in behind for i in months_up_to(month, one, policies, correlation)]
        accepted(await record(connection, store, intents))
        since = {one.household_id: month_after(one.through or month) for one in behind}
        await count_recorded(connection, store, since, correlation)
        await population.asked_through(connection, [one.household_id for one in behind], month)
    return len(behind)


async def _quarters(
    connection: Connection, store: Store, policies: Policies[Policy], today: date
) -> int:
    quarter, _ = quarter_of(today)
    behind = await population.behind_quarter(connection, quarter, BATCH)
    if behind:
        correlation, ids = new_id(), [one.household_id for one in behind]
        known = await population.populations(connection, ids)
        intents = list[Intent]()
        for one in behind:
            had = known.get(one.household_id, NEVER)
            try:
                intents += quarters_up_to(quarter, one, had, policies, today, correlation)
            except LookupError as error:  # nobody may stand in the way of the others
                log.warning("no_policy", household=str(one.household_id), error=str(error))
        if intents:
            accepted(await record(connection, store, intents))
            since = {b.household_id: quarters_after(b.through, quarter)[0] for b in behind}
            await count_recorded(connection, store, since, correlation)
        await population.asked_through_quarter(connection, ids, quarter)
    return len(behind)


async def count_recorded(
    connection: Connection, store: Store, since: Mapping[UUID, date], correlation: UUID
) -> None:
    """Let visits that were recorded before the duties of households were opened, and made after a day,
    fulfil them, each on its own day: those until then count as a duty is opened."""
    made = await population.visits_after(connection, since)
    intents = [
        by_rules(
            CountRecorded(household_id=visit.household_id, visit_id=visit.visit_id),
            visit.region,
            visit.visited_at,
            correlation,
        )
        for visit in made
    ]
    if intents:
        accepted(await record(connection, store, intents))


async def look(runtime: Runtime, store: Store, policies: Policies[Policy]) -> None:
    """Open what is due now. What is not recorded at this moment is at the next look."""
    try:
        while not runtime.continuity.ahead:
            async with runtime.pool.acquire() as connection, connection.transaction():
                asked = await open_due(connection, store, policies, runtime.clock.today())
            if not asked:
                return
            runtime.writer.committed.set()
            log.info("month_opened", households=asked)
    except TRANSIENT as error:
        log.warning("month_not_opened", error=repr(error))


async def every_month(runtime: Runtime, store: Store, policies: Policies[Policy]) -> None:
    """Look every few seconds, until cancelled. A clock that is set back opens nothing."""
    await runtime.continuity.settled()
    await regularly(EVERY, lambda: look(runtime, store, policies))
