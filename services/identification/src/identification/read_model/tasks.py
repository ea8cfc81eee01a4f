"""What waits for people."""

from typing import Any
from uuid import UUID


async def many(
    connection: Any,
    *,
    region: str,
    kind: str | None,
    is_open: bool | None,
    after: UUID | None,
    limit: int,
) -> list[dict[str, Any]]:
    """Tasks of an area by id; `version` is that of the evidence of the household, if it has any."""
    rows = await connection.fetch(
        """
        select k.*, (
            select max(version) from es.events
            where stream = 'evidence-of-household-' || k.household_id
        ) as version
        from read.task k
        where region like $1 || '%' and ($2::text is null or kind = $2)
            and ($3::bool is null or (closed_on is null) = $3) and ($4::uuid is null or task_id > $4)
        order by task_id limit $5
        """,
        region,
        kind,
        is_open,
        after,
        limit,
    )
    return [dict(row) for row in rows]


async def one(connection: Any, task_id: UUID) -> dict[str, Any] | None:
    """One task, or `None`."""
    row = await connection.fetchrow("select * from read.task where task_id = $1", task_id)
    return dict(row) if row else None
