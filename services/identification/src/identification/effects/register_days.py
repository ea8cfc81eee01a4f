"""What a new business date brings to the registers of housing and schooling by itself.

Each household decides by its own history, so a date that comes again brings nothing.
"""

from datetime import date, timedelta
from typing import Any
from uuid import UUID

from common.decider import Decider
from common.intents import Intent, accepted
from common.service import Runtime
from identification.domain.dropouts import DROPOUTS, FollowChild, MissEnrolment
from identification.domain.housing import HOUSING, LookAtRemedy
from identification.domain.policy_book import PolicyBook
from identification.domain.schooling import term_began, term_now
from identification.effects.days import on_the_morning
from identification.read_model import dropouts, housing, registers

BATCH = 500


async def look(runtime: Runtime, book: PolicyBook, today: date) -> int:
    """Tell registers the date, where it may matter; how many were asked. Raises a lost race."""
    intents = [
        *await _remedies(runtime, today),
        *await _children(runtime, book, today),
        *await _missed(runtime, book, today),
    ]
    for start in range(0, len(intents), BATCH):
        accepted(await runtime.writer.execute_all(intents[start : start + BATCH]))
    return len(intents)


async def _remedies(runtime: Runtime, today: date) -> list[Intent]:
    """S1.3-03: a remedy that should have started."""
    late = await housing.to_look_at(runtime.pool, today)
    return [
        _intent(housing.stream_of(household), household, region, HOUSING, LookAtRemedy(today=today))
        for household, region in late
    ]


async def _children(runtime: Runtime, book: PolicyBook, today: date) -> list[Intent]:
    """S1.3-02: a child out of school that has left the household or compulsory age since."""
    async with runtime.pool.acquire() as connection:
        pairs = await dropouts.to_look_at(connection)
        known = await dropouts.children(connection, pairs)
    return [
        _intent(
            dropouts.stream_of(child.household_id),
            child.household_id,
            child.region,
            DROPOUTS,
            FollowChild(
                household_id=child.household_id,
                person_id=child.person_id,
                born_on=child.born_on,
                reports=child.reports,
                policy=book.of(child.region, today),
                today=today,
            ),
        )
        for child in known
    ]


async def _missed(runtime: Runtime, book: PolicyBook, today: date) -> list[Intent]:
    """S1.3-02: a child of the two groups that no school has reported in time, area by area."""
    term, intents = term_now(today), []
    for region in sorted({version.region for version in book.versions}):
        policy = book.of(region, today)
        if today <= term_began(term) + timedelta(days=policy.enrolment_days):
            continue
        missed = await registers.without_enrolment(
            runtime.pool, region=region, term=term, policy=policy
        )
        intents += [
            _intent(
                dropouts.stream_of(household),
                household,
                area,
                DROPOUTS,
                MissEnrolment(household_id=household, person_id=person, term=term, today=today),
            )
            for household, person, area in missed
        ]
    return intents


def _intent(
    stream: str, household_id: UUID, region: str, decider: Decider[Any, Any, Any], command: Any
) -> Intent:
    return Intent(
        stream=stream,
        household_id=household_id,
        decider=decider,
        command=command,
        context=on_the_morning(command.today, region),
    )
