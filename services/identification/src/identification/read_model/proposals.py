"""Members of whom a department says that they died or were struck off the household register (domain section 6)."""

from typing import Any
from uuid import UUID


async def many(
    connection: Any, *, region: str, fact_type: str | None, after: UUID | None, limit: int
) -> list[dict[str, Any]]:
    """Those of an area who are still members, by the event that said so.

    A person whose data may not be used (PIPL 47) is not shown until it may be again.
    """
    rows = await connection.fetch(
        """
        select f.event_id as proposal_id, h.household_id, h.register_number, h.region, m.person_id,
            m.relation, f.fact_type, f.detected_on
        from read.fact f join read.member m using (person_id)
        join read.household h on h.household_id = m.household_id
        where f.current and f.fact_type in ('Death', 'RegisterChange')
            and (f.fact_type = 'Death' or 'CANCELLED' = any(string_to_array(f.codes, ',')))
            and h.status = 'ACTIVE' and h.region like $1 || '%' and not m.restricted
            and ($2::text is null or f.fact_type = $2) and ($3::uuid is null or f.event_id > $3)
        order by f.event_id limit $4
        """,
        region,
        fact_type,
        after,
        limit,
    )
    return [dict(row) for row in rows]
