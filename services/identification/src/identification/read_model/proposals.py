"""Members of whom a department says that they died, or that the household register had a change: struck
off, moved out or split off."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal
from uuid import UUID

from common.intents import Connection, Fresh
from contracts.codes import Relation

# A change of the household register that staff may find not to hold: who lives together decides.
_ELSEWHERE = "string_to_array(f.codes, ',') && array['MOVED_OUT', 'SPLIT']"
# Reported of a member `m`; of a household that the register knew then, or that it is part of now.
_REPORTED = f"""
    from read.fact f join read.member m using (person_id)
    join read.household h on h.household_id = m.household_id
    left join read.merged part on part.household_id = f.household_id
    where f.current and f.fact_type in ('Death', 'RegisterChange') and (
        f.fact_type = 'Death' or 'CANCELLED' = any(string_to_array(f.codes, ','))
        or {_ELSEWHERE} and m.household_id = coalesce(part.survivor_id, f.household_id)
    ) and h.status = 'ACTIVE' and not m.restricted
"""


async def put(connection: Connection, fresh: Sequence[Fresh]) -> None:
    """Reports that staff found not to hold."""
    await connection.execute(
        "insert into read.residence select unnest($1::uuid[]) on conflict do nothing",
        [f.payload.fact_event_id for f in fresh],
    )


Report = Literal["Death", "RegisterChange"]


@dataclass(frozen=True, slots=True)
class Proposal:
    """A member of whom a department reported something. `change`: how the household register changed, if it
    did."""

    proposal_id: UUID
    household_id: UUID
    register_number: str
    region: str
    person_id: UUID
    relation: Relation
    fact_type: Report
    change: Literal["CANCELLED", "MOVED_OUT", "SPLIT"] | None
    detected_on: date


async def many(
    connection: Any, *, region: str, fact_type: Report | None, after: UUID | None, limit: int
) -> list[Proposal]:
    """Those of an area that wait for the village, by the event that said so.

    A person whose data may not be used (PIPL 47) is not shown until it may be again.
    """
    rows = await connection.fetch(
        f"""
        select f.event_id as proposal_id, h.household_id, h.register_number, h.region, m.person_id,
            m.relation, f.fact_type, nullif(f.codes, '') as change, f.detected_on
        {_REPORTED} and h.region like $1 || '%'
            and not exists (select from read.residence r where r.fact_event_id = f.event_id)
            and ($2::text is null or f.fact_type = $2) and ($3::uuid is null or f.event_id > $3)
        order by f.event_id limit $4
        """,
        region,
        fact_type,
        after,
        limit,
    )
    return [Proposal(**row) for row in rows]


async def elsewhere(
    connection: Any, household_id: UUID, proposal_id: UUID
) -> dict[str, Any] | None:
    """The member of this household of whom the report says that the household register has them elsewhere,
    even if it was answered already."""
    row = await connection.fetchrow(
        f"""
        select m.person_id, f.codes as change, f.detected_on {_REPORTED} and {_ELSEWHERE}
            and m.household_id = $1 and f.event_id = $2
        """,
        household_id,
        proposal_id,
    )
    return dict(row) if row else None
