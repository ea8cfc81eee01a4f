"""Which household a merged or doubly registered one is part of (A54), in whatever order it is heard."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from itertools import permutations
from typing import Any
from uuid import UUID

import asyncpg

from common.intents import Fresh
from common.testing import envelope
from contracts.codes import Deregistration
from contracts.households import HouseholdAbsorbed, HouseholdDeregistered
from identification.domain.household import HOUSEHOLD
from identification.read_model import project, register
from services.identification.tests.story import REGISTERED

A, B, C, D = (UUID(int=n) for n in range(1, 5))
DAY = date(2024, 6, 10)


def absorbed(gone: UUID, survivor: UUID) -> HouseholdAbsorbed:
    return HouseholdAbsorbed(
        household_id=gone,
        survivor_id=survivor,
        members=[],
        co_living_count=1,
        effective_on=DAY,
        case=None,
    )


def doubled(gone: UUID, remains: UUID) -> HouseholdDeregistered:
    return HouseholdDeregistered(
        household_id=gone,
        reason=Deregistration.DUPLICATE,
        effective_on=DAY,
        duplicate_of=remains,
    )


async def part_of(pool: asyncpg.Pool, told: Sequence[Any]) -> dict[UUID, UUID]:
    """What is known when these were heard, one after the other."""
    await pool.execute("truncate read.merged")
    for event in told:
        fresh: Any = [Fresh(envelope(event), event, None, None)]
        await register.merged(pool, fresh)  # type: ignore[arg-type]
    return await known(pool)


async def known(pool: asyncpg.Pool) -> dict[UUID, UUID]:
    rows = await pool.fetch("select household_id, survivor_id from read.merged")
    return {row["household_id"]: row["survivor_id"] for row in rows}


async def test_A54_mergers_one_after_the_other_lead_to_the_last_survivor_in_any_order(
    pool: asyncpg.Pool,
) -> None:
    chain = [absorbed(A, B), absorbed(B, C), absorbed(C, D)]
    for told in permutations(chain):
        assert await part_of(pool, told) == {A: D, B: D, C: D}


async def test_a_household_registered_twice_is_part_of_the_one_that_remains(
    pool: asyncpg.Pool,
) -> None:
    assert await part_of(pool, [doubled(A, B)]) == {A: B}
    for told in permutations([doubled(A, B), absorbed(B, C)]):
        assert await part_of(pool, told) == {A: C, B: C}


async def test_a_household_that_left_otherwise_is_part_of_no_other(pool: asyncpg.Pool) -> None:
    left = HouseholdDeregistered(
        household_id=A, reason=Deregistration.ALL_DECEASED, effective_on=DAY
    )
    assert await part_of(pool, [left, doubled(A, B), doubled(A, B)]) == {A: B}
    assert await part_of(pool, [left]) == {}


async def test_A54_two_mergers_at_once_lead_to_the_last_survivor(pool: asyncpg.Pool) -> None:
    """Neither transaction sees what the other has not committed yet."""

    async def merge(connection: Any, event: HouseholdAbsorbed) -> None:
        first = replace(
            REGISTERED, household_id=event.household_id, register_number=str(event.household_id)
        )
        state = HOUSEHOLD.fold([first])
        await project(connection, [Fresh(envelope(event), event, state, None)])

    async def second() -> None:
        async with pool.acquire() as connection, connection.transaction():
            await merge(connection, absorbed(B, C))

    async with pool.acquire() as first, first.transaction():
        await merge(first, absorbed(A, B))
        waiting = asyncio.ensure_future(second())
        await asyncio.wait({waiting}, timeout=0.5)
    await waiting
    assert await known(pool) == {A: C, B: C}
