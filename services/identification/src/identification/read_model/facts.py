"""Department facts, as far as rules look back at them."""

from collections.abc import Sequence
from uuid import UUID

from common.intents import Connection, Fresh
from contracts.codes import FactValue
from identification.domain.rules import MedicalCost


async def put(connection: Connection, facts: Sequence[Fresh]) -> None:
    await connection.execute(
        """
        insert into read.fact (event_id, household_id, person_id, fact_type, detected_on, own_cost_fen)
        select * from unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::text[], $5::date[], $6::bigint[])
        """,
        [f.event.event_id for f in facts],
        [f.payload.household_id for f in facts],
        [f.payload.person_id for f in facts],
        [f.payload.fact_type.value for f in facts],
        [f.payload.detected_on for f in facts],
        [f.payload.values.get(FactValue.COMPLIANT_OWN_COST) for f in facts],
    )


async def medical_costs(
    connection: Connection, households: Sequence[UUID]
) -> dict[UUID, list[MedicalCost]]:
    """The settlements of these households, in one query."""
    rows = await connection.fetch(
        """
        select household_id, event_id, detected_on, own_cost_fen from read.fact
        where household_id = any($1::uuid[]) and own_cost_fen is not null
        order by household_id, detected_on, event_id
        """,
        households,
    )
    found: dict[UUID, list[MedicalCost]] = {}
    for row in rows:
        cost = MedicalCost(row["event_id"], row["detected_on"], row["own_cost_fen"])
        found.setdefault(row["household_id"], []).append(cost)
    return found
