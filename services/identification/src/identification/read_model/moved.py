"""What goes with a household to another town (T19): everything that is still open."""

from collections.abc import Sequence

from common.intents import Connection, Fresh
from contracts.households import HouseholdRelocated


async def put(connection: Connection, moves: Sequence[Fresh]) -> None:
    """Clues, tasks and the deadline for a proposal come onto the lists of the new area. What is closed
    stays on those of the area that closed it."""
    told: list[HouseholdRelocated] = [f.payload for f in moves]
    regions = {move.household_id: move.to_region for move in told if move.inside_county}
    for statement in (_CLUES, _TASKS, _ELIGIBLE) if regions else ():
        await connection.execute(statement, list(regions), list(regions.values()))


_CLUES = """
update read.clue c set region = t.region
from unnest($1::uuid[], $2::text[]) as t (household_id, region)
join read.case_file f on f.household_id = t.household_id and f.outcome is null
where c.case_id = f.case_id
"""
_TASKS = """
update read.task k set region = t.region
from unnest($1::uuid[], $2::text[]) as t (household_id, region)
where k.household_id = t.household_id and k.closed_on is null
"""
_ELIGIBLE = """
update read.eligibility e set region = t.region
from unnest($1::uuid[], $2::text[]) as t (household_id, region)
where e.household_id = t.household_id and e.closed_on is null
"""
