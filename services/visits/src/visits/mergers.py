"""Visits to households that were absorbed: until the merger they count in the survivor, whenever they are uploaded,
and no longer when they are voided (A54, A30)."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any
from uuid import UUID

from common.codec import Codec
from common.intents import Connection, Intent
from contracts.envelope import Envelope
from contracts.households import EpisodeTakenOver
from contracts.visits import HouseholdVisited, VisitVoided
from visits import read_model
from visits.domain.commands import CountVisit, DiscountVisit
from visits.domain.household import stream_of
from visits.opening import by_event
from visits.read_model.tables import TakenOverRow

Visits = Mapping[UUID, Sequence[HouseholdVisited]]  # by the household for which they count
_MADE = Codec.of(HouseholdVisited | VisitVoided)


async def made_before(connection: Connection, heard: Sequence[tuple[Envelope, Any]]) -> Visits:
    """The visits to households whose episodes go on elsewhere, until they were absorbed."""
    survivors = {p.household_id for _, p in heard if isinstance(p, EpisodeTakenOver)}
    if not survivors:
        return {}
    return await _until_merged(connection, await read_model.taken_over_by(connection, survivors))


async def _until_merged(connection: Connection, taken: Sequence[TakenOverRow]) -> Visits:
    """The visits that stand to households that were absorbed, until they were."""
    absorbed = {one.household_id: one for one in taken}
    rows = await connection.fetch(
        """
        select type, schema_version, data from es.events
        where stream = any($1::text[]) and type = any($2::text[]) order by stream, version
        """,
        [stream_of(household) for household in absorbed],
        list(_MADE.types),
    )
    made: dict[UUID, HouseholdVisited] = {}
    for row in rows:
        match _MADE.decode(row["type"], row["schema_version"], row["data"]):
            case HouseholdVisited() as visited:
                made[visited.visit_id] = visited
            case VisitVoided() as voided:
                made.pop(voided.visit_id, None)
    found: dict[UUID, list[HouseholdVisited]] = {}
    for visited in made.values():
        one = absorbed[visited.household_id]
        if visited.visited_on <= one.merged_on:
            found.setdefault(one.survivor_id, []).append(visited)
    return found


async def made_elsewhere(
    connection: Connection, heard: Sequence[tuple[Envelope, Any]]
) -> list[Intent]:
    """Visits that were uploaded after their household was absorbed count in the survivor."""
    visits = [(e, p) for e, p in heard if isinstance(p, HouseholdVisited)]
    if not visits:
        return []
    absorbed = await read_model.taken_over(connection, {p.household_id for _, p in visits})
    return [
        by_event(e, one.survivor_id, CountVisit(household_id=one.survivor_id, visit=p), one.region)
        for e, p in visits
        if (one := absorbed.get(p.household_id)) and p.visited_on <= one.merged_on
    ]


async def voided_elsewhere(
    connection: Connection, voided: Sequence[tuple[Envelope, VisitVoided]]
) -> list[tuple[Envelope, date, Intent]]:
    """Visits, with their days, that were voided after their household was absorbed count in the survivor no
    longer."""
    absorbed = await read_model.taken_over(connection, {p.household_id for _, p in voided})
    if not absorbed:
        return []
    survivors = {one.survivor_id for one in absorbed.values()}
    others = await _until_merged(connection, await read_model.taken_over_by(connection, survivors))
    return [
        (e, p.visited_on, by_event(e, one.survivor_id, _discounting(p, one, others), one.region))
        for e, p in voided
        if (one := absorbed.get(p.household_id))
    ]


def _discounting(voided: VisitVoided, one: TakenOverRow, others: Visits) -> DiscountVisit:
    left = tuple(others.get(one.survivor_id, ()))
    return DiscountVisit(household_id=one.survivor_id, visit_id=voided.visit_id, visits=left)
