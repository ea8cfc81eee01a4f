"""What waits for people."""

from dataclasses import dataclass
from datetime import date
from typing import Any, Literal
from uuid import UUID

from contracts.evidence import ReviewOutcome

Kind = Literal["CASE_REVIEW", "CLUE_WITHDRAWAL", "WATER_TEST"]


@dataclass(frozen=True, slots=True)
class Task:
    """What waits: of a household and a clue of it, or of a source of water. `version` is that of the evidence of
    the household, which `If-Match` of a review names."""

    task_id: UUID
    kind: Kind
    household_id: UUID | None
    source_id: UUID | None
    clue_id: UUID | None
    region: str
    opened_on: date
    due_on: date | None
    closed_on: date | None
    outcome: ReviewOutcome | Literal["TESTED"] | None
    version: int | None


async def many(
    connection: Any,
    *,
    region: str,
    kind: str | None,
    is_open: bool | None,
    after: UUID | None,
    limit: int,
) -> list[Task]:
    """Tasks of an area by id."""
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
    return [Task(**row) for row in rows]


async def one(connection: Any, task_id: UUID) -> dict[str, Any] | None:
    """One task, or `None`."""
    row = await connection.fetchrow("select * from read.task where task_id = $1", task_id)
    return dict(row) if row else None
